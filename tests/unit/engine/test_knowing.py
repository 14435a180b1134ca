"""The past as an engine: what was recorded by a time, also where clocks differ."""

from __future__ import annotations

import datetime as dt

import pytest

from playbook import Engine, MemoryStore, Open, Project, Set, UnknownName, load_plugins

DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields: {pain: {type: text}}
stages:
  talk: {title: Talk, next: [won]}
  won: {title: Won, final: won}
"""
NINE = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def test_nothing_is_known_of_a_stream_after_what_was_not_known_yet() -> None:
    now = NINE
    engine = Engine.open(
        Project.from_files({"deals.playbook.yaml": DEALS}),
        store=MemoryStore(),
        clock=lambda: now,
        registry=load_plugins(entry_points=False),
    )
    engine.publish(actor="operator")
    now = NINE + 4 * SECOND
    engine.run(Open("one", "deals", "One"), actor="operator")
    now = NINE + 2 * SECOND  # the clock of another machine is behind
    engine.run(Set("one", {"pain": "slow"}), actor="operator")
    with pytest.raises(UnknownName):
        engine.as_known(NINE + 3 * SECOND).case("one")
    assert engine.as_known(NINE + 4 * SECOND).case("one").fields == {"pain": "slow"}
