# ruff: noqa: RUF001 - letters from right to left are what this is about
"""Right-to-left text among left-to-right text: set apart, measured by what is seen."""

from __future__ import annotations

import pytest

from playbook.cli.output import isolated, width
from playbook.cli.tables import aligned, cut


@pytest.mark.parametrize("text", ["", "Acme", "Müller & Söhne", "株式会社", "Ωmega 😀"])
def test_what_runs_from_left_to_right_stays_as_it_is(text: str) -> None:
    assert isolated(text) == text


def test_right_to_left_text_is_isolated_line_by_line_and_cannot_break_out() -> None:
    assert isolated("شرکت Big") == "\u2068شرکت Big\u2069"
    assert isolated("עברית\nplain") == "\u2068עברית\u2069\n\u2068plain\u2069"
    assert isolated("\u2069\u202eشرکت\u2067") == "\u2068شرکت\u2069"


def test_a_width_is_what_a_terminal_shows() -> None:
    assert [width(text) for text in ("abc", "\u2068سلام\u2069", "می\u200cشود", "株式", "é")] == [
        3,
        4,
        5,
        4,
        1,
    ]
    assert aligned([["\u2068سلام\u2069", "x"], ["abcdef", "y"]]) == ["\u2068سلام\u2069    x", "abcdef  y"]
    assert cut("\u2068سلام دنیا\u2069", 6) == "\u2068سلام \u2069…"
