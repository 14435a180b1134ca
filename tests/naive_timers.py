"""When timers strike and what comes of it, reckoned the naive way from docs/reference/language.md and DECISIONS.md.

A deal is a list of what happened; since when something counts is looked up in that list each time anew.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.naive_calendar import DAY, later, moment
from tests.naive_work import Work, length

if TYPE_CHECKING:
    from playbook.times import Calendar

NEVER = dt.timedelta(0)


class Strike(NamedTuple):
    """A timer that will strike: when, which, what it counts from, and when at the earliest something happens."""

    due: dt.datetime
    timer: str
    base: dt.datetime
    at: dt.datetime


class Deal(Work):
    """One case of a playbook, with its timers."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.struck: dict[str, dt.datetime] = {}
        self.pauses: dict[str, list[tuple[dt.datetime, bool, dt.datetime]]] = {}
        self.timers = {
            **{name: (None, timer) for name, timer in self.book.get("timers", {}).items()},
            **{
                name: (stage, timer)
                for stage, said in self.book["stages"].items()
                for name, timer in said.get("timers", {}).items()
            },
        }

    # -- since when it counts -----------------------------------------------------------------------

    def runs(self, name: str) -> bool:
        """Return whether a timer runs where the case stands; of the ends, in `done` alone."""
        of, timer = self.timers[name]
        where = [of] if of else timer.get("in", [self.stage])
        return self.stage in where and self.outcome in ("open", "done")

    def resets(self, timer: dict[str, Any]) -> list[dt.datetime]:
        """Return when a timer was started again last, by what starts it."""
        found = []
        for what in timer.get("resets_on", ()):
            kind, _, name = what.partition(".")
            times = {
                "move": [self.entered],
                "entry": [at for at, said in self.entries if said == name],
                "field": [at for at, fields in self.changes if name in fields],
            }[kind]
            found += times[-1:]
        return found

    def base(self, name: str) -> dt.datetime | None:
        """Return what a timer counts from, None while there is nothing."""
        timer, again = self.timers[name][1], self.resets(self.timers[name][1])
        if "in_stage" in timer:
            return max([self.entered, *again])
        if "idle" in timer:
            return max(again or [self.entered]) if "resets_on" in timer else self.touched
        said = timer.get("before") or timer["after"]
        if isinstance(said, dict):
            return self.ended(said["done"], said.get("outcome", ""))
        value = self.fields.get(said)
        if value is None or len(value) > 10:
            return None if value is None else dt.datetime.fromisoformat(value)
        day = dt.date.fromisoformat(value) + ("after" in timer) * DAY  # the day itself is included
        return moment(day, dt.time(), self.company.zone)

    def ended(self, activity: str, outcome: str) -> dt.datetime | None:
        """Return when an activity last ended in the newest visit that asked for it, if so as is meant."""
        visits = [task.visit for task in self.tasks if task.id == activity]
        over = [t for t in self.tasks if t.id == activity and t.visit == visits[-1] and t.outcome]
        if not over or (over[-1].outcome != outcome if outcome else over[-1].status != "done"):
            return None
        return over[-1].at

    # -- pauses -------------------------------------------------------------------------------------

    def note(self) -> None:
        """Write down which timers are held up from now on, and what they count from meanwhile."""
        for name, (_, timer) in self.timers.items():
            base = self.base(name)
            if "pauses_when" in timer and base is not None and (self.runs(name) or self.paused(name)):
                holds = self.holds(timer["pauses_when"], self.last)
                if holds != self.paused(name):
                    self.pauses.setdefault(name, []).append((self.last, holds, base))

    def paused(self, name: str) -> bool:
        """Return whether a timer is held up now."""
        return bool(self.pauses.get(name)) and self.pauses[name][-1][1]

    def held(self, name: str, base: dt.datetime) -> dt.timedelta:
        """Return for how long a timer was held up since it began to count, from what it counts from now."""
        whole = NEVER
        for (begun, held, before), (over, _, then) in itertools.pairwise(self.pauses.get(name, [])):
            whole = whole if before == then == base else NEVER
            if held and then == base:
                whole += max(over - max(begun, base), NEVER)
        return whole

    # -- strikes ------------------------------------------------------------------------------------

    def strike_of(self, name: str) -> Strike | None:
        """Return when a timer strikes as things are, None where it does not."""
        timer, base = self.timers[name][1], self.base(name)
        if not self.runs(name) or self.paused(name) or base is None or self.struck.get(name) == base:
            return None
        by = timer.get("by") or timer.get("in_stage") or timer["idle"]
        if by.startswith("$"):
            large = self.fields.get("size") == "large"
            by = self.book["segments"][0]["set"][by[1:]] if large else self.book["parameters"][by[1:]]
        due = later(self.calendar, base, *length(by), -1 if "before" in timer else 1) + self.held(name, base)
        at = max(due, self.last)
        return Strike(due, name, base, at) if self.holds(timer.get("when", "true"), at) else None

    def reminder(self) -> Strike | None:
        """Return when those are reminded whose yes is waited for in this stage."""
        asked, remind = self.asked, self.remind
        if asked is None or asked.yes or asked.stage != self.stage or not remind:
            return None
        if self.struck.get("remind:fit") == asked.at:
            return None
        due = later(self.calendar, asked.at, *length(remind))
        return Strike(due, "remind:fit", asked.at, max(due, self.last))

    def strikes(self) -> list[Strike]:
        """Return all that will strike, in order."""
        found = [*map(self.strike_of, self.timers), self.reminder()]
        return sorted(strike for strike in found if strike)

    def strike(self, now: dt.datetime) -> bool:
        """Let strike what is due first; return whether there was anything."""
        due = [strike for strike in self.strikes() if strike.due <= now]
        if not due:
            return False
        one = due[0]
        self.struck[one.timer] = one.base
        self.happens(one.at, "system", "struck", one.timer, one.base, one.due)
        if one.timer == "remind:fit":
            self.happens(one.at, "system", "told", "approval.fit", ("dana",))
        else:
            self.act(f"timers.{one.timer}.then", self.timers[one.timer][1]["then"], one.at)
        self.note()
        return True


class Company:
    """All deals over one organization; whose calendar is whose is told anew with each publishing."""

    def __init__(self, books: dict[str, Any], zone: dt.tzinfo, calendars: dict[str, Calendar]) -> None:
        self.books, self.zone, self.calendars = books, zone, calendars
        self.deals: list[Deal] = []

    def open(self, book: str, owner: str, at: dt.datetime, actor: str, fields: dict[str, Any]) -> Deal:
        """Open a deal."""
        deal = Deal(self, book, owner, at, fields)
        self.deals.append(deal)
        deal.opens(at, actor)
        deal.note()
        return deal

    def tick(self, now: dt.datetime, limit: int = 0) -> int:
        """Let everything strike that is due, or so much of it, the earliest of each deal first."""
        count = 0
        for deal in self.deals:  # grows
            while (not limit or count < limit) and deal.strike(now):
                count += 1
        return count
