"""Whatever stands in a file, checking it tells problems and never raises; `make soak` does much more of this.

With SOAK set to a number that many files are made in each way, and each may take a second of the processor.
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from playbook.checking import problems_of
from playbook.plugins import load
from playbook.reading.project import read_text

if TYPE_CHECKING:
    from collections.abc import Callable

SOAK = int(os.environ.get("SOAK", "0"))
LIMIT = 1.0
"""How many seconds of the processor a file may take in a soak."""

ROOT = Path(__file__).parents[3]
TEXTS = [
    path.read_bytes().decode("utf-8", "replace")
    for folder in ("playbooks", "examples", "tests/errors", "tests/cases")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if path.is_file()
]
REGISTRY = load({}, entry_points=False)
SCRAPS = (
    "\t", " ", "  ", "\n", "\n\n", ": ", ":", "- ", ", ", "{", "}", "[", "]", '"', "'", "#", " #", "|", ">",
    "&a ", "*a", "!x", "\u201c", "\u00a0", "\u2028", "\x00", "\x85", "\ud800", "\U0001f600", "%", "@", "`", "?",
    "? ", "---\n", "...", "<<: *a", "0x1", "25,000", "1e9", "true", "null", "~", "{case.owner}", "$limit",
    "deal.amount", "not ", " and ", " or ", "(", ")", "==", "<", "date(",
)  # fmt: skip
ATOMS = (
    "s.m > {n} EUR", "s.m <= {n}", "s.m == null", "s.p < {n}%", "s.i != {n}", "s.d > today + {n}d",
    "s.d <= s.e", "s.b", 's.c == "a"', 's.c in ["a", "b", "x"]', "filled(s.t, s.m)", "size(s.l) >= {n}",
    "case.idle > {n}d", 'case.stage == "q1"', 'case.outcome != "won"', "s.m / s.i > 2 EUR",
    "s.l.exists(x, x == s.t)", 'done("a0")', 'approved("c1")', 'count("call") > {n}', "days(s.d, today) < {n}",
    "s.q == s.o", "1 == 1", 's.d == date("2026-02-3{n}")', "s.u.t", "s.i * {n} > s.i + 1", "$w > {n}",
)  # fmt: skip


def mutated(chance: random.Random) -> str:
    """Return a file of ours in which a few things went wrong."""
    text = chance.choice(TEXTS)
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(MUTATIONS)(chance, text)
    return text


def _scrap(chance: random.Random, text: str) -> str:
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.choice((0, 0, 1, 3, 20)))
    return text[:start] + chance.choice(SCRAPS) + text[end:]


def _lines(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    done = chance.randrange(5)
    if done == 0:
        del lines[at]
    elif done == 1:
        lines.insert(other, lines[at])
    elif done == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif done == 3:
        lines[at] = " " * chance.randint(0, 4) + lines[at]
    else:
        lines[at] = lines[at].lstrip(" ")
    return "".join(lines)


def _spliced(chance: random.Random, text: str) -> str:
    other = chance.choice(TEXTS)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _condition(chance: random.Random, text: str) -> str:
    places = [at for key in ("that: ", "when: ", "is: ") for at in _all(text, key)]
    if not places:
        return text
    at = chance.choice(places)
    end = text.find("\n", at)
    return text[:at] + json.dumps(condition(chance, 4)) + text[end:]


def _all(text: str, key: str) -> list[int]:
    return [at + len(key) for at in range(len(text)) if text.startswith(key, at)]


MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    _scrap,
    _scrap,
    _lines,
    _lines,
    _spliced,
    _condition,
)


def condition(chance: random.Random, depth: int) -> str:
    """Return a condition, right or nearly so."""
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(ATOMS).replace("{n}", str(chance.randint(0, 4)))
    first, second = condition(chance, depth - 1), condition(chance, depth - 1)
    form = chance.choice(
        ("{0} and {1}", "({0}) or ({1})", "not ({0})", "({0}) ? ({1}) : ({0})", "{0} and {1} and {0}")
    )
    return form.format(first, second)


def made(chance: random.Random) -> str:
    """Return a playbook made at random: its shape is right, its meaning hardly."""
    stages = {f"q{at}": _stage(chance, at) for at in range(chance.randint(1, 6))}
    types = {
        "m": "money",
        "p": "percent",
        "i": "integer",
        "d": "date",
        "e": "date",
        "b": "boolean",
        "t": "text",
        "q": "number",
    }
    fields: dict[str, Any] = {name: {"type": kind} for name, kind in types.items()}
    fields |= {
        "c": {"type": "choice", "options": ["a", "b"]}, "l": {"type": "list", "of": "text"},
        "o": {"type": "number", "is": "s.q + 1"},
        "u": {"type": "reference", "to": "account"},
    }  # fmt: skip
    fields["m"] |= chance.choice(({}, {"required_from": "q0"}, {"locked_from": "q1"}, {"default": "5 EUR"}))
    playbook = {
        "playbook": "made", "version": 1, "subject": "s", "fields": fields, "parameters": {"w": "5"},
        "stages": {**stages, "won": {"final": "won"}, "lost": {"final": "lost", "from": "any"}},
        "invariants": {"v": condition(chance, 3), "w": condition(chance, 2)},
    }  # fmt: skip
    return json.dumps(playbook)


def _stage(chance: random.Random, at: int) -> dict[str, Any]:
    def gate(name: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            f"{name}{at}{n}": {"that": condition(chance, 3)} for n in range(chance.randint(0, 3))
        }
        for criterion in found.values():
            if chance.random() < 0.3:
                criterion["when"] = condition(chance, 2)
        return found

    targets = [f"q{chance.randint(0, 6)}", "won", "lost", f"q{at + 1}"]
    onward = [
        {"to": to, "when": condition(chance, 2)} if chance.random() < 0.7 else to
        for to in chance.sample(targets, chance.randint(1, 4))
    ]
    actions = [{"advance": {}, "when": condition(chance, 1)}, {"close": "lost", "when": condition(chance, 1)}]
    return {
        "exit": gate("c"), "entry": gate("n"), "next": onward, "on_enter": actions[: chance.randint(0, 2)],
        "activities": {f"a{at}": {"kind": "call", "required": chance.random() < 0.5}},
    }  # fmt: skip


def told(text: str, **registered: Any) -> list[str]:
    """Return what is said of a file, in a soak within the limit: what else runs only adds to it, so one in three."""
    for _ in range(3):
        before = time.process_time()
        said = [problem.render() for problem in problems_of(read_text(text, "f.yaml", **registered))]
        if not SOAK or time.process_time() - before < LIMIT:
            return said
    raise AssertionError(f"checking takes more than {LIMIT:g} seconds of the processor, three times")


@pytest.mark.parametrize("make", [mutated, made])
def test_every_file_is_told_its_problems(make: Callable[[random.Random], str]) -> None:
    @settings(
        max_examples=SOAK or 150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate), database=None,
        suppress_health_check=list(HealthCheck), derandomize=not SOAK,
    )  # fmt: skip
    @given(st.integers(0, 2**48))
    def check_one(seed: int) -> None:
        said = told(
            make(random.Random(seed)), criteria=REGISTRY.criteria, actions=REGISTRY.actions,
            functions=REGISTRY.functions, kinds=REGISTRY.kinds,
        )  # fmt: skip
        assert all(one.startswith("f.yaml:") for one in said)

    check_one()


HEAD = "playbook: p\nversion: 1\nsubject: s\nfields: {m: {type: money}}\n"
TAIL = "    next: [won]\n  won: {final: won}\n"
LARGE = {
    "commas": f"{HEAD}stages:\n  q:\n    guidance: {{goal: x{', w' * 150_000}}}\n{TAIL}",
    "quotes": "a: " + '"x" ' * 150_000,
    "lines": '"a\n' * 200_000,
    "criteria": f"{HEAD}stages:\n  q:\n    exit:\n"
    + "".join(f"      a{n}: {{that: s.m > {n}}}\n" for n in range(3_000))
    + TAIL,
    "branches": f"{HEAD}stages:\n  q:\n    next:\n"
    + "".join(f"      - {{to: won, when: s.m == {n}}}\n" for n in range(2_000))
    + "  won: {final: won}\n",
    "stages": f"{HEAD}stages:\n"
    + "".join(f"  q{n}: {{next: [q{n + 1}], exit: {{c{n}: {{that: s.m > {n}}}}}}}\n" for n in range(1_500))
    + "  q1500: {next: [won]}\n  won: {final: won}\ninvariants: {i: 'case.stage != \"won\" or s.m > 5 EUR'}\n",
    "parts": f"{HEAD}stages:\n  q:\n    exit: {{a: {{that: '"
    + " and ".join(f"(s.m > {n} or s.m < {n + 1})" for n in range(200))
    + f"'}}}}\n{TAIL}",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_told_its_problems(name: str) -> None:
    problems_of(read_text(TEXTS[0], "f.yaml"))
    said = told(LARGE[name])
    assert all(one.startswith("f.yaml:") for one in said)
