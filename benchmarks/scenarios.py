"""Run 1,000 scenarios of the playbooks that ship: read and check them, run each in a world of its own.

They are those of the library over and over: a file is written once more with another sentence until there are
enough. The clock of the machine says how long all of it takes; running is told beside reading and checking the same
files, which is what any command that looks at a project does.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from bench import Figures, folder, main, seconds
from playbook.authoring.scenarios import Runner, opened, runs, told

LIBRARY = Path(__file__).parent.parent / "playbooks"
COUNT = 1000


def written(place: Path, count: int) -> Path:
    """Write a project with so many scenarios, or those that the library has; return its folder."""
    root = place / "library"
    shutil.copytree(LIBRARY, root)
    files = sorted(root.rglob("*.scenario.yaml"))
    for number, file in zip(range(count - len(files)), itertools.cycle(files), strict=False):
        text = file.read_text(encoding="utf-8").replace("\nscenario: ", f"\nscenario: No. {number}, ", 1)
        (file.parent / f"no-{number}.scenario.yaml").write_text(text, encoding="utf-8")
    return root


def measure(quick: bool) -> Figures:
    """Read, then run; raises ValueError where a scenario fails."""
    found: list[Runner] = []
    with folder() as place:
        root = written(place, 0 if quick else COUNT)
        reading = seconds(lambda: found.append(opened(root)))
    runner = found[0]
    chosen = list(runs(runner.project.scenarios.values()))
    failed: list[str] = []

    def run() -> None:
        results = (runner.run(one) for one in chosen)
        failed.extend(told(result) for result in results if not result.passed)

    running = seconds(run)
    if failed:
        raise ValueError("\n".join(failed))
    each = (reading + running) / len(chosen)
    return Figures(
        {
            "scenarios": len(chosen),
            "read_and_check_s": reading,
            "run_s": running,
            "seconds_of_1000": each * 1000,
            "run_ms_each": running / len(chosen) * 1000,
        },
        {"run_of_read_and_check": running / reading},
        {"run_of_read_and_check": "is told"},
        "Goal: seconds_of_1000 below 20. One process, stores in memory.",
    )


if __name__ == "__main__":
    main("scenarios", measure)
