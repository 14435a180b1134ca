"""A file that starts from another: maps merge by key, null removes, lists replace, neighbours order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import nearest_hint
from playbook.reading import codes
from playbook.reading.events import read
from playbook.reading.named import named
from playbook.reading.source import List, Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.reading.files import Files
    from playbook.reading.source import Source

KEY = "extends"
_ORDERED = frozenset(("fields", "entries", "criteria", "stages", "territories"))
_ORDERED_IN_STAGE = frozenset(("activities", "entry", "exit"))


def extend(source: Source, kind: str, files: Files | None, before: tuple[str, ...] = ()) -> None:
    """Put what the file starts from under what it says; report where that cannot be read.

    `before` are the files that led here. A value keeps its place in the file in which it stands.
    """
    root = source.root
    if root is None or KEY not in root:
        return
    base = _base(source, root, kind, files, (*before, source.file))
    if base is None or base.root is None:
        source.whole = False
        return
    source.bases |= {**base.bases, base.file: base}
    source.origins |= {id(event): base.owner(event) for event in _events(base.root)}
    merged = _merged(source, base.root, root, ())
    first = Map()
    for key in (kind, *merged):
        if key != KEY and key in merged:
            _put(first, merged, key)
    source.root = first


def _base(
    source: Source, root: Map, kind: str, files: Files | None, before: tuple[str, ...]
) -> Source | None:
    """Return the file that is started from, whole itself, or None where it cannot be."""
    span = source.value(root, KEY)
    if files is None or not isinstance(root[KEY], str):
        message = "a file that starts from another is read with it, in its project"
        source.report(codes.NAMED_FILE, message, span, "name the other file by its path from this one")
        return None
    other = named(source, root, KEY, files)
    if other is None:
        return None
    if other.file in before:
        circle = " from ".join((*before[before.index(other.file) :], other.file))
        source.report(codes.CIRCLE, f"files start from each other: {circle}", span, "remove one `extends`")
        return None
    base = read(other.text, other.file)
    found = next(iter(base.root), "") if base.root else ""
    if base.root is not None and found != kind:
        message = f"{root[KEY]!r} does not begin with `{kind}`, as what this file starts from must"
        source.report(codes.NAMED_FILE, message, span)
        return None
    extend(base, kind, files, before)
    source.problems += base.problems
    return base if base.whole else None


def _events(holder: Map | List) -> Iterator[Any]:
    """Yield the event of every key and value."""
    if isinstance(holder, Map):
        for key, places in holder.places.items():
            yield from places
            if isinstance(holder[key], Map | List):
                yield from _events(holder[key])
    else:
        yield from holder.places
        for item in holder:
            if isinstance(item, Map | List):
                yield from _events(item)


def _merged(source: Source, base: Map, own: Map, path: tuple[str, ...]) -> Map:
    merged = Map()
    merged.broken = base.broken or own.broken
    for key in base:
        if key not in own:
            _put(merged, base, key)
        elif isinstance(own[key], Map) and isinstance(base[key], Map):
            _put(merged, own, key, _merged(source, base[key], own[key], (*path, key)))
        elif own[key] is not None:
            _put(merged, own, key)
    for key in own:
        if key not in base:
            _put(merged, own, key)
    in_stage = len(path) == 3 and path[0] == "stages" and path[2] in _ORDERED_IN_STAGE
    if in_stage or (len(path) == 1 and path[0] in _ORDERED):
        for key in own:
            if isinstance(merged.get(key), Map):
                merged = _placed(source, merged, key, is_new=key not in base, keeps=path[-1] == "activities")
    return merged


def _placed(source: Source, holder: Map, key: str, *, is_new: bool, keeps: bool) -> Map:
    """Return a map with one entry moved before or after the neighbour that it names.

    `after` of an activity also says what it waits for, so it stays, and moves only what is new.
    """
    data: Map = holder[key]
    for side in ("before", "after"):
        neighbour = data.get(side)
        stays = keeps and side == "after"
        if not isinstance(neighbour, str) or (stays and not (is_new and neighbour in holder)):
            continue
        if neighbour not in holder or neighbour == key:
            hint = nearest_hint(neighbour, [name for name in holder if name != key]).removeprefix("; ")
            message = f"there is nothing called {neighbour!r} to stand {side}"
            source.report(codes.UNKNOWN_NEIGHBOUR, message, source.value(data, side), hint)
        else:
            holder = _moved(holder, key, neighbour, later=side == "after")
        if not stays:
            del data[side]
    return holder


def _moved(holder: Map, key: str, neighbour: str, *, later: bool) -> Map:
    order = [name for name in holder if name != key]
    order.insert(order.index(neighbour) + later, key)
    moved = Map()
    moved.broken = holder.broken
    for name in order:
        _put(moved, holder, name)
    return moved


def _put(target: Map, holder: Map, key: str, value: Any = None) -> None:
    target[key] = holder[key] if value is None else value
    target.places[key] = holder.places[key]
