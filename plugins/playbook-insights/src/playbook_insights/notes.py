"""What people must know beside the figures: what could not be counted, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from playbook_insights import figures, frames

if TYPE_CHECKING:
    from playbook import ReportContext
    from playbook_insights.frames import Frame

_NAMED = 5


def pipeline(frame: Frame, context: ReportContext) -> list[str]:
    """Tell of amounts that are missing or of several currencies, and of stages without a probability."""
    found = _amounts(frame, "open")
    for (playbook, stage, chance), sums in sorted(
        frames.tally(frame, "playbook", "stage", "probability").items()
    ):
        if sums.priced and figures.probability(context, playbook, stage, chance) is None:
            found.append(
                f"The stage {stage!r} of {playbook!r} has no probability: the amounts of "
                f"{_cases(sums.priced)} are left out of weighted. Give it one, or set it on the case."
            )
    return found


def win_loss(frame: Frame, _: ReportContext) -> list[str]:
    """Tell of amounts that are missing or of several currencies."""
    return _amounts(frame.filter(nw.col("outcome") == "won"), "won")


def cycle(frame: Frame, _: ReportContext) -> list[str]:
    """Tell of cases that close before they open."""
    wrong = sorted(frame.filter(nw.col("length") < 0)["case"].to_list())
    if not wrong:
        return []
    shown = ", ".join(wrong[:_NAMED]) + (", ..." if len(wrong) > _NAMED else "")
    return [
        f"A problem in the data: {_cases(len(wrong))} closed before being opened, left out here: {shown}."
    ]


def _amounts(frame: Frame, what: str) -> list[str]:
    found = []
    tally = frames.tally(frame, "group", "currency")
    missing = sum(sums.cases - sums.priced for sums in tally.values())
    if missing:
        found.append(f"{_cases(missing, what)} without an amount: counted, but not in the amounts.")
    priced = [key for key, sums in tally.items() if sums.priced]
    if len(priced) > len({group for group, _ in priced}):
        codes = sorted({currency for _, currency in priced})
        found.append(
            f"Amounts in {', '.join(codes[:-1])} and {codes[-1]} are not added up: "
            f"a row that has several shows none. Take one with --currency {codes[0]}."
        )
    return found


def _cases(count: int, what: str = "") -> str:
    return " ".join(filter(None, (f"{count:,}", what, "case" if count == 1 else "cases")))
