"""Reports on quotas: who has which, what was reached, what is open for the rest; each sees what concerns them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.paying import Paying

from playbook import (
    Advance,
    Close,
    InputError,
    Money,
    Open,
    ReportContext,
    ReportQuery,
    Set,
    Split,
    UnknownName,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Table

ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
rates: {dated: {2027-01-01: {USD: 0.5}}}
people:
  sam: {name: Sam, role: ae, team: dach, territory: alps}
  kim: {name: Kim, role: ae, team: dach, hired: 2027-02-15, ramp: [50%]}
  lea: {name: Lea, role: ae, team: emea}
  joe: {name: Joe, role: ae, team: emea}
  dana: {name: Dana, role: sales_manager, team: emea}
  max: {name: Max, role: sales_manager, team: dach}
  fin: {name: Fin, role: finance}
teams:
  emea: {title: EMEA, manager: dana}
  dach: {title: DACH, parent: emea, manager: max}
territories:
  alps: {for: deal, team: dach, when: deal.amount >= 500 EUR}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  deals: {playbook: deals, outcome: won, count: true, date: case.closed}
  due: {playbook: deals, amount: deal.due, date: case.closed}
  kept: {ratio: [revenue, due]}
quotas:
  - {period: 2027, measure: revenue, person: sam, target: 8000 EUR, spread: [50%, 20%, 20%, 10%]}
  - {period: 2027-Q1, measure: revenue, person: kim, target: 2000 USD}
  - {period: 2027-Q1, measure: deals, person: lea, target: 4}
  - {period: 2027-Q1, measure: revenue, team: emea, target: 6000 EUR}
  - {period: 2027-Q1, measure: revenue, territory: alps, target: 1000 EUR}
  - {period: 2027, measure: kept, person: sam, target: 80%}
"""
QUARTER = ReportQuery(period="2027-Q1", since=dt.date(2027, 1, 1), until=dt.date(2027, 3, 31))


PROMISES = """
playbook: promises
version: 1
subject: deal
title: Promises
fields:
  amount: {type: money}
  due: {type: money}
  expected_close: {type: date}
stages:
  talk: {title: Talk, probability: 25%, next: [hope]}
  hope: {title: Hope, next: [won, lost]}
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost}
"""


class Office(Paying):
    def __init__(self, organization: str = ORGANIZATION) -> None:
        super().__init__(organization, promises_playbook=PROMISES)

    def report(self, name: str, actor: str = "operator", **asked: Any) -> Table:
        query = ReportQuery(**{field: getattr(QUARTER, field) for field in QUARTER.__struct_fields__} | asked)
        world = self.engine.world
        context = ReportContext(
            lambda table: self.engine.columns(table, actor=actor), world.organization, {}, world.zone, self.now(),
            actor=actor, engine=self.engine,
        )  # fmt: skip
        return self._registry.reports[name].run(context, query)

    def rows(self, name: str, **asked: Any) -> dict[tuple[str, str], dict[str, Any]]:
        found = self.report(name, **asked)
        return {(row[found.columns[0]], row["measure"]): dict(row) for row in found.rows}


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    made.do(
        Open("split", "deals", "Split", owner="sam", fields={"amount": "1200 EUR", "due": "1500 EUR"}),
        "2027-01-09",
    )
    made.do(Split("split", {"sam": Decimal("0.75"), "joe": Decimal("0.25")}))
    made.do(Close("split", "won"), "2027-01-10")
    made.won("2027-03-01", "800 USD", owner="kim")
    made.won("2027-03-02", "100 EUR", owner="lea")
    made.won("2027-04-01", "5000 EUR")
    made.today = "2027-03-10"
    yield made
    made.close()


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(Decimal(amount), currency)


def test_people_reach_their_shares_of_what_was_sold(office: Office) -> None:
    rows = office.rows("attainment", of="revenue")
    assert rows["Sam", "revenue"] == {
        "person": "Sam", "measure": "revenue", "quota": money("4000.00"), "reached": money("900.00"),
        "attainment": Decimal("0.225"), "gap": money("3100.00"), "days_left": 21,
        "pace": Decimal("0.293478"),  # 900 of 4,000 x 69 / 90
    }  # fmt: skip
    # 2,000 x 45 days at 50 % (since 15 February, 28 of them) or in full
    assert rows["Kim", "revenue"]["quota"] == money("688.89", "USD")
    assert rows["Kim", "revenue"]["reached"] == money("800.00", "USD")
    assert rows["Joe", "revenue"]["reached"] == money("300.00")
    assert rows["Joe", "revenue"]["quota"] is None
    assert (
        "Without a quota of revenue in 2027-Q1: Joe, Lea." in office.report("attainment", of="revenue").notes
    )


