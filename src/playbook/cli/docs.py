"""`playbook docs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from playbook.authoring.handbook import handbook
from playbook.authoring.page_html import html
from playbook.authoring.page_markdown import markdown
from playbook.authoring.translating import compare
from playbook.authoring.wording import LOCALES, spoken
from playbook.cli.options import command
from playbook.cli.originals import originals
from playbook.cli.output import document, paint, say, warn
from playbook.errors import InputError
from playbook.process.translated import Fitting, translated

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.model.playbook import Playbook
    from playbook.reading.project import Project

_WRITERS = {"html": (html, ".html"), "markdown": (markdown, ".md")}
_ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


@command("docs", example="playbook docs new-business --output handbook")
@click.argument("playbook", required=False, default="", metavar="[PLAYBOOK]")
@click.option(
    "--format", "form", type=click.Choice(list(_WRITERS)), help="One page as HTML (the default) or Markdown."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Where to write; the folder `handbook` of the project by default.",
)
@click.option("--locale", default="", help="The language, where there is a translation into it.")
def docs(session: Session, playbook: str, form: str | None, output: Path | None, locale: str) -> None:
    """Write a page to read and to print for each playbook, or for the one that is named by id or file.

    It holds stages, criteria, work, guidance, approvals, timers, fields and a diagram, needs no network, and is
    written from right to left where its language is.
    """
    project, found = originals(session, playbook)
    if not found:
        raise InputError("there is no playbook in this project: `playbook init` makes one to start from")
    is_file = output is not None and output.suffix in _ENDINGS
    if is_file and len(found) > 1:
        raise InputError(f"{output} is one file for {len(found)} playbooks: name one of them, or a folder")
    target = output or session.folder / "handbook"
    form = form or (_ENDINGS[target.suffix] if is_file else "html")
    write, ending = _WRITERS[form]
    written = []
    for one in found:
        page = handbook(_in_locale(project, one, locale))
        name = f"{one.id}.{page.locale}" if page.locale != one.locale else one.id
        file = target if is_file else target / (name + ending)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(write(page), encoding="utf-8")
        written.append({"playbook": one.id, "locale": page.locale, "file": str(file)})
    if session.json:
        document({"written": written})
        return
    for row in written:
        say(f"{row['playbook']}: {paint(row['file'], bold=True)}")


def _in_locale(project: Project, playbook: Playbook, locale: str) -> Playbook:
    """Return the playbook in a language; raises InputError where there is no translation into it."""
    if not spoken(locale or playbook.locale):
        warn(f"headings are in English: there are none in {locale or playbook.locale} ({', '.join(LOCALES)})")
    if locale in ("", playbook.locale):
        return playbook
    values = (reading.value for reading in project.translations.values())
    found = next((v for v in values if v and (v.id, v.locale) == (playbook.id, locale)), None)
    if found is None:
        raise InputError(
            f"there is no translation of {playbook.id} into {locale}:"
            f" `playbook translate {playbook.id} --locale {locale}` begins one"
        )
    wrong = compare(project.playbooks[playbook.id], found)
    if wrong.missing:
        warn(f"{_texts(wrong.missing)} not translated into {locale} yet, and stay as they are")
    if wrong.stale:
        warn(f"{_texts(wrong.stale)} translated from what stood there before, and stay as they are now")
    return translated(playbook, Fitting(found.texts, found.source), locale)


def _texts(paths: tuple[str, ...]) -> str:
    return "one text is" if len(paths) == 1 else f"{len(paths)} texts are"
