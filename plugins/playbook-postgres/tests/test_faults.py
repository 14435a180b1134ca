"""What goes wrong with the database, from the command line: one line, exit code 3, what became of the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = str(Path(sys.executable).with_name("playbook"))
OPEN = ("open", "deals", "Acme", "amount=25000 EUR", "--owner", "sam")
RIGHTS = "".join(
    re.findall(
        r"^GRANT .*$", (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
)
"""What the README grants to a user called `sales`."""


class Server(Protocol):
    """Name a server of our own."""

    url: str


class Shell:
    """Run the program in a project, on a database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def __call__(self, *words: str, url: str = "") -> Any:
        """Return what a command that is carried out prints as JSON."""
        done = self.begin(*words, url=url)
        out, err = done.communicate()
        assert done.returncode == 0, err
        return json.loads(out)

    def fails(self, *words: str, url: str = "") -> tuple[str, str]:
        """Return the code and the message of a command that fails with exit code 3."""
        return self.failed(self.begin(*words, url=url))

    def begin(self, *words: str, url: str = "") -> subprocess.Popen[str]:
        """Start the program."""
        command = [PROGRAM, "--json", "--project", str(self.folder), "--store", url or self.url, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def failed(process: subprocess.Popen[str]) -> tuple[str, str]:
        """Return how a program that was started failed: one line, no traceback, no password."""
        out, err = process.communicate()
        assert process.returncode == 3, (out, err)
        assert err == ""
        error = json.loads(out)["error"]
        assert "\n" not in error["message"]
        assert "secret" not in error["message"]
        return error["code"], error["message"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project."""
    folder = tmp_path_factory.mktemp("sales")
    subprocess.run([PROGRAM, "init", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def shell(folder: Path, url: str) -> Shell:
    return Shell(folder, url)


@pytest.fixture
def own_shell(folder: Path, own_url: str) -> Shell:
    return Shell(folder, own_url)


@pytest.fixture
def role(url: str) -> Iterator[str]:
    """Return a user who may only connect."""
    name = f"app_{urlsplit(url).path[-8:]}"
    _tell(url, f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
    yield name
    _tell(url, f"DROP OWNED BY {name}; DROP ROLE {name}")


def _tell(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _found(url: str, question: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        return (connection.execute(question.encode()).fetchone() or (None,))[0]


def _as(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}").geturl()


def _until(holds: Callable[[], Any]) -> None:
    """Wait for what the server does in its own time."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://sam:secret@127.0.0.1:1/x", "'x' at 127.0.0.1:1 cannot be reached"),
        ("postgresql://sam:secret@host.invalid/x", "'x' at host.invalid cannot be reached"),
        (
            "postgresql://sam:secret@host:port/x",
            "the port 'port' is no number; write postgresql://USER@HOST/DATABASE",
        ),
        ("postgresql://sam:secret@host/x?sslmod=require", "sslmod"),
        ("postgresql://sam:secret@[::1/x", "://sam:***@["),
        ("postgresql://sam:a@secret@host/x", "written %40"),
        ("postgresql://sam:secret/x@host/x", "written %40 and %2F"),
        ("postgresql://host/x?password=secret&dbname", "cannot be read"),
        ("postgresql://a/x?replica=postgresql://sam:secret@b:c", "the port 'c' is no number"),
        ("postgresql://a/x?replica=postgresql://b&replica=postgresql://c", "replica=postgresql://ONE,OTHER"),
    ],
)
def test_a_database_that_is_not_there_or_not_named_rightly(folder: Path, url: str, says: str) -> None:
    code, message = Shell(folder, url).fails(*OPEN)
    assert code == "store_unavailable"
    assert says in message


def test_the_wrong_database_or_password(own_shell: Shell) -> None:
    url = own_shell.url
    code, message = own_shell.fails(*OPEN, url=urlsplit(url)._replace(path="/nosuch").geturl())
    assert code == "store_unavailable"
    assert 'database "nosuch" does not exist' in message
    rules = Path(_found(url, "SHOW hba_file"))
    before = rules.read_text(encoding="utf-8")
    _tell(url, "CREATE ROLE guarded LOGIN PASSWORD 'right'")
    rules.write_text(f"local all guarded scram-sha-256\n{before}", encoding="utf-8")
    try:
        _tell(url, "SELECT pg_reload_conf()")
        wrong = _as(url, "guarded", "secret")
        _until(lambda: "password authentication failed" in own_shell.fails("list", url=wrong)[1])
    finally:
        rules.write_text(before, encoding="utf-8")
        _tell(url, "SELECT pg_reload_conf(); DROP ROLE guarded")


