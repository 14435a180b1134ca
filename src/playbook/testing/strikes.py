"""Ctrl-C at chosen moments: what a program that goes on after it may rely on is proved by striking everywhere."""

from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

T = TypeVar("T")

# Python looks for signals where a function of its own begins, and where one written in C has returned
_MOMENTS = ("call", "c_return")
# what is raised there goes nowhere
_DEAF = "__del__"
_EACH = 60
_STEPS = 10
_PATIENCE = 30.0


def strike(at: int, work: Callable[[], object]) -> KeyboardInterrupt | None:
    """Do a work until Ctrl-C strikes at the so-and-so-many-th moment; return it, None where it was done before.

    Moments are those at which Python runs handlers of signals: where a function begins, and where one written in
    C has returned. A notebook keeps the last exception, and with it everything that was under way: so does
    whoever keeps what is returned. Raises AssertionError where the work went on as if nothing had been.
    """
    left = at
    raised: list[int] = []

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal left
        if event in _MOMENTS:
            left -= 1
            if left <= 0 and not _is_deaf(frame):
                sys.setprofile(None)
                raised.append(at)
                raise KeyboardInterrupt

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what is called while it collects swallows what it raises
    sys.setprofile(watch)
    try:
        work()
    except KeyboardInterrupt as struck:
        return struck
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    assert not raised, f"Ctrl-C at moment {at} was swallowed"
    return None


def _is_deaf(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == _DEAF:
            return True
        frame = frame.f_back
    return False


def moments() -> Iterator[int]:
    """Yield at which moments to strike: each of the first, then ever fewer, until whoever asks has enough."""
    at = 0
    while True:
        at += 1 if at < _EACH else at // _STEPS
        yield at


def promptly(work: Callable[[], T]) -> T:
    """Return what a work returns in a thread of its own; raises what it does, AssertionError where it is held up."""
    done: Future[T] = Future()

    def carry_out() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)
            raise

    threading.Thread(target=carry_out, daemon=True).start()
    wait([done], _PATIENCE)
    assert done.done(), "it waits for what nobody gives back"
    return done.result()
