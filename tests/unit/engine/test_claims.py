"""What is decided by looking at other cases holds also where two look at the same moment."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import pytest

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import Refused
from playbook.model.commands import Advance, Close, Open, Set
from playbook.model.events import ActionRefused
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playbook.stores.interface import Batch, Store

NOW = dt.datetime(2026, 8, 10, 9, tzinfo=dt.UTC)
PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields:
  account: {type: text}
  region: {type: text}
  place: {type: text, is: 'deal.account + "/" + deal.region'}
who_may: {see: owner, edit: anyone}
stages:
  talks:
    entry:
      alone: {unique: {by: [account, region], among: open}, when: deal.region != null}
    exit:
      once: {unique: {by: [place], among: all}}
    next: [won]
  won: {final: won}
"""
ORGANIZATION = """
organization: acme
people:
  ann: {name: Ann, role: ae}
  bea: {name: Bea, role: ae}
  cy: {name: Cy, role: ae}
  sam: {name: Sam, role: boss}
assignment:
  - {for: deal, to: {role: ae}, pick: round_robin}
"""
N = 6


class AtOnce:
    """Let the first append of every thread wait until all of them have decided."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._barrier = threading.Barrier(N)
        self._met = threading.local()

    def append(self, batches: Sequence[Batch]) -> Any:
        if not getattr(self._met, "once", False):
            self._met.once = True
            self._barrier.wait(timeout=20)
        return self._store.append(batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "s.db"))


def opened(store: Any) -> Engine:
    project = Project.from_files({"p.playbook.yaml": PLAYBOOK, "organization.yaml": ORGANIZATION})
    assert not [p for p in project.problems if p.severity == "error"], project.problems
    engine = Engine.open(project, store=store, clock=lambda: NOW, registry=load(entry_points=False))
    engine.publish(actor="operator")
    return engine


def at_once(store: Store, act: Callable[[Engine, int], Any]) -> list[Any]:
    """Return the answers of as many threads, each of which decided before any appended, with an engine of its own."""
    opened(store)
    waiting: Any = AtOnce(store)
    engines = [
        Engine.open(None, store=waiting, clock=lambda: NOW, registry=load(entry_points=False))
        for _ in range(N)
    ]
    answers: dict[int, Any] = {}

    def run(number: int) -> None:
        answers[number] = act(engines[number], number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(N)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(N)]


def test_of_cases_opened_at_once_with_the_same_values_one_is(store: Store) -> None:
    same = {"account": "Acme", "region": "EU"}
    answers = at_once(
        store, lambda engine, n: engine.run(Open("", "deals", str(n), fields=same), actor="sam")
    )
    assert [type(answer) for answer in answers].count(Done) == 1
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {blocker.criterion for answer in refused for blocker in answer.blockers} == {"alone"}
    assert not list(prove(opened(store)))
    store.close()


def test_cases_opened_at_once_go_to_everyone_in_turn(store: Store) -> None:
    answers = at_once(store, lambda engine, n: engine.run(Open("", "deals", str(n)), actor="sam"))
    assert all(isinstance(answer, Done) for answer in answers)
    owners = [view.owner for view in opened(store).find(Query(), actor="operator").items]
    assert sorted(owners) == ["ann", "ann", "bea", "bea", "cy", "cy"]
    assert not list(prove(opened(store)))
    store.close()


def test_values_are_found_by_the_index_computed_ones_too_and_an_unseen_case_is_not_named(
    store: Store,
) -> None:
    engine = opened(store)
    told = []
    for number in range(3):
        name = f"case{number}"
        given = {"account": "Acme", "region": "EU"} if number == 0 else {"account": "Acme"}
        assert isinstance(engine.run(Open(name, "deals", name, "ann", given), actor="ann"), Done)
        engine.run(Set(name, {"region": "EU"}), actor="ann")
    for actor in ("ann", "operator"):
        refused = engine.run(Advance("case0"), actor=actor)
        assert isinstance(refused, Refused)
        told.append(refused.blockers[0].hint)
    assert told == ["case1, case2 have the same"] * 2
    mine = engine.run(Open("mine", "deals", "", "bea", {"account": "Acme", "region": "EU"}), actor="bea")
    assert isinstance(mine, Refused)
    assert mine.blockers[0].hint == "A deal that you do not see has the same"
    for name in ("case1", "case2"):
        engine.run(Set(name, {"region": "US"}), actor="ann")
    assert isinstance(engine.run(Advance("case0"), actor="ann"), Done)
    assert engine.why("case1", actor="ann").blockers[0].hint == "case2 has the same"
    engine.run(Set("case1", {"region": "EU"}), actor="ann")
    assert (
        engine.why("case1", actor="ann").blockers[0].hint == "case0 has the same"
    )  # among all, closed ones too
    assert isinstance(engine.run(Close("case0", "won"), actor="ann"), Refused)
    assert not list(prove(engine))
    store.close()


SALE = """
playbook: sales
version: 1
subject: sale
fields:
  account: {type: text}
  region: {type: text}
stages:
  talks: {next: [won]}
  won:
    final: won
    on_enter:
      - {open: deals, copy: {account: account, region: region}, owner: owner}
      - {open: deals, copy: {account: account, region: region}, owner: owner}
      - {open: deals, copy: {account: account}, owner: owner}
"""


def test_cases_of_one_batch_are_held_against_each_other(store: Store) -> None:
    files = {"p.playbook.yaml": PLAYBOOK, "s.playbook.yaml": SALE, "organization.yaml": ORGANIZATION}
    project = Project.from_files(files)
    assert not [p for p in project.problems if p.severity == "error"], project.problems
    engine = Engine.open(project, store=store, clock=lambda: NOW, registry=load(entry_points=False))
    engine.publish(actor="operator")
    for number, (region, expected) in enumerate((("EU", 2), ("EU", 1), ("US", 2))):
        name = f"sale{number}"
        given = {"account": "Acme", "region": region}
        assert isinstance(engine.run(Open(name, "sales", name, "ann", given), actor="ann"), Done)
        assert isinstance(engine.run(Advance(name), actor="ann"), Done)
        assert len(engine.view(name, actor="operator").children) == expected, name
        refused = [
            item.event
            for item in engine.history(name, actor="operator")
            if isinstance(item.event, ActionRefused)
        ]
        assert [event.criteria for event in refused] == [("alone",)] * (3 - expected)
    assert not list(prove(engine))
    store.close()
