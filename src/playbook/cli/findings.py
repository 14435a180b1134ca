"""What is wrong with what is stored, told to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.output import clean, paint, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbook.stores.audit import Finding


def tell(findings: Iterable[Finding], file: str) -> None:
    """Print each finding behind its stream, version and position; what is about no stream behind the file."""
    for found in findings:
        place = f"{found.tenant} {found.stream}".strip() or file
        place += f" version {found.version} (position {found.position})" if found.version else ""
        say(f"{paint(clean(place), fg='red', bold=True)}: {clean(found.message)}")
