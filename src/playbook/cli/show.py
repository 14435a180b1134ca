"""`playbook show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli import standing
from playbook.cli.narrate import logged
from playbook.cli.options import command
from playbook.cli.output import clean, document, moment, paint, say
from playbook.cli.tables import aligned
from playbook.cli.words import Words
from playbook.errors import InputError
from playbook.model.case import OPEN
from playbook.model.chances import forecast, probability

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from playbook.cli.session import Session


@command("show", example="playbook show 'Acme Corp'", at=True)
@click.argument("case")
def show(session: Session, case: str) -> None:
    """Show a case as it stands; with --at, as it stood then."""
    found = session.case(case)
    words = Words.of(session, found)
    if session.at is not None:
        words = _as_of(words, session.at)
    if session.json:
        document(_plain(words))
    else:
        _tell(words)


def _as_of(words: Words, at: dt.datetime) -> Words:
    """Return the words for a case as it stood; raises InputError where it was not open yet."""
    session, case = words.session, words.case
    if at < case.opened:
        opened = moment(case.opened, words.zone)
        raise InputError(f"{words.name} was opened {opened}, after {moment(at, words.zone)}")
    return Words(session, session.engine.as_of(case.id, at=at, actor=session.actor), words.definition)


def _plain(words: Words) -> dict[str, Any]:
    case = words.case
    return {
        "case": case.id,
        "playbook": case.playbook,
        "playbook_version": words.definition.playbook.version,
        "subject": words.definition.subject,
        "name": case.name,
        "stage": case.stage,
        "outcome": case.outcome,
        "owner": case.owner,
        "team": case.team,
        "territory": case.territory,
        "opened": case.opened,
        "closed": case.closed,
        "entered": case.entered,
        "touched": case.touched,
        "visit": case.visit,
        "probability": probability(case, words.definition.stages.get(case.stage)),
        "forecast": forecast(case, words.definition.stages.get(case.stage)),
        "by_hand": {"probability": case.probability, "forecast": case.forecast},
        "fields": case.fields,
        "erased": [name for name in case.sealed if name not in case.fields],
        "stamps": case.stamps,
        "activities": [
            {
                "activity": task.id,
                "status": task.status,
                "outcome": task.outcome,
                "assignee": task.assignee,
                "due": task.due,
                "at": task.at,
                "visit": task.visit,
            }
            for task in case.tasks
        ],
        "entries": list(case.entries),
        "shares": case.shares,
        "guide_opened": case.guided,
        "kin": standing.kin(words),
        **standing.plain(words),
    }


def _tell(words: Words) -> None:
    case = words.case
    state = words.stage(case.stage) if case.outcome == OPEN else f"closed as {case.outcome}"
    say(f"{paint(words.name, bold=True)} ({case.id}), {words.definition.subject}: {paint(state, fg='cyan')}")
    sections = {
        "": _facts(words),
        "Fields": _fields(words),
        "Activities": _tasks(words),
        "Approvals": standing.approvals(words),
        "Exceptions": standing.waivers(words),
        "Timers": standing.timers(words),
        "Other cases": standing.told_kin(words),
        "Log": _entries(words),
    }
    for title, rows in sections.items():
        lines = aligned(list(rows))
        if lines:
            say(f"\n{title}" if title else "")
            for line in lines:
                say(f"  {line}")


def _facts(words: Words) -> Iterator[tuple[str, str]]:
    case = words.case
    yield "playbook", f"{case.playbook}, version {words.definition.playbook.version}"
    team = words.session.organization.teams.get(case.team)
    if case.owner or case.team:
        of = f" ({clean(team.title or team.id) if team else clean(case.team)})" if case.team else ""
        yield "owner", (words.person(case.owner) if case.owner else "nobody") + of
    if case.territory:
        yield "territory", clean(case.territory)
    yield from _chances(words)
    credit = standing.credit(words)
    if credit:
        yield "credit", credit
    if case.guided:
        yield "guide", f"opened {case.guided} time" + ("s" if case.guided > 1 else "")
    yield "opened", moment(case.opened, words.zone)
    if case.closed is not None:
        yield "closed", moment(case.closed, words.zone)
    else:
        yield "in this stage since", moment(case.entered, words.zone)


def _chances(words: Words) -> Iterator[tuple[str, str]]:
    """Yield how likely it is won and where a forecast counts it, while that is open, and what was set by hand."""
    case, stage = words.case, words.definition.stages.get(words.case.stage)
    if case.outcome != OPEN:
        return
    says = {"probability": stage and stage.probability, "forecast": stage and stage.forecast}
    for name, by_hand in (("probability", case.probability), ("forecast", case.forecast)):
        value, default = (words.judged(name, one) for one in (by_hand, says[name]))
        if value:
            yield name, f"{value} (set by hand{f'; the stage says {default}' if default else ''})"
        elif default:
            yield name, default


def _fields(words: Words) -> Iterator[tuple[str, str]]:
    for name in words.definition.fields:
        if name in words.case.fields:
            yield words.field(name), words.value(name, words.case.fields[name])
        elif name in words.case.sealed:
            yield words.field(name), "(erased)"


def _tasks(words: Words) -> Iterator[tuple[str, str]]:
    for task in words.case.tasks:
        due = f", due {moment(task.due, words.zone)}" if task.due and task.status == OPEN else ""
        how = f" ({clean(task.outcome)})" if task.outcome else ""
        yield words.path(task.id), task.status + how + due


def _entries(words: Words) -> Iterator[tuple[str, str]]:
    for entry in words.case.entries:
        yield moment(entry.at, words.zone), logged(words, entry.kind, entry.fields, entry.text)
