"""Cases of random playbooks full of timers through random histories: done twice, in the engine and in a naive model.

What a worker strikes late, by halves or beside another worker is struck in the model when it is due.
"""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from tests.naive_timers import Company, Deal

from playbook import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Do,
    Engine,
    InputError,
    Log,
    MemoryStore,
    Open,
    Project,
    Registry,
    Reopen,
    Set,
)  # fmt: skip
from playbook.engine import Done
from playbook.model.approving import Approved
from playbook.model.events import (
    ActionRefused,
    Assigned,
    Blocked,
    Changed,
    Finished,
    Linked,
    Logged,
    Moved,
    Noticed,
    Opened,
    Planned,
    Reopened,
    TimerFired,
    TimerPaused,
)
from playbook.times import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe", "UTC")
WEEKS = {"mon-fri": (0, 1, 2, 3, 4), "sun-thu": (6, 0, 1, 2, 3), "tue-sat": (1, 2, 3, 4, 5)}
STARTS = ("2026-03-26T22:30", "2026-10-23T08:00", "2026-01-30T09:00", "2026-04-02T15:59")
PEOPLE = ("sam", "kim", "lee")
BY = ("5h", "1d", "2d", "5d", "1w", "1mo", "1wd", "3wd", "4wh", "20wh")
LONG = ("2d", "5d", "1w", "3wd", "20wh", "$wait")
WHENS = ("deal.amount > 5", "deal.hold", "case.in_stage > 3d", "case.idle < 2wd", "case.in_stage < 20wh")
RESETS = ("move", "entry.call", "field.step", "field.amount")
DATES = ("2026-01-31", "2026-03-29", "2026-04-05", "2026-10-25", "2026-11-02")
TIMES = ("2026-03-29T01:30:00+00:00", "2026-04-01T12:00:00+00:00", "2026-10-25T00:30:00+00:00")
FIELDS = {
    "amount": {"type": "integer", "default": 1},
    "hold": {"type": "boolean"},
    "starts": {"type": "date"},
    "meets": {"type": "datetime"},
    "step": {"type": "text", "editable_after_close": True},
    "size": {"type": "choice", "options": ["small", "large"]},
}
VALUES: dict[str, tuple[Any, ...]] = {
    "amount": (1, 9, None), "hold": (True, False, True, False, None), "starts": (*DATES, None),
    "meets": (*TIMES, None), "step": ("a", "b"), "size": ("small", "large"),
}  # fmt: skip
QUIET: tuple[dict[str, Any], ...] = (
    {"notify": "owner"}, {"set": {"step": "c"}}, {"set": {"amount": 7}}, {"set": {"hold": True}},
    {"schedule": "call"}, {"schedule": "demo", "due": "2wd"},
)  # fmt: skip
ACTIONS = (
    *({"notify": "owner"},) * 6, *QUIET, {"advance": {}}, {"close": "lost"}, {"close": "kept"}, {"assign": "kim"},
    {"open": "care"},
)  # fmt: skip
CARE = {
    "playbook": "care", "version": 1, "subject": "care", "fields": {},
    "stages": {"new": {"timers": {"look": {"in_stage": "2wd", "then": [{"notify": "owner"}]}}, "next": ["kept"]},
               "kept": {"final": "done"}},
}  # fmt: skip


# -- what may be written ----------------------------------------------------------------------------------


