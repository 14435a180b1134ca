"""A playbook as what diagrams draw: its stages with what marks them, and the ways between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.authoring.wording import Wording
from playbook.model.values import percentage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.authoring.wording import Phrase
    from playbook.model.playbook import Criterion, Playbook, Stage
    from playbook.model.rules import Action, Timer

ANY = "any"
"""The source of a way that leads out of every open stage."""


KINDS = ("when", "enter", "locked", "do", "may", "needs", "asks", "timer", "comes", "leaves", "itself")
"""What marks a stage: its condition, criteria on entering, required work and other work, criteria on leaving,
approvals, timers, what happens on entering and leaving, and that cases move on by themselves."""


@attrs.frozen
class Mark:
    """Say one thing about a stage; `kind` is one of KINDS.

    `rule` says what exactly is asked for or done, `brief` the same as a drawing has room for: what a criterion
    is called, when a timer strikes.
    """

    kind: str
    rule: Phrase = ()
    brief: Phrase = ()


@attrs.frozen
class Step:
    """Hold a stage; `facts` are its probability, forecast category and outcome, for people."""

    id: str
    title: str
    facts: str
    forecast: str
    final: str
    marks: tuple[Mark, ...]


@attrs.frozen
class Way:
    """Lead from a stage to another.

    `kind` is next, close (by a person), refused, itself (by a timer or action) or open (a case of a playbook).
    """

    source: str
    target: str
    kind: str
    label: Phrase = ()


@attrs.frozen
class Flow:
    """Hold the whole drawing; `others` are ends of ways that are no stages, with what they are called."""

    title: str
    steps: tuple[Step, ...]
    ways: tuple[Way, ...]
    others: tuple[tuple[str, str], ...]


def flow(playbook: Playbook, locale: str = "en") -> Flow:
    """Return the drawing of a playbook, in the order of its file."""
    wording = Wording.of(playbook, locale)
    steps = tuple(
        Step(
            stage.id,
            wording.stage(stage.id),
            facts(wording, stage),
            stage.forecast,
            stage.final,
            tuple(_marks(wording, stage)),
        )
        for stage in playbook.stages
    )
    ways = tuple(way for stage in playbook.stages for way in _ways(wording, stage))
    ends = dict.fromkeys(end for way in ways for end in (way.source, way.target))
    others = [end for end in ends if all(end != step.id for step in steps)]
    titles = {ANY: wording.words["any_stage"]}
    return Flow(
        playbook.title or playbook.id, steps, ways, tuple((end, titles.get(end, end)) for end in others)
    )


def facts(wording: Wording, stage: Stage) -> str:
    """Return the probability, forecast category and outcome of a stage in a line."""
    found = (
        "" if stage.probability is None else percentage(stage.probability),
        wording.words[f"forecast_{stage.forecast}"] if stage.forecast else "",
        wording.words[f"outcome_{stage.final}"] if stage.final else "",
    )
    return " · ".join(filter(None, found))


def timers_of(playbook: Playbook, stage: Stage) -> Iterator[Timer]:
    """Yield the timers that run in a stage: those that name it, and those of all where it is open."""
    for timer in playbook.timers:
        if stage.id in timer.stages or (not timer.stages and not stage.final):
            yield timer


def _marks(wording: Wording, stage: Stage) -> Iterator[Mark]:
    if stage.when is not None:
        yield Mark("when", wording.condition(stage.when))
    for criterion in stage.entry:
        yield _criterion(wording, criterion, "enter")
    if stage.locked:
        yield Mark("locked")
    for activity in stage.activities:
        yield Mark("do" if activity.required else "may", wording.activity(activity))
    for criterion in stage.exit:
        yield _criterion(wording, criterion, "needs")
    for timer in timers_of(wording.playbook, stage):
        yield Mark("timer", wording.timer(timer), wording.start(timer))
    for kind, actions in (("comes", stage.on_enter), ("leaves", stage.on_exit)):
        for action in actions:
            yield Mark(kind, wording.action(action))
    if stage.by_itself:
        yield Mark("itself")


def _criterion(wording: Wording, criterion: Criterion, kind: str) -> Mark:
    kind = "asks" if criterion.approval is not None else kind
    return Mark(kind, wording.criterion(criterion), (wording.called(criterion),))


def _ways(wording: Wording, stage: Stage) -> Iterator[Way]:
    for target in stage.next:
        yield Way(stage.id, target.to, "next", wording.condition(target.when))
    for source in stage.start:
        yield Way(source, stage.id, "close")
    for criterion in (*stage.entry, *stage.exit):
        if criterion.approval is not None and criterion.approval.refused_back:
            yield Way(stage.id, criterion.approval.refused_back, "refused", (wording.called(criterion),))
    for action in (*stage.on_enter, *stage.on_exit):
        yield from _led(stage, action, wording.condition(action.when))
    for timer in timers_of(wording.playbook, stage):
        for action in timer.then:
            yield from _led(stage, action, wording.start(timer))


def _led(stage: Stage, action: Action, label: Phrase) -> Iterator[Way]:
    """Yield where an action leads: another stage, or the case of another playbook."""
    if action.verb == "open":
        yield Way(stage.id, action.target, "open", label)
    elif action.verb in ("close", "advance") and action.target:
        yield Way(stage.id, action.target, "itself", label)
