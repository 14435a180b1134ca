"""The two answers that are not values: unknown because something is missing, and an error."""

from __future__ import annotations

from typing import Never


class Unknown:
    """Stand for a value that reads something missing; `paths` like `("deal.amount",)`, or a `reason`."""

    __slots__ = ("paths", "reason")

    def __init__(self, paths: tuple[str, ...] = (), reason: str = "") -> None:
        self.paths = paths
        self.reason = reason

    def merge(self, other: Unknown) -> Unknown:
        """Return the unknown of both, each path once."""
        return Unknown(tuple(dict.fromkeys((*self.paths, *other.paths))), self.reason or other.reason)

    def __bool__(self) -> Never:
        raise TypeError("an unknown is neither true nor false: test `is True`")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and (self.paths, self.reason) == (other.paths, other.reason)

    def __hash__(self) -> int:
        return hash((self.paths, self.reason))

    def __repr__(self) -> str:
        return f"Unknown({self.paths!r}, {self.reason!r})"


class EvalError:
    """Stand for an evaluation that failed, such as a division by zero; `message` says why."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __bool__(self) -> Never:
        raise TypeError("an error is neither true nor false: test `is True`")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EvalError) and self.message == other.message

    def __hash__(self) -> int:
        return hash(self.message)

    def __repr__(self) -> str:
        return f"EvalError({self.message!r})"
