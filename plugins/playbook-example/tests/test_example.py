"""The example plugin: what it contributes, and how that judges."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

import playbook_example
from playbook import (
    Advance,
    Calendar,
    Engine,
    InputError,
    MemoryStore,
    Open,
    Project,
    Refused,
    Scope,
    Set,
    SetRecord,
    load_plugins,
)
from playbook_example import CONGRATULATE_OPTIONS, RECENT_OPTIONS, domain_of, recent
from playbook_example.battlecards import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC)  # a Monday


def _scope(**last: dt.datetime) -> Scope:
    def ask(question: str, *arguments: object) -> object:
        assert question == "last"
        return last.get(str(arguments[0]))

    return Scope({}, NOW, Calendar(), ask=ask)


def test_it_is_installed_and_contributes_both() -> None:
    registry = load_plugins()
    assert registry.owner_of("criteria", "recent") == ("example", "1")
    assert registry.owner_of("functions", "domain_of") == ("example", "1")


def test_it_loads_beside_what_ships_without_being_installed() -> None:
    registry = load_plugins(extra={"example": playbook_example}, entry_points=False)
    assert registry.faults == ()
    assert registry.criteria["recent"].test is recent


def _keys(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every key that a schema has, with what it says of it."""
    for name, key in schema.get("properties", {}).items():
        yield f"{path}.{name}", key
        yield from _keys(key, f"{path}.{name}")
        yield from _keys(key.get("items", {}), f"{path}.{name}")


def test_every_key_that_it_adds_to_files_has_a_title_a_description_and_examples_that_fit() -> None:
    added = {"recent": RECENT_OPTIONS, "congratulate": CONGRATULATE_OPTIONS}
    keys = dict([*_keys({"properties": added}, "playbook"), *_keys(SCHEMA, "battlecard")])
    told = ("title", "description", "examples")
    assert [f"{path}: {what}" for path, key in keys.items() for what in told if not key.get(what)] == []
    for key in keys.values():
        for example in key["examples"]:
            Draft7Validator(key).validate(example)
    assert {"playbook.recent.within", "playbook.congratulate", "battlecard.objections.says"} <= keys.keys()


@pytest.mark.parametrize(
    ("within", "at", "met"),
    [
        ("10d", dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC), True),
        ("10d", dt.datetime(2026, 3, 6, 11, 59, tzinfo=dt.UTC), False),
        ("2wd", dt.datetime(2026, 3, 12, 17, tzinfo=dt.UTC), True),
        ("2wd", dt.datetime(2026, 3, 12, 16, tzinfo=dt.UTC), False),
    ],
)
def test_recent_looks_back_from_now(within: str, at: dt.datetime, met: bool) -> None:
    options = {"of": ["call", "meeting"], "within": within}
    assert recent(options, _scope(meeting=at)).met is met


def test_recent_says_what_is_missing_and_what_would_help() -> None:
    verdict = recent(
        {"of": ["call", "meeting"], "within": "1w"}, _scope(call=dt.datetime(2026, 2, 2, tzinfo=dt.UTC))
    )
    assert not verdict.met
    assert verdict.missing == ("call", "meeting")
    assert verdict.actual == {"last call": "2026-02-02", "last meeting": None}
    assert verdict.hint == "Log a call or meeting: there was none since 2026-03-09."


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ada@Example.com", "example.com"),
        (" ada@example.com ", "example.com"),
        ('"a@b"@example.com', "example.com"),
        ("ada", None),
        ("@example.com", None),
        ("ada@", None),
    ],
)
def test_domain_of_an_address(email: str, domain: str | None) -> None:
    assert domain_of(email) == domain


COUNTRY = """
record: country
fields: {name: {type: text}, region: {type: text}, currency: {type: text}}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
fields: {country: {type: reference, to: country}}
stages:
  start: {exit: {near: {that: deal.country.region == "emea"}}, next: [won]}
  won: {final: won}
"""


def test_a_case_refers_to_a_record_that_the_plugin_brings() -> None:
    project = Project.from_files({"country.record.yaml": COUNTRY, "deals.playbook.yaml": DEALS})
    registry = load_plugins(extra={"example": playbook_example}, entry_points=False)
    engine = Engine.open(project, store=MemoryStore(), registry=registry, clock=lambda: NOW)
    engine.publish(actor="operator")
    opened = engine.run(Open("", "deals", fields={"country": "JP"}), actor="sam")
    assert not isinstance(opened, Refused)
    refused = engine.run(Advance(opened.case), actor="sam")
    assert isinstance(refused, Refused)
    assert refused.blockers[0].actual == {"deal.country": "JP", "deal.country.region": "apac"}
    engine.run(Set(opened.case, {"country": "DE"}), actor="sam")
    assert not isinstance(engine.run(Advance(opened.case), actor="sam"), Refused)
    assert engine.record("country", "FR").name == "France"
    with pytest.raises(InputError, match="there is no country 'Mars'"):
        engine.run(Open("", "deals", fields={"country": "Mars"}), actor="sam")
    with pytest.raises(InputError, match="come from a plugin"):
        engine.run(SetRecord("country", fields={"name": "Mars"}), actor="sam")
