"""An example plugin: one of everything, from a criterion to a kind of file and a kind of stream."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from playbook import (
    ActionKind,
    Blocker,
    Change,
    CommandLine,
    CriterionKind,
    Duration,
    FileKind,
    Function,
    Guard,
    Notice,
    RecordSource,
    Shape,
    StreamKind,
    Verdict,
    hookimpl,
    types,
)
from playbook_example.pledges import PLEDGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbook import Scope
    from playbook_commission import RateRule

RECENT_OPTIONS = {
    "title": "Recent",
    "description": "One of several kinds of activity happened lately.",
    "examples": [{"of": ["call", "meeting"], "within": "10wd"}],
    "type": "object",
    "additionalProperties": False,
    "required": ["of", "within"],
    "properties": {
        "of": {
            "title": "Of",
            "description": "The kinds of activity that count, done or logged.",
            "examples": [["call", "meeting"]],
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string"},
        },
        "within": {
            "title": "Length of time",
            "description": "A duration, like 14d or 10wd (working days).",
            "examples": ["10wd", "14d"],
            "type": "string",
            "pattern": "^[0-9]+ ?(min|h|d|w|mo|wd|wh)$",
        },
    },
}
CONGRATULATE_OPTIONS = {
    "title": "Congratulate",
    "description": "Who hears of it beside the owner: a role, team or person.",
    "examples": ["manager"],
    "type": "string",
}


@hookimpl
def playbook_criteria() -> Iterator[CriterionKind]:
    """Add `recent`."""
    yield CriterionKind(
        name="recent",
        version="1",
        schema=RECENT_OPTIONS,
        test=recent,
        doc="One of several kinds of activity happened lately: recent: {of: [call, meeting], within: 10wd}",
    )


@hookimpl
def playbook_functions() -> Iterator[Function]:
    """Add `domain_of`."""
    yield Function(
        name="domain_of",
        params=(types.TEXT,),
        result=types.TEXT,
        call=domain_of,
        version="1",
        doc="The part of an e-mail address after the @, in lower case",
    )


@hookimpl
def playbook_kinds() -> Iterator[FileKind]:
    """Add `battlecard`."""
    yield FileKind(
        name="battlecard",
        version="1",
        load=_battlecard,
        stored=True,
        guide=shown,
        doc="What to ask and say against a competitor, in the guidance of the cases that name it",
    )


def _battlecard() -> Shape:
    from playbook_example.battlecards import shape

    return shape()


@hookimpl
def playbook_streams() -> Iterator[StreamKind]:
    """Add `pledge`."""
    yield PLEDGE


@hookimpl
def playbook_commands() -> Iterator[CommandLine]:
    """Add `pledge`."""
    yield CommandLine("pledge", "1", load=_pledging, help="Pledge what you will close in a month.")


@hookimpl(optionalhook=True)
def playbook_commission_rules() -> Iterator[RateRule]:
    """Add `sliding`; nobody asks for it where playbook-commission, which declares the hook, is not installed."""
    from playbook_example.sliding import SLIDING

    yield SLIDING


def _pledging() -> object:
    from playbook_example.pledging import pledge

    return pledge


def shown(card: Mapping[str, Any], scope: Scope) -> Mapping[str, Any]:
    """Return what a card adds to the guidance of a case: nothing where the case does not name the competitor."""
    subject = scope.roots.get(card["for"])
    said = subject.get(card["field"]) if subject is not None else None
    if not isinstance(said, str) or said.casefold() not in {name.casefold() for name in card["is"]}:
        return {}
    return {form: card[form] for form in ("questions", "objections", "pitfalls") if form in card}


@hookimpl
def playbook_actions() -> Iterator[ActionKind]:
    """Add `congratulate`."""
    yield ActionKind(
        name="congratulate",
        version="1",
        schema=CONGRATULATE_OPTIONS,
        run=congratulate,
        doc="Tell the owner and others what was won: congratulate: manager",
    )


@hookimpl
def playbook_before_commit(settings: Mapping[str, Any]) -> Iterator[Guard]:
    """Add the guard `named`, where the project's settings ask for it: plugins: {example: {names: required}}."""
    if settings.get("names") == "required":
        yield Guard(name="named", version="1", check=named, doc="Every case has a name")


def congratulate(options: str, scope: Scope) -> Iterator[Notice]:
    """Yield a notice to the owner and to those named."""
    case = scope.roots["case"]
    yield Notice(("owner", options), f"Well done: {case.get('name')}")


def named(change: Change) -> Iterator[Blocker]:
    """Yield a blocker for a case without a name."""
    if not change.after.name:
        yield Blocker(criterion="named", kind="guard", title="It needs a name", who=(change.actor,))


@hookimpl
def playbook_records() -> Iterator[RecordSource]:
    """Bring countries."""
    yield RecordSource(
        name="country",
        version="1",
        get=countries,
        doc="Countries by their two letters, with region and currency; an application brings its customers so",
    )


_COUNTRIES = {
    "DE": {"name": "Germany", "region": "emea", "currency": "EUR"},
    "FR": {"name": "France", "region": "emea", "currency": "EUR"},
    "JP": {"name": "Japan", "region": "apac", "currency": "JPY"},
    "US": {"name": "United States", "region": "amer", "currency": "USD"},
}


def countries(ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return what is known of the countries that are asked for; in your plugin this is one query."""
    return {name: _COUNTRIES[name] for name in ids if name in _COUNTRIES}


def recent(options: Mapping[str, Any], scope: Scope) -> Verdict:
    """Judge whether one of the kinds in `of` was done or logged within a time that ends now.

    `10wd` counts working days of the calendar that applies.
    """
    kinds, within = options["of"], Duration.parse(options["within"])
    since = scope.calendar.add(scope.now, within, sign=-1)
    last = {kind: at for kind in kinds if isinstance(at := scope.ask("last", kind), dt.datetime)}
    if any(at >= since for at in last.values()):
        return Verdict(met=True)
    return Verdict(
        met=False,
        missing=tuple(kinds),
        actual={f"last {kind}": _day(last[kind], scope) if kind in last else None for kind in kinds},
        hint=f"Log a {' or '.join(kinds)}: there was none since {_day(since, scope)}.",
    )


def _day(at: dt.datetime, scope: Scope) -> str:
    return at.astimezone(scope.zone).date().isoformat()


def domain_of(email: str) -> str | None:
    """Return the domain of an e-mail address, or None (unknown) where the text is not one."""
    name, _, domain = email.strip().rpartition("@")
    return domain.lower() if name and domain else None
