"""What every kind of file shares on the way from tree to model, and the files that need little of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.model.organization import Organization, Person, Post, Settings, Team
from playbook.model.project import ProjectSettings
from playbook.reading import codes
from playbook.reading.schema import TRUTH
from playbook.reading.source import Map, plain, typed
from playbook.times import parse_date, zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.errors import Span
    from playbook.reading.source import Source

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip


def maps(holder: Map, key: str) -> Iterable[tuple[str, Any]]:
    """Yield the maps by id under a key."""
    found = holder.get(key)
    return found.items() if found is not None else ()


def texts(holder: Map, key: str) -> tuple[str, ...]:
    """Return a text or a list of texts as a tuple."""
    value = holder.get(key)
    if value is None:
        return ()
    return tuple(typed(item) for item in value) if isinstance(value, list) else (typed(value),)


def truth(holder: Map, key: str, *, otherwise: bool = False) -> bool:
    """Return a boolean, also where it was written as a word; `otherwise` where there is none."""
    value = holder.get(key, otherwise)
    return value if isinstance(value, bool) else TRUTH[value.lower()]


def organization(source: Source, root: Map, where: dict[str, Span]) -> Organization:
    """Return the organization of a file."""
    fiscal = root.get("fiscal_year", Map())
    settings = Settings(
        id=root.get("organization", ""),
        title=root.get("title", ""),
        currency=root.get("currency", ""),
        timezone=_zone(source, root),
        fiscal_start=MONTHS.index(fiscal.get("starts", "january")) + 1,
        fiscal_named_after=fiscal.get("named_after", "end"),
        approves_when_no_manager=root.get("approves_when_no_manager", ""),
    )
    teams = {}
    for team_id, data in maps(root, "teams"):
        where[f"teams.{team_id}"] = source.key(root["teams"], team_id)
        teams[team_id] = Team(team_id, data.get("title", ""), data.get("parent", ""), data.get("manager", ""))
    people = {}
    for person_id, data in maps(root, "people"):
        where[f"people.{person_id}"] = source.key(root["people"], person_id)
        people[person_id] = _person(source, person_id, data)
    return Organization(settings, teams, people)


def _zone(source: Source, root: Map) -> str:
    name: str = root.get("timezone", "UTC")
    try:
        zone(name)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        source.report(codes.MALFORMED, message, source.value(root, "timezone"), hint)
    return name


def _person(source: Source, person_id: str, data: Map) -> Person:
    posts = []
    if "role" in data or "team" in data:
        posts.append(Post(data.get("role", ""), data.get("team", "")))
    for row in data.get("history", ()):
        since = _date(source, row)
        posts.append(Post(row.get("role", ""), row.get("team", ""), row.get("territory", ""), since))
    posts.sort(key=lambda post: post.since or dt.date.min)
    return Person(
        person_id,
        data.get("name", ""),
        data.get("email", ""),
        data.get("manager", ""),
        data.get("locale", ""),
        tuple(posts),
    )


def _date(source: Source, row: Map) -> dt.date | None:
    if "from" not in row:
        return None
    try:
        return parse_date(row["from"])
    except ValueError as error:
        message, _, hint = str(error).partition(": ")
        source.report(codes.MALFORMED, message, source.value(row, "from"), hint)
        return None


def project(source: Source, root: Map, where: dict[str, Span]) -> ProjectSettings:
    """Return the settings of a project's file."""
    for name, _ in maps(root, "plugins"):
        where[f"plugins.{name}"] = source.key(root["plugins"], name)
    return ProjectSettings(
        root.get("project", ""),
        root.get("store", ""),
        root.get("organization", ""),
        root.get("locale", ""),
        plain(root.get("plugins", {}), json_number),
    )


def json_number(value: Decimal) -> Any:
    """Return a decimal number the way JSON keeps it; what plugins are given is plain JSON."""
    return float(value)
