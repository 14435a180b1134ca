"""Who gets a case when it is opened and handed on, and what organizations leave behind when they change."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import Refused, UnknownName
from playbook.model.commands import Advance, Assign, Close, Do, Open, Pool
from playbook.model.organization import Organization, Person, Post
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.stores.interface import Store

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields:
  country: {type: text}
  size: {type: choice, options: [small, large]}
  amount: {type: money}
stages:
  talks:
    activities:
      call: {kind: call, due: 2wd, required: true}
      review: {kind: task, due: 1wd, assign: manager}
    next: [offer]
  offer:
    exit:
      big: {that: deal.amount >= 1000}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any}
"""
ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
rates: {file: rates.csv}
calendars:
  office: {timezone: Europe/Berlin, hours: "08:00-16:00", holidays: ["2026-08-11"]}
  abroad: {timezone: America/New_York, hours: "09:00-17:00"}
teams:
  world: {manager: vera}
  emea: {parent: world, manager: dana, calendar: office}
  amer: {parent: world, calendar: abroad}
territories:
  dach: {for: deal, team: emea, when: 'deal.country in ["DE", "AT"]'}
  rest: {for: deal, team: amer, otherwise: true}
people:
  vera: {name: Vera, role: director, team: world}
  dana: {name: Dana, role: manager, team: emea}
  ann: {name: Ann, role: ae, team: emea, territory: dach}
  bob: {name: Bob, role: ae, team: emea, territory: dach}
  cem: {name: Cem, role: ae, team: emea, territory: dach, away: [{from: 2026-08-01, to: 2026-08-10, delegate: ann}]}
  kim: {name: Kim, role: ae, team: amer, territory: rest}
assignment:
  - {for: deal, when: deal.size == "large", to: {role: ae, territory: match}, pick: least_loaded}
  - {for: deal, to: {team: emea, role: ae}, pick: round_robin}
