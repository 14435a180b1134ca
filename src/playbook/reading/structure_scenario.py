"""A scenario from its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.model.scenario import COMMANDS, Given, Scenario, Step
from playbook.reading.source import typed

if TYPE_CHECKING:
    from playbook.reading.kinds import Parsed

_STEP = (*COMMANDS, "expect")


def scenario(parsed: Parsed) -> Scenario:
    """Return the scenario of a file; `where` has the place of every step, counted from 0."""
    said = parsed.plain()
    for index in range(len(said.get("steps", ()))):
        parsed.where[f"steps.{index}"] = parsed.source.at("steps", index)
    given = said.get("given", {})
    return Scenario(
        id=typed(said.get("scenario", "")),
        playbook=said.get("playbook", ""),
        clock=said.get("clock", ""),
        organization=said.get("organization", ""),
        actor=said.get("as", ""),
        records=tuple((kind, fields) for item in said.get("records", ()) for kind, fields in item.items()),
        given=Given(
            name=typed(given.get("name", "")),
            owner=given.get("owner", ""),
            placed=given.get("placed", ""),
            reach=given.get("reach", ""),
            fields=given.get("fields", {}),
            done=tuple(given.get("done", ())),
            history=tuple(given.get("history", ())),
        ),
        steps=tuple(_step(step) for step in said.get("steps", ())),
        rows=tuple(said.get("for_each", ())),
    )


def _step(said: dict[str, Any]) -> Step:
    verb = next((name for name in said if name in COMMANDS), "")
    return Step(
        verb=verb,
        what=said.get(verb),
        said={name: value for name, value in said.items() if name not in _STEP},
        expect=said.get("expect", {}),
    )
