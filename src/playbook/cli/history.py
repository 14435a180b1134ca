"""`playbook history`, of a case or of everything that happened with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.narrate import did, sentence
from playbook.cli.narrate_house import told
from playbook.cli.narrate_records import RecordWords
from playbook.cli.options import command
from playbook.cli.output import clean, document, moment, paint, plain, say
from playbook.cli.words import Words
from playbook.engine.past import happened
from playbook.engine.streams import ORGANIZATION
from playbook.errors import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.engine import HistoryItem
    from playbook.engine.answers import Happening

_ACCOUNT, _PLAYBOOK = "account", "playbook"
_HOUSE = (_PLAYBOOK, ORGANIZATION)


@command("history", example="playbook history 'Acme Corp'", at=True)
@click.argument("reference", metavar="CASE|ACCOUNT")
def history(session: Session, reference: str) -> None:
    """Tell what happened on a case, or with an account over all its cases: who did what, when, what was refused.

    An account is told where no single case has the name, or where it is named as `account:NAME`; any record can be
    named so, as in `contact:ann@acme.example`, and what a plugin keeps, as `KIND:ID`. Cases that you do not see are
    left out. `organization` tells who described people and teams, `playbook:ID` who published which version.
    """
    kind, name = _meant(session, reference)
    if kind in _HOUSE:
        _of_house(session, kind, name)
    elif kind in session.engine.streams.names():
        _of_stream(session, kind, name)
    elif kind:
        _of_record(session, kind, name)
    else:
        _of_case(session, name)


def _meant(session: Session, reference: str) -> tuple[str, str]:
    """Return the kind and name of what is meant; of a case no kind, and its id."""
    kind, colon, name = reference.partition(":")
    kinds = session.engine.kept_records.kinds
    if kind in _HOUSE and bool(colon) == (kind == _PLAYBOOK):
        return kind, name
    if colon and (kinds.find(kind) is not None or kind in session.engine.streams.names()):
        return kind, name
    try:
        return "", session.case(reference)
    except (UnknownName, AmbiguousName) as wrong:
        try:
            session.engine.record(_ACCOUNT, reference, actor=session.actor)
        except UnknownName:  # then what is wrong with the case is what people have to know
            raise wrong from None
        return _ACCOUNT, reference


def _of_case(session: Session, case: str) -> None:
    items = [item for item in session.engine.history(case, actor=session.actor) if _counts(session, item)]
    if session.json:
        document({"case": case, "events": [_event(item) for item in items]})
        return
    words = Words.of(session, case)
    say(f"{paint(words.name, bold=True)} ({case})\n")
    for item in items:
        say(f"{moment(item.at, words.zone)}  {sentence(words, item)}")


def _of_record(session: Session, kind: str, name: str) -> None:
    found = session.engine.history_of(kind, name, actor=session.actor)
    happenings = [one for one in found if _counts(session, one.item)]
    view = session.engine.record(kind, name, actor=session.actor)
    if session.json:
        events = [{"of": one.of, "id": one.id, "name": one.name, **_event(one.item)} for one in happenings]
        document({"record": view.id, "kind": kind, "name": view.name, "events": events})
        return
    say(f"{paint(clean(view.name) or view.id, bold=True)} ({kind} {view.id})\n")
    teller = _Teller(session)
    for one in happenings:
        say(teller.line(one))


def _of_stream(session: Session, kind: str, name: str) -> None:
    """Tell what happened on a stream of a plugin's kind, in its words, else the events by name with what they say."""
    items = [
        item
        for item in session.engine.streams.history(kind, name, actor=session.actor)
        if _counts(session, item)
    ]
    if session.json:
        document({"kind": kind, "id": name, "events": [_event(item) for item in items]})
        return
    say(f"{paint(clean(name), bold=True)} ({clean(kind)})\n")
    zone = session.engine.world.zone
    for item in items:
        what = clean(session.engine.streams.tell(kind, item) or _named(item))
        say(f"{moment(item.at, zone)}  {did(session, item, what)}")


def _named(item: HistoryItem) -> str:
    what = item.kind.rpartition(".")[2].partition("/")[0].replace("_", " ")
    said = ", ".join(f"{key} {value}" for key, value in plain(item.event).items() if value not in ("", None))
    return f"{what}: {said}" if said else what


def _of_house(session: Session, kind: str, name: str) -> None:
    """Tell what happened to the rules: the versions of a playbook, or the organization."""
    names = session.engine.definitions.names()
    if kind == _PLAYBOOK and name not in names:
        raise UnknownName("published playbook", name, names)
    stream = f"{kind}:{name}" if name else kind
    items = [one for one in happened(session.engine, stream, lambda event: event) if _counts(session, one)]
    if session.json:
        document({"kind": kind, "id": name, "events": [_event(item) for item in items]})
        return
    zone = session.engine.world.zone
    say(f"{paint(clean(name or kind), bold=True)}\n")
    for item in items:
        say(f"{moment(item.at, zone)}  {did(session, item, told(item.event))}")


class _Teller:
    """Tell what happened on many streams, the words for each made once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._words: dict[tuple[str, str], Words | RecordWords] = {}

    def line(self, one: Happening) -> str:
        """Return one happening: when, on what, who did what."""
        words = self._of(one)
        zone = self._session.engine.world.zone
        if isinstance(words, Words):
            line = sentence(words, one.item)
        else:
            line = did(self._session, one.item, words.told(one.item.event))
        where = f"{one.of} {one.id}" + (f" ({clean(one.name)})" if one.name else "")
        return f"{moment(one.item.at, zone)}  {paint(where, dim=True)}: {line}"

    def _of(self, one: Happening) -> Words | RecordWords:
        key = (one.of, one.id)
        if key not in self._words:
            is_record = self._session.engine.kept_records.kinds.find(one.of) is not None
            self._words[key] = (
                RecordWords.of(self._session, one.of) if is_record else Words.of(self._session, one.id)
            )
        return self._words[key]


def _counts(session: Session, item: HistoryItem) -> bool:
    return session.at is None or item.at <= session.at


def _event(item: HistoryItem) -> dict[str, Any]:
    return {
        "version": item.version,
        "kind": item.kind,
        "at": item.at,
        "recorded": item.recorded,
        "actor": item.actor,
        "data": item.event,
    }
