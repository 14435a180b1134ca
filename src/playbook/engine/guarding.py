"""The last look of plugins at what is about to change, on every kind of stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import PluginError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.errors import Blocker
    from playbook.model.contributions import Change
    from playbook.plugins import Registry


def guarded(registry: Registry, changes: Iterable[Change]) -> Refused | None:
    """Let the guards look at changes, each at its kinds of streams; raises PluginError for one that fails."""
    found = tuple(changes)
    blockers: list[Blocker] = []
    for name, guard in registry.before_commit.items():
        for change in found:
            if change.kind not in guard.streams:
                continue
            try:
                blockers += guard.check(change)
            except Exception as error:
                raise PluginError(name, f"{type(error).__name__}: {error}; nothing was stored") from error
    if not blockers:
        return None
    said = "; ".join(blocker.title for blocker in blockers)
    return Refused("blocked", f"{len(blockers)} unmet: {said}", tuple(blockers))
