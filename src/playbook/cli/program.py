"""The program: its commands, each imported when it is used, and those that plugins add."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from playbook import __version__
from playbook.cli.faults import blamed, guarded
from playbook.cli.options import common, given_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.plugins import Registry

COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("init", "init", "Make a small working project."),
    "check": ("check", "check", "Check the project's files, or the files named."),
    "test": ("scenarios", "test", "Run the project's scenarios."),
    "publish": ("publish", "publish", "Publish what the project's files say now."),
    "docs": ("docs", "docs", "Write a page to read and to print for each playbook."),
    "graph": ("graph", "graph", "Draw a playbook: a tree, Mermaid or DOT."),
    "open": ("change", "open_", "Open a case."),
    "show": ("show", "show", "Show a case as it stands, or stood."),
    "history": ("history", "history", "Tell what happened on a case, or with an account."),
    "list": ("listing", "list_", "List cases."),
    "board": ("board", "board", "Show the open cases by stage."),
    "next": ("next", "next_", "Tell what to do now, the most urgent first."),
    "why": ("why", "why", "Explain what stands between a case and its next stage."),
    "guide": ("guide", "guide", "Show what helps with a case where it stands."),
    "set": ("change", "set_", "Change fields of a case."),
    "do": ("change", "do", "Finish a planned activity."),
    "log": ("change", "log", "Log what was not planned: a call, a payment."),
    "note": ("change", "note", "Note something on a case."),
    "approve": ("answer", "approve", "Say yes to what was asked for."),
    "refuse": ("answer", "refuse", "Say no to what was asked for."),
    "waive": ("answer", "waive", "Make an exception from a criterion, for a while."),
    "skip-activity": ("amend", "skip_activity", "Leave out a planned activity."),
    "advance": ("change", "advance", "Move a case forward."),
    "back": ("change", "back", "Move a case back."),
    "close": ("change", "close", "Close a case in a final stage."),
    "reopen": ("amend", "reopen", "Open a closed case again."),
    "assign": ("change", "assign", "Give a case to someone else."),
    "split": ("amend", "split", "Divide the credit for a case."),
    "record": ("record", "record", "Open, change, show or list records: accounts, contacts."),
    "merge": ("record", "merge", "Say that two records are one."),
    "forget": ("record", "forget", "Erase the personal values of a record, person or case."),
    "import": ("importing", "import_", "Import a file by a mapping."),
    "report": ("report", "report", "Show a report; without a name, which there are."),
    "worker": ("worker", "worker", "Strike timers when they are due."),
    "translate": ("translate", "translate", "Write what is missing in a translation, name what is stale."),
    "plugins": ("plugins", "plugins", "List plugins and what they add."),
    "schema": ("schema", "schema", "Print the JSON Schema of a kind of file."),
    "store": ("store", "store", "Print the statements that make a store's tables."),
    "fsck": ("fsck", "fsck", "Prove that what is stored is what was written."),
    "backup": ("keeping", "backup", "Back up the database while others work with it."),
    "copy": ("keeping", "copy_", "Copy a store into another, whole and proved."),
    "demo": ("demo", "demo", "Show it all with a simulated year of deals."),
}
"""Every command that ships: the module beside this one, the name in it, and what it does."""


class Program(click.Group):
    """Hold the commands without importing them; a plugin's command never takes the place of one that ships."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help: ours, then those of plugins."""
        return [*COMMANDS, *(name for name in self._registry(ctx).commands if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by its name, importing it."""
        found = COMMANDS.get(name)
        if found is not None:
            module, attribute, _ = found
            command: click.Command = getattr(import_module(f"playbook.cli.{module}"), attribute)
            return command
        registry = self._registry(ctx)
        added = registry.commands.get(name)
        if added is None:
            return None
        with blamed(registry, "commands", name):
            plugged: click.Command = common(added.load())
            return plugged

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with; an unknown one names the nearest."""
        command = self.get_command(ctx, args[0])
        if command is None:
            raise click.UsageError(f"there is no command {args[0]!r}{self._hint(ctx, args[0])}", ctx)
        return args[0], command, args[1:]

    def _hint(self, ctx: click.Context, name: str) -> str:
        """Return the group of a plugin that has a command of that name, else the nearest."""
        from playbook.errors import nearest_hint

        for added in self._registry(ctx).commands:
            group = self.get_command(ctx, added)
            if isinstance(group, click.Group) and name in group.commands:
                return f"; did you mean '{added} {name}'?"
        return nearest_hint(name, self.list_commands(ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        added = self._registry(ctx).commands
        rows = [(name, text) for name, (_, _, text) in COMMANDS.items()]
        rows += [(name, added[name].help) for name in added if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> Any:
        """Run the program and exit: 0 done, 1 refused or found wanting, 2 wrong usage, 3 a fault."""
        gc.set_threshold(
            100_000
        )  # starting makes much and throws nothing away: looking for garbage costs a tenth
        arguments = list(sys.argv[1:] if args is None else args)
        sys.exit(guarded(lambda: super(Program, self).main(arguments, "playbook", standalone_mode=False),
                         as_json="--json" in arguments))  # fmt: skip

    def _registry(self, ctx: click.Context) -> Registry:
        from playbook.cli.session import Session

        return Session(given_to(ctx)).registry


@common
@click.group(cls=Program, invoke_without_command=True)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Run the way you sell: playbooks in YAML, checked, enforced and explained.

    A team's folder holds its playbooks; `playbook init` makes one. Cases are named by their id, a unique
    beginning of it, or their unique name.

    Exit codes: 0 done, 1 refused or found wanting, 2 wrong usage, 3 a fault.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


__all__ = ["COMMANDS", "main"]
