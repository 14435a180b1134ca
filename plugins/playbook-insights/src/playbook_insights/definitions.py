"""What exactly the figures mean: which cases count, by which day, divided by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

BY: Final = ("stage", "owner", "manager", "team", "quarter")
"""What every report groups by, beside the fields of the playbooks."""


class Basis(NamedTuple):
    """Say which cases count: by which day they fall in a period, and with which outcomes (none means any)."""

    period: str
    outcomes: tuple[str, ...]
    definition: str


def _cycle(cases: str) -> str:
    return (
        f"Calendar days from opening to closing of {cases} cases closed in the period, by close date: mean, "
        "median and 90th percentile (linear between points). Cases closed before being opened are left out."
    )


_WON = "won_amount is the sum over won cases, mean_won_amount that sum / won cases that have an amount."

PIPELINE: Final[Mapping[str, Basis]] = {
    "": Basis(
        "due_day",
        ("open",),
        "Cases open now and the sum of their amounts; weighted is the sum of amount x the "
        "probability, as set by hand, else of the stage. Periods and quarters go by expected close.",
    )
}
WIN_LOSS: Final[Mapping[str, Basis]] = {
    "closed": Basis(
        "closed_day",
        ("won", "lost"),
        "Win rate is won / (won + lost) of the cases closed in the period, by close date; disqualified ones "
        f"are in neither. {_WON}",
    ),
    "created": Basis(
        "opened_day",
        (),
        "Win rate is won / all cases opened in the period, by opening date, whatever became of them, open "
        f"and disqualified ones too. {_WON}",
    ),
}
CYCLE: Final[Mapping[str, Basis]] = {
    "won": Basis("closed_day", ("won",), _cycle("won")),
    "closed": Basis("closed_day", ("won", "lost"), _cycle("won and lost")),
}
