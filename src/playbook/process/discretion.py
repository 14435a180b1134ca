"""What stays out of events, because it must be erasable: personal values, and what is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.process.compiled import Compiled
    from playbook.process.facts import World


def is_private(definition: Compiled, world: World, path: str) -> bool:
    """Return whether a path like `deal.email` tells something personal, of the case or of what it refers to."""
    if path in definition.private:
        return True
    step = definition.steps.get(path)
    if step is not None:
        return (step[3], step[2]) in world.personal or ".".join(step[:2]) in definition.private
    steps = definition.behind.get(path)
    return steps is not None and not world.personal.isdisjoint(steps)


def tells(
    definition: Compiled, world: World, reads: Iterable[str], follows: Iterable[tuple[str, str]]
) -> bool:
    """Return whether a condition that reads these paths, and these fields through references, tells such things."""
    return not world.personal.isdisjoint(follows) or any(
        is_private(definition, world, path) for path in reads
    )
