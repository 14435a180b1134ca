"""Checks of conditions by what they let through: never, always, against each other, the same again."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from playbook import expressions
from playbook.checking.advancing import refused_advances
from playbook.checking.branches import branches
from playbook.checking.found import problem
from playbook.checking.gates import Gates, standing
from playbook.checking.invariants import breaches
from playbook.checking.parts import actions, activities, approvals, criteria, playbook_of, timers
from playbook.checking.regions import TooManyError
from playbook.expressions import load, reads
from playbook.model.case import OPEN
from playbook.model.playbook import QUIT
from playbook.reading import codes
from playbook.reading.conditions import span_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.checking.found import Check, Path
    from playbook.checking.meaning import Reader
    from playbook.errors import Problem
    from playbook.model.playbook import Criterion, Playbook, Stage
    from playbook.model.rules import Condition
    from playbook.reading.project import Project, Reading

    Placed = tuple[Path, Criterion]


_LOOKED_AT, _COMPARED, _FEW = 5_000, 100, 4
_THERE = frozenset(
    f"case.{name}" for name in ("id", "name", "stage", "opened", "age", "in_stage", "idle", "outcome")
)
"""What every case has, so that it is never missing."""


def never_and_always(reading: Reading[Playbook], gates: Gates) -> Iterator[Problem]:
    """Find conditions that hold in no case, and those that hold in every one."""
    playbook, reader = gates.playbook, gates.reader
    for path, criterion in criteria(playbook):
        if criterion.that is not None:
            yield from _judged(reading, reader, (*path, "that"), criterion.that, criterion)
    for path, condition in _whens(reading):
        yield from _judged(reading, reader, path, condition)
    for invariant in playbook.invariants:
        yield from _judged(reading, reader, ("invariants", invariant.id), invariant.that)


def _whens(reading: Reading[Playbook]) -> Iterator[tuple[Path, Condition]]:
    """Yield every condition that says whether something applies, with its path."""
    playbook = playbook_of(reading)
    found: list[tuple[Path, Condition | None]] = []
    holders: list[tuple[Path, Any]] = [*criteria(playbook), *activities(playbook), *approvals(playbook)]
    for path, item in (*holders, *timers(reading)):
        found.append(((*path, "when"), item.when))
    found += [((*path, "pauses_when"), timer.pauses_when) for path, timer in timers(reading)]
    found += [((*path, "when"), action.when) for path, action, _ in actions(reading)]
    found += [(("segments", index, "when"), one.when) for index, one in enumerate(playbook.segments)]
    for stage in playbook.stages:
        found.append((("stages", stage.id, "when"), stage.when))
        for index, target in enumerate(stage.next):
            found.append((("stages", stage.id, "next", index, "when"), target.when))
    yield from ((path, condition) for path, condition in found if condition is not None)


def _judged(
    reading: Reading[Playbook], reader: Reader, path: Path, condition: Condition,
    criterion: Criterion | None = None,
) -> Iterator[Problem]:  # fmt: skip
    try:
        meaning = reader.meaning(condition)
        if meaning is None:
            return
        never, always = meaning.holds.empty, meaning.fails.empty
        unless_missing = always and not meaning.holds.rest().empty
    except TooManyError:
        return
    if never:
        yield _never(reading, reader, path, condition, criterion)
    elif always and path[0] != "invariants":
        names = ", ".join(sorted(reads(load(condition.tree)) - _THERE))
        whenever = f" when {names} is filled" if unless_missing and names else ""
        message = f"this always holds{whenever}: `{_shortened(condition.text)}`"
        asked = f"`filled({names})` says the same" if whenever else "remove it"
        hint = f"if that is meant, {asked}; else see whether `or` should be `and`, or > be <"
        severity = "advice" if whenever else "warning"
        yield problem(reading, codes.CONDITION_ALWAYS, message, path, hint, severity)


def _never(
    reading: Reading[Playbook], reader: Reader, path: Path, condition: Condition, criterion: Criterion | None
) -> Problem:
    said = "is never met" if criterion is not None else "never holds"
    span = reading.source.at(*path)
    message = f"this {said}: `{_shortened(condition.text)}`"
    hint = "see whether `and` should be `or`, or > be <"
    pair = _at_odds(reader, condition)
    if pair is not None:
        (_, _, one), (start, end, other) = pair
        place = reading.source.place(*path)
        span = span_of(reading.source, place, start, end) if place is not None else span
        message = f"this {said}: `{other}` and `{one}` exclude each other"
        hint = "join them with `or` if one of the two is enough; else correct one"
    severity = "warning"
    if criterion is not None and criterion.mode == "block" and criterion.when is None:
        severity = "error"
        hint += "; as it stands, " + (
            "only a waiver lets a case pass" if criterion.waivable else "no case can pass"
        )
    return reading.source.problem(codes.CONDITION_NEVER, message, span, hint, severity)


def _at_odds(
    reader: Reader, condition: Condition
) -> tuple[tuple[int, int, str], tuple[int, int, str]] | None:
    """Return two parts joined by `and` that exclude each other, each with its place and words."""
    tree, (parsed, _) = load(condition.tree), expressions.parse(condition.text)
    if parsed is None or tree.op != "and" or parsed.op != "and" or len(parsed.args) != len(tree.args):
        return None
    parts = list(zip(tree.args, parsed.args, strict=True))
    for (one, first), (other, second) in itertools.combinations(parts, 2):
        if reader.of(one).holds.both(reader.of(other).holds).empty:
            places = [
                (node.start, node.end, condition.text[node.start : node.end]) for node in (first, second)
            ]
            return places[0], places[1]
    return None


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def against_each_other(reading: Reading[Playbook], gates: Gates) -> Iterator[Problem]:
    """Find criteria that are asked together and exclude each other, or say the same."""
    playbook = gates.playbook
    stages = {stage.id: stage for stage in playbook.stages}
    for stage in playbook.stages:
        here, entry = _placed(stage, "exit"), _placed(stage, "entry")
        pairs = (*_pairs(gates, here, here), *_pairs(gates, entry, entry))
        for one, other in pairs:
            yield from _compared(reading, gates, one, other, f"the gates of stage {stage.id!r}")
        yield from _outside(reading, gates, stage, here)
        for to in dict.fromkeys(target.to for target in stage.next):
            target = stages.get(to)
            if target is not None and target.final not in QUIT:
                way = f"the way from {stage.id!r} to {to!r}"
                for one, other in _pairs(gates, here, _placed(target, "entry")):
                    yield from _compared(reading, gates, one, other, way, same=False)


def _pairs(gates: Gates, here: list[Placed], there: list[Placed]) -> list[tuple[Placed, Placed]]:
    """Return the pairs of criteria that look at the same; no more than are worth the time."""
    both = itertools.combinations(here, 2) if here is there else itertools.product(here, there)
    found = []
    for one, other in itertools.islice(both, _LOOKED_AT):
        if not gates.keys(one[1]).isdisjoint(gates.keys(other[1])):
            found.append((one, other))
    return found[:_COMPARED]


def _placed(stage: Stage, side: str) -> list[Placed]:
    found: list[Placed] = []
    for criterion in getattr(stage, side):
        path = ("criteria",) if criterion.shared else ("stages", stage.id, side)
        found.append(((*path, criterion.id), criterion))
    return found


def _outside(
    reading: Reading[Playbook], gates: Gates, stage: Stage, placed: list[Placed]
) -> Iterator[Problem]:
    """Find criteria that could only be met in another stage."""
    for path, criterion in placed:
        if criterion.that is None or criterion.shared or criterion.mode != "block":
            continue
        try:
            met = gates.asked(criterion)
            nowhere = met is not None and not met.empty and standing(met, stage.id, stage.final or OPEN).empty
        except TooManyError:
            continue
        if nowhere:
            message = f"this is never met while a case is in stage {stage.id!r}"
            hint = "the criterion is asked in this stage alone; leave out what it says of the stage"
            yield problem(reading, codes.CONDITION_NEVER, message, (*path, "that"), hint)


def _compared(
    reading: Reading[Playbook], gates: Gates, one: Placed, other: Placed, where: str, *, same: bool = True
) -> Iterator[Problem]:
    (first_path, first), (path, second) = one, other
    try:
        met, also = gates.asked(first), gates.asked(second)
        if met is None or also is None or met.empty or also.empty or first.id == second.id:
            return
        whens = gates.applies(first), gates.applies(second)
        if whens[0] is None or whens[1] is None:
            return
        both_apply = whens[0].holds.both(whens[1].holds)
        exclude = not both_apply.empty and both_apply.both(met).both(also).empty
        # One that excludes the very case in which the other applies may be meant so.
        exclude = exclude and not (both_apply.both(met).empty or both_apply.both(also).empty)
        repeats = same and first.when == second.when and _same(first, second, met, also)
    except TooManyError:
        return
    line = reading.source.key(reading.source.get(*first_path[:-1]), str(first_path[-1])).line
    place = (*path, second.kind)
    if exclude:
        yield _contradiction(reading, first, second, place, line, where)
    elif repeats:
        message = f"criterion {second.id!r} asks what {first.id!r} asks on line {line}"
        hint = "remove one of the two"
        yield problem(reading, codes.CONDITION_REPEATS, message, place, hint, "advice")


def _same(first: Criterion, second: Criterion, met: Any, also: Any) -> bool:
    if first.kind == second.kind == "approval":
        return False
    few = len(met.boxes) <= _FEW and len(also.boxes) <= _FEW
    return few and bool(met.within(also) and also.within(met))


def _contradiction(
    reading: Reading[Playbook], first: Criterion, second: Criterion, place: Path, line: int, where: str
) -> Problem:
    said = f"`{_shortened(_words(second))}` and, on line {line}, `{_shortened(_words(first))}`"
    message = f"criteria {first.id!r} and {second.id!r} are never met together: {said}"
    waived = first.waivable or second.waivable
    passes = "only a waiver opens" if waived else "nothing opens"
    applied = first.when is not None or second.when is not None
    hint = f"correct one of the two; as it stands, {passes} {where}" + (
        " where both apply" if applied else ""
    )
    severity = "warning" if applied else "error"
    return problem(reading, codes.CONDITION_CONTRADICTS, message, place, hint, severity)


def _words(criterion: Criterion) -> str:
    return criterion.that.text if criterion.that is not None else f"fields: {', '.join(criterion.fields)}"


def reasoned(reading: Reading[Playbook], _: Project | None) -> Iterator[Problem]:
    """Find what follows from what conditions let through; each is thought about once."""
    gates = Gates(playbook_of(reading))
    for one in (never_and_always, against_each_other, branches, breaches, refused_advances):
        yield from one(reading, gates)


CONDITION_CHECKS: tuple[Check, ...] = (reasoned,)
