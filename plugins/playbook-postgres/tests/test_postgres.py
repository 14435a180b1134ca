from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from tests.contracts import first_version

from playbook import ForeignStore, InputError, NewerStore, StoreUnavailable
from playbook.stores import DueRow, Query, Receipt
from playbook.testing.batches import TENANT, batch, case, head_of, write
from playbook.testing.stores import ArchiveContract, HostContract, ShareContract, StoreContract
from playbook_postgres import paging
from playbook_postgres.schema import VERSION, ddl
from playbook_postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playbook import Store


class TestPostgres(StoreContract, ArchiveContract, ShareContract, HostContract):
    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        store = PostgresStore(url)
        yield store
        store.close()

    @pytest.fixture
    def reopen(self, url: str) -> Iterator[Callable[[], Store]]:
        opened: list[PostgresStore] = []

        def again() -> Store:
            opened.append(PostgresStore(url))
            return opened[-1]

        yield again
        for store in opened:
            store.close()

    @pytest.fixture
    def opener(self, store: Store, url: str) -> Callable[[], Store]:
        return partial(PostgresStore, url)

    @pytest.fixture
    def host(self, url: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            connection.execute("CREATE TABLE invoices (number text)")
            connection.commit()
            yield connection


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url)
    yield store
    store.close()


def test_binding_needs_a_database_that_has_a_store(url: str, store: PostgresStore, server: str) -> None:
    with psycopg.connect(server) as other, pytest.raises(ForeignStore, match="make it once"):
        store.bind(other)


def test_a_host_may_make_the_server_forget_what_was_prepared(url: str, store: PostgresStore) -> None:
    with psycopg.connect(url) as host:
        bound = store.bind(host)
        for number in range(2):
            assert isinstance(bound.append([batch(write(f"case:{number}", b"1"))])[0], Receipt)
            host.commit()
            host.execute("DEALLOCATE ALL")
    assert list(store.streams(TENANT)) == ["case:0", "case:1"]


def test_many_processes_may_make_the_tables_at_once(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: PostgresStore(url), range(6)))
    for number, store in enumerate(stores):
        assert isinstance(store.append([batch(write(f"case:{number}", b"1"))])[0], Receipt)
        store.close()


def test_printed_statements_make_and_upgrade_what_opening_does(url: str) -> None:
    made = (
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns"
        " WHERE table_schema = 'playbook' UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = 'playbook' UNION ALL SELECT 'version', version::text, '' FROM playbook.version"
        " ORDER BY 1, 2, 3"
    )
    PostgresStore(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        opened = connection.execute(made.encode()).fetchall()
        for since in range(VERSION):
            later = ddl(since).removeprefix("BEGIN;\n")
            first = ddl().replace(later, f"INSERT INTO playbook.version VALUES ({since}); COMMIT;")
            for statements in (first, ddl(since)) if since else (ddl(),):
                connection.execute(
                    "DROP SCHEMA IF EXISTS playbook CASCADE" if "CREATE SCHEMA" in statements else ""
                )
                connection.execute(statements.encode())
            assert connection.execute(made.encode()).fetchall() == opened
    with pytest.raises(InputError, match="leads nowhere"):
        ddl(VERSION)


def test_a_database_of_the_first_version_keeps_everything(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as old:
        old.execute(first_version.POSTGRES.read_text(encoding="utf-8").encode())
        token = old.execute("SELECT token FROM playbook.due WHERE token IS NOT NULL").fetchone()
        assert old.execute("SELECT version FROM playbook.version").fetchone() == (1,)
    assert token is not None
    store = PostgresStore(url)
    first_version.check(store, token[0])
    store.close()


def test_every_key_begins_with_tenant_and_stream(url: str, store: PostgresStore) -> None:
    """So that the tables can be distributed by tenant; DECISIONS.md has the reason of each exception."""
    query = (
        "SELECT t.relname, c.relname, i.indisunique, ARRAY(SELECT attname::text FROM unnest(i.indkey::int2[])"
        " WITH ORDINALITY AS key (number, place) JOIN pg_attribute ON attrelid = t.oid AND attnum = number"
        " ORDER BY place), EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = t.oid AND attname = 'stream')"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
        " WHERE t.relnamespace = 'playbook'::regnamespace"
    )
    with psycopg.connect(url) as connection:
        found = connection.execute(query.encode()).fetchall()
    others = {
        index: columns
        for _, index, unique, columns, of_streams in found
        if columns[:2] != ["tenant", "stream"] and (of_streams or columns[0] != "tenant")
    }
    assert others == {
        "events_log": ["tenant", "position"],
        "due_ready": ["queue", "ready", "tenant", "stream", "id"],
    }
    assert {table for table, _, unique, *_ in found if unique} == {
        "cases", "documents", "due", "events", "receipts", "streams", "tags", "vault",
    }  # fmt: skip


def test_what_the_server_ends_for_another_that_it_waited_for_is_stored_again(
    url: str, store: PostgresStore
) -> None:
    heads = {name: write(name, b"1") for name in ("a", "b")}
    store.append([batch(made) for made in heads.values()])
    both = [batch(write(name, b"2", after=head_of(made))) for name, made in heads.items()]
    lock = "SELECT FROM playbook.streams WHERE stream = %s FOR UPDATE"
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as onlooker:
        other.execute("SET deadlock_timeout = '1min'")  # so that it is the store that the server ends
        other.execute(lock, ("b",))
        with ThreadPoolExecutor(1) as pool:
            stored = pool.submit(store.append, both)
            while onlooker.execute(waiting.encode()).fetchone() == (0,):
                assert not stored.done()
            other.execute(lock, ("a",))
            other.rollback()
            assert [type(answer) for answer in stored.result()] == [Receipt, Receipt]


def test_what_the_server_ends_every_time_is_given_up(url: str, store: PostgresStore) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "CREATE SEQUENCE tries; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM nextval('tries'); RAISE EXCEPTION 'no' USING ERRCODE = 'serialization_failure'; END $$;"
            " CREATE TRIGGER refused BEFORE INSERT ON playbook.streams EXECUTE FUNCTION refuse()"
        )
        with pytest.raises(StoreUnavailable, match="for another one; nothing of the command was stored: try"):
            store.append([batch(write("case:1", b"1"))])
        assert other.execute("SELECT last_value > 1 FROM tries").fetchone() == (True,)


def test_what_is_just_being_finished_keeps_others_from_the_rest_of_the_stream(
    url: str, store: PostgresStore
) -> None:
    """Also where its lease has ended: it may still come to nothing, and its turn is before theirs."""
    due = (DueRow("a", "timer", 1), DueRow("b", "timer", 2))
    store.append([batch(write("case:1", b"1", due=due)), batch(write("case:2", b"1", due=due[1:]))])

    def take(worker: str, limit: int = 9) -> list[tuple[str, str]]:
        taken = store.claim("timer", now=9, limit=limit, lease=0, worker=worker)
        return [(claim.stream, claim.id) for claim in taken]

    assert take("slow", 1) == [("case:1", "a")]
    with psycopg.connect(url) as finishing:
        finishing.execute("DELETE FROM playbook.due WHERE stream = 'case:1' AND id = 'a'")
        assert take("other") == [("case:2", "b")]
        finishing.rollback()
    assert take("other") == [("case:1", "a"), ("case:1", "b"), ("case:2", "b")]


def test_what_took_longer_than_the_server_allows_is_not_called_lost(url: str, store: PostgresStore) -> None:
    hurried = PostgresStore(make_conninfo(url, options="-c statement_timeout=1000"))
    says = r"failed: canceling statement .*; nothing of the command was"
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE playbook.streams IN EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match=says):
            hurried.append([batch(write("case:1", b"1"))])
    hurried.close()


