"""The reference of the language as a page, made from the schemas that files are checked against.

`python -m playbook.authoring.reference` prints it; docs/reference/language.md holds what it prints.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from playbook.reading.schema import KINDS, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BEGINNING = """# The language, key by key

Made from the schemas; `playbook schema KIND` prints one, with what installed plugins add. The first key of a
file says its kind and id. What conditions can say is in [conditions](../conditions.md).
"""
_REFERENCE = "#/definitions/"
_WIDTH = 90
_SAFE = re.compile(r"(?!.*(: | #|\n))[\w$/]|(?!.*(: | #|\n))[\w$/].*[^\s:]")
_SAFE_WITHIN = re.compile(r"(?!.*(: | #|\n))[\w$/]|(?!.*(: | #|\n))[\w$/][^\[\]{},]*[^\s:?\[\]{},]")
"""Texts that YAML reads as they stand, in a line of their own and within braces or brackets."""


def page() -> str:
    """Return the reference of every kind of file as Markdown, the same on every machine."""
    return "\n".join([_BEGINNING, *(line for kind in KINDS for line in _kind(kind, schema(kind)))]) + "\n"


def _kind(kind: str, tree: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {kind}\n"
    yield f"{tree['description']}\n"
    yield from _keys(tree, tree.get("required", ()), kind)
    for name, part in tree.get("definitions", {}).items():
        yield f"### {kind}: {_title(name, part)}\n"
        yield f"{part['description']}\n"
        if said := _allowed(part, kind):
            yield f"{said}\n"
        yield from _keys(part, part.get("required", ()), kind)


def _keys(tree: Mapping[str, Any], required: list[str] | tuple[str, ...], kind: str) -> Iterator[str]:
    """Yield the keys of a map as a table, and what is too long for one as YAML below it."""
    properties = tree.get("properties")
    if not properties:
        return
    yield "| key | what it says | value |"
    yield "|---|---|---|"
    for name, part in properties.items():
        must = " (needed)" if name in required else ""
        yield f"| `{name}`{must} | {_cell(part['description'])}{_examples(part)} | {_cell(_allowed(part, kind))} |"
    yield ""
    written = {name: part["examples"][0] for name, part in properties.items() if _is_long(part)}
    if written:
        yield "\n".join(["```yaml", *_block(written, ""), "```\n"])


def _allowed(part: Mapping[str, Any], kind: str) -> str:
    """Return what a value may be: a reference, one of some words, a type, or several of these."""
    if "$ref" in part:
        name = part["$ref"].removeprefix(_REFERENCE)
        return f"[{name}](#{_anchor(kind, name)})"
    if "enum" in part:
        return ", ".join(
            f"`{json.dumps(value, ensure_ascii=False).strip(chr(34))}`" for value in part["enum"]
        )
    for several in ("anyOf", "oneOf"):
        if several in part:
            return " or ".join(
                filter(None, (_allowed(one, kind) or one.get("title", "") for one in part[several]))
            )
    if part.get("type") == "array":
        items = part.get("items", {})
        return f"list of {_allowed(items, kind) or 'values'}" if isinstance(items, dict) else "list"
    if isinstance(part.get("additionalProperties"), dict):
        return f"map of {_allowed(part['additionalProperties'], kind) or 'values'}"
    if part.get("type") == "object":
        inner = ", ".join(f"`{name}`" for name in part.get("properties", ()))
        return f"map of {inner}" if inner else "map"
    if "const" in part:
        return f"`{part['const']}`"
    types = part.get("type", "")
    return " or ".join(types) if isinstance(types, list) else str(types)


def _examples(part: Mapping[str, Any]) -> str:
    if _is_long(part):
        return ""
    shown = [_code(_yaml(example)) for example in part.get("examples", ())[:3]]
    return f" For example {', '.join(shown)}." if shown else ""


def _is_long(part: Mapping[str, Any]) -> bool:
    """Return whether the example of a key is easier to read by itself than in a table."""
    return any(isinstance(one, dict | list) for one in part.get("examples", ())[:1])


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _block(value: Mapping[str, Any], lead: str) -> Iterator[str]:
    """Yield a map as lines of YAML; what fits stays in its line."""
    for key, item in value.items():
        inline = _yaml(item)
        if not isinstance(item, dict | list) or len(lead) + len(inline) <= _WIDTH:
            yield f"{lead}{key}: {inline}"
        elif isinstance(item, dict):
            yield f"{lead}{key}:"
            yield from _block(item, f"{lead}  ")
        else:
            yield f"{lead}{key}:"
            yield from (f"{lead}  - {_yaml(one)}" for one in item)


def _yaml(value: Any, *, within: bool = False) -> str:
    """Return a value as YAML in one line; `within` braces or brackets more signs need quotes."""
    if isinstance(value, str):
        safe = _SAFE_WITHIN if within else _SAFE
        return value if safe.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item, within=True) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item, within=True)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _title(name: str, part: Mapping[str, Any]) -> str:
    return str(name) if str(part.get("title", name)).lower() == name else f"{name} ({part['title']})"


def _anchor(kind: str, name: str) -> str:
    title = _title(name, schema(kind)["definitions"][name])
    kept = "".join(c for c in f"{kind}: {title}".lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is what running the module is for
