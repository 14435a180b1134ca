"""What every case and scenario proves beside what it expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest

from playbook.authoring.scenarios.commanding import command
from playbook.authoring.scenarios.playing import Play
from playbook.engine import Done
from playbook.engine.proof import prove
from playbook.errors import InputError, Refused
from playbook.model.commands import Advance

if TYPE_CHECKING:
    from playbook.authoring.scenarios import Failure
    from playbook.engine.answers import Forgotten
    from playbook.errors import Blocker
    from playbook.model.scenario import Step


class Proving(Play):
    """Hold `why` to what `advance` then answers, and the store to what was written."""

    def run(self) -> Failure | None:
        failure = super().run()
        assert list(prove(self.engine)) == []
        return failure

    def _carried_out(self, step: Step, case: str, actor: str) -> Done | Refused | Forgotten | None:
        agreed = None
        if step.verb == "advance":
            asked = command(step, case, self.scenario.playbook)
            assert isinstance(asked, Advance)
            try:
                agreed = self.engine.why(case, asked.to, actor=actor)
            except InputError:
                assert step.expect["refused"] == "wrong_input"
        answer = super()._carried_out(step, case, actor)
        if agreed is not None:
            assert agreed.can_advance == isinstance(answer, Done), "why and advance disagree"
            blockers = answer.blockers if isinstance(answer, Refused) else ()
            assert [_unfixed(one) for one in agreed.blockers] == [_unfixed(one) for one in blockers]
        return answer


def _unfixed(blocker: Blocker) -> Blocker:
    """Return a blocker without its command: the attempt asks for approvals, which `why` says to do first."""
    return attrs.evolve(blocker, fix="") if blocker.kind == "approval" else blocker


@pytest.fixture(scope="session")
def proving() -> type[Play]:
    return Proving
