"""Which columns of a projection are wanted, and how a driver of ADBC reads them by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Projection(msgspec.Struct, frozen=True, gc=False):
    """Say which columns of a table are to be read: attributes of IndexRow, and `fields` of the playbooks.

    `after` is a mark that a source had: only what changed since is asked for. `parts` is how many connections may
    read side by side.
    """

    table: str
    names: tuple[str, ...]
    fields: tuple[str, ...] = ()
    after: str | None = None
    parts: int = 1


class Source(msgspec.Struct, frozen=True, gc=False):
    """Say how a driver of ADBC reads columns of a projection by itself; the rows of all `parts` are the answer.

    `driver` is `sqlite` or `postgresql`, `uri` what it connects to, which may hold a password. The parts may be
    read side by side, by connections of their own. `whole` says that they give all cases, else they give every case
    that changed after the mark that was asked with, as it is now. `mark` is what to ask with the next time; what
    changes while the parts are read comes then once more. `tenant` is whose cases they are,
    `before` what each connection is told first, where there is anything, `options` what a statement is set to, `rows`
    about how many there are, where that is known.

    A driver that brings an SQLite of its own must not read in a process that has a store on the same file: the locks
    of a file belong to the process, and where that SQLite closes the file, those of the store are gone.
    """

    driver: str
    uri: str
    parts: tuple[str, ...]
    whole: bool
    mark: str
    tenant: str
    before: str = ""
    options: Mapping[str, str] = {}
    rows: int = 0

    def __repr__(self) -> str:
        """Tell all but the URI."""
        return f"Source({self.driver!r}, whole={self.whole}, mark={self.mark!r}, parts={self.parts!r})"
