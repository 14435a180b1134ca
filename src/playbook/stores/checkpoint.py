"""Signed checkpoints: the heads of streams, kept elsewhere, against which a cut or a forged chain shows.

A checkpoint is a file of lines, each one JSON value: what it is and when it was made; one head a line, in order of
tenant and stream; and last an HMAC-SHA256 over all bytes before it, with a secret that the operator keeps.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from playbook.errors import DamagedStore, InputError
from playbook.stores.audit import UNREADABLE, Finding
from playbook.stores.rows import streams_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playbook.stores.interface import Snapshot, Store, StoredEvent

FORMAT = "checkpoint/1"
SHORTEST = 16
"""Bytes that a secret must have at least."""

_encode = msgspec.json.Encoder().encode


class Begin(msgspec.Struct, frozen=True):
    """Begin a checkpoint: its format, and when it was made (UTC, ISO 8601)."""

    playbook: str
    made: str


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Hold the last event of a stream: its version, position and hash (in hex)."""

    tenant: str
    stream: str
    version: int
    position: int
    hash: str


class End(msgspec.Struct, frozen=True):
    """End a checkpoint with the HMAC-SHA256 of all bytes before, in hex."""

    signature: str


def check_secret(secret: bytes) -> None:
    """Raise InputError for a secret that could be guessed for its shortness."""
    if len(secret) < SHORTEST:
        raise InputError(
            f"the secret that signs checkpoints has {len(secret)} bytes; it must have {SHORTEST} or more: make one"
            " with `openssl rand -hex 32`"
        )


def export(
    store: Store, tenants: Iterable[str], secret: bytes, made: str, progress: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the lines of a checkpoint; `progress` hears how many streams were written."""
    check_secret(secret)
    signed, written = hmac.new(secret, digestmod="sha256"), 0
    begin = _encode(Begin(FORMAT, made)) + b"\n"
    signed.update(begin)
    yield begin
    for tenant in tenants:
        for stream in streams_of(store, tenant):
            head = store.load(tenant, (stream,))[stream]
            last = _event(store, tenant, stream, head.version)
            position = 0 if last is None else last.position
            line = _encode(Head(tenant, stream, head.version, position, head.hash.hex())) + b"\n"
            signed.update(line)
            yield line
            written += 1
            progress(written)
    yield _encode(End(signed.hexdigest())) + b"\n"


def read(lines: Iterable[bytes], secret: bytes, name: str) -> Begin:
    """Return how a checkpoint begins; raises InputError where it is none, was altered or signed otherwise."""
    check_secret(secret)
    signed, before = hmac.new(secret, digestmod="sha256"), b""
    first = b""
    for line in lines:
        first = first or line
        signed.update(before)
        before = line
    try:
        begin = msgspec.json.decode(first, type=Begin)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError(f"{name} is no checkpoint; make one with fsck --export-checkpoint FILE") from None
    if begin.playbook != FORMAT:
        raise InputError(f"{name} is {begin.playbook!r}, this program reads {FORMAT!r}: update playbook")
    if not before.startswith(b'{"signature"'):
        raise InputError(f"{name} has no signature at its end: it was cut off; take another checkpoint")
    if not hmac.compare_digest(before, _encode(End(signed.hexdigest())) + b"\n"):
        raise InputError(f"{name} was altered, or signed with another secret; nothing is proved by it")
    return begin


def compare(
    store: Store, lines: Iterable[bytes], tenant: str | None, progress: Callable[[int], None]
) -> Iterator[Finding]:
    """Yield what a checkpoint, whose signature was read, has and the store has not, of one tenant or of all.

    `progress` hears how many streams were compared. Where the chain of a stream holds (`audit`) and nothing is
    found here, every event up to its head in the checkpoint is the one that was there when it was made.
    """
    for number, line in enumerate(lines):
        if number == 0 or line.startswith(b"{"):
            continue  # the beginning and the signature
        head = msgspec.json.decode(line, type=Head)
        if tenant is None or head.tenant == tenant:
            yield from _compare(store, head)
            progress(number)


def _compare(store: Store, head: Head) -> Iterator[Finding]:
    try:
        event = _event(store, head.tenant, head.stream, head.version)
    except DamagedStore as error:
        yield Finding(head.tenant, head.stream, error.version, error.position, UNREADABLE)
        return
    if event is not None and event.hash.hex() == head.hash:
        return
    if event is not None:
        message = "it is not the event that the checkpoint has: the stream was written anew"
        yield Finding(head.tenant, head.stream, event.version, event.position, message)
        return
    kept: Snapshot | None = store.load(head.tenant, (head.stream,)).get(head.stream)
    there = "the stream is gone" if kept is None else f"the stream ends at version {kept.version}"
    message = f"it was cut off: the checkpoint has it, and {there}"
    yield Finding(head.tenant, head.stream, head.version, head.position, message)


def _event(store: Store, tenant: str, stream: str, version: int) -> StoredEvent | None:
    found = next(iter(store.events(tenant, stream, after=version - 1)), None)
    return found if found is not None and found.version == version else None
