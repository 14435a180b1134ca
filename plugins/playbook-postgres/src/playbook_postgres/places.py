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
# a server that went away without a word is noticed after a minute, not after hours; the URL may say otherwise
_PATIENCE = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
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
    who, _, _ = url.partition("?")[0].partition("://")[2].rpartition("@")
    if "@" in who or "/" in who:  # the driver would take a part of the password for the host, and say so
        raise _unreadable("it has an @ or / in its user or password, which are written %40 and %2F")
    try:
        known = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise _unreadable(one_line(error)) from None
    port = str(known.get("port") or "")
    if port.strip("0123456789,"):
        raise _unreadable(f"the port {port!r} is no number")
    return known


def _unreadable(why: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"the URL of the store cannot be read: {why}; write postgresql://USER@HOST/DATABASE"
    )


def _place(known: Mapping[str, Any], what: str = "") -> Place:
    where = f"{known.get('host') or 'localhost'}" + (f":{known['port']}" if known.get("port") else "")
    name = f"{what}the PostgreSQL database {known.get('dbname') or known.get('user') or ''!r} at {where}"
    return Place(make_conninfo(**{**_PATIENCE, **known}), name + ("," if what else ""))
