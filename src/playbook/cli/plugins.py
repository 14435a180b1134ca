"""`playbook plugins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.options import command
from playbook.cli.output import clean, document, paint, say
from playbook.cli.program import COMMANDS

if TYPE_CHECKING:
    from playbook.cli.session import Session
    from playbook.plugins import PluginInfo

_WIDTH = 11


@command("plugins", example="playbook plugins --json")
def plugins(session: Session) -> None:
    """List the plugins, what each adds, and why one is not used."""
    found = session.registry.plugins
    if session.json:
        document({"plugins": [_plain(plugin) for plugin in found]})
        return
    for plugin in found:
        version = f" {plugin.version}" if plugin.version else ""
        origin = f" ({plugin.distribution}{version})" if plugin.distribution else ""
        say(paint(clean(plugin.name), bold=True) + clean(origin))
        width = max((_WIDTH, *(len(kind) + 2 for kind in plugin.contributes)))
        for kind, names in plugin.contributes.items():
            say(f"  {kind + ':':<{width}}{', '.join(names)}")
        for fault in _faults(plugin):
            say(f"  {paint('not used:', fg='red')} {clean(fault)}")


def _plain(plugin: PluginInfo) -> dict[str, object]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "contributes": dict(plugin.contributes),
        "fault": " ".join(_faults(plugin)),
    }


def _faults(plugin: PluginInfo) -> list[str]:
    """Return why a plugin, or a command of it, is not used."""
    hidden = [name for name in plugin.contributes.get("commands", ()) if name in COMMANDS]
    said = [f"the command {name!r} is built in and stays as it is" for name in hidden]
    return [*([plugin.fault] if plugin.fault else []), *said]
