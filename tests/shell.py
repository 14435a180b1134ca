"""The program as it is installed, run in a folder as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Shell:
    """Run `playbook` in a folder; fail where it ends otherwise than said, or by a traceback."""

    def __init__(self, folder: Path, files: dict[str, str] | None = None) -> None:
        self.folder = folder
        for name, text in (files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")

    def run(self, *words: str, code: int = 0) -> str:
        """Return what it prints, and after that what it warns of."""
        done = self._done(words, code)
        return done.stdout + done.stderr

    def json(self, *words: str, code: int = 0) -> Any:
        """Return the one document that it prints."""
        return json.loads(self._done((*words, "--json"), code).stdout)

    def _done(self, words: tuple[str, ...], code: int) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).parent / "playbook", *words],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done
