"""What the files of a company that sells say: playbooks, version by version, people, and a mapping."""

from __future__ import annotations

import json
from typing import Any

FREE = {"skip": "anyone", "back": "anyone", "reopen": "anyone"}
DEALS: dict[str, Any] = {
    "playbook": "deals", "version": 1, "subject": "deal", "title": "Deals", "moves": FREE,
    "fields": {
        "amount": {"type": "money", "editable_after_close": True},
        "expected_close": {"type": "date"},
        "product": {"type": "choice", "options": ["b", "A", "10"], "editable_after_close": True},
        "discount": {"type": "percent"},
        "double": {"type": "money", "is": "deal.amount * 2"},
        "seats": {"type": "number"},
        "trial": {"type": "boolean"},
        "champion": {"type": "person", "visible_to": ["owner", "manager"]},
        "demo": {"type": "datetime"},
        "tags": {"type": "list", "of": "text"},
        "crew": {"type": "list", "of": "person"},
        "account": {"type": "reference", "to": "account"},
        "origin": {"type": "reference", "to": "upsell"},
        "memo": {"type": "text", "personal": True},
        "items": {"type": "table", "columns": {"what": {"type": "text"}}},
        "lost": {"type": "integer"},
    },
    "stages": {
        "talk": {"title": "Talk", "probability": "20%", "next": ["offer"]},
        "offer": {
            "title": "Offer", "probability": "33.3%", "next": ["hope"],
            "timers": {"quiet": {"idle": "10d", "then": [{"notify": "owner", "say": "Call"}]}},
        },
        "hope": {"next": ["won", "lost", "dropped"]},
        "won": {"title": "Won", "final": "won", "from": "any"},
        "lost": {"title": "Lost", "final": "lost", "from": "any"},
        "dropped": {"final": "disqualified", "from": "any"},
    },
}  # fmt: skip
UPSELL: dict[str, Any] = {
    "playbook": "upsell", "version": 1, "subject": "upsell", "title": "More for customers", "moves": FREE,
    "about": {"amount": "price", "expected_close": "day"},
    "who_may": {"see": ["owner", "manager", "team"], "see_totals": "finance", "edit": "anyone"},
    "fields": {
        "price": {"type": "money", "visible_to": ["owner", "manager"], "editable_after_close": True},
        "day": {"type": "date", "visible_to": ["owner", "lead"]},
        "product": {"type": "text"},
        "amount": {"type": "money"},
        "twice": {"type": "money", "is": "upsell.price * 2"},
    },
    "stages": {
        "start": {"title": "Talk", "probability": "12.5%", "next": ["finish"]},
        "finish": {"title": "Finish", "probability": "90%", "next": ["sold", "kept", "lost", "gone"]},
        "sold": {"title": "Won", "final": "won", "from": "any"},
        "kept": {"final": "done", "from": "any"},
        "lost": {"final": "lost", "from": "any"},
        "gone": {"final": "churned", "from": "any"},
    },
}  # fmt: skip


def _changed(version: int, **stages: Any) -> dict[str, Any]:
    """Return the deals with other stages: those said first, then the others that stay; None takes one away."""
    said: dict[str, Any] = json.loads(json.dumps(DEALS))
    said["version"] = version
    said["stages"] = {name: one for name, one in ({**stages, **said["stages"]} | stages).items() if one}
    return said


_TALK = DEALS["stages"]["talk"]
VERSIONS = {
    "deals": (
        DEALS,
        _changed(2, talk=_TALK, offer={"title": "Quote", "probability": "45%", "next": ["hope"]}),
        _changed(3, talk=None, begin={"title": "Talk", "probability": "25%", "next": ["offer"]}),
        _changed(4, offer=None, hope=None, talk={"probability": "1%", "next": ["won", "lost", "dropped"]}),
    ),
    "upsell": (UPSELL,),
}  # fmt: skip
MAPPING = """
mapping: rows
into: deals
key: id
reads: {dates: "%Y-%m-%dT%H:%M%z"}
columns:
  owner: owner
  opened: opened
  closed: closed
  fields: {amount: amount, expected_close: {column: expected_close, dates: "%Y-%m-%d"}, product: product}
stages: {column: stage}
"""
PEOPLE = ("ann", "bob", "kim_n", "kim_s", "dana", "vera", "fin")
TEAMS = ("world", "north", "south")
ACCOUNTS = ("Alpha", "beta", "Alpha", "Gamma")
STATIONS = ("talk", "offer", "hope", "won", "lost", "dropped")
ORGANIZATION: dict[str, Any] = {
    "organization": "acme",
    "teams": {
        "world": {"title": "World", "manager": "vera"},
        "north": {"title": "Sales", "parent": "world", "manager": "dana"},
        "south": {"title": "Sales", "parent": "world"},
    },
    "people": {
        "ann": {"name": "Ann", "role": "ae", "team": "north"},
        "bob": {"name": "bob", "role": "ae", "team": "south", "manager": "dana"},
        "kim_n": {"name": "Kim", "role": "ae", "team": "north"},
        "kim_s": {"name": "Kim", "role": "lead"},
        "dana": {"name": "Dana", "role": "lead", "team": "north"},
        "vera": {"name": "Vera", "team": "world"},
        "fin": {"name": "Fin", "role": "finance"},
    },
}
