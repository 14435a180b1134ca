from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from playbook.testing.strikes import moments, promptly
from playbook.worker import Stop

if TYPE_CHECKING:
    from types import FrameType


def test_a_handler_of_signals_that_strikes_anywhere_in_the_waiting_ends_it() -> None:
    def wait(stop: Stop, at: int) -> None:
        left = at

        def watch(_frame: FrameType, _event: str, _argument: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                sys.setprofile(None)
                stop.set()

        sys.setprofile(watch)
        try:
            stop.wait(0.05)
        finally:
            sys.setprofile(None)

    for at in moments():
        stop = Stop()
        promptly(partial(wait, stop, at))
        if not stop.is_set():
            break
        stop.wait(60)
    assert at > 2
