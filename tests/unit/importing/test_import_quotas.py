"""Quotas and rates from files: each row whole and once, bad ones by line and reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from playbook import Engine, MemoryStore, Project, load_plugins
from playbook.importing import import_file
from playbook.model.organization_rules import Quota, Rate

if TYPE_CHECKING:
    from pathlib import Path

    from playbook.importing import Outcome

ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam Okafor}
  kim: {name: Kim}
teams: {north: {title: The North}}
territories: {dach: {for: deal, otherwise: true}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  wins: {playbook: deals, outcome: won, count: true, date: case.closed}
  share: {ratio: [wins, wins]}
rates: {dated: {2027-01-01: {USD: 0.9}}}
quotas:
  - {period: 2027-Q1, measure: wins, person: sam, target: 4}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields: {amount: {type: money}}
stages:
  talk: {title: Talk, next: [won]}
  won: {title: Won, final: won}
"""
QUOTAS = """
mapping: quotas
into: organization
reads: {delimiter: ";", decimal: ",", dates: "%d.%m.%Y"}
quota:
  period: Period
  measure: Measure
  person: {column: Rep, match: person.name}
  team: Team
  territory: Territory
  target: {column: Target, currency: EUR}
  from: From
  spread: Spread
"""
RATES = """
mapping: rates
into: organization
rate: {date: Day, currency: Code, rate: Rate}
"""
HEAD = "Period;Measure;Rep;Team;Territory;Target;From;Spread\n"


