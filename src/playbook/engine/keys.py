"""Making a command happen once: what tells commands apart, the first answer again, and trying until it is stored."""

from __future__ import annotations

import threading
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from msgspec.structs import asdict, replace

from playbook.engine.answers import Done
from playbook.errors import KeyReused, StoreUnavailable
from playbook.model.values import canonical
from playbook.stores.interface import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.engine.engine import Engine
    from playbook.stores.interface import VersionConflict

T = TypeVar("T")

_DONE = msgspec.json.Decoder(Done)
_FREE_TRIES = 2
_TRIES = 40
_PAUSE = 0.001


def fingerprint_of(command: msgspec.Struct, actor: str) -> bytes:
    """Return what tells a command from others under one key: the SHA-256 of what is given in it, and who acts.

    What is empty is left out, so that an attribute which a later version adds changes no fingerprint.
    """
    given = {name: value for name, value in asdict(command).items() if value}
    return sha256(canonical((type(command).__name__, given, actor))).digest()


def repeated(key: str | None, fingerprint: bytes, first: bytes, answer: bytes) -> Done:
    """Return the first answer to a key; raises KeyReused where it came with another command."""
    if first != fingerprint:
        raise KeyReused(key or "")
    return replace(_DONE.decode(answer), repeated=True)


def answered(
    done: Done, receipt: Receipt | VersionConflict | KeyReused, key: str | None, fingerprint: bytes
) -> Done | None:
    """Return the answer to what was appended, the first to its key; None where it met another's change.

    Raises KeyReused.
    """
    if type(receipt) is Receipt:
        return repeated(key, fingerprint, receipt.fingerprint, receipt.answer) if receipt.repeated else done
    if isinstance(receipt, KeyReused):
        raise receipt
    return None


def first_answer(engine: Engine, key: str | None, fingerprint: bytes) -> Done | None:
    """Return the first answer to a key that came before; raises KeyReused where it came with another command.

    Asked where a command is not carried out; where it is, the store finds the key when it appends.
    """
    receipt = None if key is None else engine.store.receipt(engine.tenant, key)
    return None if receipt is None else repeated(key, fingerprint, receipt.fingerprint, receipt.answer)


class Turns(Generic[T]):
    """Try anew what met another's change; threads that keep meeting take turns, other processes are waited for."""

    def __init__(self) -> None:
        self._contended = threading.Lock()

    def until_stored(self, attempt: Callable[[], T | None], what: str) -> T:
        """Return what an attempt gives, made anew while that is None.

        Raises StoreUnavailable, which names `what` kept changing, where that takes too long.
        """
        for _ in range(_FREE_TRIES):
            answer = attempt()
            if answer is not None:
                return answer
        with self._contended:
            for tried in range(_TRIES):
                answer = attempt()
                if answer is not None:
                    return answer
                time.sleep(_PAUSE * tried)
        raise StoreUnavailable(f"{what} kept changing while this was tried; try again")
