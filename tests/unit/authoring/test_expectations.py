"""Expectations that plugins bring, and cases that were closed before a scenario begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import playbook
from playbook import InputError, PluginError, Project, load_plugins
from playbook.authoring.scenarios import Runner, runs, told
from playbook.checking import problems_of
from playbook.reading.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Expectation, Mismatch, Scene

PLAYBOOK = """\
playbook: deals
version: 1
subject: deal
fields: {amount: {type: money}}
entries: {payment: {fields: {amount: {type: money}}}}
stages:
  talk: {exit: {worth_it: {that: deal.amount > 100 EUR}}, next: [won, lost]}
  won: {final: won, stamp: [amount]}
  lost: {final: lost}
"""
ORGANIZATION = """\
organization: acme
timezone: Europe/Berlin
people:
  sam: {name: Sam, role: ae}
  kim: {name: Kim, role: ae}
"""
HEAD = "scenario: it works\nplaybook: deals\nclock: 2026-03-02 09:00\n"


class Sums:
    """Bring the expectation `sums`: what the cases of a playbook are worth together, by outcome."""

    @playbook.hookimpl
    def playbook_expectations(self) -> Iterator[Expectation]:
        schema = {
            "type": "object", "description": "Amounts by outcome.", "additionalProperties": {"type": "string"}
        }  # fmt: skip
        yield playbook.Expectation("sums", version="1", schema=schema, compare=compare)


def compare(wanted: dict[str, str], scene: Scene) -> Iterator[Mismatch]:
    found: dict[str, str] = {}
    for view in scene.engine.find(actor="operator").items:
        case = scene.engine.case(view.id)
        if "amount" in case.fields:
            found[case.outcome] = str(case.fields["amount"])
    for outcome, amount in wanted.items():
        if outcome == "nobody":
            raise InputError("nobody wins")
        if outcome == "broken":
            raise ZeroDivisionError("by nothing")
        if amount != found.get(outcome):
            told = f"{found.get(outcome)}\nof {scene.case} in {scene.folder or 'no folder'} as {scene.actor}"
            yield playbook.Mismatch(outcome, amount, told, (outcome,))


def runner(steps: str, given: str = "{owner: sam}", more: str = "") -> Runner:
    registry = load_plugins(extra={"sums": Sums()}, entry_points=False)
    text = f"{HEAD}given: {given}\nsteps:\n{steps}{more}"
    files = {"d.playbook.yaml": PLAYBOOK, "organization.yaml": ORGANIZATION, "s.scenario.yaml": text}
    return Runner(Project.from_files(files, **registry.for_files), registry)


def played(steps: str, given: str = "{owner: sam}", more: str = "") -> list[str]:
    """Return why runs fail, nothing for those that pass."""
    found = runner(steps, given, more)
    assert [p.render() for p in problems_of(found.project) if p.severity == "error"] == []
    return [told(found.run(one)) for one in runs(found.project.scenarios.values())]


PAST = """
  owner: sam
  history:
    - {close: won, on: 2026-01-31 23:30, opened: 2026-01-02, with: {amount: $amount}, name: Birch,
       split: {sam: 70%, kim: 30%}, entries: [{log: payment, on: 2026-02-10, with: {amount: 30 EUR}}]}
    - {close: lost, on: 2026-02-01, owner: kim}
"""
ROWS = "for_each:\n  - {amount: 50 EUR}\n  - {amount: 60 EUR}\n"


def test_an_expectation_of_a_plugin_is_held_against_the_engine_row_by_row() -> None:
    first, second = played("  - expect: {sums: {won: 50.00 EUR}}\n", PAST, ROWS)
    assert first == ""
    assert second.startswith("s.scenario.yaml:12: step 1: expect\n")
    assert "sums won  50.00 EUR  60.00 EUR" in second
    assert "in no folder as sam" in second


def test_what_was_closed_before_is_there_without_gates_with_its_entries_and_credit() -> None:
    steps = """\
  - expect: {stage: won, outcome: won, owner: sam, entries: 1, shares: {kim: 30%, sam: 70%}}
    case: Birch
  - expect: {stamps: {won: {amount: 50 EUR}}}
    case: Birch
  - expect: {outcome: lost, owner: kim}
    case: Acme 2
  - advance: won
    expect: {blocked: worth_it}
