"""Rate rules that plugins add: `rate: {mode: NAME, with: {...}}` in a plan, by the hook `commission_rules`.

The hook is declared when plugins are loaded, so this imports little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from playbook import HookKind

if TYPE_CHECKING:
    from playbook_commission.statements.ruling import Rated, ToRate

HOOK = "commission_rules"


class RateRule(msgspec.Struct, frozen=True, eq=False):
    """Add a way to rate credits, which plans name as `rate: {mode: NAME, with: options}`.

    `schema` is the JSON Schema (draft-07) of the options, which the rule gets as plain values, decimal numbers as
    texts; `by` are the axes that it can be read by: `amount`, `attainment`, `count`. `tiers` says that it reads the
    component's tiers. `rate` is pure: it gets the options and what is to be rated, and yields a Rated for each
    credit, once. Raise `version` when its answers change: plans that were published with another say so instead of
    paying otherwise.
    """

    name: str
    version: str
    schema: Mapping[str, Any]
    rate: Callable[[Mapping[str, Any], ToRate], Iterable[Rated]]
    by: tuple[str, ...] = ("amount",)
    tiers: bool = False
    doc: str = ""


RULES = HookKind(
    HOOK, version="1", yields=RateRule, doc="Ways to rate credits, for `rate: {mode: NAME}` of a plan"
)
