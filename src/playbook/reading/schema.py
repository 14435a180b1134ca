"""JSON Schemas of every kind of file, and their breaches as Problems at a place in the text.

What breaches the schema is reported and taken out of the tree, so that what follows can trust its shape.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any

import attrs
from jsonschema import Draft7Validator, exceptions, validators

from playbook.errors import PluginError, UnknownName
from playbook.expressions import STANDARD
from playbook.reading import breaches
from playbook.shipping import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.expressions import Function
    from playbook.model.contributions import ActionKind, CriterionKind
    from playbook.reading.source import Source

KINDS = ("playbook", "record", "organization", "mapping", "translation", "project")
TRUTH = {"yes": True, "on": True, "no": False, "off": False}
"""Words that stay text unless a boolean is asked for."""


@attrs.frozen
class Contributed:
    """Hold what plugins add to the language, by name."""

    criteria: Mapping[str, CriterionKind] = attrs.field(factory=dict)
    actions: Mapping[str, ActionKind] = attrs.field(factory=dict)
    functions: Mapping[str, Function] = STANDARD


def schema(
    kind: str,
    criteria: Mapping[str, CriterionKind] | None = None,
    actions: Mapping[str, ActionKind] | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema (draft-07) of a kind of file, with the criteria and actions that plugins add.

    Raises UnknownName for an unknown kind, PluginError where the schema of a contribution is none.
    """
    return _merged(kind, _added(Contributed(criteria or {}, actions or {})))


def validate(source: Source, kind: str, contributed: Contributed) -> None:
    """Report every breach of the schema, and take the offending parts out of the tree."""
    added = _added(contributed) if kind == "playbook" else {}
    validator = _validator(kind, json.dumps(added, sort_keys=True))
    drops = breaches.Drops()
    for error in validator.iter_errors(source.root):
        breaches.explain(source, error, drops)
    drops.carry_out()


def _added(contributed: Contributed) -> dict[str, dict[str, Any]]:
    """Return the schemas that plugins add, by the definition they belong to and their name."""
    kinds: dict[str, Mapping[str, CriterionKind | ActionKind]] = {
        "criterion": contributed.criteria, "action": contributed.actions,
    }  # fmt: skip
    return {
        part: {name: {"title": name, "description": item.doc, **item.schema} for name, item in items.items()}
        for part, items in kinds.items()
    }


def _merged(kind: str, added: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if kind not in KINDS:
        raise UnknownName("kind of file", kind, KINDS)
    text = (shipped("schemas") / f"{kind}.schema.json").read_text(encoding="utf-8")
    merged: dict[str, Any] = json.loads(text)
    if kind == "playbook":
        for part, schemas in added.items():
            keys = merged["definitions"][part]["properties"]
            for name in sorted(schemas):
                keys[name] = _checked(name, schemas[name], part)
    return merged


def _checked(name: str, schema: Any, part: str) -> Any:
    try:
        Draft7Validator.check_schema(schema)
    except exceptions.SchemaError as error:
        raise PluginError(name, f"the schema of this {part} is not one: {error.message}") from None
    return schema


@functools.lru_cache(maxsize=64)
def _validator(kind: str, added: str) -> Any:
    return _Validator(_merged(kind, json.loads(added)))


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[exceptions.ValidationError]:
    # `$` also matches before a line break at the end, which an id must not have.
    if isinstance(instance, str) and (not re.search(pattern, instance) or instance.endswith("\n")):
        yield exceptions.ValidationError(f"{instance!r} does not match {pattern!r}")


def _is_boolean(_: Any, instance: object) -> bool:
    return isinstance(instance, bool) or (isinstance(instance, str) and instance.lower() in TRUTH)


_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft7Validator,
    {"pattern": _pattern},
    type_checker=Draft7Validator.TYPE_CHECKER.redefine("boolean", _is_boolean),
)
