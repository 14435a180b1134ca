"""Start the command line to explain a case, beside a Python that starts and imports click alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench import PROJECT, Figures, alternate, folder, main, seconds

COMMAND = Path(sys.executable).with_name("playbook")
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of processes that keep what they compile, as installed packages do."""


def run(*arguments: str | Path, code: int = 0) -> str:
    """Run a program to its end and return what it prints; raises ValueError for another exit code."""
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, env=COMPILED)
    if done.returncode != code:
        raise ValueError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def measure(quick: bool) -> Figures:
    """Measure whole processes, in turns."""
    with folder() as here:
        there = here / "project"
        shutil.copytree(PROJECT, there)
        ours = (COMMAND, "--project", there, "--json")
        case = json.loads(run(*ours, "open", "deals", "Acme"))["case"]
        # the exit code 1 says that there are reasons to explain
        rounds = alternate(
            2 if quick else 25,
            {
                "import_click": lambda: seconds(lambda: run(sys.executable, "-c", "import click")),
                "why": lambda: seconds(lambda: run(*ours, "why", case, code=1)),
                "version": lambda: seconds(lambda: run(COMMAND, "--version")),
            },
        )
    return Figures(
        {f"{name}_ms": rounds.median(name) * 1000 for name in rounds.taken},
        {
            "why_of_import_click": rounds.ratio("why", "import_click"),
            "version_of_import_click": rounds.ratio("version", "import_click"),
        },
        {"why_of_import_click": "<= 5", "version_of_import_click": "<= 5"},
        "Milliseconds from the start of a process to its end.",
    )


if __name__ == "__main__":
    main("startup", measure)
