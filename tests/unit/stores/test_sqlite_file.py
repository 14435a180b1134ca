from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from playbook.errors import DamagedStore, ForeignStore, InputError, NewerStore, StoreError, StoreUnavailable
from playbook.model.projections import Projection
from playbook.stores.audit import audit
from playbook.stores.interface import Receipt, VaultRow
from playbook.stores.rows import pages
from playbook.stores.sqlite import SqliteStore, open_url
from playbook.stores.sqlite_file import APPLICATION_ID, SCHEMA_VERSION, ddl
from playbook.testing.batches import TENANT, batch, case, head_of, write

if TYPE_CHECKING:
    from pathlib import Path


def _refusal(path: Path, kind: type[StoreError]) -> str:
    """Return the message with which a file is refused: always one line that names the file."""
    with pytest.raises(kind) as caught:
        SqliteStore(str(path), timeout=0.05)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def _run(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with one event in it."""
    path = tmp_path / "store.db"
    with contextlib.closing(SqliteStore(str(path))) as store:
        store.append([batch(write("case:1", b"1"))])
    return path


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    for name, content in (("notes.txt", b"hello"), ("large.bin", os.urandom(9000))):
        file = tmp_path / name
        file.write_bytes(content)
        assert "is not a database" in _refusal(file, ForeignStore)
        assert file.read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["large.bin", "notes.txt"]


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    for name, statement in (("a.db", "CREATE TABLE notes (text)"), ("b.db", "PRAGMA application_id = 7")):
        file = tmp_path / name
        _run(file, statement)
        before = file.read_bytes()
        assert "another program" in _refusal(file, ForeignStore)
        assert file.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()
    SqliteStore(str(file)).close()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_newer_file_is_refused_with_both_versions(path: Path) -> None:
    _run(path, "PRAGMA user_version = 99")
    message = _refusal(path, NewerStore)
    assert "version 99" in message
    assert f"knows {SCHEMA_VERSION}" in message
    assert "update" in message


def test_a_file_that_cannot_be_written_is_refused(path: Path) -> None:
    path.chmod(0o444)
    assert "read-only" in _refusal(path, StoreUnavailable)


def test_places_where_no_file_can_be_are_named(tmp_path: Path) -> None:
    assert "is a folder" in _refusal(tmp_path, StoreUnavailable)
    missing = tmp_path / "missing" / "store.db"
    assert f"no folder {missing.parent}" in _refusal(missing, StoreUnavailable)
    assert "cannot be opened" in _refusal(tmp_path / ("x" * 300), StoreUnavailable)


def test_a_locked_file_can_be_read_and_says_who_waits_for_what(path: Path) -> None:
    store = SqliteStore(str(path), timeout=0.05)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked by another program") as caught:
            store.append([batch(write("case:2", b"1"))])
        assert str(path) in str(caught.value)
        assert list(store.streams(TENANT)) == ["case:1"]
        other.execute("ROLLBACK")
    assert isinstance(store.append([batch(write("case:2", b"1"))])[0], Receipt)
    store.close()
    with pytest.raises(StoreUnavailable, match="was closed"):
        store.append([batch(write("case:3", b"1"))])


def test_a_writer_waits_until_another_program_has_finished(path: Path) -> None:
    store = SqliteStore(str(path))
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(other), contextlib.closing(store):
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE notes (text)")
        finishing = threading.Timer(0.1, other.execute, ["COMMIT"])
        finishing.start()
        answers = store.append([batch(write(f"case:{n}", b"1")) for n in (2, 3)])
        finishing.join()
        assert [type(answer) for answer in answers] == [Receipt, Receipt]


def test_a_file_locked_while_it_is_opened_says_so(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in _refusal(file, StoreUnavailable)


def test_a_full_disk_stores_nothing_and_says_so(path: Path) -> None:
    store = SqliteStore(str(path))
    (pages,) = store._cursor.execute("PRAGMA page_count").fetchone()
    store._cursor.execute(f"PRAGMA max_page_count = {pages + 5}")
    large = batch(write("case:2", bytes(100_000)), write("case:3", b"1"))
    for batches in ([large], [batch(write("case:4", b"1")), large]):
        with pytest.raises(StoreUnavailable, match="disk is full"):
            store.append(batches)
    assert list(store.streams(TENANT)) == ["case:1"]
    assert isinstance(store.append([batch(write("case:2", b"1"))])[0], Receipt)
    store.close()


def test_a_damaged_file_says_so(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'streams'").fetchone()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = os.urandom(4096)
    path.write_bytes(content)
    with (
        contextlib.closing(SqliteStore(str(path))) as store,
        pytest.raises(DamagedStore, match="damaged"),
    ):
        store.append([batch(write("case:2", b"1"))])


def test_text_that_is_not_unicode_is_refused_and_nothing_is_stored(path: Path) -> None:
    with contextlib.closing(SqliteStore(str(path))) as store:
        with pytest.raises(InputError, match="is no text"):
            store.append([batch(write("case:2", b"1", index=case("c2", name="\ud800")))])
        assert list(store.streams(TENANT)) == ["case:1"]


def test_what_cannot_be_stored_leaves_no_transaction_open_however_often_it_comes(path: Path) -> None:
    strange = batch(write("case:2", b"1", index=case("c2", opened="yesterday")))
    with contextlib.closing(SqliteStore(str(path))) as store:
        for _ in range(3):
            with pytest.raises(InputError, match="cannot be stored"):
                store.append([strange])
        store.append([batch(write("case:3", b"1"))])
        assert list(store.streams(TENANT)) == ["case:1", "case:3"]


def test_a_url_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///relative.db", f"sqlite:///{tmp_path}/absolute.db", "sqlite://:memory:"):
        open_url(url).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["absolute.db", "relative.db"]
    for url in ("sqlite:", "sqlite://", "sqlite:///", "sqlite://host/file.db", "postgres:///x"):
        with pytest.raises(InputError, match="write sqlite:///"):
            open_url(url)


def test_a_url_says_how_sure_a_commit_is(tmp_path: Path) -> None:
    odd = tmp_path / "what?"
    odd.mkdir()
    for option, level in (("", 1), ("?synchronous=normal", 1), ("?synchronous=full", 2)):
        with contextlib.closing(open_url(f"sqlite:///{odd}/store.db{option}")) as store:
            assert store._all("PRAGMA synchronous", (), short=True) == [(level,)]
    assert [file.name for file in odd.iterdir()] == ["store.db"]
    for option, message in (
        ("sync=full", "no option of an SQLite store 'sync'"),
        ("synchronous=ful", "no level of synchronous 'ful'; did you mean 'full'"),
        ("synchronous", "no level of synchronous ''"),
        ("synchronous=off", "no level of synchronous 'off'; "),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            open_url(f"sqlite:///{tmp_path}/other.db?{option}")
    assert list(tmp_path.iterdir()) == [odd]


def test_erased_and_overwritten_bytes_are_in_no_file(path: Path) -> None:
    secrets = [os.urandom(12).hex().encode() for _ in range(40)]
    rows = tuple(VaultRow(f"r{n}", "ann", b"salt", value) for n, value in enumerate(secrets))
    purged = os.urandom(3000)
    first = write("case:2", b"1", snapshot=purged)
    with contextlib.closing(SqliteStore(str(path))) as store:
        store.append([batch(first, vault=rows)])
        assert any(secrets[0] in file.read_bytes() for file in path.parent.iterdir())
        store.append([batch(write("case:2", after=head_of(first), snapshot=b""))])
        assert store.erase(TENANT, "ann") == 40
        stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not [value for value in [*secrets, purged[:100], purged[-100:]] if value in stored]


def _append_from_threads(path: str, process: int) -> None:
    store = SqliteStore(path, timeout=60)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(_append_some, store, process), range(4)))
    store.close()


def _append_some(store: SqliteStore, process: int, thread: int) -> None:
    for n in range(15):
        own = write(f"case:{process}-{thread}-{n}", b"1", b"2", index=case(f"c{process}-{thread}-{n}"))
        while True:
            shared = write("shared", b"s", after=store.load(TENANT, ["shared"]).get("shared"))
            if isinstance(store.append([batch(shared, own)])[0], Receipt):
                break
        more = [batch(write(f"more:{process}-{thread}-{n}-{k}", b"3")) for k in range(2)]
        assert all(isinstance(answer, Receipt) for answer in store.append(more))


def test_a_file_that_was_closed_is_whole_by_itself(path: Path) -> None:
    store = SqliteStore(str(path))
    rows = [case(f"c{n}", tags=("owner:ann",)) for n in range(2)]
    store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in rows])
    store.close()
    assert list(path.parent.iterdir()) == [path]
    store.close()


def test_threads_and_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    others = [subprocess.Popen([sys.executable, __file__, path, str(process)]) for process in range(2)]
    assert [other.wait() for other in others] == [0, 0]
    with contextlib.closing(SqliteStore(path)) as store:
        found = store.log(TENANT, after=None, limit=1000).items
        assert len(found) == 2 * 4 * 15 * 5
        assert [e.version for e in found if e.stream == "shared"] == list(range(1, 121))
        assert [chunk["case"] for chunk in store.columns(TENANT, "cases")] == [
            sorted(f"c{p}-{t}-{n}" for p in range(2) for t in range(4) for n in range(15))
        ]
        assert list(audit(store, TENANT)) == []


def test_many_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    together = threading.Barrier(4, timeout=20)

    def come(_: int) -> None:
        for number in range(40):
            together.wait()
            SqliteStore(str(tmp_path / f"{number}.db"), timeout=30).close()

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(come, range(4)))) == 4


@pytest.mark.parametrize("tenant", ["default", "Default", "zenith"])
def test_the_log_of_one_of_several_tenants_is_theirs_alone(tmp_path: Path, tenant: str) -> None:
    """In its order, page by page; and so is what changed since a report."""
    cases = Projection("cases", ("case",))
    with contextlib.closing(SqliteStore(str(tmp_path / "store.db"))) as store:
        for number in range(20):
            for whose in ("default", "Default", "zenith"):
                one = write(f"case:{number}", whose.encode(), tenant=whose, index=case(str(number)))
                store.append([batch(one, tenant=whose)])
        head = store.load(tenant, ["case:7"])["case:7"]
        log = pages(lambda after: store.log(tenant, after=after, limit=6))
        found = [event for page in log for event in page.items]
        assert [(event.stream, event.data) for event in found] == [
            (f"case:{number}", tenant.encode()) for number in range(20)
        ]
        assert [event.position for event in found] == sorted(event.position for event in found)
        before = store.source(tenant, cases)
        assert before is not None
        after = write("case:7", b"more", after=head, tenant=tenant, index=case("7", amount=1))
        assert isinstance(store.append([batch(after, tenant=tenant)])[0], Receipt)
        since = store.source(tenant, replace(cases, after=before.mark))
        assert since is not None
        assert not since.whole
        assert [store._all(part, ()) for part in since.parts] == [[("7",)]]


def test_printed_statements_make_and_upgrade_what_opening_does(path: Path) -> None:
    later = ddl(1).partition("BEGIN IMMEDIATE;\n")[2].partition("PRAGMA application_id")[0]
    first = ddl(0).replace(later, "").replace(f"user_version = {SCHEMA_VERSION}", "user_version = 1")
    assert first != ddl(0)

    def made(*scripts: str) -> list[tuple[str, str]]:
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            for script in scripts:
                connection.executescript(script)
            found = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            return [*found, *connection.execute("PRAGMA user_version").fetchall()]

    with contextlib.closing(sqlite3.connect(path)) as opened:
        found = opened.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    assert made(ddl(0)) == made(first, ddl(1)) == [*found, (SCHEMA_VERSION,)]
    with pytest.raises(InputError, match="leads nowhere"):
        ddl(SCHEMA_VERSION)


if __name__ == "__main__":
    _append_from_threads(sys.argv[1], int(sys.argv[2]))
