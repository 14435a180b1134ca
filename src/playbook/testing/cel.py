"""Run cases of CEL's conformance suite: `python -m playbook.testing.cel FILE.jsonl [--json]`.

A line is one case: file, section, name, expr, disable_check, check_only, env (declared types), bindings and
want: a typed value, "error", or null where only checking counts. Values are {"t": type, "v": value}: doubles are
texts, bytes hexadecimal, maps pairs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from playbook.expressions import STANDARD, Environment, EvalError, Scope, Unknown, check, dump, load, parse
from playbook.expressions import compile as compile_condition
from playbook.expressions.instants import parse_span, parse_timestamp, span_text, timestamp_text
from playbook.expressions.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ELAPSED,
    INT,
    NULL,
    TEXT,
    TIMESTAMP,
    TYPE,
    UINT,
    Type,
    list_of,
    map_of,
)
from playbook.expressions.values import Map, Span, TypeValue, Uint
from playbook.times import Calendar, Elapsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from playbook.expressions import Mistake

ERROR = "error"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_PLAIN = {
    "int": INT, "uint": UINT, "double": DOUBLE, "string": TEXT, "bytes": BYTES, "bool": BOOL, "null": NULL,
    "null_type": NULL, "timestamp": TIMESTAMP, "duration": ELAPSED, "type": TYPE,
    "google.protobuf.Timestamp": TIMESTAMP, "google.protobuf.Duration": ELAPSED,
}  # fmt: skip
_READ: dict[str, Callable[[Any], object]] = {
    "int": int, "uint": lambda value: Uint(value), "double": float, "string": str, "bytes": bytes.fromhex,
    "bool": bool, "null": lambda value: None, "type": TypeValue, "timestamp": parse_timestamp,
    "duration": parse_span, "list": lambda items: tuple(value_of(item) for item in items),
    "map": lambda pairs: Map((value_of(key), value_of(value)) for key, value in pairs),
}  # fmt: skip


@attrs.frozen
class Outcome:
    """Hold what came of a case: its name as file/section/name, and in words why it failed, or nothing."""

    name: str
    failure: str = ""


def run_file(path: Path) -> list[Outcome]:
    """Run every case of a file; raises ValueError for a line that is no case."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [run_case(json.loads(line)) for line in lines if line.strip()]


def run_case(case: dict[str, Any]) -> Outcome:
    """Run one case: read, check (unless that is off), store and load the tree, evaluate, compare."""
    name = "/".join((case["file"], case["section"], case["name"]))
    want: Any = case.get("want")
    answer, mistakes = evaluate(case)
    if case.get("check_only"):
        failed = bool(mistakes) is not (want == ERROR)
        return Outcome(
            name, f"the mistakes are {[mistake.message for mistake in mistakes]}" if failed else ""
        )
    wanted = "an error" if want == ERROR else form_of(value_of(want))
    found = "an error" if isinstance(answer, (EvalError, Unknown)) else form_of(answer)
    if found == wanted:
        return Outcome(name)
    said = answer if isinstance(answer, (EvalError, Unknown)) else found
    return Outcome(name, f"{case['expr']} makes {said}, and {wanted} was wanted")


def evaluate(case: dict[str, Any]) -> tuple[object, Sequence[Mistake]]:
    """Return the answer of a case, an EvalError where a mistake was found, and the mistakes."""
    node, mistakes = parse(case["expr"])
    if node is None:
        return EvalError(mistakes[0].message), mistakes
    names = {name: type_named(text) for name, text in case.get("env", {}).items()}
    bindings = {name: value_of(value) for name, value in case.get("bindings", {}).items()}
    checked = check(node, Environment(names=dict.fromkeys(bindings, DYN) | names, functions=STANDARD))
    if checked.mistakes and not case.get("disable_check"):
        return EvalError(checked.mistakes[0].message), checked.mistakes
    scope = Scope(bindings, NOW, Calendar())
    return compile_condition(load(dump(checked.node)), STANDARD)(scope), checked.mistakes


def type_named(text: str) -> Type:
    """Return the type that a declaration like `map<string,list<int>>` names."""
    name, _, inner = text.partition("<")
    if name == "list":
        return list_of(type_named(inner[:-1]))
    if name == "map":
        key, _, value = inner[:-1].partition(",")
        return map_of(type_named(key.strip()), type_named(value.strip()))
    return _PLAIN.get(name, DYN)


def value_of(typed: dict[str, Any]) -> object:
    """Return the value of its written form; raises ValueError for an unknown type."""
    read = _READ.get(typed["t"])
    if read is None:
        raise ValueError(f"{typed['t']!r} is not a type of the cases")
    return read(typed.get("v"))


def form_of(value: Any) -> object:
    """Return a form of a value that tells types apart, zeros by their sign, and in which NaN is itself."""
    if isinstance(value, Map):
        return "map", sorted(((form_of(key), form_of(item)) for key, item in value.items()), key=repr)
    if isinstance(value, tuple):
        return "list", [form_of(item) for item in value]
    if isinstance(value, float):
        return "double", "nan" if math.isnan(value) else repr(value)
    if isinstance(value, (Span, Elapsed)):
        return "duration", span_text(value)
    if isinstance(value, dt.datetime):
        return "timestamp", timestamp_text(value)
    return value.__class__.__name__, value


def main(arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Run the files that the command line names; return 1 where a case failed."""
    parser = argparse.ArgumentParser(
        prog="python -m playbook.testing.cel", description="Run cases of CEL's conformance suite."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="cases, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="print one document")
    options = parser.parse_args(arguments)
    outcomes = [outcome for path in options.files for outcome in run_file(path)]
    failed = [outcome for outcome in outcomes if outcome.failure]
    if options.json:
        document = {"passed": len(outcomes) - len(failed), "failed": [outcome.name for outcome in failed]}
        write(json.dumps(document) + "\n")
    else:
        write("".join(_told(failed, len(outcomes))))
    return 1 if failed else 0


def _told(failed: Sequence[Outcome], count: int) -> Iterable[str]:
    for outcome in failed:
        yield f"{outcome.name}\n    {outcome.failure}\n"
    yield f"{count - len(failed)} of {count} cases passed\n"


if __name__ == "__main__":
    sys.exit(main())
