"""Scenarios: set up, run, held against the facts, and what they touch."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from playbook.authoring.scenarios import Coverage, Result, Runner, junit, runs, told
from playbook.authoring.scenarios.expecting import EXPECTATIONS
from playbook.model.scenario import COMMANDS
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.reading.schema import schema

PLAYBOOK = """\
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money}
  discount: {type: percent, default: 0%}
  started: {type: date}
  margin: {type: percent, visible_to: [manager]}
  reason: {type: text}
who_may: {edit: [owner, manager]}
moves:
  back: {by: owner, reason: required, approval: {by: manager}}
timers:
  stale: {in: [first], idle: 5d, then: [{notify: [owner, manager], say: "{case.name} sleeps"}]}
  late: {in: [offer], in_stage: 2wd, then: [{notify: manager}]}
stages:
  first:
    activities:
      call: {kind: call, required: true, due: 2wd, outcomes: {held: done, no_show: again}}
    exit:
      worth_it: {that: deal.amount > 100 EUR}
      well_known: {fields: [reason], mode: warn}
    next: [{to: check, when: deal.amount > 50000 EUR}, offer]
  check:
    when: deal.discount < 50%
    next: [offer]
  offer:
    stamp: [amount]
    exit:
      discount_ok: {when: deal.discount > 20%, approval: {by: manager, refused: {back: first}}}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any, entry: {why: {fields: [reason]}}}
"""
ORGANIZATION = """\
organization: acme
currency: EUR
timezone: Europe/Berlin
teams: {sales: {title: Sales, manager: dana}}
people:
  dana: {name: Dana Ruiz, role: sales_manager, team: sales}
  sam: {name: Sam Okafor, role: ae, team: sales}
"""
HEAD = "playbook: deals\nclock: 2026-03-02 09:00\n"


def runner(*scenarios: str, playbook: str = PLAYBOOK, **files: str) -> Runner:
    """Return a runner over scenarios, each by its sentence and what follows the head."""
    texts = {f"s{n}.scenario.yaml": text for n, text in enumerate(scenarios)}
    named = {name.replace("_", "."): text for name, text in files.items()}
    project = Project.from_files(
        {"deals.playbook.yaml": playbook, "organization.yaml": ORGANIZATION, **texts, **named}
    )
    return Runner(project, load(entry_points=False))


def run(*scenarios: str, playbook: str = PLAYBOOK) -> tuple[list[Result], Coverage]:
    found = runner(*scenarios, playbook=playbook)
    results = [found.run(one) for one in runs(found.project.scenarios.values())]
    return results, found.coverage(found.project.playbooks)


def steps(text: str, given: str = "{owner: sam}", more: str = "") -> str:
    indented = "\n".join(f"  {line}" for line in text.strip().split("\n"))
    return f"scenario: it works\n{HEAD}{more}given: {given}\nsteps:\n{indented}\n"


def failure(text: str, given: str = "{owner: sam}") -> str:
    """Return why the one scenario fails."""
    (result,), _ = run(steps(text, given))
    assert not result.passed
    return told(result)


def passes(text: str, given: str = "{owner: sam}", more: str = "") -> Coverage:
    results, coverage = run(steps(text, given, more))
    assert [told(result) for result in results if not result.passed] == []
    return coverage


WAY = """
- advance: {}
  expect: {blocked: [call, worth_it, next], missing: deal.amount, warned: well_known, who: {call: sam}}
- do: call
  outcome: no_show
  expect: {open: {call: 2}, due: {call: 2026-03-04}, done: [], assignees: {call: sam}}
- {do: call, with: {amount: 60000 EUR}}
- set: {discount: 25%, started: 2026-03-02}
  expect: {fields: {discount: 25%, amount: 60000 EUR, started: 2026-03-02, reason: null}, events: case.changed}
- advance: {}
  expect: {stage: check, warned: well_known}
- advance: {}
  expect: {stage: offer, stamps: {offer: {amount: 60000.00 EUR}}, passed: []}
- advance: {}
  expect: {blocked: discount_ok, sees: {discount_ok: {deal.discount: 25%}}, asked: {discount_ok: sam}}
- approve: discount_ok
  expect: {refused: not_permitted, says: [sam may not], who: {who_may.approve: dana}}
- {approve: discount_ok, as: dana, expect: {approved: [discount_ok], asked: {}}}
- wait: 2wd
  expect: {timers: [{late: 2026-03-04 17:00}], notices: [{to: dana, about: late}]}
- {do: call, expect: {refused: wrong_state}}
- {waive: worth_it, until: 2026-01-01, reason: Once, as: dana, expect: {refused: wrong_input, says: lies in the past}}
- advance: {}
  expect: {outcome: won, entries: 0, owner: sam, team: sales}
