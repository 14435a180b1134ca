"""The page of a statement as a PDF: tagged for screen readers, with its fonts, the same bytes for the same page.

It is typeset by Typst from `sheet.typ`, without a network or the fonts of the machine. Fonts come from packages:
Rubik (Latin, Cyrillic, Hebrew, Arabic and Persian letters), and where it is installed Noto Sans CJK for Chinese;
both under the SIL Open Font License.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from playbook import InputError

if TYPE_CHECKING:
    from playbook_commission.showing.sheet import Sheet

_TEMPLATE = Path(__file__).parent / "sheet.typ"
_DIGITS = "[\u0660-\u066c\u06f0-\u06f9]"  # those of Rubik are too much like points
FONTS = {
    "fontpkg_noto_sans_arabic": {"name": "Noto Sans Arabic", "covers": _DIGITS},
    "fontpkg_rubik": {"name": "Rubik"},
    "manimgx_fonts_cjk": {"name": "Noto Sans CJK SC"},
}
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')


def pdf(sheet: Sheet) -> bytes:
    """Return the page as a PDF; raises InputError where a package is missing, or a font for its letters."""
    if find_spec("typst") is None or find_spec("fontpkg_rubik") is None:
        raise InputError("a PDF needs more packages: pip install 'playbook-commission[pdf]'; HTML needs none")
    import typst

    found = {name: family for name, family in FONTS.items() if find_spec(name) is not None}
    folders = [Path(str(import_module(name).__file__)).parent for name in found]
    page = {**attrs.asdict(sheet), "fonts": [*found.values()]}
    try:
        return typst.compile(
            _TEMPLATE, font_paths=folders, ignore_system_fonts=True,
            sys_inputs={"sheet": json.dumps(page, default=str)}, pdf_standards=["ua-1"],
        )  # fmt: skip
    except typst.TypstError as error:
        raise InputError(_fault(str(error))) from None


def _fault(error: str) -> str:
    letter = _MISSING.search(error)
    if letter is None:
        return f"the PDF cannot be made: {error}"
    return (
        f"the PDF has no font with the letter {letter[1]}: Chinese comes with"
        " pip install 'playbook-commission[pdf-chinese]'; HTML is shown with the fonts of whoever reads it"
    )
