"""Keeping what is stored: proved against checkpoints, backed up while others write, copied to another store."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from playbook.stores.audit import audit
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, write
from playbook.testing.batches import case as row
from playbook.testing.store_archive import tables_of

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PROGRAM = Path(sys.executable).parent / "playbook"
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
    monkeypatch.setenv(SECRET, "too short")
    assert "16 or more" in here("fsck", "--export-checkpoint", heads, code=2).err
    monkeypatch.setenv(SECRET, "correct horse battery staple")
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


@pytest.mark.parametrize(
    "change", ["UPDATE documents SET data = CAST(data || ' ' AS BLOB)", "DELETE FROM documents"]
)
@pytest.mark.parametrize("part", ["digest", "texts"])
def test_what_was_published_and_is_another_by_now_is_found_and_not_gone_by(
    project: Path, here: Run, case: str, change: str, part: str
) -> None:
    with contextlib.closing(sqlite3.connect(project / "playbook.db")) as host, host:
        named = "SELECT position, data ->> ? FROM events WHERE stream = 'playbook:deals'"
        ((position, digest),) = host.execute(named, (part,))
        host.execute(f"{change} WHERE digest = ?", (digest,))
    first, *others = here("fsck", "--json", code=1).json["findings"]
    assert (first["stream"], first["version"], first["position"]) == ("playbook:deals", 1, position)
    assert digest[:12] in first["message"]
    assert [one["stream"] for one in others] == [f"case:{case}"]
    assert digest[:12] in here("show", case, code=3).err


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a database of some thousand streams."""
    path = tmp_path / "large.db"
    with contextlib.closing(SqliteStore(str(path))) as store:
        writes = [write(f"case:{n:06}", b"x" * 200, b"2", index=row(f"c{n:06}")) for n in range(6_000)]
        store.append([batch(made, key=f"k{n}") for n, made in enumerate(writes)])
    return path


def _tables(path: Path) -> object:
    with contextlib.closing(SqliteStore(str(path))) as store:
        return tables_of(store)


def test_a_backup_is_a_database_that_proves_right(
    project: Path, here: Run, case: str, tmp_path: Path
) -> None:
    target = tmp_path / "monday.db"
    made = here("backup", str(target), "--json").json
    assert list(made) == ["file", "bytes", "events", "findings"]
    assert (made["bytes"], made["events"]) == (target.stat().st_size, here("fsck", "--json").json["events"])
    assert _tables(target) == _tables(project / "playbook.db")
    assert here("show", case, "--json", "--store", f"sqlite:///{target}").json["case"] == case
    here("note", case, "Called them")
    assert "say --force" in here("backup", str(target), code=2).err
    assert _tables(target) != _tables(project / "playbook.db")
    assert "every hash holds" in here("backup", str(target), "--force").out
    assert _tables(target) == _tables(project / "playbook.db")
    assert [file.name for file in tmp_path.iterdir() if "monday" in file.name] == ["monday.db"]


def test_a_backup_that_would_harm_or_not_be_one_is_refused(
    project: Path, here: Run, case: str, tmp_path: Path
) -> None:
    database, target = project / "playbook.db", tmp_path / "monday.db"
    assert "is the database itself" in here("backup", str(database), "--force", code=2).err
    assert "is a folder" in here("backup", str(tmp_path), code=2).err
    assert "make it first" in here("backup", str(tmp_path / "no" / "monday.db"), code=2).err
    assert "pg_dump" in here("backup", str(target), "--store", "postgresql://nowhere/x", code=2).err
    beside = tmp_path / "monday.db-wal"
    beside.write_bytes(b"of another database")
    assert "is in use" in here("backup", str(target), "--force", code=2).err
    beside.unlink()
    good = here("backup", str(target)).out
    assert good
    before = target.read_bytes()
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as host:
        host.execute("UPDATE events SET actor = 'eve' WHERE stream = ?", (f"case:{case}",))
        assert "earlier ones stay" in here("backup", str(target), "--force", code=1).out
        host.execute("BEGIN EXCLUSIVE")
    assert target.read_bytes() == before
    database.unlink()
    assert "nothing to back up" in here("backup", str(target), "--force", code=2).err
    assert not database.exists()


def test_writers_go_on_during_a_backup_which_is_of_one_moment(large: Path, here: Run, tmp_path: Path) -> None:
    stop, written = threading.Event(), list[str]()

    def go_on() -> None:
        with contextlib.closing(SqliteStore(str(large))) as store:
            while not stop.is_set():
                made = write(f"new:{len(written):06}", b"1", index=row(f"n{len(written)}"))
                store.append([batch(made), batch(write(f"twin:{len(written):06}", b"1"))])
                written.append(made.stream)

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        while not written:
            time.sleep(0.01)
        before = len(written)
        here("backup", str(tmp_path / "copy.db"), "--store", f"sqlite:///{large}")
        after = len(written)
    finally:
        stop.set()
        writer.join()
    assert after > before + 1
    with contextlib.closing(SqliteStore(str(tmp_path / "copy.db"))) as store:
        streams = [name for name in store.streams(TENANT, limit=99_999) if not name.startswith("case:")]
        new, twins = (
            [name[4:].strip("n:") for name in streams if name.startswith(kind)] for kind in ("new:", "twi")
        )
        assert new == twins
        assert before <= len(new) <= after
        assert list(audit(store, TENANT)) == []


def test_a_copy_that_is_killed_again_and_again_ends_the_same(large: Path, here: Run, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    command = [str(PROGRAM), "copy", str(large), str(target), "--project", str(tmp_path)]
    for rows in (1, 5_000, 10_000):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            while running.poll() is None and _copied(target) < rows:
                time.sleep(0.005)
            running.kill()
        assert running.returncode == -signal.SIGKILL
    with contextlib.closing(SqliteStore(str(target))) as unfinished:
        assert unfinished.tenants() == []
    done = here("copy", str(large), str(target), "--json").json
    assert list(done) == ["rows", "written", "findings"]
    assert done["rows"]["events"] == 12_000
    assert 0 < done["written"] <= 30_000 - 10_000
    assert _tables(target) == _tables(large)
    assert "0 rows written, every row compared" in here("copy", str(large), str(target)).out


def test_a_copy_that_is_stopped_says_how_to_go_on(large: Path, here: Run, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    command = [str(PROGRAM), "copy", str(large), str(target), "--project", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not _copied(target):
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert (running.returncode, out) == (130, "")
    assert "the same command again goes on" in err
    assert "Traceback" not in err
    here("copy", str(large), f"sqlite:///{target}")
    assert _tables(target) == _tables(large)


def _copied(path: Path) -> int:
    """Return how many rows a copy has that is not ready."""
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            counts = "SELECT (SELECT count(*) FROM receipts) + (SELECT count(*) FROM events)"
            return int(connection.execute(counts).fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # there are no tables yet, or it is locked at this moment


def test_a_copy_that_cannot_be_made_is_one_clear_line(
    large: Path, here: Run, case: str, project: Path
) -> None:
    database = str(project / "playbook.db")
    before = _tables(large)
    assert "something else" in here("copy", database, str(large), code=3).err
    assert _tables(large) == before
    assert "nothing to copy" in here("copy", "none.db", database, code=2).err
    assert "same store" in here("copy", database, f"sqlite:///{database}", code=2).err
    assert "names no store" in here("copy", database, "oracle://x", code=3).err
