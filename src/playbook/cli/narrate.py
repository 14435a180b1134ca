"""Events as sentences: who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli.narrate_automation import TELL as AUTOMATIC
from playbook.cli.narrate_records import because, changed, erased, given
from playbook.cli.output import clean, moment, paint, percent, shown
from playbook.cli.words import person_name
from playbook.model.approving import Approved, CreditSplit, Declined, Lapsed, Skipped, Waived
from playbook.model.events import (
    Assigned,
    Blocked,
    CaseForgotten,
    Changed,
    Finished,
    ForecastSet,
    GuideOpened,
    Logged,
    Moved,
    Opened,
    ProbabilitySet,
    Reopened,
)
from playbook.process.codec import is_sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from playbook.cli.session import Session
    from playbook.cli.words import Words
    from playbook.engine import HistoryItem


def sentence(words: Words, item: HistoryItem) -> str:
    """Return one event in words."""
    return did(words.session, item, TELL[type(item.event)](words, item.event))


def did(session: Session, item: HistoryItem, what: str) -> str:
    """Return who did what; when it was recorded is added where that was another day than it happened."""
    said = f"{paint(person_name(session, item.actor), bold=True)} {what}"
    if item.recorded.date() == item.at.date():
        return said
    return said + paint(f" (recorded {moment(item.recorded, session.engine.world.zone)})", dim=True)


def logged(words: Words, kind: str, fields: Mapping[str, Any], text: str) -> str:
    """Return an entry in words."""
    known = words.definition.entry_fields(kind)
    parts = [
        f"{clean(known[name].title or name) if name in known else clean(name)} "
        f"{'(personal)' if is_sealed(value) else shown(value, words.zone, known.get(name))}"
        for name, value in fields.items()
    ]
    said = f": {clean(text)}" if text else ""
    return clean(kind) + (f" with {', '.join(parts)}" if parts else "") + said


def _opened(words: Words, event: Opened) -> str:
    owner = f" for {words.person(event.owner)}" if event.owner else ""
    values = f", with {given(words, event.fields)}" if event.fields else ""
    verb = "brought it in" if event.historical else "opened it"
    after = f", following up {clean(event.parent)}" if event.parent else ""
    return f"{verb}{owner} in {words.stage(event.stage)}{after}{values}"


def _changed(words: Words, event: Changed) -> str:
    return changed(words, event.fields, event.reason)


def _probability(words: Words, event: ProbabilitySet) -> str:
    return _by_hand(words, "probability", event.probability, event.reason)


def _forecast(words: Words, event: ForecastSet) -> str:
    return _by_hand(words, "forecast", event.category, event.reason)


def _by_hand(words: Words, name: str, value: Any, reason: str) -> str:
    said = words.judged(name, value)
    return (f"set {name} by hand: {said}" if said else f"cleared {name}, set by hand") + because(reason)


def _moved(words: Words, event: Moved) -> str:
    target = words.stage(event.target)
    if event.outcome:
        what = f"closed it as {event.outcome}"
    elif event.way == "back":
        what = f"moved it back from {words.stage(event.source)} to {target}"
    elif event.way == "skip":
        what = f"moved it from {words.stage(event.source)} straight to {target}"
    else:
        what = f"moved it from {words.stage(event.source)} to {target}"
    warned = f", in spite of {_criteria(words, event.warned)}" if event.warned else ""
    waived = f", excepted from {_criteria(words, event.waived)}" if event.waived else ""
    passed = f", past {', '.join(map(words.stage, event.passed))}" if event.passed else ""
    return what + passed + warned + waived + because(event.reason)


def _blocked(words: Words, event: Blocked) -> str:
    asked = f"; asked for {_criteria(words, event.asked)}" if event.asked else ""
    return f"could not move it to {words.stage(event.target)}: {_criteria(words, event.criteria)}{asked}"


def _criteria(words: Words, names: Iterable[str]) -> str:
    return ", ".join(map(words.criterion, names))


def _finished(words: Words, event: Finished) -> str:
    verb = "finished" if event.done else "tried"
    again = "" if event.done else "; it is planned again"
    return f"{verb} {words.path(event.activity)} ({clean(event.outcome)}){again}"


def _logged(words: Words, event: Logged) -> str:
    return f"logged {logged(words, event.kind, event.fields, event.text)}"


def _assigned(words: Words, event: Assigned) -> str:
    before = f", before that {words.person(event.before)}'s" if event.before else ""
    where = f", territory {clean(event.territory)}" if event.territory else ""
    return f"gave it to {words.person(event.owner) if event.owner else 'nobody'}{before}{where}"


def _reopened(words: Words, event: Reopened) -> str:
    return f"opened it again in {words.stage(event.target)}{because(event.reason)}"


def _skipped(words: Words, event: Skipped) -> str:
    return f"left out {words.path(event.activity)}{because(event.reason)}"


def _split(words: Words, event: CreditSplit) -> str:
    return "divided the credit: " + ", ".join(
        f"{words.person(w)} {percent(s)}" for w, s in event.shares.items()
    )


def _guided(words: Words, event: GuideOpened) -> str:
    return f"opened the guide for {words.stage(event.stage)}"


def _forgotten(words: Words, event: CaseForgotten) -> str:
    return erased(words, event.fields)


def _approved(words: Words, event: Approved) -> str:
    verb = "approved" if event.complete else "said yes to"
    until = f" until {moment(event.expires, words.zone)}" if event.expires is not None else ""
    more = "" if event.complete else "; others are asked as well"
    note = f": {clean(event.note)}" if event.note else ""
    return f"{verb} {words.criterion(event.criterion)}{_for(words, event.stands_for)}{until}{more}{note}"


def _declined(words: Words, event: Declined) -> str:
    return f"refused {words.criterion(event.criterion)}{_for(words, event.stands_for)}{because(event.reason)}"


def _for(words: Words, person: str) -> str:
    return f" in place of {words.person(person)}" if person else ""


def _waived(words: Words, event: Waived) -> str:
    until = event.until.isoformat()
    return f"excepted it from {words.criterion(event.criterion)} until {until}{because(event.reason)}"


def _lapsed(words: Words, event: Lapsed) -> str:
    what = "the exception from" if event.waiver else "the approval of"
    changed = ", ".join(map(words.path, event.changed))
    return f"ended {what} {words.criterion(event.criterion)} by changing {changed}"


TELL: Mapping[type, Callable[[Words, Any], str]] = {
    Opened: _opened, Changed: _changed, Moved: _moved, Blocked: _blocked, Finished: _finished,
    Logged: _logged, Assigned: _assigned, Reopened: _reopened, Skipped: _skipped, CreditSplit: _split,
    GuideOpened: _guided, CaseForgotten: _forgotten, Approved: _approved, Declined: _declined, Waived: _waived,
    Lapsed: _lapsed, ProbabilitySet: _probability, ForecastSet: _forecast, **AUTOMATIC,
}  # fmt: skip
