"""A playbook as a page to read and to print: everything that it says, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.authoring.flow import ANY, facts, flow, timers_of
from playbook.authoring.handbook_rules import rules
from playbook.authoring.pages import Bullets, Drawing, Heading, Link, Page, Paragraph, Table, anchor
from playbook.authoring.wording import Code, Wording, readable
from playbook.process.guiding import guidance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook.authoring.pages import Block
    from playbook.authoring.wording import Phrase
    from playbook.model.playbook import Activity, Criterion, Playbook, Stage
    from playbook.process.guiding import Item, Part

_LISTED = ("questions", "pitfalls", "objections", "resources")


def handbook(playbook: Playbook, locale: str = "") -> Page:
    """Return the page of a playbook, whose texts are in the locale; its own where none is given."""
    locale = locale or playbook.locale
    wording = Wording.of(playbook, locale)
    title = playbook.title or readable(playbook.id)
    return Page(title, locale, tuple(_blocks(wording, title, locale)))


def _blocks(wording: Wording, title: str, locale: str) -> Iterator[Block]:
    book = wording.playbook
    yield Heading(1, title)
    about = wording.say("page_about", subject=readable(book.subject), version=str(book.version), id=book.id)
    kept = wording.say("page_kept_by", maintainer=book.maintainer) if book.maintainer else ()
    yield Paragraph((*about, *((" ", *kept) if kept else ())), "note")
    yield Heading(2, wording.words["page_overview"], "overview")
    yield Drawing(flow(book, locale), wording.words["page_source"])
    process = guidance(book, book.stages[0].id).process
    if process:
        yield Heading(2, wording.words["page_process"], "process")
        yield from _help(wording, process)
    for stage in book.stages:
        yield from _stage(wording, stage)
    yield from rules(wording)


def _stage(wording: Wording, stage: Stage) -> Iterator[Block]:
    words = wording.words
    yield Heading(2, wording.stage(stage.id), anchor(stage.id))
    if badge := facts(wording, stage):
        yield Paragraph((badge,), "badge")
    for said in _told(wording, stage):
        yield Paragraph(said)
    here = guidance(wording.playbook, stage.id).here
    goal = [part for part in here if part.form == "goal"]
    yield from _help(wording, goal)
    if stage.entry:
        yield Heading(3, words["page_enter"])
        yield _criteria(wording, stage.entry)
    if stage.activities:
        yield Heading(3, words["page_do"])
        yield _work(wording, stage.activities)
        if any(activity.required for activity in stage.activities):
            yield Paragraph((words["note_required"],), "note")
    if stage.exit:
        yield Heading(3, words["page_needs"])
        yield _criteria(wording, stage.exit)
    helps = [part for part in here if part.form != "goal"]
    if helps:
        yield Heading(3, words["page_helps"])
        yield from _help(wording, helps)
    yield from _by_itself(wording, stage)
    if stage.next:
        yield Heading(3, words["page_next"])
        yield Bullets(tuple(wording.when((_linked(wording, one.to),), one.when) for one in stage.next))


def _told(wording: Wording, stage: Stage) -> Iterator[Phrase]:
    """Yield what holds for a stage as a whole."""
    if stage.when is not None:
        yield wording.say("page_only_if", condition=wording.condition(stage.when))
    if stage.final:
        yield wording.say("page_ends", outcome=wording.words[f"outcome_{stage.final}"])
    if stage.start:
        sources = (
            (wording.words["any_stage"],) if one == ANY else (_linked(wording, one),) for one in stage.start
        )
        yield wording.say("page_from", stages=wording.row(sources, "or"))
    if stage.locked:
        yield wording.say("page_locked")
    if stage.by_itself:
        yield wording.say("page_itself")
    if stage.stamp:
        yield wording.say("page_kept", fields=wording.fields(stage.stamp))


def _criteria(wording: Wording, criteria: Iterable[Criterion]) -> Table:
    words = wording.words
    head = (words["head_criterion"], words["head_rule"], words["head_hint"])
    rows = (((wording.called(one),), wording.criterion(one), (one.hint,)) for one in criteria)
    return Table(head, tuple(rows)).filled()


def _work(wording: Wording, activities: Iterable[Activity]) -> Table:
    words = wording.words
    head = tuple(words[f"head_{name}"] for name in ("activity", "kind", "outcomes", "form", "steps"))
    rows = []
    for one in activities:
        said = wording.activity(one)
        outcomes = (
            wording.say("outcome_again", outcome=Code(name)) if means == "again" else (Code(name),)
            for name, means in one.outcomes
        )
        asked = (
            wording.say("optional", field=wording.field(item.field))
            if item.optional
            else (wording.field(item.field),)
            for item in one.form
        )
        rows.append(
            (
                wording.say("required_work", said=said) if one.required else said,
                (words[f"kind_{one.kind}"],),
                wording.joined(outcomes),
                wording.joined(asked),
                ("\n".join(one.checklist),),
            )
        )
    return Table(head, tuple(rows)).filled()


def _by_itself(wording: Wording, stage: Stage) -> Iterator[Block]:
    timers = tuple(wording.timer(timer) for timer in timers_of(wording.playbook, stage))
    if timers:
        yield Heading(3, wording.words["page_timers"])
        yield Bullets(timers)
    happens = (
        *(wording.say("page_comes", action=wording.action(action)) for action in stage.on_enter),
        *(wording.say("page_leaves", action=wording.action(action)) for action in stage.on_exit),
    )
    if happens:
        yield Heading(3, wording.words["page_itself_happens"])
        yield Bullets(happens)


def _help(wording: Wording, parts: Iterable[Part]) -> Iterator[Block]:
    """Yield guidance, form by form."""
    for part in parts:
        named = wording.words.get(f"form_{part.form}") or readable(part.form).capitalize()
        yield Heading(4, named)
        items = tuple(_item(wording, item, quoted=part.form == "objections") for item in part.items)
        yield Bullets(items) if len(items) > 1 or part.form in _LISTED else Paragraph(items[0])


def _item(wording: Wording, item: Item, *, quoted: bool) -> Phrase:
    name = "".join(wording.say("quoted", text=item.name)) if quoted and item.name else item.name
    head: str = Link(name or item.link, item.link) if item.link else name
    joint = " " if quoted else ": "
    return (head, joint, item.text) if head and item.text else (head or item.text,)


def _linked(wording: Wording, stage: str) -> Link:
    return Link(wording.stage(stage), f"#{anchor(stage)}")
