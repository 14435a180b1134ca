"""The table in the README of playbooks/enterprise: each line of YAML says what it is said to, each case is there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "playbooks" / "enterprise"
RAMP = ROOT / "tests" / "cases" / "ramp.cases.yaml"
ROW = re.compile(r"\| .*? \| \[(\d+)\]\((\S+)#L(\d+)\) `([^`]+)` \| (.+) \|")


def _rows() -> list[tuple[int, str, str, str]]:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    lines = text.partition("| fact | line of YAML | test case |\n")[2].strip().splitlines()[1:]
    found = []
    for line in lines:
        row = ROW.fullmatch(line)
        assert row, f"not a row of fact, line and case: {line}"
        assert row[1] == row[3], f"the number and its link differ: {line}"
        found.append((int(row[1]), row[2], row[4], row[5]))
    return found


def _proved() -> set[str]:
    scenarios = (
        yaml.safe_load(file.read_text(encoding="utf-8")) for file in (FOLDER / "scenarios").iterdir()
    )
    items = yaml.safe_load(RAMP.read_text(encoding="utf-8"))
    return {item["scenario"] for item in scenarios} | {item["proves"] for item in items if "proves" in item}


def test_lines() -> None:
    wrong = []
    for number, file, snippet, _ in _rows():
        lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
        if snippet not in lines[number - 1]:
            there = [n for n, line in enumerate(lines, 1) if snippet in line]
            wrong.append(f"{file}: {snippet!r} is not in line {number} but in {there}")
    assert wrong == []


def test_cases() -> None:
    named = {case for *_, case in _rows()}
    assert named - _proved() == set(), "the table names cases that do not exist"
    assert _proved() - named == set(), "there are cases that the table does not name"
