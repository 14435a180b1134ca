"""What a run of the program has said already."""

from __future__ import annotations

from contextvars import ContextVar

answered: ContextVar[bool] = ContextVar("answered", default=False)
"""Whether this run printed its one JSON document: what goes wrong after it is a line beside it, not a second."""
