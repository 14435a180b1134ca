"""What a condition lets through: the regions where it holds and where it fails; between them it is unknown.

Both are exact over what is looked at: a part that is not understood counts as a yes or no of its own. So what
is said of every case (never, always, no two together) is true, and silence is the answer everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from playbook.checking.regions import EVERYTHING, NOTHING, Key, Region, region
from playbook.checking.sets import Ranges, Texts, Values, compared, truth
from playbook.expressions import STANDARD, Node, load
from playbook.model.case import OPEN
from playbook.model.playbook import OUTCOMES
from playbook.times import parse_date

if TYPE_CHECKING:
    from playbook.model.playbook import Playbook
    from playbook.model.rules import Condition

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_NUMBERS = frozenset(("int", "number", "percent"))
_COUNTS = frozenset(("size", "count", "days", "working_days"))
_DAYS = {"d": 1, "w": 7}
_MINUTES = {"min": 1, "h": 60}
_EXACT = 2**53
_NOTHING = Decimal(0)
TODAY = Node("name", ("today",))


@attrs.frozen(eq=False)
class Meaning:
    """Hold where a condition holds and where it fails."""

    holds: Region
    fails: Region

    def turned(self) -> Meaning:
        """Return what its opposite means."""
        return Meaning(self.fails, self.holds)


ALWAYS = Meaning(EVERYTHING, NOTHING)
NEVER = Meaning(NOTHING, EVERYTHING)


class Reader:
    """Read conditions of one playbook; what its fields and stages can be is known."""

    def __init__(self, playbook: Playbook) -> None:
        self._known: dict[int, tuple[Condition, Meaning | None]] = {}
        self._subject = playbook.subject
        self.types = {field.id: field.type for field in playbook.fields}
        self._options: Mapping[tuple[str, str], frozenset[str]] = {
            **{
                (playbook.subject, field.id): frozenset(field.options)
                for field in playbook.fields
                if field.type == "choice" and field.options
            },
            ("case", "stage"): frozenset(stage.id for stage in playbook.stages),
            ("case", "outcome"): frozenset((OPEN, *OUTCOMES)),
        }

    def meaning(self, condition: Condition | None) -> Meaning | None:
        """Return what a condition means: always where there is none, None where it has a mistake.

        Raises TooManyError.
        """
        if condition is None:
            return ALWAYS
        known = self._known.get(id(condition))
        if known is None:
            meaning = None if condition.tree is None else self.of(load(condition.tree))
            # The condition is kept too, so that no other gets its id.
            known = self._known[id(condition)] = condition, meaning
        return known[1]

    def of(self, node: Node) -> Meaning:
        """Return what a tree means; raises TooManyError."""
        if node.op in ("and", "or"):
            return self._joined(node)
        if node.op == "not":
            return self.of(node.args[0]).turned()
        if node.op == "if":
            test, then, otherwise = map(self.of, node.args)
            return Meaning(
                test.holds.both(then.holds).either(test.fails.both(otherwise.holds)),
                test.holds.both(then.fails).either(test.fails.both(otherwise.fails)),
            )
        if node.op == "bool":
            return ALWAYS if node.args[0] else NEVER
        return self._atom(node) or self._opaque(node)

    def _joined(self, node: Node) -> Meaning:
        parts = [self.of(part) for part in node.args]
        found = parts[0]
        for part in parts[1:]:
            if node.op == "and":
                found = Meaning(found.holds.both(part.holds), found.fails.either(part.fails))
            else:
                found = Meaning(found.holds.either(part.holds), found.fails.both(part.fails))
        return found

    def _atom(self, node: Node) -> Meaning | None:
        if node.op == "filled":
            parts = [self.there(part) for part in node.args]
            if all(parts):
                holds = EVERYTHING
                for part in parts:
                    holds = holds.both(region([part]))
                return Meaning(holds, holds.rest())
        if node.op in _FLIPPED:
            return self._comparison(node.op, *node.args)
        if node.op == "in" and node.args[1].op == "list":
            return self._among(node.args[0], node.args[1].args)
        return None

    def _opaque(self, node: Node) -> Meaning:
        """Return what a yes or no of its own means."""
        return self._split(("is", node, ""), truth(True), self._presence(node))

    def _split(self, key: Key, values: Values, there: Mapping[Key, Values]) -> Meaning:
        """Return the meaning of a test that lets these values through, and fails for all others."""
        holds, fails = region([{**there, key: values}]), region([{**there, key: _others(values)}])
        return Meaning(holds, fails)

    # --- what is there ---

    def there(self, node: Node) -> Mapping[Key, Values]:
        """Return what says that a value is there; nothing for what is no field."""
        return {("there", node, ""): truth(True)} if node.op in ("field", "follow") else {}

    def _presence(self, *nodes: Node) -> dict[Key, Values]:
        """Return that the fields are there which a comparison cannot do without."""
        found: dict[Key, Values] = {}
        for node in nodes:
            found |= self.there(node)
            if node.op in ("add", "sub"):
                found |= self._presence(*node.args)
        return found

    # --- comparisons ---

    def _comparison(self, sign: str, left: Node, right: Node) -> Meaning | None:
        if "null" in (left.op, right.op):
            there = self.there(right if left.op == "null" else left)
            if not there or sign not in ("eq", "ne"):
                return None
            found = region([there])
            return Meaning(found, found.rest()) if sign == "ne" else Meaning(found.rest(), found)
        if _is_literal(left):
            left, right, sign = right, left, _FLIPPED[sign]
        if _is_literal(left):
            return None
        if _is_literal(right):
            tested = self._tested(sign, left, right)
            return None if tested is None else self._split(*tested, self._presence(left))
        return self._pair(sign, left, right)

    def _tested(self, sign: str, term: Node, literal: Node) -> tuple[Key, Values] | None:
        """Return what a comparison with a literal looks at, and the values it lets through."""
        if literal.op in ("string", "bool"):
            text = literal.args[0] if literal.op == "string" else str(literal.args[0]).lower()
            if sign not in ("eq", "ne"):
                return None
            if literal.op == "bool":
                found: Texts = truth(literal.args[0])
                key: Key = ("is", term, "")
            else:
                found = Texts(frozenset((text,)), every=self._options.get(_named(term)))
                key = ("text", term, "")
            return key, found if sign == "eq" else _others(found)
        scaled = self._scaled(term, literal)
        if scaled is None:
            return None
        scale, number, whole = scaled
        return ("number", term, scale), compared(sign, number, whole=whole)

    def _scaled(self, term: Node, literal: Node) -> tuple[str, Decimal, bool] | None:
        """Return on which scale a literal lies, where, and whether only whole numbers lie there."""
        if literal.op in _NUMBERS:
            return "", Decimal(literal.args[0]), self._is_whole(term)
        if literal.op == "double":
            # Beside a whole number it is exact as far as doubles tell whole numbers apart; else it may be no number.
            number = Decimal(literal.args[0])
            return ("", number, True) if self._is_whole(term) and abs(number) < _EXACT else None
        if literal.op == "money":
            return literal.args[1], Decimal(literal.args[0]), False
        if literal.op == "duration":
            count, unit = Decimal(literal.args[0]), literal.args[1]
            if unit in _MINUTES:
                return "min", count * _MINUTES[unit], False
            return ("d", count * _DAYS[unit], False) if unit in _DAYS else (unit, count, False)
        day = _day(literal)
        return None if day is None or not self._is_date(term) else ("date", Decimal(day), True)

    def _is_whole(self, term: Node) -> bool:
        if term.op == "call":
            return term.args[0] in _COUNTS and STANDARD.get(term.args[0]) is not None
        return term.op == "field" and term.args[0] == self._subject and self._type(term) == "integer"

    def _is_date(self, term: Node) -> bool:
        return term == TODAY or (term.op == "field" and self._type(term) == "date")

    def _type(self, term: Node) -> str:
        """Return the type of a field, also as a stage has stamped it."""
        return self.types.get(term.args[1], "") if term.args[0] not in ("case", "actor", "child") else ""

    def _among(self, term: Node, literals: tuple[Node, ...]) -> Meaning | None:
        found = None
        for literal in literals:
            meaning = self._comparison("eq", term, literal) if _is_literal(literal) else None
            if meaning is None:
                return None
            if found is not None:
                holds, fails = found.holds.either(meaning.holds), found.fails.both(meaning.fails)
                meaning = Meaning(holds, fails)
            found = meaning
        return found

    def _pair(self, sign: str, left: Node, right: Node) -> Meaning | None:
        """Return the meaning of two values beside each other: what lies between them, in days or by order alone."""
        there = self._presence(left, right)
        (one, more), (other, less) = self._shifted(left), self._shifted(right)
        in_days = self._is_date(one) and self._is_date(other)
        if not in_days:
            one, other, more, less = left, right, _NOTHING, _NOTHING
        if repr(other) < repr(one):
            one, other, more, less, sign = other, one, less, more, _FLIPPED[sign]
        key: Key = ("between", Node("sub", (one, other)), "d" if in_days else "")
        return self._split(key, compared(sign, less - more, whole=in_days), there)

    def _shifted(self, node: Node) -> tuple[Node, Decimal]:
        """Return a day and how many days are added to it."""
        if node.op in ("add", "sub") and node.args[1].op == "duration" and node.args[1].args[1] in _DAYS:
            day, (count, unit) = node.args[0], node.args[1].args
            return day, Decimal(count) * _DAYS[unit] * (1 if node.op == "add" else -1)
        return node, _NOTHING


def _others(values: Values) -> Values:
    """Return the other values; having none is not among them."""
    rest: Ranges | Texts = values.rest()  # type: ignore[assignment]
    return attrs.evolve(rest, missing=False)


def _is_literal(node: Node) -> bool:
    return node.op in ("string", "bool", "money", "duration", "double", *_NUMBERS) or _day(node) is not None


def _day(node: Node) -> int | None:
    """Return the day of `date("2026-03-01")`."""
    if node.op != "call" or node.args[0] != "date" or len(node.args) != 2 or node.args[1].op != "string":
        return None
    try:
        return parse_date(node.args[1].args[0]).toordinal()
    except ValueError:
        return None


def _named(node: Node) -> tuple[str, str]:
    return (node.args[0], node.args[1]) if node.op == "field" else ("", "")
