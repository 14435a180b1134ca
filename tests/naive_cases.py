"""Cases as what was done says they are, and people as what was published says they were: plain lists, walked through.

A second opinion for what is reckoned from cases, made from the text alone; it shares no code with the engine.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENDS = ("won", "lost", "disqualified", "done", "churned")


@dataclass(frozen=True)
class Happened:
    """What was done with a case and when it happened.

    `known` says how often the organization had been published, and how many versions there were of each playbook.
    """

    case: str
    what: str
    at: dt.datetime
    known: tuple[int, Mapping[str, int]]
    said: Mapping[str, Any]


@dataclass
class Deal:
    """A case as it stands; fields hold what people wrote, by the id of the field, `book` is its version's file.

    `touched` is when a person changed it last.
    """

    case: str
    name: str
    playbook: str
    opened: dt.datetime
    stage: str
    owner: str
    team: str
    touched: dt.datetime
    entered: dt.datetime
    last: dt.datetime
    book: dict[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    outcome: str = "open"
    closed: dt.datetime | None = None
    came_from: str = ""
    chance: str = ""


@dataclass
class Company:
    """What was published: the organization from instants on, and the versions of playbooks, as their files say.

    `accounts` says what each account is called, `merged` which other one it was merged into; both by id.
    """

    published: list[tuple[dt.datetime, dict[str, Any]]]
    versions: dict[str, list[dict[str, Any]]]
    accounts: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which days are cut, as the file says now."""
        return ZoneInfo(self.now["timezone"])

    @property
    def now(self) -> dict[str, Any]:
        """Return the organization as its file says now."""
        return self.published[-1][1]

    @property
    def playbooks(self) -> dict[str, dict[str, Any]]:
        """Return the playbooks as their files say now."""
        return {name: every[-1] for name, every in self.versions.items()}

    @property
    def known(self) -> tuple[int, dict[str, int]]:
        """Return how much was published."""
        return len(self.published), {name: len(every) for name, every in self.versions.items()}

    def pinned(self, happened: Iterable[Happened], case: str) -> dict[str, Any]:
        """Return the version of its playbook that a case was opened with."""
        opened = next(one for one in happened if one.case == case)
        book = opened.said["playbook"]
        return self.versions[book][opened.known[1][book] - 1]

    def stages(self, playbook: str) -> dict[str, dict[str, Any]]:
        """Return the stages of now, then those of before as the newest version that had them says."""
        found: dict[str, dict[str, Any]] = {}
        for said in reversed(self.versions[playbook]):
            found |= {name: one for name, one in said["stages"].items() if name not in found}
        return found

    def day(self, at: dt.datetime) -> dt.date:
        """Return the day in the organization's zone."""
        return at.astimezone(self.zone).date()

    # -- who was what -------------------------------------------------------------------------------

    def said(self, kind: str, name: str, on: dt.date, known: int | None = None) -> list[dict[str, Any]]:
        """Return what the files said of a person or team that counts on a day, the newest first.

        The first file counts since ever, a later one from the day on which it was published.
        """
        found = [
            said[kind][name]
            for number, (at, said) in enumerate(self.published[:known])
            if name in said[kind] and (number == 0 or self.day(at) <= on)
        ]
        return found[::-1]

    def latest(self, person: str) -> dict[str, Any]:
        """Return what the newest file that names a person says of them."""
        return next(
            (said["people"][person] for _, said in reversed(self.published) if person in said["people"]), {}
        )

    def post(self, person: str, on: dt.date, known: int | None = None) -> dict[str, str]:
        """Return role and team on a day, by what had been published so often (all, without it).

        What has no date counts from when it was published, a dated post from its day, whenever it was written.
        """
        said = self.said("people", person, on, known)
        found: dict[str, str] = {key: said[0][key] for key in ("role", "team") if said and key in said[0]}
        for _, house in reversed(self.published[:known]):
            rows = house["people"].get(person, {}).get("history", ())
            dated = [one for one in rows if one["from"] <= on.isoformat()]
            if dated:
                for one in sorted(dated, key=lambda one: str(one["from"])):
                    found |= {key: value for key, value in one.items() if key != "from"}
                break
        return found

    def manager(self, person: str, on: dt.date) -> str:
        """Return who manages a person on a day: their own, else the team's, else that of the team above."""
        if not any(person in said["people"] for _, said in self.published):
            return ""
        own: dict[str, Any] = next(iter(self.said("people", person, on)), {})
        if own.get("manager"):
            return str(own["manager"])
        team = self.post(person, on).get("team", "")
        while team:
            one = next(iter(self.said("teams", team, on)), {})
            if one.get("manager") and one["manager"] != person:
                return str(one["manager"])
            team = one.get("parent", "")
        return str(self.now.get("approves_when_no_manager", ""))

    # -- what a case is -----------------------------------------------------------------------------

    def deals(self, happened: Iterable[Happened]) -> list[Deal]:
        """Return the cases as they stand after all that happened."""
        found: dict[str, Deal] = {}
        for one in happened:
            if one.what in ("open", "import"):
                found[one.case] = self._opened(one)
            else:
                self._next(found[one.case], one)
        return list(found.values())

    def _opened(self, one: Happened) -> Deal:
        said = one.said
        book = self.pinned([one], one.case)
        stages = list(book["stages"])
        closed = said.get("closed")
        team = self.post(said["owner"], self.day(closed or one.at), one.known[0]).get("team", "")
        deal = Deal(
            one.case, said["name"], said["playbook"], one.at, said.get("stage", stages[0]), said["owner"], team,
            touched=closed or one.at, entered=closed or one.at, last=closed or one.at, book=book,
            fields=dict(said["fields"]), came_from=stages[0],
        )  # fmt: skip
        if closed:
            deal.outcome, deal.closed = self.final(deal), closed
        return deal

    def final(self, deal: Deal) -> str:
        """Return what the stage of a case is an end as, "" where it is none."""
        return str(self.stages(deal.playbook)[deal.stage].get("final", ""))

    def _next(self, deal: Deal, one: Happened) -> None:
        said, before = one.said, (deal.chance, dict(deal.fields), deal.owner, deal.team)
        if one.what == "set":
            for name, value in said.items():
                if name == "probability":
                    deal.chance = value or ""
                elif value is None or value == []:
                    deal.fields.pop(name, None)
                else:
                    deal.fields[name] = value
        elif one.what == "assign":
            self._goes_to(deal, said["owner"], one, said["team"])
        elif one.what == "again":
            self._brought_up(deal, one)
            return
        else:  # forward, back, to an end, or out of it again
            self._moves(deal, deal.came_from if one.what == "reopen" else said["to"], one.at)
        if before != (deal.chance, deal.fields, deal.owner, deal.team):
            deal.touched = deal.last = one.at

    def _goes_to(self, deal: Deal, owner: str, one: Happened, team: str = "") -> None:
        deal.owner = owner
        deal.team = team or self.post(owner, self.day(one.at), one.known[0]).get("team") or deal.team

    def _moves(self, deal: Deal, to: str, at: dt.datetime) -> None:
        deal.came_from, deal.stage, deal.entered = deal.stage, to, at
        end = self.final(deal)
        deal.outcome, deal.closed = (end, at) if end else ("open", None)
        deal.touched = deal.last = at

    def _brought_up(self, deal: Deal, one: Happened) -> None:
        """Bring a case up to what its row says by now; an import is no change by a person."""
        said = one.said
        named = ("amount", "product", "expected_close")
        kept = {name: value for name, value in deal.fields.items() if name not in named}
        deal.fields = kept | said["fields"]
        if said["owner"] and said["owner"] != deal.owner:
            self._goes_to(deal, said["owner"], replace(one, at=deal.closed or said["closed"] or one.at))
        ends = deal.outcome == "open" and said["closed"]
        deal.last = max(deal.last, said["closed"] if ends else one.at)
        if said["stage"] != deal.stage:
            self._moves(deal, said["stage"], deal.last)


def money(said: Any) -> tuple[Decimal, str] | None:
    """Read `10.50 EUR`."""
    if said is None:
        return None
    amount, currency = str(said).split()
    return Decimal(amount), currency


def quarter(day: dt.date, starts: int, named_after: str) -> str:
    """Return the fiscal quarter of a day by walking through the months of its fiscal year."""
    year, month, number = day.year, day.month, 0
    while month != starts:
        year, month, number = (year, month - 1, number + 1) if month > 1 else (year - 1, 12, number + 1)
    ends = year if starts == 1 else year + 1
    return f"{ends if named_after == 'end' else year}-Q{number // 3 + 1}"