class Office:
    def __init__(self, folder: Path) -> None:
        registry = load_plugins(entry_points=False)
        files = {
            "a.organization.yaml": ORGANIZATION, "d.playbook.yaml": DEALS, "q.mapping.yaml": QUOTAS,
            "r.mapping.yaml": RATES,
        }  # fmt: skip
        self.project = Project.from_files(files, **registry.for_files)
        self.engine = Engine.open(self.project, store=MemoryStore(), registry=registry)
        self.engine.publish(actor="operator")
        self._folder = folder

    def bring(self, mapping: str, text: str) -> Outcome:
        path = self._folder / f"{mapping}.csv"
        path.write_text(text, encoding="utf-8")
        read = self.project.mappings[mapping].value
        assert read is not None
        return import_file(self.engine, read, path, actor="operator")

    def quotas(self) -> tuple[Quota, ...]:
        return self.engine.world.organization.quotas[1:]

    def events(self) -> int:
        return len(list(self.engine.store.events("default", "organization")))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def counts(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.opened, outcome.changed, outcome.skipped, len(outcome.rejected)


GOOD = HEAD + (
    "2027;revenue;Sam Okafor;;;1.000.000,50;;20% 25% 25% 30%\n"
    "2027;revenue;Sam Okafor;;;1.200.000;01.07.2027;20% 25% 25% 30%\n"
    "2027-Q1;wins;;The North;;40;;\n"
    "2027-Q1;revenue;;;dach;50000 USD;;\n"
    "2027;share;Kim;;;97,5%;;\n"
)


def test_quotas_go_in_once(office: Office) -> None:
    assert counts(office.bring("quotas", GOOD)) == (5, 0, 0, 0)
    seasons = (Decimal("0.2"), Decimal("0.25"), Decimal("0.25"), Decimal("0.3"))
    assert office.quotas() == (
        Quota("2027", "revenue", Decimal("1000000.50"), "EUR", "sam", spread=seasons),
        Quota("2027", "revenue", Decimal(1_200_000), "EUR", "sam", spread=seasons, since=dt.date(2027, 7, 1)),
        Quota("2027-Q1", "wins", Decimal(40), team="north"),
        Quota("2027-Q1", "revenue", Decimal(50_000), "USD", territory="dach"),
        Quota("2027", "share", Decimal("0.975"), person="kim"),
    )
    before = office.events()
    assert counts(office.bring("quotas", GOOD)) == (0, 0, 5, 0)
    assert counts(office.bring("quotas", GOOD.replace(";40;", ";50;"))) == (0, 1, 4, 0)
    assert office.events() == before + 1
    assert [one.target for one in office.quotas() if one.team] == [50]


def test_a_file_published_again_leaves_them(office: Office) -> None:
    office.bring("quotas", GOOD)
    changed = ORGANIZATION.replace("target: 4}", "target: 5}") + (
        "  - {period: 2027-Q1, measure: wins, team: north, target: 60}\n"
    )
    again = Project.from_files({"a.organization.yaml": changed, "d.playbook.yaml": DEALS})
    engine = Engine.open(again, store=office.engine.store, registry=office.engine.registry)
    engine.publish(actor="operator")
    quotas = engine.world.organization.quotas
    assert [one.target for one in quotas if one.measure == "wins"] == [5, 60]  # what the file says goes first
    assert len(quotas) == 6


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2027;revenu;Kim;;;1 EUR;;", "there is no measure 'revenu'; did you mean 'revenue'?"),
        ("2027-Q5;revenue;Kim;;;1;;", "'2027-Q5' is not a period"),
        ("2027;revenue;Kin;;;1;;", "nobody has the name 'Kin'; did you mean 'Kim'?"),
        ("2027;revenue;;Nort;;1;;", "there is no team 'Nort'"),
        ("2027;revenue;;;dac;1;;", "there is no territory 'dac'; did you mean 'dach'?"),
        ("2027;revenue;;;;1;;", "it is of nobody, and a quota is of one person, team or territory"),
        ("2027;revenue;Kim;north;;1;;", "it is of a person and a team, and a quota is of one"),
        ("2027;revenue;Kim;;;;;", "the target is missing"),
        ("2027;revenue;Kim;;;many;;", "'many'"),
        ("2027;revenue;Kim;;;40%;;", "'revenue' is no ratio, and the target is a share"),
        ("2027;wins;Kim;;;40 EUR;;", "'wins' counts cases, and the target is an amount"),
        ("2027;revenue;Kim;;;1;2027-07-01;", "From: '2027-07-01' is not a date written as %d.%m.%Y"),
        ("2027;revenue;Kim;;;1;01.07.2028;", "2028-07-01 is not in 2027: write a day from 2027-01-01"),
        ("2027;revenue;Kim;;;1;;50% 40%", "the shares sum to 90%"),
        ("2027;revenue;Kim;;;1;;50% 20% 30% 0% 0%", "2027 has no 5 parts"),
        ("2027-Q1;wins;Sam Okafor;;;9;;", "the organization's file says this already; change it there"),
        ("2027-Q1;wins;;The North;;41;;", "line 2 says the same already"),
    ],
)
def test_a_bad_row_is_named_and_nothing_of_it_goes_in(office: Office, row: str, reason: str) -> None:
    outcome = office.bring(
        "quotas", HEAD + "2027-Q1;wins;;The North;;40;;\n" + row + "\n2027;wins;Kim;;;7;;\n"
    )
    (rejected,) = outcome.rejected
    assert rejected.line == 3
    assert reason in rejected.reason
    assert [one.target for one in office.quotas()] == [40, 7]


def test_rates_count_from_their_day(office: Office) -> None:
    rows = "Day,Code,Rate\n2027-02-01,USD,0.8\n2027-02-01,GBP,1.2\n"
    assert counts(office.bring("rates", rows)) == (2, 0, 0, 0)
    assert counts(office.bring("rates", rows)) == (0, 0, 2, 0)
    organization = office.engine.world.organization
    assert organization.rates == (
        Rate(dt.date(2027, 1, 1), "USD", Decimal("0.9")), Rate(dt.date(2027, 2, 1), "USD", Decimal("0.8")),
        Rate(dt.date(2027, 2, 1), "GBP", Decimal("1.2")),
    )  # fmt: skip
    bad = "2027-01-01,USD,1\n2027-03-01,usd,1\n2027-03-01,USD,0\n,USD,1\n2027-03-01,EUR,1\n1.3.2027,USD,1\n"
    outcome = office.bring("rates", "Day,Code,Rate\n" + bad)
    assert [(one.line, one.reason.partition(":")[0]) for one in outcome.rejected] == [
        (2, "the organization's file says this already; change it there"), (3, "'usd' is not a currency"),
        (4, "'0' is not a rate"), (5, "the day is missing"),
        (6, "EUR is the organization's currency, which others are told in"), (7, "Day"),
    ]  # fmt: skip
    assert office.engine.world.organization.rates == organization.rates
