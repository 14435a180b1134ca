"""Find the folders that ship with the package: schemas, playbooks."""

from __future__ import annotations

from pathlib import Path


def shipped(folder: str) -> Path:
    """Return the shipped folder: inside an installed wheel, or at the root of a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "shipped" / folder
    return installed if installed.is_dir() else package.parents[1] / folder
