"""What commands and expectations share: the book that they ask, and how amounts are told."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any

from playbook import InputError, Refused
from playbook_commission.settling.paybook import Paybook, target_pay
from playbook_commission.settling.settle import COUNTING, silent
from playbook_commission.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import click

    from playbook.cli.session import Session
    from playbook_commission.settling.settle import Progress, Unsettled


COMPUTING = "Computing"
"""The stage of long work that `settle` has not: statements that are only looked at."""


def book_of(
    session: Session, settings: Mapping[str, Any], as_of: str | None = None, step: Progress = silent
) -> Paybook:
    """Return the book of the project, by what was recorded by a time where one is given.

    `step` hears how many cases were looked at.
    """
    engine = session.engine
    if as_of is not None:
        engine = engine.as_known(_time(as_of, engine.world.zone))
    pay = target_pay(session.folder, settings)
    return Paybook(engine, pay, session.engine, lambda done: step(COUNTING, done, 0))


def signed(command: click.Command) -> click.Command:
    """Return a command that takes an amount below zero, like `'-40 EUR'`, as what it is, and not for an option."""
    command.context_settings["ignore_unknown_options"] = True
    return command


@contextlib.contextmanager
def looking(session: Session) -> Iterator[Progress]:
    """Show how far work is that only looks, and give what hears it; Ctrl-C says that nothing was changed."""
    try:
        with session.stages(stores=False) as step:
            yield step
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped: nothing was stored or written") from None


def _time(text: str, zone: dt.tzinfo) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--as-of: {text!r} is no time: write one like 2027-04-01 or 2027-04-01T09:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def place_of(line: str, *, whole: bool = True) -> tuple[str, str, str]:
    """Return the person, the period and the line of `sam/2027-Q1/new:c4k2`; where `whole`, the line may be empty."""
    person, period, name = [*line.split("/", 2), "", ""][:3]
    if not period or not (name or whole):
        raise InputError(f"{line!r} is no line: write PERSON/PERIOD/LINE as `statement` prints it")
    return person, period, name


def not_theirs(actor: str, person: str) -> Refused:
    """Return why somebody does not see a statement."""
    return Refused(
        "not_permitted", f"{actor} may not see what {person} is paid; they, their manager and finance may"
    )


def nobody(book: Paybook, actor: str, period: str, person: str = "") -> Refused:
    """Return why there are no statements of a period that somebody may see."""
    span = Span.of(period, book.organization)
    same = {one: Span.at(plan.period, span.since, book.organization).name for one, plan in book.plans.items()}
    others = [
        f"{one} pays by the {book.plans[one].period}: {name}" for one, name in same.items() if name != period
    ]
    why = f" ({'; '.join(others)})" if others else ""
    whom = "anybody" if book.may_settle(actor) else "anybody whom you may see"
    said = f"no plan pays {person or whom} in {period}{why}; look at its `applies_to` and `effective`"
    return Refused("nobody", said)


def not_computed(session: Session, found: Iterable[Unsettled]) -> dict[str, Any]:
    """Return whose statements cannot be computed, each with why; people see that only where there are some."""
    rows = [{"person": one.person, "plan": one.plan, "because": one.because} for one in found]
    if session.json:
        return {"not_computed": rows}
    return {"not_computed": f"{len(rows):,}", "why": rows} if rows else {}


def tell(session: Session, answer: Mapping[str, Any]) -> None:
    """Print an answer: its keys are words for people, and as they are with --json."""
    session.tell(answer if session.json else {key.replace("_", " "): value for key, value in answer.items()})
