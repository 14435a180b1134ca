"""Kinds of streams: what ships is registered with every event that is stored, those of plugins are held to rules."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import playbook
from playbook import Engine, Found, MemoryStore, PluginError, StreamKind, UnknownName, load_plugins
from playbook.engine.proof import prove
from playbook.model.events import KINDS

NOTHING: dict[str, Any] = {}


class Count(msgspec.Struct, frozen=True):
    """Ask for one more."""

    id: str
    by: int = 1


class Counted(msgspec.Struct, frozen=True):
    """It is more by some."""

    by: int


def engine(store: playbook.Store | None = None, **more: Any) -> Engine:
    given: dict[str, Any] = {
        "events": {"count.raised/1": Counted},
        "state": int,
        "initial": 0,
        "evolve": lambda state, event, happened: state + event.by,
        "commands": (Count,),
        "decide": lambda state, command, asked: [Counted(command.by)] if command.by else [],
        **more,
    }

    class Counter:
        @playbook.hookimpl
        def playbook_streams(self) -> list[StreamKind]:
            return [StreamKind("count", "1", **given)]

    registry = load_plugins(extra={"counter": Counter()}, entry_points=False)
    return Engine.open(None, store=store or MemoryStore(), registry=registry)


def test_every_event_that_is_stored_belongs_to_one_kind_of_stream_that_ships() -> None:
    registry = load_plugins(entry_points=False)
    told = [kind for stream in registry.streams.values() for kind in stream.events]
    assert sorted(told) == sorted(KINDS)
    assert registry.owner_of("streams", "case") == ("builtin", "1")


def test_a_name_that_is_taken_is_an_error_that_names_both_plugins() -> None:
    class Taker:
        @playbook.hookimpl
        def playbook_streams(self) -> list[StreamKind]:
            return [StreamKind("case", "1", {}, lambda *_: None)]

    with pytest.raises(PluginError, match=r"'taker': streams 'case' is also contributed by plugin 'builtin'"):
        load_plugins(extra={"taker": Taker()}, entry_points=False)


def test_a_state_begins_as_the_kind_says_and_a_new_fold_is_made_from_the_events() -> None:
    first = engine()
    for _ in range(3):
        first.run(Count("c"), actor="sam")
    assert first.streams.show("count", "c", actor="operator").state == 3
    double = engine(first.store, fold=2, evolve=lambda state, event, happened: state + 2 * event.by)
    assert double.streams.show("count", "c", actor="operator").state == 6
    double.run(Count("c"), actor="sam")
    assert double.streams.show("count", "c", actor="operator").state == 8
    assert list(prove(double)) == []


def test_who_may_not_see_a_stream_finds_shows_and_is_told_nothing_of_it() -> None:
    counting = engine(
        index=lambda state: Found(),
        sees=lambda state, asked: asked.actor == "sam" or state < 2,
    )
    counting.run(Count("few"), actor="sam")
    counting.run(Count("many", 2), actor="sam")
    streams = counting.streams
    seen = {
        actor: [view.id for view in streams.page("count", actor=actor).items]
        for actor in ("operator", "sam", "kim")
    }
    assert seen == {"operator": ["many", "few"], "sam": ["many", "few"], "kim": ["few"]}
    assert streams.show("count", "many", actor="sam").state == 2
    assert [item.event.by for item in streams.history("count", "few", actor="kim")] == [1]
    for ask in (streams.show, streams.history):
        for name in ("many", "mani"):  # there is no telling one that is hidden from one that is not there
            with pytest.raises(UnknownName) as told:
                ask("count", name, actor="kim")
            assert "many" not in str(told.value).replace(repr(name), "")


def test_a_snapshot_that_is_not_the_fold_is_found() -> None:
    first = engine()
    first.run(Count("c"), actor="sam")
    other = engine(first.store, evolve=lambda state, event, happened: state + 7)
    assert [f"{found.stream}: {found.message}" for found in prove(other)] == [
        "count:c: the snapshot is not the fold of its events"
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"decide": lambda *_: [1]}, "1 is no event of this kind of stream; nothing was stored"),
        ({"decide": lambda *_: NOTHING["x"]}, "count c: KeyError: 'x'; nothing was stored"),
        ({"evolve": lambda *_: NOTHING["y"]}, "count c: KeyError: 'y'; nothing was stored"),
        ({"decide": None}, "does not decide them"),
    ],
)
def test_a_kind_whose_own_code_fails_is_named_and_nothing_is_stored(
    more: dict[str, Any], message: str
) -> None:
    broken = engine(**more)
    with pytest.raises(PluginError, match=message):
        broken.run(Count("c"), actor="sam")
    assert broken.store.streams("default") == []


def test_two_who_meet_on_a_stream_both_count() -> None:
    store = MemoryStore()
    one = engine(store)

    def meeting(state: int, command: Count, asked: playbook.Asked) -> list[Counted]:
        if state == 0:
            one.run(Count("c", 10), actor="kim")
        return [Counted(command.by)]

    engine(store, decide=meeting).run(Count("c"), actor="sam")
    assert one.streams.show("count", "c", actor="operator").state == 11
