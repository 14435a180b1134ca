"""Shelves: what was counted, by who is credited with it; what is too much for memory waits in a file."""

from __future__ import annotations

import tempfile
import weakref
from collections import defaultdict
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from playbook_commission.credits.things import Thing, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOM = 50_000
"""How many things are kept in memory; beyond that the file holds them."""

_SHELVES = 256

_PUT = msgspec.msgpack.Encoder()
_TAKE = msgspec.msgpack.Decoder(dict[str, list[Thing]])


class Shelves:
    """Hold things by person; those of people whose names are neighbours lie on the same shelf of the file.

    So who goes through people in the order of their names reads the file once, a shelf at a time.
    """

    def __init__(self, people: Iterable[str], room: int = ROOM) -> None:
        names = sorted(people)
        self._of = {name: place * _SHELVES // len(names) for place, name in enumerate(names)}
        self._here = defaultdict[str, list[Thing]](list)
        self._blocks = defaultdict[int, list[tuple[int, int]]](list)
        self._room = room
        self._held = 0
        self._file: BinaryIO | None = None
        self._open: tuple[int, dict[str, list[Thing]]] = (-1, {})

    def put(self, things: Iterable[Thing], whose: Callable[[Thing], Iterable[str]]) -> None:
        """Add things, each to everybody whose it is."""
        here, held = self._here, self._held
        for thing in things:
            for name in whose(thing):
                here[name].append(thing)
                held += 1
        self._held = held
        if held > self._room:
            self._put_away()

    def take(self, name: str) -> list[Thing]:
        """Return the things of a person, in the order of days."""
        shelf = self._of.get(name, 0)
        if self._open[0] != shelf:
            self._open = shelf, self._on(shelf)
        return in_order([*self._open[1].get(name, ()), *self._here.get(name, ())])

    def __iter__(self) -> Iterator[Thing]:
        """Yield everything, as often as there are people whose it is, in no order that means anything."""
        for shelf in sorted(self._blocks):
            for things in self._on(shelf).values():
                yield from things
        for things in self._here.values():
            yield from things

    def _on(self, shelf: int) -> dict[str, list[Thing]]:
        """Return what was put away on a shelf."""
        found = defaultdict[str, list[Thing]](list)
        for begin, size in self._blocks.get(shelf, ()):
            assert self._file is not None
            self._file.seek(begin)
            for name, things in _TAKE.decode(self._file.read(size)).items():
                found[name] += things
        return found

    def _put_away(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lasts as long as the shelves
            weakref.finalize(self, self._file.close)
        shelves = defaultdict[int, dict[str, list[Thing]]](dict)
        for name, things in self._here.items():
            shelves[self._of.get(name, 0)][name] = things
        begin = self._file.seek(0, 2)
        for shelf, of in shelves.items():
            size = self._file.write(_PUT.encode(of))
            self._blocks[shelf].append((begin, size))
            begin += size
        self._here.clear()
        self._held, self._open = 0, (-1, {})