@st.composite
def timers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a timer: what it counts from, and all that may be said beside."""
    by, said = draw(st.sampled_from(BY)), dict[str, Any]()
    kind = draw(st.sampled_from(("in_stage", "in_stage", "idle", "idle", "before", "after", "done")))
    if kind in ("in_stage", "idle"):
        said[kind] = draw(st.sampled_from(LONG))
        if draw(st.booleans()):
            said["resets_on"] = draw(st.lists(st.sampled_from(RESETS), min_size=1, max_size=2, unique=True))
    elif kind == "done":
        said |= {"after": {"done": draw(st.sampled_from(("call", "demo")))}, "by": by}
        if said["after"]["done"] == "call" and draw(st.booleans()):
            said["after"]["outcome"] = draw(st.sampled_from(("held", "missed")))
    else:
        said |= {kind: draw(st.sampled_from(("starts", "meets"))), "by": by}
    if draw(st.integers(0, 2)) == 0:
        said["when"] = draw(st.sampled_from(WHENS))
    if draw(st.booleans()):
        said["pauses_when"] = draw(st.sampled_from((*WHENS[:2], "deal.hold")))
    return {**said, "then": draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2))}


@st.composite
def playbooks(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a playbook of four stages and three ends."""
    dues = st.sampled_from((None, "2d", "3wd", "10wh", "1mo"))
    call: dict[str, Any] = {"kind": "call", "due": draw(dues), "repeat": draw(dues)}
    call["outcomes"] = {"held": "done", "missed": "again"}
    demo = {"kind": "meeting", "due": draw(dues), "once": draw(st.sampled_from((True, None)))}
    demo["assign"] = draw(st.sampled_from((None, "kim", "lee")))
    note = {
        "kind": "task",
        "after": "call",
        "due": draw(dues),
        "assign": draw(st.sampled_from((None, "lee"))),
    }
    activities = {"call": bare(call), "demo": bare(demo), "note": bare(note)}
    gate = {
        "fit": {
            "approval": bare({"by": "manager", "remind": draw(st.sampled_from(("2d", "1wd", "6wh", None)))})
        }
    }
    enters = st.lists(st.sampled_from(QUIET), max_size=2)
    stages: dict[str, Any] = {
        "one": {"activities": activities, "on_enter": draw(enters), "next": ["two"]},
        "two": {"exit": gate if draw(st.booleans()) else {}, "on_enter": draw(enters), "next": ["three"]},
        "three": {"next": ["won"]},
        "won": {"final": "won", "on_enter": draw(enters)},
        "lost": {"final": "lost", "from": "any"},
        "kept": {"final": "done", "from": "any"},
    }
    shared = {f"t{n}": timer for n, timer in enumerate(draw(st.lists(timers(), min_size=1, max_size=4)))}
    for name, timer in list(shared.items()):
        where = draw(
            st.sampled_from((None, None, None, ["one"], ["one", "three"], ["two", "kept"], "one", "two"))
        )
        if isinstance(where, str):
            stages[where].setdefault("timers", {})[name] = shared.pop(name)
        elif where:
            timer["in"] = where
    stages = {name: bare(said) for name, said in stages.items()}
    return bare({
        "playbook": "deals", "version": 1, "subject": "deal", "fields": FIELDS,
        "who_may": dict.fromkeys(("edit", "advance", "close", "assign", "reopen", "open"), "anyone"),
        "moves": {"back": "anyone", "reopen": "anyone"}, "parameters": {"wait": draw(st.sampled_from(LONG[:-1]))},
        "segments": [{"when": 'deal.size == "large"', "set": {"wait": draw(st.sampled_from(LONG[:-1]))}}],
        "timers": shared, "stages": stages,
    })  # fmt: skip