"""
START = dt.datetime(2026, 8, 10, 12, tzinfo=dt.UTC)


class Desk:
    """Hold an engine whose clock goes on by a minute for each command."""

    def __init__(self, store: Store) -> None:
        self.now = START
        self.engine = Engine.open(
            files(), store=store, clock=lambda: self.now, registry=load(entry_points=False)
        )
        self.engine.publish(actor="operator")

    def run(self, command: Any, actor: str = "operator") -> Done:
        self.now += dt.timedelta(minutes=1)
        done = self.engine.run(command, actor=actor)
        assert isinstance(done, Done), done
        return done

    def open(self, owner: str = "", actor: str = "operator", **fields: str) -> str:
        return self.run(Open("", "deals", "Deal", owner, fields), actor).case

    def owners(self, count: int, **fields: str) -> list[str]:
        return [self.engine.case(self.open(**fields)).owner for _ in range(count)]


def files(organization: str = ORGANIZATION) -> Project:
    rates = "date,currency,rate\n2026-01-01,USD,0.9\n2026-08-11,USD,0.5\n"
    texts = {"deals.playbook.yaml": PLAYBOOK, "organization.yaml": organization, "rates.csv": rates}
    project = Project.from_files(texts)
    assert not [problem for problem in project.problems if problem.severity == "error"], project.problems
    return project


@pytest.fixture(params=["memory", "sqlite"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(":memory:")
    yield Desk(store)
    store.close()


def test_round_robin_takes_whoever_got_one_longest_ago_and_is_there(desk: Desk) -> None:
    assert desk.owners(4) == ["ann", "bob", "ann", "bob"]  # cem is away on that day
    desk.now += dt.timedelta(days=1)
    assert desk.owners(3) == ["cem", "ann", "bob"]


def test_who_left_or_has_not_begun_gets_no_more_cases(desk: Desk) -> None:
    people = ORGANIZATION.replace("{name: Ann,", "{name: Ann, left: 2026-08-10,")
    people = people.replace("{name: Bob,", "{name: Bob, hired: 2026-08-11,")
    desk.engine = Engine.open(
        files(people), store=desk.engine.store, clock=lambda: desk.now, registry=load(entry_points=False)
    )
    desk.engine.publish(actor="operator")
    assert desk.owners(2) == ["ann", "ann"]  # on her last day
    desk.now += dt.timedelta(days=1)
    assert desk.owners(3) == ["bob", "cem", "bob"]


def test_what_was_assigned_by_hand_counts_in_the_turn(desk: Desk) -> None:
    desk.now += dt.timedelta(days=1)
    first = desk.open()
    assert desk.owners(3) == ["bob", "cem", "ann"]
    desk.run(Assign(first, "bob"))
    assert desk.owners(3) == ["cem", "ann", "bob"]


def test_least_loaded_counts_open_cases(desk: Desk) -> None:
    for owner in ("ann", "ann", "bob"):
        case = desk.open(owner)
    assert desk.owners(2, size="large", country="AT") == ["bob", "ann"]
    desk.run(Close(case, "lost"))
    assert desk.owners(1, size="large", country="AT") == ["bob"]
    assert desk.owners(1, size="large", country="FR") == ["kim"]


def test_a_case_has_the_territory_that_it_was_opened_in_until_it_is_assigned_to_another(desk: Desk) -> None:
    engine = desk.engine
    case = desk.open(country="DE")
    assert (engine.case(case).territory, engine.case(case).team) == ("dach", "emea")
    assert engine.case(desk.open("kim", country="DE")).team == "amer"
    assert engine.case(desk.open(country="FR")).territory == "rest"
    desk.run(Assign(case, "kim"))
    assert (engine.case(case).territory, engine.case(case).team) == ("dach", "amer")
    desk.run(Assign(case, "kim", territory="rest"))
    desk.run(Assign(case, "kim", team="emea"))
    assert (engine.case(case).territory, engine.case(case).team) == ("rest", "emea")
    with pytest.raises(UnknownName, match="territory 'dch'; did you mean 'dach'"):
        desk.run(Assign(case, "kim", territory="dch"))


def test_who_is_named_as_owner_is_and_rules_go_before_the_actor(desk: Desk) -> None:
    assert desk.engine.case(desk.open("kim", size="large", country="DE")).owner == "kim"
    assert desk.engine.case(desk.open(actor="kim", country="DE")).owner == "ann"
    everyone_away = ORGANIZATION.replace("role: ae, team: emea, territory: dach}", "role: sdr, team: emea}")
    desk.engine.project = files(
        everyone_away.replace("role: ae, team: emea, territory: dach,", "role: sdr, team: emea,")
    )
    desk.engine.publish(actor="operator")
    assert desk.engine.case(desk.open(actor="kim")).owner == "kim"
    assert desk.engine.case(desk.open()).owner == ""


def test_a_case_can_be_handed_to_one_of_a_pool(desk: Desk) -> None:
    case = desk.open("kim")
    desk.run(Assign(case, "", to=Pool("ae", "emea", pick="round_robin")))
    assert desk.engine.case(case).owner == "ann"
    refused = desk.engine.run(Assign(case, "", to=Pool("sdr")), actor="operator")
    assert isinstance(refused, Refused)
    assert refused.message == f"nobody is there who could take {case}: role sdr"


def test_work_is_due_by_the_calendar_of_who_does_it_and_goes_with_the_case(desk: Desk) -> None:
    due = {owner: desk.engine.case(desk.open(owner)).tasks for owner in ("ann", "kim", "vera")}
    ends = {owner: [(t.id, t.assignee, str(t.due)[:16]) for t in tasks] for owner, tasks in due.items()}
    assert ends == {
        "ann": [("call", "ann", "2026-08-13 14:00"), ("review", "dana", "2026-08-12 14:00")],
        "kim": [("call", "kim", "2026-08-12 21:00"), ("review", "vera", "2026-08-11 15:00")],
        "vera": [("call", "vera", "2026-08-12 15:00"), ("review", "vera", "2026-08-11 15:00")],
    }
    case = desk.open("ann")
    desk.run(Assign(case, "bob"))
    assert [task.assignee for task in desk.engine.case(case).tasks] == ["bob", "dana"]


def test_amounts_in_another_currency_are_compared_at_the_rate_of_the_day(desk: Desk) -> None:
    case = desk.open("ann", amount="1500 USD")
    desk.run(Do(case, "call"), "ann")
    desk.run(Advance(case), "ann")
    assert desk.engine.why(case, actor="ann").can_advance
    desk.now += dt.timedelta(days=1)
    assert not desk.engine.why(case, actor="ann").can_advance
    unknown = desk.open("ann", amount="9000 GBP")
    desk.run(Do(unknown, "call"), "ann")
    desk.run(Advance(unknown), "ann")
    assert [blocker.criterion for blocker in desk.engine.why(unknown, actor="ann").blockers] == ["big"]


def test_rules_that_left_the_file_are_gone_and_people_stay(desk: Desk) -> None:
    engine = desk.engine
    assert engine.publish(actor="operator") == engine.publish(actor="operator")
    kinds = [event.kind for event in engine.store.events("default", "organization")]
    assert kinds.count("organization.rules/1") == 1
    desk.now += dt.timedelta(days=30)
    engine.project = files(
        "organization: acme\nteams:\n  emea: {manager: ann}\npeople:\n  ann: {name: Ann, team: emea}\n"
    )
    engine.publish(actor="operator")
    organization = engine.world.organization
    assert not organization.rules.territories
    assert not organization.rules.calendars
    assert sorted(organization.people) == ["ann", "bob", "cem", "dana", "kim", "vera"]
    today, then = desk.now.date(), START.date()
    assert (organization.manager_of("bob", then), organization.manager_of("bob", today)) == ("dana", "ann")
    assert (organization.post("ann", then).territory, organization.post("ann", today).territory) == (
        "dach",
        "",
    )
    assert not list(prove(engine))


def test_an_import_of_people_leaves_the_rules_alone(desk: Desk) -> None:
    desk.engine.enlist(
        Organization(people={"zoe": Person("zoe", "Zoe", posts=(Post("ae", "emea"),))}), actor="operator"
    )
    assert desk.engine.world.organization.rules.assignment
    assert desk.owners(3) == ["ann", "bob", "zoe"]