def test_a_page_is_of_one_moment(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a case that is just moved to where none stood when the statements for the page were made."""
    first = write("case:1", b"1", index=case("1", stage="new"))
    store.append([batch(first)])
    moved = [batch(write("case:1", b"2", after=head_of(first), index=case("1", stage="won", closed=9)))]
    find = paging.find

    def slow(ask: Any, *rest: Any) -> list[Any]:
        def asking(statement: str, values: Sequence[Any]) -> list[Any]:
            found: list[Any] = ask(statement, values)
            if moved:
                assert isinstance(store.append([moved.pop()])[0], Receipt)
            return found

        return find(asking, *rest)

    monkeypatch.setattr(paging, "find", slow)
    stages = [[row.stage for row in store.find(TENANT, Query(), limit=9).items] for _ in range(2)]
    assert stages == [["new"], ["won"]]


def test_a_connection_that_the_server_ended_is_replaced(url: str, store: PostgresStore, server: str) -> None:
    assert list(store.streams(TENANT)) == []
    with psycopg.connect(server, autocommit=True) as other:
        ended = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'playbook'"
        )
        other.execute(ended.encode())
    assert isinstance(store.append([batch(write("case:1", b"1"))])[0], Receipt)


def test_what_goes_wrong_is_said_in_one_line(url: str, server: str) -> None:
    for wrong, error, says in (
        ("postgresql://nobody@127.0.0.1:1/x", StoreUnavailable, "'x' at 127.0.0.1:1 cannot be reached"),
        (make_conninfo(server, dbname="nosuch"), StoreUnavailable, 'database "nosuch" does not exist'),
        ("postgresql://h/x?nosuch=1", StoreUnavailable, "nosuch"),
    ):
        with pytest.raises(error) as raised:
            PostgresStore(wrong)
        assert says in str(raised.value)
        assert "\n" not in str(raised.value)


def test_a_database_of_another_program_or_a_newer_one_is_refused(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA playbook; CREATE TABLE playbook.plays (id int)")
        with pytest.raises(ForeignStore, match="another program"):
            PostgresStore(url)
        connection.execute("DROP SCHEMA playbook CASCADE")
        PostgresStore(url).close()
        connection.execute("UPDATE playbook.version SET version = 99")
        with pytest.raises(NewerStore, match="version 99"):
            PostgresStore(url)


def test_what_the_readme_shows_runs(url: str, tmp_path: Path) -> None:
    """From the command line, with nothing but the URL."""
    known = conninfo_to_dict(url)
    said = {
        f"PG{name.upper()}": str(known[name])
        for name in ("host", "port", "user", "password")
        if known.get(name)
    }
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **said}
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    sessions = "".join(re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    folder = tmp_path
    for step in re.split(r"^\$ ", sessions, flags=re.MULTILINE)[1:]:
        command, _, expected = step.partition("\n")
        words = shlex.split(command.replace("postgresql:///sales", f"postgresql:///{known['dbname']}"))
        if words[0] == "cd":
            folder /= words[1]
            continue
        program = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
        ran = subprocess.run(
            program, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        pattern = re.escape(expected.rstrip("\n")).replace(r"\.\.\.", ".*")
        assert re.fullmatch(pattern, ran.stdout.rstrip("\n"), re.DOTALL), ran.stdout
