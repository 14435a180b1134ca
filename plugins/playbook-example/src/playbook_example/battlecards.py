"""Battlecards: what to ask and say against a competitor, shown by `guide` where a case names it.

This module is imported when the first file of the kind is read; `shown` alone runs where cases do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Parsed, Problem, Project
    from playbook.reading.project import Reading

_TEXTS = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
SCHEMA = {
    "title": "Battlecard",
    "description": "What to ask and say against a competitor.",
    "type": "object",
    "required": ["battlecard", "for", "field", "is"],
    "additionalProperties": False,
    "properties": {
        "battlecard": {
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9-]*$",
            "title": "Id",
            "description": "Its id.",
            "examples": ["rivalsoft"],
        },
        "title": {
            "type": "string",
            "title": "Title",
            "description": "What people see.",
            "examples": ["Against Rivalsoft"],
        },
        "for": {
            "type": "string",
            "title": "For",
            "description": "What a case is called: a playbook's subject.",
            "examples": ["deal"],
        },
        "field": {
            "type": "string",
            "title": "Field",
            "description": "The field that names the competitor.",
            "examples": ["competitor"],
        },
        "is": {
            **_TEXTS,
            "title": "Is",
            "description": "What the field says where the card is meant.",
            "examples": [["Rivalsoft", "Rivalsoft GmbH"]],
        },
        "questions": {
            **_TEXTS,
            "title": "Questions",
            "description": "What to ask the buyer.",
            "examples": [["How long did your last update take?"]],
        },
        "pitfalls": {
            **_TEXTS,
            "title": "Pitfalls",
            "description": "What they will say of us, and what they hide.",
            "examples": [["They leave out what the second year costs."]],
        },
        "objections": {
            "type": "array",
            "title": "Objections",
            "description": "What the buyer says, and what to answer.",
            "examples": [[{"says": "They are cheaper", "answer": "Ask what the second year costs."}]],
            "items": {
                "type": "object",
                "required": ["says", "answer"],
                "additionalProperties": False,
                "properties": {
                    "says": {
                        "type": "string",
                        "title": "Says",
                        "description": "What the buyer says.",
                        "examples": ["They are cheaper"],
                    },
                    "answer": {
                        "type": "string",
                        "title": "Answer",
                        "description": "What to answer.",
                        "examples": ["Ask what the second year costs."],
                    },
                },
            },
        },
    },
}
FORMS = ("questions", "objections", "pitfalls")


def battlecard(parsed: Parsed) -> dict[str, Any]:
    """Return what a card says; the schema has taken out what has another shape."""
    root = parsed.root
    if not any(form in root for form in FORMS):
        parsed.source.report(
            "battlecard-empty",
            "the card says nothing",
            parsed.source.key(root, "battlecard"),
            f"write one of {', '.join(FORMS)}",
        )
    return parsed.plain()


def named(reading: Reading[dict[str, Any]], project: Project | None) -> Iterator[Problem]:
    """Find cards that no case can ever show: of a subject or field that no playbook has."""
    if project is None or reading.value is None:
        return
    card, source = reading.value, reading.source
    playbooks = [one.value for one in project.playbooks.values() if one.value]
    fields = [field for one in playbooks if one.subject == card.get("for") for field in one.fields]
    if "for" in card and not any(one.subject == card["for"] for one in playbooks):
        known = ", ".join(sorted({one.subject for one in playbooks}))
        message = f"no playbook is about a {card['for']!r}"
        yield source.problem("battlecard-for", message, source.at("for"), f"there are: {known}")
    elif "field" in card and card["field"] not in {field.id for field in fields}:
        message = f"a {card['for']} has no field {card['field']!r}"
        yield source.problem(
            "battlecard-field", message, source.at("field"), "name one that says who else is in"
        )


def shape() -> Shape:
    """Return what a battlecard looks like, and what is checked."""
    return Shape(SCHEMA, battlecard, checks=(named,))
