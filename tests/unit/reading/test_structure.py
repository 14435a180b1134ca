"""From text to the model, of every kind of file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from playbook.model.mapping import Cell, StageColumn
from playbook.model.organization import Post
from playbook.model.playbook import About, FormField, MoveRule, Permission
from playbook.money import Money
from playbook.reading import codes
from playbook.reading.project import read_text

PLAYBOOK = """\
# yaml-language-server: $schema=playbook.schema.json
playbook: new-business
version: 4
subject: deal
title: New business
guidance: {persona: Head of operations, share: 1.10}
about: {account: company}
fields:
  company:  {type: reference, to: account}
  amount:   {type: money, default: 25000 EUR}
  discount: {type: percent, default: 5%, locked_from: talk}
  items:    {type: table, columns: {price: {type: money}, tags: {type: list, of: text}}}
  size:     {type: choice, options: [1, 2.50, many]}
  pain:     {type: text, required_from: talk, editable_after_close: yes}
entries:
  payment: {fields: {amount: {type: money}}, by: finance}
criteria:
  reason:
    that: filled(deal.pain)
who_may: {edit: [owner, manager]}
moves:
  skip: anyone
  back: {by: owner, reason: required, not_to: [first]}
stages:
  first:
    probability: 5%
    activities:
      call:
        kind: call
        required: true
        due: 2wd
        outcomes: {held: done, no_show: again}
        form: [pain, amount?]
      recap: {kind: email, after: call, when: deal.amount > 100, once: true}
    exit:
      priced: {fields: [amount], mode: warn, waivable: false}
      called: {done: call, when: "deal.discount > 20%"}
    next:
      - {to: talk, when: deal.amount >= 25000 EUR}
      - won
  talk:
    when: deal.size == "many"
    next: [won]
  won: {final: won, stamp: [amount]}
  lost:
    final: lost
    from: any
    entry: {reason: shared}
"""


def one(text: str) -> Any:
    """Return the value of a file without mistakes."""
    reading = read_text(text, "f.yaml")
    assert [p.render() for p in reading.problems] == []
    return reading.value


def test_a_playbook_becomes_the_model() -> None:
    playbook = one(PLAYBOOK)
    assert (playbook.id, playbook.version, playbook.subject) == ("new-business", 4, "deal")
    assert playbook.guidance == {"persona": "Head of operations", "share": "1.10"}
    assert playbook.about == About(amount="amount", account="company")
    fields = {field.id: field for field in playbook.fields}
    assert fields["amount"].default == Money.of("25000", "EUR")
    assert (fields["discount"].default, fields["discount"].locked_from) == (Decimal("0.05"), "talk")
    assert fields["items"].columns[1].of.type == "text"
    assert fields["size"].options == ("1", "2.50", "many")
    assert fields["pain"].editable_after_close
    assert playbook.entries[0].by == ("finance",)
    assert playbook.who_may == (Permission("edit", ("owner", "manager")),)
    assert playbook.skip == MoveRule(by=("anyone",))
    assert playbook.back == MoveRule(by=("owner",), reason=True, not_to=("first",))


def test_stages_become_the_model_with_the_tree_of_every_condition() -> None:
    first, talk, won, lost = one(PLAYBOOK).stages
    call, recap = first.activities
    assert (first.probability, call.required, call.due) == (Decimal("0.05"), True, "2wd")
    assert call.outcomes == (("held", "done"), ("no_show", "again"))
    assert call.form == (FormField("pain"), FormField("amount", optional=True))
    assert (recap.after, recap.once, recap.when.tree[0]) == ("call", True, "gt")
    priced, called = first.exit
    assert (priced.kind, priced.fields, priced.mode, priced.waivable) == (
        "fields",
        ("amount",),
        "warn",
        False,
    )
    assert (called.kind, called.done, called.when.text) == ("done", "call", "deal.discount > 20%")
    assert [(target.to, target.when is None) for target in first.next] == [("talk", False), ("won", True)]
    assert isinstance(talk.when.tree, list)
    assert (won.final, won.stamp, lost.start) == ("won", ("amount",), ("any",))
    assert (lost.entry[0].shared, lost.entry[0].kind, lost.entry[0].that.tree[0]) == (True, "that", "filled")


def test_places_lead_to_where_a_thing_is_written() -> None:
    reading = read_text(PLAYBOOK, "f.yaml")
    lines = PLAYBOOK.splitlines()
    for path, start in {
        "fields.amount": "amount:",
        "fields.items.columns.tags": "tags:",
        "stages.first": "first:",
        "stages.first.activities.recap": "recap:",
        "stages.first.exit.called": "called:",
        "criteria.reason": "reason:",
    }.items():
        span = reading.where[path]
        assert lines[span.line - 1][span.column - 1 :].startswith(start)
    assert reading.where["stages.lost.entry.reason"] == reading.where["criteria.reason"]


def test_moves_have_their_defaults() -> None:
    playbook = one("playbook: p\nversion: 1\nsubject: deal\nstages: {a: {next: [b]}, b: {final: won}}")
    assert (playbook.skip.by, playbook.back.by, playbook.locale) == ((), ("anyone",), "en")


@pytest.mark.parametrize(
    "written",
    [
        "deal.amount > 0 and deal.amuont > 5",
        "'deal.amount > 0 and deal.amuont > 5'",
        '"deal.amount > 0 and\\n deal.amuont > 5"',
        ">\n          deal.amount > 0\n          and deal.amuont > 5",
        "|\n          deal.amount > 0\n          and deal.amuont > 5",
        "deal.amount > 0\n          and deal.amuont > 5",
    ],
)
def test_a_mistake_in_a_condition_is_at_its_character(written: str) -> None:
    text = PLAYBOOK.replace("that: filled(deal.pain)", f"that: {written}")
    (problem,) = read_text(text, "f.yaml").problems
    assert problem.code == codes.CONDITION_NAME
    at = problem.span.column - 1
    assert problem.excerpt[at : at + problem.span.length].removeprefix(".") == "amuont"


def test_what_follows_from_a_field_that_was_refused_is_not_repeated() -> None:
    text = PLAYBOOK.replace("amount:   {type: money, default", "amount:   {type: mony, default")
    assert [p.code for p in read_text(text, "f.yaml").problems] == [codes.NOT_ALLOWED]


ORGANIZATION = """\
organization: acme
currency: EUR
timezone: Europe/Berlin
fiscal_year: {starts: february}
teams:
  world: {manager: vera}
  emea:  {title: EMEA, parent: world}
