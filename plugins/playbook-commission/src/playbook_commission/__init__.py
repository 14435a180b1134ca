"""Pay: plans that say who is paid for what, and statements that say where every cent comes from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from playbook import CommandLine, Expectation, FileKind, StreamKind, hookimpl
from playbook_commission.pay_schema import PAY
from playbook_commission.plans.rules import RULES, RateRule
from playbook_commission.reports import reports
from playbook_commission.settling.disputes import DISPUTE
from playbook_commission.settling.payroll import PAYROLL
from playbook_commission.settling.settlements import SETTLEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from playbook import HookKind, Mismatch, Report, Scene, Shape
    from playbook_commission.credits.credits import Credit
    from playbook_commission.exact import CONTEXT
    from playbook_commission.plans.schedule import Stretch, Tier
    from playbook_commission.statements.ruling import Rated, ToRate, share

__all__ = ["CONTEXT", "Credit", "RateRule", "Rated", "Stretch", "Tier", "ToRate", "share"]

_HOMES = {
    "exact": ("CONTEXT",), "credits.credits": ("Credit",), "plans.schedule": ("Stretch", "Tier"),
    "statements.ruling": ("Rated", "ToRate", "share"),
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Import what rate rules are made of when it is used, since plugins are loaded whenever playbook starts."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _shape() -> Shape:
    from playbook_commission.plans.reading import shape

    return shape()


@hookimpl
def playbook_kinds(settings: Mapping[str, Any]) -> Iterator[FileKind]:
    """Yield plans; there is nothing to set."""
    yield FileKind("plan", version="1", load=_shape, stored=True, doc="How people of a role are paid")


@hookimpl
def playbook_reports(settings: Mapping[str, Any]) -> Iterator[Report]:
    """Yield the reports on quotas."""
    yield from reports()


@hookimpl
def playbook_streams() -> Iterator[StreamKind]:
    """Add `settlement`, `payroll` and `dispute`."""
    yield DISPUTE
    yield SETTLEMENT
    yield PAYROLL


@hookimpl
def playbook_expectations(settings: Mapping[str, Any]) -> Iterator[Expectation]:
    """Add `pay`."""
    doc = "What people are paid: person, period, plan where there are several, totals and lines"
    yield Expectation("pay", version="1", schema=PAY, compare=partial(_paid, settings), doc=doc)


def _paid(settings: Mapping[str, Any], wanted: Any, scene: Scene) -> Iterable[Mismatch]:
    from playbook_commission.expecting import compare

    return compare(settings, wanted, scene)


@hookimpl
def playbook_hooks() -> Iterator[HookKind]:
    """Declare `commission_rules`: plugins add ways to rate credits."""
    yield RULES


@hookimpl
def playbook_commands(settings: Mapping[str, Any]) -> Iterator[CommandLine]:
    """Add `commission`; `target_pay` names the private file of what people are to be paid."""
    help_ = "Compute, show, explain and settle pay."
    yield CommandLine("commission", version="1", load=partial(_commission, settings), help=help_)


def _commission(settings: Mapping[str, Any]) -> object:
    from playbook_commission.commands.group import group

    return group(settings)