def test_teams_and_territories_reach_what_their_cases_come_to(office: Office) -> None:
    teams = office.rows("attainment", by="team", of="revenue")
    # 1,200 and 100, and 800 USD at 0.5; a team counts those below
    assert teams["EMEA", "revenue"]["reached"] == money("1700.00")
    assert teams["EMEA", "revenue"]["attainment"] == Decimal("0.283333")
    assert teams["DACH", "revenue"]["reached"] == money("1600.00")
    assert teams["DACH", "revenue"]["quota"] is None
    alps = office.rows("attainment", by="territory")["alps", "revenue"]
    assert (alps["reached"], alps["attainment"], alps["gap"]) == (
        money("1200.00"), Decimal("1.2"), money("-200.00"),
    )  # fmt: skip


def test_counts_and_ratios_are_numbers(office: Office) -> None:
    rows = office.rows("attainment")
    assert (rows["Lea", "deals"]["reached"], rows["Lea", "deals"]["attainment"]) == (1, Decimal("0.25"))
    kept = rows["Sam", "kept"]  # 900 of 1,125 that were due
    assert (kept["quota"], kept["reached"], kept["attainment"], kept["pace"]) == (
        Decimal("0.8"), Decimal("0.8"), 1, None,
    )  # fmt: skip


def test_a_ratio_that_is_asked_for_is_told_of_whoever_has_one(office: Office) -> None:
    rows = office.rows("attainment", of="kept")
    assert {name: row["reached"] for (name, _), row in rows.items()} == {
        "Sam": Decimal("0.8"),
        "Joe": Decimal("0.8"),
    }
    assert (rows["Joe", "kept"]["quota"], rows["Joe", "kept"]["attainment"]) == (None, None)
    teams = office.rows("attainment", of="kept", by="team")
    # 1,600 of 1,500: nobody said what was due of kim's
    assert teams["DACH", "kept"]["reached"] * 15 == pytest.approx(16)


def test_another_period_and_an_earlier_time(office: Office) -> None:
    april = office.rows("attainment", of="revenue", period="2027-04")["Sam", "revenue"]
    assert (april["quota"], april["reached"], april["days_left"], april["pace"]) == (
        money("527.47"), money("5000.00"), 30, None,  # 1,600 x 30 / 91
    )  # fmt: skip
    earlier = office.now()
    office.won("2027-03-05", "100 EUR")
    now, then = (office.rows("attainment", of="revenue", as_of=at) for at in (None, earlier))
    assert now["Sam", "revenue"]["reached"] == money("1000.00")
    assert then["Sam", "revenue"]["reached"] == money("900.00")


def test_who_has_which_quota_and_who_has_none(office: Office) -> None:
    rows = office.rows("quota")
    assert rows["Kim", "revenue"] == {
        "person": "Kim", "measure": "revenue", "quota": money("2000.00", "USD"), "days_share": Decimal("0.5"),
        "ramp_share": Decimal("0.688889"), "target": money("688.89", "USD"), "because": "31 of 90 days",
    }  # fmt: skip
    assert rows["Sam", "kept"]["quota"] == Decimal("0.8")
    assert rows["Lea", "revenue"]["quota"] is None
    assert office.report("quota", of="revenue").notes == ("Without a quota of revenue in 2027-Q1: Joe, Lea.",)


def test_the_sum_of_people_stands_beside_the_quota_of_the_team(office: Office) -> None:
    rows = office.rows("quota", by="team")
    assert rows["EMEA", "revenue"] == {
        "team": "EMEA", "measure": "revenue", "quota": money("6000.00"), "people": 2,
        "people_sum": money("4344.45"), "difference": money("-1655.55"),  # 4,000 and 688.89 USD at 0.5
    }  # fmt: skip
    assert rows["DACH", "revenue"]["quota"] is None
    alps = office.rows("quota", by="territory")["alps", "revenue"]
    assert (alps["people"], alps["people_sum"], alps["difference"]) == (1, money("4000.00"), money("3000.00"))