def test_a_user_who_may_not_make_tables_works_once_a_host_has_made_them(shell: Shell, role: str) -> None:
    mine = _as(shell.url, role, role)
    code, message = shell.fails(*OPEN, url=mine)
    assert code == "store_unavailable"
    assert "has no tables yet" in message
    assert "playbook store ddl --store postgresql://" in message
    _tell(
        shell.url,
        shell("store", "ddl", url="postgresql://")["ddl"] + RIGHTS.replace(" TO sales;", f" TO {role};"),
    )
    assert shell(*OPEN, url=mine)["stage"]
    assert shell("list", url=mine)["total"] == 1
    for taken, fate in (
        ("INSERT ON playbook.events", "of the command was stored"),
        ("USAGE ON SCHEMA playbook", ""),
    ):
        _tell(shell.url, f"REVOKE {taken} FROM {role}")
        code, message = shell.fails(*OPEN, url=mine)
        assert code == "store_unavailable"
        assert "permission denied for" in message
        assert f"nothing {fate or 'was changed'}: ask for the rights on schema playbook" in message
    assert shell("list")["total"] == 1


def test_an_empty_schema_that_a_host_gave_is_filled(shell: Shell, role: str) -> None:
    _tell(shell.url, f"CREATE SCHEMA playbook AUTHORIZATION {role}")
    assert shell(*OPEN, url=_as(shell.url, role, role))["stage"]


def test_a_server_that_takes_no_writes(shell: Shell) -> None:
    shell(*OPEN)
    name = urlsplit(shell.url).path[1:]
    _tell(shell.url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    code, message = shell.fails("note", "Acme", "Call back")
    assert code == "store_unavailable"
    assert "is read-only; nothing of the command was stored: name the server that takes writes" in message
    assert shell("list")["total"] == 1


def test_a_store_from_the_future(shell: Shell) -> None:
    shell(*OPEN)
    _tell(shell.url, "UPDATE playbook.version SET version = 99")
    code, message = shell.fails("list")
    assert code == "newer_store"
    assert "schema version 99" in message
    assert "update playbook-postgres" in message


def test_a_connection_lost_before_the_commit_has_stored_nothing(shell: Shell) -> None:
    shell(*OPEN)
    waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'playbook.cases'::regclass"
    with psycopg.connect(shell.url) as other:
        other.execute("LOCK TABLE playbook.cases IN EXCLUSIVE MODE")
        process = shell.begin("set", "Acme", "amount=1 EUR", "--key", "k1")
        _until(lambda: _found(shell.url, waiting))
        _tell(shell.url, f"SELECT pg_terminate_backend(({waiting}))")
        code, message = shell.failed(process)
    assert code == "store_unavailable"
    assert "nothing of the command was stored" in message
    assert shell("show", "Acme")["fields"]["amount"]["amount"] == "25000.00"
    assert not shell("set", "Acme", "amount=1 EUR", "--key", "k1")["repeated"]


def test_a_connection_lost_during_the_commit_leaves_it_to_the_key(own_shell: Shell) -> None:
    """The commit waits for a copy that does not come; it is on disk when its connection is ended."""
    own_shell(*OPEN)
    url = own_shell.url
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    _tell(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    try:
        _tell(url, "SELECT pg_reload_conf()")
        _until(lambda: _found(url, "SHOW synchronous_standby_names") == "nobody")
        process = own_shell.begin("set", "Acme", "amount=1 EUR", "--key", "k1")
        _until(lambda: _found(url, waiting))
        _tell(url, f"SELECT pg_terminate_backend(({waiting}))")
        code, message = own_shell.failed(process)
    finally:
        _tell(url, "ALTER SYSTEM RESET synchronous_standby_names")
        _tell(url, "SELECT pg_reload_conf()")
    assert code == "outcome_unknown"
    assert "whether it was stored is not known: give it again with the same key (--key)" in message
    _until(lambda: _found(url, "SHOW synchronous_standby_names") == "")
    assert own_shell("set", "Acme", "amount=1 EUR", "--key", "k1")["repeated"]
