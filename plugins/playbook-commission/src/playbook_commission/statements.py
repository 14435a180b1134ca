"""Statements: what a person earned in a period, line by line, and what of it is paid, held and owed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT

if TYPE_CHECKING:
    from decimal import Decimal

    from playbook_commission.paying import Line
    from playbook_commission.quotas import Target


@attrs.frozen
class Reached:
    """Hold how far a component went: what was credited in the period, its quota, and the value of a ratio."""

    component: str
    credited: Decimal
    quota: Target | None = None
    value: Decimal | None = None

    @property
    def share(self) -> Decimal | None:
        """Return the value of a ratio, else the share of the quota that was reached; None where there is none."""
        if self.value is not None or self.quota is None or not self.quota.amount:
            return self.value
        return CONTEXT.divide(self.credited, self.quota.amount)


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
    earned: Decimal
    draw: Decimal
    held: Decimal
    paid: Decimal
    owed: Decimal
