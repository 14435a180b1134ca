"""Random commands, ticks, hand-overs and approvals over all that a playbook can do by itself: nothing is lost."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.engine.streams import due_rows
from playbook.errors import Blocker, Refused
from playbook.model.case import OPEN
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Do,
    Log,
    Open,
    Refuse,
    Reopen,
    Set,
    SkipActivity,
    Split,
    Waive,
)
from playbook.model.events import ChildEnded, Finished, Linked, Moved, Opened, Planned, Reopened
from playbook.plugins import load
from playbook.process.invariants import broken
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore
from playbook.times import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.engine import HistoryItem
    from playbook.stores.interface import DueRow

DEALS = """
playbook: deals
version: 1
subject: deal
fields:
  amount:    {type: integer, default: 9}
  discount:  {type: integer, default: 0}
  segment:   {type: choice, options: [small, large]}
  on_hold:   {type: boolean, default: false}
  ends:      {type: date}
  next_step: {type: text, editable_after_close: true}
  note:      {type: text, personal: true}
  reason:    {type: choice, options: [price, silence]}
  late:      {type: boolean, is: case.age > 20d}
entries:
  plan: {by: anyone}
who_may: {edit: [owner, manager], assign: anyone, waive: manager}
moves:
  back: {by: [owner, manager], approval: {by: manager}}
  reopen: {by: anyone, within: 40d, approval: {by: manager, remind: 1d}}
parameters: {patience: 9d}
segments:
  - {when: deal.segment == "small", set: {patience: 4d}}
  - {when: deal.late, set: {patience: 2d}}
timers:
  give_up:
    in: [a, b]
    idle: $patience
    resets_on: [move, entry.plan, field.next_step]
    then: [{close: lost, with: {reason: silence}}]
  renew:   {in: [kept], before: ends, by: 10d, then: [{notify: owner}, {open: care, copy: {ends: ends}}]}
  nag:
    idle: 3d
    when: case.in_stage > 2d and case.idle < 9d
    then: [{notify: [owner, manager]}, {schedule: extra}]
stages:
  a:
    activities:
      meet: {kind: meeting, required: true, due: 2wd, outcomes: {held: done, no_show: again}}
      prep: {kind: task, after: meet, due: 1d}
      once: {kind: task, once: true}
    on_exit: [{schedule: prep}]
    exit:
      fit: {that: deal.amount > 5}
      deep:
        when: deal.discount > 10
        approval: {by: manager, separate: true, expires: 3d, remind: 1d}
        covers: [note]
    next: [{to: b, when: deal.segment == "large"}, c]
  b:
    when: not deal.on_hold
    on_enter: [{schedule: extra}, {set: {next_step: Check, discount: {is: deal.amount}}}]
    activities:
      check: {kind: call, required: true}
      extra: {kind: task}
    timers:
      sla: {in_stage: 5d, pauses_when: deal.on_hold, then: [{assign: [reviewer, lea]}]}
      on:  {after: {done: check}, by: 2d, then: [{advance: {}}]}
    next: [c]
  c:
    locked: true
    advance: by_itself
    exit:
      desk: {approval: {in_order: [finance, manager], remind: 2d, refused: {back: a}}}
    next: [{to: kept, when: deal.segment == "small"}, won]
  won:
    final: won
    on_enter: [{open: care, copy: {ends: ends}, owner: {role: ae, pick: least_loaded}}]
  kept: {final: done, stamp: [amount], on_enter: [{open: care}]}
  lost: {final: lost, from: any, entry: {why: {fields: [reason]}}}
when_child:
  - playbook: care
    done: [{notify: owner}, {set: {next_step: Again}}]
    churned: [{close: lost, with: {reason: silence}}]
invariants:
  modest: deal.discount <= 40
  desk_said_yes: not (case.outcome in ["won", "done"]) or approved("desk") or waived("desk")
"""
CARE = """
playbook: care
version: 1
subject: service
fields:
  ends: {type: date}
stages:
  start:
    advance: by_itself
    exit: {until: {fields: [ends]}}
    timers:
      stale: {in_stage: 6d, then: [{close: gone}]}
    next: [end]
  end: {final: done}
  gone: {final: churned, from: any}
"""
ORGANIZATION = """
organization: acme
timezone: Europe/Berlin
calendars:
  mornings: {timezone: Europe/Berlin, days: mon-fri, hours: "08:00-12:00"}
teams:
  world: {manager: vera}
  emea: {parent: world, manager: dana}
  early: {parent: emea, manager: vera, calendar: mornings}
people:
  vera: {name: Vera, role: director, team: world}
  dana:
    name: Dana
    role: lead
    team: emea
    away: [{from: 2026-01-08, to: 2026-01-11, delegate: fin}]
  sam: {name: Sam, role: ae, team: emea}
  lea: {name: Lea, role: ae, team: early}
  fin: {name: Fin, role: finance, team: emea}
