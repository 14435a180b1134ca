"""Conditions that wait: read from the tree, not yet checked, since what they may name is not known whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from playbook.expressions.types import BOOL
from playbook.model.rules import Condition

if TYPE_CHECKING:
    from playbook.expressions import Type
    from playbook.reading.source import Map


@attrs.frozen(eq=False)
class Pending:
    """Stand where the stored tree will be.

    `event` is the place in the text, `wanted` the type that is needed (None for any), `about` what it may name:
    in a playbook, nothing or the playbook of the case that `child` names; in an organization, its playbook or
    the subject of its cases.
    """

    event: Any
    wanted: Type | None = BOOL
    about: str = ""


@attrs.frozen(eq=False)
class Text:
    """Hold a text with placeholders, its place, and what they may name as a Pending has it."""

    text: str
    event: Any
    about: str = ""


def condition(data: Map, key: str, wanted: Type | None = BOOL, about: str = "") -> Condition | None:
    """Return the condition under a key, or None where there is none; `structure` of a kind of file asks for it.

    `wanted` is the type that it must have (None for any), `about` what the kind's `environment` is asked with. What
    the condition may name is known when the whole project is read: its mistakes are told then, each at its place.
    """
    text = data.get(key)
    return None if text is None else Condition(text, Pending(data.places[key][1], wanted, about))
