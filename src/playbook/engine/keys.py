"""Keys that make a command happen once: what tells commands apart, and the first answer again."""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter

import msgspec
from msgspec.structs import asdict, replace

from playbook.engine.answers import Done
from playbook.errors import KeyReused
from playbook.model.values import canonical

_DONE = msgspec.json.Decoder(Done)
_VALUE = itemgetter(1)


def fingerprint_of(command: msgspec.Struct, actor: str) -> bytes:
    """Return what tells a command from others under one key: the SHA-256 of what is given in it, and who acts.

    What is empty is left out, so that an attribute which a later version adds changes no fingerprint.
    """
    given = dict(filter(_VALUE, asdict(command).items()))
    return sha256(canonical((type(command).__name__, given, actor))).digest()


def repeated(key: str | None, fingerprint: bytes, first: bytes, answer: bytes) -> Done:
    """Return the first answer to a key; raises KeyReused where it came with another command."""
    if first != fingerprint:
        raise KeyReused(key or "")
    return replace(_DONE.decode(answer), repeated=True)
