"""What random histories found to be told wrong (test_insights_against_naive.py), one by one."""

from __future__ import annotations

import pytest
from tests.selling import Selling
from tests.sold import DEALS, ORGANIZATION

import playbook_insights
from playbook import Advance, Assign, Merge, Open, Set, load_plugins

REGISTRY = load_plugins(extra={"insights": playbook_insights}, entry_points=False)


@pytest.fixture
def selling() -> Selling:
    house = {**ORGANIZATION, "currency": "EUR", "timezone": "Europe/Berlin"}
    return Selling(house, "2026-03-27T22:30+00:00", REGISTRY)


def opened(selling: Selling, case: str, playbook: str = "deals", name: str = "", **fields: str) -> None:
    selling.engine.run(Open(case, playbook, name, owner="ann", fields=dict(fields)), actor="operator")


def test_nothing_is_told_with_a_minus(selling: Selling) -> None:
    opened(selling, "a", amount="-0.01 EUR")
    rows, _ = selling.report("pipeline")
    assert rows == [{"stage": "Talk (deals)", "cases": 1, "amount": "-0.01 EUR", "weighted": "0.00 EUR"}]


def test_references_group_by_names_and_merged_ones_with_what_was_kept(selling: Selling) -> None:
    alpha, beta, other, gamma = selling.company.accounts  # two are called Alpha
    for number, account in enumerate((alpha, other, beta, gamma)):
        opened(selling, f"c{number}", account=account)
    selling.engine.run(Merge("account", gamma, beta), actor="operator")
    rows, _ = selling.report("pipeline", by="account")
    assert [(row["account"], row["cases"]) for row in rows] == sorted(
        [(f"Alpha ({alpha})", 1), (f"Alpha ({other})", 1), ("Gamma", 2)]
    )
    selling.engine.run(Merge("account", alpha, other), actor="operator")
    rows, _ = selling.report("pipeline", by="account")
    assert [(row["account"], row["cases"]) for row in rows] == [("Alpha", 2), ("Gamma", 2)]


def test_a_case_is_called_by_its_name_for_those_who_see_it(selling: Selling) -> None:
    opened(selling, "u", "upsell", "More seats")
    opened(selling, "d")
    selling.engine.run(Set("d", {"origin": "u"}), actor="operator")
    selling.engine.run(Assign("d", "kim_s"), actor="operator")
    for actor, name in (("operator", "More seats"), ("ann", "More seats"), ("kim_s", "u")):
        rows, _ = selling.report("pipeline", actor, by="origin", playbook="deals")
        assert [row["origin"] for row in rows] == [name], actor


def test_a_stage_of_an_earlier_version_keeps_its_name_and_its_probability(selling: Selling) -> None:
    opened(selling, "a", amount="100 EUR")
    selling.improves()
    selling.improves()  # the stage `talk` is gone, and another one is called Talk
    opened(selling, "b", amount="100 EUR")
    rows, notes = selling.report("pipeline")
    assert rows == [
        {"stage": "Talk (deals)", "cases": 1, "amount": "100.00 EUR", "weighted": "25.00 EUR"},
        {"stage": "Talk (deals.talk)", "cases": 1, "amount": "100.00 EUR", "weighted": "20.00 EUR"},
    ]
    assert notes == []


def test_stages_of_one_playbook_that_are_called_alike_are_told_apart(selling: Selling) -> None:
    book = {**DEALS, "stages": {name: {**said, "title": "Step"} for name, said in DEALS["stages"].items()}}
    selling.company.versions["deals"] = [book]
    selling.publish(selling.company.now)
    opened(selling, "a")
    opened(selling, "b")
    selling.engine.run(Advance("b", "offer"), actor="operator")
    rows, _ = selling.report("pipeline")
    assert [(row["stage"], row["cases"]) for row in rows] == [("Step (talk)", 1), ("Step (offer)", 1)]
