"""The report on who has which quota, and who has none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook import Money, Table
from playbook_commission.exact import CONTEXT, ONE, summed
from playbook_commission.reports import QUOTA
from playbook_commission.reports.looking import Look, cents, share, told
from playbook_commission.reports.rows import Row
from playbook_commission.spans import runs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from playbook import ReportContext, ReportQuery
    from playbook.model.organization import Post
    from playbook_commission.credits.quotas import Target

_PERSON = ("measure", "quota", "days_share", "ramp_share", "target", "because")
_PLACE = ("measure", "quota", "people", "people_sum", "difference")


def quota(context: ReportContext, query: ReportQuery) -> Table:
    """Tell who has which quota in a period, and who has none."""
    look = Look(context, query, "quota")
    if look.whose != "person":
        return _of_places(look)
    assigned = look.assigned()
    without = _without(look, assigned)
    rows = [_of_person(look, row, row in assigned) for row in look.rows.shown(assigned | without)]
    notes = [*look.rows.notes(assigned | without), *look.without(without)]
    return Table(f"{QUOTA} {look.when}", (look.whose, *_PERSON), tuple(rows), tuple(notes))


def _of_person(look: Look, row: Row, assigned: bool) -> dict[str, Any]:
    said: dict[str, Any] = {look.whose: look.rows.label(row.name), "measure": row.measure}
    if not assigned:
        return said | dict.fromkeys(_PERSON[1:])
    if look.is_ratio(row.measure):
        asked = look.quotas.share(row.measure, look.whose, row.name, look.span)
        return said | dict.fromkeys(_PERSON[1:]) | {"quota": asked, "target": asked}
    target = look.target(row, look.span.until)
    assert target is not None
    days = [day for day in look.span.days() if look.employed(row.name, day)]
    who = look.organization.person(row.name)
    ramps = summed(ONE if who is None else who.ramp_share(day) for day in days)
    return said | {
        "quota": told(target.whole, target.currency),
        "days_share": share(Decimal(len(days)), Decimal(len(look.span))),
        "ramp_share": share(ramps, Decimal(len(days))),
        "target": told(target.amount, target.currency),
        "because": target.because,
    }


def _without(look: Look, assigned: set[Row]) -> set[Row]:
    """Return who has no quota of a measure, and on the last day does what others have one for."""
    on, roles = look.span.until, dict[str, set[str]]()
    for row in assigned:
        roles.setdefault(row.measure, set()).add(look.organization.post(row.name, on).role)
    return {
        Row(name, measure)
        for measure, these in roles.items()
        for name in look.organization.people
        if Row(name, measure) not in assigned
        and look.employed(name, on)
        and look.organization.post(name, on).role in these - {""}
    }


def _of_places(look: Look) -> Table:
    """Tell the quotas of teams or territories beside those of their people."""
    own = look.assigned()
    measures = {row.measure for row in own} | {m for _, m in look.quotas.whose("person") if look.wanted(m)}
    places = (
        look.organization.teams
        if look.whose == "team"
        else [t.id for t in look.organization.rules.territories]
    )
    sums = {
        Row(place, measure): people
        for place in places
        for measure in measures
        if not look.is_ratio(measure) and (people := list(_people_of(look, place, measure)))
    }
    found = own | sums.keys()
    rows = [_of_place(look, row, sums.get(row, [])) for row in look.rows.shown(found)]
    return Table(f"{QUOTA} {look.when}", (look.whose, *_PLACE), tuple(rows), tuple(look.rows.notes(found)))


def _of_place(look: Look, row: Row, people: list[Target]) -> dict[str, Any]:
    said: dict[str, Any] = {look.whose: look.rows.label(row.name), "measure": row.measure}
    if look.is_ratio(row.measure):
        asked = look.quotas.share(row.measure, look.whose, row.name, look.span)
        return said | dict.fromkeys(_PLACE[1:]) | {"quota": asked}
    target = look.target(row, look.span.until)
    currencies = {one.currency for one in people}
    currency = target.currency if target is not None else next(iter(currencies), "")
    if target is None and len(currencies) > 1:
        currency = look.organization.settings.currency
    total = cents(summed(_in(look, one, currency) for one in people), currency)
    above = None if target is None or not people else CONTEXT.subtract(total, target.amount)
    return said | {
        "quota": None if target is None else told(target.amount, currency),
        "people": len(people),
        "people_sum": told(total, currency) if people else None,
        "difference": told(above, currency),
    }


def _in(look: Look, target: Target, currency: str) -> Decimal:
    """Return a target in a currency, at the rate of the period's last day."""
    if not target.currency or target.currency == currency:
        return target.amount
    return look.ledger.exchanged(Money(target.amount, target.currency), currency, look.span.until)


def _people_of(look: Look, place: str, measure: str) -> Iterator[Target]:
    """Yield the targets of the people of a team (with those below) or territory, each for the days there."""
    for name, of in look.quotas.whose("person"):
        if of == measure:
            days = runs(
                day for day in look.span.days() if look.employed(name, day) and _is_in(look, place, name, day)
            )
            target = look.quotas.of_person(measure, look.span, name, days) if days else None
            if target is not None:
                yield target


def _is_in(look: Look, place: str, person: str, day: dt.date) -> bool:
    post: Post = look.organization.post(person, day)
    if look.whose == "territory":
        return post.territory == place
    return any(team.id == place for team in look.organization.lineage(post.team, day))
