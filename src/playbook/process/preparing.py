"""Parts of a definition made ready: approvals, what answers cover, computed and guarded fields, invariants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.playbook import Criterion
from playbook.process.answers import MOVES
from playbook.process.approvals import ApprovalRule
from playbook.process.covering import coverable
from playbook.process.invariants import Held
from playbook.times import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.model.playbook import Playbook
    from playbook.process.criteria import Conditions, Test
    from playbook.process.definition import Definition


def criteria(playbook: Playbook) -> Iterator[tuple[str, Criterion]]:
    """Yield every criterion with the path under which it is written, shared ones and those of moves too."""
    for criterion in playbook.criteria:
        yield f"criteria.{criterion.id}", criterion
    for stage in playbook.stages:
        for side, gate in (("entry", stage.entry), ("exit", stage.exit)):
            for criterion in gate:
                if not criterion.shared:
                    yield f"stages.{stage.id}.{side}.{criterion.id}", criterion
    for way, rule in (("skip", playbook.skip), ("back", playbook.back), ("reopen", playbook.reopen)):
        if rule.approval is not None:
            title = f"To {_DOING[way]} needs approval"
            yield MOVES + way, Criterion(MOVES + way, "approval", title=title, approval=rule.approval)


_DOING = {"skip": "skip stages", "back": "go back", "reopen": "reopen"}


def approvals(definition: Definition, conditions: Conditions) -> dict[str, ApprovalRule]:
    """Return the approvals by the id of their criterion."""
    playbook = definition.playbook
    covers = covered(playbook, conditions)
    return {
        c.id: ApprovalRule.of(c, definition.place(path), covers[c.id], conditions.test)
        for path, c in criteria(playbook)
        if c.approval is not None
    }


def covered(playbook: Playbook, conditions: Conditions) -> dict[str, tuple[str, ...]]:
    """Return the paths whose values an answer to a criterion or a required activity covers."""
    found = {}
    for _, criterion in criteria(playbook):
        approval = criterion.approval
        read = (criterion.when, criterion.that, None if approval is None else approval.when)
        named = [path for condition in read if condition is not None for path in conditions.reads(condition)]
        said = (name if "." in name else f"{playbook.subject}.{name}" for name in criterion.covers)
        found[criterion.id] = coverable((*named, *said))
    for stage in playbook.stages:
        for activity in stage.activities:
            if activity.required and activity.when is not None:
                found[activity.id] = coverable(conditions.reads(activity.when))
    return found


def waivable(playbook: Playbook) -> dict[str, bool]:
    """Return the ids of criteria and required activities, and whether there may be exceptions from them."""
    found = {c.id: c.waivable for _, c in criteria(playbook) if not c.id.startswith(MOVES)}
    required = (a.id for stage in playbook.stages for a in stage.activities if a.required)
    return {**found, **dict.fromkeys(required, True)}


def lasting(playbook: Playbook) -> dict[str, Duration]:
    """Return how long an exception lasts where the criterion says so."""
    return {c.id: Duration.parse(c.expires) for _, c in criteria(playbook) if c.expires}


def computed(playbook: Playbook, conditions: Conditions) -> dict[str, Test]:
    """Return what computes a field, by its id."""
    return {field.id: conditions.test(field.is_) for field in playbook.fields if field.is_ is not None}


def guarded(playbook: Playbook, conditions: Conditions) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return who may see a field, where not everyone may: one of each group, its own and of what it is made of."""
    groups = {field.id: field.visible_to for field in playbook.fields}
    found = {}
    for name in groups:
        made_of = (groups[source] for source in _sources(playbook, conditions, name))
        found[name] = tuple(dict.fromkeys(who for who in made_of if who))
    return {name: who for name, who in found.items() if who}


def private(playbook: Playbook, conditions: Conditions) -> frozenset[str]:
    """Return the paths of personal fields, and of those computed from them."""
    personal = {field.id for field in playbook.fields if field.personal}
    if not personal:
        return frozenset()
    return frozenset(
        f"{playbook.subject}.{field.id}"
        for field in playbook.fields
        if personal & set(_sources(playbook, conditions, field.id))
    )


def _sources(playbook: Playbook, conditions: Conditions, name: str) -> dict[str, None]:
    """Return a field and those it is computed from, directly or not."""
    fields, found, queue = {field.id: field for field in playbook.fields}, dict[str, None](), [name]
    while queue:
        field = fields.get(queue.pop())
        if field is None or field.id in found:
            continue
        found[field.id] = None
        if field.is_ is not None:
            queue += [path.rpartition(".")[2] for path in conditions.reads(field.is_)]
    return found


def invariants(definition: Definition, conditions: Conditions) -> tuple[Held, ...]:
    """Return the invariants, in the order of the file."""
    return tuple(
        Held(
            one.id,
            one.that.text,
            conditions.test(one.that),
            conditions.reads(one.that),
            definition.place(f"invariants.{one.id}"),
        )
        for one in definition.playbook.invariants
    )
