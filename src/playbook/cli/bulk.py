"""One command for every case that a condition holds for: how it goes on, and what came of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import attrs
import click

from playbook.cli.choosing import counted, query_of, select
from playbook.cli.faults import STOPPED, WANTING
from playbook.cli.output import clean, document, paint, say, warn
from playbook.cli.progress import bar, stoppable
from playbook.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook.cli.session import Session
    from playbook.engine.answers import CaseView
    from playbook.engine.many import Carried
    from playbook.engine.selecting import Selection
    from playbook.model.commands import Command

_SHOWN = 5


def many(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose many cases: --where, --playbook, --status and --dry-run."""
    statuses = click.Choice(["open", "closed", "all"])
    for option in (
        click.option("--dry-run", is_flag=True, help="Tell what would happen; change nothing."),
        click.option(
            "--status", type=statuses, default="open", show_default=True, help="With --where: which cases."
        ),
        click.option("--playbook", help="With --where: of this playbook."),
        click.option(
            "--where", metavar="CONDITION", help="Every case for which this holds, in place of CASE."
        ),
    ):
        function = option(function)
    return function


@attrs.define
class Tally:
    """Count what became of the cases; `reasons` holds the cases that were refused, by reason."""

    changed: list[CaseView] = attrs.field(factory=list)
    unchanged: int = 0
    refused: int = 0
    reasons: dict[str, list[CaseView]] = attrs.field(factory=dict)

    @property
    def matched(self) -> int:
        """Return for how many cases the condition held."""
        return len(self.changed) + self.unchanged + self.refused

    def add(self, one: Carried) -> None:
        """Count what became of one case."""
        if not isinstance(one.answer, Refused):
            if one.answer.version and not one.answer.repeated:
                self.changed.append(one.view)
            else:
                self.unchanged += 1
            return
        self.refused += 1
        told = [blocker.title for blocker in one.answer.blockers] or [one.answer.message]
        for reason in dict.fromkeys(told):
            self.reasons.setdefault(reason.replace(one.view.id, "it"), []).append(one.view)


def choose(session: Session, condition: str, playbook: str | None, status: str) -> Selection:
    """Return the cases that the options choose."""
    return select(session, condition, query_of(session, playbook=playbook, status=status))


def carry_many(
    session: Session,
    selection: Selection,
    make: Callable[[str], Command],
    *,
    key: str | None,
    dry_run: bool,
) -> int:
    """Carry out a command for the cases chosen, and print what came of it; return the exit code."""
    tally = Tally()
    try:
        with (
            bar("Looking" if dry_run else "Changing", counted(session, selection.query)) as progress,
            stoppable(progress) as step,
        ):
            for one in session.engine.desk.carry_out(
                selection, make, actor=session.actor, key=key, at=session.at, dry_run=dry_run, progress=step
            ):
                tally.add(one)
    except KeyboardInterrupt:
        return _stopped(session, tally, dry_run=dry_run)
    if session.json:
        document(_plain(tally, dry_run=dry_run))
    else:
        _tell(tally, dry_run=dry_run)
    return WANTING if tally.refused else 0


def _stopped(session: Session, tally: Tally, *, dry_run: bool) -> int:
    done = "nothing was changed" if dry_run else f"{len(tally.changed):,} were changed, each of them whole"
    message = f"stopped: {done}; the same command again goes on from there"
    if session.json:
        document({"error": {"code": "stopped", "message": message}})
    else:
        _tell(tally, dry_run=dry_run)
        warn(message)
    return STOPPED


def _plain(tally: Tally, *, dry_run: bool) -> dict[str, Any]:
    return {
        "matched": tally.matched,
        "changed": len(tally.changed),
        "unchanged": tally.unchanged,
        "refused": tally.refused,
        "reasons": [
            {"reason": reason, "cases": [view.id for view in views]} for reason, views in _by_weight(tally)
        ],
        "dry_run": dry_run,
    }


def _tell(tally: Tally, *, dry_run: bool) -> None:
    if not tally.matched:
        say("No case is like that.")
        return
    verb = "would change" if dry_run else "changed"
    same = (
        f", {tally.unchanged:,} {'are' if tally.unchanged > 1 else 'is'} so already"
        if tally.unchanged
        else ""
    )
    refused = f", {tally.refused:,} {'would be ' if dry_run else ''}refused" if tally.refused else ""
    cases = "1 case" if tally.matched == 1 else f"{tally.matched:,} cases"
    say(f"{cases} matched: {len(tally.changed):,} {verb}{same}{refused}.")
    if dry_run and tally.changed:
        say(f"  {paint('would change:', fg='green')} {_named(tally.changed)}")
    for reason, views in _by_weight(tally):
        say(f"  {paint(f'{len(views):,} refused:', fg='red')} {clean(reason)}\n    {_named(views)}")
    if dry_run:
        say("Nothing was changed: this was a trial (--dry-run).")


def _by_weight(tally: Tally) -> Iterator[tuple[str, list[CaseView]]]:
    """Yield the reasons with the cases that were refused for them, the most frequent first."""
    yield from sorted(tally.reasons.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def _named(views: list[CaseView]) -> str:
    names = [
        f"{clean(view.name)} ({view.id})" if view.name else view.id
        for view in itertools.islice(views, _SHOWN)
    ]
    more = len(views) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")
