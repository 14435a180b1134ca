"""What of a playbook was touched: its stages, its moves, its criteria met and unmet, its timers.

Everything that is written counts once, at the place where it is written: a way that `next` names, a final stage
that can be come to `from` others, each of `moves`, a stage that a rule skips, where a refusal leads back.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import attrs

from playbook.engine.definitions import Compiler
from playbook.engine.streams import case_stream, is_case
from playbook.process.answers import MOVES
from playbook.process.codec import decode_event
from playbook.process.compiled import Compiled
from playbook.process.preparing import criteria

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook.errors import Blocker, Span
    from playbook.model.playbook import Playbook, Stage
    from playbook.model.rules import Condition
    from playbook.plugins import Registry
    from playbook.process.criteria import Attempt, Check
    from playbook.process.definition import Definition
    from playbook.reading.project import Reading
    from playbook.stores.interface import StoredEvent

PARTS = ("stages", "moves", "criteria", "timers")
_FOLLOWED = ("case.opened/1", "case.moved/1", "case.reopened/1", "timer.fired/1")
_DECLINED = "approval.refused/1"

Touch = tuple[str, str]
"""A playbook, and the path of what was touched in it."""


@attrs.frozen
class Item:
    """Name one thing that can be touched: the part of PARTS it belongs to, its path, in words, and its place."""

    part: str
    playbook: str
    path: str
    what: str
    span: Span


class Watch:
    """Collect what is touched while cases run on definitions that its compiler makes."""

    def __init__(self) -> None:
        self.touched: set[Touch] = set()

    def compiler(self, registry: Registry) -> Compiler:
        """Return what compiles definitions whose criteria are watched."""
        return _WatchingCompiler(registry, self.touched)

    def follow(self, events: Iterable[StoredEvent], compiled: Callable[[str], Compiled]) -> None:
        """Note the stages, moves and timers of stored events; `compiled` gives the definition of a case."""
        before: dict[str, str] = {}
        for stored in events:
            if is_case(stored.stream) and stored.kind in _FOLLOWED:
                playbook = compiled(stored.stream.removeprefix(case_stream(""))).playbook
                event = decode_event(stored.kind, stored.data)
                paths = _paths(playbook, stored.kind, event, refused=before.get(stored.stream) == _DECLINED)
                self.touched.update((playbook.id, path) for path in paths)
            before[stored.stream] = stored.kind


class _WatchingCompiler(Compiler):
    def __init__(self, registry: Registry, touched: set[Touch]) -> None:
        super().__init__(registry)
        self._touched = touched

    def make(self, read: Definition) -> Compiled:
        return _Watched(read, self.registry, self._touched)


class _Watched(Compiled):
    """Note of every criterion that applies whether it was met."""

    def __init__(self, read: Definition, registry: Registry, touched: set[Touch]) -> None:
        self._touched = touched
        self._name = read.playbook.id
        super().__init__(read, registry.functions, registry.criteria, registry.contracts(), registry.actions)

    def _asking(self, path: str, check: Check, *when: Condition | None) -> Check:
        tests = [self._conditions.test(condition) for condition in when if condition is not None]
        met, unmet, touched = (self._name, f"{path}.met"), (self._name, f"{path}.unmet"), self._touched

        def watched(attempt: Attempt) -> Blocker | None:
            blocker = check(attempt)
            if attempt.needs:
                return blocker  # it is asked again when the facts are there
            if blocker is not None:
                touched.add(unmet)
            elif all(test(attempt.scope) is not False for test in tests):
                touched.add(met)
            return blocker

        return watched


def _paths(playbook: Playbook, kind: str, event: Any, *, refused: bool) -> Iterator[str]:
    """Yield the paths that an event touches; `refused` where a refusal comes right before it."""
    if kind == "timer.fired/1":
        yield f"timers.{event.timer}"
        return
    entered = event.stage if kind == "case.opened/1" else event.target
    yield f"stages.{entered}"
    if kind == "case.reopened/1":
        yield "moves.reopen"
    elif kind == "case.moved/1":
        yield from _moved(playbook, event, refused=refused)


def _moved(playbook: Playbook, event: Any, *, refused: bool) -> Iterator[str]:
    stages = {stage.id: stage for stage in playbook.stages}
    if event.way == "back":
        backs = [path for path, stage in _backs(playbook) if stage == event.target]
        yield from backs if refused else ["moves.back"]
    elif event.way == "skip":
        yield "moves.skip"
    elif any(target.to == event.target for target in stages[event.source].next) or event.way == "forward":
        yield from (f"stages.{name}.when" for name in event.passed)
        ways = itertools.pairwise((event.source, *event.passed, event.target))
        yield from (f"stages.{source}.next.{target}" for source, target in ways)
    else:
        named = event.source in stages[event.target].start
        yield f"stages.{event.target}.from.{event.source if named else 'any'}"


def _backs(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """Yield the paths of approvals whose refusal leads back, with the stage."""
    for path, criterion in criteria(playbook):
        if criterion.approval is not None and criterion.approval.refused_back:
            yield f"{path}.refused", criterion.approval.refused_back


def items(reading: Reading[Playbook]) -> Iterator[Item]:
    """Yield everything of a playbook that can be touched, part by part."""
    playbook = reading.value
    if playbook is None:
        return
    for part, path, what, place in (
        *_stages(playbook), *_moves(reading, playbook), *_criteria(playbook), *_timers(playbook)
    ):  # fmt: skip
        span = reading.where.get(".".join(map(str, place))) or reading.source.at(*place)
        yield Item(part, playbook.id, path, what, span)


_Found = tuple[str, str, str, tuple[str | int, ...]]


def _stages(playbook: Playbook) -> Iterator[_Found]:
    for stage in playbook.stages:
        yield "stages", f"stages.{stage.id}", f"no case comes to {stage.id}", ("stages", stage.id)


def _moves(reading: Reading[Playbook], playbook: Playbook) -> Iterator[_Found]:
    for stage in playbook.stages:
        yield from _ways(stage)
    for way, rule in (("skip", playbook.skip), ("back", playbook.back), ("reopen", playbook.reopen)):
        if rule.by and reading.source.get("moves", way) is not None:
            yield "moves", f"moves.{way}", f"no case is moved by `{way}`", ("moves", way)
    for path, stage_id in _backs(playbook):
        yield "moves", path, f"no refusal leads back to {stage_id}", (*path.split(".")[:-1],)


def _ways(stage: Stage) -> Iterator[_Found]:
    place = "stages", stage.id
    for index, target in enumerate(stage.next):
        branch = "takes the branch" if target.when is not None else "moves"
        what = f"no case {branch} {stage.id} -> {target.to}"
        yield "moves", f"stages.{stage.id}.next.{target.to}", what, (*place, "next", index)
    if stage.when is not None:
        yield "moves", f"stages.{stage.id}.when", f"no case skips {stage.id} by its `when`", (*place, "when")
    for name in stage.start:
        what = f"no case comes to {stage.id} from {'any stage' if name == 'any' else name}"
        yield "moves", f"stages.{stage.id}.from.{name}", what, (*place, "from")


def _criteria(playbook: Playbook) -> Iterator[_Found]:
    asked = {c.id for stage in playbook.stages for c in (*stage.entry, *stage.exit)}
    found = [(path, c.id) for path, c in criteria(playbook) if c.id in asked or c.id.startswith(MOVES)]
    found += [
        (f"stages.{stage.id}.activities.{activity.id}", activity.id)
        for stage in playbook.stages
        for activity in stage.activities
        if activity.required
    ]
    for path, name in found:
        yield "criteria", f"{path}.met", f"{name} is never met", (*path.split("."),)
        yield "criteria", f"{path}.unmet", f"{name} is never unmet", (*path.split("."),)


def _timers(playbook: Playbook) -> Iterator[_Found]:
    for timer in playbook.timers:
        path = f"timers.{timer.id}"
        yield "timers", path, f"{timer.id} never strikes", ("timers", timer.id)


@attrs.frozen
class Coverage:
    """Say what of some playbooks was touched; a share is between 0 and 1, and 1 where there is nothing."""

    items: tuple[Item, ...]
    touched: frozenset[Touch]

    @classmethod
    def of(cls, playbooks: Iterable[Reading[Playbook]], watch: Watch) -> Coverage:
        """Return the coverage of playbooks by what was watched."""
        found = tuple(item for reading in playbooks for item in items(reading))
        return cls(found, frozenset(watch.touched))

    def count(self, part: str = "", playbook: str = "") -> tuple[int, int]:
        """Return how many were touched of how many there are, of a part or playbook or of all."""
        found = [item for item in self.items if part in ("", item.part) and playbook in ("", item.playbook)]
        return sum(self._is_touched(item) for item in found), len(found)

    def share(self, part: str = "") -> float:
        """Return the share that was touched of a part, or of everything."""
        touched, total = self.count(part)
        return touched / total if total else 1.0

    @property
    def untouched(self) -> tuple[Item, ...]:
        """Return what no scenario touched, by place."""
        missed = (item for item in self.items if not self._is_touched(item))
        return tuple(sorted(missed, key=lambda item: (item.span.file, item.span.line, item.path)))

    def _is_touched(self, item: Item) -> bool:
        return (item.playbook, item.path) in self.touched
