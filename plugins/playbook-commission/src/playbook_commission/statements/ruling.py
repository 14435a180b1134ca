"""Paying by a plugin's rate rule: it says the slices and their rates, and what they pay is reckoned here, exactly."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from playbook import InputError, Money, PluginError
from playbook_commission.credits.credits import Credit, Credits
from playbook_commission.exact import CONTEXT, ZERO, share_of
from playbook_commission.plans.schedule import Schedule, Stretch, Tier
from playbook_commission.statements.earning import Earned, Standing, parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook import Brought
    from playbook_commission.plans.plan import Component, Rule


@attrs.frozen
class ToRate:
    """Hold what a rule is to rate: credits in the order in which they count, with all that rates go by.

    Along the axis `by` they go on from `before`, which is what counted earlier in the span that adds up; for a rule
    `over` each credit it is zero. `quota` is None where nothing is read by attainment, `tiers` are on the same axis.
    """

    credits: tuple[Credit, ...]
    by: str
    before: Decimal
    quota: Decimal | None
    tiers: tuple[Tier, ...]
    _exchanged: Callable[[Money], Decimal]
    _counted: bool = False

    def way(self, credit: Credit) -> Decimal:
        """Return how far a credit goes on the axis: its amount in the statement's currency, or its count."""
        return credit.count if self._counted or self.by == "count" else credit.amount

    def point(self, value: Any) -> Decimal:
        """Return the point of the axis that an option names: `80%` of the quota, `5000 EUR`, or a number.

        Amounts are in the currency of the statement then. Raises InputError for a share where there is no quota.
        """
        if not isinstance(value, str):
            return Decimal(value)
        if value.endswith("%"):
            if self.quota is None:
                raise InputError(f"{value} is a share of a quota, and this is read by {self.by}")
            return CONTEXT.multiply(share(value), self.quota)
        return self._exchanged(Money.parse(value)) if " " in value else Decimal(value)


@attrs.frozen
class Rated:
    """Hold what a rule makes of one credit: the slices of the axis with the rate of each, or a sum and why.

    A slice is a Stretch, whose `pay` is the rate. Where a `sum` is paid instead, `because` says how it came to be;
    a sentence may stand beside slices too.
    """

    credit: str
    slices: tuple[Stretch, ...] = ()
    sum: Decimal | None = None
    because: str = ""


def share(text: str) -> Decimal:
    """Return a share that is written with a percent sign; raises InputError for another text."""
    try:
        return share_of(text)
    except ArithmeticError:
        raise InputError(f"{text!r} is no share: write one like 8%") from None


def rule_of(rules: Mapping[str, Brought], rule: Rule) -> Brought:
    """Return a plan's rule among those that are there; raises InputError where it is not, in that version."""
    brought = rules.get(rule.name)
    if brought is None or brought.plugin != rule.plugin:
        raise InputError(
            f"the rate rule {rule.name!r} is brought by the plugin {rule.plugin!r}, which is not there; install it"
        )
    if brought.value.version != rule.version:
        raise InputError(
            f"the plan was published with version {rule.version} of the rate rule {rule.name!r} of the plugin"
            f" {rule.plugin!r}, and {brought.value.version} is there; install that one, or publish the plan anew"
        )
    return brought


def ruled(
    brought: Brought,
    component: Component,
    credits_: Credits,
    standing: Standing,
    exchanged: Callable[[Money], Decimal],
) -> Iterator[Earned]:
    """Yield what is earned by a component that a plugin's rule rates; raises PluginError where the rule fails."""
    rating, quota, tiers = component.rating, standing.quota, component.tiers
    if tiers and quota is not None and rating.by == "attainment":
        tiers = Schedule(tiers).scaled(quota).tiers
    whole = ToRate(
        tuple(credits_.each()), rating.by, standing.before, quota, tiers, exchanged, standing.counted
    )
    alone = rating.over == "credit"
    parts = [attrs.evolve(whole, credits=(c,), before=ZERO) for c in whole.credits] if alone else [whole]
    for part in parts:
        yield _Ruled(brought, component, part, standing).earned()


class _Ruled:
    def __init__(self, brought: Brought, component: Component, asked: ToRate, standing: Standing) -> None:
        self._brought = brought
        self._component = component
        self._asked = asked
        self._standing = standing

    def earned(self) -> Earned:
        """Return what the credits earn."""
        said = {one.credit: one for one in self._answers()}
        rated = [self._checked(credit, said.get(credit.id)) for credit in self._asked.credits]
        ways, because = [one.slices for one in rated], [one.because for one in rated]
        found = parted(self._component, Credits.of(self._asked.credits), ways, self._standing, because)
        pays = [
            pay if one.sum is None else CONTEXT.multiply(one.sum, self._component.multiplier)
            for one, pay in zip(rated, found.pays, strict=True)
        ]
        return attrs.evolve(found, pays=pays)

    def _answers(self) -> Iterable[Rated]:
        rule = self._component.rule
        options = {} if rule is None else rule.options
        if not self._asked.credits:
            return ()
        try:
            answers = tuple(self._brought.value.rate(options, self._asked))
        except InputError:
            raise
        except Exception as error:
            raise self._fault(f"raised {type(error).__name__}: {error}") from error
        wrong = next((one for one in answers if not isinstance(one, Rated)), None)
        if wrong is not None:
            raise self._fault(f"gave {wrong!r}, where a Rated was expected")
        if len({one.credit for one in answers}) != len(answers):
            raise self._fault("rates a credit twice")
        return answers

    def _checked(self, credit: Credit, one: Rated | None) -> Rated:
        """Return what the rule says of a credit; raises PluginError where that is nothing, too much or not exact."""
        if one is None:
            raise self._fault(f"says nothing of {credit.id}")
        if (one.sum is None) == (not one.slices):
            raise self._fault(f"gives {credit.id} both slices and a sum, or neither")
        if one.sum is not None and not one.because:
            raise self._fault(f"pays a sum for {credit.id} and does not say how it came to be (`because`)")
        for part in one.slices:
            for number in (part.start, part.end, part.pay):
                self._check(number)
        if one.sum is not None:
            self._check(one.sum)
        return one

    def _check(self, number: object) -> None:
        """Refuse what is not exact."""
        if not (isinstance(number, Decimal) and number.is_finite()):
            raise self._fault(f"gave {number!r}, where a Decimal was expected: pay is exact")

    def _fault(self, what: str) -> PluginError:
        return PluginError(self._brought.plugin, f"the rate rule {self._brought.value.name!r} {what}")
