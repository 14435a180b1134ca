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
    from collections.abc import Iterator, Mapping

    from playbook.model.playbook import Field, Playbook
    from playbook.process.criteria import Conditions, Test
    from playbook.process.definition import Definition
    from playbook.process.references import Path


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


def approvals(
    definition: Definition,
    conditions: Conditions,
    covers: Mapping[str, tuple[str, ...]],
    steps: Mapping[str, Path],
) -> dict[str, ApprovalRule]:
    """Return the approvals by the id of their criterion; `covers` is what `covered` found."""
    return {
        c.id: ApprovalRule.of(c, definition.place(path), covers[c.id], steps, conditions.test)
        for path, c in criteria(definition.playbook)
        if c.approval is not None
    }


def covered(playbook: Playbook, conditions: Conditions) -> dict[str, tuple[str, ...]]:
    """Return the paths whose values an answer to a criterion or a required activity covers, behind references too."""
    found = {}
    for _, criterion in criteria(playbook):
        approval = criterion.approval
        read = (criterion.when, criterion.that, None if approval is None else approval.when)
        named = [path for condition in read if condition is not None for path in conditions.paths(condition)]
        said = (name if "." in name else f"{playbook.subject}.{name}" for name in criterion.covers)
        found[criterion.id] = coverable((*named, *said))
    for stage in playbook.stages:
        for activity in stage.activities:
            if activity.required and activity.when is not None:
                found[activity.id] = coverable(conditions.paths(activity.when))
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
    """Return who may see a field, where not everyone may: one of each group, its own and of what it is made of.

    Fields of entries are among them, under the names that `entry_field` gives; a total is made of amounts.
    """
    entries = {entry_field(e.id, f.id): f.visible_to for e in playbook.entries for f in e.fields}
    groups = {**entries, **{field.id: field.visible_to for field in playbook.fields}}
    if not any(groups.values()):
        return {}
    computed = {field.id: field.is_ for field in playbook.fields}
    found = {}
    for name in groups:
        sources = dict.fromkeys((name, *_sources(playbook.fields, conditions, name)))
        totals = (conditions.totals(is_) for source in sources if (is_ := computed.get(source)) is not None)
        sources |= dict.fromkeys(entry_field(kind, "amount") for kinds in totals for kind in kinds)
        found[name] = tuple(dict.fromkeys(who for source in sources if (who := groups.get(source))))
    return {name: who for name, who in found.items() if who}


def entry_field(kind: str, name: str) -> str:
    """Return the name of a field of a kind of entry among all that may be hidden."""
    return f"entry:{kind}.{name}"


def private(playbook: Playbook, conditions: Conditions) -> frozenset[str]:
    """Return the paths of personal fields, and of those computed from them."""
    return frozenset(f"{playbook.subject}.{name}" for name in personal(playbook.fields, conditions))


def personal(fields: tuple[Field, ...], conditions: Conditions) -> frozenset[str]:
    """Return the personal ones among fields, and those computed from them."""
    marked = {field.id for field in fields if field.personal}
    if not marked:
        return frozenset()
    return frozenset(f.id for f in fields if marked & set(_sources(fields, conditions, f.id)))


def behind(playbook: Playbook, conditions: Conditions) -> dict[str, frozenset[tuple[str, str]]]:
    """Return the paths of fields that are computed through references, each with what it reads there."""
    computed = {field.id: field.is_ for field in playbook.fields}
    found = {}
    for name in computed:
        made_of = (computed.get(source) for source in _sources(playbook.fields, conditions, name))
        found[name] = frozenset(
            step for one in made_of if one is not None for step in conditions.follows(one)
        )
    return {f"{playbook.subject}.{name}": steps for name, steps in found.items() if steps}


def _sources(fields: tuple[Field, ...], conditions: Conditions, name: str) -> dict[str, None]:
    """Return a field and those it is computed from, directly or not."""
    known, found, queue = {field.id: field for field in fields}, dict[str, None](), [name]
    while queue:
        field = known.get(queue.pop())
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
