"""Where the database is: what a URL says, and how it is named to people without its password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from playbook import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPLICA = "replica="
_EXAMPLE = "postgresql://USER@HOST/DATABASE"
# a password may hold any of the characters that end it, so that of a URL goes up to the last @
_SECRETS = ((r"://([^:/?\s]*):\S*@", r"://\1:***@"), (r"password=[^&\s\"]*", "password=***"))


@attrs.frozen
class Place:
    """Name a database: `conninfo` is for the driver, `name` for people."""

    conninfo: str = attrs.field(repr=False)
    name: str


def read(url: str) -> tuple[Place, Place | None]:
    """Return the database that a URL names, and its replica where it says `replica=URL`.

    What the replica's URL leaves out is as in the first. Raises StoreUnavailable where either cannot be read.
    """
    first, _, query = url.partition("?")
    parts = query.split("&") if query else []
    replicas = [unquote(part.removeprefix(_REPLICA)) for part in parts if part.startswith(_REPLICA)]
    kept = "&".join(part for part in parts if not part.startswith(_REPLICA))
    known = _known(f"{first}?{kept}" if kept else first)
    if not replicas:
        return _place(known), None
    if len(replicas) > 1:
        raise StoreUnavailable(
            "the URL of the store names `replica` twice; one URL may name several hosts: replica=postgresql://ONE,OTHER"
        )
    other = {**known, **_known(replicas[0])}
    return _place(known), _place(other, "the replica, ")


def one_line(error: Exception) -> str:
    """Return the first line of what an error says, without passwords."""
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else type(error).__name__
    for secret, shown in _SECRETS:
        line = re.sub(secret, shown, line)
    return line


def _known(url: str) -> Mapping[str, Any]:
    try:
        return conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StoreUnavailable(
            f"the URL of the store cannot be read: {one_line(error)}; write {_EXAMPLE}, other characters as %XX"
        ) from None


def _place(known: Mapping[str, Any], what: str = "") -> Place:
    where = f"{known.get('host') or 'localhost'}" + (f":{known['port']}" if known.get("port") else "")
    name = f"{what}the PostgreSQL database {known.get('dbname') or known.get('user') or ''!r} at {where}"
    return Place(make_conninfo(**known), name + ("," if what else ""))
