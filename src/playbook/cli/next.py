"""`playbook next`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import click

from playbook.cli import lengths
from playbook.cli.choosing import chosen, query_of
from playbook.cli.foretell import will_do
from playbook.cli.listing import plain_view
from playbook.cli.options import command
from playbook.cli.output import clean, document, moment, money, paint, say
from playbook.cli.words import Words, person_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from playbook.cli.session import Session
    from playbook.engine.desk import Agenda, Urgent
    from playbook.process.urgency import Reason

_HEADINGS = {
    "overdue": ("Overdue", "red"),
    "today": ("Due today", "yellow"),
    "stale": ("Stale", "yellow"),
    "reach": ("One step from moving on", "green"),
}
_ORDER = (
    "In this order: overdue, the longest first; due today; quiet too long, the\n"
    "quietest first; one step from moving on, by expected close."
)


@command("next", example="playbook next --person 'Sam Okafor'")
@click.option("--person", metavar="WHO", help="Only what this person can do.")
@chosen
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many cases."
)
def next_(session: Session, person: str | None, limit: int, **asked: str | None) -> None:
    """Tell what to do now over all open cases, the most urgent first.

    First what is overdue: activities, answers whose reminder has passed, expected closes before today. Then what is
    due today. Then what is stale: quiet for longer than the idle timers of its stage say, or for 30 days where it has
    none. Then the cases that can move on, or that one thing alone holds up.
    """
    who = session.person(person) if person else ""
    query = query_of(session, **asked)
    agenda = session.engine.desk.next(query, actor=session.actor, person=who, limit=limit)
    if session.json:
        document(_plain(agenda, who))
    else:
        _tell(session, agenda, who)


def _plain(agenda: Agenda, person: str) -> dict[str, Any]:
    return {
        "at": agenda.at,
        "person": person or None,
        "cases": [
            {**plain_view(one.view), "band": one.band, "reasons": list(one.reasons)} for one in agenda.items
        ],
        "counts": dict(agenda.counts),
        "open": agenda.open,
        "more": agenda.more,
    }


def _tell(session: Session, agenda: Agenda, person: str) -> None:
    if not agenda.items:
        say("Nothing is urgent." if agenda.open else "No case is open.")
        return
    numbered = enumerate(agenda.items, start=1)
    for band, items in itertools.groupby(numbered, key=lambda one: one[1].band):
        heading, colour = _HEADINGS[band]
        count = f" ({agenda.counts[band]:,})" if band in agenda.counts else ""
        say(paint(heading, fg=colour, bold=True) + count)
        for number, one in items:
            _tell_one(Words.of(session, one.view.id), one, number, agenda.at)
        say()
    looked = "1 open case" if agenda.open == 1 else f"{agenda.open:,} open cases"
    more = "; more with --limit" if agenda.more else ""
    whose = f", for {person_name(session, person)}" if person else ""
    say(f"{len(agenda.items):,} of {looked}{whose}{more}")
    say(paint(_ORDER, dim=True))


def _tell_one(words: Words, one: Urgent, number: int, now: dt.datetime) -> None:
    view = one.view
    parts = [words.stage(view.stage)]
    parts += [money(view.amount)] if view.amount else []
    parts += [words.person(view.owner)] if view.owner else []
    name = f"{paint(words.name, bold=True)} ({view.id})" if view.name else paint(view.id, bold=True)
    say(f"{number:>3}. {name}: {', '.join(parts)}")
    for reason in one.reasons:
        say(f"     {_told(words, reason, now)}")
    say(f"     {paint(clean(one.reasons[0].fix), fg='green')}")


def _told(words: Words, reason: Reason, now: dt.datetime) -> str:
    tell = _only if reason.band == "reach" and reason.what else _REASONS[reason.kind]
    return tell(words, reason, now)


def _activity(words: Words, reason: Reason, now: dt.datetime) -> str:
    title, when = clean(reason.title), moment(reason.at, words.zone)
    whose = "" if reason.who == (words.case.owner,) else f" ({words.people(reason.who)})"
    if reason.band == "overdue":
        return f"{title}{whose} was due {when}, {lengths.ago(reason.at, now, words.zone)}"
    return f"{title}{whose} is due today, {lengths.ahead(reason.at, now, words.zone)}"


def _approval(words: Words, reason: Reason, now: dt.datetime) -> str:
    whom = words.people(reason.who) or "nobody who could answer"
    return f"{clean(reason.title)}: waits for {whom}, asked {lengths.ago(reason.at, now, words.zone)}"


def _expected(words: Words, reason: Reason, now: dt.datetime) -> str:
    if reason.band == "today":
        return f"{clean(reason.title)} is today"
    day = moment(reason.at, words.zone)[:10]
    return f"{clean(reason.title)} was {day}, {lengths.ago(reason.at, now, words.zone)}"


def _timer(words: Words, reason: Reason, now: dt.datetime) -> str:
    when = lengths.ahead(reason.at, now, words.zone) if reason.at > now else "any moment"
    return f"by itself, {when}: {clean(reason.title)} will {'; '.join(will_do(words, reason.what))}"


def _idle(words: Words, reason: Reason, now: dt.datetime) -> str:
    return f"quiet for {lengths.span(reason.at, now, words.zone)}, since {moment(reason.at, words.zone)[:10]}"


def _ready(words: Words, reason: Reason, now: dt.datetime) -> str:
    return "nothing holds it up: it can move on"


def _only(words: Words, reason: Reason, now: dt.datetime) -> str:
    who = f" ({words.people(reason.who)})" if reason.who else ""
    return f"one thing holds it up: {clean(reason.title)}{who}"


_REASONS: Mapping[str, Callable[[Words, Reason, dt.datetime], str]] = {
    "activity": _activity, "approval": _approval, "expected_close": _expected, "timer": _timer, "idle": _idle,
    "ready": _ready,
}  # fmt: skip