people:
  vera: {name: Vera Lind, role: director, team: world}
  sam:
    name: Sam Okafor
    role: trainee
    history:
      - {from: 2026-09-01, team: world}
      - {from: 2026-02-01, role: ae, team: emea, territory: dach}
"""


def test_an_organization_becomes_the_model_with_posts_oldest_first() -> None:
    organization = one(ORGANIZATION)
    settings = organization.settings
    assert (settings.id, settings.currency, settings.timezone) == ("acme", "EUR", "Europe/Berlin")
    assert (settings.fiscal_start, settings.fiscal_named_after) == (2, "end")
    assert organization.teams["emea"].parent == "world"
    assert organization.people["sam"].posts == (
        Post("trainee"),
        Post("ae", "emea", "dach", dt.date(2026, 2, 1)),
        Post("", "world", "", dt.date(2026, 9, 1)),
    )
    assert organization.people["sam"].post() == Post("ae", "world", "dach", dt.date(2026, 9, 1))


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [("Europe/Berlin", "Europe/Berln", (3, 11)), ("2026-02-01", "2026-02-31", (15, 16))],
)
def test_a_zone_or_day_that_there_is_not_is_said_at_its_place(
    right: str, wrong: str, place: tuple[int, int]
) -> None:
    (problem,) = read_text(ORGANIZATION.replace(right, wrong), "f.yaml").problems
    assert problem.code == codes.MALFORMED
    assert (problem.span.line, problem.span.column) == place


MAPPING = """\
mapping: deals-us
into: opportunities
reads: {dates: "%m/%d/%Y", decimal: ","}
key: id
columns:
  name: account
  owner: {column: agent, match: person.name}
  opened: {column: engaged, otherwise: now}
  fields:
    amount: {column: value, currency: USD}
    product: {column: product, replace: {GTXPro: GTX Pro, 7: 1.10}}
    source: {value: import}
stages: {column: stage, map: {Won: won}}
gates: off
"""


def test_a_mapping_becomes_the_model() -> None:
    mapping = one(MAPPING)
    assert (mapping.reads.dates, mapping.reads.decimal, mapping.reads.encoding) == ("%m/%d/%Y", ",", "detect")
    assert mapping.columns.name == Cell(column="account")
    assert mapping.columns.owner == Cell(column="agent", match="person.name")
    assert mapping.columns.opened == Cell(column="engaged", otherwise="now")
    assert mapping.columns.fields == {
        "amount": Cell(column="value", currency="USD"),
        "product": Cell(column="product", replace={"GTXPro": "GTX Pro", "7": "1.10"}),
        "source": Cell(value="import"),
    }
    assert mapping.stages == StageColumn("stage", {"Won": "won"})
    assert (mapping.gates, mapping.on_bad_row, mapping.person) == ("off", "report", None)


def test_a_mapping_of_people_becomes_the_model() -> None:
    text = "mapping: people\ninto: organization\nkey: agent\nperson: {name: agent, role: {value: rep}}\n"
    person = one(text).person
    assert (person.name, person.role, person.team) == (Cell(column="agent"), Cell(value="rep"), None)


def test_settings_of_plugins_keep_their_json_types() -> None:
    settings = one("project: acme\nplugins: {example: {share: 0.5, days: 3, on: true, code: 010}}")
    assert settings.plugins == {"example": {"share": 0.5, "days": 3, "on": True, "code": "010"}}
