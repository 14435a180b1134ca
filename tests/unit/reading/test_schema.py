"""The schemas: draft-07, explained for editors, extended by plugins, breaches said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from playbook.errors import PluginError, UnknownName
from playbook.expressions.parse import parse
from playbook.model.contributions import CriterionKind, Verdict
from playbook.reading.project import read_text
from playbook.reading.schema import KINDS, schema

if TYPE_CHECKING:
    from collections.abc import Iterator


def keys(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every key that a schema describes, with what is said of it."""
    if isinstance(part, dict):
        for name, value in part.get("properties", {}).items():
            yield f"{path}/{name}", value
        for name, value in part.items():
            yield from keys(value, f"{path}/{name}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from keys(value, f"{path}/{index}")


def kind(name: str, options: dict[str, Any]) -> CriterionKind:
    return CriterionKind(name, "1", options, lambda options, scope: Verdict(met=True), doc="What it asks.")


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that shows examples."""
    for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        if isinstance(value, dict) and isinstance(value.get("examples"), list):
            yield value
        yield from nodes(value)


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_is_draft_07_and_tells_an_editor_what_every_key_is(name: str) -> None:
    found = schema(name)
    Draft7Validator.check_schema(found)
    described = list(keys(found))
    told = ("title", "description", "examples")
    assert described
    assert [f"{path}: {what}" for path, said in described for what in told if not said.get(what)] == []
    assert next(iter(found["properties"])) == name


@pytest.mark.parametrize("name", KINDS)
def test_every_example_of_a_schema_is_one(name: str) -> None:
    found = schema(name)
    shown = [(node, example) for node in nodes(found) for example in node["examples"]]
    for node, example in shown:
        Draft7Validator({**node, "definitions": found.get("definitions", {})}).validate(example)
        if node.get("$ref") == "#/definitions/condition":
            assert parse(example)[1] == ()
    assert shown


def test_an_unknown_kind_names_what_is_near() -> None:
    with pytest.raises(UnknownName, match="did you mean 'mapping'"):
        schema("maping")


def test_a_plugin_adds_a_kind_of_criterion() -> None:
    criteria = {"budget": kind("budget", {"type": "object", "required": ["least"]})}
    added = schema("playbook", criteria)["definitions"]["criterion"]["properties"]["budget"]
    assert added["description"] == "What it asks."
    assert "budget" not in schema("playbook")["definitions"]["criterion"]["properties"]


def test_a_schema_of_a_plugin_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(PluginError, match="budget"):
        schema("playbook", {"budget": kind("budget", {"type": "mny"})})


def criterion(options: str) -> list[str]:
    text = (
        "playbook: p\nversion: 1\nsubject: deal\nstages:\n  a:\n    next: [b]\n    exit:\n"
        f"      fit: {{budget: {options}}}\n  b: {{final: won}}\n"
    )
    options_schema = {"type": "object", "required": ["least"], "additionalProperties": False,
                      "properties": {"least": {"type": "number", "multipleOf": 5}}}  # fmt: skip
    reading = read_text(text, "f.yaml", criteria={"budget": kind("budget", options_schema)})
    if not reading.problems:
        assert reading.value is not None
        assert reading.value.stages[0].exit[0].kind == "budget"
        assert reading.value.stages[0].exit[0].options == {"least": 5}
    return [f"{p.span.line}:{p.span.column} {p.code} {p.message}" for p in reading.problems]


def test_the_options_of_a_plugin_are_checked_by_its_schema() -> None:
    assert criterion("{least: 5}") == []
    assert criterion("{least: x}") == ["8:29 wrong-type `least` must be a number, found the text 'x'"]
    assert criterion("{lest: 5}") == [
        "8:21 missing-key `budget` has no `least`",
        "8:22 unknown-key `lest` is not a key of `budget`",
    ]
    assert criterion("{least: 7}") == ["8:29 bad-value `least`: 7 is not a multiple of 5"]


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("title: 2027", "`title` must be a text, found the number 2027", 'put it in quotes: "2027"'),
        ("title: [a]", "`title` must be a text, found a list", "What people see."),
        ("title:", "`title` must be a text, found nothing", "write a value, or remove the key"),
        ("title: {deal.name}", "{deal.name} is read as a map, not as a text", "put the whole text in quotes"),
        ("version: one", "`version` must be a whole number, found the text 'one'", None),
        ("version: true", "`version` must be a whole number, found true", None),
        ("locale: English", "'English' is not a locale", None),
        ("moves: {back: maybe}", "'maybe' cannot stand for `back`", "there are: never, anyone"),
        ("moves: {back: 5}", "`back` must be a text or a map, found the number 5", None),
        ("moves: {back: {by: [5]}}", "item 1 of `by` must be a text, found the number 5", None),
        ("moves: {back: {bye: owner}}", "`bye` is not a key of move `back`", "did you mean 'by'?"),
        ("who_may: {edit: []}", "`edit` must not be empty", None),
        ("fields: {First Call: {type: text}}", "'First Call' is not an id: small letters, digits and underscores",
         "write first_call"),
        ("fields: {a: money}", "`a` must be a map, found the text 'money'", "One fact kept on every case."),
        ("fields: {a: {type: choice, options: [x, x]}}", "`options` says the same twice", None),
        ("fields: {a: {type: list, of: 5}}", "`of` must be a text or a map, found the number 5", None),
        ("fields: {a: {type: list, of: txt}}", "'txt' cannot stand for `of`", "did you mean 'text'?"),
        ("fields: {a: {type: list, of: {typ: text}}}", "`typ` is not a key of column `of`", "did you mean 'type'?"),
        ("fields: {a: {type: text, personal: maybe}}", "`personal` must be true or false, found the text 'maybe'",
         None),
        ("criteria: {c: deal.amount > 0}", "`c` must be a map, found the text 'deal.amount > 0'", None),
    ],
)  # fmt: skip
def test_a_breach_says_what_was_expected_and_found(line: str, said: str, hint: str | None) -> None:
    kept = "".join(
        f"{key}: {value}\n"
        for key, value in (("version", 1), ("subject", "deal"))
        if not line.startswith(key)
    )
    text = f"playbook: p\n{kept}{line}\nstages: {{a: {{next: [b]}}, b: {{final: won}}}}\n"
    problems = read_text(text, "f.yaml").problems
    assert said in [p.message for p in problems]
    if hint is not None:
        assert hint in [p.hint for p in problems]


def test_a_boolean_may_be_a_word_and_elsewhere_the_word_stays_text() -> None:
    text = (
        "playbook: p\nversion: 1\nsubject: deal\nfields:\n  a: {type: choice, options: [yes, no], personal: yes}\n"
        "  b: {type: boolean, default: off}\nstages: {a: {next: [b]}, b: {final: won}}\n"
    )
    reading = read_text(text, "f.yaml")
    assert reading.problems == ()
    assert reading.value is not None
    first, second = reading.value.fields
    assert (first.options, first.personal, second.default) == (("yes", "no"), True, False)
