"""Streams between store and process: loading heads, sealing personal values, chaining events, index rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.engine.answers import Done
from playbook.engine.indexing import index_row
from playbook.errors import InputError, PlaybookError
from playbook.model.case import FOLD
from playbook.model.events import (
    KIND_OF,
    Changed,
    Logged,
    Opened,
    PersonSet,
    QuotasImported,
    RatesImported,
    RulesSet,
    SettingsSet,
    TeamSet,
)
from playbook.model.organization import Organization
from playbook.model.organization_rules import Imported
from playbook.model.record import record_stream
from playbook.model.values import encode, load
from playbook.process.approvals import reminders
from playbook.process.codec import SEAL, decode_event, encode_case, revive
from playbook.process.evolve import evolve
from playbook.process.references import former, links
from playbook.stores.chain import commitment, link
from playbook.stores.interface import GENESIS, DueRow, NewEvent, VaultRow, Write
from playbook.stores.rows import CASES
from playbook.times import from_micros, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from playbook.model.case import Case
    from playbook.model.events import CaseEvent, OrganizationEvent
    from playbook.model.playbook import Field
    from playbook.process.compiled import Compiled
    from playbook.process.decide import Decision
    from playbook.process.facts import World
    from playbook.stores.interface import IndexRow, Snapshot, Store, StoredEvent

ORGANIZATION = "organization"
REMINDER = "remind:"
"""Begins the name of the due row that reminds of an approval; the criterion follows."""

LOOK = "look:"
"""Names the due row that looks whether a case advances by itself."""

_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(one + other for one in _DIGITS for other in _DIGITS)


def case_stream(case: str) -> str:
    """Return the stream of a case."""
    return CASES + case


def case_id_of(bits: bytes) -> str:
    """Return `c` and the first 60 bits as 12 characters of base32, in lower case."""
    number = int.from_bytes(bits[:8], "big") >> 4
    return "c" + "".join([_PAIRS[number >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)])


def case_named(name: str) -> str:
    """Return an id that a program chose for a case; raises InputError for one that cannot be."""
    if not _NAMED.fullmatch(name):
        raise InputError(f"{name!r} cannot be the id of a case: write 1 to 64 letters, digits, . - or _")
    return name


def is_case(stream: str) -> bool:
    """Return whether a stream is a case's."""
    return stream.startswith(CASES)


def chained(
    tenant: str,
    stream: str,
    head: Snapshot | None,
    events: Iterable[tuple[Any, dt.datetime, str]],
    now: dt.datetime,
    kinds: Mapping[type, str] = KIND_OF,
) -> tuple[NewEvent, ...]:
    """Return events, each with when it happened and who acted, encoded and linked to the stream's head.

    They are recorded `now`; `kinds` says what they are stored as.
    """
    version, before = (0, GENESIS) if head is None else (head.version, head.hash)
    made, recorded = [], to_micros(now)
    for event, moment, actor in events:
        at = recorded if moment is now else to_micros(moment)
        kind, data = kinds[type(event)], encode(event)
        version += 1
        before = link(before, tenant, stream, version, kind, at, recorded, actor, data)
        made.append(NewEvent(kind, at, recorded, actor, data, before))
    return tuple(made)


def not_before(store: Store, tenant: str, stream: str, head: Snapshot | None, at: dt.datetime) -> dt.datetime:
    """Return when something happens in a stream: never before its last event, also where a clock was set back."""
    last = None if head is None else next(store.events(tenant, stream, after=head.version - 1), None)
    return at if last is None else max(at, from_micros(last.at))


class CaseStream(msgspec.Struct, eq=False, gc=False):
    """Hold one case while commands change it: its head, the case as it was and is, and what is to be appended.

    `row` is the row of the index as it was, where that is known.
    """

    id: str
    name: str
    head: Snapshot | None
    before: Case | None
    case: Case | None
    definition: Compiled
    row: IndexRow | None = None
    moments: list[tuple[CaseEvent, dt.datetime, str]] = []
    vault: list[VaultRow] = []
    looked: dt.datetime | None = None

    def record(
        self, events: Iterable[CaseEvent], at: dt.datetime, actor: str, entropy: Callable[[int], bytes]
    ) -> None:
        """Record events; personal values go into the vault, and the case still knows them."""
        definition, case, moments = self.definition, self.case, self.moments
        known: dict[str, Any] = {}
        for event in events:
            if definition.seals:
                event = _sealed(event, definition, self.name, entropy, self.vault, known)
            moments.append((event, at, actor))
            before, case = case, evolve(case, self.id, event, at, actor)
            if definition.refers:
                case = _remembering(before, case, event, definition)
        if known and case is not None:
            kept = {name: value for name, value in known.items() if name in case.sealed}
            case = replace(case, fields={**case.fields, **kept})
        self.case = case

    def done(self, decision: Decision) -> Done:
        """Return the answer to who asked for what was recorded; raises InputError where that is nothing."""
        case, version = self.case, len(self.moments)  # 0 says that nothing changed
        if case is None:
            raise InputError("nothing was decided")
        if version and self.head is not None:
            version += self.head.version
        return Done(case.id, case.stage, case.outcome, version, decision.warned, decision.observed)

    def write(self, tenant: str, now: dt.datetime, world: World) -> Write:
        """Return the write that appends what was recorded; raises PlaybookError where that is nothing."""
        case = self.case
        if case is None:
            raise PlaybookError(f"nothing was decided for case {self.id}")
        name, head, definition = self.name, self.head, self.definition
        events = chained(tenant, name, head, self.moments, now)
        last = events[-1].at if events else None
        return Write(
            name,
            0 if head is None else head.version,
            events,
            encode_case(case),
            FOLD,
            index_row(case, definition, last, self.before, self.row) if definition.whole else None,
            due_rows(case, definition, tenant, world, self.looked or case.last)
            if definition.awaits
            else None,
        )


