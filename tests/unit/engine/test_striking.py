"""Ctrl-C at any moment of what an engine does, and the same engine goes on: what it holds is what is stored."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import itertools
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.model.commands import Advance, Log, Open, Set, SetRecord
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.sqlite import SqliteStore
from playbook.testing.strikes import moments, promptly, strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playbook.model.commands import Command
    from playbook.stores.interface import Store

# what was opened, and struck before it had a name, only Python closes, which newer ones tell of
pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let Python close here what it closes."""
    yield
    gc.collect()


FILES = {
    "organization.yaml": """
organization: acme
currency: EUR
people:
  sam: {name: Sam Okafor, role: ae}
""",
    "account.record.yaml": "record: account\nunique: [domain]\nfields: {name: {type: text}, domain: {type: text}}\n",
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money}
  pain: {type: text}
  buyer: {type: text, personal: true}
timers:
  late: {idle: 5d, then: [{set: {pain: Silence}}]}
stages:
  talk: {exit: {pain: {that: filled(deal.pain)}}, next: [won]}
  won: {final: won, on_enter: [{open: care}]}
  lost: {final: lost, from: any}
""",
    "care.playbook.yaml": """
playbook: care
version: 1
subject: service
stages:
  start: {next: [end]}
  end: {final: done}
""",
}
PROJECT = Project.from_files(FILES)
REGISTRY = load(entry_points=False)
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = START + dt.timedelta(days=9)


def begin(store: Store) -> Engine:
    assert not PROJECT.problems, PROJECT.problems
    return Engine.open(PROJECT, store=store, registry=REGISTRY, clock=lambda: START)


@pytest.mark.parametrize("cold", [False, True])
def test_a_command_struck_anywhere_is_done_once_when_it_is_given_again(tmp_path: Path, cold: bool) -> None:
    """By an engine that has been at work, and by one that has read nothing yet."""
    with contextlib.closing(SqliteStore(str(tmp_path / "store.db"))) as store:
        begin(store).publish(actor="operator")
        engine = begin(store)
        for at in moments():
            if cold:
                engine = begin(store)
            struck: list[object] = []
            name = f"c{at}"
            commands: list[Command] = [
                Open(name, "deals", name, owner="sam", fields={"amount": "5 EUR"}),
                Set(name, {"amount": "7 EUR"}),
                Log(name, "call", text="Spoke"),
                Advance(name),
                Set(name, {"pain": "Slow", "buyer": "Ann"}),
                Advance(name),
            ]
            for number, command in enumerate(commands):
                run = partial(engine.run, command, actor="sam", key=f"{name}/{number}")
                struck.append(strike(at, run))
                again = promptly(run)
                fresh = begin(store)
                assert engine.view(name, actor="sam") == fresh.view(name, actor="sam")
                assert engine.why(name, actor="sam") == fresh.why(name, actor="sam")
                if isinstance(again, Done):
                    first = fresh.run(command, actor="sam", key=f"{name}/{number}")
                    assert isinstance(first, Done)
                    assert first.version == again.version
            kinds = [one.kind for one in engine.history(name, actor="sam")]
            assert kinds.count("entry.logged/1") == 1, kinds
            assert engine.view(name, actor="sam").outcome == "won"
            if not any(struck):
                break
        cases = engine.find(Query(), actor="operator", limit=9999).items
        assert len(cases) == 2 * sum(case.playbook == "deals" for case in cases)
        assert list(prove(begin(store))) == []


READ: dict[str, Callable[[Engine], object]] = {
    "find": lambda engine: engine.find(Query(), actor="sam", limit=9),
    "tally": lambda engine: engine.tally(by=["stage"], actor="sam"),
    "as_of": lambda engine: engine.as_of("c0", at=START, actor="sam"),
    "history": lambda engine: list(engine.history("c0", actor="sam")),
}
DONE: dict[str, Callable[[Engine], object]] = {
    "publish": lambda engine: engine.publish(actor="operator"),
    "tick": lambda engine: engine.tick(LATER, lease=dt.timedelta()),
    "record": lambda engine: engine.run(
        SetRecord("account", fields={"name": "Acme", "domain": "acme.example"}), actor="sam", key="k"
    ),
    "forget": lambda engine: engine.forget("c0", actor="operator"),
}


@pytest.fixture
def sold(tmp_path: Path) -> Path:
    """Return a file in which there are two cases."""
    file = tmp_path / "sold.db"
    with contextlib.closing(SqliteStore(str(file))) as store:
        engine = begin(store)
        engine.publish(actor="operator")
        for number in range(2):
            opened = Open(f"c{number}", "deals", "Acme", owner="sam", fields={"buyer": "Ann"})
            assert isinstance(engine.run(opened, actor="sam"), Done)
    return file


@pytest.mark.parametrize("work", READ)
def test_a_question_struck_anywhere_is_answered_when_it_is_asked_again(sold: Path, work: str) -> None:
    ask = READ[work]
    with contextlib.closing(SqliteStore(str(sold))) as store:
        answer = ask(begin(store))
        for at in moments():
            engine = begin(store)
            struck = strike(at, partial(ask, engine))
            assert promptly(partial(ask, engine)) == answer
            if struck is None:
                break
        assert isinstance(engine.run(Open("", "deals", "Next"), actor="sam"), Done)


@pytest.mark.parametrize("work", DONE)
def test_what_is_struck_anywhere_is_done_then_by_the_same_engine(
    sold: Path, tmp_path: Path, work: str
) -> None:
    """It holds what a fresh one reads, and what is stored is whole."""
    do = DONE[work]
    for at in itertools.islice(moments(), 0, None, 3):
        file = tmp_path / f"{at}.db"
        if work != "publish":
            shutil.copy(sold, file)
        with contextlib.closing(SqliteStore(str(file))) as store:
            engine = begin(store)
            struck = strike(at, partial(do, engine))
            promptly(partial(do, engine))
            assert do(engine) == do(begin(store))
            shown = [engine.view(f"c{n}", actor="sam") for n in range(2 * (work != "publish"))]
            assert shown == [begin(store).view(case.id, actor="sam") for case in shown]
            assert isinstance(engine.run(Open("", "deals", "Next"), actor="sam"), Done)
            assert list(prove(engine)) == []
            assert work != "tick" or [case.fields["pain"] for case in shown] == ["Silence"] * 2
        if struck is None:
            break
