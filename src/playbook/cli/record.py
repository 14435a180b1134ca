"""The commands on records: record, merge, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook.cli.carrying import once, reasoned
from playbook.cli.narrate_records import RecordWords
from playbook.cli.options import assignments, command
from playbook.cli.output import clean, document, moment, paint, say
from playbook.cli.tables import aligned, table
from playbook.cli.words import refuse
from playbook.errors import Refused
from playbook.model.commands import Merge, SetRecord

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.engine.answers import RecordView
    from playbook.model.commands import RecordCommand
    from playbook.stores.interface import Page


@command("record", example="playbook record account 'Acme Corp' country=DE", at=True)
@click.argument("kind")
@click.argument("given", nargs=-1, metavar="[RECORD] [FIELD=VALUE]...")
@reasoned
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many to list."
)
@click.option("--after", metavar="PLACE", help="List those after a place: the `next` of the page before.")
@once
def record(
    session: Session,
    kind: str,
    given: tuple[str, ...],
    reason: str,
    limit: int,
    after: str | None,
    key: str | None,
) -> int:
    """Open, change or show a record: an account, a contact, a product.

    With fields and no RECORD it opens one, with both it changes one (an empty value clears a field), with RECORD
    alone it shows one, and with neither it lists those of a KIND.

    RECORD is an id, a value that no two of them share (such as the domain of an account), or a name.
    """
    named = given[0] if given and "=" not in given[0] else ""
    values = assignments(given[1:] if named else given)
    if values:
        return _carry(session, SetRecord(kind, named, values, reason), key)
    if named:
        _show(session, session.engine.record(kind, named, actor=session.actor))
    else:
        page = session.engine.records(kind, actor=session.actor, after=after, limit=limit)
        _list(session, page)
    return 0


@command("merge", example="playbook merge 'Acme Corp' 'ACME Corporation'", at=True)
@click.argument("keep")
@click.argument("other")
@click.option("--kind", default="account", show_default=True, help="What they are.")
@once
def merge(session: Session, keep: str, other: str, kind: str, key: str | None) -> int:
    """Say that two records are one: KEEP stays and takes over what it lacks, OTHER points to it from now on.

    Both keep their history, and what refers to either is found from both.
    """
    return _carry(session, Merge(kind, keep, other), key)


@command("forget", example="playbook forget contact:ann@acme.example")
@click.argument("reference", metavar="WHO")
def forget(session: Session, reference: str) -> None:
    """Erase the personal values of a record (`contact:ann@acme.example`), of a person or of a case, for good.

    With a case go those that follow it up or that it follows up. The history stays, tells that this was done, and
    can still be proved; the values cannot be brought back.
    """
    erased = session.engine.forget(reference, actor=session.actor)
    if session.json:
        document(
            {
                "forgotten": reference,
                "values": erased.values,
                "records": erased.records,
                "fields": erased.fields,
                "cases": erased.cases,
            }
        )
        return
    count = "1 value is" if erased.values == 1 else f"{erased.values:,} values are"
    of = f" ({', '.join(map(clean, erased.fields))})" if erased.fields else ""
    say(f"{paint(clean(reference), bold=True)}: {count} erased{of}.")


def _carry(session: Session, made: RecordCommand, key: str | None) -> int:
    answer = session.engine.run(made, actor=session.actor, key=key, at=session.at)
    if isinstance(answer, Refused):
        return refuse(session, answer)
    view = session.engine.record(made.kind, answer.case, actor=session.actor)
    if session.json:
        document({**_plain(view), "version": answer.version, "repeated": answer.repeated})
        return 0
    verb = "holds both now" if isinstance(made, Merge) else "is kept"
    say(f"{paint(clean(view.name) or view.id, bold=True)} ({view.kind} {view.id}) {verb}.")
    return 0


def _plain(view: RecordView) -> dict[str, Any]:
    names = ("kind", "id", "name", "fields", "opened", "changed", "merged", "forgotten")
    return {name: getattr(view, name) for name in names}


def _show(session: Session, view: RecordView) -> None:
    if session.json:
        document(_plain(view))
        return
    words = RecordWords.of(session, view.kind)
    zone = session.engine.world.zone
    say(f"{paint(clean(view.name) or view.id, bold=True)} ({view.id}), {clean(view.kind)}")
    rows = [(words.field(name), words.value(name, value)) for name, value in view.fields.items()]
    rows.append(("kept since", moment(view.opened, zone)))
    if view.merged:
        rows.append(("merged with", ", ".join(view.merged)))
    if view.forgotten is not None:
        rows.append(("personal values erased", moment(view.forgotten, zone)))
    for line in aligned(rows):
        say(f"  {line}")
    say(f"\nEverything that happened: playbook history {view.kind}:{view.id}")


def _list(session: Session, page: Page[RecordView]) -> None:
    if session.json:
        following = {"next": page.next} if page.next else {}
        document({"records": [_plain(view) for view in page.items], **following})
        return
    if not page.items:
        say("There is none yet.")
        return
    zone = session.engine.world.zone
    rows = [(view.id, clean(view.name), moment(view.changed, zone)[:10]) for view in page.items]
    table(("id", "name", "changed"), rows, whole=frozenset((0,)))
    if page.next:
        say(f"\nGo on with --after {page.next}")
