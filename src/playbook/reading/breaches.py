"""What a breach of a schema means, in words: one function per keyword, each at its place in the text."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from playbook.errors import nearest, nearest_hint
from playbook.reading import codes, syntax
from playbook.reading.source import List, Map, describe, typed
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jsonschema.exceptions import ValidationError

    from playbook.errors import Span
    from playbook.reading.source import Source

_TYPES = {
    "string": "a text", "array": "a list", "object": "a map", "boolean": "true or false",
    "integer": "a whole number", "number": "a number", "null": "nothing",
}  # fmt: skip
_BOUNDS = {
    "minLength": "must not be empty",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must not be empty",
    "minProperties": "must not be empty",
    "maxProperties": "must be empty",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "uniqueItems": "says the same twice",
}


def explain(source: Source, error: ValidationError, drops: Drops) -> None:
    """Report one breach, and note in `drops` what has to leave the tree."""
    inside = "propertyNames" in error.absolute_schema_path
    handler = _bad_id if inside else _HANDLERS.get(str(error.validator), _other)
    handler(_Breach(source, error, drops))


class Drops:
    """Collect what has to leave the tree; what should have been a map becomes an empty one."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Map | List, dict[str | int, bool]]] = {}

    def add(self, holder: Map | List, key: str | int, *, emptied: bool) -> None:
        """Note one key of a map, or one item of a list."""
        self._found.setdefault(id(holder), (holder, {}))[1][key] = emptied

    def carry_out(self) -> None:
        """Take everything out."""
        for holder, keys in self._found.values():
            for key in sorted(keys, reverse=True) if isinstance(holder, List) else keys:
                if keys[key]:
                    empty = Map()
                    empty.broken = True
                    holder[key] = empty  # type: ignore[index]
                else:
                    del holder[key]  # type: ignore[arg-type]
                    if isinstance(holder, List):
                        del holder.places[int(key)]
                    else:
                        holder.broken = True


class _Breach:
    """Hold a breach with its place: the holder and the key under which the value stands."""

    def __init__(self, source: Source, error: ValidationError, drops: Drops) -> None:
        self.source = source
        self.error = error
        self.schema: Any = error.schema
        self.asked: Any = error.validator_value
        self.value: Any = error.instance
        self.path = list(error.absolute_path)
        self.drops = drops

    @property
    def name(self) -> str:
        """Name the value for a message."""
        if not self.path:
            return "the file"
        last = self.path[-1]
        if isinstance(last, str):
            return f"`{last}`"
        owner = next((part for part in reversed(self.path) if isinstance(part, str)), "")
        return f"item {last + 1} of `{owner}`"

    @property
    def what(self) -> str:
        """Name the map for a message: stage `discovery`."""
        title = str(self.schema.get("title", "map")).lower()
        if not self.path:
            return f"the {title}"
        return self.name if title.replace(" ", "_") == self.path[-1] else f"{title} {self.name}"

    @property
    def span(self) -> Span:
        return self.source.at(*self.path)

    def report(self, code: str, message: str, hint: str = "", span: Span | None = None) -> None:
        self.source.report(code, message, span or self.span, hint)

    def drop(self, *, emptied: bool = False) -> None:
        holder: Any = self.source.root
        for part in self.path[:-1]:
            holder = holder[part]
        if self.path:
            self.drops.add(holder, self.path[-1], emptied=emptied)


def _unknown_keys(breach: _Breach) -> None:
    known, patterns = breach.schema.get("properties", {}), breach.schema.get("patternProperties", ())
    for key in breach.value:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            near = nearest(key, [name for name in known if name not in breach.value])
            hint = f"did you mean {near!r}?" if near else hint_of(key, known)
            span = breach.source.key(breach.value, key)
            breach.report(codes.UNKNOWN_KEY, f"`{key}` is not a key of {breach.what}", hint, span)
            breach.drops.add(breach.value, key, emptied=False)


def _missing(breach: _Breach) -> None:
    for key in breach.asked:  # jsonschema tells each missing key apart
        if breach.error.message.startswith(f"{key!r} "):
            said = breach.schema.get("properties", {}).get(key, {})
            text = _article(said.get("description", ""))
            breach.value.broken = True
            breach.report(codes.MISSING_KEY, f"{breach.what} has no `{key}`", f"add `{key}`{text}")


def _article(description: str) -> str:
    return f": {description[0].lower()}{description[1:]}".rstrip(".") if description else ""


def _type(breach: _Breach) -> None:
    wanted = breach.asked
    _wrong_type(breach, [wanted] if isinstance(wanted, str) else wanted)


def _wrong_type(breach: _Breach, wanted: Iterable[str]) -> None:
    wanted = list(dict.fromkeys(wanted))
    value = breach.value
    breach.drop(emptied="object" in wanted)
    if "string" in wanted and _is_placeholder(value):
        inside = next(iter(value))
        syntax.placeholder(breach.source, f"{{{inside}}}", breach.span)
        return
    expected = " or ".join(_TYPES[name] for name in wanted)
    if str(breach.schema.get("title", "")).lower() == "duration":
        expected = "a duration"
    message = f"{breach.name} must be {expected}, found {describe(value)}"
    breach.report(
        codes.WRONG_TYPE, message, _instead(value, wanted, expected, breach.schema.get("description", ""))
    )


