"""Fold what was asked, answered and excepted into the case: approvals and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.model.approving import Approved, Asked, Declined, Lapsed, Waived, Waiver, Yes
from playbook.model.events import Blocked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.model.case import Case

MOVES = "moves."
"""What the ids of approvals of moves begin with, as in `moves.back`."""


def spent(approvals: Mapping[str, Asked]) -> dict[str, Asked]:
    """Return the approvals that stay after a move: those of moves were for one that has now been made."""
    return {name: asked for name, asked in approvals.items() if not name.startswith(MOVES)}


def _blocked(case: Case, event: Blocked, at: dt.datetime, actor: str) -> dict[str, Any]:
    asked = dict.fromkeys(event.asked, Asked(at, actor, case.stage, event.target))
    return {"approvals": {**case.approvals, **asked}, "touched": case.touched}  # it changed nothing


def _approved(case: Case, event: Approved, at: dt.datetime, actor: str) -> dict[str, Any]:
    asked = case.approvals[event.criterion]
    yes = Yes(actor, at, event.principals, event.stands_for, event.note)
    after = replace(
        asked, yes=(*asked.yes, yes), values=event.values, complete=event.complete, expires=event.expires
    )
    return {"approvals": {**case.approvals, event.criterion: after}}


def _declined(case: Case, event: Declined, at: dt.datetime, actor: str) -> dict[str, Any]:
    asked = case.approvals[event.criterion]
    after = Asked(
        asked.at, asked.by, asked.stage, asked.target,
        no=Yes(actor, at, stands_for=event.stands_for, note=event.reason), values=event.values,
    )  # fmt: skip
    return {"approvals": {**case.approvals, event.criterion: after}}


def _waived(case: Case, event: Waived, at: dt.datetime, actor: str) -> dict[str, Any]:
    waiver = Waiver(actor, at, case.stage, event.reason, event.until, event.values)
    return {"waivers": {**case.waivers, event.criterion: waiver}}


def _lapsed(case: Case, event: Lapsed, at: dt.datetime, actor: str) -> dict[str, Any]:
    name = "waivers" if event.waiver else "approvals"
    standing: Mapping[str, Any] = getattr(case, name)
    changes = {name: {id_: kept for id_, kept in standing.items() if id_ != event.criterion}}
    return {**changes, "touched": case.touched}


ANSWERS: dict[type, Callable[[Case, Any, dt.datetime, str], dict[str, Any]]] = {
    Blocked: _blocked, Approved: _approved, Declined: _declined, Waived: _waived, Lapsed: _lapsed,
}  # fmt: skip
