"""What YAML reads in another way than is meant has a code of its own, at its place, and nothing follows from it."""

from __future__ import annotations

import pytest

from playbook.checking import problems_of
from playbook.reading.project import read_text

FORM = """\
playbook: p
version: 1
subject: deal
fields:
  amount:  {type: money}
  segment: {type: choice, options: [small, large]}
stages:
  first:
    LINE
    next: [won]
  won: {final: won}
"""


@pytest.mark.parametrize(
    ("line", "expected", "hint"),
    [
        ("exit: {a: {title: Yes, we can, that: deal.amount > 0}}", "9:28 comma-cut", 'title: "Yes, we can"'),
        ("exit: {a: {that: least(deal.amount, 5 EUR) > 0}}", "9:41 comma-cut", '"least(deal.amount, 5 EUR)'),
        ("guidance: {goal: One, two, three}", "9:27 comma-cut", 'goal: "One, two, three"'),
        ("on_enter: [{notify: owner, manager, say: Hi}]", "9:32 comma-cut", "[owner, manager]"),
        ("exit: {a: {that: deal.amount > 25,000 EUR}}", "9:39 comma-in-number", "25000 EUR"),
        ("title: Deal #1", "9:17 hash-cut", '"Deal #1"'),
        ("title: Deal # a comment", "", ""),
        ("title: 'Deal #1'", "", ""),
        ("guidance: {goal: We are #1}", "9:29 hash-cut", "quotes"),
        ("title: Goal: win", "9:16 colon-in-text", 'title: "Goal: win"'),
        ("exit: {a: {title: Goal: win, that: deal.amount > 0}}", "9:27 colon-in-text", 'title: "Goal: win"'),
        ("title:First", "9:5 no-colon", "title: First"),
        ("title = First", "9:5 no-colon", "title: First"),
        ("title First\n    forecast: commit", "9:5 no-colon", "`title: First`"),
        ("title: First\n\n    forecast\n    exit: {}", "11:5 no-colon", "`forecast: ...`"),
        ("guidance:\n      goal: One\n        two\n        three\n         a: b", "13:11 yaml-syntax", "quotes"),
        ("exit\n      a: {that: deal.amount > 0}", "9:5 no-colon", "`exit:`"),
        ("title: First\n\u00a0\u00a0\u00a0\u00a0forecast: commit", "10:1 yaml-syntax", "spaces anew"),
        ("exit: {a: {that: \"small\" == deal.segment}}", "9:30 quote-first", "'...'"),
        ("title: 'It's here'", "9:16 quote-first", '"..."'),
        ("exit: {a: {that: not deal.amount > “5”}}", "9:40 curly-quotes", "straight"),
        ("exit:\n      a: {that: ! filled(deal.amount)}", "10:17 yaml-tag", "not"),
        ("exit:\n      a:\n        that: !filled(deal.amount) or deal.amount > 0", "11:15 yaml-tag", "not"),
        ("title: {deal.name} goes", "9:12 unquoted-placeholder", "quotes"),
        ("title: First\n      forecast: commit", "10:7 yaml-syntax", "same column"),
        ("guidance: {goal: a, b: c}", "", ""),
        ("exit: {a: {that: deal.amount > 0, waivable: no}}", "", ""),
    ],
)  # fmt: skip
def test_a_trap_is_named_alone_and_at_its_place(line: str, expected: str, hint: str) -> None:
    problems = problems_of(read_text(FORM.replace("LINE", line), "f.yaml"))
    assert [f"{one.span.line}:{one.span.column} {one.code}" for one in problems] == [expected] * bool(
        expected
    )
    assert all(hint in one.hint for one in problems)


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("that: deal.amuont > 0", 11, 20),
        ('that: "deal.amuont > 0"', 11, 21),
        ("that: 'deal.segment == \"small\" and deal.amuont > 0'", 11, 49),
        ("that: >\n          deal.amount > 0 and\n          deal.amuont > 0", 13, 16),
        ("that: |\n          deal.amount > 0 and\n          deal.amuont > 0", 13, 16),
        ('that: "deal.segment == \\"small\\" and deal.amuont > 0"', 11, 51),
        ("that: deal.amount > 0\n          and deal.amuont > 0", 12, 20),
    ],
)
def test_a_mistake_in_a_condition_is_at_its_very_character(written: str, line: int, column: int) -> None:
    (problem,) = problems_of(read_text(FORM.replace("LINE", f"exit:\n      a:\n        {written}"), "f.yaml"))
    assert (problem.code, problem.span.line, problem.span.column) == ("condition-name", line, column)
    assert problem.excerpt[problem.span.column - 1 :].startswith("amuont")
    assert problem.hint == "did you mean 'amount'?"
