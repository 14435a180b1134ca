"""Scenarios: run with a pretended clock, held against what they expect, and what of a playbook they touch."""

from playbook.authoring.scenarios.coverage import PARTS, Coverage, Item
from playbook.authoring.scenarios.results import Failure, Result
from playbook.authoring.scenarios.running import Run, Runner, opened, runs
from playbook.authoring.scenarios.telling import junit, told
from playbook.model.expectations import Mismatch

__all__ = [
    "PARTS", "Coverage", "Failure", "Item", "Mismatch", "Result", "Run", "Runner", "junit", "opened", "runs", "told",
]  # fmt: skip
