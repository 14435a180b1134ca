"""What happens by itself and who decides: from text to the model."""

from __future__ import annotations

from typing import Any

import pytest

from playbook.model.contributions import ActionKind, Notice
from playbook.model.playbook import MoveRule, Share
from playbook.model.rules import Action, Approval, Assignment, Migration
from playbook.reading import codes
from playbook.reading.project import Project, read_text

PLAYBOOK = """\
playbook: deals
version: 4
subject: deal
parameters: {stale_after: 14d, limit: 5000 EUR, share: 1.10}
segments:
  - {when: deal.size == "large", set: {stale_after: 45d, limit: 90000 EUR}}
fields:
  account: {type: reference, to: account}
  size:    {type: choice, options: [small, large]}
  price:   {type: money}
  rebate:  {type: percent}
  net:     {type: money, is: deal.price * 2, visible_to: [owner, finance]}
  reason:  {type: text}
  ends:    {type: date}
split: {owner: 80%, engineer: 20%}
who_may: {see: team, see_totals: anyone, approve: manager, waive: [manager, cfo], reopen: manager}
criteria:
  priced: {that: deal.price > 0, covers: [rebate], expires: 30d}
moves:
  back: {by: owner, reason: required, not_to: [first], approval: {by: manager}, within: 30d}
  reopen: anyone
timers:
  stale: {in: [first, second], idle: $stale_after, resets_on: [move, entry.call, field.reason],
          pauses_when: deal.size == "large", then: [{notify: [owner, manager], say: "{case.name} waits"}]}
  ending: {before: ends, by: 90d, then: [{advance: {}}]}
stages:
  first:
    advance: by_itself
    locked: yes
    activities:
      demo: {kind: meeting, assign: engineer, repeat: 1w, checklist: [Room, Screen],
             outcomes: {held: done, off: again}}
    timers:
      follow: {after: {done: demo, outcome: held}, by: 48h, when: deal.price > 5, then: [{schedule: demo, due: 2d}]}
    exit:
      boss: {approval: {by: [manager, cfo], when: deal.rebate > 20%, separate: true, delegate: no,
                        remind: 2wd, expires: 6mo, refused: {back: first}}}
      all_of:   {approval: {all: [legal, billing]}}
      any_of:   {approval: {any: [legal, billing]}}
      in_turn:  {approval: {in_order: [deal_desk, billing]}}
      some:
        approval:
          quorum: 2 of [deal_desk, billing , legal]
      only_one: {unique: {by: [account, size], among: all}}
      priced: shared
    next: [second]
  second:
    on_enter:
      - {assign: owner, when: deal.size == "small"}
      - {assign: {role: ae, territory: match, pick: round_robin}}
      - {set: {reason: "of {case.owner}", rebate: 5%, net: {is: deal.price / 2}, ends: null}}
      - {open: success, copy: {price: net}, owner: {team: success}}
      - {open: success, owner: manager}
      - {webhook: "https://hooks.example/x"}
      - {advance: won}
      - {ring: {bell: 2}}
    on_exit:
      - {close: lost, with: {reason: Gone}}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any}
when_child:
  - {playbook: success, won: [{notify: owner}], churned: [{set: {reason: {is: child.why}}}]}
  - {playbook: other, lost: [{advance: won}]}
invariants:
  cheap: deal.rebate <= 20%
migrate:
  - {from: 3, stages: {demo: first}, fields: {acv: price}, otherwise: ask, after: 2026-01-01}
"""


def ring(options: Any, scope: object) -> tuple[Notice, ...]:
    return (Notice(("owner",), str(options)),)


ACTIONS = {"ring": ActionKind("ring", "1", {"type": "object"}, ring)}


@pytest.fixture(name="playbook", scope="module")
def read() -> Any:
    reading = read_text(PLAYBOOK, "f.yaml", actions=ACTIONS)
    assert [problem.render() for problem in reading.problems] == []
    return reading.value


