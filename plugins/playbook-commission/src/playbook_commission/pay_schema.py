"""What scenarios may expect of pay, as JSON Schema; it is made whenever plugins are loaded, so imports little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_AMOUNT = {
    "type": ["string", "integer", "number"], "pattern": r"^-?[0-9]+(\.[0-9]+)?( [A-Z]{3})?$|\$",
}  # fmt: skip


def _text(title: str, description: str, example: str) -> dict[str, Any]:
    return {
        "title": title, "description": description, "type": "string", "minLength": 1, "examples": [example]
    }  # fmt: skip


def _amount(title: str, description: str, example: str) -> dict[str, Any]:
    return {"title": title, "description": description, **_AMOUNT, "examples": [example]}


def _amounts(title: str, description: str, example: str) -> dict[str, Any]:
    return {
        "title": title, "description": description, "type": "object", "additionalProperties": _AMOUNT,
        "examples": [{"new_business": example}],
    }  # fmt: skip


_LINE = {
    "title": "Line",
    "description": "What a line says, as much of it as is named.",
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "pay": _amount("Pay", "What it pays.", "48 EUR"),
        "credit": _amount("Credit", "What was credited.", "600 EUR"),
        "rate": _text("Rate", "The share of the credit that it pays, over all slices.", "8%"),
        "component": _text("Component", "The component that pays it.", "new_business"),
        "kind": _text("Kind", "What kind of line it is: credit, spiff, clawback, ...", "credit"),
        "case": {
            "title": "Case", "description": "What the case is called.", "type": ["string", "number", "boolean"],
            "examples": ["Birch Ltd"],
        },
        "because": _text("Because", "The reason that it gives.", "refund of 2027-04-10"),
    },
}  # fmt: skip
_ONE = {
    "title": "Statement",
    "description": "Whose statement, of which period, and what it says.",
    "type": "object",
    "additionalProperties": False,
    "required": ["person", "period"],
    "minProperties": 3,
    "properties": {
        "person": _text("Person", "Who is paid.", "sam"),
        "period": _text("Period", "A period of the plan.", "2027-Q1"),
        "plan": _text("Plan", "By which plan, where there are several.", "ae-2027"),
        "earned": _amount("Earned", "The sum of the lines.", "48 EUR"),
        "draw": _amount("Draw", "What is paid before it is earned; negative where recovered.", "0 EUR"),
        "held": _amount("Held", "What waits for payments; negative where more is released.", "0 EUR"),
        "paid": _amount("Paid", "What is paid out.", "48 EUR"),
        "owed": _amount("Owed", "The debt that is carried on.", "0 EUR"),
        "components": _amounts("Components", "What components earned.", "48 EUR"),
        "quota": _amounts("Quota", "The quotas of components, for the days that count.", "250000 EUR"),
        "lines": {
            "title": "Lines", "description": "All lines, in order; each says as much as it names.",
            "type": "array", "items": _LINE, "examples": [[{"pay": "48 EUR"}]],
        },
    },
}  # fmt: skip
PAY: Mapping[str, Any] = {
    "title": "Pay",
    "description": "What people are paid: one statement, or several.",
    "anyOf": [_ONE, {"title": "Statements", "type": "array", "minItems": 1, "items": _ONE}],
    "examples": [{"person": "sam", "period": "2027-Q1", "paid": "48 EUR", "lines": [{"pay": "48 EUR"}]}],
}
