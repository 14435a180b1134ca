"""What a timer of a case will do, in words, with the people whom it means by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.authoring.wording import Wording, flat, words
from playbook.cli.output import clean
from playbook.process.automation import rendered

if TYPE_CHECKING:
    from playbook.authoring.wording import Phrase
    from playbook.cli.words import Words
    from playbook.model.rules import Action


@attrs.frozen
class _OfCase(Wording):
    """Put rules into words as they are for one case."""

    told: Words

    def person(self, principal: str) -> Phrase:
        """Return the name of whoever is meant here and now."""
        return (self.told.principal(principal),)

    def action(self, action: Action) -> Phrase:
        """Return what happens by itself, the placeholders in what is said replaced."""
        return Wording.action(self, attrs.evolve(action, say=rendered(action.say, self.told.placeholder)))


def will_do(told: Words, timer: str) -> list[str]:
    """Return what a timer of the case's definition does when it strikes: `close it as Lost`, one for each action."""
    automation = told.definition.automation
    found = automation.timers.get(timer) if automation is not None else None
    wording = _OfCase(told.definition.playbook, words("en"), told)
    return [] if found is None else [clean(flat(wording.action(action))) for action in found.then]