@pytest.mark.parametrize("report", ["attainment", "quota"])
def test_everyone_sees_what_concerns_them(office: Office, report: str) -> None:
    def seen(actor: str, by: str = "person") -> set[object]:
        return {row[by] for row in office.report(report, actor, by=by, of="revenue").rows}

    assert seen("fin") == seen("operator") == {"Sam", "Kim", "Joe", "Lea"}
    assert seen("sam") == {"Sam"}
    assert seen("max") == {"Sam", "Kim"}
    assert (seen("max", "team"), seen("dana", "team"), seen("sam", "team")) == (
        {"DACH"},
        {"DACH", "EMEA"},
        set(),
    )
    assert (seen("max", "territory"), seen("joe", "territory")) == ({"alps"}, set())
    assert "3 of 4 are not shown to sam." in office.report(report, "sam", of="revenue").notes
    assert seen("") == set()


def test_a_team_or_a_person_can_be_asked_for(office: Office) -> None:
    assert {name for name, _ in office.rows("attainment", team="dach", of="revenue")} == {"Sam", "Kim"}
    assert {name for name, _ in office.rows("quota", owner="kim")} == {"Kim"}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"by": "stage"}, "'stage'"), ({"of": "revenu"}, "revenue"), ({"team": "dahc"}, "dach"),
        ({"period": ""}, "--period 2027-Q1"),
        ({"playbook": "deals"}, "--of names one"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(office: Office, asked: dict[str, str], error: str) -> None:
    with pytest.raises((InputError, UnknownName), match=error):
        office.report("attainment", **asked)


def test_what_is_open_covers_what_is_missing() -> None:
    office = Office(ORGANIZATION.replace("playbook: deals", "playbook: promises"))
    office.today = "2027-02-28"
    for case, amount, day, owner in (
        ("due", "6000 EUR", "2027-03-20", "sam"), ("late", "1000 EUR", "2027-01-20", "sam"),
        ("then", "9000 EUR", "2027-04-01", "sam"), ("never", "9000 EUR", "", "sam"),
        ("kims", "500 EUR", "2027-03-31", "kim"),
    ):  # fmt: skip
        fields = {"amount": amount, **({"expected_close": day} if day else {})}
        office.do(Open(case, "promises", case, owner=owner, fields=fields))
    office.do(Set("late", {"probability": "90%"}))
    office.do(Advance("kims"))
    office.do(Open("sold", "promises", "Sold", owner="sam", fields={"amount": "500 EUR"}))
    office.do(Advance("sold"))
    office.do(Close("sold", "won"))
    rows = office.rows("coverage")
    assert rows["Sam", "revenue"] == {
        "person": "Sam", "measure": "revenue", "quota": money("4000.00"), "reached": money("500.00"),
        "missing": money("3500.00"), "open_cases": 2, "open": money("7000.00"), "weighted_open": money("2400.00"),
        "coverage": 2, "weighted_coverage": Decimal("0.685714"),
    }  # fmt: skip
    kim = rows["Kim", "revenue"]  # 1,000 USD, of which 688.89 are asked for
    assert (kim["open"], kim["weighted_open"]) == (money("1000.00", "USD"), money("0.00", "USD"))
    assert rows["Lea", "deals"]["open_cases"] == 0
    assert office.rows("coverage", by="team")["EMEA", "revenue"]["open"] == money("7500.00")
    assert office.report("coverage").notes == (
        "kept: open cases do not tell what they will count, so there is no coverage.",
        "1 open have no expected close: they are left out.",
        "1 open have no probability: they are left out of weighted_open.",
    )
    assert [row["person"] for row in office.report("coverage", "max").rows] == ["Kim", "Sam"]
    assert office.report("coverage", "joe").notes == (
        "3 of 3 are not shown to joe.",
        office.report("coverage").notes[0],
    )
    reached = office.rows("coverage", by="territory", period="2027-Q1")["alps", "revenue"]
    assert (reached["missing"], reached["coverage"]) == (money("500.00"), 15)
    office.close()
