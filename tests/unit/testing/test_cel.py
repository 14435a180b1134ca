from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from playbook.testing.cel import main, run_case, value_of

if TYPE_CHECKING:
    from pathlib import Path


def case(expr: str, want: Any, **extra: Any) -> dict[str, Any]:
    return {"file": "f", "section": "s", "name": extra.pop("name", "n"), "expr": expr, "want": want, **extra}


TRUE = {"t": "bool", "v": True}
ONE = {"t": "int", "v": 1}
NAMES = {"x": "map<string,list<int>>"}
BOUND = {"x": {"t": "map", "v": [[{"t": "string", "v": "a"}, {"t": "list", "v": [ONE]}]]}}


@pytest.mark.parametrize(
    "passing",
    [
        case("1", ONE),
        case("x.a[0]", ONE, env=NAMES, bindings=BOUND),
        case("x", BOUND["x"], env=NAMES, bindings=BOUND),
        case("0.0 / 0.0", {"t": "double", "v": "nan"}),
        case("b'\\xff'", {"t": "bytes", "v": "ff"}),
        case("duration('90s')", {"t": "duration", "v": "1m30s"}),
        case("timestamp(0)", {"t": "timestamp", "v": "1970-01-01T00:00:00Z"}),
        case("1 / 0", "error"),
        case("y", "error"),
        case("y || true", "error"),
        case("y || true", TRUE, disable_check=True),
        case("x.a.b", "error", env=NAMES, check_only=True),
        case("x.a", None, env=NAMES, check_only=True),
    ],
    ids=lambda case: case["expr"],
)
def test_passing_cases(passing: dict[str, Any]) -> None:
    assert run_case(passing).failure == ""


@pytest.mark.parametrize(
    ("failing", "why"),
    [
        (case("1u", ONE), "('Uint', 1u)"),
        (case("1.0", ONE), "('double', '1.0')"),
        (case("-0.0", {"t": "double", "v": "0.0"}), "'-0.0'"),
        (case("true", ONE), "('bool', True)"),
        (case("1 / 0", ONE), "division by zero"),
        (case("1", "error"), "an error was wanted"),
        (case("x", None, check_only=True), "there is no 'x'"),
    ],
    ids=lambda part: part["expr"] if isinstance(part, dict) else "",
)
def test_failing_cases(failing: dict[str, Any], why: str) -> None:
    assert why in run_case(failing).failure


def test_an_unknown_type_of_value_is_named() -> None:
    with pytest.raises(ValueError, match="'proto' is not a type of the cases"):
        value_of({"t": "proto", "v": 1})


def test_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(
        "\n".join(map(json.dumps, [case("1", ONE), case("2", ONE, name="two")])), encoding="utf-8"
    )
    command = [sys.executable, "-m", "playbook.testing.cel", str(file), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == {"passed": 1, "failed": ["f/s/two"]}
    assert done.returncode == 1
    said: list[str] = []
    assert main([str(file)], said.append) == 1
    assert "f/s/two\n    2 makes ('int', 2), and ('int', 1) was wanted\n1 of 2 cases passed\n" in "".join(
        said
    )
