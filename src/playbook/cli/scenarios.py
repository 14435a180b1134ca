"""`playbook test`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook.authoring.scenarios import PARTS, Runner, junit, runs, told
from playbook.cli.options import command
from playbook.cli.output import blockers, clean, document, paint, percent, say
from playbook.cli.progress import bar
from playbook.cli.tables import aligned
from playbook.errors import InputError
from playbook.reading.files import root_around

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.authoring.scenarios import Coverage, Failure, Result, Run
    from playbook.cli.session import Session


@command("test", example="playbook test --coverage --fail-under 90")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "-k", "named", default="", metavar="TEXT", help="Only those whose sentence or file holds this text."
)
@click.option("--coverage", is_flag=True, help="Say what of the playbooks no scenario touched, line by line.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="N",
    help="Exit 1 where less than N percent of the playbooks is touched.",
)  # fmt: skip
@click.option(
    "--junit", "report", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write JUnit XML for a build server.",
)  # fmt: skip
def test(
    session: Session,
    files: tuple[Path, ...],
    named: str,
    coverage: bool,
    fail_under: float | None,
    report: Path | None,
) -> int:
    """Run the scenarios of the project, or those of the files named, each by itself with a pretended clock.

    A step that does not lead to what it expects is shown with expectation and fact side by side. What is touched is
    counted over every playbook of the project, or over those of the scenarios that were chosen.
    """
    if files and not session.has_project:
        session.folder = root_around(files[0])
    chosen = _chosen(session, files, named)
    runner = Runner(session.files, session.registry)
    start = time.perf_counter()
    results = _run(runner, chosen)
    seconds = time.perf_counter() - start
    playbooks = {run.scenario.playbook: None for run in chosen} if files or named else session.files.playbooks
    covered = runner.coverage(name for name in playbooks if name in session.files.playbooks)
    if report is not None:
        _write(report, junit(results))
    failed = sum(not result.passed for result in results)
    low = fail_under is not None and covered.share() * 100 < fail_under
    if session.json:
        document(_plain(results, covered))
    else:
        _tell(results, failed, seconds)
        if coverage or low:
            _tell_coverage(covered, session)
        if low:
            say(paint(f"{percent(covered.share())} is touched, and {fail_under:g}% are asked for.", fg="red"))
    return int(failed > 0 or low)


def _chosen(session: Session, files: tuple[Path, ...], named: str) -> list[Run]:
    """Return the runs that are asked for; raises InputError where there are none."""
    readings = session.files.scenarios
    wanted = {os.path.realpath(file): file for file in files}
    there = {os.path.realpath(reading.file) for reading in readings.values()}
    for real, file in wanted.items():
        if real not in there:
            reason = (
                "has no scenario that can be read; `playbook check` tells why"
                if file.exists()
                else "is not there"
            )
            raise InputError(f"{file} {reason}")
    text = named.casefold()
    chosen = [
        run
        for run in runs(sorted(readings.values(), key=lambda reading: reading.file))
        if (not wanted or os.path.realpath(run.file) in wanted)
        and (text in run.name.casefold() or text in run.file.casefold())
    ]
    if not chosen:
        what = f"named like {named!r} " if named else ""
        raise InputError(
            f"there is no scenario {what}in {session.folder}: one is a file like won.scenario.yaml"
        )
    return chosen


def _run(runner: Runner, chosen: Sequence[Run]) -> list[Result]:
    results: list[Result] = []
    with bar("Scenarios", len(chosen)) as moved:
        for run in chosen:
            results.append(runner.run(run))
            moved(len(results))
    return results


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None


def _tell(results: Sequence[Result], failed: int, seconds: float) -> None:
    for result in results:
        if not result.passed:
            say(paint(f"FAILED  {clean(result.name)}", fg="red", bold=True))
            say(clean(told(result), lines=True) + "\n")
    passed = len(results) - failed
    counts = f"{passed} passed, {failed} failed" if failed else f"{passed} passed"
    say(paint(f"{counts} in {seconds:.1f} s", fg="red" if failed else "green"))


def _tell_coverage(covered: Coverage, session: Session) -> None:
    """Print how much of every playbook was touched, and what was not, each with its line."""
    names = dict.fromkeys(item.playbook for item in covered.items)
    rows: list[tuple[str, ...]] = [("touched", *PARTS)]
    rows += [(name, *(_counted(covered, part, name) for part in PARTS)) for name in names]
    say()
    for line in aligned(rows):
        say(line)
    say(f"\n{percent(covered.share(), 0)} of what is written is touched.")
    for item in covered.untouched:
        say(f"  {item.span.file}:{item.span.line}: {clean(item.what)}")


def _counted(covered: Coverage, part: str, playbook: str) -> str:
    touched, total = covered.count(part, playbook)
    return f"{touched} of {total}"


def _plain(results: Sequence[Result], covered: Coverage) -> dict[str, Any]:
    return {
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "scenarios": [
            {
                "name": result.name,
                "playbook": result.playbook,
                "file": result.span.file,
                "line": result.span.line,
                "passed": result.passed,
                "seconds": round(result.seconds, 4),
                "failure": result.failure and _plain_failure(result.failure),
            }
            for result in results
        ],
        "coverage": {part: round(covered.share(part), 4) for part in PARTS},
        "untouched": [
            {
                "part": item.part, "playbook": item.playbook, "path": item.path, "what": item.what,
                "file": item.span.file, "line": item.span.line,
            }
            for item in covered.untouched
        ],
    }  # fmt: skip


def _plain_failure(failure: Failure) -> dict[str, Any]:
    return {
        "step": None if failure.step is None else failure.step + 1,
        "told": failure.told,
        "message": failure.message,
        "mismatches": [
            {"name": one.name, "expected": one.expected, "is": one.fact} for one in failure.mismatches
        ],
        "blockers": blockers(failure.blockers),
    }
