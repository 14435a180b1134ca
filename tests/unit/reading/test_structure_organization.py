"""Everything an organization says: calendars, territories, assignment, measures, quotas, rates, absences."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import msgspec
import pytest

from playbook.model.organization import Away, Post
from playbook.model.organization_rules import PlanningRate, Quota, Rate, WorkCalendar
from playbook.model.values import encode
from playbook.reading import codes
from playbook.reading.project import Project, read_text

ORGANIZATION = """\
organization: acme
currency: EUR
rates:
  file: rates.csv
  dated: {2026-04-01: {USD: 0.93, GBP: 1}}
  planning: {2027: {USD: 0.92}}
calendars:
  berlin: {timezone: Europe/Berlin, days: mon-thu, hours: "09:00-17:30", holidays: [DE-BY, 2026-12-24]}
  dubai:  {days: [sun-thu, sat], holidays: AE}
  plain:  {}
teams:
  emea: {calendar: berlin, currency: GBP}
territories:
  dach: {for: deal, team: emea, when: 'deal.account.country in ["DE", "AT"]'}
  rest: {for: deal, otherwise: true}
assignment:
  - {for: deal, when: deal.amount > 5000, to: {role: ae, territory: match}, pick: round_robin}
  - {for: deal, to: {team: emea}}