"""


def test_a_whole_way_with_everything_that_it_leads_to_and_what_it_touches() -> None:
    coverage = passes(WAY)
    assert {item.path for item in coverage.untouched} == {
        "stages.lost", "stages.lost.from.any", "stages.first.next.offer", "stages.check.when", "moves.back",
        "stages.offer.exit.discount_ok.refused", "stages.lost.entry.why.met", "stages.lost.entry.why.unmet",
        "moves.back.met", "moves.back.unmet", "stages.first.exit.well_known.met", "timers.stale",
    }  # fmt: skip
    assert coverage.count("stages") == (4, 5)
    assert coverage.share("timers") == 0.5
    stale = next(item for item in coverage.untouched if item.part == "timers")
    assert (stale.span.file, stale.span.line) == ("deals.playbook.yaml", 14)


def test_the_rest_of_the_ways_is_touched_too() -> None:
    back = """
- back: first
  reason: New numbers
  expect: {blocked: moves.back}
- {approve: moves.back, as: dana}
- {back: first, reason: New numbers, expect: {stage: first, events: [case.moved, approval.lapsed]}}
"""
    results, _ = run(steps(back, "{owner: sam, placed: offer}"))
    assert "approval.lapsed" in told(results[0])
    coverage = passes(
        back.replace(", events: [case.moved, approval.lapsed]", ""), "{owner: sam, placed: offer}"
    )
    touched = {path for _, path in coverage.touched}
    assert touched == {"moves.back", "moves.back.met", "moves.back.unmet", "stages.first"}
    refused = """
- advance: {}
  expect: {blocked: discount_ok}
- {refuse: discount_ok, reason: Too much, as: dana, expect: {stage: first}}
- wait: 5d
  expect: {timers: stale, notices: [{to: [sam, dana], say: Acme sleeps}]}
"""
    coverage = passes(refused, "{owner: sam, placed: offer, fields: {discount: 30%}}")
    assert {path for _, path in coverage.touched} == {
        "stages.first", "stages.offer.exit.discount_ok.refused", "stages.offer.exit.discount_ok.unmet",
        "timers.stale",
    }  # fmt: skip
    passed_over = "- {do: call}\n- advance: {}\n  expect: {stage: offer, passed: check, warned: []}"
    coverage = passes(passed_over, "{owner: sam, fields: {amount: 90000 EUR, discount: 50%, reason: x}}")
    assert ("deals", "stages.check.when") in coverage.touched
    assert ("deals", "stages.check.next.offer") in coverage.touched
    assert ("deals", "stages.check") not in coverage.touched


def test_what_does_not_apply_is_neither_met_nor_unmet() -> None:
    coverage = passes("- advance: {}\n  expect: {outcome: won}", "{owner: sam, placed: offer}")
    assert {path for _, path in coverage.touched} == {"stages.won", "stages.offer.next.won"}


def test_placed_is_there_without_gates_and_done_before() -> None:
    passes(
        "- advance: {}\n  expect: {warned: well_known}\n"
        "- expect: {owner: sam, open: {}, done: call, fields: {discount: 0%}}",
        "{owner: sam, placed: first, done: [call], fields: {amount: 500 EUR}}",
    )


def test_reach_goes_there_through_the_gates() -> None:
    given = "{owner: sam, reach: won, fields: {amount: 60000 EUR, discount: 30%}}"
    coverage = passes("- expect: {outcome: won, done: call, approved: discount_ok, children: []}", given)
    assert {"stages.check", "stages.offer.exit.discount_ok.unmet", "stages.offer.next.won"} <= {
        path for _, path in coverage.touched
    }
    said = failure("- expect: {stage: offer}", "{owner: sam, reach: offer, fields: {amount: 90 EUR}}")
    assert "reach offer  blocked in first" in said
    assert "worth_it" in said


def test_a_failure_shows_expectation_beside_fact_and_what_is_in_the_way() -> None:
    said = failure("- advance: {}\n  expect: {stage: offer, owner: dana, fields: {discount: 5%}}")
    assert said == (
        "s0.scenario.yaml:7: step 1: advance as sam\n"
        "                   expected     is\n"
        "                   carried out  refused: blocked\n"
        "  stage            offer        first\n"
        "  owner            dana         sam\n"
        "  fields discount  5%           0%\n"
        "  in the way:\n"
        "    call: call\n"
        "      missing call\n"
        "      who sam\n"
        "      deals.playbook.yaml:19\n"
        "    worth_it: worth it\n"
        "      missing deal.amount\n"
        "      who sam, dana\n"
        "      deals.playbook.yaml:21\n"
        "    next: It is not known whether first leads to check: deal.amount\n"
        "      missing deal.amount\n"
        "      who sam, dana"
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("- wait: 4d\n  expect: {timers: stale}", "timers  stale     nothing"),
        ("- wait: 5d\n  expect: {notices: []}", "nothing   [{to: [sam, dana], about: timers.stale.then.0, say: "),
        ("- expect: {due: {call: 2026-03-05}}", "due call  2026-03-05  2026-03-04 17:00"),
        ("- advance: {}\n  expect: {refused: wrong_state, says: [nothing]}", "refused  wrong_state  blocked"),
        ("- advance: {}\n  expect: {refused: blocked, who: {call: dana}}", "who call  [dana]    [sam]"),
        ("- set: {margin: 5%}\n  expect: {fields: {margin: 5%}}", "fields margin  5%        nothing"),
        ("- {of: deals, expect: {stage: won}}", "stage  won       first"),
        ("- {case: Other, expect: {stage: won}}", "there is no case 'Other'"),
        ("- expect: {shares: {sam: 80%, dana: 20%}}", "shares  {sam: 80%, dana: 20%}  nothing"),
        ("- {open: Other, with: {amount: 5 EUR}, expect: {fields: {amount: 6 EUR}}}", "6.00 EUR  5.00 EUR"),
    ],
)  # fmt: skip
def test_every_expectation_can_fail(step: str, said: str) -> None:
    assert said in failure(step)


def test_other_cases_and_records() -> None:
    passes(
        """
