"""A quick yes is never a wrong one, and a file without mistakes gets it."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.reading import schema as schemas
from playbook.reading.events import read
from playbook.reading.standard import STANDARD_KINDS

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path
    for folder in ("playbooks", "examples")
    for path in (ROOT / folder).rglob("*.yaml")
    if next(iter(read(path.read_text(encoding="utf-8"), path.name).root or ()), "") in schemas.KINDS
)
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    "",
    "x",
    "yes",
    [],
    ["x", "x"],
    {},
    {"x": 1},
    "25000 EUR",
    "3d\n",
    1.5,
)


def tree_of(path: Path) -> tuple[str, Any]:
    root = read(path.read_text(encoding="utf-8"), path.name).root
    assert root is not None
    return next(iter(root)), root


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_that_is_right_is_told_so_quickly(path: Path) -> None:
    kind, root = tree_of(path)
    added = {"playbook": '{"action": {}, "criterion": {}}', "scenario": '{"expect": {"pay": {}}}'}
    _, fits = schemas._validator(STANDARD_KINDS[kind], added.get(kind, "{}"))
    assert fits(root)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_what_is_told_to_fit_has_no_breach(path: Path, seed: int) -> None:
    kind, root = tree_of(path)
    added = '{"action": {}, "criterion": {}}' if kind == "playbook" else "{}"
    validator, fits = schemas._validator(STANDARD_KINDS[kind], added)
    broken, chance = copy.deepcopy(_plain(root)), random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        holder: Any = broken
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(holder[key], dict | list) and holder[key] and chance.random() < 0.8:
                holder = holder[key]
                continue
            if isinstance(holder, dict) and chance.random() < 0.3:
                holder[chance.choice(["Odd", "odd", "title"])] = holder.pop(key)
            else:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            break
    if fits(broken):
        assert next(validator.iter_errors(broken), None) is None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
