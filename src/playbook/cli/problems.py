"""Mistakes in files, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.output import document, paint, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.errors import Problem

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}


_MARKS = {"error": "error", "warning": "warning", "advice": "notice"}


def tell(problems: Sequence[Problem], *, as_json: bool, form: str = "text") -> None:
    """Print every problem with its place, excerpt and caret; the count comes last.

    In the form `github` each is a workflow command instead, which marks the line in a pull request.
    """
    if as_json:
        document({"problems": [_plain(problem) for problem in problems]})
        return
    if form == "github":
        for problem in problems:
            say(_mark(problem))
        return
    for problem in problems:
        say(_painted(problem) + "\n")
    say(counted(problems))


def counted(problems: Sequence[Problem]) -> str:
    """Return how many problems there are, by severity."""
    parts = []
    for severity in _COLOURS:
        count = sum(problem.severity == severity for problem in problems)
        if count:
            plural = severity if count == 1 or severity == "advice" else f"{severity}s"
            parts.append(f"{count} {plural}")
    return ", ".join(parts) or "no problems"


def _plain(problem: Problem) -> dict[str, object]:
    span = problem.span
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": span.file,
        "line": span.line,
        "column": span.column,
    }


def _mark(problem: Problem) -> str:
    span, hint = problem.span, f"\nhint: {problem.hint}" if problem.hint else ""
    places = {
        "file": span.file, "line": span.line, "col": span.column, "endColumn": span.column + span.length,
        "title": problem.code,
    }  # fmt: skip
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in places.items())
    return f"::{_MARKS[problem.severity]} {said}::{_escaped(problem.message + hint)}"


def _escaped(text: str, more: str = "") -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _painted(problem: Problem) -> str:
    head, newline, rest = problem.render().partition("\n")
    colour = _COLOURS.get(problem.severity, "red")
    lines = [
        paint(line, fg=colour) if line.strip().startswith("|") and line.rstrip().endswith("^") else line
        for line in rest.split("\n")
    ]
    return paint(head, bold=True) + newline + "\n".join(lines)