- {open: Other, with: {amount: 5 EUR}, expect: {stage: first, open: {call: 1}}}
- {case: Other, set: {amount: 6 EUR}, expect: {fields: {amount: 6 EUR}}}
- expect: {fields: {amount: null}}
- {of: deals, expect: {fields: {amount: 6 EUR}}}
- {record: account, with: {name: Birch, domain: birch.example}}
- {record: account, with: {name: Birch 2, domain: birch.example}, expect: {refused: taken}}
""",
        more="records: [{account: {name: Acme, domain: acme.example}}]\n",
    )


def test_a_table_runs_once_for_every_row() -> None:
    table = (
        f"scenario: A discount of $discount\n{HEAD}"
        "given: {owner: sam, placed: offer, fields: {discount: $discount}}\n"
        "steps:\n  - advance: {}\n    expect: {blocked: $asked}\n"
        "for_each:\n  - {discount: 10%, asked: []}\n  - {discount: 30%, asked: [discount_ok]}\n"
        "  - {discount: 30%, asked: []}\n"
    )
    results, _ = run(table)
    assert [(result.name, result.passed) for result in results] == [
        ("A discount of 10%", True), ("A discount of 30%", True), ("A discount of 30% (row 3)", False),
    ]  # fmt: skip


def test_one_scenario_leaves_nothing_to_the_next() -> None:
    results, _ = run(steps(WAY), steps(WAY).replace("it works", "it works again"))
    assert [result.passed for result in results] == [True, True]


def test_broken_files_fail_their_own_scenarios_alone() -> None:
    broken = PLAYBOOK.replace("playbook: deals", "playbook: broken").replace(
        "deal.amount > 100 EUR", "deal.amuont > 1"
    )
    found = runner(
        steps("- advance: {}"), steps("- do: call").replace("it works", "fine"),
        steps("- do: call").replace("it works", "of a broken one").replace("playbook: deals", "playbook: broken"),
        steps("- wait: 3m").replace("it works", "wrong itself"),
        steps("- do: call", more="organization: acmee\n").replace("it works", "of nobody"),
        broken_playbook_yaml=broken,
    )  # fmt: skip
    results = {one.name: found.run(one) for one in runs(found.project.scenarios.values())}
    assert {name: result.passed for name, result in results.items()} == {
        "it works": False, "fine": True, "of a broken one": False, "wrong itself": False, "of nobody": False,
    }  # fmt: skip
    assert "condition-name" in told(results["of a broken one"])
    assert "could be minutes or months" in told(results["wrong itself"])
    assert "no organization 'acmee'" in told(results["of nobody"])


def test_junit_is_xml_whatever_a_sentence_holds() -> None:
    odd = steps("- advance: {}").replace("it works", '"<&> \\u0007 bell"')
    results, _ = run(odd, steps("- do: call"))
    suite = Xml.fromstring(junit(results))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("name") for case in suite] == ["<&>  bell", "it works"]
    (failed,) = suite.findall("testcase/failure")
    assert "worth_it" in (failed.text or "")


def test_the_schema_knows_every_command_and_expectation() -> None:
    parts = schema("scenario")["definitions"]
    assert parts["expect"]["properties"].keys() == set(EXPECTATIONS)
    assert set(COMMANDS) <= parts["step"]["properties"].keys()
