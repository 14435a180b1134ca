"""What the documents say is run: console sessions with their output, and the Python of a page."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "playbooks"
PAY = ROOT / "plugins" / "playbook-commission" / "README.md"
PAGES = sorted([ROOT / "README.md", PAY, *(ROOT / "docs").rglob("*.md"), *SHIPPED.rglob("*.md")])


def _with(language: str) -> list[Path]:
    return [page for page in PAGES if f"```{language}\n" in page.read_text(encoding="utf-8")]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def _matches(expected: str, output: str) -> bool:
    """Compare with `...` standing for anything: within a line, or for whole lines where it stands alone."""
    whole = re.escape(expected.rstrip("\n")).replace(r"\.\.\.", ".*")
    return re.fullmatch(whole, output.rstrip("\n"), re.DOTALL) is not None


def _lay_out(folder: Path) -> None:
    """Put the playbooks of one team where a page about one of them is tried."""
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("enterprise"))
    (folder / "playbook.yaml").write_text("project: lumen\norganization: lumen\n", encoding="utf-8")


@pytest.mark.parametrize("page", _with("python"), ids=_name)
def test_the_python_of_a_page_runs(page: Path) -> None:
    names: dict[str, object] = {}
    for block in _blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    assert names


@pytest.mark.parametrize("page", _with("console"), ids=_name)
def test_the_console_sessions_of_a_page_print_what_they_say(page: Path, tmp_path: Path) -> None:
    """Run a page from its top; a block with `file=NAME` is written, one with `into=NAME after="LINE"` goes in."""
    folder = tmp_path
    if page.is_relative_to(SHIPPED):
        _lay_out(folder)
    if page == PAY:
        shutil.copytree(ROOT / "examples", folder / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1"}
    text = page.read_text(encoding="utf-8")
    for info, block in re.findall(r"^```(\S[^\n]*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        _write(folder, info, block)
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:] if info == "console" else ():
            command, _, expected = step.partition("\n")
            words = shlex.split(command)
            if words[0] == "cd":
                folder /= words[1]
                continue
            ran = subprocess.run(
                words,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                encoding="utf-8",
            )
            assert _matches(expected, ran.stdout), f"$ {command}\n{ran.stdout}{ran.stderr}"


def _write(folder: Path, info: str, block: str) -> None:
    if whole := re.fullmatch(r"(?:yaml|text) file=(\S+)", info):
        (folder / whole[1]).write_text(block, encoding="utf-8")
    if part := re.fullmatch(r'yaml into=(\S+) after="(.*)"', info):
        before, line, after = (folder / part[1]).read_text(encoding="utf-8").partition(f"{part[2]}\n")
        assert line, f"there is no line {part[2]!r} in {part[1]}"
        (folder / part[1]).write_text(f"{before}{line}{block}{after}", encoding="utf-8")


def test_the_playbook_that_the_readme_quotes_is_the_one_that_init_writes() -> None:
    written = (ROOT / "src/playbook/authoring/starter/deals.playbook.yaml").read_text(encoding="utf-8")
    blocks = _blocks(ROOT / "README.md", "yaml")
    assert blocks
    assert all(block in written for block in blocks)
