"""What commands and actions do to a case, its activities and its approval, reckoned the naive way.

Every rule stands in docs/reference/language.md; the playbooks are those of tests/timed.py.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.naive_calendar import later

if TYPE_CHECKING:
    from tests.naive_timers import Company

    from playbook.times import Calendar

FINAL = {"won": "won", "lost": "lost", "kept": "done"}
AUTOMATIC = "system"


def length(text: str) -> tuple[int, str]:
    """Return the count and unit of a duration like `5wd`."""
    count, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()  # type: ignore[union-attr]
    return int(count), unit


@dataclass
class Task:
    """One activity that was asked for."""

    id: str
    visit: int
    n: int
    due: dt.datetime | None
    who: str
    status: str = "open"
    outcome: str = ""
    at: dt.datetime | None = None


@dataclass
class Asked:
    """The approval that was asked for."""

    at: dt.datetime
    stage: str
    yes: bool = False


class Work:
    """One case: what happened, its fields, its tasks."""

    def __init__(
        self, company: Company, book: str, owner: str, at: dt.datetime, fields: dict[str, Any]
    ) -> None:
        self.company, self.book, self.owner = company, company.books[book], owner
        self.stage, self.outcome, self.visit, self.came_from = next(iter(self.book["stages"])), "open", 1, ""
        self.last = self.entered = self.touched = at
        defaults = {name: one["default"] for name, one in self.book["fields"].items() if "default" in one}
        self.fields: dict[str, Any] = {**defaults, **fields}
        self.log: list[tuple[Any, ...]] = []
        self.tasks: list[Task] = []
        self.entries: list[tuple[dt.datetime, str]] = []
        self.changes: list[tuple[dt.datetime, dict[str, Any]]] = []
        self.asked: Asked | None = None
        self.planned = 0
        gate = self.book["stages"].get("two", {}).get("exit", {}).get("fit", {}).get("approval", {})
        self.gate, self.remind = bool(gate), gate.get("remind", "")

    @property
    def calendar(self) -> Calendar:
        """Return the calendar of the owner."""
        return self.company.calendars[self.owner]

    def happens(self, at: dt.datetime, actor: str, *what: Any) -> None:
        """Write down what happened."""
        self.log.append((at, *what))
        self.last = at
        if actor != AUTOMATIC and what[0] != "blocked":
            self.touched = at

    def holds(self, condition: str, at: dt.datetime) -> bool:
        """Return whether one of the conditions of tests/timed.py holds; one that is unknown does not."""
        if condition == "true":
            return True
        root, sign, than = condition.split() if " " in condition else (condition, "==", "true")
        if root in ("case.in_stage", "case.idle"):
            since = self.entered if root == "case.in_stage" else self.touched
            border = later(self.calendar, at, *length(than), -1)
            return since < border if sign == ">" else since > border
        value = self.fields.get(root.removeprefix("deal."))
        return value is not None and (value is True if than == "true" else value > int(than))

    # -- activities ---------------------------------------------------------------------------------

    def plan(self, activity: str, n: int, at: dt.datetime, due: str = "") -> Task:
        """Ask for an activity: of whom it says, by their calendar, else of the owner."""
        said = self.book["stages"][self.stage]["activities"][activity]
        due, who = due or said.get("due", ""), said.get("assign", self.owner)
        when = later(self.company.calendars[who], at, *length(due)) if due else None
        self.tasks.append(Task(activity, self.visit, n, when, who))
        self.log.append((at, "plan", activity, n, when, who))
        return self.tasks[-1]

    def number(self, activity: str) -> int:
        """Return how often an activity was asked for in this visit."""
        return max((t.n for t in self.tasks if (t.id, t.visit) == (activity, self.visit)), default=0)

    def done(self, activity: str) -> bool:
        """Return whether an activity was ever done."""
        return any(t.id == activity and t.status == "done" for t in self.tasks)

    def begin(self, at: dt.datetime) -> None:
        """Ask for what a stage begins with: activities start afresh, but for one that is asked for once."""
        for name, said in self.book["stages"][self.stage].get("activities", {}).items():
            if "after" not in said and not (said.get("once") and self.done(name)):
                self.plan(name, 1, at)

    def do(self, at: dt.datetime, actor: str, activity: str, outcome: str) -> bool:
        """Finish an activity, also one that was not asked for; return whether that may be."""
        here = self.book["stages"][self.stage].get("activities", {})
        if self.outcome != "open" or activity not in here:
            return False
        said, mine = here[activity], [t for t in self.tasks if t.id == activity]
        open_ = [t for t in mine if t.status == "open"]
        if (
            not open_
            and mine
            and mine[-1].status == "done"
            and (said.get("once") or mine[-1].visit == self.visit)
        ):
            return False
        n = self.number(activity)
        task = open_[0] if open_ else Task(activity, self.visit, n + 1, None, actor)
        outcome = outcome if "outcomes" in said else "done"
        done = said.get("outcomes", {"done": "done"})[outcome] == "done"
        task.status, task.outcome, task.at = "done" if done else "again", outcome, at
        self.happens(at, actor, "finished", activity, task.n, outcome, done)
        self.goes_on(activity, max(n, task.n), done, at)
        if not open_:
            self.tasks.insert(len(self.tasks) - self.planned, task)
        return True

    def goes_on(self, activity: str, n: int, done: bool, at: dt.datetime) -> None:
        """Ask for what an outcome leads to: the same again, and what comes after."""
        here, before = self.book["stages"][self.stage]["activities"], len(self.tasks)
        if not done or "repeat" in here[activity]:
            self.plan(activity, n + 1, at, here[activity].get("repeat", "") if done else "")
        for name, said in here.items():
            mine = [t for t in self.tasks if (t.id, t.visit) == (name, self.visit)]
            met = bool(mine) and mine[-1].status in ("open", "done")
            spent = "once" in said and self.done(name)
            if done and said.get("after") == activity and not (met or spent):
                self.plan(name, self.number(name) + 1, at)
        self.planned = len(self.tasks) - before

    # -- moves --------------------------------------------------------------------------------------

    def opens(self, at: dt.datetime, actor: str) -> None:
        """Begin in the first stage."""
        self.happens(at, actor, "opened", self.stage)
        self.begin(at)
        self.enters(at)

    def enters(self, at: dt.datetime) -> None:
        """Carry out what happens when a case comes to its stage."""
        said = self.book["stages"][self.stage]
        self.act(f"stages.{self.stage}.on_enter", said.get("on_enter", []), at)

    def moves(self, at: dt.datetime, actor: str, target: str, what: str = "moved") -> None:
        """Move, which is a new visit."""
        source, self.stage, self.visit = self.stage, target, self.visit + 1
        for task in self.tasks:
            task.status = "dropped" if task.status == "open" else task.status
        if what == "moved" and target in FINAL:
            self.came_from = source
        self.outcome = FINAL.get(target, "open")
        self.happens(at, actor, what, target)
        self.entered = self.touched = at
        if self.outcome == "open":
            self.begin(at)
        self.enters(at)

    def advance(self, at: dt.datetime, actor: str) -> bool:
        """Move on, or ask for the approval that is missing; return whether it went on."""
        stages = list(self.book["stages"])
        if self.outcome != "open":
            return False
        if self.stage == "two" and self.gate and not (self.asked and self.asked.yes):
            if self.asked is None or actor != AUTOMATIC:
                asks = self.asked is None
                self.happens(at, actor, "blocked", ("fit",) if asks else ())
                self.asked = self.asked or Asked(at, self.stage)
            return False
        self.moves(at, actor, stages[stages.index(self.stage) + 1])
        return True

    def back(self, at: dt.datetime, actor: str, to: str) -> bool:
        """Move back."""
        stages = list(self.book["stages"])
        if self.outcome != "open" or stages.index(to) >= stages.index(self.stage):
            return False
        self.moves(at, actor, to)
        return True

    def close(self, at: dt.datetime, actor: str, to: str) -> bool:
        """Close; what an exit asks for holds for moves forward only."""
        if self.outcome != "open":
            return False
        self.moves(at, actor, to)
        return True

    def reopen(self, at: dt.datetime, actor: str) -> bool:
        """Open again where it was closed from."""
        if self.outcome == "open":
            return False
        self.moves(at, actor, self.came_from, "reopened")
        return True

    # -- other commands -----------------------------------------------------------------------------

    def set(self, at: dt.datetime, actor: str, name: str, value: Any) -> bool:
        """Change a field; after close, only one that may change then."""
        if self.fields.get(name) == value:
            return True
        if self.outcome != "open" and name != "step":
            return False
        self.fields[name] = value
        self.changes.append((at, {name: value}))
        self.happens(at, actor, "changed", name, value)
        return True

    def log_entry(self, at: dt.datetime, actor: str, kind: str) -> bool:
        """Log what happened beside."""
        self.entries.append((at, kind))
        self.happens(at, actor, "logged", kind)
        return True

    def assign(self, at: dt.datetime, actor: str, to: str) -> bool:
        """Give the case to another, with the open activities of who had it."""
        if self.outcome != "open":
            return False
        if to != self.owner:
            for task in self.tasks:
                task.who = to if task.status == "open" and task.who == self.owner else task.who
            self.owner = to
            self.happens(at, actor, "assigned", to)
        return True

    def approve(self, at: dt.datetime, actor: str) -> bool:
        """Say yes to what is asked for."""
        if self.outcome != "open" or self.asked is None or self.asked.yes:
            return False
        self.asked.yes = True
        self.happens(at, actor, "approved")
        return True

    # -- actions ------------------------------------------------------------------------------------

    def act(self, path: str, actions: list[dict[str, Any]], at: dt.datetime) -> None:
        """Carry out actions in order; one that is refused is told to owner and manager."""
        for index, action in enumerate(actions):
            if not self.acts(action, f"{path}.{index}", at):
                self.happens(at, AUTOMATIC, "refused", f"{path}.{index}")
                self.happens(at, AUTOMATIC, "told", f"{path}.{index}", (self.owner, "dana"))

    def acts(self, action: dict[str, Any], path: str, at: dt.datetime) -> bool:
        """Carry out one action; return whether nothing refused it."""
        ((verb, said),) = ((k, v) for k, v in action.items() if k != "due")
        if verb == "notify":
            self.happens(at, AUTOMATIC, "told", path, (self.owner,))
        elif verb == "set":
            return all(self.set(at, AUTOMATIC, name, value) for name, value in said.items())
        elif verb == "assign":
            return self.assign(at, AUTOMATIC, said)
        elif verb == "advance":
            return self.advance(at, AUTOMATIC)
        elif verb == "close":
            return self.close(at, AUTOMATIC, said)
        elif verb == "schedule":
            if self.outcome != "open" or said not in self.book["stages"][self.stage].get("activities", {}):
                return False
            self.happens(at, AUTOMATIC, "planned")
            self.plan(said, self.number(said) + 1, at, action.get("due", ""))
        elif verb == "open":
            self.happens(at, AUTOMATIC, "linked", said)
            self.company.open(said, self.owner, at, AUTOMATIC, {})
        return True