def test_approvals_say_who_and_how_many(playbook: Any) -> None:
    boss, all_of, any_of, in_turn, some, only_one, priced = playbook.stages[0].exit
    assert boss.approval.when.tree[0] == "gt"
    assert boss.approval == Approval(
        by=("manager", "cfo"), when=boss.approval.when, separate=True, delegate=False, remind="2wd",
        expires="6mo", refused_back="first",
    )  # fmt: skip
    modes = [
        (one.approval.mode, one.approval.by, one.approval.needed) for one in (all_of, any_of, in_turn, some)
    ]
    assert modes == [
        ("all", ("legal", "billing"), 2),
        ("any", ("legal", "billing"), 1),
        ("in_order", ("deal_desk", "billing"), 2),
        ("quorum", ("deal_desk", "billing", "legal"), 2),
    ]
    assert (only_one.kind, only_one.unique, only_one.among) == ("unique", ("account", "size"), "all")
    assert (priced.covers, priced.expires, priced.shared) == (("rebate",), "30d", True)


def test_moves_shares_and_who_may(playbook: Any) -> None:
    assert playbook.back == MoveRule(
        by=("owner",), reason=True, not_to=("first",), approval=Approval(by=("manager",)), within="30d"
    )
    assert (playbook.skip.by, playbook.reopen.by) == ((), ("anyone",))
    assert [(one.who, str(one.share)) for one in playbook.split] == [("owner", "0.8"), ("engineer", "0.2")]
    assert isinstance(playbook.split[0], Share)
    assert [one.act for one in playbook.who_may] == ["see", "see_totals", "approve", "waive", "reopen"]


def test_parameters_keep_what_was_typed_and_segments_change_them(playbook: Any) -> None:
    assert playbook.parameters == (("stale_after", "14d"), ("limit", "5000 EUR"), ("share", "1.10"))
    (segment,) = playbook.segments
    assert (segment.when.tree[0], segment.set) == ("eq", (("stale_after", "45d"), ("limit", "90000 EUR")))


def test_timers_of_the_file_and_of_its_stages(playbook: Any) -> None:
    stale, ending, follow = playbook.timers
    assert (stale.id, stale.kind, stale.by, stale.stages) == (
        "stale",
        "idle",
        "$stale_after",
        ("first", "second"),
    )
    assert stale.resets_on == ("move", "entry.call", "field.reason")
    assert stale.pauses_when.tree[0] == "eq"
    assert stale.then == (Action("notify", who=("owner", "manager"), say="{case.name} waits"),)
    assert (ending.kind, ending.field, ending.by, ending.stages) == ("before", "ends", "90d", ())
    assert ending.then == (Action("advance"),)
    assert (follow.kind, follow.activity, follow.outcome, follow.by) == ("after", "demo", "held", "48h")
    assert (follow.stages, follow.when.tree[0]) == (("first",), "gt")
    assert follow.then == (Action("schedule", target="demo", due="2d"),)


def test_every_verb_has_its_options(playbook: Any) -> None:
    own, picked, sets, opened, owned, hook, advance, plugin = playbook.stages[1].on_enter
    assert (own.verb, own.who, own.when.tree[0]) == ("assign", ("owner",), "eq")
    assert picked == Action("assign", role="ae", territory="match", pick="round_robin")
    reason, rebate, net, ends = sets.sets
    assert (reason, rebate, ends) == (
        Assignment("reason", "of {case.owner}"), Assignment("rebate", "0.05"), Assignment("ends"),
    )  # fmt: skip
    assert (net.field, net.value, net.is_.tree[0]) == ("net", None, "div")
    assert opened == Action(
        "open", target="success", copy=(("price", "net"),), team="success", pick="least_loaded"
    )
    assert owned == Action("open", target="success", who=("manager",))
    assert (hook, advance) == (
        Action("webhook", target="https://hooks.example/x"), Action("advance", target="won"),
    )  # fmt: skip
    assert plugin == Action("ring", options={"bell": 2})
    assert playbook.stages[1].on_exit == (
        Action("close", target="lost", sets=(Assignment("reason", "Gone"),)),
    )


def test_what_else_a_stage_a_field_and_an_activity_say(playbook: Any) -> None:
    first = playbook.stages[0]
    assert (first.by_itself, first.locked, playbook.stages[1].by_itself) == (True, True, False)
    demo = first.activities[0]
    assert (demo.assign, demo.repeat, demo.checklist) == (("engineer",), "1w", ("Room", "Screen"))
    net = playbook.fields[4]
    assert (net.is_.tree[0], net.visible_to) == ("mul", ("owner", "finance"))


