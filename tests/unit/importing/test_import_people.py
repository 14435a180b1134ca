from __future__ import annotations

import pytest

from playbook.errors import InputError
from playbook.model.organization import Post

from .conftest import Desk

HEADER = "agent,office,boss\n"


def test_people_bring_their_teams_and_managers(desk: Desk) -> None:
    outcome = desk.take(HEADER + "Ann Lee,West,Bo Ek\nCem Er,West,Bo Ek\n", "people")
    assert (outcome.rows, outcome.opened, outcome.changed, outcome.skipped) == (2, 2, 0, 0)
    organization = desk.engine.world.organization
    assert organization.teams["west"].title == "West"
    assert organization.people["ann_lee"].posts == (Post("rep", "west"),)
    assert organization.people["bo_ek"].posts == (Post("manager", "west"),)
    assert [organization.manager_of(name) for name in ("ann_lee", "cem_er")] == ["bo_ek", "bo_ek"]
    before = desk.log
    assert desk.take(HEADER + "Ann Lee,West,Bo Ek\nCem Er,West,Bo Ek\n", "people").skipped == 2
    assert desk.log == before


def test_people_of_the_files_are_found_by_name_and_keep_what_a_row_leaves_open(desk: Desk) -> None:
    outcome = desk.take(HEADER + "Sam Okafor,East,Dana Ruiz\nAnn Lee,East,Dana Ruiz\n", "people")
    assert (outcome.opened, outcome.changed) == (1, 1)
    people = desk.engine.world.organization.people
    assert sorted(people) == ["ann_lee", "dana", "sam"]
    assert people["sam"].email == "sam@acme.example"
    assert people["sam"].posts == (Post("rep", "east"),)
    assert people["sam"].manager == "dana"
    assert people["dana"].posts == (Post("sales_manager", "east"),)
    assert people["ann_lee"].post().team == "east"


def test_a_manager_whom_a_row_describes_is_as_the_row_says(desk: Desk) -> None:
    desk.take(HEADER + "Ann Lee,West,Bo Ek\nBo Ek,North,Bo Ek\n", "people")
    boss = desk.engine.world.organization.people["bo_ek"]
    assert (boss.posts, boss.manager) == ((Post("rep", "north"),), "")


def test_bad_rows_are_named_and_leave_nothing(desk: Desk) -> None:
    text = HEADER + "Ann Lee,West,Bo Ek\n,South,Di Po\nAnn Lee,South,Di Po\nCem Er\nEve Oz,West,Bo Ek\n"
    outcome = desk.take(text, "people")
    assert [(rejected.line, rejected.reason) for rejected in outcome.rejected] == [
        (3, "agent: the name is missing"),
        (4, "agent: 'Ann Lee' stands on line 2 already"),
        (5, "1 cell, where the header has 3 columns"),
    ]
    organization = desk.engine.world.organization
    assert sorted(organization.people) == ["ann_lee", "bo_ek", "dana", "eve_oz", "sam"]
    assert sorted(organization.teams) == ["east", "west"]


def test_stop_keeps_what_came_before_the_bad_row(desk: Desk) -> None:
    desk.remap("people", "key: agent", "key: agent\non_bad_row: stop")
    outcome = desk.take(HEADER + "Ann Lee,West,Bo Ek\nCem Er\nEve Oz,West,Bo Ek\n", "people")
    assert (outcome.rows, outcome.opened, len(outcome.rejected)) == (2, 1, 1)
    assert sorted(desk.engine.world.organization.people) == ["ann_lee", "bo_ek", "dana", "sam"]


def test_names_that_would_share_an_id_get_their_own(desk: Desk) -> None:
    names = ("Ann-Marie Lee", "Ann Marie Lee", "Operator", "李明轩", "Øyvind Å")
    desk.take(HEADER + "".join(f"{name},East,\n" for name in names), "people")
    people = desk.engine.world.organization.people
    assert {id_: person.name for id_, person in people.items() if person.name in names} == {
        "ann_marie_lee": "Ann-Marie Lee",
        "ann_marie_lee_2": "Ann Marie Lee",
        "operator_2": "Operator",
        "李明轩": "李明轩",
        "øyvind_å": "Øyvind Å",
    }
    assert desk.take(HEADER + "".join(f"{name},East,\n" for name in reversed(names)), "people").skipped == 5


def test_two_people_of_one_name_are_not_guessed_between(desk: Desk) -> None:
    desk.files["organization.yaml"] += "  sam2: {name: Sam Okafor, role: ae, team: east}\n"
    desk.publish()
    outcome = desk.take(HEADER + "Sam Okafor,West,\n", "people")
    assert [rejected.reason for rejected in outcome.rejected] == [
        "several have the name 'Sam Okafor': tell them apart in the organization first"
    ]
    deal = "id,rep,product,company,stage,opened,closed,value\n1,Sam Okafor,,,engaging,2026-01-05,,\n"
    assert "several people have the name 'Sam Okafor': sam, sam2" in desk.take(deal).rejected[0].reason


def test_a_column_that_is_not_there_is_named(desk: Desk) -> None:
    with pytest.raises(InputError, match="reads column 'boss', which the file does not have"):
        desk.take("agent,office\nAnn Lee,West\n", "people")
