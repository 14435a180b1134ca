"""A pretended year of selling: reps issue real commands through the engine, and a seed decides everything."""

from __future__ import annotations

import datetime as dt
import heapq
from random import Random
from typing import TYPE_CHECKING, Any

import attrs

from playbook.authoring.fiction import Answers, buyers, loss_reason
from playbook.errors import InputError, Refused
from playbook.model.case import OPEN
from playbook.model.commands import Advance, Assign, Back, Close, Do, Log, Open, Set, SetRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook.authoring.fiction import Buyer
    from playbook.engine import Done, Engine
    from playbook.errors import Blocker
    from playbook.model.case import Case
    from playbook.model.commands import Command, RecordCommand
    from playbook.model.playbook import Activity

PLAYBOOK = "new-business"
"""The shipped playbook that is sold by; the fiction answers for its fields."""

SELLERS = "ae"
"""The role of those who sell in the organization that ships with it."""

BEGIN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""The pretended year; always the same one, so that a seed gives the same events on every day."""

DAYS = (END - BEGIN).days

_HAZARD = {"acceptance": 0.34, "discovery": 0.24, "evaluation": 0.2, "proposal": 0.2, "negotiation": 0.1}
"""How often an average rep loses a deal in a stage."""

_STEP_DAYS = {"small": 2.4, "mid": 4.0, "enterprise": 7.0}
"""Days between two steps on a deal, by segment."""


class Pretended:
    """Stand in for the machine's clock and randomness; the same seed gives the same of both."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._bytes = Random(f"{seed} entropy")
        self._now = BEGIN

    def clock(self) -> dt.datetime:
        """Return the pretended time."""
        return self._now

    def entropy(self, count: int) -> bytes:
        """Return pretended random bytes."""
        return self._bytes.randbytes(count)

    def reach(self, at: dt.datetime) -> None:
        """Go forward to a time; one that has passed changes nothing."""
        self._now = max(self._now, at)

    def spend(self, least: int, most: int) -> None:
        """Let some seconds pass."""
        self._now += dt.timedelta(seconds=self.random.randint(least, most))


@attrs.frozen
class Rep:
    """Describe how someone sells, by factors of what is usual; `care` is how often they look before they leap."""

    id: str
    skill: float
    size: float
    pace: float
    care: float
    share: float


@attrs.define
class Sold:
    """Count what happened in the year: deals opened, commands carried out, and attempts that were refused."""

    deals: int = 0
    commands: int = 0
    refused: int = 0


def simulate(
    engine: Engine, pretended: Pretended, deals: int, progress: Callable[[int], None] = lambda day: None
) -> Sold:
    """Sell for the pretended year; the engine's clock and entropy must be those of `pretended`.

    `progress` is called with the day of the year reached. Raises InputError where nobody could sell.
    """
    floor = _Floor(engine, pretended)
    # The number breaks ties, and lives are never compared.
    due: list[tuple[dt.datetime, int, Iterator[float]]] = [
        (at, number, life) for number, (at, life) in enumerate(floor.openings(deals))
    ]
    heapq.heapify(due)
    day = 0
    while due and due[0][0] < END:
        at, number, life = heapq.heappop(due)
        pretended.reach(at)
        wait = next(life, None)
        if wait is not None:
            heapq.heappush(due, (floor.working_time(wait), number, life))
        reached = (pretended.clock() - BEGIN).days
        if reached > day:
            day = reached
            engine.tick()
            progress(day)
    pretended.reach(END)
    engine.tick()
    return floor.sold


