from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from playbook.model.fiscal import fiscal_quarter, fiscal_year, period
from playbook.model.organization import Away, Organization, Person, Post, Settings, Team


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def organization(*people: Person, teams: tuple[Team, ...] = ()) -> Organization:
    settings = Settings("acme", approves_when_no_manager="vera")
    return Organization(settings, {t.id: t for t in teams}, {p.id: p for p in people})


TEAMS = (
    Team("world", manager="vera"),
    Team("emea", parent="world", manager="dana"),
    Team("amer", parent="world"),
)


def test_a_post_counts_from_its_day_and_what_it_leaves_out_stays() -> None:
    sam = Person("sam", "Sam", posts=(
        Post("trainee", "emea"), Post("ae", territory="dach", since=day("2026-02-01")),
        Post(team="amer", since=day("2026-09-01")),
    ))  # fmt: skip
    one = organization(sam)
    assert one.post("sam", day("2026-01-31")) == Post("trainee", "emea")
    assert one.post("sam", day("2026-08-31")) == Post("ae", "emea", "dach", day("2026-02-01"))
    assert one.post("sam", day("2026-09-01")) == Post("ae", "amer", "dach", day("2026-09-01"))
    assert one.post("nobody", day("2026-09-01")) == Post()


def test_who_has_no_name_is_called_by_the_id() -> None:
    one = organization(Person("sam", "Sam Adeyemi"), Person("kim", ""))
    assert [one.name_of(person) for person in ("sam", "kim", "joe")] == ["Sam Adeyemi", "kim", "joe"]


def test_the_manager_is_ones_own_else_the_teams_else_that_of_a_team_above() -> None:
    one = organization(
        Person("sam", "Sam", posts=(Post(team="emea"), Post(manager="joe", since=day("2026-06-01")))),
        Person("lea", "Lea", manager="joe", posts=(Post(team="emea"),)),
        Person("dana", "Dana", posts=(Post(team="emea"),)),
        Person("kim", "Kim", posts=(Post(team="amer"),)),
        Person("vera", "Vera", posts=(Post(team="world"),)),
        Person("joe", "Joe"),
        teams=TEAMS,
    )
    on = day("2026-05-31")
    managers = {name: one.manager_of(name, on) for name in one.people}
    assert managers == {
        "sam": "dana",
        "lea": "joe",
        "dana": "vera",
        "kim": "vera",
        "vera": "vera",
        "joe": "vera",
    }
    assert one.manager_of("sam", day("2026-06-01")) == "joe"
    assert one.manager_of("nobody", on) == ""
    assert one.people_of("vera", on) == ("dana", "joe", "kim", "vera")
    assert one.people_of("joe", day("2026-06-01")) == ("lea", "sam")
    assert one.teams_of("vera", on) == ("world",)


def test_what_changes_without_a_date_counts_from_the_day_it_was_said_and_not_before() -> None:
    sam, emea = Person("sam", "Sam", posts=(Post("ae", "emea"),)), TEAMS[1]
    one = organization(sam, teams=TEAMS)
    one = one.with_team(attrs.evolve(emea, manager="joe", parent="amer"), day("2026-04-01"))
    one = one.with_person(attrs.evolve(sam, posts=(Post("ae", "amer"),)), day("2026-07-01"))
    assert [one.manager_of("sam", day(on)) for on in ("2026-03-31", "2026-04-01", "2026-07-01")] == [
        "dana", "joe", "vera"
    ]  # fmt: skip
    assert [one.post("sam", day(on)).team for on in ("2020-01-01", "2026-06-30", "2026-07-01")] == [
        "emea", "emea", "amer"
    ]  # fmt: skip
    assert [team.id for team in one.lineage("emea", day("2026-03-31"))] == ["emea", "world"]
    assert one.people_of("dana", day("2026-03-31")) == ("sam",)
    assert one.people_of("dana", day("2026-04-01")) == ()


def test_a_dated_post_counts_from_its_day_also_where_it_was_written_later() -> None:
    sam = Person("sam", "Sam", posts=(Post("ae", "emea"),))
    moved = attrs.evolve(sam, posts=(Post("ae", "emea"), Post(team="amer", since=day("2026-06-15"))))
    one = organization(sam).with_person(moved, day("2026-07-01"))
    assert [one.post("sam", day(on)).team for on in ("2026-06-14", "2026-06-15")] == ["emea", "amer"]


