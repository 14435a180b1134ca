"""`playbook demo`: a workspace from the shipped playbook, a simulated year of selling, and what can be seen in it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from playbook.cli.demo_pay import is_paid, statement
from playbook.cli.demo_pay import steps as pay_steps
from playbook.cli.demo_pay import write as write_pay
from playbook.cli.options import Given, command
from playbook.cli.output import document, paint, say
from playbook.cli.progress import bar
from playbook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.authoring.simulation import Sold
    from playbook.cli.session import Session
    from playbook.engine import CaseView, Engine, Explanation

_MARK = ".playbook-demo"
"""The file that says that a folder was made here, and may be made anew."""

_SETTINGS = """\
# A workspace made by `playbook demo`. The deals in it are simulated: no company, person or sale is real.
project: demo
organization: lumen
locale: en
"""
_ROOT = "playbook.yaml"
_SHIPPED = ("new-business", "customer-success", "renewal")
"""The playbooks of the workspace, which follow one another."""


@command("demo", example="playbook demo --seed 11")
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--deals", default=500, type=click.IntRange(1, 5_000), show_default=True, help="How many deals to sell."
)
@click.option(
    "--seed", default=7, show_default=True, help="What decides everything; the same gives the same events."
)
@click.option("--force", is_flag=True, help="Make a workspace anew that `playbook demo` made before.")
def demo(session: Session, folder: Path, deals: int, seed: int, force: bool) -> None:
    """Make a workspace in DIR and sell in it for a pretended year.

    The reps of the simulation issue real commands through the engine, so that everything there is to see can
    be seen: blocked attempts, what mended them, hand-overs, lost deals with their reasons. The deals are
    simulated, and the year is 2025.
    """
    _make(folder, force)
    inside = _session(folder)
    if is_paid(inside.registry):
        write_pay(folder)
    try:
        engine, sold = _sell(inside, deals, seed)
        blocked = _most_telling(engine)
        pay = statement(engine, _SHIPPED[0])
        more = pay_steps(folder, pay) if is_paid(inside.registry) else []
        steps = _steps(engine, folder, blocked, more)
    finally:
        inside.close()
    if session.json:
        document(
            {
                "folder": str(folder),
                "simulated": True,
                "seed": seed,
                **attrs.asdict(sold),
                "blocked": blocked and blocked.case,
                "next": steps,
            }
        )
        return
    _tell(folder, sold, seed)
    for words in (*_shown(inside, blocked), *([pay] if pay else [])):
        _show(inside, *words)
    say(paint("What to try next", bold=True))
    for step in steps:
        say(f"  {step}")
    rules = folder / "new-business.playbook.yaml"
    say(f"\nThe rules are in {rules}: change one and raise the version; deals that you open then follow it.")


def _make(folder: Path, force: bool) -> None:
    """Make the workspace; raises InputError where the folder holds something else."""
    from playbook.shipping import shipped

    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARK).is_file():
            raise InputError(
                f"{folder} is not empty, and not a demo: name another folder, `playbook demo DIR`"
            )
        if not force:
            raise InputError(
                f"{folder} holds a demo already: --force makes it anew, its deals and changes are lost"
            )
        _clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text("Made by `playbook demo`; with --force it is made anew.\n", encoding="utf-8")
    (folder / _ROOT).write_text(_SETTINGS, encoding="utf-8")
    for source in sorted(file for name in _SHIPPED for file in (shipped("playbooks") / name).glob("*.yaml")):
        text = source.read_text(encoding="utf-8")
        first, _, rest = text.partition("\n")
        # Editors find the schema of a shipped file by its place in our tree, which a copy does not have.
        (folder / source.name).write_text(rest if "$schema=" in first else text, encoding="utf-8")


def _clear(folder: Path) -> None:
    """Remove the database and what was remembered of it; the files are written anew, others stay."""
    for name in ("playbook.db", "playbook.db-wal", "playbook.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / ".playbook", ignore_errors=True)


def _session(folder: Path) -> Session:
    from playbook.cli.session import Session

    given = Given()
    given.project = str(folder)
    return Session(given)


def _sell(inside: Session, deals: int, seed: int) -> tuple[Engine, Sold]:
    from playbook.authoring import simulation
    from playbook.engine import Engine

    pretended = simulation.Pretended(seed)
    engine = Engine.open(
        inside.files,
        store=inside.store,
        clock=pretended.clock,
        registry=inside.registry,
        entropy=pretended.entropy,
    )
    engine.publish(actor="operator")
    with bar("Selling for a pretended year", simulation.DAYS) as progress:
        return engine, simulation.simulate(engine, pretended, deals, progress)


def _most_telling(engine: Engine) -> Explanation | None:
    """Return why an open deal cannot move on: about three reasons of several kinds, of the largest such deal."""
    from playbook.authoring.simulation import PLAYBOOK
    from playbook.stores.interface import Query
    from playbook.stores.rows import pages

    best: tuple[Any, ...] = ()
    found: Explanation | None = None
    query = Query(PLAYBOOK, status="open")
    for page in pages(lambda after: engine.find(query, actor="operator", after=after)):
        for case in page.items:
            why = engine.why(case.id, actor=case.owner)
            kinds = {blocker.kind for blocker in why.blockers}
            weight = (len(kinds), -abs(len(why.blockers) - 3), _minor(case), case.id)
            if why.blockers and weight > best:
                best, found = weight, why
    return found


def _minor(case: CaseView) -> int:
    return case.amount.minor if case.amount else 0


def _steps(
    engine: Engine, folder: Path, blocked: Explanation | None, more: list[tuple[str, ...]]
) -> list[str]:
    """Return commands to try, and more of them, ready to be pasted."""
    words: list[tuple[str, ...]] = [
        ("list", "--stage", "proposal"),
        ("report", "cycle", "--by", "owner", "--playbook", _SHIPPED[0]),
        *more,
        ("fsck",),
    ]
    if blocked is not None:
        case, owner, mend = blocked.case, engine.case(blocked.case).owner, _mend(engine, blocked)
        words = [
            ("show", case),
            ("history", case),
            *([("--as", owner, "set", case, *mend)] if mend else []),
            ("why", case),
            ("--as", owner, "advance", case),
            *words,
        ]
    return [shlex.join(("playbook", "--project", str(folder), *step)) for step in words]


def _mend(engine: Engine, blocked: Explanation) -> tuple[str, ...]:
    """Return assignments that take one blocker away, where words are all it takes."""
    from playbook.authoring.fiction import in_words

    case, definition = engine.case_and_definition(blocked.case)
    for blocker in blocked.blockers:
        names = [path.partition(".")[2] for path in blocker.missing]
        if blocker.kind == "fields" and all(
            definition.fields[name].type in ("text", "list") for name in names
        ):
            return tuple(f"{name}={in_words(name, case)}" for name in names)
    return ()


def _tell(folder: Path, sold: Sold, seed: int) -> None:
    say(paint("A simulated year of selling", bold=True))
    say(
        f"{sold.deals} deals, {sold.commands:,} commands carried out and {sold.refused:,} refused with reasons,"
        f" all in 2025 and all invented\n(seed {seed}). They went through the engine like real ones and lie in"
        f" {folder / 'playbook.db'}.\n"
    )


def _shown(inside: Session, blocked: Explanation | None) -> Iterator[tuple[str, ...]]:
    """Yield the commands whose output the demo shows."""
    if "pipeline" in inside.registry.reports:
        yield "report", "pipeline", "--playbook", _SHIPPED[0]
    if blocked is not None:
        yield "why", blocked.case
    if "win-loss" in inside.registry.reports:
        yield "report", "win-loss", "--by", "owner", "--playbook", _SHIPPED[0]


def _show(inside: Session, name: str, *arguments: str) -> None:
    """Print a command as people would type it, and run it."""
    from playbook.cli.report import report
    from playbook.cli.why import why

    given = Given()
    given.project = str(inside.folder)
    say(paint(f"$ {shlex.join(('playbook', '--project', given.project, name, *arguments))}", fg="cyan"))
    ours = {"report": report, "why": why}
    shown = ours[name] if name in ours else inside.registry.commands[name].load()
    shown.main(list(arguments), prog_name=f"playbook {name}", standalone_mode=False, obj=given)
    say()
