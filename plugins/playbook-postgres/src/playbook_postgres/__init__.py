"""A store in PostgreSQL, for teams that outgrow one file: `--store postgresql://user@host/database`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import StoreKind, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Store


@hookimpl
def playbook_stores() -> Iterator[StoreKind]:
    """Add the store that `postgresql://` names."""
    yield StoreKind(
        "postgresql",
        "1",
        _open,
        doc="Keeps everything in PostgreSQL; postgresql://USER@HOST/DATABASE",
        ddl=_ddl,
    )


def _open(url: str) -> Store:
    from playbook_postgres.store import PostgresStore

    return PostgresStore(url)


def _ddl(since: int) -> str:
    from playbook_postgres.schema import ddl

    return ddl(since)
