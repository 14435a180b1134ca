"""The parameters of a playbook for a case: what they are by default, and what the segments that match set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.model.parameters import parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.expressions import Scope
    from playbook.model.playbook import Playbook
    from playbook.process.criteria import Conditions


class Parameters:
    """Hold the parameters of one definition, the conditions of their segments compiled."""

    def __init__(self, playbook: Playbook, conditions: Conditions) -> None:
        self._defaults = dict(playbook.parameters)
        self._segments = [(conditions.test(segment.when), dict(segment.set)) for segment in playbook.segments]

    def said(self, scope: Scope) -> Mapping[str, str]:
        """Return the parameters for a case as they are written: every matching segment in order, the last wins."""
        values = dict(self._defaults)
        for test, changes in self._segments:
            if test(scope) is True:
                values |= changes
        return values

    def values(self, scope: Scope) -> dict[str, Any]:
        """Return the values that conditions read, by their names with the sign."""
        return {f"${name}": parameter(text) for name, text in self.said(scope).items()}