measures:
  won:   {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  paid:  {playbook: deals, entry: payment, amount: entry.amount, date: entry.at}
  share: {ratio: [paid, won]}
quotas:
  - {period: 2027-Q1, measure: won, person: sam, target: 250000 EUR}
  - {period: 2027, measure: won, team: emea, target: 40}
people:
  sam:
    name: Sam Okafor
    hired: 2026-01-15
    calendar: dubai
    ramp: [25%, 50.5%]
    territory: rest
    history: [{from: 2026-02-01, role: ae, team: emea, territory: dach, manager: dana}]
    away: [{from: 2026-08-01, to: 2026-08-21, delegate: dana}]
  dana: {name: Dana Ruiz}
"""
DEALS = """\
playbook: deals
version: 1
subject: deal
fields: {account: {type: reference, to: account}, amount: {type: money}}
entries: {payment: {fields: {amount: {type: money}}}}
stages: {first: {next: [won]}, won: {final: won}}
"""
RATES = "date,currency,rate\n2026-02-01,USD,0.92\n\n2026-03-01, USD ,0.91\n"


def project(organization: str = ORGANIZATION, rates: str = RATES) -> Project:
    files = {"organization.yaml": organization, "deals.playbook.yaml": DEALS, "rates.csv": rates}
    return Project.from_files(files)


@pytest.fixture(name="organization", scope="module")
def read() -> Any:
    found = project()
    assert [problem.render() for problem in found.problems] == []
    assert found.organization is not None
    return found.organization.value


def test_people_say_when_they_came_and_are_away(organization: Any) -> None:
    sam = organization.people["sam"]
    assert (sam.hired, sam.calendar, sam.ramp) == (
        dt.date(2026, 1, 15),
        "dubai",
        (Decimal("0.25"), Decimal("0.505")),
    )
    assert sam.away == (Away(dt.date(2026, 8, 1), dt.date(2026, 8, 21), "dana"),)
    assert sam.posts == (Post("", "", "rest"), Post("ae", "emea", "dach", dt.date(2026, 2, 1), "dana"))
    emea = organization.teams["emea"]
    assert (emea.calendar, emea.currency) == ("berlin", "GBP")


def test_calendars_have_days_hours_and_holidays(organization: Any) -> None:
    berlin, dubai, plain = organization.rules.calendars
    assert berlin == WorkCalendar(
        "berlin",
        "Europe/Berlin",
        (0, 1, 2, 3),
        dt.time(9),
        dt.time(17, 30),
        "DE-BY",
        (dt.date(2026, 12, 24),),
    )
    assert (dubai.days, dubai.country, dubai.timezone) == ((0, 1, 2, 3, 5, 6), "AE", "")
    assert plain == WorkCalendar("plain")


def test_territories_and_assignment_may_name_what_the_cases_have(organization: Any) -> None:
    dach, rest = organization.rules.territories
    assert (dach.subject, dach.team, dach.when.tree[1]) == (
        "deal",
        "emea",
        ["follow", "deal", "account", "country", "account"],
    )
    assert (rest.when, rest.otherwise) == (None, True)
    first, second = organization.rules.assignment
    assert (first.when.tree[0], first.role, first.territory, first.pick) == (
        "gt",
        "ae",
        "match",
        "round_robin",
    )
    assert (second.when, second.team, second.pick) == (None, "emea", "least_loaded")


def test_measures_name_their_playbook_and_its_entries(organization: Any) -> None:
    won, paid, share = organization.rules.measures
    assert (won.outcome, won.amount.tree, won.date.tree) == (
        "won", ["field", "deal", "amount"], ["field", "case", "closed"],
    )  # fmt: skip
    assert (paid.entry, paid.amount.tree) == ("payment", ["field", "entry", "amount"])
    assert share.ratio == ("paid", "won")


def test_quotas_are_amounts_or_numbers(organization: Any) -> None:
    assert organization.rules.quotas == (
        Quota("2027-Q1", "won", Decimal(250000), "EUR", "sam"), Quota("2027", "won", Decimal(40), "", "", "emea"),
    )  # fmt: skip


def test_a_quota_is_stored_as_before_where_it_says_nothing_new() -> None:
    before = Quota("2027", "won", Decimal(40), "", "", "emea")
    assert encode(before) == (
        b'{"period":"2027","measure":"won","target":"40","currency":"","person":"","team":"emea"}'
    )
    new = attrs.evolve(before, spread=(Decimal("0.4"), Decimal("0.6")), since=dt.date(2027, 2, 1))
    assert msgspec.json.decode(encode(new), type=Quota) == new


def test_rates_come_from_a_file_and_from_here(organization: Any) -> None:
    assert organization.rules.rates == (
        Rate(dt.date(2026, 2, 1), "USD", Decimal("0.92")),
        Rate(dt.date(2026, 3, 1), "USD", Decimal("0.91")),
        Rate(dt.date(2026, 4, 1), "USD", Decimal("0.93")),
        Rate(dt.date(2026, 4, 1), "GBP", Decimal(1)),
    )
    assert organization.rules.planning == (PlanningRate(2027, "USD", Decimal("0.92")),)


@pytest.mark.parametrize(
    ("right", "wrong", "code", "at"),
    [
        ("Europe/Berlin", "Europe/Berln", codes.MALFORMED, "Europe/Berln"),
        ("mon-thu", "monday", codes.MALFORMED, "monday"),
        ("09:00-17:30", "17:30-09:00", codes.OUT_OF_RANGE, '"17:30'),
        ("09:00-17:30", "9-17", codes.MALFORMED, '"9-17'),
        ("2026-12-24]", "2026-02-30]", codes.MALFORMED, "2026-02-30"),
        ("[DE-BY, 2026-12-24]", "[DE, AT]", codes.OUT_OF_RANGE, "["),
        ("to: 2026-08-21", "to: 2026-07-21", codes.OUT_OF_RANGE, "2026-07-21"),
        ("hired: 2026-01-15", "hired: 2026-01-32", codes.MALFORMED, "2026-01-32"),
        ("[25%,", "[25,", codes.WRONG_TYPE, "25"),
        ("period: 2027-Q1", "period: 2027-Q5", codes.MALFORMED, "2027-Q5"),
        ("250000 EUR", "lots", codes.MALFORMED, "lots"),
        ("USD: 0.93", "USD: 0", codes.OUT_OF_RANGE, "0"),
        ("2026-04-01: {", "2026-04-31: {", codes.MALFORMED, "2026-04-31"),
        ("deal.amount > 5000", "deal.amuont > 5000", codes.CONDITION_NAME, "amuont"),
        ("deal.account.country in", "deal.account.contry in", codes.CONDITION_NAME, "contry"),
        ("amount: entry.amount", "amount: entry.amt", codes.CONDITION_NAME, "amt"),
        ("date: case.closed", "date: case.owner", codes.CONDITION_TYPE, "case.owner"),
    ],
)
def test_a_mistake_is_at_its_characters(right: str, wrong: str, code: str, at: str) -> None:
    assert right in ORGANIZATION
    (problem,) = project(ORGANIZATION.replace(right, wrong, 1)).problems
    assert problem.code == code
    assert problem.excerpt[problem.span.column - 1 :].removeprefix(".").startswith(at)


@pytest.mark.parametrize(
    ("rates", "line", "message"),
    [
        ("day,currency,rate\n", 1, "the first line has no column 'date'"),
        ("", 1, "the first line has no column 'date'"),
        ("date,currency,rate\n2026-02-30,USD,0.92\n", 2, "'2026-02-30' is not a date"),
        ("date,currency,rate\n2026-02-01,usd,0.92\n", 2, "'usd' is not a currency"),
        ("date,currency,rate\n2026-02-01,USD\n", 2, "'' is not a rate"),
        ("date,currency,rate\n2026-02-01,USD,0\n", 2, "'0' is not a rate"),
        (
            "date,currency,rate\n2026-02-01,USD,1\n2026-02-01,USD,2\n", 3,
            "the rate of USD from 2026-02-01 stands on line 2",
        ),
    ],
)  # fmt: skip
def test_a_bad_line_of_rates_is_told_in_that_file(rates: str, line: int, message: str) -> None:
    (problem,) = project(rates=rates).problems
    assert (problem.span.file, problem.span.line, problem.message) == ("rates.csv", line, message)


def test_alone_an_organization_is_read_without_what_it_names() -> None:
    reading = read_text(ORGANIZATION, "f.yaml")
    assert reading.problems == ()
    assert reading.value is not None
    assert [rate.currency for rate in reading.value.rules.rates] == ["USD", "GBP"]