def _instead(value: Any, wanted: list[str], expected: str, description: str) -> str:
    """Return what to write instead of a value of another type."""
    if value is None:
        return "write a value, or remove the key"
    if expected == "a duration" and isinstance(value, int):
        return f"write a unit: {value}d for days; or h, wd, w, mo"
    if wanted == ["integer"] and isinstance(value, str) and value.isdecimal():
        return f"write it without quotes: {value}"
    if isinstance(value, Map | List):
        return description
    if "string" in wanted:
        return f'put it in quotes: "{typed(value)}"'
    if wanted == ["array"]:
        return f"write [{typed(value).replace(';', ',')}]"
    if wanted == ["boolean"]:
        return f"write true or false: {description[:1].lower()}{description[1:]}".rstrip(".")
    return description


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, Map) and len(value) == 1 and next(iter(value.values())) is None


def _word(breach: _Breach) -> None:
    allowed = [str(item) for item in breach.asked]
    if isinstance(breach.value, Map | List) or breach.value is None:
        _wrong_type(breach, ["string"])
        return
    word = typed(breach.value)
    breach.drop()
    hint = (
        hint_of(word, allowed)
        if len(allowed) > 1
        else breach.schema.get("description", f"write {allowed[0]}")
    )
    breach.report(codes.NOT_ALLOWED, f"{word!r} cannot stand for {breach.name}", hint)


def _malformed(breach: _Breach) -> None:
    breach.drop()
    title = str(breach.schema.get("title", "value")).lower()
    hint = _example(breach.schema)
    if title == "duration":
        try:
            Duration.parse(breach.value)
        except ValueError as error:
            hint = str(error).partition(": ")[2]
    if title.startswith("id"):
        slug = _slug(breach.value, "-" if "file" in title else "_")
        hint = f"write {slug}" if slug and re.search(breach.asked, slug) else hint
    article = "an" if title[0] in "aeio" else "a"
    breach.report(codes.MALFORMED, f"{breach.value!r} is not {article} {title}", hint)


def _bad_id(breach: _Breach) -> None:
    name = str(breach.value)
    holder: Any = breach.source.root
    for part in breach.path:
        holder = holder[part]
    title = str(breach.schema.get("title", "id")).lower()
    if title != "id":
        breach.drops.add(holder, name, emptied=False)
        message = f"{name!r} is not a {title}"
        breach.report(codes.MALFORMED, message, _example(breach.schema), breach.source.key(holder, name))
        return
    slug = _slug(name, "_")
    good = slug if slug and not slug[0].isdigit() else ""
    hint = f"write {good}" if good else _example(breach.schema)
    message = f"{name!r} is not an id: small letters, digits and underscores"
    breach.report(codes.MALFORMED, message, hint, breach.source.key(holder, name))


def _slug(name: str, joint: str) -> str:
    """Return the id that is nearest to a name, where it has letters for one."""
    return re.sub(r"[^a-z0-9]+", joint, name.lower()).strip(joint)


def _example(schema: Any) -> str:
    text = str(schema.get("description", ""))
    examples = schema.get("examples", ())
    return f"{text} For example: {examples[0]}".strip() if examples else text


def _bound(breach: _Breach) -> None:
    said = _BOUNDS[str(breach.error.validator)].format(limit=breach.asked)
    breach.report(codes.OUT_OF_RANGE, f"{breach.name} {said}", breach.schema.get("description", ""))


def _branches(breach: _Breach) -> None:
    """Explain the branch that was meant: the one whose type the value has; else say every type."""
    groups: dict[Any, list[ValidationError]] = {}
    for error in breach.error.context or ():
        groups.setdefault(error.relative_schema_path[0], []).append(error)
    meant = [errors for errors in groups.values() if not any(_other_type(error) for error in errors)]
    if meant:
        for error in min(meant, key=len):
            explain(breach.source, error, breach.drops)
        return
    wanted = [name for errors in groups.values() for error in errors for name in _wanted(error)]
    if wanted:
        _wrong_type(breach, wanted)
    else:
        _other(breach)


def _other_type(error: ValidationError) -> bool:
    if error.relative_path:
        return False
    return error.validator == "type" or (error.validator == "enum" and not isinstance(error.instance, str))


def _wanted(error: ValidationError) -> list[str]:
    if error.relative_path:
        return []
    if error.validator == "enum":
        return ["string"]
    value: Any = error.validator_value
    return ([value] if isinstance(value, str) else list(value)) if error.validator == "type" else []


def _other(breach: _Breach) -> None:
    breach.drop()
    message = textwrap.shorten(breach.error.message, 200)
    breach.report(codes.BAD_VALUE, f"{breach.name}: {message}", breach.schema.get("description", ""))


def hint_of(name: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?`, or the known names where none is near."""
    return nearest_hint(name, known).removeprefix("; ")


_HANDLERS: dict[str, Callable[[_Breach], None]] = {
    "additionalProperties": _unknown_keys, "required": _missing, "type": _type, "enum": _word,
    "pattern": _malformed, "anyOf": _branches, "oneOf": _branches, **dict.fromkeys(_BOUNDS, _bound),
}  # fmt: skip
