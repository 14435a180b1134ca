"""Quotas that a plan needs and that are not there: which, of whom, and as those of another period."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs
from msgspec import UNSET

from playbook import InputError
from playbook_commission.credits.quotas import Quotas
from playbook_commission.spans import Span, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from playbook.model.organization import Organization
    from playbook_commission.credits.quotas import Target
    from playbook_commission.statements.payee import Payee


@attrs.frozen(order=True)
class Lack:
    """Name a quota that is not there."""

    measure: str
    period: str
    person: str


def lacking(payees: Mapping[str, Payee], spans: Iterable[Span]) -> tuple[Lack, ...]:
    """Return the quotas that people need to be paid in periods, and have not."""
    found = set[Lack]()
    for span in spans:
        for person, payee in payees.items():
            if payee.is_paid(span):
                for measure, needed in _needed(payee, span):
                    if payee.quota(measure, needed, payee.currency(span), span.until) is None:
                        found.add(Lack(measure, needed.name, person))
    return tuple(sorted(found))


def _needed(payee: Payee, span: Span) -> Iterator[tuple[str, Span]]:
    for one in payee.plan.components:
        if one.rates and one.rating.by == "attainment":
            yield one.measure, payee.read_over(one, span)
        if one.higher_once is not None:
            yield one.measure, payee.year(span)


def filled(
    organization: Organization, lack: Sequence[Lack], period: str, spans: Sequence[Span]
) -> Organization:
    """Return the organization with quotas that it lacks: each period like the named one has the target of that.

    What it has stays, and who has none for the named period either still lacks one. Raises InputError for what is no
    period.
    """
    try:
        given = Span.of(period, organization)
    except InputError as error:
        raise InputError(f"--quota-from: {error}") from None
    like, more, quotas = list(_like(period, spans, organization)), [], Quotas(organization)
    for measure, person in sorted({(one.measure, one.person) for one in lack}):
        known = _target(quotas, measure, given, person)
        if known is None:
            continue
        first = next(one for one in organization.quotas if (one.measure, one.person) == (measure, person))
        plain = attrs.evolve(first, target=known.whole, currency=known.currency, spread=UNSET, since=UNSET)
        more += [
            attrs.evolve(plain, period=span.name)
            for span in like
            if _target(quotas, measure, span, person) is None
        ]
    rules = attrs.evolve(organization.rules, quotas=(*organization.rules.quotas, *more))
    return attrs.evolve(organization, rules=rules)


def _target(quotas: Quotas, measure: str, span: Span, person: str) -> Target | None:
    return quotas.of_person(measure, span, person, [(span.since, span.until)])


def _like(period: str, spans: Sequence[Span], organization: Organization) -> Iterator[Span]:
    """Yield the periods as long as a named one in the fiscal years of others."""
    for whole in walk("year", spans[0].since, spans[-1].until, organization):
        if re.fullmatch(r"\d{4}-\d\d", period):
            yield from walk("month", whole.since, whole.until, organization)
        elif "-" not in period:
            yield whole
        else:
            for number in range(1, 5 if "Q" in period else 3):
                yield Span.of(f"{whole.name}-{period[5]}{number}", organization)
