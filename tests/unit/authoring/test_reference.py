from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from playbook.authoring.reference import page
from playbook.reading.schema import KINDS, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parents[3] / "docs" / "reference" / "language.md"


def test_the_reference_is_what_the_schemas_say_now() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), (
        "run: python -m playbook.authoring.reference > docs/reference/language.md"
    )


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    text = page()
    headings = {
        "".join(c for c in line.lstrip("# ").lower() if c.isalnum() or c in " -_").replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert links
    assert links <= headings


def test_what_is_written_out_is_yaml_that_says_the_examples() -> None:
    shown: dict[str, list[object]] = {}
    for kind in KINDS:
        for name, part in _parts(schema(kind)):
            shown.setdefault(name, []).append(part["examples"][0])
    blocks = re.findall(r"^```yaml\n(.*?)^```", page(), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 20
    for block in blocks:
        for name, value in yaml.load(block, yaml.BaseLoader).items():
            assert value in [_texts(example) for example in shown[name]]


def _parts(tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        if isinstance(tree.get("properties"), dict):
            yield from tree["properties"].items()
        for value in tree.values():
            yield from _parts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _parts(value)


def _texts(value: Any) -> Any:
    """Return a value with its scalars as they are typed."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)