def due_rows(
    case: Case, definition: Compiled, tenant: str, world: World, looked: dt.datetime
) -> tuple[DueRow, ...]:
    """Return when timers and reminders strike, and when to look at the case again, which was `looked` at before."""
    queue = timers_queue(tenant)
    rows = [DueRow(one.timer, queue, to_micros(one.due)) for one in definition.armed(case, world)]
    look = None if definition.automation is None else definition.automation.look(case, world, looked)
    if look is not None:
        rows.append(DueRow(LOOK, queue, to_micros(look)))
    if case.approvals and definition.approvals:
        calendar = world.calendar_of(case.owner, case.team, case.last)
        rows += [
            DueRow(f"{REMINDER}{name}", queue, to_micros(at))
            for name, at in reminders(case, definition, calendar)
            if (state := case.timers.get(f"{REMINDER}{name}")) is None
            or state.fired != case.approvals[name].at
        ]
    return tuple(rows)


def timers_queue(tenant: str) -> str:
    """Return the queue of a tenant's timers."""
    return f"timers:{tenant}"


def _sealed(
    event: CaseEvent,
    definition: Compiled,
    stream: str,
    entropy: Callable[[int], bytes],
    vault: list[VaultRow],
    known: dict[str, Any],
) -> CaseEvent:
    """Return the event with personal values replaced by references into the vault."""
    if isinstance(event, (Opened, Changed)):
        fields: Mapping[str, Field] = definition.fields
    elif isinstance(event, Logged):
        fields, known = definition.entry_fields(event.kind), {}
    else:
        return event
    return replace(event, fields=sealed(event.fields, fields, stream, entropy, vault, known))


def sealed(
    values: Mapping[str, Any],
    fields: Mapping[str, Field],
    stream: str,
    entropy: Callable[[int], bytes],
    vault: list[VaultRow],
    known: dict[str, Any],
) -> dict[str, Any]:
    """Return values with references into the vault for personal ones, which are added to what is known.

    The subject of one is the record or person that it names, else what the stream is about.
    """
    kept = dict(values)
    for name, value in values.items():
        field = fields.get(name)
        if value is not None and field is not None and field.personal:
            ref, salt, data = entropy(12).hex(), entropy(16), encode(value)
            vault.append(VaultRow(ref, _subject(field, value) or stream, salt, data))
            kept[name] = {SEAL: ref, "h": commitment(salt, data)}
            known[name] = value
    return kept


def _subject(field: Field, value: Any) -> str:
    if field.type == "reference" and field.to:
        return record_stream(field.to, value)
    return f"person:{value}" if field.type == "person" else ""


def reveal(case: Case, definition: Compiled, rows: Mapping[str, VaultRow | None]) -> Case:
    """Return the case with the personal values that the vault still has."""
    fields = dict(case.fields)
    for name, seal in case.sealed.items():
        row = rows.get(seal.ref)
        if row is not None and name in definition.fields:
            fields[name] = load(definition.fields[name], msgspec.json.decode(row.value))
    return replace(case, fields=fields)


def fold_case(
    id: str,  # noqa: A002
    events: Iterable[StoredEvent],
    pinned: Callable[[str, str], Compiled],
) -> tuple[Case | None, Compiled | None]:
    """Fold stored events of a case; personal values stay sealed."""
    case: Case | None = None
    definition: Compiled | None = None
    for stored in events:
        event = decode_event(stored.kind, stored.data)
        if isinstance(event, Opened):
            definition = pinned(event.playbook, event.digest)
        if definition is not None:
            event = revive(event, definition)
        at = from_micros(stored.at)
        if definition is None:
            raise ValueError(f"case {id} does not begin with its opening")
        case = _remembering(case, evolve(case, id, event, at, stored.actor), event, definition)
    return case, definition


def _remembering(case: Case | None, after: Case, event: CaseEvent, definition: Compiled) -> Case:
    """Return a case after an event as one that remembers what it referred to."""
    if definition.refers and case is not None and type(event) is Changed:
        before, now = (
            links(definition.playbook.fields, c.fields, definition.personal) for c in (case, after)
        )
        if before != now:
            after = replace(after, former=former(case.former, before, now))
    return after


def organization_changes(now: Organization, wanted: Organization) -> tuple[OrganizationEvent, ...]:
    """Return the events that bring in what is wanted: settings first, then rules, teams, people, by id.

    People and teams that are there and not wanted stay: they come from files and imports alike, and history
    needs them; so do quotas and rates that were imported. Settings and rules come from a file alone, which replaces
    them whole.
    """
    events: list[OrganizationEvent] = []
    if wanted.settings.id and wanted.settings != now.settings:
        events.append(SettingsSet(wanted.settings))
    if wanted.settings.id and encode(wanted.rules) != encode(now.rules):  # a stored tree has lists for tuples
        events.append(RulesSet(wanted.rules))
    events.extend(TeamSet(team) for id_, team in sorted(wanted.teams.items()) if now.teams.get(id_) != team)
    events.extend(
        PersonSet(person) for id_, person in sorted(wanted.people.items()) if now.people.get(id_) != person
    )
    new = (now.imported or Imported()).new(wanted.imported or Imported())
    if new.quotas:
        events.append(QuotasImported(new.quotas))
    if new.rates:
        events.append(RatesImported(new.rates))
    return tuple(events)
