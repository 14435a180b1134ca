"""A quick yes: whether a tree surely fits its schema, so that nobody has to look for what breaches it.

A file without mistakes is the common one, and walking a schema for each value costs more than all else together.
Where the answer is no, it may still fit: keywords and values that are not understood here count as no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sized
from decimal import Decimal
from typing import Any

Fits = Callable[[Any], bool]

_SAYS_NOTHING = frozenset(
    ("title", "description", "examples", "definitions", "$schema", "$id", "default", "$comment")
)
_REFERENCE = "#/definitions/"


def fitting(schema: Mapping[str, Any], is_boolean: Fits) -> Fits:
    """Return a test that a value surely fits a JSON Schema (draft-07); `is_boolean` says what counts as one."""
    return _Compiler(schema.get("definitions", {}), is_boolean).fits(schema)


def _no(_: Any) -> bool:
    return False


def _yes(_: Any) -> bool:
    return True


class _Compiler:
    """Make tests of one schema; a definition is made once, when it is first needed."""

    def __init__(self, definitions: Mapping[str, Any], is_boolean: Fits) -> None:
        self._definitions = definitions
        self._made: dict[str, Fits] = {}
        self._types: Mapping[str, Fits] = {
            "string": lambda value: isinstance(value, str),
            "object": lambda value: isinstance(value, dict),
            "array": lambda value: isinstance(value, list),
            "null": lambda value: value is None,
            "boolean": is_boolean,
            "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda value: isinstance(value, int | Decimal) and not isinstance(value, bool),
        }

    def fits(self, schema: Any) -> Fits:
        """Return the test of a schema."""
        if schema is True or schema == {}:
            return _yes
        if not isinstance(schema, dict):
            return _no
        if "$ref" in schema:
            return self._referred(schema["$ref"])
        tests: list[Fits] = []
        for name, said in schema.items():
            if name not in _SAYS_NOTHING and name not in _WITH_PROPERTIES:
                maker = _MAKERS.get(name)
                tests.append(_no if maker is None else maker(self, said))
        if not _WITH_PROPERTIES.isdisjoint(schema):
            tests.append(self._map(schema))
        return tests[0] if len(tests) == 1 else _every(tuple(tests))

    def _referred(self, reference: str) -> Fits:
        name = reference.removeprefix(_REFERENCE)
        if not reference.startswith(_REFERENCE) or name not in self._definitions:
            return _no
        made = self._made

        def test(value: Any) -> bool:
            found = made.get(name)
            if found is None:
                found = made[name] = self.fits(self._definitions[name])
            return found(value)

        return test

    def _map(self, schema: Mapping[str, Any]) -> Fits:
        """Return the test of what a map holds: keys that are named, and all others."""
        known = {name: self.fits(part) for name, part in schema.get("properties", {}).items()}
        other = self.fits(schema["additionalProperties"]) if "additionalProperties" in schema else _yes

        def test(value: Any) -> bool:
            if not isinstance(value, dict):
                return True
            return all(known.get(key, other)(item) for key, item in value.items())

        return test

    def type(self, said: Any) -> Fits:
        """Return the test of one type, or of several."""
        if isinstance(said, str):
            return self._types.get(said, _no)
        return _some(tuple(self._types.get(name, _no) for name in said))

    def any(self, said: Any) -> Fits:
        """Return the test that one of several schemas fits."""
        return _some(tuple(map(self.fits, said)))

    def items(self, said: Any) -> Fits:
        """Return the test of every item of a list."""
        test = self.fits(said)
        return lambda value: not isinstance(value, list) or all(map(test, value))

    def names(self, said: Any) -> Fits:
        """Return the test of every key of a map."""
        test = self.fits(said)
        return lambda value: not isinstance(value, dict) or all(map(test, value))

    def enum(self, said: Any) -> Fits:
        """Return the test that a text is one of several; of other values that is not said here."""
        texts = frozenset(one for one in said if isinstance(one, str))
        return lambda value: isinstance(value, str) and value in texts

    def pattern(self, said: str) -> Fits:
        """Return the test that a text matches, to its very end."""
        search = re.compile(said).search
        return lambda value: (
            not isinstance(value, str) or (search(value) is not None and not value.endswith("\n"))
        )

    def required(self, said: Any) -> Fits:
        """Return the test that a map has keys."""
        keys = tuple(said)
        return lambda value: not isinstance(value, dict) or all(key in value for key in keys)

    def least(self, said: Any) -> Fits:
        """Return the test that a number is not below another; of other values that is not said here."""
        return lambda value: isinstance(value, int | Decimal) and value >= said

    def more(self, said: Any) -> Fits:
        """Return the test that a number is above another; of other values that is not said here."""
        return lambda value: isinstance(value, int | Decimal) and value > said

    def unique(self, said: Any) -> Fits:
        """Return the test that the texts of a list are different."""
        if not said:
            return _yes
        return lambda value: (
            not isinstance(value, list)
            or (all(isinstance(item, str) for item in value) and len(set(value)) == len(value))
        )


def _sized(kind: type[Sized], least: bool) -> Callable[[_Compiler, int], Fits]:
    def maker(_: _Compiler, said: int) -> Fits:
        if least:
            return lambda value: not isinstance(value, kind) or len(value) >= said
        return lambda value: not isinstance(value, kind) or len(value) <= said

    return maker


def _every(tests: tuple[Fits, ...]) -> Fits:
    return lambda value: all(test(value) for test in tests)


def _some(tests: tuple[Fits, ...]) -> Fits:
    return lambda value: any(test(value) for test in tests)


_WITH_PROPERTIES = frozenset(("properties", "additionalProperties"))
_MAKERS: Mapping[str, Callable[[_Compiler, Any], Fits]] = {
    "type": _Compiler.type, "anyOf": _Compiler.any, "items": _Compiler.items, "enum": _Compiler.enum,
    "propertyNames": _Compiler.names, "pattern": _Compiler.pattern, "required": _Compiler.required,
    "uniqueItems": _Compiler.unique, "minLength": _sized(str, True), "maxLength": _sized(str, False),
    "minItems": _sized(list, True), "maxItems": _sized(list, False), "minProperties": _sized(dict, True),
    "maxProperties": _sized(dict, False), "minimum": _Compiler.least, "exclusiveMinimum": _Compiler.more,
}  # fmt: skip
