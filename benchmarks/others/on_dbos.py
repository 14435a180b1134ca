"""Deals as workflows of DBOS."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import sqlalchemy
from dbos import DBOS, SetWorkflowID

from bench import NotHere
from others.deal import GIVEN, PRAGMAS, act, each_in_turn

if TYPE_CHECKING:
    from collections.abc import Callable


_step = DBOS.step()(act)


@DBOS.workflow()
def _sell_deal(steps: list[dict[str, Any]]) -> dict[str, Any]:
    deal: dict[str, Any] = {}
    for given in steps:
        deal = _step(deal, given)
    return deal


@DBOS.workflow()
def _command(deal: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return _step(deal, given)


def must_run_on_sqlite() -> None:
    """Raise NotHere where DBOS asks the SQLite of this Python for what it cannot do."""
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
        python = ".".join(map(str, sys.version_info[:2]))
        raise NotHere(
            f"on Python {python} DBOS needs SQLite 3.42 or newer, and this one has {sqlite3.sqlite_version}"
        )


def by_steps(url: str, deals: int) -> float:
    """Return the seconds that deals take as one workflow each, from step to step."""
    return _seconds(url, _whole, deals)


def by_commands(url: str, deals: int) -> float:
    """Return the seconds that deals take with a workflow for each command."""
    return _seconds(url, _from_outside, deals)


def _whole(number: int) -> None:
    with SetWorkflowID(f"deal-{number}"):
        _must_be_won(_sell_deal(list(GIVEN)))


def _from_outside(number: int) -> None:
    deal: dict[str, Any] = {}
    for count, given in enumerate(GIVEN):
        with SetWorkflowID(f"{number}-{count}"):
            deal = _command(deal, given)
    _must_be_won(deal)


def _must_be_won(deal: dict[str, Any]) -> None:
    if deal["stage"] != "won":
        raise ValueError(f"DBOS left {deal}")


def _seconds(url: str, sell: Callable[[int], None], deals: int) -> float:
    config: Any = {"name": "peers", "system_database_url": url, "log_level": "ERROR"}
    engine = _same_settings(url) if url.startswith("sqlite") else None
    if engine is not None:
        config["system_database_engine"] = engine
    DBOS(config=config)
    DBOS.launch()
    try:
        return each_in_turn(sell, deals)
    finally:
        DBOS.destroy()
        if engine is not None:
            engine.dispose()


def _same_settings(url: str) -> sqlalchemy.Engine:
    """Return an engine as DBOS makes it for SQLite, with our settings beside its own."""
    engine = sqlalchemy.create_engine(url)

    @sqlalchemy.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("PRAGMA busy_timeout = 30000", "PRAGMA foreign_keys = ON", *PRAGMAS):
            connection.execute(pragma)

    return engine
