"""A statement on the terminal: what was sold, what it paid and how, how far it is to the next tier, what is next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playbook_commission.foresight.outlook import one_more, steps
from playbook_commission.settling.disputing import disputes_of
from playbook_commission.settling.payout import run_of
from playbook_commission.showing.gauges import gauges
from playbook_commission.showing.telling import Telling, telling_lines
from playbook_commission.showing.wording import Wording
from playbook_commission.statements.amounts import money, sums, worded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.cli.session import Session
    from playbook_commission.foresight.outlook import OneMore
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.disputes import State
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Statement

_ISOLATES = re.compile("[\u2066-\u2069]")
_REASONED = ("clawback", "adjustment", "manual")


def shown(session: Session, book: Paybook, plan: Plan, one: Statement) -> dict[str, Any]:
    """Return what the terminal shows of a statement."""
    disputed, said = disputed_of(book, one), settled_of(book, one)["settled"]
    payee = book.payee(plan, one.period, one.person)
    telling = Telling(Wording.of("en"), one, payee)
    settled = {"settled": f"{book.engine.world.day(said['at'])} by {said['by']}"} if said else {}
    settled |= {"paid in": said["pay_run"]} if said and said["pay_run"] else {}
    ahead = () if said else steps(payee, one.period)
    far = [
        {"component": plainly(gauge.title), "how far": plainly(" ".join(gauge.said))}
        for gauge in gauges(telling, one.reached, ahead)
    ]
    more = one_more(book, plan, one)
    return {
        "statement of": session.organization.name_of(one.person),
        "period": one.period,
        "plan": named(plan, one),
        **settled,
        "lines": [_line(telling, one, line, disputed) for line in telling_lines(one)],
        **sums(one),
        **({"how far": far} if far else {}),
        **({"disputes": dispute_rows(session, disputed.values())} if disputed else {}),
        **({} if more is None else {"one more deal like": _told(one, more)}),
    }


def _line(telling: Telling, one: Statement, line: Line, disputed: dict[str, State]) -> dict[str, Any]:
    component = telling.components.get(line.component)
    share = component is not None and component.by_value
    credit = telling.wording.percent(line.credit) if share else money(one, line.credit)
    how = telling.why(line) if line.kind in _REASONED else telling.how(line)
    day = telling.counted(line)
    return {
        "day": "" if day is None else str(day),
        "deal": plainly(telling.of_case(line)),
        "what": plainly(telling.kind(line)),
        "credit": credit if line.credit else "",
        "how": plainly(how),
        "pay": money(one, line.pay),
        **({"disputed": disputed[line.id].id if line.id in disputed else ""} if disputed else {}),
        "line": f"{one.person}/{one.period}/{line.id}",
    }


def named(plan: Plan, one: Statement) -> str:
    """Return what the plan of a statement is called, and the version that it was reckoned with."""
    version = f"version {one.version}"
    return f"{plan.title} ({one.plan}, {version})" if plan.title else f"{one.plan} ({version})"


def plainly(text: str) -> str:
    """Return a text of a page as a terminal shows it, which sets directions apart by itself."""
    return _ISOLATES.sub("", text).replace("\u00a0", " ")


def disputed_of(book: Paybook, one: Statement) -> dict[str, State]:
    """Return the open disputes of a statement by line, '' for all of it."""
    found = disputes_of(book.engine, one.person, one.period)
    return {said.line: said for said in found if said.is_open and said.plan == one.plan}


def settled_of(book: Paybook, one: Statement) -> dict[str, Any]:
    """Return when and by whom a statement was settled, its hash and pay run; None where it is open."""
    settlement = book.settled(one.person, one.period, one.plan)
    if settlement is None or settlement.settled is None:
        return {"settled": None}
    run = run_of(book.engine, one.person, one.plan, one.period)
    paid = {"pay_run": None if run is None else run.id}
    return {"settled": {"at": settlement.at, "by": settlement.by, "hash": settlement.settled.hash, **paid}}


def _told(one: Statement, more: OneMore) -> str:
    amount, earned = (worded(money(one, value)) for value in (more.amount, more.earned))
    return f"{more.name or more.like}, {amount} (the middle one of {more.deals:,}), would bring {earned}"


def dispute_rows(session: Session, found: Iterable[State]) -> list[dict[str, Any]]:
    """Return disputes as a table shows them."""
    now = session.engine.clock()
    return [
        {
            "dispute": one.id, "of": one.of, "plan": one.plan, "status": one.status, "days": one.days(now),
            "by": one.by, "reason": one.reason,
        }
        for one in found
    ]  # fmt: skip
