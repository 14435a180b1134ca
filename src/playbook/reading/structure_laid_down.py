"""What an organization lays down beside its people, from its tree."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from playbook.expressions.types import DAY, MONEY, NUMBER, one_of
from playbook.model import targets
from playbook.model.fiscal import period
from playbook.model.organization_rules import (
    AssignmentRule,
    Measure,
    PlanningRate,
    Quota,
    Rate,
    Rules,
    Territory,
    WorkCalendar,
)
from playbook.reading import codes
from playbook.reading.named import named
from playbook.reading.pending import condition
from playbook.reading.rates import rates_of
from playbook.reading.source import Map, typed
from playbook.reading.structure import date, fault, maps, texts, timezone, told, truth
from playbook.times import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.errors import Span
    from playbook.model.organization import Settings
    from playbook.reading.files import Files
    from playbook.reading.source import Source

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AMOUNT = one_of(MONEY, NUMBER)


def laid_down(
    source: Source, root: Map, where: dict[str, Span], settings: Settings, files: Files | None
) -> Rules:
    """Return the rules of an organization; the tree of each Condition is still a Pending."""
    for key in ("calendars", "territories", "measures"):
        for name, _ in maps(root, key):
            where[f"{key}.{name}"] = source.key(root[key], name)
    return Rules(
        calendars=tuple(_calendar(source, name, data) for name, data in maps(root, "calendars")),
        territories=tuple(_territory(name, data) for name, data in maps(root, "territories")),
        assignment=tuple(_assignment(data) for data in root.get("assignment", ())),
        measures=tuple(_measure(name, data) for name, data in maps(root, "measures")),
        quotas=tuple(_quotas(source, root, settings)),
        rates=tuple(_rates(source, root.get("rates", Map()), files)),
        planning=tuple(_planning(root.get("rates", Map()))),
    )


def _calendar(source: Source, name: str, data: Map) -> WorkCalendar:
    opens, closes = dt.time(9), dt.time(17)
    if "hours" in data:
        opens, closes = (dt.time.fromisoformat(part.strip()) for part in data["hours"].split("-"))
        if closes <= opens:
            message = f"work ends at {closes:%H:%M}, before it begins"
            source.report(codes.OUT_OF_RANGE, message, source.value(data, "hours"), "write 09:00-17:00")
    said = texts(data, "holidays")
    countries = [text for text in said if not text[0].isdigit()]
    if len(countries) > 1:
        message = f"holidays of {countries[0]} and of {countries[1]}; a calendar follows one country"
        hint = "write the days of the other as dates"
        source.report(codes.OUT_OF_RANGE, message, source.value(data, "holidays"), hint)
    return WorkCalendar(
        id=name,
        timezone=timezone(source, data, ""),
        days=tuple(sorted({day for text in texts(data, "days") or ("mon-fri",) for day in _days(text)})),
        opens=opens,
        closes=closes,
        country=countries[0] if countries else "",
        holidays=tuple(sorted(_holidays(source, data))),
    )


def _days(text: str) -> Iterator[int]:
    """Yield the days of a range, which may go over the end of the week: sun-thu."""
    first, _, last = text.partition("-")
    day, end = _DAYS.index(first), _DAYS.index(last or first)
    yield day
    while day != end:
        day = (day + 1) % 7
        yield day


def _holidays(source: Source, data: Map) -> Iterator[dt.date]:
    said = data.get("holidays", "")
    for index, text in enumerate([said] if isinstance(said, str) else said):
        if text[:1].isdigit():
            day = date(source, data, "holidays") if isinstance(said, str) else date(source, said, index)
            if day is not None:
                yield day


def _territory(name: str, data: Map) -> Territory:
    subject = data.get("for", "")
    when = condition(data, "when", about=f"subject:{subject}")
    return Territory(name, subject, data.get("team", ""), when, truth(data, "otherwise"))


def _assignment(data: Map) -> AssignmentRule:
    to, subject = data.get("to", Map()), data.get("for", "")
    return AssignmentRule(
        subject=subject,
        when=condition(data, "when", about=f"subject:{subject}"),
        role=to.get("role", ""),
        team=to.get("team", ""),
        territory=to.get("territory", ""),
        pick=data.get("pick", "least_loaded"),
    )


def _measure(name: str, data: Map) -> Measure:
    playbook, entry = data.get("playbook", ""), data.get("entry", "")
    about = f"playbook:{playbook}:{entry}"
    return Measure(
        id=name,
        playbook=playbook,
        outcome=data.get("outcome", ""),
        entry=entry,
        amount=condition(data, "amount", _AMOUNT, about),
        date=condition(data, "date", DAY, about),
        count=truth(data, "count"),
        ratio=texts(data, "ratio"),
    )


def _quotas(source: Source, root: Map, settings: Settings) -> Iterator[Quota]:
    for data in root.get("quotas", ()):
        if not data.broken:
            yield _quota(source, data, settings)


def _quota(source: Source, data: Map, settings: Settings) -> Quota:
    of, (amount, currency) = typed(data["period"]), (Decimal(0), "")
    spread: tuple[Decimal, ...] | UnsetType = UNSET
    since = date(source, data, "from")
    try:
        amount, currency = targets.target(str(data["target"]))
    except ValueError as error:
        fault(source, data, "target", error)
    try:
        period(of, settings)
    except ValueError as error:
        fault(source, data, "period", error)
    else:
        spread = _spread(source, data, of, settings)
        try:
            since = targets.within(since, of, settings) if since else None
        except ValueError as error:
            message, hint = told(error)
            source.report(codes.OUT_OF_RANGE, message, source.value(data, "from"), hint)
    person, team = data.get("person", ""), data.get("team", "")
    whose = (person, team, data.get("territory", UNSET))
    return Quota(of, data["measure"], amount, currency, *whose, spread=spread, since=since or UNSET)


def _spread(source: Source, data: Map, of: str, settings: Settings) -> tuple[Decimal, ...] | UnsetType:
    if "spread" not in data:
        return UNSET
    try:
        return targets.spread(texts(data, "spread"), of, settings)
    except ValueError as error:
        message, hint = told(error)
        source.report(codes.QUOTA_SPREAD, message, source.value(data, "spread"), hint)
        return UNSET


def _rates(source: Source, data: Map, files: Files | None) -> Iterator[Rate]:
    if "file" in data:
        other = named(source, data, "file", files)
        if other is not None:
            yield from rates_of(other)
            source.problems += other.problems
    for text, rates in maps(data, "dated"):
        try:
            since = parse_date(text)
        except ValueError as error:
            message, _, hint = str(error).partition(": ")
            source.report(codes.MALFORMED, message, source.key(data["dated"], text), hint)
            continue
        for currency, rate in rates.items():
            yield Rate(since, currency, Decimal(rate))


def _planning(data: Map) -> Iterator[PlanningRate]:
    for year, rates in maps(data, "planning"):
        for currency, rate in rates.items():
            yield PlanningRate(int(year), currency, Decimal(rate))
