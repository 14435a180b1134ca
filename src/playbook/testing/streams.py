"""The contract of a kind of stream: inherit from StreamContract in a test module, and every rule becomes a test.

Its fixtures say what is tested:

    class TestPledges(StreamContract):
        @pytest.fixture
        def registry(self):
            return load_plugins(extra={"mine": my_plugin}, entry_points=False)

        @pytest.fixture
        def story(self):
            return [("sam", Pledge("sam.2026-03", "5 EUR")), ...]  # who asks for what, on one kind of stream

        @pytest.fixture
        def project(self):
            return Project.from_files({...})  # where commands need an organization
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from playbook.engine import Engine
from playbook.engine.proof import prove
from playbook.errors import InputError, Refused
from playbook.model.stream_kinds import Asked
from playbook.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.model.stream_kinds import StreamKind
    from playbook.plugins import Registry
    from playbook.reading.project import Project
    from playbook.stores.interface import StoredEvent

    Story = Sequence[tuple[str, Any]]

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def told(
    registry: Registry, project: Project | None, story: Story, store: MemoryStore | None = None
) -> Engine:
    """Return an engine on which a story happened, a minute a command; what is refused is part of it."""
    minutes = itertools.count()
    engine = Engine.open(
        project,
        store=store or MemoryStore(),
        registry=registry,
        clock=lambda: START + dt.timedelta(minutes=next(minutes)),
        entropy=bytes,
    )
    engine.publish(actor="operator")
    for number, (actor, command) in enumerate(story):
        engine.run(command, actor=actor, key=f"story:{number}")
    return engine


def happened(engine: Engine, kind: StreamKind) -> list[StoredEvent]:
    """Return the events of every stream of a kind in the order of the log."""
    items = engine.store.log(engine.tenant, after=None, limit=10_000).items
    return [event for event in items if event.stream.startswith(f"{kind.name}:")]


class StreamContract:
    """Every rule that a kind of stream must keep; give the fixtures `registry` and `story`."""

    @pytest.fixture
    def project(self) -> Project | None:
        """Return what is published before the story: nothing."""
        return None

    @pytest.fixture
    def kind(self, registry: Registry, story: Story) -> StreamKind:
        """Return the kind of stream that the story is about."""
        return next(kind for kind in registry.streams.values() if type(story[0][1]) in kind.commands)

    def test_the_story_leads_to_every_kind_of_event(
        self, registry: Registry, project: Project | None, story: Story, kind: StreamKind
    ) -> None:
        """What the story does not lead to is not proved by what follows."""
        stored = {event.kind for event in happened(told(registry, project, story), kind)}
        assert stored == set(kind.events)

    def test_the_same_commands_make_the_same_bytes(
        self, registry: Registry, project: Project | None, story: Story, kind: StreamKind
    ) -> None:
        """Deciding reads no clock, no chance and nothing of the world but what it is given."""
        one, other = (happened(told(registry, project, story), kind) for _ in range(2))
        assert one == other

    def test_deciding_changes_nothing_and_answers_the_same_again(
        self, registry: Registry, project: Project | None, story: Story, kind: StreamKind
    ) -> None:
        """A command may be decided again where it met another's change, or to be explained."""
        engine = told(registry, project, story)
        decide: Any = kind.decide
        for actor, command in story:
            state = (
                engine.streams.show(kind.name, command.id, actor="operator").state
                if _is_there(engine, kind, command)
                else kind.initial
            )
            before = msgspec.json.encode(state)
            asked = Asked(actor, START + dt.timedelta(days=1), engine.world.organization)
            answers = [_answer(decide, state, command, asked) for _ in range(2)]
            assert answers[0] == answers[1]
            assert msgspec.json.encode(state) == before

    def test_what_is_stored_is_the_fold_of_its_events(
        self, registry: Registry, project: Project | None, story: Story
    ) -> None:
        """State and index row survive being written, and are made anew from the events alike."""
        assert [finding.message for finding in prove(told(registry, project, story))] == []

    def test_a_key_makes_a_command_happen_once(
        self, registry: Registry, project: Project | None, story: Story, kind: StreamKind
    ) -> None:
        """The story told again on the same store adds nothing."""
        store = MemoryStore()
        first = happened(told(registry, project, story, store), kind)
        assert happened(told(registry, project, story, store), kind) == first


def _is_there(engine: Engine, kind: StreamKind, command: Any) -> bool:
    name = f"{kind.name}:{command.id}"
    return name in engine.store.load(engine.tenant, (name,))


def _answer(decide: Any, state: Any, command: Any, asked: Asked) -> object:
    try:
        answer = decide(state, command, asked)
    except InputError as error:
        return str(error)
    return answer if isinstance(answer, Refused) else tuple(answer)
