"""The pay of an organization: its published plans, who is paid by them, and who may see whose statement."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from playbook import InputError, Money, UnknownName
from playbook_commission.computing import spans, statements
from playbook_commission.crediting import Ledger
from playbook_commission.payee import Payee
from playbook_commission.plan import Plan, load_plan
from playbook_commission.quotas import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import Engine
    from playbook_commission.statements import Statement

OPERATOR = "operator"
FINANCE = "finance"
"""The role whose people see every statement."""


class Paybook:
    """Compute statements from what is published and what happened; `known` takes only what was recorded by then."""

    def __init__(
        self, engine: Engine, target_pay: Mapping[str, Money], known: dt.datetime | None = None
    ) -> None:
        self._engine = engine
        self._target_pay = target_pay
        self._known = known
        self._ledgers: dict[tuple[str, str], Ledger] = {}
        self.organization = engine.world.organization
        self.plans = {name: load_plan(said) for name, said in engine.published("plan").items()}
        self._versions = {
            name: hashlib.sha256(repr(plan).encode()).hexdigest()[:12] for name, plan in self.plans.items()
        }

    def may_see(self, actor: str, person: str, period: str) -> bool:
        """Return whether somebody may see a person's statement: themselves, who manages them, finance."""
        day = self._span(period).until
        organization = self.organization
        return (
            actor in (OPERATOR, person)
            or organization.manager_of(person, day) == actor
            or organization.post(actor).role == FINANCE
        )

    def paid(self, period: str) -> Iterator[tuple[str, Plan]]:
        """Yield who is paid in a period, each with the plan; several times for who has several."""
        span = self._span(period)
        for person in sorted(self.organization.people):
            for _, plan in sorted(self.plans.items()):
                if any(
                    Payee(self._ledger(plan, period), plan, person, None).counts(day) for day in span.days()
                ):
                    yield person, plan

    def statement(self, person: str, period: str, plan: str = "") -> Statement:
        """Return a person's statement; raises InputError where there is none, or several plans and none was named."""
        if plan and plan not in self.plans:
            raise UnknownName("plan", plan, self.plans)
        mine = [one for who, one in self.paid(period) if who == person and plan in ("", one.id)]
        if len(mine) != 1:
            found = ", ".join(one.id for one in mine)
            raise InputError(
                f"{person} is paid by {found} in {period}; name one with --plan"
                if mine
                else f"no plan pays {person} in {period}; look at its `applies_to` and `effective`"
            )
        return self.computed(person, period, mine[0])

    def computed(self, person: str, period: str, plan: Plan) -> Statement:
        """Return a person's statement by a plan."""
        payee = Payee(self._ledger(plan, period), plan, person, self._target_pay.get(person))
        return statements(payee, self._versions[plan.id], period)[-1]

    def _ledger(self, plan: Plan, period: str) -> Ledger:
        key = (plan.id, period)
        if key not in self._ledgers:
            first, *_ = (
                spans(plan, period, self.organization)
                if self._pays_in(plan, period)
                else (self._span(period),)
            )
            year = Span.of(first.name[:4], self.organization)
            until = self._span(period).until
            self._ledgers[key] = Ledger(self._engine, min(first.since, year.since), until, self._known)
        return self._ledgers[key]

    def _pays_in(self, plan: Plan, period: str) -> bool:
        span = self._span(period)
        return span.until >= plan.since and (plan.until is None or span.since <= plan.until)

    def _span(self, period: str) -> Span:
        try:
            return Span.of(period, self.organization)
        except ValueError as error:
            raise InputError(str(error)) from None


def read_target_pay(path: Path) -> dict[str, Money]:
    """Read the private file of target pay: columns person and amount, for one period of the plan each.

    Raises InputError with the line of whatever cannot be read.
    """
    faults, found = list[str](), dict[str, Money]()
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                try:
                    found[(row.get("person") or "").strip()] = Money.parse(row.get("amount") or "")
                except ValueError as error:
                    faults.append(f"{path}:{number}: {error}")
    except OSError as error:
        raise InputError(f"the file of target pay cannot be read: {path}: {error.strerror}") from None
    if faults:
        raise InputError("\n".join(faults))
    return found
