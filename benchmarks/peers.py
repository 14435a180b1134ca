"""Take deals from open to close in eight durable steps: with us, DBOS, SpiffWorkflow and django-fsm-2.

Every step decides, changes a deal and is committed before the next begins; one process, one thread. On SQLite all
have what ours has unless told otherwise: WAL, synchronous NORMAL; on PostgreSQL, what the server has.

What is the same: the eight steps, the fields that they change, the conditions that are looked at before a move. What
is not, always in favour of the others:

- Ours is a command from outside: its key makes it happen once, permission and every condition of the playbook are
  looked at, the event goes into a chain of hashes, and the deal can be found and counted at once.
- On DBOS a command that arrives from outside under a key is a workflow with a step in it: `dbos`. It happens once and
  its result is kept, yet nothing can be found by its fields, and the conditions are two lines of Python. Steps that
  follow each other within one workflow, where nothing from outside comes between them, are its fastest form:
  `dbos_within_a_workflow`. As it comes DBOS leaves SQLite in the mode in which each commit waits for the disk several
  times; it is given an engine with the settings of ours.
- SpiffWorkflow runs BPMN and leaves storing to us: its state is one row that each step replaces. Its definition is
  left out of that, which it would write every time. It keeps which tasks were done and when; neither key nor index.
- django-fsm-2 writes the columns that changed, with its own guard against others who moved the deal, and in the same
  transaction a row that says what was done under which key, since it keeps neither by itself; the object stays in
  memory. Who may do what, why not, and what is found and counted would come on top.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from bench import Figures, alternate, folder, main, opened
from others.deal import STEPS, each_in_turn
from others.on_dbos import by_commands, by_steps, must_run_on_sqlite
from others.on_django import DjangoFsm
from others.on_spiff import Spiff
from playbook import SqliteStore
from playbook_postgres.store import PostgresStore
from postgres import Databases, sell, server

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.stores import Store

ROUNDS = 5


def ours(store: Store, deals: int) -> float:
    """Return the seconds that deals take with us; raises ValueError where not every step left an event."""
    engine = opened(store)
    taken = each_in_turn(partial(sell, engine), deals)
    found = store.log(engine.tenant, after=None, limit=2 * deals * STEPS + 100).items
    store.close()
    if sum(event.stream.startswith("case:") for event in found) != deals * STEPS:
        raise ValueError("a step was refused")
    return taken


def measure(quick: bool) -> Figures:
    """Measure all on SQLite, and DBOS and ours on PostgreSQL too."""
    must_run_on_sqlite()
    few, many, count = (2, 2, 1) if quick else (40, 400, ROUNDS)

    def each(deals: int, run: Callable[[int], float]) -> Callable[[], float]:
        return lambda: run(deals) / (deals * STEPS)

    with folder() as here, server() as url:
        files = (here.resolve() / f"{number}.db" for number in itertools.count())
        databases, django = Databases(url), DjangoFsm(here.resolve() / "django.db")
        spiff = Spiff()
        taken = alternate(
            count,
            {
                "ours": each(many, lambda deals: ours(SqliteStore(str(next(files))), deals)),
                "dbos": each(few, lambda deals: by_commands(f"sqlite:///{next(files)}", deals)),
                "dbos_within_a_workflow": each(
                    few, lambda deals: by_steps(f"sqlite:///{next(files)}", deals)
                ),
                "spiff": each(few, lambda deals: spiff.seconds(next(files), deals)),
                "django": each(many, django.seconds),
                "ours_on_postgres": each(many, lambda deals: ours(PostgresStore(databases.new()), deals)),
                "dbos_on_postgres": each(few, lambda deals: by_commands(databases.new(), deals)),
            },
        )
        django.close()
        databases.close()
    best = min(("dbos", "dbos_within_a_workflow", "spiff", "django"), key=taken.median)
    return Figures(
        {f"{name}_per_second": 1 / taken.median(name) for name in taken.taken},
        {
            "faster_than_dbos": taken.ratio("dbos", "ours"),
            "faster_than_dbos_within_a_workflow": taken.ratio("dbos_within_a_workflow", "ours"),
            "faster_than_dbos_on_postgres": taken.ratio("dbos_on_postgres", "ours_on_postgres"),
            "faster_than_best_peer": taken.ratio(best, "ours"),
        },
        {
            "faster_than_dbos": ">= 20",
            "faster_than_dbos_within_a_workflow": "> 1",
            "faster_than_dbos_on_postgres": "> 1",
            "faster_than_best_peer": "> 1",
        },
        f"Durable steps, one thread. The best peer on SQLite is {best}.",
    )


if __name__ == "__main__":
    main("peers", measure)
