"""What the kinds of files that ship look like, and what becomes of their trees."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from playbook.reading.kinds import Shape
from playbook.reading.naming import Known
from playbook.reading.structure import project
from playbook.reading.structure_mapping import mapping
from playbook.reading.structure_organization import organization
from playbook.reading.structure_playbook import playbook
from playbook.reading.structure_record import record
from playbook.reading.structure_scenario import scenario
from playbook.reading.structure_translation import translation
from playbook.shipping import shipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions import Environment
    from playbook.reading.kinds import Parsed

_STRUCTURES: dict[str, Callable[[Parsed], Any]] = {
    "mapping": mapping, "organization": organization, "playbook": playbook, "project": project,
    "record": record, "scenario": scenario, "translation": translation,
}  # fmt: skip
_ENVIRONMENTS: dict[str, Callable[[Known, Any, str], Environment]] = {
    "playbook": Known.of_playbook, "record": Known.of_record, "organization": Known.of_organization,
}  # fmt: skip
_GROWS = {"playbook": ("criterion", "action"), "scenario": ("expect",)}
_IDS = {"translation": ("locale",)}


@functools.cache
def shape(name: str) -> Shape:
    """Return the shape of a kind that ships, without its checks."""
    text = (shipped("schemas") / f"{name}.schema.json").read_text(encoding="utf-8")
    return Shape(
        json.loads(text),
        _STRUCTURES[name],
        ids=_IDS.get(name, ()),
        grows=_GROWS.get(name, ()),
        environment=_ENVIRONMENTS.get(name),
    )
