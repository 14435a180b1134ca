"""The end of a playbook's page: its fields, entries, and what holds for the whole process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.authoring.pages import Bullets, Heading, Table
from playbook.authoring.wording import Code, readable, written
from playbook.model.values import percentage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.authoring.pages import Block
    from playbook.authoring.wording import Phrase, Wording
    from playbook.model.playbook import Field


def rules(wording: Wording) -> Iterator[Block]:
    """Yield the fields, the entries and the rules of a playbook."""
    book, words = wording.playbook, wording.words
    if book.fields:
        yield Heading(2, words["page_fields"], "fields")
        yield _fields(wording)
    if book.entries:
        yield Heading(2, words["page_entries"], "entries")
        yield Bullets(tuple(_entry(wording, index) for index in range(len(book.entries))))
    yield Heading(2, words["page_rules"], "rules")
    yield Bullets(tuple(_permissions(wording)))
    for title, items in (
        ("page_parameters", tuple(_parameters(wording))),
        ("page_follow_up", tuple(_children(wording))),
        ("page_invariants", tuple((Code(one.that.text),) for one in book.invariants)),
    ):
        if items:
            yield Heading(3, words[title])
            yield Bullets(items)


def _fields(wording: Wording) -> Table:
    words = wording.words
    head = tuple(words[f"head_{name}"] for name in ("field", "type", "help", "rules"))
    rows = (
        (
            (field.title or readable(field.id), " ", Code(field.id)),
            _type(wording, field),
            (field.help,),
            wording.joined(_field_rules(wording, field), "semicolon"),
        )
        for field in wording.playbook.fields
    )
    return Table(head, tuple(rows)).filled()


def _type(wording: Wording, field: Field) -> Phrase:
    if field.type == "choice":
        return wording.say("field_options", options=wording.joined((Code(one),) for one in field.options))
    if field.type == "list" and field.of is not None:
        return wording.say("field_of", type=_type(wording, field.of))
    if field.type == "table":
        titles = ((column.title or readable(column.id),) for column in field.columns)
        return wording.say("field_columns", columns=wording.joined(titles))
    if field.type == "reference" and field.to:
        return wording.say("field_to", record=readable(field.to))
    return (wording.words[f"type_{field.type}"],)


def _field_rules(wording: Wording, field: Field) -> Iterator[Phrase]:
    if field.is_ is not None:
        yield wording.say("field_is", expression=Code(field.is_.text))
    if field.default is not None:
        yield wording.say("field_default", value=written(field.default, field.type))
    if field.required_from:
        yield wording.say("field_required", stage=wording.stage(field.required_from))
    if field.locked_from:
        yield wording.say("field_locked", stage=wording.stage(field.locked_from))
    if field.editable_after_close:
        yield wording.say("field_after_close")
    if field.visible_to:
        yield wording.say("field_seen", who=wording.who(field.visible_to))
    if field.personal:
        yield wording.say("field_personal")


def _entry(wording: Wording, index: int) -> Phrase:
    entry = wording.playbook.entries[index]
    titles = wording.joined((field.title or readable(field.id),) for field in entry.fields)
    said: Phrase = (entry.title or readable(entry.id), *((": ", *titles) if titles else ()))
    return (*said, "; ", *wording.say("entry_by", who=wording.who(entry.by)))


def _permissions(wording: Wording) -> Iterator[Phrase]:
    book, words = wording.playbook, wording.words
    for one in book.who_may:
        act = wording.say("page_who_may", act=words[f"act_{one.act}"])
        yield (*act, ": ", *wording.who(one.who))
    for key, rule in (("page_skip", book.skip), ("page_back", book.back), ("page_reopen", book.reopen)):
        yield (words[key], ": ", *wording.move(rule))
    if book.split:
        shares = (
            wording.say("page_share", share=percentage(one.share), who=wording.person(one.who))
            for one in book.split
        )
        yield (words["page_split"], ": ", *wording.joined(shares))


def _parameters(wording: Wording) -> Iterator[Phrase]:
    for name, value in wording.playbook.parameters:
        yield _value(wording, name, value)
    for segment in wording.playbook.segments:
        values = wording.joined(_value(wording, name, value) for name, value in segment.set)
        yield wording.say("page_segment", condition=wording.condition(segment.when), values=values)


def _value(wording: Wording, name: str, value: str) -> Phrase:
    return wording.say("page_value", name=Code(f"${name}"), value=wording.lasting(value))


def _children(wording: Wording) -> Iterator[Phrase]:
    for rule in wording.playbook.when_child:
        outcome = wording.words[f"outcome_{rule.outcome}"]
        yield wording.say(
            "child", playbook=Code(rule.playbook), outcome=outcome, actions=wording.actions(rule.then)
        )
