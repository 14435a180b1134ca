"""Stop the program with Ctrl-C at random moments, and assert what must hold after."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.proof import workload

from playbook.cli.faults import DONE, STOPPED
from playbook.importing.job import CHUNK

if TYPE_CHECKING:
    import random

PROGRAM = str(Path(sys.executable).with_name("playbook"))
_NOT_BEGUN = -signal.SIGINT


class Shop:
    """Hold a project in a folder, whose cases are in the store that a URL names."""

    def __init__(self, folder: Path, url: str) -> None:
        self._command = [PROGRAM, "--project", str(folder), "--store", url, "--json"]
        for name, text in {"playbook.yaml": "project: acme\n", **workload.FILES}.items():
            (folder / name).write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Any:
        """Run a command to its end; return what it says."""
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, check=False)
        assert done.returncode == DONE, done.stdout + done.stderr
        return json.loads(done.stdout)

    def stop(self, chance: random.Random, within: tuple[float, float], *words: str) -> None:
        """Run a command and stop it at a random moment; it may be done by then, else it says that it was stopped."""
        with subprocess.Popen(
            [*self._command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            time.sleep(chance.uniform(*within))
            running.send_signal(signal.SIGINT)
            out, err = running.communicate()
        assert running.returncode in (DONE, STOPPED, _NOT_BEGUN), out + err
        assert "Traceback" not in err or running.returncode == DONE, err
        if running.returncode == STOPPED and out:
            json.loads(out)


def stopped_commands(shop: Shop, chance: random.Random, times: int) -> None:
    """Stop commands; each, given again with its key, has happened once."""
    for number in range(times):
        words = (
            "open",
            "deals",
            f"Deal {number}",
            f"account=a{number}",
            "--owner",
            "ann",
            "--key",
            f"k{number}",
        )
        shop.stop(chance, (0.1, 0.5), *words)
        shop.run(*words)
    assert shop.run("list")["total"] == times
    assert shop.run("fsck")["findings"] == []


def stopped_imports(shop: Shop, chance: random.Random, times: int, file: Path, count: int) -> None:
    """Stop an import again and again: whole rows are in, and the next goes on from there."""
    workload.write_rows(file, count)
    words = ("import", str(file), "--mapping", "rows")
    for _ in range(times):
        shop.stop(chance, (0.3, 1.0), *words)
        assert shop.run("fsck")["findings"] == []
        there = shop.run("list", "--limit", "1")["total"]
        assert there % CHUNK == 0 or there == count
    outcome = shop.run(*words)
    assert (outcome["opened"], outcome["skipped"]) == (count - there, there)
    assert shop.run("fsck")["findings"] == []


def stopped_workers(shop: Shop, url: str, chance: random.Random, times: int, cases: int) -> None:
    """Stop workers; what they had taken is free at once, and every timer strikes once."""
    names = [f"late-{number}" for number in range(cases)]
    workload.prepare(url, "default", names, now=workload.START)
    for _ in range(times):
        shop.stop(chance, (0.3, 0.8), "worker", "--once")
    shop.run("worker", "--once")
    with workload.opened(url, "default") as engine:
        assert workload.fired(engine) == workload.each_fired(names)
        workload.require_whole(engine)