class _Floor:
    """Hold the sales floor: who sells, what they share, and the calendar they work by."""

    def __init__(self, engine: Engine, pretended: Pretended) -> None:
        self.engine = engine
        self.pretended = pretended
        self.random = pretended.random
        self.sold = Sold()
        self.world = engine.world
        self.definition = engine.definitions.current(PLAYBOOK, None)
        people = self.world.organization.people
        self.reps = {name: self._rep(name) for name in sorted(people) if people[name].post().role == SELLERS}
        if not self.reps:
            raise InputError(f"nobody sells: the organization has no people whose role is {SELLERS}")

    def _rep(self, name: str) -> Rep:
        uniform = self.random.uniform
        return Rep(
            name,
            uniform(0.75, 1.4),
            uniform(0.7, 1.4),
            uniform(0.7, 1.4),
            uniform(0.3, 0.8),
            uniform(0.7, 1.4),
        )

    def openings(self, deals: int) -> Iterator[tuple[dt.datetime, Iterator[float]]]:
        """Yield each deal with when it begins, spread over the year."""
        reps, random = tuple(self.reps.values()), self.random
        found = buyers(random, self.world.currency)
        seconds = int((END - BEGIN).total_seconds())
        for _ in range(deals):
            begins = self._at_work(BEGIN + dt.timedelta(seconds=random.randrange(seconds)))
            (rep,) = random.choices(reps, [rep.share for rep in reps])
            yield begins, _Deal(self, rep, next(found)).life()

    def working_time(self, days: float) -> dt.datetime:
        """Return a time of work that many days from now."""
        return self._at_work(self.pretended.clock() + dt.timedelta(days=days))

    def _at_work(self, at: dt.datetime) -> dt.datetime:
        """Return some time of work on the day, or on the next day people work."""
        calendar = self.world.calendar
        local = at.astimezone(calendar.zone)
        day = local.date()
        while not calendar.works_on(day):
            day += dt.timedelta(days=1)
        minutes = self.random.randint(0, 7 * 60)
        begins = dt.datetime.combine(day, calendar.opens, calendar.zone)
        return (begins + dt.timedelta(minutes=minutes)).astimezone(dt.UTC)

    def run(self, command: Command | RecordCommand, actor: str) -> Done | Refused:
        """Carry out a command, and let its time pass: little, for all deals share one clock and one year."""
        answer = self.engine.run(command, actor=actor)
        self.sold.refused += isinstance(answer, Refused)
        self.sold.commands += not isinstance(answer, Refused)
        self.pretended.spend(5, 120)
        return answer


