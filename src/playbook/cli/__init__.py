"""The command line: `playbook COMMAND`."""

from playbook.cli.program import main

__all__ = ["main"]
