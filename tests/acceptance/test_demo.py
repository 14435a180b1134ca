"""The demo from outside: what it makes, that it can be trusted, and that what it proposes works."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from playbook.engine import Engine
from playbook.engine.proof import prove
from playbook.plugins import load
from playbook.stores.interface import StoredEvent
from playbook.stores.sqlite import SqliteStore

PROGRAM = Path(sys.executable).parent / "playbook"


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )


def events(database: Path) -> list[StoredEvent]:
    store = SqliteStore(str(database))
    try:
        assert list(prove(Engine.open(None, store=store, registry=load()))) == []
        return list(store.log("default", after=None, limit=100_000).items)
    finally:
        store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("made")
    answer = run("demo", "--deals", "60", "--json", folder=folder)
    assert answer.returncode == 0, answer.stderr
    return folder, json.loads(answer.stdout)


def test_the_same_seed_sells_the_same_year(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, told = made
    first = events(folder / "demo" / "playbook.db")
    assert told["simulated"] is True
    assert told["deals"] == 60
    kinds = Counter(event.kind for event in first)
    won = sum('"outcome":"won"' in event.data.decode() for event in first if event.kind == "case.moved/1")
    assert kinds["case.opened/1"] == 60 + won  # each deal that is won opens the customer's case
    assert kinds["case.linked/1"] == won > 0
    assert kinds["record.opened/1"] == 60
    assert {"case.changed/1", "activity.finished/1", "case.moved/1", "entry.logged/1"} < set(kinds)
    assert kinds["case.blocked/1"] > 60
    assert run("demo", "elsewhere", "--deals", "60", folder=tmp_path).returncode == 0
    assert events(tmp_path / "elsewhere" / "playbook.db") == first
    assert run("demo", "other", "--deals", "60", "--seed", "8", folder=tmp_path).returncode == 0
    assert events(tmp_path / "other" / "playbook.db") != first


def test_it_says_that_nothing_is_real_and_shows_what_there_is(tmp_path: Path) -> None:
    told = run("demo", "d", "--deals", "60", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "A simulated year of selling" in told.stdout
    assert "all invented" in told.stdout
    shown = [line for line in told.stdout.splitlines() if line.startswith("$ ")]
    assert [shlex.split(line)[4:6] for line in shown] == [
        ["report", "pipeline"],
        ["why", shlex.split(shown[1])[5]],
        ["report", "win-loss"],
        ["commission", "statement"],
    ]
    assert "ae-2025" in told.stdout
    assert "cannot move on" in told.stdout
    assert "Negotiation" in told.stdout or "Discovery" in told.stdout
    assert "Marta Silvano" in told.stdout


def test_every_command_that_it_proposes_works(made: tuple[Path, dict[str, Any]]) -> None:
    folder, told = made
    assert {"show", "history", "why", "advance", "list", "report", "commission", "fsck"} <= set(
        " ".join(told["next"]).split()
    )
    for line in told["next"]:
        program, *arguments = shlex.split(line)
        assert program == "playbook"
        answer = run(*arguments, folder=folder)
        refused = {"why", "advance"} & set(arguments)
        assert answer.returncode in ((0, 1) if refused else (0,)), answer.stderr
        assert answer.stdout
        assert answer.stderr == ""


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    mine = tmp_path / "demo" / "mine.txt"
    mine.write_text("mine")
    refused = run("demo", "--force", folder=tmp_path)
    assert refused.returncode == 2
    assert "not a demo" in refused.stderr
    assert [file.name for file in (tmp_path / "demo").iterdir()] == ["mine.txt"]


def test_a_demo_is_made_anew_only_when_asked(tmp_path: Path) -> None:
    assert run("demo", "--deals", "3", folder=tmp_path).returncode == 0
    first = events(tmp_path / "demo" / "playbook.db")
    refused = run("demo", "--deals", "3", folder=tmp_path)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    (tmp_path / "demo" / "mine.txt").write_text("mine")
    assert run("demo", "--deals", "3", "--force", folder=tmp_path).returncode == 0
    assert events(tmp_path / "demo" / "playbook.db") == first
    assert (tmp_path / "demo" / "mine.txt").read_text() == "mine"