def bare(said: dict[str, Any]) -> dict[str, Any]:
    """Return what is said without what is empty."""
    return {key: value for key, value in said.items() if value not in (None, [], {})}


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an organization: its zone, and the calendars of two people; the third has the general one."""
    calendars = {}
    for name in ("office", "shop"):
        opens = draw(st.integers(0, 12))
        calendars[name] = bare({
            "timezone": draw(st.sampled_from(ZONES)), "days": draw(st.sampled_from(sorted(WEEKS))),
            "hours": f"{opens:02}:00-{opens + draw(st.integers(1, 11)):02}:30",
            "holidays": draw(st.lists(st.sampled_from(DATES), unique=True)),
        })  # fmt: skip
    people = {
        "sam": {"name": "Sam", "role": "ae", "team": "north"}, "kim": {"name": "Kim", "role": "ae", "team": "south"},
        "lee": {"name": "Lee", "role": "se", "team": "south"}, "dana": {"name": "Dana", "role": "head"},
    }  # fmt: skip
    people["kim"]["calendar"] = "shop"
    teams = {"north": {"manager": "dana", "calendar": "office"}, "south": {"manager": "dana"}}
    zone = draw(st.sampled_from(ZONES))
    return {"organization": "a", "timezone": zone, "calendars": calendars, "people": people, "teams": teams}


def calendars_of(house: dict[str, Any]) -> dict[str, Calendar]:
    """Return the calendar of each person."""
    found = {"lee": Calendar(zoneinfo.ZoneInfo(house["timezone"]))}
    for person, name in (("sam", "office"), ("kim", "shop")):
        said = house["calendars"][name]
        opens, closes = (dt.time.fromisoformat(one) for one in said["hours"].split("-"))
        days = frozenset(map(dt.date.fromisoformat, said.get("holidays", ())))
        found[person] = Calendar(
            zoneinfo.ZoneInfo(said["timezone"]), frozenset(WEEKS[said["days"]]), opens, closes, days
        )
    return found


WAITS = (0, 1, 59, 7 * 60, 7 * 60, 11 * 60, 24 * 60, 24 * 60, 50 * 60, 3 * 24 * 60, 9 * 24 * 60)
DOINGS = (
    *("set",) * 6, *("hold",) * 8, *("log",) * 3, *("do",) * 6, *("advance",) * 4, *("back",) * 3, "close",
    *("reopen",) * 3, *("assign",) * 2, "approve", *("tick",) * 7, "house",
)  # fmt: skip
doings = st.sampled_from(DOINGS).flatmap(
    lambda what: st.tuples(
        st.just(what), st.sampled_from(WAITS), st.integers(0, 59), st.sampled_from(PEOPLE),
        houses() if what == "house" else st.none(),
    )
)  # fmt: skip


# -- what happened ----------------------------------------------------------------------------------------


class Timed:
    """Do what happens to a case in an engine, with a worker that comes when it comes, and in the model."""

    def __init__(self, book: dict[str, Any], house: dict[str, Any], start: str, registry: Registry) -> None:
        self.now = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
        self.book, self.registry, self.store = book, registry, MemoryStore()
        self.company = Company({"deals": book, "care": CARE}, dt.UTC, {})
        self.publish(house)
        self.engine.run(Open("c", "deals", owner="sam"), actor="sam")
        self.company.open("deals", "sam", self.now, "sam", {})

    @property
    def deal(self) -> Deal:
        """Return the case as the model has it."""
        return self.company.deals[0]

    def publish(self, house: dict[str, Any]) -> None:
        """Publish the organization as it is from now on."""
        files = {"a.organization.yaml": json.dumps(house)}
        files |= {f"{one['playbook']}.playbook.yaml": json.dumps(one) for one in (self.book, CARE)}
        project = Project.from_files(files, **self.registry.for_files)
        wrong = [problem for problem in project.problems if problem.severity == "error"]
        assert not wrong, wrong
        self.engine = Engine.open(project, store=self.store, clock=lambda: self.now, registry=self.registry)
        self.engine.publish(actor="operator")
        self.company.zone, self.company.calendars = zoneinfo.ZoneInfo(house["timezone"]), calendars_of(house)

    def happens(self, doing: tuple[str, int, int, str, dict[str, Any] | None]) -> None:
        """Let something happen: what, after how many minutes, how, by whom."""
        what, wait, how, who, house = doing
        self.now += dt.timedelta(minutes=wait)
        if house is not None:
            self.publish(house)
        elif what == "tick":
            self.tick(how)
        else:
            command, expected = COMMANDS[what](self.deal, how, who, self.now)
            try:
                answer = self.engine.run(command, actor="dana" if what == "approve" else who)
            except InputError:
                answer = None
            assert isinstance(answer, Done) == expected, (what, answer)
            self.deal.note()

    def tick(self, how: int) -> None:
        """Let workers strike what is due: one, two in turns, or one after another has died with what it took."""
        alone = len(self.engine.find(actor="operator").items) == 1
        if how % 4 == 1 and alone:
            struck = self.company.tick(self.now, 1)
            assert self.engine.tick(limit=1, worker="one") == struck
            return
        if how % 4 == 2:
            self.store.claim("timers:default", now=0, limit=2, lease=0, worker="dead")
        while sum(self.engine.tick(worker=one, limit=2) for one in ("one", "two")):
            pass
        assert self.engine.tick(worker="three") == 0
        self.company.tick(self.now)

    def found(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield what happened by case, the first one first."""
        cases = sorted(self.engine.find(actor="operator", limit=500).items, key=lambda one: one.id != "c")
        for case in cases:
            yield [line for item in self.engine.history(case.id, actor="operator") for line in lines(item)]


