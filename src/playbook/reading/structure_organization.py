"""An organization from its tree: people and teams; its rules are in structure_laid_down."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import UNSET

from playbook.model.organization import Away, Organization, Person, Post, Settings, Team
from playbook.reading import codes
from playbook.reading.source import Map
from playbook.reading.structure import date, maps, texts, timezone
from playbook.reading.structure_laid_down import laid_down

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.reading.kinds import Parsed
    from playbook.reading.source import Source

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip


def organization(parsed: Parsed) -> Organization:
    """Return the organization of a file; the tree of each Condition is still a Pending."""
    source, root, where = parsed.source, parsed.root, parsed.where
    settings = _settings(source, root)
    teams = {}
    for team_id, data in maps(root, "teams"):
        where[f"teams.{team_id}"] = source.key(root["teams"], team_id)
        names = ("title", "parent", "manager", "calendar", "currency")
        teams[team_id] = Team(team_id, *(data.get(name, "") for name in names))
    people = {}
    for person_id, data in maps(root, "people"):
        where[f"people.{person_id}"] = source.key(root["people"], person_id)
        people[person_id] = _person(source, person_id, data)
    return Organization(settings, teams, people, laid_down(source, root, where, settings, parsed.files))


def _settings(source: Source, root: Map) -> Settings:
    fiscal = root.get("fiscal_year", Map())
    return Settings(
        id=root.get("organization", ""),
        title=root.get("title", ""),
        currency=root.get("currency", ""),
        timezone=timezone(source, root, "UTC"),
        fiscal_start=MONTHS.index(fiscal.get("starts", "january")) + 1,
        fiscal_named_after=fiscal.get("named_after", "end"),
        approves_when_no_manager=root.get("approves_when_no_manager", ""),
    )


def _person(source: Source, person_id: str, data: Map) -> Person:
    names = ("role", "team", "territory")
    posts = [Post(*(data.get(name, "") for name in names))] if any(map(data.__contains__, names)) else []
    for row in data.get("history", ()):
        role, team, territory = (row.get(name, "") for name in names)
        posts.append(Post(role, team, territory, date(source, row, "from"), row.get("manager", "")))
    posts.sort(key=lambda post: post.since or dt.date.min)
    hired = date(source, data, "hired")
    return Person(
        id=person_id,
        name=data.get("name", ""),
        email=data.get("email", ""),
        manager=data.get("manager", ""),
        locale=data.get("locale", ""),
        posts=tuple(posts),
        hired=hired,
        away=tuple(_absences(source, data)),
        ramp=tuple(Decimal(share.rstrip("% ")).scaleb(-2) for share in texts(data, "ramp")),
        calendar=data.get("calendar", ""),
        left=_left(source, data, hired) or UNSET,
    )


def _left(source: Source, data: Map, hired: dt.date | None) -> dt.date | None:
    left = date(source, data, "left")
    if hired and left and left < hired:
        message = f"the last day of employment is {left}, before the first"
        source.report(codes.OUT_OF_RANGE, message, source.value(data, "left"), "exchange the two days")
    return left


def _absences(source: Source, data: Map) -> Iterator[Away]:
    for row in data.get("away", ()):
        since, until = date(source, row, "from"), date(source, row, "to")
        if since is None or until is None:
            continue
        if until < since:
            message = f"the absence ends on {until}, before it begins"
            source.report(codes.OUT_OF_RANGE, message, source.value(row, "to"), "exchange the two days")
        yield Away(since, until, row.get("delegate", ""))
