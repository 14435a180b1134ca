"""How a plan that was tried is told: one document for programs, a table and its findings for people."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import click

from playbook import Money
from playbook_commission.exact import CONTEXT, ZERO, plain, summed
from playbook_commission.statements.amounts import money

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook import Problem
    from playbook.cli.session import Session
    from playbook_commission.foresight.missed import Brink, Missed
    from playbook_commission.foresight.trying import Compared, Trial

_SHOWN = 5


def names(session: Session, people: Sequence[str], limit: int = _SHOWN) -> str:
    """Return the names of people, the first of many."""
    shown = [session.organization.name_of(person) for person in people[:limit]]
    return ", ".join([*shown, *([f"{len(people) - limit} more"] if len(people) > limit else [])])


# -- as a document ----------------------------------------------------------------------------------


def document(session: Session, trial: Trial, file: str, warnings: Sequence[Problem]) -> dict[str, Any]:
    """Return everything that trying a plan found, with stable keys."""
    return {
        "plan": trial.plan.id,
        "file": file,
        "since": trial.since,
        "until": trial.until,
        "periods": trial.periods,
        "beside": [one.id for one in trial.beside],
        "currency": trial.currency,
        "definition": _DEFINITION,
        "people": [_row(session, trial, one) for one in trial.people],
        "total": _sums(trial, trial.people, trial.sold),
        **_counted(trial),
        "by_hand": money(trial, _by_hand(trial)),
        "neither": [
            {"person": who, "name": session.organization.name_of(who), "sold": money(trial, amount)}
            for who, amount in trial.neither.items()
        ],
        "bounds": [
            {"kind": one.kind, "component": one.component, "people": one.people,
             "amount": money(trial, one.amount)}
            for one in trial.bounds
        ],
        "cliffs": [_cliff(one) for one in trial.brinks],
        "warnings": [
            {"code": one.code, "message": one.message, "file": one.span.file, "line": one.span.line}
            for one in warnings
        ],
        "quotas_given": [
            {"person": one.person, "measure": one.measure, "period": one.period} for one in trial.given
        ],
        "notes": list(_notes(session, trial)),
        "stored": False,
    }  # fmt: skip


_DEFINITION = (
    "pays and would_pay: what is earned in the periods, and of guarantees and draws what nobody owes back; holds and"
    " draws that are owed only move when it is paid out, and are left aside, and so is what was added by hand. sold:"
    " amounts credited to people who are paid, each thing once; cost_now and cost_then: pay per unit of that."
)


def _counted(trial: Trial) -> dict[str, int]:
    differences = [one.difference for one in trial.people]
    return {
        "winners": sum(one > ZERO for one in differences),
        "losers": sum(one < ZERO for one in differences),
        "same": sum(one == ZERO for one in differences),
    }


def _row(session: Session, trial: Trial, one: Compared) -> dict[str, Any]:
    return {
        "person": one.person,
        "name": session.organization.name_of(one.person),
        **_sums(trial, [one], one.sold),
        "now": [
            {
                "plan": paid.plan,
                "period": paid.period,
                "pays": money(trial, paid.cost),
                "settled": paid.settled,
            }
            for paid in one.now
        ],
        "then": [{"period": paid.period, "pays": money(trial, paid.cost)} for paid in one.then],
    }


def _sums(trial: Trial, people: Sequence[Compared], sold: Decimal) -> dict[str, Any]:
    now, then = (summed(getattr(one, name) for one in people) for name in ("pays", "would_pay"))
    return {
        "pays": money(trial, now),
        "would_pay": money(trial, then),
        "difference": money(trial, CONTEXT.subtract(then, now)),
        "sold": money(trial, sold),
        "cost_now": _share(now, sold),
        "cost_then": _share(then, sold),
    }


def _cliff(one: Brink) -> dict[str, Any]:
    missed = [{"person": who.person, "period": who.period, "missing": _missing(who)} for who in one.missed]
    by = one.component.rating.by
    return {
        "component": one.component.id, "by": "quota" if by == "attainment" else by, "at": one.cliff.at,
        "below": one.cliff.before, "above": one.cliff.after, "said": one.cliff.told(one.component),
        "missed": missed,
    }  # fmt: skip


def _missing(who: Missed) -> Money | Decimal:
    return money(who, who.missing) if who.currency else who.missing


def _by_hand(trial: Trial) -> Decimal:
    return summed(paid.by_hand for one in trial.people for paid in one.now)


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return what a unit costs, to six digits."""
    if not whole:
        return None
    return CONTEXT.divide(part, whole).quantize(Decimal("0.000001"), ROUND_HALF_UP, CONTEXT)


# -- for people -------------------------------------------------------------------------------------


def show(session: Session, trial: Trial, file: str, warnings: Sequence[Problem]) -> None:
    """Print who wins and loses, what it costs, and what else people should know."""
    title = trial.plan.title or trial.plan.id
    head = {
        "plan": f"{title} ({file or trial.plan.id}), as if it had been in force",
        "beside": ", ".join(one.id for one in trial.beside) or "nothing: no plan pays these people",
        "over": f"{trial.since} to {trial.until}, in {trial.currency}",
    }
    session.tell(head)
    click.echo()
    if not trial.people:
        session.tell({"nobody": "no one is or would be paid on these days; look at `applies_to`"})
        return
    session.tell({"people": list(_table(session, trial))})
    click.echo()
    session.tell(dict(_findings(session, trial, warnings)))


