"""Guidance: what the playbook says to whoever works on a case in a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from playbook.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.model.playbook import Playbook

FORMS = (
    "goal", "script", "questions", "objections", "pitfalls", "resources", "templates",
    "persona", "value", "competitors", "glossary",
)  # fmt: skip
"""The forms of guidance in the order in which people read them; others follow by name."""


class Item(msgspec.Struct, frozen=True):
    """Hold one thing to read: a text, a name or what the buyer says before it, and a link."""

    text: str
    name: str = ""
    link: str = ""


class Part(msgspec.Struct, frozen=True):
    """Hold guidance of one form, such as goal, questions or objections."""

    form: str
    items: tuple[Item, ...]


class Beside(msgspec.Struct, frozen=True):
    """Hold what a published file adds to the guidance of a case: its kind, id and title, and what it says."""

    kind: str
    id: str
    title: str
    parts: tuple[Part, ...]


class Guidance(msgspec.Struct, frozen=True):
    """Hold the guidance of a stage, that of the whole process, and what other files add for the case."""

    stage: str
    title: str
    here: tuple[Part, ...]
    process: tuple[Part, ...]
    beside: tuple[Beside, ...] = ()


def guidance(playbook: Playbook, stage: str) -> Guidance:
    """Return the guidance of a playbook for a stage; raises UnknownName."""
    found = next((one for one in playbook.stages if one.id == stage), None)
    if found is None:
        raise UnknownName("stage", stage, (one.id for one in playbook.stages))
    return Guidance(stage, found.title or stage, _parts(found.guidance), _parts(playbook.guidance))


def beside(kind: str, id: str, title: str, said: Mapping[str, Any]) -> Beside:  # noqa: A002
    """Return what a file adds to guidance, in the forms that a playbook has."""
    return Beside(kind, id, title, _parts(said))


def _parts(said: Any) -> tuple[Part, ...]:
    given: Mapping[str, Any] = said if isinstance(said, dict) else {"guidance": said} if said else {}
    forms = (
        *(form for form in FORMS if form in given),
        *(form for form in sorted(given) if form not in FORMS),
    )
    parts = (Part(form, tuple(_items(given[form]))) for form in forms)
    return tuple(part for part in parts if part.items)


def _items(said: Any) -> Iterator[Item]:
    """Yield what a form says: a text, a list of texts or of maps, a map of texts by name."""
    if isinstance(said, dict):
        yield from (Item(_text(value), str(name)) for name, value in said.items())
    elif isinstance(said, list | tuple):
        yield from (_item(one) for one in said)
    elif said is not None:
        yield Item(_text(said))


def _item(said: Any) -> Item:
    if not isinstance(said, dict):
        return Item(_text(said))
    rest = dict(said)
    name = next((_text(rest.pop(key)) for key in ("says", "title") if key in rest), "")
    link = _text(rest.pop("link", ""))
    text = _text(rest.pop("answer", ""))
    more = "; ".join(f"{key}: {_text(value)}" for key, value in rest.items())
    return Item("; ".join(filter(None, (text, more))), name, link)


def _text(said: Any) -> str:
    if isinstance(said, dict):
        return "; ".join(f"{name}: {_text(value)}" for name, value in said.items())
    if isinstance(said, list | tuple):
        return ", ".join(_text(one) for one in said)
    return "" if said is None else str(said).strip()
