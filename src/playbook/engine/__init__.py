"""The engine: what an embedding program holds."""

from playbook.engine.answers import CaseView, Done, Explanation, HistoryItem
from playbook.engine.engine import Engine

__all__ = ["CaseView", "Done", "Engine", "Explanation", "HistoryItem"]
