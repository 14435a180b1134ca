"""What an approval or a waiver covers: the values that its conditions read, and whether one has changed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from playbook.model.approving import Lapsed
from playbook.model.values import builtins
from playbook.process.discretion import is_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook.expressions import Scope
    from playbook.model.case import Case
    from playbook.process.compiled import Compiled
    from playbook.process.facts import World
    from playbook.process.references import Path

_NONE: Mapping[str, Path] = MappingProxyType({})
_PASSING = frozenset(("case.age", "case.in_stage", "case.idle"))
"""What changes with time alone; nobody's yes is to a length of time."""


def value(scope: Scope, path: str, steps: Mapping[str, Path] = _NONE) -> Any:
    """Return what a path like `deal.amount` or `discovery.last.amount` says; lengths of time as text.

    `steps` tell which paths lead through a reference, and how.
    """
    step = steps.get(path)
    if step is not None:
        id_ = value(scope, ".".join(step[:2]))
        return scope.follow(step[3], id_, step[2]) if isinstance(id_, str) else None
    root, _, name = path.rpartition(".")
    values = scope.roots.get(root)
    found = None if values is None else values.get(name)
    return str(found) if type(found).__name__ == "Elapsed" else found


def seen(definition: Compiled, criterion: str, scope: Scope, world: World) -> dict[str, Any]:
    """Return the values that someone who answers for a criterion sees, as they are stored; no personal ones."""
    covered = definition.covered.get(criterion, ())
    kept = (path for path in covered if not is_private(definition, world, path))
    return {path: builtins(value(scope, path, definition.steps)) for path in kept}


def coverable(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths whose values can be covered: not lengths of time, nor who is acting."""
    named = (path for path in paths if path not in _PASSING and not path.startswith("actor."))
    return tuple(dict.fromkeys(named))


def lapses(definition: Compiled, case: Case, before: Scope, after: Scope) -> tuple[Lapsed, ...]:
    """Return what has lapsed: a value is another than the one that was seen, or a personal one changed.

    An approval that must be another person's lapses too when the case goes to one who gave it.
    """
    found = []
    for name, asked in case.approvals.items():
        if asked.yes:
            changed = tuple(_changed(definition, name, asked.values, before, after))
            rule = definition.approvals.get(name)
            if rule is not None and rule.approval.separate and any(yes.by == case.owner for yes in asked.yes):
                changed = (*changed, "case.owner")
            if changed:
                found.append(Lapsed(name, tuple(dict.fromkeys(changed))))
    for name, waiver in case.waivers.items():
        changed = tuple(_changed(definition, name, waiver.values, before, after))
        if changed:
            found.append(Lapsed(name, changed, waiver=True))
    return tuple(found)


def _changed(
    definition: Compiled, criterion: str, was: Mapping[str, Any], before: Scope, after: Scope
) -> Iterator[str]:
    for path in definition.covered.get(criterion, ()):
        now = value(after, path, definition.steps)
        if path in definition.private:
            if now != value(before, path, definition.steps):
                yield path
        elif path in was and builtins(now) != was[path]:
            yield path
