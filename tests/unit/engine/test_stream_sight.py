"""Who sees a stream of a plugin, and that no way leads around it: lists, pages, histories, the index, the past."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import playbook
from playbook import (
    Asked,
    Engine,
    Found,
    MemoryStore,
    PluginError,
    Project,
    Query,
    SqliteStore,
    StreamKind,
    UnknownName,
)
from playbook.stores.rows import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbook import Store

ORGANIZATION = """
organization: acme
people:
  sam: {name: Sam, role: ae, team: emea}
  kim: {name: Kim, role: ae, team: emea}
  dana: {name: Dana, role: manager, team: emea}
  fin: {name: Fin, role: finance}
  max: {name: Max, role: ae, history: [{role: finance, from: 2027-01-01}]}
teams: {emea: {title: EMEA, manager: dana}}
"""
MARCH = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class Pay(msgspec.Struct, frozen=True):
    """Ask for a wage to be written down."""

    id: str


class Paid(msgspec.Struct, frozen=True):
    """It was."""


def _sees(person: str, asked: Asked) -> bool:
    organization = asked.organization
    if asked.actor == "torn":
        raise KeyError(person)
    role = organization.post(asked.actor, asked.day).role
    return asked.actor in (person, organization.manager_of(person, asked.day)) or role == "finance"


class Wages:
    @playbook.hookimpl
    def playbook_streams(self) -> Iterator[StreamKind]:
        """Add wages, seen by oneself, who manages one, and finance."""
        yield StreamKind(
            "wage", "1", {"wage.paid/1": Paid}, lambda state, event, happened: happened.id.partition(".")[0],
            state=str, commands=(Pay,), decide=lambda state, command, asked: [Paid()],
            index=lambda state: Found("march", state, fields={"of": state}), sees=_sees,
        )  # fmt: skip


class House:
    """Eleven wages, of two people in turns."""

    def __init__(self, store: Store) -> None:
        self.now = MARCH
        self.store = store
        self.publish(ORGANIZATION)
        for number in range(11):
            name = ("sam", "kim")[number % 2]
            self.engine.run(Pay(f"{name}.{number}"), actor="fin")
            self.now += dt.timedelta(minutes=1)

    def publish(self, organization: str) -> None:
        registry = playbook.load_plugins(extra={"wages": Wages()}, entry_points=False)
        files = Project.from_files({"a.organization.yaml": organization}, **registry.for_files)
        self.engine = Engine.open(files, store=self.store, registry=registry, clock=lambda: self.now)
        self.engine.publish(actor="operator")

    def ids(self, actor: str, limit: int = 50, engine: Engine | None = None) -> list[str]:
        """Return what pages show, and hold each of them to be full and to name nothing else."""
        after, found = None, list[str]()
        while True:
            page = (engine or self.engine).streams.page("wage", after=after, limit=limit, actor=actor)
            found += [view.id for view in page.items]
            after = page.next
            if after is None:
                return found
            assert len(page.items) == limit
            assert after.endswith(f"wage:{found[-1]}")


@pytest.fixture(params=["memory", "sqlite"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "playbook.db"))
    yield House(store)
    store.close()


SEEN = {"sam": ("sam",), "kim": ("kim",), "dana": ("kim", "sam"), "fin": ("kim", "sam"), "max": (), "x": ()}
WHOSE = pytest.mark.parametrize(("actor", "whose"), SEEN.items())


@WHOSE
def test_pages_show_what_one_may_see_and_tell_nothing_of_the_rest(
    house: House, actor: str, whose: tuple[str, ...]
) -> None:
    every = [f"{('sam', 'kim')[number % 2]}.{number}" for number in reversed(range(11))]
    for limit in (1, 2, 5, 50):
        assert house.ids(actor, limit) == [name for name in every if name.partition(".")[0] in whose]


@WHOSE
def test_one_stream_is_shown_and_told_to_who_may_see_it(
    house: House, actor: str, whose: tuple[str, ...]
) -> None:
    streams = house.engine.streams
    every = ["sam.0", "kim.1", "sam.2"]
    seen = [name for name in every if name.partition(".")[0] in whose]
    assert list(streams.those("wage", every, actor=actor)) == seen
    for name in every:
        if name in seen:
            assert streams.show("wage", name, actor=actor).id == name
            told_of = streams.history("wage", name, actor=actor)
            assert [item.kind for item in told_of] == ["wage.paid/1"]
            continue
        for ask in (streams.show, streams.history):
            with pytest.raises(UnknownName) as told:
                ask("wage", name, actor=actor)
            assert all(
                other not in str(told.value).replace(repr(name), "") for other in set(every) - set(seen)
            )


@pytest.mark.parametrize("actor", ["operator", "fin", "kim"])
def test_the_index_of_cases_is_no_way_around(house: House, actor: str) -> None:
    engine, query = house.engine, Query(f"{RECORDS}/wage")
    assert engine.find(query, actor=actor).items == ()
    assert engine.tally(query, by=("owner",), actor=actor) == ()
    assert engine.desk.next(query, actor=actor).open == 0
    assert list(engine.desk.walk(query, actor=actor)) == []
    assert engine.find(Query(prefix="wage:"), actor=actor).items == ()
    assert [chunk for chunk in engine.columns("cases", actor=actor) if chunk["case"]] == []
    asked: list[Any] = [
        lambda: engine.resolve("wage:sam.0", actor=actor), lambda: engine.case("wage:sam.0", actor=actor),
        lambda: engine.records("/wage", actor=actor), lambda: engine.record("/wage", "sam.0", actor=actor),
        lambda: engine.history("wage:sam.0", actor=actor), lambda: engine.history_of("/wage", "x", actor=actor),
        lambda: engine.desk.board(query, actor=actor),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(UnknownName):
            ask()


def test_the_past_is_shown_to_who_may_see_it_now(house: House) -> None:
    then, first = house.now, ["sam.2", "kim.1", "sam.0"]
    house.now = dt.datetime(2027, 1, 4, tzinfo=dt.UTC)
    house.publish(ORGANIZATION.replace("fin: {name: Fin, role: finance}", "fin: {name: Fin, role: ae}"))
    past = house.engine.as_known(MARCH + dt.timedelta(minutes=2))
    assert house.ids("max", engine=past) == first
    assert house.ids("fin", engine=past) == []
    assert house.ids("sam", engine=past.as_known(then)) == ["sam.2", "sam.0"]
    assert past.streams.page("wage", "april", actor="max").items == ()


def test_a_plugin_that_cannot_say_who_may_see_is_named_and_tells_nothing(house: House) -> None:
    streams = house.engine.streams
    for ask in (
        lambda: streams.page("wage", actor="torn"),
        lambda: streams.show("wage", "sam.0", actor="torn"),
    ):
        with pytest.raises(PluginError, match="who may see a wage cannot be told: KeyError") as told:
            ask()
        assert "sam" not in str(told.value)
