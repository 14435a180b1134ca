"""The example of retention and renewal business: checked, tested, and paid to the cent, from outside."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.shell import Shell

EXAMPLE = Path(__file__).parents[3] / "examples" / "renewals"
CONTRACTS = (
    ("Alder Foods", "noor", "40000", "44000", "2027-01-31", "2027-01-20"),
    ("Birch Bank", "noor", "25000", "22500", "2027-02-28", "2027-02-15"),
    ("Cedar Care", "noor", "20000", "20000", "2027-03-31", "2027-03-10"),
    ("Dune Data", "ivo", "9000", "9000", "2027-03-31", "2027-03-12"),
    ("Elm Energy", "ivo", "6000", "", "2027-03-31", "2027-03-30"),
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("renewals") / "project"))


def test_it_is_without_a_mistake_and_its_scenarios_hold(shell: Shell) -> None:
    readme = (shell.folder / "README.md").read_text(encoding="utf-8")
    (session,) = re.findall(r"^```console\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    commands = re.findall(r"^\$ playbook (.*)$", session, re.MULTILINE)
    assert commands == ["check --strict", "test"]
    said = [shell.run(*command.split()) for command in commands]
    assert said[0] == "no problems\n"
    assert said[1].startswith("2 passed")


def test_its_plans_pay_contracts_of_the_command_line_to_the_cent(shell: Shell) -> None:
    for name, owner, arr, new, ends, closed in CONTRACTS:
        fields = [f"arr={arr} EUR", f"ends={ends}", *([f"new_arr={new} EUR"] if new else [])]
        shell.run("open", "renewal", name, "--owner", owner, *fields, "--at", "2026-11-20")
        shell.run("close", name, "renewed" if new else "lost", "--at", closed)
    assert paid(shell, "noor") == ["440.00", "225.00", "410.00", "1200.00", "2275.00"]
    assert paid(shell, "ivo") == ["90.00", "0.00", "90.00"]
    assert paid(shell, "lena") == ["3640.00", "200.00", "0.00", "0.00", "0.00", "3840.00"]
    page = shell.run("commission", "statement", "lena", "--period", "2027-Q1", "--format", "html")
    assert "91.5% so far." in page
    assert "45.5% of target pay" in page


def paid(shell: Shell, person: str) -> list[str]:
    said: Any = shell.json("commission", "statement", person, "--period", "2027-Q1")
    return [*(line["pay"]["amount"] for line in said["lines"]), said["paid"]["amount"]]
