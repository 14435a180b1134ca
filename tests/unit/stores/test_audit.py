from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from playbook.stores.audit import audit
from playbook.stores.chain import commitment
from playbook.stores.interface import VaultRow
from playbook.stores.sqlite import SqliteStore
from playbook.testing.batches import TENANT, batch, head_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PERSONAL = VaultRow("r", "ann", b"salt", b'"Ann"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with three streams of four events; one refers to a personal value."""
    path = tmp_path / "store.db"
    personal = b'{"x":[{"$p":"r","h":"%b"}]}' % commitment(_PERSONAL.salt, _PERSONAL.value).encode()
    with contextlib.closing(SqliteStore(str(path))) as store:
        for n in range(3):
            first = write(f"case:{n}", b'{"a":1}', b'{"b":2}')
            store.append([batch(first)])
            store.append([batch(write(f"case:{n}", personal, b'{"d":4}', after=head_of(first)))])
        store.append([batch(vault=(_PERSONAL,))])
    return path


@pytest.fixture
def host(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def _findings(path: Path) -> list[tuple[str, int, int]]:
    with contextlib.closing(SqliteStore(str(path))) as store:
        return [(f.stream, f.version, f.position) for f in audit(store, TENANT)]


def test_progress_tells_how_many_events_were_checked(path: Path) -> None:
    told: list[int] = []
    with contextlib.closing(SqliteStore(str(path))) as store:
        assert list(audit(store, TENANT, progress=told.append)) == []
    assert told == [4, 8, 12]


def test_a_byte_altered_in_the_bytes_of_the_file_is_found(path: Path) -> None:
    content = path.read_bytes()
    assert content.count(b'{"d":4}') == 3
    path.write_bytes(content.replace(b'{"d":4}', b'{"d":5}', 1))
    assert _findings(path) in ([(f"case:{n}", 4, 4 * n + 4)] for n in range(3))


def test_an_event_taken_out_is_found(path: Path, host: sqlite3.Connection) -> None:
    host.execute("DELETE FROM events WHERE position = 6")
    with contextlib.closing(SqliteStore(str(path))) as store:
        found = list(audit(store, TENANT))
    assert {(f.stream, f.version, f.position) for f in found} == {("case:1", 3, 7)}
    assert "version 2 was expected, found 3" in [f.message for f in found]


def test_events_cut_off_the_end_are_found(path: Path, host: sqlite3.Connection) -> None:
    host.execute("DELETE FROM events WHERE position >= 11")
    assert _findings(path) == [("case:2", 2, 10)]


def test_a_head_that_was_altered_or_taken_out_is_found(path: Path, host: sqlite3.Connection) -> None:
    host.execute("UPDATE streams SET hash = zeroblob(32) WHERE stream = 'case:0'")
    host.execute("UPDATE streams SET version = 9 WHERE stream = 'case:1'")
    host.execute("DELETE FROM streams WHERE stream = 'case:2'")
    cut = [("case:2", version, 8 + version) for version in (1, 2, 3, 4)]
    assert _findings(path) == [("case:0", 4, 4), ("case:1", 4, 8), *cut]


def test_events_that_changed_places_are_found(path: Path, host: sqlite3.Connection) -> None:
    host.execute("UPDATE events SET position = 99 WHERE position = 3")
    assert _findings(path) == [("case:0", 4, 4)]


def test_an_altered_personal_value_is_found_and_an_erased_one_is_no_fault(
    path: Path, host: sqlite3.Connection
) -> None:
    host.execute("UPDATE vault SET value = ?", (b'"Eve"',))
    assert _findings(path) == [("case:0", 3, 3), ("case:1", 3, 7), ("case:2", 3, 11)]
    host.execute("DELETE FROM vault")
    assert _findings(path) == []


def test_data_that_only_looks_like_a_reference_is_reported_not_raised(tmp_path: Path) -> None:
    with contextlib.closing(SqliteStore(str(tmp_path / "odd.db"))) as store:
        store.append(
            [batch(write("case:1", b'{"$p": broken', b'{"$p":3}', b'{"$p":"r"}'), vault=(_PERSONAL,))]
        )
        found = list(audit(store, TENANT))
    assert [(f.version, f.message.split(",")[0]) for f in found] == [
        (1, "it refers to personal values"),
        (3, "the personal value 'r' was altered"),
    ]
