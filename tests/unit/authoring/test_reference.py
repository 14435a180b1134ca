from __future__ import annotations

import re
from pathlib import Path

from playbook.authoring.reference import page

FILE = Path(__file__).parents[3] / "docs" / "reference" / "language.md"


def test_the_reference_is_what_the_schemas_say_now() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), (
        "run: python -m playbook.authoring.reference > docs/reference/language.md"
    )


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    text = page()
    headings = {
        "".join(c for c in line.lstrip("# ").lower() if c.isalnum() or c in " -_").replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert links
    assert links <= headings
