"""Keys that make a command happen once: what tells commands apart, and the first answer again."""

from __future__ import annotations

import hashlib

import msgspec

from playbook.engine.answers import Done
from playbook.errors import KeyReused
from playbook.model.values import canonical

_DONE = msgspec.json.Decoder(Done)


def fingerprint_of(command: msgspec.Struct, actor: str) -> bytes:
    """Return what tells a command from others under one key: the SHA-256 of what is given in it, and who acts.

    What is empty is left out, so that an attribute which a later version adds changes no fingerprint.
    """
    given = {name: value for name in type(command).__struct_fields__ if (value := getattr(command, name))}
    return hashlib.sha256(canonical((type(command).__name__, given, actor))).digest()


def repeated(key: str | None, fingerprint: bytes, first: bytes, answer: bytes) -> Done:
    """Return the first answer to a key; raises KeyReused where it came with another command."""
    if first != fingerprint:
        raise KeyReused(key or "")
    return msgspec.structs.replace(_DONE.decode(answer), repeated=True)
