"""What an engine holds of cases and of the organization, so that it is read and decoded once.

What is held may be out of date. So a batch says which versions it was decided on, the store refuses it where one
has moved on, and an answer that appends nothing is given only on what was read afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from playbook.engine.definitions import stream_of
from playbook.engine.streams import ORGANIZATION, CaseStream, case_stream, fold_case, reveal
from playbook.errors import InputError, UnknownName
from playbook.model.case import FOLD, OPEN
from playbook.model.commands import Open
from playbook.model.organization import Organization
from playbook.process.codec import decode_case, revive_case
from playbook.process.facts import World
from playbook.stores.interface import Snapshot

if TYPE_CHECKING:
    from playbook.engine.definitions import Definitions
    from playbook.model.case import Case
    from playbook.model.commands import Command
    from playbook.plugins import Registry
    from playbook.process.compiled import Compiled
    from playbook.stores.interface import IndexRow, Store

    # what a command is decided on, the versions that must still hold, and whether it was read now
    Basis = tuple[CaseStream, World, tuple[tuple[str, int], ...], bool]

_HELD = 4096
_ORGANIZATION = msgspec.json.Decoder(Organization)


class _World(msgspec.Struct, frozen=True):
    hash: bytes
    reads: tuple[tuple[str, int], ...]
    world: World


class Held:
    """Hold cases and the organization of one tenant by the hashes of their heads."""

    def __init__(self, store: Store, tenant: str, registry: Registry, definitions: Definitions) -> None:
        self._store = store
        self._tenant = tenant
        self._functions = registry.functions
        self._definitions = definitions
        self._cases: dict[str, tuple[Snapshot, Case, IndexRow | None]] = {}
        self._world: _World | None = None

    def basis(self, command: Command, fresh: bool) -> Basis:
        """Return what a command is decided on; raises UnknownName where there is no such case."""
        held = self._world
        if type(command) is Open:
            new = None if fresh or held is None else self._held_for_new(command, held)
            return new or self._read_for_new(command)
        name = case_stream(command.case)
        known = self._cases.get(name)
        if fresh or known is None or held is None:
            return self._read(command.case, name)
        head, case, row = known
        definition = self._definitions.pinned(case.playbook, case.digest)
        stream = CaseStream(command.case, name, head, case, case, definition, row)
        return stream, held.world, held.reads, False

    def _read(self, id_: str, name: str) -> Basis:
        heads = self._store.load(self._tenant, (name, ORGANIZATION))
        head = heads.get(name)
        if head is None:
            raise UnknownName("case", id_)
        case, definition = self.case(name, head)
        held = self._see(heads.get(ORGANIZATION))
        stream = CaseStream(id_, name, head, case, case, definition)
        return stream, held.world, held.reads, True

    def _held_for_new(self, command: Open, held: _World) -> Basis | None:
        """Return what is held for a new case; that there is none of its name shows when it is appended."""
        current = self._definitions.held(command.playbook)
        if current is None:
            return None
        definition, version = current
        stream = CaseStream(command.case, case_stream(command.case), None, None, None, definition)
        return stream, held.world, (*held.reads, (stream_of(command.playbook), version)), False

    def _read_for_new(self, command: Open) -> Basis:
        name, playbook = case_stream(command.case), stream_of(command.playbook)
        heads = self._store.load(self._tenant, (name, ORGANIZATION, playbook))
        if name in heads:
            raise InputError(f"there is a case {command.case!r} already")
        definition = self._definitions.current(command.playbook, heads.get(playbook))
        held = self._see(heads.get(ORGANIZATION))
        stream = CaseStream(command.case, name, None, None, None, definition)
        return stream, held.world, held.reads, True

    def stream(self, case: str) -> CaseStream:
        """Return the stream of a case; raises UnknownName."""
        name = case_stream(case)
        head = self._store.load(self._tenant, (name,)).get(name)
        if head is None:
            raise UnknownName("case", case)
        found, definition = self.case(name, head)
        return CaseStream(case, name, head, found, found, definition)

    def world(self, head: Snapshot | None) -> World:
        """Return the organization of a head, with its zone, calendars and rates."""
        return self._see(head).world

    def _see(self, head: Snapshot | None) -> _World:
        held = self._world
        if head is None:
            return _World(b"", ((ORGANIZATION, 0),), World(Organization()))
        if held is None or held.hash != head.hash:
            world = World(_ORGANIZATION.decode(head.data), self._functions)
            held = self._world = _World(head.hash, ((ORGANIZATION, head.version),), world)
        return held

    def case(self, stream: str, head: Snapshot) -> tuple[Case, Compiled]:
        """Return the case of a head, with the definition that it is pinned to."""
        known = self._cases.get(stream)
        if known is not None and known[0].hash == head.hash:
            return known[1], self._definitions.pinned(known[1].playbook, known[1].digest)
        if head.fold == FOLD and head.data:
            raw = decode_case(head.data)
            definition = self._definitions.pinned(raw.playbook, raw.digest)
            case = revive_case(raw, definition)
        else:
            name = stream.partition(":")[2]
            folded, found = fold_case(
                name, self._store.events(self._tenant, stream), self._definitions.pinned
            )
            if folded is None or found is None:
                raise UnknownName("case", name)
            case, definition = folded, found
        case = self.revealed(case, definition)
        self.remember(stream, head.version, head.hash, case)
        return case, definition

    def revealed(self, case: Case, definition: Compiled) -> Case:
        """Return the case with the personal values that the vault still has."""
        if not case.sealed:
            return case
        refs = [seal.ref for seal in case.sealed.values()]
        return reveal(case, definition, self._store.vault(self._tenant, refs))

    def remember(
        self, stream: str, version: int, head: bytes, case: Case, row: IndexRow | None = None
    ) -> None:
        """Hold a case by its head; one that is closed or has personal values is not held."""
        if case.sealed or case.outcome != OPEN:
            self._cases.pop(stream, None)
            return
        if len(self._cases) >= _HELD:
            self._cases.clear()
        self._cases[stream] = (Snapshot(version, head, FOLD, b""), case, row)

    def forget(self, stream: str) -> None:
        """Read a case and the organization afresh when they are next asked for."""
        self._cases.pop(stream, None)
        self._world = None
