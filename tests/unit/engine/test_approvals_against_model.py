"""Random hand-overs, approvals, refusals, waivers, changes and waiting against a plain model of the rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import Refused
from playbook.model.approving import Lapsed
from playbook.model.commands import Advance, Approve, Assign, Back, Open, Refuse, Set, Waive
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: integer, default: 1}
  discount: {type: integer, default: 0}
  terms: {type: text, personal: true}
who_may: {edit: anyone, advance: anyone, assign: anyone, waive: manager}
stages:
  a:
    exit:
      deep: {when: deal.discount > 10, approval: {by: manager, separate: true, expires: 3d}, covers: [terms]}
      both: {approval: {all: [manager, finance]}, covers: [amount]}
      fit: {that: deal.amount > 5}
    next: [b]
  b:
    locked: true
    exit:
      desk: {approval: {in_order: [finance, manager], refused: {back: a}}}
    next: [won]
  won: {final: won}
invariants:
  deep_is_approved: case.outcome != "won" or deal.discount <= 30
"""
ORGANIZATION = """
organization: acme
teams: {world: {manager: vera}, emea: {parent: world, manager: dana}}
people:
  vera: {name: Vera, role: director, team: world}
  dana: {name: Dana, role: manager_of_sales, team: emea}
  sam: {name: Sam, role: ae, team: emea}
  fin: {name: Fin, role: finance, team: emea}
"""
PEOPLE = ["vera", "dana", "sam", "fin"]
MANAGER = {"vera": "", "dana": "vera", "sam": "dana", "fin": "dana"}
BY = {"deep": ["manager"], "both": ["manager", "finance"], "desk": ["finance", "manager"]}
COVERS = {"deep": ("discount", "terms"), "both": ("amount",), "desk": (), "fit": ("amount",)}
DAYS = dt.timedelta(days=1)
ACTORS = st.sampled_from(PEOPLE)
APPROVALS = st.sampled_from(list(BY))


class Ask:
    """One approval that was asked for."""

    def __init__(self, by: str, stage: str) -> None:
        self.by, self.stage = by, stage
        self.filled: list[str] = []
        self.people: list[str] = []
        self.seen: tuple[Any, ...] = ()
        self.until: dt.datetime | None = None
        self.refused = False


class ApprovalsAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
        read = Project.from_files({"deals.playbook.yaml": PLAYBOOK, "organization.yaml": ORGANIZATION})
        assert not [p for p in read.problems if p.severity == "error"]
        registry = load(entry_points=False)
        self.engine = Engine.open(read, store=MemoryStore(), registry=registry, clock=lambda: self.now)
        self.engine.publish(actor="operator")
        done = self.engine.run(Open("c1", "deals", "X"), actor="sam")
        assert isinstance(done, Done)
        self.stage, self.owner = "a", "sam"
        self.fields: dict[str, Any] = {"amount": 1, "discount": 0}
        self.asks: dict[str, Ask] = {}
        self.waiver: tuple[dt.date, Any] | None = None

    # -- the rules, said again ----------------------------------------------------------------------

    def may(self, actor: str, principal: str) -> bool:
        return actor == (MANAGER[self.owner] if principal == "manager" else "fin")

    def complete(self, name: str) -> bool:
        ask = self.asks.get(name)
        return ask is not None and set(ask.filled) == set(BY[name])

    def valid(self, name: str) -> bool:
        until = self.asks[name].until if name in self.asks else None
        return self.complete(name) and not (until is not None and self.now >= until)

    def unmet(self) -> list[str]:
        if self.stage == "b":
            return [] if self.valid("desk") else ["desk"]
        if self.stage == "won":
            return []
        waived = self.waiver is not None and self.now.date() <= self.waiver[0]
        found = [] if self.fields["discount"] <= 10 or self.valid("deep") else ["deep"]
        found += [] if self.valid("both") else ["both"]
        return found + ([] if self.fields["amount"] > 5 or waived else ["fit"])

    def lapse(self) -> set[str]:
        """Drop what covers a value that is no longer what was seen, or was given by who owns the case now."""
        gone = {
            name for name, ask in self.asks.items()
            if (ask.people and ask.seen != self.values(name))
            or (name == "deep" and self.owner in ask.people)
        }  # fmt: skip
        for name in gone:
            del self.asks[name]
        if self.waiver is not None and self.waiver[1] != self.values("fit"):
            self.waiver = None
            gone.add("fit")
        return gone

    def values(self, name: str) -> tuple[Any, ...]:
        return tuple(self.fields.get(field) for field in COVERS[name])

    def send(self, command: Any, actor: str, code: str) -> set[str] | None:
        """Run a command; return what lapsed by it, None where it was refused."""
        self.now += dt.timedelta(minutes=1)
        before = len(list(self.engine.history("c1", actor="operator")))
        answer = self.engine.run(command, actor=actor)
        if code:
            assert isinstance(answer, Refused), answer
            assert answer.code == code, answer
            return None
        assert isinstance(answer, Done), answer
        events = [item.event for item in self.engine.history("c1", actor="operator")][before:]
        return {event.criterion for event in events if isinstance(event, Lapsed)}

    # -- commands -----------------------------------------------------------------------------------

    @rule(actor=ACTORS, name=st.sampled_from(["amount", "discount", "terms"]), number=st.integers(0, 4))
    def change(self, actor: str, name: str, number: int) -> None:
        value = str(number) if name == "terms" else number * 9
        same = self.fields.get(name) == value
        closed = self.stage in ("b", "won") and not same
        lapsed = self.send(Set("c1", {name: value}), actor, "wrong_state" if closed else "")
        if lapsed is not None:
            self.fields[name] = value
            assert lapsed == self.lapse()

    @rule(actor=ACTORS)
    def advance(self, actor: str) -> None:
        unmet = self.unmet()
        last = self.stage == "b" and not unmet and self.fields["discount"] > 30
        explained = self.engine.why("c1", actor=actor)
        code = "wrong_state" if self.stage == "won" else "blocked" if unmet or last else ""
        assert explained.can_advance == (not code)
        if code != "wrong_state":
            assert [b.criterion for b in explained.blockers] == (["deep_is_approved"] if last else unmet)
        self.now -= dt.timedelta(minutes=1)  # so that nothing expires between asking why and trying
        if self.send(Advance("c1"), actor, code) is not None:
            self.stage = {"a": "b", "b": "won"}[self.stage]
        elif code == "blocked":
            for name in unmet:
                ask = self.asks.get(name)
                if name in BY and (ask is None or ask.refused or self.complete(name)):
                    self.asks[name] = Ask(actor, self.stage)

    @rule(actor=ACTORS, name=APPROVALS)
    def approve(self, actor: str, name: str) -> None:
        code, ask = self.answerable(actor, name), self.asks.get(name)
        mine = [p for p in BY[name] if self.may(actor, p)]
        turn: list[str] = []
        if ask is not None:
            left = [p for p in BY[name] if p not in ask.filled]
            turn = [p for p in left if p in mine]
            if name == "desk" and left and left[0] not in mine:
                turn = []
        if not code and (ask is None or self.complete(name) or not turn):
            code = "wrong_state"
        lapsed = self.send(Approve("c1", name), actor, code)
        if lapsed is not None and ask is not None:
            ask.filled += turn
            ask.people.append(actor)
            ask.seen = self.values(name)
            ask.until = self.now + 3 * DAYS if name == "deep" else None

    @rule(discount=st.sampled_from([18, 27]), terms=st.sampled_from(["30", "90"]))
    def agree_on(self, discount: int, terms: str) -> None:
        """Come to a state that chance seldom finds: a deep discount, asked for and approved."""
        for name, value in (("discount", discount), ("terms", terms)):
            if self.fields.get(name) != value and self.stage == "a":
                self.send(Set("c1", {name: value}), "sam", "")
                self.fields[name] = value
                self.lapse()
        if self.unmet():
            self.advance("sam")
        self.approve(MANAGER[self.owner] or "vera", "deep")

    @rule(actor=ACTORS, name=APPROVALS)
    def refuse(self, actor: str, name: str) -> None:
        code = self.answerable(actor, name)
        if self.send(Refuse("c1", name, "No"), actor, code) is not None:
            self.asks[name] = Ask(self.asks[name].by, self.stage)
            self.asks[name].refused = True
            if name == "desk" and self.stage == "b":
                self.stage = "a"

    def answerable(self, actor: str, name: str) -> str:
        """Return why nobody, or not this one, can answer now."""
        ask = self.asks.get(name)
        own = {self.owner, ask.by if ask else ""} if name == "deep" else set()
        if not any(self.may(actor, p) for p in BY[name]) or actor in own:
            return "not_permitted"
        return "wrong_state" if self.stage == "won" or ask is None or ask.refused else ""

    @rule(actor=ACTORS, to=ACTORS)
    def assign(self, actor: str, to: str) -> None:
        lapsed = self.send(Assign("c1", to), actor, "wrong_state" if self.stage == "won" else "")
        if lapsed is not None:
            self.owner = to
            assert lapsed == self.lapse()

    @rule(actor=ACTORS, days=st.integers(0, 3))
    def waive(self, actor: str, days: int) -> None:
        until = (self.now + days * DAYS).date()
        code = (
            "not_permitted"
            if not self.may(actor, "manager")
            else "wrong_state"
            if self.stage == "won"
            else ""
        )
        if self.send(Waive("c1", "fit", "Because", until), actor, code) is not None:
            self.waiver = (until, self.values("fit"))

    @rule(actor=ACTORS)
    def back(self, actor: str) -> None:
        if self.send(Back("c1", "a"), actor, "" if self.stage == "b" else "wrong_state") is not None:
            self.stage = "a"

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)

    @invariant()
    def agree(self) -> None:
        case = self.engine.case("c1")
        assert (case.stage, case.owner) == (self.stage, self.owner)
        assert {n: sorted({yes.by for yes in a.yes}) for n, a in case.approvals.items()} == {
            n: sorted(set(a.people)) for n, a in self.asks.items()
        }
        assert {n for n, a in case.approvals.items() if a.complete} == {
            n for n in self.asks if self.complete(n)
        }
        assert ("fit" in case.waivers) == (self.waiver is not None)

    def teardown(self) -> None:
        assert list(prove(self.engine)) == []


ApprovalsAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestApprovalsAgainstModel = ApprovalsAgainstModel.TestCase
