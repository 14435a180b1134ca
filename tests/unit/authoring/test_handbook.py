"""Pages of playbooks: whole, escaped, needing nothing else, in every language there are words in.

`python tests/unit/authoring/test_handbook.py` writes the expected page of nasty.playbook.yaml anew.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import attrs
import pytest

from playbook.authoring.handbook import handbook
from playbook.authoring.page_html import html
from playbook.authoring.page_markdown import markdown
from playbook.authoring.wording import LOCALES, words
from playbook.model.playbook import Playbook
from playbook.process.translated import translated
from playbook.reading.project import Reading, read_text
from playbook.reading.translating import texts_of
from playbook.shipping import shipped

HERE = Path(__file__).parent
PAGE = HERE / "nasty.md"
FILES = [HERE / "nasty.playbook.yaml", *sorted(shipped("playbooks").glob("*/*.playbook.yaml"))]
TAGS = frozenset(
    "html head meta title style body main h1 h2 h3 h4 p ul ol li table thead tbody tr th td code a small span"
    " details summary pre".split()
)
VOID = frozenset(("meta",))


def read(file: Path) -> tuple[Playbook, Reading[Any]]:
    reading = read_text(file.read_text(encoding="utf-8"), file.name)
    assert isinstance(reading.value, Playbook)
    return reading.value, reading


class Checked(HTMLParser):
    """Hold what a browser would see, and that every tag is known and closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.root: dict[str, str | None] = {}
        self.seen = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        self.root = self.root or dict(attrs)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen += data if self.open and self.open[-1] != "style" else ""


SETS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields: {rebate: {type: percent}, size: {type: number}}
stages:
  talk: {next: [won], on_enter: [{set: {rebate: 12.5%, probability: 60%, forecast: commit, size: 0.5}}]}
  won: {final: won}
"""


def test_values_that_are_set_are_written_as_in_the_file() -> None:
    playbook = read_text(SETS, "deals.playbook.yaml").value
    assert isinstance(playbook, Playbook)
    said = "set rebate to `12.5%`, probability to `60%`, forecast to `commit` and size to `0.5`"
    assert said in markdown(handbook(playbook))


def test_a_nasty_playbook_is_written_like_this() -> None:
    assert markdown(handbook(read(FILES[0])[0])) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_page_is_sound_html_that_holds_every_text_and_needs_nothing_else(file: Path) -> None:
    playbook, reading = read(file)
    text = html(handbook(playbook))
    page = Checked(text)
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link for link in page.links if link.startswith("#")} <= {f"#{name}" for name in page.ids}
    assert all(re.match(r"#|https?://|mailto:", link) for link in page.links)
    assert page.attributes <= {"lang", "dir", "charset", "name", "content", "id", "class", "href"}
    assert not re.search(r"url\(|@import", text)
    squeezed = "".join(page.seen.split())
    assert [said for said in texts_of(reading).values() if "".join(said.split()) not in squeezed] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translated_page_has_the_texts_of_the_translation_and_the_words_of_its_language(
    locale: str,
) -> None:
    for file in FILES:
        playbook, reading = read(file)
        texts = {path: f"«{path}»" for path in texts_of(reading)}
        page = Checked(html(handbook(translated(playbook, texts, locale))))
        assert page.root == {"lang": locale, "dir": "rtl" if locale in ("fa", "he") else "ltr"}
        assert [text for text in texts.values() if text not in page.seen] == []
        assert words(locale)["page_rules"] in page.seen


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_every_word_with_the_same_places(locale: str) -> None:
    file = Path(shipped("schemas")).parent / "src/playbook/authoring/words" / f"{locale}.json"
    mine, english = json.loads(file.read_text(encoding="utf-8")), words("en")
    assert list(mine) == list(english)
    places = {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in english.items()}
    assert {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in mine.items()} == places


def test_a_language_without_words_has_those_of_english() -> None:
    page = handbook(attrs.evolve(read(FILES[0])[0], locale="ar-EG"))
    assert 'lang="ar-EG" dir="rtl"' in html(page)
    assert "Before it moves on" in html(page)
    assert markdown(page).startswith('<div dir="rtl" lang="ar-EG">\n\n# ')


if __name__ == "__main__":
    PAGE.write_text(markdown(handbook(read(FILES[0])[0])), encoding="utf-8")
