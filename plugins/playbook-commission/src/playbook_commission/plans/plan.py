"""What a plan says: who is paid for what, when, by which tiers."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from playbook import Condition, Money
from playbook_commission.exact import ONE, Rounding
from playbook_commission.plans.schedule import Tier

MODES = ("marginal", "whole", "interpolated")


@attrs.frozen(slots=False)
class Rating:
    """Say how tiers are read: along which axis (`by`), in which mode, and over what credits add up."""

    by: str = "amount"
    mode: str = "marginal"
    over: str = "period"


@attrs.frozen(slots=False)
class Spiff:
    """Pay an amount once for every case that a condition holds for, in a span of days, until a budget is spent."""

    pay: Money
    when: Condition | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    budget: Money | None = None


@attrs.frozen(slots=False)
class Cap:
    """Bound what is paid in a period or a year."""

    amount: Money
    per: str = "period"


@attrs.frozen(slots=False)
class Gate:
    """Let a component pay only where another one's figure is above (or at least at) a point."""

    component: str
    least: Decimal
    beyond: bool = False

    def opens(self, share: Decimal | None) -> bool:
        """Return whether a figure is enough; where there is none, it is not."""
        if share is None:
            return False
        return share > self.least if self.beyond else share >= self.least


@attrs.frozen(slots=False)
class Rule:
    """Name a plugin's rate rule with its options, and the version of it that the plan was published with."""

    name: str
    plugin: str = ""
    version: str = ""
    options: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(slots=False)
class Overlay:
    """Credit a share of everything to others, beside the splits, which are the whole.

    That is the person `who` of the case, or everyone who on the day is in the `team` of the case (or one above it) or
    works its `territory` (`of`).
    """

    of: str
    share: Decimal = ONE
    who: Condition | None = None


@attrs.frozen(slots=False)
class Component:
    """Pay for one measure.

    `credit` says whose credits count: one's `own`, those of the `people_of` a manager on the day that counts, or
    those of an `overlay`.
    `pays` is the `amount` of the credit or the `target_pay` of the person, of which tiers pay shares; where tiers
    pay sums (`sums`), those are paid for each thing counted, or once where they are read by amount.
    `currency` is that of the amounts in the tiers, where there are some. A `rule` of a plugin rates the credits where
    `rating` has another mode than those here.
    """

    id: str
    measure: str
    title: str = ""
    rating: Rating = attrs.field(factory=Rating)
    tiers: tuple[Tier, ...] = ()
    sums: bool = False
    currency: str = ""
    credit: str = "own"
    pays: str = "amount"
    multiplier: Decimal = ONE
    cap: Cap | None = None
    floor: Cap | None = None
    gate: Gate | None = None
    higher_once: Decimal | None = None
    when: Condition | None = None
    spiff: Spiff | None = None
    rule: Rule | None = None
    overlay: Overlay | UnsetType = UNSET

    @property
    def rates(self) -> bool:
        """Return whether credits are rated, by tiers or by a rule; one that has only a spiff rates none."""
        return bool(self.tiers) or self.rule is not None

    @property
    def by_value(self) -> bool:
        """Return whether it pays for the value of a ratio, which nobody's cases are credited for."""
        return self.rating.by == "value" and bool(self.tiers)


@attrs.frozen(slots=False)
class Draw:
    """Pay at least an amount a month or period, for so long after joining; always, where nothing is said."""

    amount: Money
    every: str = "month"
    recoverable: bool = True
    lasts: str = ""


@attrs.frozen(slots=False)
class Hold:
    """Hold back a share until entries of a kind release it."""

    share: Decimal
    entry: str
    release: str = "by_amount_paid"


@attrs.frozen(slots=False)
class Clawback:
    """Take back what entries of a kind undo, within months after the case was closed."""

    entry: str
    within: str = ""
    share: str = "of_amount_refunded"


@attrs.frozen(slots=False)
class Plan:
    """Pay people between two days, period by period; no currency means each person's own.

    Those are paid of whom all holds that is said: the `role`, the `team` (or one below it) and the `territory` that
    they have on a day, and that they are one of the `people`. `version` tells what was published from what was
    before; a file has none yet.
    """

    id: str
    title: str
    role: str
    since: dt.date
    until: dt.date | None
    period: str
    components: tuple[Component, ...]
    currency: str = ""
    rounding: Rounding = attrs.field(factory=Rounding)
    cap: Cap | None = None
    floor: Cap | None = None
    draw: Draw | None = None
    hold: Hold | None = None
    clawback: Clawback | None = None
    guarantee: Draw | None = None
    version: str = ""
    people: tuple[str, ...] | UnsetType = UNSET
    team: str | UnsetType = UNSET
    territory: str | UnsetType = UNSET


def load_plan(said: Any) -> Plan:
    """Return the plan that a published file says, from its plain values; the digest of those is its version."""
    digest = hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
    return attrs.evolve(msgspec.convert(said, Plan), version=digest[:12])
