"""The public names: sorted, all there, and imported only when they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import playbook

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", playbook.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(playbook, name) is not None


def test_public_names_are_sorted_and_the_same_for_type_checkers() -> None:
    assert playbook.__all__ == sorted(playbook.__all__)
    tree = ast.parse(Path(playbook.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in checked.body if isinstance(node, ast.ImportFrom)]
    typed = {alias.asname or alias.name for node in imports for alias in node.names}
    assert {*typed, "__version__"} == set(playbook.__all__)


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import playbook; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "playbook"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Stage'"):
        _ = playbook.Stage


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert playbook.__version__ == project["version"]
