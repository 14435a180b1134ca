"""What follows from conditions is told where it is sure, with the values that show it; else nothing is said."""

from __future__ import annotations

import pytest

from playbook.checking import check
from playbook.reading.project import read_text

FORM = """\
playbook: p
version: 1
subject: deal
fields:
  amount:   {type: money, required_from: first}
  net:      {type: number}
  share:    {type: percent, default: 0%, locked_from: last}
  seats:    {type: integer}
  hot:      {type: boolean}
  segment:  {type: choice, options: [small, mid, large]}
  close:    {type: date}
  ends:     {type: date}
  pain:     {type: text}
stages:
  first:
    exit: {EXIT}
    next: [NEXT]
  last:
    entry: {ENTRY}
    exit: {LAST}
    next: [won]
  won:  {final: won}
  lost: {final: lost, from: any}
invariants: {INVARIANTS}
"""


def said(**parts: str) -> list[str]:
    """Return the codes and messages of a playbook with these parts."""
    text = FORM.replace("NEXT", parts.pop("branches", "last"))
    for name in ("ENTRY", "EXIT", "LAST", "INVARIANTS"):
        text = text.replace(name, parts.get(name.lower(), ""))
    reading = read_text(text, "p.yaml")
    assert reading.problems == ()
    return [f"{problem.code}: {problem.message}" for problem in check(reading)]


def branches(*whens: str) -> list[str]:
    items = [
        f'{{to: {to}, when: "{when}"}}' for to, when in zip(("last", "won", "lost"), whens, strict=False)
    ]
    return said(branches=", ".join(items))


@pytest.mark.parametrize(
    ("whens", "shown"),
    [
        (("deal.amount > 25000 EUR", "deal.amount < 25000 EUR"), "amount = 25000 EUR passes neither"),
        (("deal.seats > 3", "deal.seats < 3"), "seats = 3 passes neither"),
        (("deal.share > 20%", "deal.share < 10%"), "share = 10% passes neither"),
        (("deal.segment == 'mid'", "deal.segment == 'large'"), 'segment = "small" passes neither'),
        (("deal.hot",), "hot = false does not pass it"),
        (("deal.close > today + 90d", "deal.close < today"), "close = today + 0 days passes neither"),
        (("filled(deal.pain)",), "pain = nothing does not pass it"),
        (("deal.hot and deal.seats > 3", "not deal.hot"), "seats = 3 and hot = true passes neither"),
    ],
)
def test_a_case_that_fits_no_branch_is_shown(whens: tuple[str, ...], shown: str) -> None:
    (found,) = branches(*whens)
    assert found.startswith(f"branch-gap: {shown}")


@pytest.mark.parametrize(
    "whens",
    [
        ("deal.amount > 25000 EUR", "deal.amount <= 25000 EUR"),
        ("deal.seats > 3", "deal.seats < 4"),
        ("deal.segment in ['mid', 'large']", "deal.segment == 'small'"),
        ("deal.segment == 'mid'", "deal.segment != 'mid'"),
        ("deal.amount > 100000", "deal.amount > 50000", "deal.amount <= 50000"),
        ("deal.amount > 25000.01 EUR", "deal.amount < 25000.02 EUR"),
        ("deal.net * 2 > 5", "deal.net < 1"),
        ("deal.amount > 25000 EUR", "deal.amount < 20000 USD"),
        ("done('x') or deal.close > deal.ends", "deal.close <= deal.ends"),
    ],
)
def test_branches_of_which_nothing_is_sure_or_nothing_is_wrong_are_left_alone(whens: tuple[str, ...]) -> None:
    text = [when.replace("done('x')", "deal.pain.contains('x')") for when in whens]
    assert [one for one in branches(*text) if not one.startswith("branch-overlap: amount = 25000.01")] == []


def test_what_the_exit_does_not_let_pass_is_no_gap() -> None:
    two = '{to: last, when: "deal.seats > 10"}, {to: won, when: "deal.seats > 3"}'
    assert said(branches=two, exit='some: {that: "deal.seats >= 4"}') == []
    (found,) = said(branches=two, exit='some: {that: "deal.seats >= 3"}')
    assert found.startswith("branch-gap: seats = 3 ")
    (found,) = said(branches=two, exit='some: {that: "deal.seats >= 4", mode: warn}')
    assert found.startswith("branch-gap: seats = 3 ")


def test_a_branch_that_comes_after_a_wider_one_is_never_taken() -> None:
    (found,) = branches("deal.seats > 3", "deal.seats > 10", "deal.seats <= 3")
    assert found.startswith("branch-overlap: the way to 'won' is never taken")
    (found,) = branches("deal.seats <= 3", "deal.seats >= 3")
    assert found.startswith("branch-overlap: seats = 3 fits 'last' and 'won'")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("deal.amount > 5", "deal.amount < 4", ["condition-contradicts"]),
        ("deal.amount > 5 EUR", "deal.amount < 4 USD", []),
        ("deal.amount > 5", "5 < deal.amount", ["condition-repeats"]),
        ("deal.amount > 5", "deal.amount > 4", []),
        ("deal.close < deal.ends", "deal.ends > deal.close", ["condition-repeats"]),
        ("deal.close < deal.ends", "deal.ends <= deal.close", ["condition-contradicts"]),
        ("deal.close < today + 7d", "deal.close > today + 1w", ["condition-contradicts"]),
        ("deal.close < today + 30d", "deal.close > today + 1mo", []),
        ("filled(deal.pain)", "deal.pain == null", ["condition-contradicts"]),
        ("deal.seats > 1 or deal.hot", "deal.seats < 1", []),
    ],
)
def test_criteria_that_are_asked_together(one: str, other: str, expected: list[str]) -> None:
    gate = f'a: {{that: "{one}"}}, b: {{that: "{other}"}}'
    assert [found.partition(":")[0] for found in said(exit=gate)] == expected
    across = said(exit=f'a: {{that: "{one}"}}', entry=f'b: {{that: "{other}"}}')
    assert [found.partition(":")[0] for found in across] == [code for code in expected if "contra" in code]


def test_criteria_of_different_cases_do_not_contradict() -> None:
    gate = (
        'a: {that: "deal.seats > 5", when: "deal.hot"}, b: {that: "deal.seats < 5", when: "not deal.hot"},'
        'c: {that: "deal.net > 1", when: "deal.amount > 9"}, d: {that: "deal.net < 1", when: "deal.amount > 99"}'
    )
    (found,) = said(exit=gate)
    assert found.startswith("condition-contradicts: criteria 'c' and 'd'")


def test_an_invariant_that_criteria_do_not_keep_is_shown_with_the_way() -> None:
    keep = "fair: \"case.outcome != 'won' or deal.share <= 20%\""
    (found,) = said(invariants=keep)
    assert "on the way first -> last -> won" in found
    assert "share = 21%" in found
    assert said(invariants=keep, exit='asked: {that: "deal.share <= 20%"}') == []
    assert said(invariants=keep, last='asked: {that: "deal.share < 10%"}') == []
    assert len(said(invariants=keep, exit='asked: {that: "deal.share <= 20%", mode: warn}')) == 1
    assert said(invariants='low: "deal.share <= 20%"') == []


def test_a_criterion_that_only_another_stage_could_meet() -> None:
    (found,) = said(exit="a: {that: \"case.stage == 'last'\"}")
    assert found == "condition-never: this is never met while a case is in stage 'first'"
    assert said(exit="a: {that: \"case.stage == 'first' and deal.hot\"}") == []
