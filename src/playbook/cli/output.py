"""What is printed: one JSON document for programs, words and colours for people."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import sys
import textwrap
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from unicodedata import category, east_asian_width

import click

from playbook.cli.answering import answered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.errors import Blocker
    from playbook.model.playbook import Field
    from playbook.money import Money

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _END = "\u2068", "\u2069"
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that embed, override or isolate directions: those of a text itself could undo ours."""

_CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def document(value: object) -> None:
    """Print one JSON document: money with amount and currency, times with offset, shares as numbers."""
    import msgspec

    encoded = msgspec.json.Encoder(decimal_format="number").encode(plain(value))
    answered.set(True)
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def plain(value: Any) -> Any:
    """Return a value in the types of JSON; exact numbers stay Decimal."""
    from playbook.money import Money

    if isinstance(value, Money):
        return {"amount": format(value.amount, "f"), "currency": value.currency}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, float, Decimal)):
        return value
    attributes = getattr(type(value), "__attrs_attrs__", ())
    names = getattr(type(value), "__struct_fields__", [a.name for a in attributes])
    return {name: plain(getattr(value, name)) for name in names} if names else str(value)


def on_terminal(*, err: bool = False) -> bool:
    """Return whether a person sees the output as it comes."""
    return (sys.stderr if err else sys.stdout).isatty()


def paint(text: str, *, err: bool = False, **style: Any) -> str:
    """Return a text in colour where there is a terminal that wants it."""
    wanted = on_terminal(err=err) and not os.environ.get("NO_COLOR")
    return click.style(text, **style) if wanted else text


def clean(text: str, *, lines: bool = False) -> str:
    """Return a text that no terminal takes for a command; line ends stay where `lines`.

    On a terminal a text that runs from right to left is set apart from what stands around it.
    """
    cleaned = (_CONTROL_BUT_LINES if lines else _CONTROL).sub(" ", text)
    return isolated(cleaned) if on_terminal() else cleaned


def isolated(text: str) -> str:
    """Return a text whose lines stand apart from their surroundings where they hold letters from right to left."""
    if text.isascii() or not _RIGHT_TO_LEFT.search(text):
        return text
    return "\n".join(f"{_ISOLATE}{line}{_END}" for line in _DIRECTIONS.sub("", text).split("\n"))


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; marks and signs of direction take none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if category(char) in ("Mn", "Me", "Cf") else 1 + (east_asian_width(char) in "WF") for char in text
    )


def say(text: str = "") -> None:
    """Print a line for people."""
    click.echo(text)


def flow(text: str) -> str:
    """Return a text broken between words where a terminal would break it anywhere."""
    return textwrap.fill(text, shutil.get_terminal_size().columns) if on_terminal() else text


def labelled(rows: Iterable[tuple[str, str]], indent: int) -> None:
    """Print texts behind their labels; on a terminal long ones go on below, but for commands and places."""
    width = shutil.get_terminal_size().columns
    for label, text in rows:
        head = f"{' ' * indent}{label + ':':<9}"
        whole = not on_terminal() or label in ("do", "where")
        lines = [text] if whole else textwrap.wrap(text, max(width - len(head), 20)) or [""]
        say(head + (paint(lines[0], fg="green") if label == "do" else lines[0]))
        for line in lines[1:]:
            say(" " * len(head) + line)


def warn(text: str) -> None:
    """Say on the side what people should know; programs that read the output never see it."""
    click.echo(f"{paint('note:', fg='yellow', err=True)} {clean(text, lines=True)}", err=True)


def money(value: Money) -> str:
    """Return money with its currency's digits and thousands set apart."""
    rounded = value.rounded()
    return f"{rounded.amount:,f} {rounded.currency}"


def number(value: float | Decimal, digits: int = 2) -> str:
    """Return a number rounded half up, thousands set apart; a zero has no sign."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):z,f}"


def percent(share: float | Decimal, digits: int = 2) -> str:
    """Return a share (0 to 1) as a percentage."""
    exact = share if isinstance(share, Decimal) else Decimal(repr(share))
    return number(exact * 100, digits) + "%"


def moment(value: dt.datetime, zone: dt.tzinfo) -> str:
    """Return a time as the clock shows it in a zone."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def shown(value: Any, zone: dt.tzinfo, field: Field | None = None) -> str:
    """Return a field's value for people."""
    from playbook.model.values import SHARES, percentage
    from playbook.money import Money

    if value is None:
        return ""
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return moment(value, zone)
    if isinstance(value, Decimal):
        is_share = field is not None and field.type in SHARES
        return percentage(value) if is_share else f"{value:,f}"
    if isinstance(value, dict):
        if "amount" in value and "currency" in value and len(value) == 2:
            return money(Money(Decimal(str(value["amount"])), str(value["currency"])))
        return ", ".join(f"{key}: {shown(item, zone)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(item, zone, field.of if field else None) for item in value)
    return clean(str(value))


def blockers(found: Iterable[Blocker]) -> list[dict[str, Any]]:
    """Return blockers the way every command prints them as JSON."""
    names = ("criterion", "kind", "title", "hint", "missing", "actual", "who", "file", "line", "fix")
    return [{name: getattr(blocker, name) for name in names} for blocker in found]
