"""Writing translations: what is missing is there to be filled in, what is stale is named, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.authoring.translating import compare, write
from playbook.reading.project import Reading, read_text

if TYPE_CHECKING:
    from playbook.model.translation import Translation

DEALS = """\
playbook: deals
version: 1
subject: deal
title: Deals
stages:
  first:
    title: "First: the beginning"
    guidance: {questions: [Why?, "What # then?"], script: "One\\u2028two\\tthree"}
    on_enter: [{advance: {}}, {notify: owner, say: "{case.name} is here"}]
    next: [won]
  won: {title: Won, final: won}
"""
FILLED = {
    "title:  # Deals": "title: فروش",
    "title:  # First: the beginning": 'title: "آغاز"',
    "-  # Why?": "- چرا؟",
}


def read(text: str, file: str = "deals.fa.yaml") -> Reading[Any]:
    reading = read_text(text, file)
    assert reading.problems == ()
    return reading


def filled(text: str) -> Reading[Translation]:
    for missing, done in FILLED.items():
        assert missing in text
        text = text.replace(missing, done)
    return read(text)


def test_a_new_translation_has_every_text_as_missing() -> None:
    original = read(DEALS, "deals.playbook.yaml")
    text = write(original, "fa")
    translation = read(text).value
    assert text.startswith("translation: deals\nlocale: fa\ntitle:  # Deals\n")
    assert translation is not None
    found = compare(original, translation)
    assert (translation.texts, found.stale, found.unknown) == ({}, (), ())
    assert found.missing == (
        "title", "stages.first.title", "stages.first.guidance.questions.0", "stages.first.guidance.questions.1",
        "stages.first.guidance.script", "stages.first.on_enter.1.say", "stages.won.title",
    )  # fmt: skip


def test_what_is_translated_stays_with_what_it_was_translated_from() -> None:
    original = read(DEALS, "deals.playbook.yaml")
    translation = filled("# by Sara\n" + write(original, "fa"))
    text = write(original, "fa", translation)
    again = read(text).value
    assert text.startswith("# by Sara\ntranslation: deals\n")
    assert translation.value is not None
    assert again is not None
    assert again.texts == translation.value.texts
    assert again.source == {
        "title": "Deals", "stages.first.title": "First: the beginning", "stages.first.guidance.questions.0": "Why?",
    }  # fmt: skip
    assert len(compare(original, again).missing) == 4
    assert write(original, "fa", read(text)) == text


def test_what_says_something_else_now_is_stale_until_it_is_settled() -> None:
    before = read(DEALS, "deals.playbook.yaml")
    translation = read(write(before, "fa", filled(write(before, "fa"))))
    original = read(DEALS.replace("title: Deals", "title: Sales"), "deals.playbook.yaml")
    assert translation.value is not None
    assert compare(original, translation.value).stale == ("title",)
    kept = read(write(original, "fa", translation))
    assert kept.value is not None
    assert compare(original, kept.value).stale == ("title",)
    settled = read(write(original, "fa", kept, settled=["title"]))
    assert settled.value is not None
    assert compare(original, settled.value).stale == ()
    assert settled.value.source["title"] == "Sales"


def test_what_is_of_nothing_any_more_is_named_and_left_out() -> None:
    before = read(DEALS, "deals.playbook.yaml")
    translation = filled(write(before, "fa"))
    original = read(DEALS.replace("Why?, ", ""), "deals.playbook.yaml")
    assert translation.value is not None
    text = DEALS.replace('    title: "First: the beginning"\n', "")
    assert compare(read(text), translation.value).unknown == ("stages.first.title",)
    assert "آغاز" not in write(read(text), "fa", translation)
    assert "چرا؟" in write(original, "fa", translation)
