"""The parts of a playbook with the path under which each stands in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Path
    from playbook.model.playbook import Activity, Criterion, MoveRule, Playbook, Stage
    from playbook.model.rules import Action, Approval, Timer
    from playbook.reading.project import Reading


def playbook_of(reading: Reading[Playbook]) -> Playbook:
    """Return the playbook of a file that was read."""
    assert reading.value is not None
    return reading.value


def criteria(playbook: Playbook) -> Iterator[tuple[Path, Criterion]]:
    """Yield every criterion with its path, a shared one once."""
    for criterion in playbook.criteria:
        yield ("criteria", criterion.id), criterion
    for stage in playbook.stages:
        for side in ("entry", "exit"):
            for criterion in getattr(stage, side):
                if not criterion.shared:
                    yield ("stages", stage.id, side, criterion.id), criterion


def activities(playbook: Playbook) -> Iterator[tuple[Path, Activity]]:
    """Yield every activity with its path."""
    for stage in playbook.stages:
        for activity in stage.activities:
            yield ("stages", stage.id, "activities", activity.id), activity


def moves(playbook: Playbook) -> Iterator[tuple[Path, MoveRule]]:
    """Yield the rules of moves with their path."""
    for name in ("skip", "back", "reopen"):
        yield ("moves", name), getattr(playbook, name)


def timers(reading: Reading[Playbook]) -> Iterator[tuple[Path, Timer]]:
    """Yield every timer with its path: those of the file, then those of its stages."""
    left = list(playbook_of(reading).timers)
    for name in reading.source.get("timers") or ():
        yield ("timers", name), left.pop(0)
    for timer in left:
        yield ("stages", timer.stages[0], "timers", timer.id), timer


def actions(reading: Reading[Playbook]) -> Iterator[tuple[Path, Action, tuple[Stage, ...]]]:
    """Yield every action with its path and the stages in which it can happen."""
    playbook = playbook_of(reading)
    stages = {stage.id: stage for stage in playbook.stages}
    running = tuple(stage for stage in playbook.stages if stage.final in ("", "done"))
    for stage in playbook.stages:
        for side in ("on_enter", "on_exit"):
            for index, action in enumerate(getattr(stage, side)):
                yield ("stages", stage.id, side, index), action, (stage,)
    for path, timer in timers(reading):
        there = tuple(stages[name] for name in timer.stages if name in stages) or running
        for index, action in enumerate(timer.then):
            yield (*path, "then", index), action, there
    for path, rule in children(reading):
        for index, action in enumerate(rule):
            yield (*path, index), action, running


def children(reading: Reading[Playbook]) -> Iterator[tuple[Path, tuple[Action, ...]]]:
    """Yield what the ends of follow-up cases do, with its path."""
    said = reading.source.get("when_child")
    for rule in playbook_of(reading).when_child:
        holders: list[tuple[Path, object]] = [(("when_child",), said)]
        if isinstance(said, list):
            holders = [(("when_child", index), item) for index, item in enumerate(said)]
        for path, data in holders:
            if isinstance(data, dict) and data.get("playbook", "") == rule.playbook and rule.outcome in data:
                yield (*path, rule.outcome), rule.then


def approvals(playbook: Playbook) -> Iterator[tuple[Path, Approval]]:
    """Yield every approval with its path."""
    for path, criterion in criteria(playbook):
        if criterion.approval is not None:
            yield (*path, "approval"), criterion.approval
    for path, move in moves(playbook):
        if move.approval is not None:
            yield (*path, "approval"), move.approval
