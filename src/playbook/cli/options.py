"""Options that every command takes, before its name or after it, and how commands are declared."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable


C = TypeVar("C", bound=click.Command)


class Given:
    """Hold what the common options say; the one nearest to the end of the line counts."""

    __slots__ = ("actor", "at", "json", "locale", "project", "store", "tenant")

    def __init__(self) -> None:
        self.project: str = ""
        self.store: str = ""
        self.json: bool = False
        self.actor: str = ""
        self.tenant: str = ""
        self.at: str = ""
        self.locale: str = ""


_OPTIONS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("project", ("--project",), {"metavar": "DIR", "help": "The team's folder; here by default."}),
    ("store", ("--store",), {"metavar": "URL", "help": "Where cases are kept; the project's by default."}),
    ("json", ("--json",), {"is_flag": True, "help": "Print one JSON document."}),
    ("actor", ("--as",), {"metavar": "ACTOR", "help": "Who acts: id or name of a person."}),
    ("tenant", ("--tenant",), {"metavar": "NAME", "help": "Whose cases; `default` by default."}),
    ("at", ("--at",), {"metavar": "TIME", "help": "When it happened, or as of when to look."}),
    (
        "locale",
        ("--locale",),
        {"metavar": "LANGUAGE", "help": "In which to show texts; the project's by default."},
    ),
)


def common(command: C) -> C:
    """Add the common options to a command; the program alone shows them in its help."""
    hidden = not isinstance(command, click.Group)
    taken = {name for parameter in command.params for name in parameter.opts}
    for name, flags, attributes in _OPTIONS:
        if not taken & set(flags):
            option = click.Option(
                [*flags, name], expose_value=False, callback=_keep, hidden=hidden, default=None, **attributes
            )
            command.params.append(option)
    return command


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value and parameter.name:
        setattr(given_to(ctx), parameter.name, value)


def given_to(ctx: click.Context) -> Given:
    """Return what the common options of this run say."""
    root = ctx.find_root()
    if not isinstance(root.obj, Given):
        root.obj = Given()
    return root.obj


def command(
    name: str, *, example: str, at: bool = False, publishes: bool = True
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Declare a command: its function gets the Session first and returns the exit code, None for 0.

    `at` says whether it can be told another time with --at, `publishes` whether it first publishes what is new in
    the project's files: one that only tries something does not.
    """

    def declare(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def run(**values: Any) -> None:
            from playbook.cli.session import Session

            ctx = click.get_current_context()
            session = Session(given_to(ctx), publishes=publishes)
            if session.given.at and not at:
                raise click.UsageError(f"{name} is about the present and takes no --at", ctx)
            try:
                code = function(session, **values)
            finally:
                session.close()
            ctx.exit(code or 0)

        more = "Options for every command, such as --json and --as: playbook --help"
        epilog = f"\b\nExample:\n  {example}\n\n{more}"
        return common(click.command(name, epilog=epilog)(run))

    return declare


def assignments(
    pairs: tuple[str, ...], form: str = "field=value", example: str = "amount='25000 EUR'"
) -> dict[str, str | None]:
    """Return `field=value` arguments as a mapping; an empty value is None."""
    values: dict[str, str | None] = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals or not field.strip():
            raise click.UsageError(f"{pair!r} is not {form}: write for example {example}")
        if field in values:
            raise click.UsageError(f"{field} is given twice")
        values[field.strip()] = value or None
    return values


def fields_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument `field=value ...`."""
    return click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")(function)


__all__ = ["Given", "assignments", "command", "common", "fields_argument", "given_to"]