class _Deal:
    """Sell one deal."""

    def __init__(self, floor: _Floor, rep: Rep, buyer: Buyer) -> None:
        self.floor = floor
        self.random = floor.random
        self.rep = rep
        self.buyer = buyer
        self.answers = Answers(buyer, rep.size, floor.random)
        self.id = ""
        self.steps_left: int | None = None
        """How many steps remain until the buyer ends it; None where this stage goes well."""

    def life(self) -> Iterator[float]:
        """Sell, step by step; yield the days until the next one."""
        self._open()
        while self._case().outcome == OPEN:
            yield self.random.expovariate(1 / (_STEP_DAYS[self.buyer.segment] * self.rep.pace))
            self._step()
        if self._case().outcome == "won":
            yield self.random.uniform(14, 45)
            self._paid()

    def _step(self) -> None:
        """Do what comes next: talk, hand over, go back, lose, mend what `why` says, or move on."""
        self._talk()
        if self._chance(0.012):
            self._hand_over()
        case = self._case()
        if case.stage in ("proposal", "negotiation") and self._chance(0.03):
            self._back(case)
        elif self.steps_left == 0:
            self._lose(case)
        elif not self._chance(self.rep.care):
            self._advance()
        else:
            blockers = self.floor.engine.why(self.id, actor=self.rep.id).blockers
            if blockers:
                self._mend(blockers[: self.random.randint(1, 3)])
            else:
                self._advance()
        if self.steps_left:
            self.steps_left -= 1

    def _open(self) -> None:
        buyer, random = self.buyer, self.random
        account = self._run(SetRecord("account", fields={"name": buyer.company})).case
        fields: dict[str, Any] = {"account": account, "segment": buyer.segment, "source": buyer.source}
        if random.random() < 0.6:
            fields["amount"] = self.answers.amount(None)
        done = self._run(Open("", PLAYBOOK, buyer.company, fields=fields))
        self.id = done.case
        self.floor.sold.deals += 1
        self._entered(done.stage)

    def _entered(self, stage: str) -> None:
        """Decide whether the buyer will end it in this stage, and after how many steps."""
        hazard = _HAZARD.get(stage, 0.0) / self.rep.skill
        self.steps_left = self.random.randint(1, 4) if self.random.random() < hazard else None

    def _advance(self) -> None:
        """Try to move on; mend the first of what stands in the way."""
        if self.steps_left is not None:
            self._lose(self._case())
            return
        answer = self.floor.run(Advance(self.id), self.rep.id)
        if isinstance(answer, Refused):
            self._mend(answer.blockers[:2])
        else:
            self._entered(answer.stage)

    def _mend(self, blockers: tuple[Blocker, ...]) -> None:
        for blocker in blockers:
            if blocker.kind == "activity":
                self._do(self.floor.definition.activities[blocker.criterion])
            else:
                self._fill(blocker)

    def _fill(self, blocker: Blocker) -> None:
        """Set the fields that a blocker misses, or those that it read and found wanting."""
        names = self._fields_of(blocker.missing or blocker.actual)
        if not blocker.missing and "contacts" in names:
            names = ["contacts"]  # another person agrees; the amount is what it is
        self._run(Set(self.id, self._answers_to(names)))

    def _do(self, activity: Activity) -> None:
        """Do an activity; at times it has to be done again, at times the form is forgotten at first."""
        again = [name for name, means in activity.outcomes if means == "again"]
        if again and self._chance(0.22):
            self._run(Do(self.id, activity.id, self.random.choice(again)))
            return
        form = [f.field for f in activity.form if not f.optional or self._chance(0.7)]
        if form and self._chance(0.15):
            answer = self.floor.run(Do(self.id, activity.id), self.rep.id)
            if not isinstance(answer, Refused):
                return
        self._run(Do(self.id, activity.id, fields=self._answers_to(form)))

    def _lose(self, case: Case) -> None:
        """Close it: as never having been a deal where that still goes, else as lost; some forget the reason."""
        to = "unqualified" if case.stage == "acceptance" and self._chance(0.6) else "lost"
        fields = {} if self._chance(0.2) else {"loss_reason": loss_reason(self.random, to)}
        answer = self.floor.run(Close(self.id, to, dict(fields)), self.rep.id)
        if isinstance(answer, Refused):
            fields.setdefault("loss_reason", loss_reason(self.random, to))
            asked = self._fields_of(path for blocker in answer.blockers for path in blocker.missing)
            fields |= self._answers_to([name for name in asked if name not in fields])
            self._run(Close(self.id, to, fields))

    def _back(self, case: Case) -> None:
        to = "evaluation" if case.stage == "negotiation" or self._chance(0.5) else "discovery"
        answer = self._run(Back(self.id, to, "Somebody new decides and asks anew"))
        self._entered(answer.stage)

    def _hand_over(self) -> None:
        """Let the manager give the deal to a colleague of the same team."""
        organization = self.floor.world.organization
        team = organization.people[self.rep.id].post().team
        others = [r for r in self.floor.reps.values() if r is not self.rep and self._team(r) == team]
        if others:
            manager = organization.manager_of(self.rep.id)
            self.rep = self.random.choice(others)
            self._run(Assign(self.id, self.rep.id), manager)

    def _team(self, rep: Rep) -> str:
        return self.floor.world.organization.people[rep.id].post().team

    def _talk(self) -> None:
        if self._chance(0.15):
            kind, text = self.random.choice(_TALKS)
            self._run(Log(self.id, kind, text=text))

    def _paid(self) -> None:
        manager = self.floor.world.organization.manager_of(self.rep.id)
        self._run(Log(self.id, "payment", {"amount": str(self._case().fields["amount"])}), manager)

    def _run(self, command: Command | RecordCommand, actor: str = "") -> Done:
        """Carry out a command that nothing should stand against."""
        answer = self.floor.run(command, actor or self.rep.id)
        if isinstance(answer, Refused):
            raise InputError(f"{PLAYBOOK} refused what a rep of the simulation does: {answer.message}")
        return answer

    def _fields_of(self, paths: Iterable[str]) -> list[str]:
        subject = f"{self.floor.definition.subject}."
        return list(dict.fromkeys(path.removeprefix(subject) for path in paths if path.startswith(subject)))

    def _answers_to(self, names: list[str]) -> dict[str, Any]:
        case, today = self._case(), self.floor.pretended.clock().date()
        return {name: self.answers.to(name, case, today) for name in names}

    def _case(self) -> Case:
        return self.floor.engine.case(self.id)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


_TALKS = (
    ("call", "Called to hear whether anything has changed"),
    ("email", "Sent the case of a company like theirs"),
    ("note", "They compare us with what they have"),
    ("call", "Talked about who else should see this"),
)
