"""The command `commission accrue`: what people are expected to be paid for open deals."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from playbook import Money, command
from playbook_commission.commands.asking import book_of, nobody, not_theirs
from playbook_commission.commands.options import ONE_PERSON, PERIOD
from playbook_commission.exact import CONTEXT, percent
from playbook_commission.foresight.accruing import accrue
from playbook_commission.spans import Span
from playbook_commission.statements.amounts import money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.cli.session import Session
    from playbook_commission.foresight.accruing import Accrual, Accrued

_DEFINITION = (
    "An open deal that should close in the period is credited at its probability (set by hand, else its stage's) and"
    " goes through each person's tiers after what is credited already, in the order of closing. expected is what that"
    " pays more; the deals and the others of a person sum to it, and with earned to together."
)


def accruing(settings: Mapping[str, Any]) -> click.Command:
    """Return `accrue`."""

    @command("accrue", example="playbook commission accrue --period 2027-Q1")
    @PERIOD
    @ONE_PERSON
    def run(session: Session, period: str, person: str) -> int | None:
        """Tell what people are expected to be paid for open deals, by how likely those are.

        Only deals that should close in the period count, on top of what is credited already. Those of which nobody
        says how likely they are, when they close or what they are worth are named and left out.
        """
        book, only = book_of(session, settings), session.person(person) if person else ""
        if only and not book.may_see(session.actor, only, period):
            return session.refuse(not_theirs(session.actor, only))
        span = Span.of(period, book.organization)
        with session.bar(f"Accruing {period}", 100) as bar:
            found = accrue(
                session.engine,
                book.target_pay,
                span,
                lambda who: only in ("", who) and book.may_see(session.actor, who, period),
                lambda done, of: bar(done * 100 // of),
            )
        if not found.people:
            return session.refuse(nobody(book, session.actor, period, only))
        if session.json:
            session.tell(_document(session, period, found))
        else:
            _show(session, period, found)
        return None

    return run


def _document(session: Session, period: str, found: Accrued) -> dict[str, Any]:
    return {
        "period": period,
        "definition": _DEFINITION,
        "people": [_person(session, one) for one in found.people],
        "total": [_total(currency, *sums) for currency, sums in _totals(found)],
        "left_out": [
            {"case": one.case, "name": one.name, "people": one.people, "why": one.why}
            for one in found.left_out
        ],
        "outside": found.outside,
    }


def _person(session: Session, one: Accrual) -> dict[str, Any]:
    return {
        "person": one.person,
        "name": session.organization.name_of(one.person),
        "plan": one.plan,
        **_total(one.currency, one.earned, one.expected),
        "settled": one.settled,
        "deals": [
            {
                "case": share.deal.case,
                "name": share.deal.name,
                "closes": share.deal.closes,
                "amount": share.deal.amount,
                "probability": share.deal.probability,
                "credit": money(one, share.credit),
                "pay": money(one, share.pay),
            }
            for share in one.deals
        ],
        "others": [{"what": what, "pay": money(one, pay)} for what, pay in one.others.items()],
    }


def _total(currency: str, earned: Decimal, expected: Decimal) -> dict[str, Money]:
    parts = {"earned": earned, "expected": expected, "together": CONTEXT.add(earned, expected)}
    return {name: Money(amount, currency).rounded() for name, amount in parts.items()}


def _totals(found: Accrued) -> Iterator[tuple[str, tuple[Decimal, Decimal]]]:
    """Yield what is earned and expected in all, by currency."""
    earned, expected = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for one in found.people:
        earned[one.currency] = CONTEXT.add(earned[one.currency], one.earned)
        expected[one.currency] = CONTEXT.add(expected[one.currency], one.expected)
    yield from ((currency, (earned[currency], expected[currency])) for currency in sorted(earned))


def _show(session: Session, period: str, found: Accrued) -> None:
    session.tell({"expected for": period, "people": list(_rows(session, found))})
    deals = [
        {
            "deal": share.deal.name,
            "closes": str(share.deal.closes),
            "worth": share.deal.amount if isinstance(share.deal.amount, Money) else "",
            "chance": percent(share.deal.probability, 2),
            "for": session.organization.name_of(one.person),
            "pays": money(one, share.pay),
        }
        for one in found.people
        for share in one.deals
    ]
    click.echo()
    session.tell({"deals that should close then": deals})
    others = [
        {
            "beside the deals": what,
            "for": session.organization.name_of(one.person),
            "pays": money(one, pay),
        }
        for one in found.people
        for what, pay in one.others.items()
    ]
    left_out = [{"left out": one.name, "because": one.why} for one in found.left_out]
    for name, rows in (("others", others), ("left out", left_out)):
        if rows:
            click.echo()
            session.tell({name: rows})
    if found.outside:
        click.echo()
        session.tell({"closing in another period": f"{found.outside} open deals"})


def _rows(session: Session, found: Accrued) -> Iterator[dict[str, Any]]:
    several = len({one.plan for one in found.people}) > 1
    for one in found.people:
        settled = {"": "settled" if one.settled else ""} if any(o.settled for o in found.people) else {}
        yield {
            "who": session.organization.name_of(one.person),
            **({"plan": one.plan} if several else {}),
            **_total(one.currency, one.earned, one.expected),
            "deals": len(one.deals),
            **settled,
        }
    for currency, sums in _totals(found):
        blank: dict[str, Any] = {"plan": ""} if several else {}
        settled = {"": ""} if any(o.settled for o in found.people) else {}
        yield {"who": f"all in {currency}", **blank, **_total(currency, *sums), "deals": "", **settled}
