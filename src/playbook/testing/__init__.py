"""What plugin authors test with: contracts that every implementation passes, and small builders."""

from __future__ import annotations

import pytest

for _name in (
    "appending",
    "archive",
    "counting",
    "hosted",
    "racing",
    "reading",
    "serving",
    "values",
    "working",
):
    pytest.register_assert_rewrite(f"playbook.testing.store_{_name}")
pytest.register_assert_rewrite("playbook.testing.streams")
