"""Regions: which values things may have together, as a union of boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from playbook.expressions import Node

Key = tuple[str, Node, str]
"""What is constrained: how it is looked at, the tree of the value, and more where one value has several scales."""

Box = Mapping[Key, Any]
"""What each thing may be, all at once; what is not named may be anything. Values are `checking.sets.Values`."""

_MOST = 64
_PAIRS = 1_000


class TooManyError(Exception):
    """End reasoning that grows beyond what is worth it; who catches it says nothing."""


@attrs.frozen(eq=False)
class Region:
    """Hold boxes; what lies in one of them lies in the region."""

    boxes: tuple[Box, ...]

    @property
    def empty(self) -> bool:
        """Return whether nothing lies in it."""
        return not self.boxes

    def both(self, other: Region) -> Region:
        """Return what lies in both; raises TooManyError."""
        if len(self.boxes) * len(other.boxes) > _PAIRS:
            raise TooManyError
        return region(_met(one, two) for one in self.boxes for two in other.boxes)

    def either(self, other: Region) -> Region:
        """Return what lies in one of them; raises TooManyError."""
        return region((*self.boxes, *other.boxes))

    def rest(self) -> Region:
        """Return everything else; raises TooManyError."""
        found = EVERYTHING
        for box in self.boxes:
            found = found.both(region({key: values.rest()} for key, values in box.items()))
        return found

    @property
    def keys(self) -> frozenset[Key]:
        """Return everything that is constrained in one of its boxes."""
        return frozenset(key for box in self.boxes for key in box)

    def within(self, other: Region) -> bool:
        """Return whether all of it lies in another; raises TooManyError."""
        return self.both(other.rest()).empty


def region(boxes: Iterable[Box | None]) -> Region:
    """Return the union of boxes; those with nothing in them and repeated ones are left out."""
    found: dict[frozenset[Any], Box] = {}
    for box in boxes:
        if box is not None and not any(values.empty for values in box.values()):
            if not box:
                return EVERYTHING
            found.setdefault(frozenset(box.items()), box)
            if len(found) > _MOST:
                raise TooManyError
    return Region(tuple(found.values()))


def _met(one: Box, other: Box) -> Box | None:
    """Return what lies in both boxes, or None where nothing does."""
    if len(one) < len(other):
        one, other = other, one
    met = dict(one)
    for key, values in other.items():
        mine = met.get(key)
        met[key] = values if mine is None else mine.meet(values)
        if met[key].empty:
            return None
    return met


NOTHING = Region(())
EVERYTHING = Region(({},))