"""
    assert played(steps, PAST.replace("$amount", "50 EUR")) == [""]
    found = runner(steps, PAST.replace("$amount", "50 EUR"))
    found.run(next(iter(runs(found.project.scenarios.values()))))
    covered = found.coverage(["deals"])
    assert covered.count("stages") == (1, 3)  # what was there before is nothing that a scenario touched


def test_what_cannot_have_been_is_told_where_it_is_given() -> None:
    late = PAST.replace("2026-02-01", "2026-04-01").replace("$amount", "50 EUR")
    (said,) = played("  - expect: {stage: talk}\n", late)
    assert "2026-04-01 is in the future: the clock says 2026-03-02 09:00" in said
    unequal = PAST.replace("30%", "40%").replace("$amount", "50 EUR")
    assert "not to 110%" in played("  - expect: {stage: talk}\n", unequal)[0]


def test_names_in_history_are_checked_at_their_places() -> None:
    wrong = (
        PAST.replace("$amount", "much").replace("owner: kim", "owner: kym").replace("log: pay", "log: Pay")
    )
    found = runner("  - expect: {stage: talk}\n", wrong.replace("close: lost", "close: talk"))
    said = [(p.code, p.span.line) for p in problems_of(found.project) if p.severity == "error"]
    assert said == [
        ("bad-value", 7), ("unknown-entry", 8), ("unknown-field", 8), ("unknown-stage", 9),
        ("unknown-person", 9),
    ]  # fmt: skip


def test_an_expectation_that_raises_fails_the_step_by_name() -> None:
    assert "nobody wins" in played("  - expect: {sums: {nobody: 1 EUR}}\n")[0]
    said = played("  - expect: {sums: {broken: 1 EUR}}\n")[0]
    assert "the expectation 'sums' fails: ZeroDivisionError: by nothing" in said


def test_the_schema_has_what_plugins_bring_and_checks_it() -> None:
    found = runner("  - expect: {sums: 5}\n")
    (problem,) = [p for p in problems_of(found.project) if p.severity == "error"]
    assert (problem.code, problem.span.line) == ("wrong-type", 6)
    registry = found.registry
    there = schema("scenario", kinds=registry.kinds, expectations=registry.expectations)["definitions"]
    assert there["expect"]["properties"]["sums"]["description"] == "Amounts by outcome."


def test_a_name_of_the_language_stays_its_own() -> None:
    stage = playbook.Expectation("stage", version="1", schema={}, compare=compare)
    with pytest.raises(PluginError, match="has the expect 'stage' itself"):
        schema("scenario", expectations={"stage": stage})


def test_a_part_is_checked_against_a_schema_that_the_file_chooses() -> None:
    wanted: dict[str, Any] = {"required": ["step"], "properties": {"step": {"type": "integer"}}}

    def structure(parsed: playbook.Parsed) -> Any:
        playbook.check_part(parsed, ("with",), wanted, parsed.root["mode"])
        return parsed.plain()

    shape = playbook.Shape({"type": "object"}, structure)
    kinds = {"ladder": playbook.FileKind("ladder", version="1", load=lambda: shape)}
    text = "ladder: one\nmode: rising\nwith:\n  step: far\n"
    (problem,) = Project.from_files({"a.ladder.yaml": text}, kinds=kinds).problems
    assert (problem.code, problem.span.line, problem.span.column) == ("wrong-type", 4, 9)
    wanted["type"] = "wrong"
    with pytest.raises(PluginError, match="the schema of this contribution is not one"):
        Project.from_files({"a.ladder.yaml": text}, kinds=kinds)
