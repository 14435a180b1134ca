"""One command for many cases: each is carried out, refused and remembered by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.engine.keys import fingerprint_of
from playbook.engine.rehearsing import rehearse
from playbook.errors import InputError, Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from playbook.engine.answers import CaseView, Done
    from playbook.engine.engine import Engine
    from playbook.engine.selecting import Selection
    from playbook.model.commands import Command


@attrs.frozen
class Carried:
    """Say what became of the command for one case, as it was found before."""

    view: CaseView
    answer: Done | Refused


def carry_out(
    engine: Engine,
    selection: Selection,
    make: Callable[[str], Command],
    *,
    actor: str,
    key: str | None = None,
    at: dt.datetime | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda looked: None,
) -> Iterator[Carried]:
    """Carry out what `make` makes for every case that a condition holds for, as the cases are found.

    Every case has a key of its own: of `key` where one is given, else of the command and the version of the case, so
    that whatever ends this half way, doing it again changes nothing twice. Where a command cannot be carried out on
    one case, that is its refusal, and the others go on. With `dry_run` nothing is stored.
    """
    for looked, (seen, holds) in enumerate(selection.judged(), start=1):
        if holds:
            command = make(seen.view.id)
            try:
                if dry_run:
                    answer = rehearse(engine, command, actor, seen_by=actor, at=at).done
                else:
                    own = _key(command, actor, seen.version) if key is None else f"{key}/{seen.view.id}"
                    answer = engine.run(command, actor=actor, key=own, at=at)
            except InputError as error:
                answer = Refused("input", str(error))
            yield Carried(seen.view, answer)
        progress(looked)


def _key(command: Command, actor: str, version: int) -> str:
    return f"many/{command.case}/{version}/{fingerprint_of(command, actor).hex()}"
