"""Translations: every text of a file has its place in what is published, and no decision hangs on one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playbook.process.definition import normalize, normalize_record
from playbook.process.translated import Fitting, translated, translated_record
from playbook.reading.project import Project
from playbook.reading.translating import texts_of

ROOT = Path(__file__).parents[3]
FOLDERS = sorted(path for path in (ROOT / "playbooks").iterdir() if path.is_dir() and path.name != "records")


@pytest.mark.parametrize("folder", [*FOLDERS, ROOT / "examples" / "acme"], ids=lambda path: path.name)
def test_every_text_of_the_playbooks_that_ship_can_be_said_in_another_language(folder: Path) -> None:
    project = Project.from_folder(folder)
    assert project.playbooks
    for reading in project.playbooks.values():
        assert reading.value is not None
        said = {path: f"<{path}>" for path in texts_of(reading)}
        told = normalize(translated(reading.value, said, "xx"), {}, {})
        assert told.digest == normalize(reading.value, {}, {}).digest
        written = json.dumps(json.loads(told.texts), ensure_ascii=False)
        assert [text for text in said.values() if text not in written] == []
    for record in project.records.values():
        assert record.value is not None
        said = {path: f"<{path}>" for path in texts_of(record)}
        told = normalize_record(translated_record(record.value, said, "xx"))
        assert told.digest == normalize_record(record.value).digest
        assert [text for text in said.values() if text not in told.texts.decode()] == []


def test_a_text_fits_only_what_it_was_translated_from() -> None:
    texts = Fitting(
        {"title": "Titel", "help": "Hilfe", "hint": "Hinweis"}, {"title": "Title", "help": "Old help"}
    )
    assert [texts.get("title", "Title"), texts.get("help", "New help"), texts.get("hint", "Any")] == [
        "Titel", "New help", "Hinweis",
    ]  # fmt: skip
    assert texts.get("say", "Said") == "Said"