def _table(session: Session, trial: Trial) -> Iterator[dict[str, str]]:
    if len(trial.people) == 1:
        yield from _by_period(trial, trial.people[0])
        who = f"all, {session.organization.name_of(trial.people[0].person)}"
        yield _cells(trial, trial.people, trial.sold, {"period": who})
        return
    for one in trial.people:
        yield _cells(trial, [one], one.sold, {"who": session.organization.name_of(one.person)})
    yield _cells(trial, trial.people, trial.sold, {"who": f"all {len(trial.people)}"})


def _cells(trial: Trial, people: Sequence[Compared], sold: Decimal, head: dict[str, str]) -> dict[str, str]:
    sums = _sums(trial, people, sold)
    return {
        **head,
        "now": _plain(sums["pays"]),
        "would be": _plain(sums["would_pay"]),
        "difference": _signed(sums["difference"]),
        "sold": _plain(sums["sold"]),
        "per 100": _per_hundred(sums["cost_now"]),
        "would": _per_hundred(sums["cost_then"]),
    }


def _by_period(trial: Trial, one: Compared) -> Iterator[dict[str, str]]:
    for period in dict.fromkeys(
        paid.period for paid in sorted((*one.now, *one.then), key=lambda p: p.period)
    ):
        now, then = (
            summed(paid.cost for paid in side if paid.period == period) for side in (one.now, one.then)
        )
        settled = any(paid.settled for paid in one.now if paid.period == period)
        yield {
            "period": f"{period}{' (settled)' if settled else ''}",
            "now": _plain(money(trial, now)),
            "would be": _plain(money(trial, then)),
            "difference": _signed(money(trial, CONTEXT.subtract(then, now))),
            "sold": "", "per 100": "", "would": "",
        }  # fmt: skip


def _findings(session: Session, trial: Trial, warnings: Sequence[Problem]) -> Iterator[tuple[str, object]]:
    total = _sums(trial, trial.people, trial.sold)
    counted = _counted(trial)
    if len(trial.people) > 1:
        yield "winners and losers", "{winners} win, {losers} lose, {same} get the same".format(**counted)
    now, then = _said(total["pays"]), _said(total["would_pay"])
    yield "cost", f"{now} now, {then} with this plan: {_signed(total['difference'])} {trial.currency}"
    if total["cost_now"] is not None:
        now, then = _per_hundred(total["cost_now"]), _per_hundred(total["cost_then"])
        yield "cost of 100 sold", f"{now} now, {then} with this plan"
    for one in trial.bounds:
        did = {"cap": "caps took", "gate": "gates took", "floor": "floors added"}[one.kind]
        amount = _said(money(trial, abs(one.amount)))
        where = f"in {one.component}" if one.component else "of the plan"
        yield (
            f"{did} {where}",
            f"{amount}, {'to' if one.kind == 'floor' else 'from'} {names(session, one.people)}",
        )
    for brink in trial.brinks:
        place = brink.cliff.place(brink.component)
        yield f"cliff in {brink.component.id} at {place}", _cliff_said(session, brink)
    if trial.neither:
        sold = [
            f"{session.organization.name_of(who)} ({_said(money(trial, sum_))})"
            for who, sum_ in trial.neither.items()
        ]
        yield "sold, and paid by no plan", ", ".join(sold[:_SHOWN]) + (", ..." if len(sold) > _SHOWN else "")
    for number, problem in enumerate(warnings, start=1):
        yield f"warning {number}", f"{problem.span.file}:{problem.span.line}: {problem.message}"
    for number, note in enumerate(_notes(session, trial), start=1):
        yield f"note {number}", note
    yield "stored or published", "nothing"


def _notes(session: Session, trial: Trial) -> Iterator[str]:
    if trial.given:
        whom = names(session, sorted({one.person for one in trial.given}))
        periods = ", ".join(sorted({one.period for one in trial.given}))
        yield f"there was no quota in {periods} for {whom}: those of the period that you named count"
    by_hand = _by_hand(trial)
    if by_hand:
        yield f"{_said(money(trial, by_hand))} that was added by hand is on neither side"
    for one in trial.plan.components:
        spiff = one.spiff
        if spiff is not None and (
            (spiff.since is not None and spiff.since > trial.until)
            or (spiff.until is not None and spiff.until < trial.since)
        ):
            yield f"the spiff {one.id} pays on days outside of these, and so nothing here"


def _cliff_said(session: Session, brink: Brink) -> str:
    nearest = sorted(brink.missed, key=lambda one: (one.missing, one.person, one.period))
    missed = [
        f"{session.organization.name_of(one.person)} in {one.period} by {_by(_missing(one))}"
        for one in nearest[:_SHOWN]
    ]
    more = f", and {len(nearest) - _SHOWN} more" if len(nearest) > _SHOWN else ""
    said = brink.cliff.told(brink.component)
    return said + (f"; missed by little: {', '.join(missed)}{more}" if missed else "")


def _by(missing: Money | Decimal) -> str:
    return _said(missing) if isinstance(missing, Money) else plain(missing)


def _said(one: Money) -> str:
    return f"{_plain(one)} {one.currency}"


def _plain(one: Money) -> str:
    return f"{one.amount:,f}"


def _signed(one: Money) -> str:
    return f"{one.amount:+,f}" if one.amount else "0"


def _per_hundred(cost: Decimal | None) -> str:
    return "" if cost is None else f"{(cost * 100).quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
