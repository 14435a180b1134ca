"""Meaning beyond shape: what is wrong is found, what is right is left alone, nothing is told twice."""

from __future__ import annotations

import pytest

from playbook.checking import check, problems_of
from playbook.reading import codes
from playbook.reading.project import Project, read_text

GOOD = """\
playbook: good
version: 1
subject: deal
about: {amount: value}
fields:
  value:  {type: money, required_from: second}
  reason: {type: choice, options: [price, other]}
  people: {type: list, of: {type: reference, to: contact}}
criteria:
  why: {fields: [reason]}
moves: {back: {by: owner, not_to: [first]}}
stages:
  first:
    probability: 5%
    activities:
      call:  {kind: call, form: [value, reason?]}
      recap: {kind: email, after: call}
    exit:
      called: {done: call}
      priced: {fields: [value]}
    next: [{to: second, when: deal.value > 5000}, won]
  second:
    stamp: [value]
    next: [won]
  won:  {final: won, probability: 100%}
  lost: {final: lost, from: any, entry: {why: shared}}
  junk: {final: disqualified, from: [first], entry: {why: shared}}
"""


def found(text: str) -> list[str]:
    return [f"{p.span.line}:{p.span.column} {p.code}" for p in problems_of(read_text(text, "f.yaml"))]


def test_a_sound_playbook_is_left_alone() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("required_from: second", "required_from: secnd", ["6:40 unknown-stage"]),
        ("not_to: [first]", "not_to: [frst]", ["11:36 unknown-stage"]),
        ("from: [first]", "from: [frst]", ["27:38 unknown-stage"]),
        ("to: second, when", "to: secnd, when", ["21:17 unknown-stage"]),
        ("about: {amount: value}", "about: {amount: valu}", ["4:17 unknown-field"]),
        ("fields: [reason]", "fields: [raeson]", ["10:18 unknown-field"]),
        ("reason?]", "raeson?]", ["16:41 unknown-field"]),
        ("stamp: [value]", "stamp: [valu]", ["23:13 unknown-field"]),
        ("done: call", "done: cal", ["19:22 unknown-activity"]),
        ("after: call", "after: cal", ["17:35 unknown-activity"]),
        ("{kind: call, form", "{kind: call, after: recap, form", ["16:34 circle"]),
        ("after: call", "after: recap", ["17:35 circle"]),
        ("probability: 5%", "probability: 5", ["14:18 probability-range"]),
        ("probability: 5%", "probability: 500%", ["14:18 probability-range"]),
        ("called: {done", "recap: {done", ["19:7 duplicate-id"]),
        ("called: {done: call}", "why: {done: call}", ["19:7 duplicate-id"]),
        ("  reason: {type", "  in: {type: text}\n  reason: {type", ["7:3 reserved-id"]),
        ("subject: deal", "subject: case", ["3:10 reserved-id", "21:31 condition-name"]),
        (", of: {type: reference, to: contact}", "", ["8:3 incomplete-field"]),
        (", to: contact", "", ["8:24 incomplete-field"]),
        (", options: [price, other]", "", ["7:3 incomplete-field"]),
        ("won]\n", "won]\n  lone: {next: [won]}\n", ["22:3 unreachable-stage"]),
        ("from: any, ", "", ["26:3 unreachable-stage"]),
        ("{final: won, ", "{final: won, next: [lost], ", ["25:22 final-with-next"]),
    ],
)
def test_a_mistake_is_found_at_its_place_and_alone(right: str, wrong: str, expected: list[str]) -> None:
    assert right in GOOD
    assert found(GOOD.replace(right, wrong, 1)) == expected


def test_a_stage_that_leads_nowhere_is_named_also_where_a_case_may_be_lost() -> None:
    assert found(GOOD.replace("    stamp: [value]\n    next: [won]\n", "    stamp: [value]\n")) == [
        "22:3 dead-end"
    ]
    text = GOOD.replace("    next: [won]\n", "    next: [second]\n").replace("from: any", "from: [first]")
    assert found(text) == ["22:3 dead-end"]


def test_without_final_stages_only_that_is_said() -> None:
    text = "playbook: p\nversion: 1\nsubject: deal\nstages:\n  a: {next: [b]}\n  b: {title: B}\n"
    assert found(text) == ["4:1 no-final-stage"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    next: [{to: second, when: deal.value > 5000}, won]", "    nxt: [second]"),
        ("lost: {final: lost", "lost: {fianl: lost"),
        ("options: [price, other]", "option: [price, other]"),
        ("why: {fields: [reason]}", "why: {field: [reason]}"),
        ("  second:\n    stamp: [value]\n    next: [won]\n", "  second: oops\n"),
    ],
)
def test_what_follows_from_a_refused_part_is_not_told_again(right: str, wrong: str) -> None:
    assert right in GOOD
    assert len(found(GOOD.replace(right, wrong, 1))) == 1


def test_a_checked_file_does_not_repeat_what_reading_found() -> None:
    reading = read_text(
        GOOD.replace("version: 1", "version: one").replace("done: call", "done: cal"), "f.yaml"
    )
    assert [p.code for p in reading.problems] == [codes.WRONG_TYPE]
    assert [p.code for p in check(reading)] == [codes.UNKNOWN_ACTIVITY]


def test_an_organization_names_only_who_is_there_and_has_no_circles() -> None:
    text = """\
organization: acme
approves_when_no_manager: vra
teams:
  a: {parent: b}
  b: {parent: a, manager: vera}
  c: {parent: d, manager: vera}
people:
  vera: {name: Vera, manager: sam}
  sam: {name: Sam, manager: vera, team: b, history: [{from: 2026-01-01, team: x}]}
"""
    assert found(text) == [
        "2:27 unknown-person", "4:15 circle", "6:15 unknown-team", "8:31 circle", "9:79 unknown-team",
    ]  # fmt: skip


MAPPING = """\
mapping: deals
into: good
key: id
columns:
  name: account
  fields:
    value: {column: price, currency: EUR}
    raeson: why
    people: {currency: EUR}
stages: {column: stage, map: {Open: first, Done: wn}}
person: {name: agent}
"""


def test_a_mapping_is_checked_against_what_its_rows_become() -> None:
    project = Project.from_files({"good.playbook.yaml": GOOD, "deals.mapping.yaml": MAPPING})
    assert [f"{p.span.line}:{p.span.column} {p.code}" for p in check(project)] == [
        "8:5 unknown-field", "9:5 mapping-columns", "10:50 unknown-stage", "11:1 mapping-columns",
    ]  # fmt: skip


def test_a_mapping_alone_is_checked_without_its_playbook() -> None:
    assert found(MAPPING) == ["9:5 mapping-columns", "11:1 mapping-columns"]


def test_nothing_follows_from_a_playbook_that_cannot_be_read() -> None:
    scenario = "scenario: One\nplaybook: good\nclock: 2026-03-02 09:00\nsteps: [{advance: {}}]\n"
    files = {"good.playbook.yaml": GOOD.replace("stages:", "stages"), "one.scenario.yaml": scenario}
    assert [one.span.file for one in problems_of(Project.from_files(files))] == ["good.playbook.yaml"]
    (unknown,) = problems_of(Project.from_files({"one.scenario.yaml": scenario}))
    assert unknown.code == "unknown-playbook"
