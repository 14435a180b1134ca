"""Keeping what is stored: proved against checkpoints, backed up while others write, copied to another store."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Run

SECRET = "PLAYBOOK_CHECKPOINT_SECRET"


@pytest.fixture
def case(here: Run) -> str:
    """Open a case and return its id."""
    return str(here("open", "deals", "Acme Corp", "pain=Orders take a week", "--json").json["case"])


def test_a_tail_cut_off_with_its_traces_shows_against_a_checkpoint(
    project: Path, here: Run, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = str(tmp_path / "heads.jsonl")
    assert "openssl rand" in here("fsck", "--export-checkpoint", heads, code=2).err
    assert (
        "16 or more" in here("fsck", "--export-checkpoint", heads, code=2, PLAYBOOK_CHECKPOINT_SECRET="x").err
    )
    here("fsck", "--export-checkpoint", heads)
    assert "name another file" in here("fsck", "--export-checkpoint", heads, code=2).err
    here("note", case, "Called them")
    said = here("fsck", "--checkpoint", heads, "--export-checkpoint", heads).out
    assert "Everything that the checkpoint of" in said
    with contextlib.closing(sqlite3.connect(project / "playbook.db")) as host, host:
        (position,) = host.execute("SELECT max(position) FROM events").fetchone()
        host.execute("DELETE FROM events WHERE position = ?", (position,))
        (before,) = host.execute("SELECT hash FROM events WHERE position = ?", (position - 1,)).fetchone()
        cut = "UPDATE streams SET version = 1, hash = ?, fold = 0, snapshot = x'' WHERE stream = ?"
        host.execute(cut, (before, f"case:{case}"))
    here("fsck", code=None)
    found = here("fsck", "--checkpoint", heads, "--json", code=1).json["findings"]
    assert (f"case:{case}", 2, position) in [(f["stream"], f["version"], f["position"]) for f in found]
    other = str(tmp_path / "other.jsonl")
    here("fsck", "--checkpoint", heads, "--export-checkpoint", other, code=1)
    assert not (tmp_path / "other.jsonl").exists()
    (project / "playbook.db").unlink()
    assert "it is not there" in here("fsck", "--checkpoint", heads, code=1).out
    assert not (project / "playbook.db").exists()


def test_fsck_asks_sqlite_whether_the_file_is_sound(project: Path, here: Run, case: str) -> None:
    with contextlib.closing(sqlite3.connect(project / "playbook.db", isolation_level=None)) as host:
        host.execute("PRAGMA writable_schema = ON")
        wrong = "replace(sql, 'name, opened', 'stage, opened')"  # what the index holds is in no such order
        host.execute(f"UPDATE sqlite_schema SET sql = {wrong} WHERE name = 'cases_name'")
    said = here("fsck", code=1).out
    assert "cases_name" in said
    assert "playbook.db" in said