def test_ends_of_follow_up_cases_invariants_and_migrations(playbook: Any) -> None:
    assert [(rule.playbook, rule.outcome) for rule in playbook.when_child] == [
        ("success", "won"), ("success", "churned"), ("other", "lost"),
    ]  # fmt: skip
    assert playbook.when_child[1].then[0].sets[0].is_.tree == ["field", "child", "why"]
    assert [(one.id, one.that.tree[0]) for one in playbook.invariants] == [("cheap", "le")]
    assert playbook.migrate == (
        Migration(3, (("demo", "first"),), (("acv", "price"),), "ask", "2026-01-01"),
    )  # fmt: skip


def test_places_lead_to_timers_and_invariants() -> None:
    where = read_text(PLAYBOOK, "f.yaml", actions=ACTIONS).where
    lines = PLAYBOOK.splitlines()
    assert lines[where["timers.follow"].line - 1].strip().startswith("follow:")
    assert where["timers.follow"] == where["stages.first.timers.follow"]
    assert lines[where["invariants.cheap"].line - 1].strip().startswith("cheap:")


@pytest.mark.parametrize(
    ("right", "wrong", "code", "at"),
    [
        ("deal.rebate > 20%", "deal.rebte > 20%", codes.CONDITION_NAME, "rebte"),
        ('pauses_when: deal.size == "large"', 'pauses_when: deal.size == "lage"', codes.CONDITION_VALUE, '"lage"'),
        ("is: deal.price * 2", "is: deal.ends", codes.CONDITION_TYPE, "deal.ends"),
        ("{is: deal.price / 2}", "{is: deal.size}", codes.CONDITION_TYPE, "deal.size"),
        ("cheap: deal.rebate <= 20%", "cheap: deal.rebate", codes.CONDITION_TYPE, "deal.rebate"),
        ('when: deal.size == "large"', "when: deal.size == large", codes.CONDITION_NAME, "large"),
        ("rebate: 5%", "rebate: five", codes.BAD_VALUE, "five"),
        ("{case.name} waits", "{case.nme} waits", codes.UNKNOWN_PLACEHOLDER, "nme"),
        ("of {case.owner}", "of {case}", codes.UNKNOWN_PLACEHOLDER, "{case}"),
        ("2 of [deal_desk", "two of [deal_desk", codes.MALFORMED, "two of [deal_desk"),
        ("idle: $stale_after", "idle: 14", codes.WRONG_TYPE, "14"),
        ("{advance: {}}", "{advance: {}, say: hello}", codes.UNKNOWN_KEY, "say"),
        ("{bell: 2}", "2", codes.WRONG_TYPE, "2"),
    ],
)  # fmt: skip
def test_a_mistake_is_at_its_characters(right: str, wrong: str, code: str, at: str) -> None:
    assert right in PLAYBOOK
    (problem,) = read_text(PLAYBOOK.replace(right, wrong, 1), "f.yaml", actions=ACTIONS).problems
    assert problem.code == code
    start = problem.span.column - 1
    assert problem.excerpt[start:].removeprefix(".").startswith(at)


def test_a_child_has_the_fields_of_its_playbook() -> None:
    child = (
        "playbook: success\nversion: 1\nsubject: customer\nfields: {why: {type: text}, price: {type: money}}\n"
        "stages: {on: {next: [off]}, off: {final: churned}}\n"
    )
    text = PLAYBOOK.replace("child.why", "child.wy").replace("      - {ring: {bell: 2}}\n", "")
    found = Project.from_files({"deals.playbook.yaml": text, "success.playbook.yaml": child})
    (problem,) = found.problems
    assert (problem.code, problem.message, problem.hint) == (
        codes.CONDITION_NAME, "'child' has no field 'wy'", "did you mean 'why'?",
    )  # fmt: skip


def test_a_shared_condition_is_told_once_and_stays_one() -> None:
    text = PLAYBOOK.replace("that: deal.price > 0", "that: deal.prise > 0").replace(
        "    next: [won]\n", "    exit: {priced: shared}\n    next: [won]\n"
    )
    reading = read_text(text, "f.yaml", actions=ACTIONS)
    assert [problem.code for problem in reading.problems] == [codes.CONDITION_NAME]
