"""The command line: `playbook COMMAND`."""

import sys

try:
    from playbook.cli.program import main
except KeyboardInterrupt:  # Ctrl-C while the program was still loading; nothing had begun
    sys.stderr.write("error: stopped\n")
    sys.exit(130)

__all__ = ["main"]
