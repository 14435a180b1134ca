"""The commands below `commission` that settle, adjust and audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook import Refused, command
from playbook_commission.commands.asking import book_of, nobody, not_computed, signed, tell
from playbook_commission.commands.options import ONE_PERSON, PLAN
from playbook_commission.settling.disputing import disputes
from playbook_commission.settling.paybook import target_pay
from playbook_commission.settling.settle import Unsettled, audit, settle_each
from playbook_commission.settling.settlements import Adjust
from playbook_commission.showing.statement_shown import dispute_rows
from playbook_commission.spans import settlement_id
from playbook_commission.statements.amounts import sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.cli.session import Session
    from playbook_commission.settling.settle import Outcome


def settling(settings: Mapping[str, Any]) -> click.Command:
    """Return `settle`."""

    @command("settle", example="playbook commission settle --period 2027-Q1 --as fin")
    @click.option("--period", required=True, help="A period that is over, like 2027-Q1.")
    @ONE_PERSON
    def run(session: Session, period: str, person: str) -> int | None:
        """Freeze what everyone is paid for a period; what changes later is adjusted in the next."""
        only = session.person(person) if person else ""
        pay, rows, new = target_pay(session.folder, settings), list[dict[str, Any]](), 0
        wrong = list[Unsettled]()
        try:
            with session.stages() as step:
                for one in settle_each(session.engine, pay, period, session.actor, only, step):
                    if isinstance(one, Refused):
                        return session.refuse(one)
                    if isinstance(one, Unsettled):
                        wrong.append(one)
                        continue
                    rows.append(_row(session, one))
                    new += one.new
        except KeyboardInterrupt:
            what = "statement is" if len(rows) == 1 else "statements are"
            said = f"{len(rows):,} {what} settled, each of them whole; the same command again goes on"
            raise KeyboardInterrupt(f"stopped: {said}") from None
        if not rows and not wrong:
            return session.refuse(nobody(book_of(session, settings), session.actor, period, only))
        unchanged = (
            {} if new or wrong or session.json else {"nothing changed": f"{period} was settled before"}
        )
        told = {**not_computed(session, wrong), **_disputed(session, period, only)}
        tell(session, {"period": period, "new": new, **unchanged, "settled": rows, **told})
        return 1 if wrong else None

    return run


def _disputed(session: Session, period: str, only: str) -> dict[str, Any]:
    """Return the open disputes of what is settled: they hold up nobody, and what comes of them is added later."""
    found = disputes(session.engine, period, actor=session.actor)
    open_ones = dispute_rows(session, (one for one in found if one.is_open and only in ("", one.person)))
    return {"open_disputes": open_ones} if open_ones or session.json else {}


def _row(session: Session, one: Outcome) -> dict[str, Any]:
    return {
        "person": one.person, "plan": one.statement.plan, **sums(one.statement),
        "settled": "now" if one.new else "before", "hash": one.hash if session.json else one.hash[:12],
    }  # fmt: skip


def adjusting(settings: Mapping[str, Any]) -> click.Command:
    """Return `adjust`."""

    @command(
        "adjust",
        example="playbook commission adjust sam '250 EUR' --period 2027-Q2 --because 'a fair' --as fin",
    )
    @click.argument("person")
    @click.argument("amount")
    @click.option("--period", required=True, help="A period that is not settled, like 2027-Q2.")
    @click.option("--because", required=True, help="Why; it stands on the statement.")
    @PLAN
    def run(session: Session, person: str, amount: str, period: str, because: str, plan: str) -> int | None:
        """Add a line to a person's statement by hand; finance only."""
        book, who = book_of(session, settings), session.person(person)
        paid = book.plan_of(who, period, plan)
        book.check_amount(who, period, paid, amount)
        asked = Adjust(settlement_id(who, paid.id, period), amount, because)
        answer = session.engine.run(asked, actor=session.actor)
        if isinstance(answer, Refused):
            if answer.code == "settled":
                later = book.next_open(who, period, paid)
                answer = Refused("settled", f"{period} of {who} is settled and stays; {later} is open")
            return session.refuse(answer)
        session.tell({"person": who, "plan": paid.id, "period": period, "amount": amount, "because": because})
        return None

    return signed(run)


def auditing(_: Mapping[str, Any]) -> click.Command:
    """Return `audit`."""

    @command("audit", example="playbook commission audit 2027-Q1")
    @click.argument("period")
    def run(session: Session, period: str) -> int | None:
        """Compute what was settled again from what was known then, and compare; exit 1 where it differs."""
        book = book_of(session, {})
        if not book.may_settle(session.actor):
            said = f"{session.actor} may not audit; people in the role finance, or the operator, may"
            return session.refuse(Refused("not_permitted", said))
        book.check_period(period)
        with session.stages() as step:
            found = list(audit(session.engine, period, step))
        differing = [one for one in found if one.differs]
        rows = [
            {"person": one.person, "plan": one.plan, "hash": one.hash, "differs": list(one.differs)}
            for one in sorted(differing, key=lambda one: (one.person, one.plan))
        ]
        if session.json:
            session.tell({"period": period, "settled": len(found), "differing": rows})
        else:
            told = [
                {"statement": f"{one.person} by {one.plan}", "differs": said}
                for one in differing
                for said in one.differs
            ]
            session.tell({"period": period, "settled": len(found), "differing": told or "none"})
        return 1 if differing else 0

    return run
