"""What nobody can tell yet: lines of cases that say too little to know whether they are paid are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook_commission.exact import CONTEXT
from playbook_commission.statements.paying import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Condition
    from playbook_commission.statements.statement import Statement

_HELD = ":untold"
UNTOLD = "it cannot be told whether "
"""How it begins why such a line is held; what follows is the condition."""


def untold(line: Line, condition: Condition | None) -> Iterator[Line]:
    """Yield a line that depends on a condition which cannot be told, and the one that holds all of it."""
    yield line
    if line.pay and condition is not None:
        yield Line(
            f"{line.id}{_HELD}", line.component, "hold", CONTEXT.minus(line.pay), line.case, undoes=line.id,
            because=f"{UNTOLD}{condition.text}", waits=True,
        )  # fmt: skip


def certain(statement: Statement) -> Statement:
    """Return a statement without the lines that could not be told: nothing was paid for them."""
    gone = {line.undoes for line in statement.lines if line.kind == "hold" and line.id.endswith(_HELD)}
    if not gone:
        return statement
    kept = (line for line in statement.lines if line.id not in gone and line.undoes not in gone)
    return attrs.evolve(statement, lines=tuple(kept))
