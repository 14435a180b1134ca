"""JSON Schemas of every kind of file, and their breaches as Problems at a place in the text.

What breaches the schema is reported and taken out of the tree, so that what follows can trust its shape.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from typing import TYPE_CHECKING, Any

import attrs
from jsonschema import Draft7Validator, exceptions, validators

from playbook.errors import PluginError, UnknownName
from playbook.expressions import STANDARD
from playbook.reading import breaches
from playbook.reading.fitting import fitting
from playbook.reading.kinds import shape_of
from playbook.reading.source import TRUTH
from playbook.reading.standard import STANDARD_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.expressions import Function
    from playbook.model.contributions import ActionKind, Brought, CriterionKind
    from playbook.model.expectations import Expectation
    from playbook.reading.fitting import Fits
    from playbook.reading.kinds import FileKind, Parsed, Shape
    from playbook.reading.source import Source

KINDS = tuple(STANDARD_KINDS)


@attrs.frozen
class Contributed:
    """Hold what plugins add to the language, by name."""

    criteria: Mapping[str, CriterionKind] = attrs.field(factory=dict)
    actions: Mapping[str, ActionKind] = attrs.field(factory=dict)
    functions: Mapping[str, Function] = STANDARD
    kinds: Mapping[str, FileKind] = STANDARD_KINDS
    expectations: Mapping[str, Expectation] = attrs.field(factory=dict)
    declared: Mapping[str, Mapping[str, Brought]] = attrs.field(factory=dict)


def schema(
    kind: str,
    criteria: Mapping[str, CriterionKind] | None = None,
    actions: Mapping[str, ActionKind] | None = None,
    kinds: Mapping[str, FileKind] = STANDARD_KINDS,
    expectations: Mapping[str, Expectation] | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema (draft-07) of a kind of file, with what plugins add to it.

    Raises UnknownName for an unknown kind, PluginError where the schema of a contribution is none.
    """
    if kind not in kinds:
        raise UnknownName("kind of file", kind, kinds)
    found = kinds[kind]
    contributed = Contributed(criteria or {}, actions or {}, expectations=expectations or {})
    return _merged(found, _added(shape_of(found), contributed))


def validate(source: Source, kind: FileKind, contributed: Contributed) -> None:
    """Report every breach of the schema, and take the offending parts out of the tree."""
    added = _added(shape_of(kind), contributed)
    validator, fits = _validator(kind, json.dumps(added, sort_keys=True))
    if not fits(source.root):
        _tell(source, validator)


def check_part(parsed: Parsed, path: tuple[str, ...], schema: Mapping[str, Any], name: str) -> None:
    """Report where what lies at a path of keys breaches a schema (draft-07), and take that out of the tree.

    The `structure` of a kind of file asks for it where the schema depends on what the file says, as that of options
    does which another plugin takes; `name` says whose schema it is. Raises PluginError where it is none.
    """
    whole: Any = _checked(name, schema, "contribution")
    for part in reversed(path):
        whole = {"properties": {part: whole}}
    _tell(parsed.source, _Validator(whole))


def _tell(source: Source, validator: Any) -> None:
    drops = breaches.Drops()
    for error in validator.iter_errors(source.root):
        breaches.explain(source, error, drops)
    drops.carry_out()


def _added(shape: Shape, contributed: Contributed) -> dict[str, dict[str, Any]]:
    """Return the schemas that plugins add to a kind's, by the definition they belong to and their name."""
    kinds: dict[str, Mapping[str, CriterionKind | ActionKind | Expectation]] = {
        "criterion": contributed.criteria, "action": contributed.actions, "expect": contributed.expectations,
    }  # fmt: skip
    return {
        part: {
            name: {"title": name, "description": item.doc, **item.schema}
            for name, item in kinds[part].items()
        }
        for part in shape.grows
    }


def _merged(kind: FileKind, added: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = copy.deepcopy(dict(_checked(kind.name, shape_of(kind).schema, "kind of file")))
    for part, schemas in added.items():
        keys = merged["definitions"][part]["properties"]
        for name in sorted(schemas):
            if name in keys:
                raise PluginError(
                    name, f"the language has the {part} {name!r} itself; give yours another name"
                )
            keys[name] = _checked(name, schemas[name], part)
    return merged


def _checked(name: str, schema: Any, part: str) -> Any:
    try:
        Draft7Validator.check_schema(schema)
    except exceptions.SchemaError as error:
        raise PluginError(name, f"the schema of this {part} is not one: {error.message}") from None
    return schema


@functools.lru_cache(maxsize=64)
def _validator(kind: FileKind, added: str) -> tuple[Any, Fits]:
    merged = _merged(kind, json.loads(added))
    return _Validator(merged), fitting(merged, functools.partial(_is_boolean, None))


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
