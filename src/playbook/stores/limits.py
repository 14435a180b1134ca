"""What no store takes: values that are too large, and texts that not every database can keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.stores.interface import Batch, DueRow

LARGEST = 10_000_000
"""Bytes that one stored value may have."""

LONGEST = 600
"""Bytes that a name, a key or an id may have in UTF-8: a key of an index of PostgreSQL holds four such texts."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_SHOWN = 40


def check(batches: Sequence[Batch]) -> None:
    """Raise InputError for what no store takes, before anything is written."""
    for batch in batches:
        size = len(batch.answer)  # of all together: mostly it says that no single value is too large
        texts = [batch.tenant, batch.key or ""]
        for write in batch.writes:
            size += len(write.snapshot)
            texts.append(write.stream)
            for event in write.events:
                size += len(event.data)
                texts += (event.kind, event.actor)
            row = write.index
            if row is not None:
                size += len(row.fields)
                texts += (
                    row.case, row.playbook, row.name, row.stage, row.outcome, row.owner, row.team,
                    row.currency or "", row.expected_close or "", row.probability or "", row.forecast or "",
                )  # fmt: skip
                if row.tags:
                    texts += row.tags
                if row.amount is not None and not _LEAST <= row.amount <= _MOST:
                    raise InputError(f"the amount {row.amount} of {write.stream!r} is beyond 64 bits")
            if not write.expected and not write.events:
                raise InputError(f"the new stream {write.stream!r} has no event; a stream begins with one")
            if write.due:
                texts += _check_due(write.stream, write.due)
        if size > LARGEST:
            _check_sizes(batch)
        if batch.documents or batch.vault:
            texts += _check_beside(batch)
        if not _fits("".join(texts)):  # all together, as above
            for text in texts:
                if not _fits(text):
                    _refuse_text(text)


def _fits(text: str) -> bool:
    try:
        return len(text.encode()) <= LONGEST and "\0" not in text
    except UnicodeEncodeError:
        return False


def _check_sizes(batch: Batch) -> None:
    for write in batch.writes:
        for event in write.events:
            if len(event.data) > LARGEST:
                _refuse(f"an event {event.kind!r} of {write.stream!r}", event.data)
        if len(write.snapshot) > LARGEST:
            _refuse(f"the snapshot of {write.stream!r}", write.snapshot)
        if write.index is not None and len(write.index.fields) > LARGEST:
            _refuse(f"the index row of {write.stream!r}", write.index.fields)
    if len(batch.answer) > LARGEST:
        _refuse(f"the answer to the key {batch.key!r}", batch.answer)


def _check_due(stream: str, rows: Sequence[DueRow]) -> Iterator[str]:
    for due in rows:
        if len(due.data) > LARGEST:
            _refuse(f"the due row {due.id!r} of {stream!r}", due.data)
        yield from (due.id, due.queue)


def _check_beside(batch: Batch) -> Iterator[str]:
    for digest, data in batch.documents.items():
        if len(data) > LARGEST:
            _refuse(f"the document {digest!r}", data)
        yield digest
    for row in batch.vault:
        if len(row.value) > LARGEST:
            _refuse(f"a personal value of {row.subject!r}", row.value)
        yield from (row.ref, row.subject)


def _refuse(what: str, value: bytes) -> None:
    raise InputError(
        f"{what} has {len(value):,} bytes; a stored value may have {LARGEST:,}: keep large things as links"
    )


def _refuse_text(text: str) -> None:
    """Say why a text cannot be what something is called or found by."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    if "\0" in text:
        raise InputError(f"{shown!r} holds a NUL character, which not every store can keep: leave it out")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError(f"{shown!r} is no text: half a character stands at {error.start + 1}") from None
    raise InputError(f"{shown!r} has {size:,} bytes; a name, a key or an id may have {LONGEST:,}: shorten it")


def clean(text: str) -> str:
    """Return a text that every store keeps, for what is only told, as the error of a claim is."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
