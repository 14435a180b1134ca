"""Values that show what is said of a condition: taken from a region, and tried on the conditions themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from playbook.checking.meaning import TODAY
from playbook.expressions import STANDARD, Scope, compile, load, reads  # noqa: A004
from playbook.model.values import percentage
from playbook.money import Money
from playbook.times import Calendar

if TYPE_CHECKING:
    from playbook.checking.regions import Box, Key, Region
    from playbook.model.playbook import Field, Playbook
    from playbook.model.rules import Condition

    Tried = Iterable[tuple[Condition, bool]]

_NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
_CURRENCY = "EUR"
_STEP = Decimal(1)
_STEPS = {"percent": Decimal("0.01")}


class _UnfitError(Exception):
    """Say that a box holds nothing that can be shown."""


class Witness:
    """Hold values of fields; as text they read `amount = 25000 EUR`."""

    def __init__(self, playbook: Playbook, box: Box) -> None:
        self._subject = playbook.subject
        self._fields = {field.id: field for field in playbook.fields}
        self.values: dict[str, Any] = {}
        self.said: dict[str, str] = {}
        opaque: set[str] = set()
        for key, found in _on_one_scale(box).items():
            name, base = self._field(key)
            if name:
                self._take(name, base, key, found)
            elif key[0] != "there":
                opaque |= reads(key[1])
        if opaque & {f"{self._subject}.{name}" for name in self.values}:
            raise _UnfitError

    def _field(self, key: Key) -> tuple[str, bool]:
        """Return the field that a key is about, and whether it is looked at from today."""
        kind, node, _ = key
        if kind == "between" and node.args[1] == TODAY:
            return self._field(("number", node.args[0], ""))[0], True
        if kind == "between" or node.op != "field" or node.args[0] != self._subject:
            return "", False
        return (node.args[1] if node.args[1] in self._fields else ""), False

    def _take(self, name: str, from_today: bool, key: Key, found: Any) -> None:
        field = self._fields[name]
        sample = found.sample(_STEPS.get(field.type, _STEP))
        if sample is None:
            raise _UnfitError
        if key[0] == "there":
            if sample == "false":
                self._note(name, None, "nothing")
            elif name not in self.values:
                self.values[name] = _ANY.get(field.type, "x")
            return
        if name in self.said:
            raise _UnfitError
        if from_today:
            day = _NOW.date() + dt.timedelta(days=int(sample))
            self._note(name, day, f"today {'+' if sample >= 0 else '-'} {abs(int(sample))} days")
        else:
            self._note(name, *_value(field, sample, key[2]))

    def _note(self, name: str, value: Any, said: str) -> None:
        if self.values.get(name) is not None and name in self.said:
            raise _UnfitError
        self.values[name], self.said[name] = value, said

    def shows(self, tried: Tried, case: Mapping[str, Any]) -> bool:
        """Return whether every condition answers as expected: true, or (for False) not true."""
        roots = {self._subject: self.values, "case": case}
        scope = Scope(roots, _NOW, Calendar(), dt.UTC, _CURRENCY)
        return all((_run(one, scope) is True) is wanted for one, wanted in tried)

    def fails(self, conditions: Iterable[Condition]) -> bool:
        """Return whether every condition is false, and not unknown."""
        scope = Scope({self._subject: self.values}, _NOW, Calendar(), dt.UTC, _CURRENCY)
        return all(_run(one, scope) is False for one in conditions)

    def __str__(self) -> str:
        return " and ".join(f"{name} = {self.said[name]}" for name in self._fields if name in self.said)


def _on_one_scale(box: Box) -> dict[Key, Any]:
    """Return a box in which money that is compared with 0 alone, beside a currency, is on the scale of that."""
    found = dict(box)
    for key, values in box.items():
        others = [other for other in box if other[:2] == key[:2] and other != key]
        bare = (
            key[0] == "number"
            and not key[2]
            and all(cut[0] == 0 or cut[0].is_infinite() for cut in values.cuts)
        )
        if bare and len(others) == 1:
            found[others[0]] = found[others[0]].meet(found.pop(key))
    return found


def witnesses(playbook: Playbook, region: Region) -> Iterable[Witness]:
    """Yield values that lie in a region, one for each box that has some which can be shown."""
    for box in region.boxes:
        try:
            found = Witness(playbook, box)
        except (_UnfitError, ValueError, OverflowError):
            continue
        if found.said:
            yield found


def _run(condition: Condition, scope: Scope) -> object:
    return compile(load(condition.tree), STANDARD)(scope)


def _value(field: Field, sample: Any, scale: str) -> tuple[Any, str]:
    """Return a sample as a value of the field, and in words; raises ValueError where it can be none."""
    if field.type == "money":
        money = Money.of(sample, scale or _CURRENCY)
        amount = format(sample.normalize(), "f")
        return money, f"{amount} {scale}".strip()
    if field.type == "date":
        day = dt.date.fromordinal(int(sample))
        return day, day.isoformat()
    if field.type == "boolean":
        return sample == "true", sample
    if field.type == "percent":
        return sample, percentage(sample)
    if field.type == "integer":
        return int(sample), str(int(sample))
    if field.type == "number":
        return sample, format(sample.normalize(), "f")
    if field.type in ("choice", "text") and isinstance(sample, str):
        return sample, f'"{sample}"'
    raise _UnfitError


_ANY: Mapping[str, Any] = {
    "money": Money.of(1, _CURRENCY), "percent": Decimal("0.1"), "number": Decimal(1), "integer": 1,
    "date": _NOW.date(), "datetime": _NOW, "boolean": True, "list": ("x",), "table": ({},),
}  # fmt: skip
