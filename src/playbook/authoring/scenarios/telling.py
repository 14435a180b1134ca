"""How scenarios went, in words: a failing step with expectation and fact side by side, and JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.authoring.scenarios.results import Failure, Result
    from playbook.errors import Blocker

_WIDEST = 60


def told(result: Result) -> str:
    """Return why a scenario failed, in lines: the step, expectation beside fact, and what is in the way."""
    failure = result.failure
    return "" if failure is None else "\n".join(_lines(result, failure))


def _lines(result: Result, failure: Failure) -> Iterator[str]:
    what = failure.told if failure.step is None else f"step {failure.step + 1}: {failure.told}"
    yield f"{result.span.file}:{result.span.line}: {what}"
    if failure.mismatches:
        rows = [("", "expected", "is"), *((one.name, one.expected, one.fact) for one in failure.mismatches)]
        first = max(len(name) for name, _, _ in rows)
        second = min(max(len(expected) for _, expected, _ in rows), _WIDEST)
        for name, expected, fact in rows:
            head = f"  {name:<{first}}  {expected:<{second}}"
            here, *more = fact.split("\n")
            yield f"{head}  {here}"
            yield from (f"{' ' * len(head)}  {line}" for line in more)
    if failure.blockers:
        yield "  in the way:"
        for blocker in failure.blockers:
            yield from _blocker(blocker)
    elif failure.message:
        yield from (f"  {line}" for line in failure.message.split("\n"))


def _blocker(blocker: Blocker) -> Iterator[str]:
    yield f"    {blocker.criterion}: {blocker.title}"
    if blocker.missing:
        yield f"      missing {', '.join(blocker.missing)}"
    there = {path: value for path, value in blocker.actual.items() if value is not None}
    if there:
        yield "      now " + ", ".join(f"{path} is {_value(value)}" for path, value in there.items())
    if blocker.who:
        yield f"      who {', '.join(blocker.who)}"
    if blocker.file:
        yield f"      {blocker.file}:{blocker.line}"


def _value(value: object) -> str:
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def junit(results: Iterable[Result]) -> str:
    """Return results as JUnit XML, which build servers show."""
    found = list(results)
    failed = sum(not result.passed for result in found)
    seconds = sum(result.seconds for result in found)
    counts = {"tests": str(len(found)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    suite = Xml.Element("testsuite", {"name": "playbook", **counts})
    for result in found:
        attributes = {
            "classname": result.span.file,
            "name": _clean(result.name),
            "time": f"{result.seconds:.3f}",
        }
        case = Xml.SubElement(
            suite, "testcase", {**attributes, "file": result.span.file, "line": str(result.span.line)}
        )
        if result.failure is not None:
            failure = Xml.SubElement(case, "failure", {"message": _clean(result.failure.told)})
            failure.text = _clean(told(result))
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return "".join(char for char in text if char in "\n\t" or char >= " ")
