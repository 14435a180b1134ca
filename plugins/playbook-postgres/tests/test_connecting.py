"""The pool: who gets a connection, when there is none, and what becomes of one that broke."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from playbook import StoreUnavailable
from playbook_postgres.connecting import Pool
from playbook_postgres.places import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook_postgres.piping import Pipe

_OTHERS = "FROM pg_stat_activity WHERE application_name = 'playbook' AND datname = current_database()"


@pytest.fixture
def made(url: str) -> Iterator[Callable[[float, int], Pool]]:
    """Return what makes a pool with a patience and a number of connections."""
    pools: list[Pool] = []

    def make(timeout: float, connections: int) -> Pool:
        pools.append(Pool(read(url)[0], timeout, connections))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def server_process(pipe: Pipe) -> int:
    found: int = pipe.ask("SELECT pg_backend_pid()").fetchall()[0][0]
    return found


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        ((found,),) = connection.execute(f"SELECT count(*) {_OTHERS}").fetchall()
    return int(found)


def test_there_are_no_more_connections_than_allowed_and_all_are_served(
    made: Callable[[float, int], Pool], url: str
) -> None:
    pool, together = made(20, 3), threading.Barrier(3, timeout=20)

    def work(pipe: Pipe) -> int:
        together.wait()  # three work at once, else nobody would go on
        return server_process(pipe)

    with ThreadPoolExecutor(9) as threads:
        served = list(threads.map(lambda _: pool.run("", work), range(9)))
    assert len(served) == 9
    assert len(set(served)) == 3 == count(url)
    assert pool.run("", server_process) in served


def test_who_gets_none_in_time_is_told_that_nothing_was_changed(made: Callable[[float, int], Pool]) -> None:
    pool, asked, done = made(0.3, 1), threading.Event(), threading.Event()

    def hold(_: Pipe) -> None:
        asked.set()
        assert done.wait(20)

    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(pool.run, "", hold)
        assert asked.wait(20)
        with pytest.raises(StoreUnavailable, match=r"gave no connection in time; nothing was changed"):
            pool.run("", server_process)
        done.set()
        held.result(20)
    assert pool.run("", server_process)


def test_a_connection_that_the_server_ended_is_replaced(made: Callable[[float, int], Pool], url: str) -> None:
    pool = made(20, 1)
    first = pool.run("", server_process)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (first,))
    while count(url):
        time.sleep(0.01)
    assert pool.run("", server_process) != first
    assert count(url) == 1


def test_a_connection_that_could_not_be_made_leaves_its_place_at_once(
    made: Callable[[float, int], Pool], server: str, url: str
) -> None:
    pool, name = made(1, 2), urlsplit(url).path[1:]
    gc.disable()  # whoever only waits for a server makes so little garbage that it is collected much later
    try:
        with psycopg.connect(server, autocommit=True) as beside:
            beside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            beside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    pool.run("", server_process)
            beside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert pool.run("", server_process)
    finally:
        gc.enable()


def test_one_that_is_left_in_a_transaction_is_closed(made: Callable[[float, int], Pool], url: str) -> None:
    pool = made(20, 1)
    first = pool.run("", lambda pipe: (pipe.ask("BEGIN"), server_process(pipe))[1])
    assert pool.run("", server_process) != first


def test_a_closed_pool_lends_none_and_closes_the_one_that_comes_back(
    made: Callable[[float, int], Pool], url: str
) -> None:
    pool = made(20, 1)

    def close(pipe: Pipe) -> int:
        pool.close()
        return server_process(pipe)

    assert pool.run("", close)
    while count(url):
        time.sleep(0.01)
    with pytest.raises(StoreUnavailable, match="the store was closed; nothing was changed"):
        pool.run("", server_process)


def test_a_connection_lent_apart_is_none_of_the_pools(made: Callable[[float, int], Pool], url: str) -> None:
    pool = made(20, 1)
    with pool.apart("") as pipe:
        assert server_process(pipe) != pool.run("", server_process)
        assert count(url) == 2
    while count(url) > 1:
        time.sleep(0.01)
