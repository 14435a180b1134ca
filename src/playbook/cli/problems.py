"""Mistakes in files, for people and for programs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from playbook.cli.output import document, paint, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.errors import Problem

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}


_MARKS = {"error": "error", "warning": "warning", "advice": "notice"}
_FEW, _FIRST, _STRETCHES = 5, 3, 6


def tell(problems: Sequence[Problem], *, as_json: bool, form: str = "text") -> None:
    """Print every problem with its place, excerpt and caret; the count comes last.

    Where a file has many warnings of one code, the first are printed and the lines of the others named, so that
    nobody misses the error among them. JSON has every one. In the form `github` each is a workflow command
    instead, which marks the line in a pull request.
    """
    if as_json:
        document({"problems": [_plain(problem) for problem in problems]})
        return
    if form == "github":
        for problem in problems:
            say(_mark(problem))
        return
    for text in _told(problems):
        say(text + "\n")
    say(counted(problems))


def _told(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield what is printed of problems, in their order."""
    mild = [problem for problem in problems if problem.severity != "error"]
    count = Counter(_kind(problem) for problem in mild)
    told = Counter[tuple[str, str]]()
    for problem in problems:
        kind = _kind(problem)
        if problem.severity == "error" or count[kind] <= _FEW or told[kind] < _FIRST:
            yield _painted(problem)
        elif told[kind] == _FIRST:
            rest = [one.span.line for one in mild if _kind(one) == kind][_FIRST:]
            said = f"{kind[0]} {len(rest)} more {kind[1]}, in {_lines(rest)}"
            yield paint(said, bold=True) + "\n  hint: `playbook check --json` names each of them"
        told[kind] += problem.severity != "error"


def _kind(problem: Problem) -> tuple[str, str]:
    return problem.span.file, problem.code


def _lines(lines: Sequence[int]) -> str:
    """Return lines as stretches: `lines 4 to 9, 12`."""
    found = sorted(set(lines))
    gaps = [at for at in range(1, len(found)) if found[at] > found[at - 1] + 1]
    stretches = [found[start:end] for start, end in pairwise((0, *gaps, len(found)))]
    said = [f"{one[0]} to {one[-1]}" if len(one) > 1 else str(one[0]) for one in stretches]
    more = ", ..." if len(said) > _STRETCHES else ""
    return f"line{'s' if len(found) > 1 else ''} {', '.join(said[:_STRETCHES])}{more}"


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
