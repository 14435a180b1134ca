"""What the gates of a playbook let through together: criteria of a stage, ways from stage to stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from playbook.checking.meaning import Meaning, Reader
from playbook.checking.regions import EVERYTHING, Key, Region, TooManyError, region
from playbook.checking.sets import Texts, Values, truth
from playbook.expressions import Node
from playbook.model.playbook import CRITERION_KINDS, QUIT

if TYPE_CHECKING:
    from playbook.model.playbook import Criterion, Playbook, Stage

_STAGE = Node("field", ("case", "stage"))
_OUTCOME = Node("field", ("case", "outcome"))


class Gates:
    """Say what passes the criteria of a playbook; every method may raise TooManyError."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.reader = Reader(playbook)
        self._asked: dict[int, tuple[Criterion, Region | None]] = {}
        self._keys: dict[int, tuple[Criterion, frozenset[Key]]] = {}
        self._out: dict[str, Region] = {}

    def asked(self, criterion: Criterion) -> Region | None:
        """Return where a criterion is met that blocks and applies; None where values do not say."""
        known = self._asked.get(id(criterion))
        if known is None:
            # The criterion is kept too, so that no other gets its id.
            known = self._asked[id(criterion)] = criterion, self._met(criterion)
        return known[1]

    def keys(self, criterion: Criterion) -> frozenset[Key]:
        """Return what a criterion looks at; nothing where that is too much to think about."""
        known = self._keys.get(id(criterion))
        if known is None:
            try:
                met = self.asked(criterion)
            except TooManyError:
                met = None
            known = self._keys[id(criterion)] = criterion, frozenset() if met is None else met.keys
        return known[1]

    def _met(self, criterion: Criterion) -> Region | None:
        if criterion.mode != "block":
            return None
        if criterion.kind == "that":
            found = self.reader.meaning(criterion.that)
            return None if found is None else found.holds
        if criterion.kind == "fields":
            there: dict[tuple[str, Node, str], Values] = {}
            for name in criterion.fields:
                there |= self.reader.there(Node("field", (self.playbook.subject, name)))
            return region([there])
        if criterion.kind == "done":
            return _answered("done", criterion.done)
        if criterion.approval is not None and criterion.approval.when is None:
            return _answered("approved", criterion.id)
        return None

    def applies(self, criterion: Criterion) -> Meaning | None:
        """Return when a criterion applies; None where its `when` has a mistake."""
        return self.reader.meaning(criterion.when)

    def passed(self, criterion: Criterion) -> Region:
        """Return what passes a criterion: where it does not apply, or is met."""
        met, when = self.asked(criterion), self.applies(criterion)
        if met is None or when is None:
            return EVERYTHING
        return when.fails.either(met)

    def through(self, criteria: Iterable[Criterion]) -> Region:
        """Return what passes all of them."""
        found = EVERYTHING
        for criterion in criteria:
            found = found.both(self.passed(criterion))
        return found

    def out(self, stage: Stage) -> Region:
        """Return what passes the exit of a stage, its required activities done."""
        if stage.id not in self._out:
            self._out[stage.id] = self._through_exit(stage)
        return self._out[stage.id]

    def _through_exit(self, stage: Stage) -> Region:
        found = self.through(stage.exit)
        for activity in stage.activities:
            if activity.required and activity.when is None:
                found = found.both(_answered("done", activity.id))
        return found

    def way(self, stage: Stage, target: Stage) -> Region:
        """Return what passes from a stage to another that may come next: criteria, and the `when` of the branch."""
        found = self.through(target.entry)
        if target.final not in QUIT:
            found = found.both(self.out(stage))
        for branch in stage.next:
            meaning = self.reader.meaning(branch.when) if branch.to == target.id else None
            if meaning is not None:
                found = found.both(meaning.holds)
        return found

    def decided(self, stage: Stage) -> bool:
        """Return whether what values say decides of every criterion and activity of a stage's exit."""
        plain = all(one.kind in ("that", "fields", "done") or one.mode != "block" for one in stage.exit)
        return plain and not any(one.required and one.when is not None for one in stage.activities)

    def understood(self, stage: Stage) -> bool:
        """Return whether no criterion of a plugin has a say, of which nothing is known here."""
        return all(criterion.kind in CRITERION_KINDS for criterion in stage.exit)


def _answered(question: str, id_: str) -> Region:
    asked = Node("call", (question, Node("string", (id_,))))
    return region([{("is", asked, ""): truth(True)}])


def standing(found: Region, stage: str, outcome: str) -> Region:
    """Return a region for a case in a stage: what it says of that is decided."""
    decided: Mapping[Node, str] = {_STAGE: stage, _OUTCOME: outcome}
    boxes = []
    for box in found.boxes:
        left = {}
        for key, values in box.items():
            said = decided.get(key[1]) if key[0] in ("text", "there") else None
            if said is None:
                left[key] = values
            elif not _has(values, said if key[0] == "text" else "true"):
                break
        else:
            boxes.append(left)
    return region(boxes)


def _has(values: Texts, text: str) -> bool:
    return not values.meet(Texts(frozenset((text,)), every=values.every)).empty
