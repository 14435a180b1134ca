"""Run cases from 16 threads into one SQLite file that is safe from a power cut, beside one thread and a bare loop.

The yardsticks do the same commands one after another: our engine in one thread, and a loop that gives sqlite3 the
statements and bytes that the engine sent then, in the same transactions. With `synchronous=full` each of them waits
for the disk at every commit; threads share the wait.
"""

from __future__ import annotations

import itertools
import statistics
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench import Figures, alternate, folder, main, seconds
from durable import Work, life, live
from playbook.engine.answers import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook import Engine
    from playbook.model.commands import Command

ROUNDS = 7
THREADS = 16


class Crowd:
    """Run commands in threads, each its own cases; `evenness` is the least thread's part of the greatest's work.

    It is taken in each round when the first thread has finished.
    """

    def __init__(self, work: Work, shares: Sequence[Sequence[Command]]) -> None:
        self._work = work
        self._shares = shares
        self.evenness: list[float] = []

    def seconds(self) -> float:
        """Return the seconds that all threads together take on a new file; raises ValueError for a wrong answer."""
        engine = self._work.engine()
        done, ends = [0] * len(self._shares), []

        def run(number: int) -> None:
            for command in self._shares[number]:
                answer = engine.run(command, actor="sam", key=f"command-{number}-{done[number]}")
                if not isinstance(answer, Done) or answer.repeated:
                    raise ValueError(f"{command} was answered {answer}")
                done[number] += 1
            ends.append(min(done) / max(done))

        with ThreadPoolExecutor(len(done)) as pool:
            taken = seconds(lambda: list(pool.map(run, range(len(done)))))
        self.evenness.append(ends[0])
        self._prove(engine)
        engine.store.close()
        return taken

    def _prove(self, engine: Engine) -> None:
        """Raise ValueError unless each command left its one event."""
        expected = sum(map(len, self._shares))
        log = engine.store.log(engine.tenant, after=None, limit=2 * expected + 100)
        found = sum(event.stream.startswith("case:") for event in log.items)
        if found != expected:
            raise ValueError(f"{expected} commands left {found} events")


def measure(quick: bool) -> Figures:
    """Measure many threads, one, and the bare loop."""
    cases, count = (1, 1) if quick else (25, ROUNDS)
    shares = [
        [command for case in range(cases) for command in life(f"c{number:04}{case:08}", case)]
        for number in range(THREADS)
    ]
    commands = list(itertools.chain.from_iterable(shares))
    with folder() as here:
        files = (here / f"{number}.db" for number in itertools.count())
        single = Work(lambda engine: live(engine, commands), files, reads=True, synchronous="full")
        crowd = Crowd(single, shares)
        taken = alternate(count, {"threads": crowd.seconds, "single": single.ours, "bare": single.bare})
    return Figures(
        {
            "commands_per_second": len(commands) / taken.median("threads"),
            "single_commands_per_second": len(commands) / taken.median("single"),
            "bare_commands_per_second": len(commands) / taken.median("bare"),
            "least_thread_of_greatest": statistics.median(crowd.evenness),
        },
        {
            "of_own_single": taken.ratio("single", "threads"),
            "of_bare_single": taken.ratio("bare", "threads"),
        },
        {"of_own_single": ">= 1.5", "of_bare_single": ">= 1"},
        f"WAL, synchronous FULL, {THREADS} threads, a new file each round in {here.parent.resolve()}."
        " No thread should have less than a third of another's work (least_thread_of_greatest).",
    )


if __name__ == "__main__":
    main("group_commit", measure)