def lines(item: Any) -> Iterator[tuple[Any, ...]]:
    """Yield an event as the model writes it, and behind it the activities that it asked for."""
    event = item.event
    if isinstance(event, Changed):
        yield from ((item.at, "changed", name, plain(value)) for name, value in event.fields.items())
    elif not isinstance(event, TimerPaused):
        yield (item.at, *TOLD[type(event)](event))
    for plan in getattr(event, "plans", ()):
        yield item.at, "plan", plan.id, plan.n, plan.due, plan.assignee


def plain(value: Any) -> Any:
    """Return a value as it was given."""
    return value.isoformat() if isinstance(value, dt.date) else value


TOLD: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    Opened: lambda e: ("opened", e.stage),
    Moved: lambda e: ("moved", e.target),
    Reopened: lambda e: ("reopened", e.target),
    Finished: lambda e: ("finished", e.activity, e.n, e.outcome, e.done),
    Planned: lambda e: ("planned",),
    Logged: lambda e: ("logged", e.kind),
    Assigned: lambda e: ("assigned", e.owner),
    Approved: lambda e: ("approved",),
    Blocked: lambda e: ("blocked", e.asked),
    Linked: lambda e: ("linked", e.playbook),
    ActionRefused: lambda e: ("refused", e.action),
    Noticed: lambda e: ("told", e.about, e.to),
    TimerFired: lambda e: ("struck", e.timer, e.base, e.due),
}


def _set(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    name = list(VALUES)[how % len(VALUES)]
    value = VALUES[name][how // len(VALUES) % len(VALUES[name])]
    return Set("c", {name: value}, "because"), deal.set(at, who, name, value)


def _hold(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    value = not deal.fields.get("hold")
    return Set("c", {"hold": value}, "because"), deal.set(at, who, "hold", value)


def _do(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    activity = ("call", "demo", "note")[how % 3]
    outcome = ("held", "missed")[how // 3 % 2] if activity == "call" else ""
    return Do("c", activity, outcome), deal.do(at, who, activity, outcome)


def _back(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    to = ("one", "two")[how % 2]
    return Back("c", to), deal.back(at, who, to)


def _close(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    to = ("lost", "kept")[how % 2]
    return Close("c", to), deal.close(at, who, to)


def _assign(deal: Deal, how: int, who: str, at: dt.datetime) -> tuple[Any, bool]:
    to = PEOPLE[how % 3]
    return Assign("c", to), deal.assign(at, who, to)


COMMANDS: dict[str, Callable[[Deal, int, str, dt.datetime], tuple[Any, bool]]] = {
    "set": _set, "hold": _hold, "do": _do, "back": _back, "close": _close, "assign": _assign,
    "log": lambda deal, how, who, at: (Log("c", "call"), deal.log_entry(at, who, "call")),
    "advance": lambda deal, how, who, at: (Advance("c"), deal.advance(at, who)),
    "reopen": lambda deal, how, who, at: (Reopen("c", "because"), deal.reopen(at, who)),
    "approve": lambda deal, how, who, at: (Approve("c", "fit"), deal.approve(at, "dana")),
}  # fmt: skip
