"""Import: rows of a source to cases, records, people and teams; whole rows only, and each row once."""

from playbook.importing.importing import import_file
from playbook.importing.outcome import Outcome, Rejected

__all__ = ["Outcome", "Rejected", "import_file"]
