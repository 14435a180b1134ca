from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal

import pytest

from playbook.errors import InputError
from playbook.model.organization import Away, Organization, Person, Post, Settings, Team
from playbook.model.organization_rules import PlanningRate, Rate, Rules, WorkCalendar
from playbook.money import Money
from playbook.process.assignment import Load, candidates, pick
from playbook.process.facts import Needs, World
from playbook.times import Duration

NOON = dt.datetime(
    2026, 7, 3, 12, tzinfo=dt.UTC
)  # a Friday; the day before a holiday that falls on a Saturday


def world(rules: Rules, *people: Person) -> World:
    teams = (
        Team("all", calendar="berlin"),
        Team("amer", parent="all", calendar="ny"),
        Team("emea", parent="all"),
    )
    settings = Settings("acme", currency="EUR", timezone="Europe/Berlin")
    return World(Organization(settings, {t.id: t for t in teams}, {p.id: p for p in people}, rules))


CALENDARS = (
    WorkCalendar("berlin", "Europe/Berlin", country="DE"),
    WorkCalendar("ny", "America/New_York", country="US", closes=dt.time(16)),
    WorkCalendar("own", "", (5, 6), dt.time(10), dt.time(12), holidays=(dt.date(2026, 7, 4),)),
)


def test_the_calendar_is_the_persons_else_the_teams_else_that_of_a_team_above_else_the_general_one() -> None:
    people = (
        Person("kim", "Kim", posts=(Post(team="amer"),)), Person("sam", "Sam", posts=(Post(team="emea"),)),
        Person("lea", "Lea", posts=(Post(team="amer"),), calendar="own"), Person("joe", "Joe"),
    )  # fmt: skip
    one = world(Rules(CALENDARS), *people)
    ends = {
        name: one.calendar_of(name, "", NOON).add(NOON, Duration(1, "wd")).isoformat()
        for name in one.organization.people
    }
    assert ends == {
        "kim": "2026-07-06T20:00:00+00:00",  # in New York; the third is a holiday there, the sixth none
        "sam": "2026-07-06T15:00:00+00:00",
        "lea": "2026-07-05T10:00:00+00:00",  # in the organization's zone; the fourth is listed
        "joe": "2026-07-06T15:00:00+00:00",
    }
    assert one.calendar_of("", "amer", NOON) is one.calendar_of("kim", "emea", NOON)
    assert one.calendar_of("nobody", "nowhere", NOON) is one.calendar


def test_holidays_are_those_of_the_country_and_its_part() -> None:
    calendars = (WorkCalendar("berlin", country="DE-BE"), WorkCalendar("ny", country="DE-BY"))
    one, epiphany, labour = world(Rules(calendars)), dt.date(2026, 1, 6), dt.date(2026, 5, 1)
    works = {team: one.calendar_of("", team, NOON).works_on for team in ("emea", "amer")}
    assert [works["emea"](epiphany), works["amer"](epiphany)] == [True, False]
    assert [works["emea"](labour), works["amer"](labour)] == [False, False]
    assert works["amer"](dt.date(2027, 1, 7))


def test_holidays_that_nobody_knows_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for country in ("XX", "DE-XX"):
        with pytest.raises(InputError, match=f"'berlin': no holidays are known for '{country}'"):
            world(Rules((WorkCalendar("berlin", country=country),))).calendar_of("", "emea", NOON)
    monkeypatch.setitem(sys.modules, "holidays", None)  # as if it were not installed
    with pytest.raises(InputError, match=r"pip install 'playbook\[calendars\]'"):
        world(Rules((WorkCalendar("berlin", country="DE"),))).calendar_of("", "emea", NOON)
    listed = WorkCalendar("berlin", holidays=(dt.date(2026, 7, 6),))
    assert not world(Rules((listed,))).calendar_of("", "emea", NOON).works_on(dt.date(2026, 7, 6))


RATES = Rules(
    rates=(
        Rate(dt.date(2026, 3, 1), "USD", Decimal("0.8")), Rate(dt.date(2026, 2, 1), "USD", Decimal("0.9")),
        Rate(dt.date(2026, 2, 1), "GBP", Decimal("1.2")),
    ),
    planning=(PlanningRate(2027, "USD", Decimal("0.75")),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "currency", "on", "worth"),
    [
        ("10 USD", "EUR", "2026-02-28", "9"), ("10 USD", "EUR", "2026-03-01", "8"),
        ("10 USD", "EUR", "2030-01-01", "8"),
        ("8 EUR", "USD", "2026-03-01", "10"), ("10 GBP", "USD", "2026-03-05", "15"),
        ("10 USD", "EUR", "2026-01-31", None),
        ("10 USD", "USD", "2020-01-01", "10"),
        ("10 CHF", "EUR", "2026-03-01", None),
        ("10 EUR", "CHF", "2026-03-01", None),
    ],
)  # fmt: skip
def test_money_is_converted_by_the_latest_rate_of_the_day(
    amount: str, currency: str, on: str, worth: str | None
) -> None:
    found = world(RATES).rates.convert(Money.parse(amount), currency, dt.date.fromisoformat(on))
    assert found == (None if worth is None else Money.of(worth, currency))


def test_plans_have_rates_of_their_own() -> None:
    rates = world(RATES).rates
    assert rates.planned(Money.parse("10 USD"), "EUR", 2027) == Money.parse("7.50 EUR")
    assert rates.planned(Money.parse("10 USD"), "EUR", 2026) is None


def test_candidates_are_those_of_role_team_and_territory_on_the_day_who_are_there() -> None:
    one = world(
        Rules(), Person("a", "A", posts=(Post("ae", "emea", "dach"),)), Person("b", "B", posts=(Post("ae", "emea"),)),
        Person("c", "C", posts=(Post("ae", "emea", "dach"),), away=(Away(NOON.date(), NOON.date()),)),
        Person("d", "D", posts=(Post("ae", "amer"), Post(team="emea", since=dt.date(2026, 7, 4)))), Person("e", "E"),
    ).organization  # fmt: skip
    friday, saturday = NOON.date(), dt.date(2026, 7, 4)
    assert candidates(one, friday, role="ae") == ("a", "b", "d")
    assert candidates(one, friday, role="ae", team="emea") == ("a", "b")
    assert candidates(one, saturday, role="ae", team="emea") == ("a", "b", "c", "d")
    assert candidates(one, saturday, territory="dach") == ("a", "c")
    assert candidates(one, friday, role="sdr") == ()


def test_one_is_picked_by_load_or_by_turn_and_ties_go_by_id() -> None:
    names = ("a", "b", "c")
    assert pick(names, "least_loaded", {}) == Needs(("load:a", "load:b", "load:c"))
    assert pick(("a",), "least_loaded", {}) == "a"

    def picked(how: str, **loads: Load) -> object:
        return pick(names, how, {f"load:{name}": load for name, load in loads.items()})

    assert picked("least_loaded", a=Load(2, 1), b=Load(1, 9), c=Load(1, 5)) == "c"
    assert picked("round_robin", a=Load(0, 7), b=Load(9, 3), c=Load(0, 5)) == "b"
    assert (
        picked("least_loaded", a=Load(), b=Load(), c=Load())
        == picked("round_robin", a=Load(), b=Load(), c=Load())
        == "a"
    )
