"""The hash rule: each event's hash covers its stored bytes and columns and the hash before it."""

from __future__ import annotations

from hashlib import sha256

import msgspec

_encode = msgspec.json.Encoder().encode


def link(
    before: bytes,
    tenant: str,
    stream: str,
    version: int,
    kind: str,
    at: int,
    recorded: int,
    actor: str,
    data: bytes,
) -> bytes:
    """Return SHA-256 of the hash before, the SHA-256 of the columns as a JSON array, the SHA-256 of the data.

    The position is not covered: it is the order of a store, and a copy may number anew.
    """
    head = _encode((tenant, stream, version, kind, at, recorded, actor))
    return sha256(before + sha256(head).digest() + sha256(data).digest()).digest()


def commitment(salt: bytes, value: bytes) -> str:
    """Return what an event holds in place of a personal value: SHA-256 of salt and value, in hex."""
    return sha256(salt + value).hexdigest()
