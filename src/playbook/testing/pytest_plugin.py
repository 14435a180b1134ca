"""Let pytest collect scenarios: files whose name ends in .scenario.yaml, one test for each run.

Found by its entry point in every run of pytest where this package is installed, so nothing else is imported before
there is a scenario to collect. `-p no:playbook` leaves it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_OURS = re.compile(r"(\s*(#[^\n]*)?\n)*scenario\s*:.*^playbook\s*:", re.MULTILINE | re.DOTALL)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario; a file of the same name that begins with another key is somebody else's."""
    if not file_path.name.endswith(".scenario.yaml"):
        return None
    from playbook.testing.scenarios import ScenarioFile

    text = file_path.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")
    return ScenarioFile.from_parent(parent, path=file_path) if _OURS.match(text) else None
