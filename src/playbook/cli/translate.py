"""`playbook translate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook.cli.options import command
from playbook.cli.output import clean, document, paint, say
from playbook.errors import InputError, ProblemsFound, UnknownName

if TYPE_CHECKING:
    from playbook.authoring.translating import Found
    from playbook.cli.session import Session
    from playbook.model.translation import Translation
    from playbook.reading.project import Project, Reading

_SHOWN = 20


@command("translate", example="playbook translate new-business.playbook.yaml --locale fa")
@click.argument("file", metavar="FILE")
@click.option("--locale", required=True, help="The language, such as fa or pt-BR.")
@click.option(
    "--settled",
    multiple=True,
    metavar="PATH",
    help="A stale entry that is right as it stands; may be repeated.",
)
def translate(session: Session, file: str, locale: str, settled: tuple[str, ...]) -> None:
    """Write what is missing in a translation of a playbook or record, and name what is stale.

    FILE is the playbook's or record's file, or its id. Texts that are missing stand in the translation's file with
    the original beside them, to be filled in; what was translated stays. An entry is stale where the original says
    something else now.
    """
    from playbook.authoring.translating import compare, write
    from playbook.model.translation import Translation

    project = session.files
    original = _original(session, project, file)
    known = _translation(project, original, locale)
    translation = (known.value if known else None) or Translation(original.id, locale)
    unknown = [path for path in settled if path not in translation.texts]
    if unknown:
        raise UnknownName("entry of the translation", unknown[0], translation.texts)
    place = Path(known.file) if known else Path(original.file).parent / f"{_stem(original)}.{locale}.yaml"
    if known is None and place.exists():
        raise InputError(f"{place} is there already, and is no translation of {original.id} into {locale}")
    place.write_text(write(original, locale, known, settled=settled), encoding="utf-8")
    found = compare(original, translation)
    stale = tuple(path for path in found.stale if path not in settled)
    if session.json:
        document({"file": str(place), "missing": found.missing, "stale": stale, "removed": found.unknown})
    else:
        _tell(place, found, stale, len(translation.texts))


def _original(session: Session, project: Project, file: str) -> Reading[Any]:
    """Return the playbook or record that a file or an id names; raises UnknownName, or ProblemsFound in it."""
    readings: dict[str, Reading[Any]] = {**project.records, **project.playbooks}
    wanted = {Path(file).resolve(), (session.folder / file).resolve()}
    found = readings.get(file) or next(
        (r for r in readings.values() if Path(r.file).resolve() in wanted), None
    )
    if found is None:
        raise UnknownName("playbook or record", file, readings)
    if found.value is None or any(problem.severity == "error" for problem in found.problems):
        raise ProblemsFound(found.problems)
    return found


def _translation(project: Project, original: Reading[Any], locale: str) -> Reading[Translation] | None:
    values = project.translations.values()
    found = (r for r in values if r.value and (r.value.id, r.value.locale) == (original.id, locale))
    known = next(found, None)
    if known is not None and any(problem.severity == "error" for problem in known.problems):
        raise ProblemsFound(known.problems)
    return known


def _stem(original: Reading[Any]) -> str:
    """Return what a file is called before its kind: new-business.playbook.yaml is new-business."""
    return Path(original.file).name.removesuffix(".yaml").removesuffix(f".{original.kind}")


def _tell(place: Path, found: Found, stale: tuple[str, ...], had: int) -> None:
    say(
        f"{paint(str(place), bold=True)}: {had - len(found.unknown):,} translated, {len(found.missing):,} missing."
    )
    _list("to be filled in", found.missing)
    _list("stale: the original says something else now", stale)
    _list("removed: the original has no such text any more", found.unknown)
    if stale:
        say("\nTranslate them anew, then say --settled PATH for each.")


def _list(title: str, paths: tuple[str, ...]) -> None:
    if paths:
        say(f"\n{title}:")
        for path in paths[:_SHOWN]:
            say(f"  {clean(path)}")
        if len(paths) > _SHOWN:
            say(f"  and {len(paths) - _SHOWN:,} more; --json names them all")