def test_what_is_said_beside_a_dated_post_counts_from_the_day_it_was_said() -> None:
    sam = Person("sam", "Sam", posts=(Post("ae", "emea"), Post(team="amer", since=day("2026-03-01"))))
    moved = attrs.evolve(sam, manager="joe", posts=(Post("lead", "world"), *sam.posts[1:]))
    one = organization(sam, teams=TEAMS).with_person(moved, day("2026-07-01"))
    found = [one.post("sam", day(on)) for on in ("2026-02-28", "2026-06-30", "2026-07-01")]
    assert [(post.role, post.team, post.manager) for post in found] == [
        ("ae", "emea", ""), ("ae", "amer", ""), ("lead", "amer", "joe"),
    ]  # fmt: skip
    assert [one.manager_of("sam", day(on)) for on in ("2026-06-30", "2026-07-01")] == ["vera", "joe"]


def test_what_was_in_force_for_no_whole_day_is_forgotten() -> None:
    one = organization(Person("sam", "Sam", posts=(Post(team="a"),)))
    for team in ("b", "c"):
        one = one.with_person(Person("sam", "Sam", posts=(Post(team=team),)), day("2026-07-01"))
    assert [one.post("sam", day(on)).team for on in ("2026-06-30", "2026-07-01")] == ["a", "c"]
    assert len(one.were_people["sam"]) == 1


def test_delegates_stand_in_on_both_ends_and_for_those_who_stand_in_for_another() -> None:
    away = Away(day("2026-08-01"), day("2026-08-21"), "dana")
    one = organization(
        Person("sam", "Sam", away=(away,)), Person("dana", "Dana", away=(attrs.evolve(away, delegate="joe"),)),
        Person("joe", "Joe", away=(Away(day("2026-08-10"), day("2026-08-10"), "sam"),)),
    )  # fmt: skip
    assert one.stands_in_for("dana", day("2026-08-01")) == ("sam",)
    assert one.stands_in_for("joe", day("2026-08-21")) == ("dana", "sam")
    assert one.stands_in_for("sam", day("2026-08-10")) == ("joe", "dana")  # round in a circle, each once
    assert [one.stands_in_for("dana", day(on)) for on in ("2026-07-31", "2026-08-22")] == [(), ()]


def test_ramp_goes_by_whole_months_of_employment() -> None:
    ramp = (Decimal("0.25"), Decimal("0.5"))
    sam = Person("sam", "Sam", posts=(Post(since=day("2026-01-31")),), ramp=ramp)
    days = ("2026-01-01", "2026-02-28", "2026-03-01", "2026-03-30", "2026-03-31")
    assert [str(sam.ramp_share(day(on))) for on in days] == ["0.25", "0.25", "0.5", "0.5", "1"]
    assert attrs.evolve(sam, hired=day("2025-01-01")).ramp_share(day("2026-02-01")) == 1


@pytest.mark.parametrize(
    ("starts", "named", "text", "first", "last"),
    [
        (2, "end", "2027", "2026-02-01", "2027-01-31"), (2, "end", "2027-Q1", "2026-02-01", "2026-04-30"),
        (2, "end", "2027-Q4", "2026-11-01", "2027-01-31"), (2, "start", "2027-H2", "2027-08-01", "2028-01-31"),
        (1, "end", "2028-H1", "2028-01-01", "2028-06-30"), (1, "start", "2028", "2028-01-01", "2028-12-31"),
        (2, "end", "2028-02", "2028-02-01", "2028-02-29"),
    ],
)  # fmt: skip
def test_fiscal_periods(starts: int, named: str, text: str, first: str, last: str) -> None:
    settings = Settings(fiscal_start=starts, fiscal_named_after=named)
    begins, ends = period(text, settings)
    assert (begins, ends) == (day(first), day(last))
    if "Q" in text:
        assert fiscal_quarter(begins, settings) == fiscal_quarter(ends, settings) == text
        assert fiscal_quarter(ends + dt.timedelta(days=1), settings) != text
    if len(text) == 4:
        assert fiscal_year(begins, settings) == fiscal_year(ends, settings) == int(text)


def test_what_is_no_period_says_how_to_write_one() -> None:
    for text in ("2027-Q5", "27", "2027-13", "0000", "2027-H3"):
        with pytest.raises(ValueError, match="period"):
            period(text, Settings(fiscal_start=2))
