"""The deal that every peer takes from open to close."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from bench import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STEPS = 8
PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")
GIVEN: tuple[dict[str, Any], ...] = (
    {"stage": "discovery", "amount": 25_000, "product": "Pro"},
    {"pain": "Orders take a month", "discount": "10%"},
    {"discovery_call": "held"},
    {"call": "They asked for a proposal"},
    {"stage": "proposal"},
    {"amount": 27_500},
    {"stage": "negotiation"},
    {"stage": "won"},
)
"""What the steps of a deal change, as `durable.life` has it."""


def ready(deal: Mapping[str, Any], stage: str) -> bool:
    """Return whether a deal may move to a stage, by the conditions of the playbook."""
    if stage == "proposal":
        return bool(deal.get("pain")) and deal.get("discovery_call") == "held"
    return stage != "negotiation" or (deal["amount"] >= 1000 and bool(deal.get("pain")))


def act(deal: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a deal after a step; raises ValueError where it may not move."""
    if "stage" in given and not ready(deal, given["stage"]):
        raise ValueError(f"{deal} may not move to {given['stage']}")
    return {**deal, **given}


def each_in_turn(sell_one: Callable[[int], object], deals: int) -> float:
    """Return the seconds that deals take one after another."""
    return seconds(lambda: deque(map(sell_one, range(deals)), maxlen=0))
