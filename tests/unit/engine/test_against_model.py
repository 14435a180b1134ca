"""Random commands against a reference model of forty lines: no difference, and folds equal snapshots."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import Refused
from playbook.model.commands import Advance, Assign, Back, Close, Do, Log, Open, Set
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: integer}
  pain: {type: text, personal: true}
  reason: {type: choice, options: [price, other]}
who_may: {edit: owner}
moves: {back: {by: anyone, not_to: [a]}}
stages:
  a:
    activities:
      meet: {kind: meeting, required: true, outcomes: {held: done, no_show: again}}
    exit:
      fit: {that: deal.amount > 10 and filled(deal.pain)}
    next: [{to: b, when: deal.amount > 20}, c]
  b:
    activities:
      check: {kind: call, required: true}
    next: [c]
  c:
    exit: {big: {that: deal.amount >= 15, mode: warn}}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any, entry: {why: {fields: [reason]}}}
"""
ORGANIZATION = """
organization: acme
people:
  sam: {name: Sam}
  lea: {name: Lea}
"""
ORDER = ["a", "b", "c"]
PEOPLE = st.sampled_from(["sam", "lea"])


class Model:
    """What a case of the playbook above does, said again in the plainest way."""

    def __init__(self) -> None:
        self.stage, self.outcome, self.owner, self.notes = "a", "open", "sam", 0
        self.fields: dict[str, Any] = {}
        self.done: set[str] = set()

    def blocked_forward(self) -> list[str]:
        amount, unmet = self.fields.get("amount"), []
        if self.stage == "a":
            unmet += [] if "meet" in self.done else ["meet"]
            unmet += [] if amount is not None and amount > 10 and self.fields.get("pain") else ["fit"]
            unmet += ["next"] if amount is None else []
        if self.stage == "b":
            unmet += [] if "check" in self.done else ["check"]
        return unmet

    def target(self) -> str:
        if self.stage == "a":
            return "b" if self.fields["amount"] > 20 else "c"
        return {"b": "c", "c": "won"}[self.stage]

    def enter(self, stage: str) -> None:
        self.stage, self.done = stage, set()
        self.outcome = stage if stage in ("won", "lost") else "open"


class AgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
        read = Project.from_files({"deals.playbook.yaml": PLAYBOOK, "organization.yaml": ORGANIZATION})
        assert not [p for p in read.problems if p.severity == "error"]
        registry = load(entry_points=False)
        self.engine = Engine.open(read, store=MemoryStore(), registry=registry, clock=lambda: self.now)
        self.engine.publish(actor="operator")
        done = self.engine.run(Open("", "deals", "X"), actor="sam")
        assert isinstance(done, Done)
        self.case, self.model = done.case, Model()

    def send(self, command: Any, actor: str, code: str, unmet: list[str] | None = None) -> bool:
        """Run a command and hold its answer against what the model says; return whether it was done."""
        self.now += dt.timedelta(hours=1)
        answer = self.engine.run(command, actor=actor)
        if not code:
            assert isinstance(answer, Done), answer
            return True
        assert isinstance(answer, Refused), answer
        assert answer.code == code
        if unmet is not None:
            assert [b.criterion for b in answer.blockers] == unmet
        return False

    def code(self, actor: str, *, open_only: bool = True) -> str:
        if actor != self.model.owner:
            return "not_permitted"
        return "wrong_state" if open_only and self.model.outcome != "open" else ""

    @rule(
        actor=PEOPLE,
        amount=st.one_of(st.none(), st.integers(0, 40)),
        pain=st.sampled_from([None, "", "slow"]),
    )
    def set_fields(self, actor: str, amount: int | None, pain: str | None) -> None:
        changed = {"amount": amount, "pain": pain or None}
        same = all(self.model.fields.get(name) == value for name, value in changed.items())
        code = self.code(actor, open_only=not same)
        if self.send(Set(self.case, {"amount": amount, "pain": pain}), actor, code):
            self.model.fields |= changed

    @rule(actor=PEOPLE, activity=st.sampled_from(["meet", "check"]), outcome=st.sampled_from(["", "no_show"]))
    def do(self, actor: str, activity: str, outcome: str) -> None:
        outcome = outcome if activity == "meet" else ""
        model = self.model
        here = {"meet": "a", "check": "b"}[activity] == model.stage
        code = self.code(actor) or ("" if here and activity not in model.done else "wrong_state")
        if self.send(Do(self.case, activity, outcome), actor, code) and not outcome:
            model.done.add(activity)

    @rule(actor=PEOPLE)
    def log(self, actor: str) -> None:
        if self.send(Log(self.case, "note", text="x"), actor, self.code(actor, open_only=False)):
            self.model.notes += 1

    @rule(actor=PEOPLE)
    def advance(self, actor: str) -> None:
        model = self.model
        code, unmet = self.code(actor), model.blocked_forward() if model.outcome == "open" else []
        explained = self.engine.why(self.case, actor=actor)
        assert explained.can_advance == (not code and not unmet), "why and advance disagree"
        if self.send(
            Advance(self.case), actor, code or ("blocked" if unmet else ""), None if code else unmet
        ):
            model.enter(model.target())

    @rule(actor=PEOPLE, to=st.sampled_from(ORDER))
    def back(self, actor: str, to: str) -> None:
        model = self.model
        earlier = model.outcome == "open" and ORDER.index(to) < ORDER.index(model.stage) and to != "a"
        if self.send(Back(self.case, to), actor, self.code(actor) or ("" if earlier else "wrong_state")):
            model.enter(to)

    @rule(actor=PEOPLE, reason=st.sampled_from([None, "price"]))
    def close_lost(self, actor: str, reason: str | None) -> None:
        model = self.model
        fields = {"reason": reason} if reason else {}
        unmet = [] if reason or model.fields.get("reason") else ["why"]
        code = self.code(actor) or ("blocked" if unmet else "")
        if self.send(Close(self.case, "lost", fields), actor, code):
            model.fields |= fields
            model.enter("lost")

    @rule(actor=PEOPLE, to=PEOPLE)
    def assign(self, actor: str, to: str) -> None:
        if self.send(Assign(self.case, to), actor, self.code(actor)):
            self.model.owner = to

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def agree(self) -> None:
        case, model = self.engine.case(self.case), self.model
        assert (case.stage, case.outcome, case.owner) == (model.stage, model.outcome, model.owner)
        assert case.fields == {name: value for name, value in model.fields.items() if value is not None}
        assert {t.id for t in case.tasks if t.status == "done" and t.visit == case.visit} == model.done
        assert len(case.entries) == model.notes

    def teardown(self) -> None:
        assert list(prove(self.engine)) == []
        fresh = Engine.open(
            None, store=self.engine.store, registry=self.engine.registry, clock=self.engine.clock
        )
        assert fresh.case(self.case) == self.engine.case(self.case)


AgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAgainstModel = AgainstModel.TestCase