"""
ACTORS = st.sampled_from(["operator", "operator", "sam", "lea", "dana", "vera", "fin"])
WHICH = st.integers(0, 3)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "amount": st.sampled_from([None, 4, 9, 30, 50]),
    "discount": st.sampled_from([0, 11, 12, 45]),
    "segment": st.sampled_from(["small", "large", None]),
    "on_hold": st.booleans(),
    "ends": st.sampled_from([None, "2026-01-20", "2026-03-01"]),
    "next_step": st.sampled_from([None, "Call", "Visit"]),
    "note": st.sampled_from([None, "mine", "yours"]),
    "reason": st.sampled_from([None, "price"]),
}
CHANGES = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))
ACTIVITIES = st.sampled_from(["meet", "prep", "once", "check", "extra"])
APPROVALS = st.sampled_from(["deep", "desk", "moves.back", "moves.reopen"])
STAGES = ["a", "b", "c", "won", "kept", "lost"]
ENDED = ("done", "again", "dropped", "skipped")


class Watched(MemoryStore):
    """A store whose due rows can be looked at."""

    def due_of(self, stream: str) -> dict[str, DueRow]:
        found = {id_: due for (name, id_), due in self._of("default").due.items() if name == stream}
        assert all(due.ready is not None and not due.error for due in found.values()), "a timer is parked"
        return {id_: due.row for id_, due in found.items()}


class WholeLanguage(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
        files = {"deals.playbook.yaml": DEALS, "care.playbook.yaml": CARE, "organization.yaml": ORGANIZATION}
        read = Project.from_files(files)
        assert not [p for p in read.problems if p.severity == "error"], read.problems
        numbers = itertools.count(1)
        self.store = Watched()
        self.engine = Engine.open(
            read,
            store=self.store,
            registry=load(entry_points=False),
            clock=lambda: self.now,
            entropy=lambda size: (next(numbers) << 8).to_bytes(size, "big"),
        )
        self.engine.publish(actor="operator")
        done = self.engine.run(Open("c0", "deals", "X"), actor="sam")
        assert isinstance(done, Done)

    @initialize(
        far=st.integers(0, 5),
        segment=st.sampled_from(["small", "large"]),
        ends=VALUES["ends"],
        discount=st.sampled_from([0, 0, 12]),
        first=st.sampled_from(["meet", "prep"]),
    )
    def begin(self, far: int, segment: str, ends: str | None, discount: int, first: str) -> None:
        """Start somewhere on the way, so that what comes late is tried as often as what comes early."""
        fields = {"segment": segment, "ends": ends, "discount": discount}
        way = [Set("c0", fields), Do("c0", first), Do("c0", "meet"), Advance("c0")]
        way += [Do("c0", "check"), Advance("c0")] if segment == "large" else []
        for command in way[: far + 1]:
            self.send(command, "sam")
        if far == 5:
            self.send(Approve("c0", "desk"), "fin")
            self.send(Approve("c0", "desk"), "dana")

    # -- commands -----------------------------------------------------------------------------------

    def cases(self) -> list[str]:
        return [
            "c0",
            *sorted(view.id for view in self.engine.find(actor="operator").items if view.id != "c0"),
        ]

    def send(self, command: Any, actor: str) -> Done | Refused:
        self.now += dt.timedelta(minutes=7)
        answer = self.engine.run(command, actor=actor)
        assert isinstance(answer, Done) or answer.blockers, "a refusal without a reason"
        return answer

    @rule(actor=ACTORS, changes=st.lists(CHANGES, min_size=1, max_size=3), reason=st.sampled_from(["", "So"]))
    def change(self, actor: str, changes: list[tuple[str, Any]], reason: str) -> None:
        self.send(Set("c0", dict(changes), reason), actor)

    @rule(actor=ACTORS, activity=ACTIVITIES, missed=st.booleans())
    def do(self, actor: str, activity: str, missed: bool) -> None:
        self.send(Do("c0", activity, "no_show" if missed and activity == "meet" else ""), actor)

    @rule(actor=ACTORS, activity=ACTIVITIES)
    def skip(self, actor: str, activity: str) -> None:
        self.send(SkipActivity("c0", activity, "Not now"), actor)

    @rule(actor=ACTORS, which=WHICH, to=st.sampled_from(["", "", "", *STAGES]))
    def advance(self, actor: str, which: int, to: str) -> None:
        cases = self.cases()
        case = cases[which % len(cases)]
        to = to if case == "c0" else ""
        self.now += dt.timedelta(minutes=7)
        explained = self.engine.why(case, to, actor=actor)
        answer = self.engine.run(Advance(case, to), actor=actor)
        assert explained.can_advance == isinstance(answer, Done), "why and advance disagree"
        blockers = answer.blockers if isinstance(answer, Refused) else ()
        assert list(map(_said, explained.blockers)) == list(map(_said, blockers))

    @rule(actor=ACTORS, to=st.sampled_from(["a", "b"]))
    def back(self, actor: str, to: str) -> None:
        self.send(Back("c0", to), actor)

    @rule(actor=ACTORS, which=WHICH, reason=st.sampled_from([None, "price"]))
    def close(self, actor: str, which: int, reason: str | None) -> None:
        cases = self.cases()
        case = cases[which % len(cases)]
        if case == "c0":
            self.send(Close(case, "lost", {"reason": reason} if reason else {}), actor)
        else:
            self.send(Close(case, "gone"), actor)

    @rule(actor=ACTORS)
    def reopen(self, actor: str) -> None:
        self.send(Reopen("c0", "Again"), actor)

    @rule(actor=ACTORS, to=st.sampled_from(["sam", "lea", "fin"]), which=WHICH)
    def hand_over(self, actor: str, to: str, which: int) -> None:
        cases = self.cases()
        self.send(Assign(cases[which % len(cases)], to), actor)

    @rule(actor=ACTORS, name=APPROVALS)
    def approve(self, actor: str, name: str) -> None:
        self.send(Approve("c0", name), actor)

    @rule(actor=ACTORS, name=APPROVALS)
    def refuse(self, actor: str, name: str) -> None:
        self.send(Refuse("c0", name, "No"), actor)

    @rule(
        actor=ACTORS, name=st.sampled_from(["fit", "deep", "desk", "meet", "check"]), days=st.integers(0, 9)
    )
    def waive(self, actor: str, name: str, days: int) -> None:
        self.send(Waive("c0", name, "This once", self.now.date() + dt.timedelta(days=days + 1)), actor)

    @rule(actor=ACTORS, kind=st.sampled_from(["plan", "call"]))
    def log(self, actor: str, kind: str) -> None:
        self.send(Log("c0", kind), actor)

    @rule(actor=ACTORS, share=st.integers(1, 99))
    def split(self, actor: str, share: int) -> None:
        self.send(Split("c0", {"sam": f"{share}%", "lea": f"{100 - share}%"}), actor)

    # -- time ---------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([5, 24, 73]))
    def wait(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    @rule(hours=st.sampled_from([0, 24, 49, 150]))
    def tick(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)
        assert self.engine.tick(limit=500) < 500, "timers strike without end"
        waiting = [row for case in self.cases() for row in self.store.due_of(f"case:{case}").values()]
        assert all(row.at > to_micros(self.now) for row in waiting), "a timer that is due did not strike"

    # -- what holds always --------------------------------------------------------------------------

    @invariant()
    def invariants_hold(self) -> None:
        for name in self.cases():
            case, definition = self.engine.case_and_definition(name)
            scope = definition.scope(case, "system", self.now, self.engine.world)
            assert list(broken(definition, scope, name)) == []

    @invariant()
    def no_activity_is_lost(self) -> None:
        for name in self.cases():
            case = self.engine.case(name)
            planned = list(_planned(self.engine.history(name, actor="operator")))
            tasks = {(task.id, task.visit, task.n): task for task in case.tasks}
            assert len(tasks) == len(case.tasks), "an activity was planned twice under one number"
            assert set(planned) <= tasks.keys(), "a planned activity is not there"
            assert len(planned) == len(set(planned)), "an activity was planned twice"
            for task in case.tasks:
                here = case.outcome == OPEN and task.visit == case.visit
                assert task.status in ENDED or (task.status == OPEN and here), task

    @invariant()
    def no_timer_is_without_a_case(self) -> None:
        for name in self.cases():
            case, definition = self.engine.case_and_definition(name)
            rows = self.store.due_of(f"case:{name}")
            derived = due_rows(case, definition, "default", self.engine.world, case.last) or ()
            told = {row.id: row for row in derived}
            look, again = (these.pop("look:", None) for these in (rows, told))
            assert rows == told
            assert (look is None) == (again is None)
            assert look is None or again is None or look.at >= again.at  # nothing may have come of a look
            runs = case.outcome in (OPEN, "done")
            assert runs or set(rows) <= {"remind:moves.reopen"}, "a timer runs on a case that has ended"

    @invariant()
    def follow_ups_are_known(self) -> None:
        for name in self.cases():
            case = self.engine.case(name)
            if case.parent:
                above = self.engine.case(case.parent)
                assert above.children[name] == case.outcome
                kinds = [item.event for item in self.engine.history(case.parent, actor="operator")]
                heard = [
                    event
                    for event in kinds
                    if isinstance(event, (Linked, ChildEnded)) and event.child == name
                ]
                assert isinstance(heard[0], Linked), "a follow-up case ended before it was known"

    def teardown(self) -> None:
        assert list(prove(self.engine)) == []
        fresh = Engine.open(None, store=self.store, registry=self.engine.registry, clock=self.engine.clock)
        for name in self.cases():
            assert fresh.case(name) == self.engine.case(name)


def _said(blocker: Blocker) -> Blocker:
    """Return a blocker without the next step to an approval: it is asked for first, and answered then."""
    return attrs.evolve(blocker, fix="") if blocker.kind == "approval" else blocker


def _planned(history: Iterator[HistoryItem]) -> Iterator[tuple[str, int, int]]:
    """Yield what events planned: the activity, the visit and the number."""
    visit = 1
    for item in history:
        event = item.event
        if isinstance(event, (Moved, Reopened)):
            visit += 1
        if isinstance(event, (Opened, Moved, Reopened, Finished, Planned)):
            yield from ((plan.id, visit, plan.n) for plan in event.plans)


WholeLanguage.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestWholeLanguage = WholeLanguage.TestCase
