"""Branches: which stage comes next, which are passed by rule, and why none is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import Blocker
from playbook.expressions import Unknown
from playbook.model.playbook import QUIT

if TYPE_CHECKING:
    from playbook.process.compiled import Compiled
    from playbook.process.deciding import Deciding


def resolve(deciding: Deciding, to: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the way and the stage that an advance leads to, and the stages passed by rule.

    An empty stage means that there is none, and that why is noted.
    """
    definition, case = deciding.definition, deciding.case
    straight = definition.straight.get(case.stage)
    if straight is not None and to in ("", straight[1]):
        return straight
    if not to:
        target, skipped = _onward(deciding, case.stage)
        return (_way(definition, target) if target else "", target, skipped)
    if any(target.to == to for target in definition.stages[case.stage].next):
        return _way(definition, to), _branch(deciding, case.stage, to) and _applying(deciding, to), ()
    passed = _passing(deciding, to)
    if passed:
        return "forward", to, passed
    if definition.stages[to].final:
        return "close", to, ()
    if definition.later(case.stage, to):
        return "skip", to, ()
    if to == case.stage:
        deciding.wrong_state(f"{case.id} is in stage {deciding.called(to)} already")
    else:
        comes = f"{deciding.called(to)} comes before {deciding.called(case.stage)}"
        deciding.wrong_state(comes, fix=f"playbook back {case.id} --to {to}")
    return "", "", ()


def _way(definition: Compiled, to: str) -> str:
    return "close" if definition.stages[to].final in QUIT else "forward"


def _onward(deciding: Deciding, stage: str) -> tuple[str, tuple[str, ...]]:
    """Follow `next` past the stages that a rule skips."""
    passed: list[str] = []
    while True:
        target = _branch(deciding, stage, "")
        answer = _applies(deciding, target)
        if answer is True or not target:
            return target, tuple(passed)
        if answer is not False:
            _undecided(deciding, f"whether {target} applies", answer)
            return "", ()
        if target in passed:
            deciding.wrong_state(
                f"every stage after {deciding.called(deciding.case.stage)} is skipped by its `when`"
            )
            return "", ()
        passed.append(target)
        stage = target


def _passing(deciding: Deciding, to: str) -> tuple[str, ...]:
    """Return the stages between here and a stage, where a rule skips each of them; else nothing."""
    stages = deciding.definition.stages
    queue: list[tuple[tuple[str, ...], str]] = [((), deciding.case.stage)]
    seen = {deciding.case.stage}
    while queue:
        passed, stage = queue.pop(0)
        for name in (target.to for target in stages[stage].next):
            if name == to and passed:
                return passed
            if name not in seen and _applies(deciding, name) is False:
                seen.add(name)
                queue.append(((*passed, name), name))
    return ()


def _applies(deciding: Deciding, stage: str) -> object:
    test = deciding.definition.stage_when.get(stage)
    return True if test is None else test(deciding.scope())


def _applying(deciding: Deciding, stage: str) -> str:
    """Return the stage if it applies; note why it does not."""
    answer = _applies(deciding, stage)
    if answer is True:
        return stage
    if answer is False:
        deciding.wrong_state(
            f"{deciding.called(stage)} is skipped by its `when`", fix=f"playbook advance {deciding.case.id}"
        )
    else:
        _undecided(deciding, f"whether {stage} applies", answer)
    return ""


def _branch(deciding: Deciding, stage: str, to: str) -> str:
    """Return the first target whose `when` holds, else the only one without `when`; note why there is none."""
    branch, open_ways = deciding.definition.branch, list[str]()
    for target in deciding.definition.stages[stage].next:
        if to and target.to != to:
            continue
        test = branch.get((stage, target.to))
        if test is None:
            open_ways.append(target.to)
            continue
        answer = test(deciding.scope())
        if answer is True:
            return target.to
        if answer is not False:
            _undecided(deciding, f"whether {stage} leads to {target.to}", answer)
            return ""
    if len(open_ways) == 1:
        return open_ways[0]
    if to:
        way = f"{deciding.called(stage)} to {deciding.called(to)}"
        deciding.wrong_state(f"the condition of the way from {way} does not hold")
    elif open_ways:
        choices = ", ".join(open_ways)
        fix = f"playbook advance {deciding.case.id} --to {open_ways[0]}"
        deciding.wrong_state(
            f"{deciding.called(stage)} leads to several stages: choose one of {choices}", fix=fix
        )
    else:
        deciding.wrong_state(f"no way leads forward from {deciding.called(stage)} as things are")
    return ""


def _undecided(deciding: Deciding, what: str, answer: object) -> None:
    paths = answer.paths if isinstance(answer, Unknown) else ()
    names = tuple(
        path.partition(".")[2] for path in paths if path.startswith(f"{deciding.definition.subject}.")
    )
    deciding.target = deciding.case.stage
    deciding.blockers.append(
        Blocker(
            criterion="next",
            kind="branch",
            title=f"It is not known {what}: {', '.join(paths) or 'the condition cannot be evaluated'}",
            missing=paths,
            who=deciding.people(deciding.definition.editors),
            fix=f"playbook set {deciding.case.id} " + " ".join(f"{n}=..." for n in names) if names else "",
        )
    )
