"""Statements: what a person earned in a period, line by line, and what of it is paid, held and owed."""

from __future__ import annotations

from decimal import Decimal

import attrs
import msgspec

from playbook_commission.credits.quotas import Target
from playbook_commission.exact import CONTEXT, ZERO, summed
from playbook_commission.statements.draws import Least, draw
from playbook_commission.statements.paying import Line

TOTALS = ("earned", "draw", "held", "paid", "owed")
"""What the lines of a statement come to."""


@attrs.frozen
class Reached:
    """Hold how far a component went: what was credited in the period, its quota, and the value of a ratio.

    `credited` is what tiers are read by. `amount` is what counts towards the quota, said only where that is something
    else: tiers are read by how many, and the quota is of money.
    """

    component: str
    credited: Decimal
    quota: Target | None = None
    value: Decimal | None = None
    amount: Decimal | msgspec.UnsetType = msgspec.UNSET

    @property
    def attained(self) -> Decimal:
        """Return what counts towards the quota."""
        return self.credited if self.amount is msgspec.UNSET else self.amount

    @property
    def share(self) -> Decimal | None:
        """Return the value of a ratio, else the share of the quota that was reached; None where there is none."""
        if self.value is not None or self.quota is None or not self.quota.amount:
            return self.value
        return CONTEXT.divide(self.attained, self.quota.amount)


@attrs.frozen
class Statement:
    """Hold what a person is paid for a period by a plan; every amount is in `currency`.

    `earned` is the sum of the lines, `held` what of it waits for payments, `draw` what was paid before it was
    earned (negative where that is recovered), `paid` what is paid out, `owed` the debt that is carried on.
    """

    person: str
    period: str
    plan: str
    version: str
    currency: str
    lines: tuple[Line, ...]
    reached: tuple[Reached, ...]
    earned: Decimal = ZERO
    draw: Decimal = ZERO
    held: Decimal = ZERO
    paid: Decimal = ZERO
    owed: Decimal = ZERO

    def by_component(self) -> dict[str, Decimal]:
        """Return what each component earned, in the order of the lines; '' stands for the plan as a whole."""
        found: dict[str, Decimal] = {}
        for line in self.lines:
            if not line.waits:
                found[line.component] = CONTEXT.add(found.get(line.component, ZERO), line.pay)
        return found

    def given(self, least: Least) -> Decimal:
        """Return what is paid beyond what is earned, and nobody owes back."""
        return least.gives(CONTEXT.subtract(self.earned, self.held))

    def balanced(self, owed: Decimal, least: Least) -> Statement:
        """Return the statement with what its lines come to, where so much is paid at least and `owed` was before."""
        earned = summed([line.pay for line in self.lines if not line.waits])
        waits = CONTEXT.minus(summed([line.pay for line in self.lines if line.waits]))
        drawn = draw(CONTEXT.subtract(earned, waits), least, owed)
        return attrs.evolve(
            self, earned=earned, draw=CONTEXT.subtract(drawn.drawn, drawn.recovered), held=waits,
            paid=drawn.paid, owed=drawn.owed,
        )  # fmt: skip


_JSON = msgspec.json.Encoder()
_STATEMENT = msgspec.json.Decoder(Statement)


def frozen(statement: Statement) -> msgspec.Raw:
    """Return a statement as JSON, in which numbers are texts."""
    return msgspec.Raw(_JSON.encode(statement))


def thawed(said: msgspec.Raw) -> Statement:
    """Return the statement of JSON."""
    return _STATEMENT.decode(said)


def as_told(then: Statement, now: Statement) -> Statement:
    """Return a statement without amounts towards quotas, where one from before those were told says none."""
    if any(one.amount is not msgspec.UNSET for one in then.reached):
        return now
    reached = tuple(attrs.evolve(one, amount=msgspec.UNSET) for one in now.reached)
    return attrs.evolve(now, reached=reached)
