"""What is told of mistakes in files: all of them, and the few that matter among many of one kind."""

from __future__ import annotations

import json

import pytest

from playbook.cli.problems import tell
from playbook.errors import Problem, Span


def problem(line: int, code: str = "no-manager", severity: str = "warning") -> Problem:
    """Return a problem in a line of a file."""
    return Problem(code, f"said of line {line}", Span("org.yaml", line, 3), severity)


def shown(capsys: pytest.CaptureFixture[str], *problems: Problem) -> list[str]:
    """Return the lines that are printed of problems, without the empty ones."""
    tell(problems, as_json=False)
    return [line for line in capsys.readouterr().out.splitlines() if line]


def test_many_warnings_of_one_code_name_the_lines_of_all_but_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warned = [problem(line) for line in (4, 5, 6, 7, 8, 9, 12, 15)]
    error = problem(10, "wrong-type", "error")
    assert shown(capsys, *warned[:6], error, *warned[6:]) == [
        "org.yaml:4:3 no-manager said of line 4",
        "org.yaml:5:3 no-manager said of line 5",
        "org.yaml:6:3 no-manager said of line 6",
        "org.yaml 5 more no-manager, in lines 7 to 9, 12, 15",
        "  hint: `playbook check --json` names each of them",
        "org.yaml:10:3 wrong-type said of line 10",
        "1 error, 8 warnings",
    ]


@pytest.mark.parametrize(("severity", "count"), [("warning", 5), ("advice", 5), ("error", 20)])
def test_a_few_warnings_and_every_error_are_told_whole(
    capsys: pytest.CaptureFixture[str], severity: str, count: int
) -> None:
    said = shown(capsys, *(problem(line, severity=severity) for line in range(1, count + 1)))
    assert [line for line in said if "said of line" in line] == said[:-1]
    assert len(said) == count + 1


def test_stretches_of_lines_end_somewhere(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(capsys, *(problem(line) for line in range(1, 41, 2)))
    assert said[3] == "org.yaml 17 more no-manager, in lines 7, 9, 11, 13, 15, 17, ..."


def test_several_in_one_line_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, *[problem(4)] * 6)[3] == "org.yaml 3 more no-manager, in line 4"


def test_json_has_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    tell([problem(line) for line in range(1, 41)], as_json=True)
    assert [one["line"] for one in json.loads(capsys.readouterr().out)["problems"]] == list(range(1, 41))
