"""Every kind of event has a sentence."""

from __future__ import annotations

import pytest

from playbook.cli import narrate, narrate_house, narrate_records
from playbook.model.events import KINDS

SILENT = {
    "unique.held/1": "the stream of a unique value, which says what the record's own event says",
    "claim.made/1": "the stream of a turn, which says what the case's own event says",
}
SPOKEN = sorted(KINDS.keys() - SILENT.keys())


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_kind_of_event_is_told_in_one_place(kind: str) -> None:
    told = [
        tells for tells in (narrate.TELL, narrate_records.TELL, narrate_house.TELL) if KINDS[kind] in tells
    ]
    assert len(told) == 1


def test_what_is_silent_is_there() -> None:
    assert SILENT.keys() <= KINDS.keys()
