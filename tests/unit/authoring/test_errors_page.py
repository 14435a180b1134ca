from __future__ import annotations

from pathlib import Path

from playbook.authoring.errors import page

FILE = Path(__file__).parents[3] / "docs" / "errors.md"


def test_the_page_is_what_the_codes_say_now() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), (
        "run: python -m playbook.authoring.errors > docs/errors.md"
    )
