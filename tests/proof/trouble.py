"""What a process meets whose disk is full or may not be written; run as a program, for some of it in a namespace.

`python -m tests.proof.trouble MODE FOLDER` exits with 0 where everything held; in the folder is a store.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.proof import workload
from tests.proof.killing import require_answers

from playbook import StoreUnavailable
from playbook.engine import Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook import Engine

ROOT = Path(__file__).parents[2]
MOUNTS = {
    "full disk": 'mount -t tmpfs -o size=8m none "$0"',
    "read-only": 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"',
}
_NAMESPACE = ("unshare", "-Urm")
_LIMIT = 3_000_000
_BALLAST = 4_000_000


def can_mount() -> bool:
    """Return whether a disk can be mounted here, which takes no rights on many Linux machines."""
    if shutil.which(_NAMESPACE[0]) is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = [*_NAMESPACE, "sh", "-c", MOUNTS["full disk"], folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(mode: str, folder: Path) -> None:
    """Run a mode as a process of its own, in a namespace where it mounts; asserts that it ends well."""
    command = [sys.executable, "-m", "tests.proof.trouble", mode, str(folder)]
    if mode in MOUNTS:
        command = [*_NAMESPACE, "sh", "-c", f'{MOUNTS[mode]} && exec "$@"', str(folder), *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def limited_file(folder: Path) -> None:
    """Meet the largest size that a file may have, and go on when it may be larger."""
    url = f"sqlite:///{folder / 'store.db'}"
    workload.prepare(url, "t")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, hard))
    _fill(url, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)), "the disk reports an error")


def full_disk(folder: Path) -> None:
    """Fill a disk, and go on when there is room again."""
    url = f"sqlite:///{folder / 'store.db'}"
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(_BALLAST))
    workload.prepare(url, "t")
    _fill(url, ballast.unlink, "the disk is full")


def _fill(url: str, make_room: Callable[[], None], says: str) -> None:
    with workload.opened(url, "t") as engine:
        said, told = _until_refused(engine, "w")
        assert len(said) > 20, told
        assert "store.db" in told
        assert says in told
        assert "\n" not in told
        assert _until_refused(engine, "w", len(said))[0] == []
        make_room()
        for number in range(len(said), len(said) + 50):
            key, command = workload.command("w", number)
            answer = engine.run(command, actor="cy", key=key)
            assert isinstance(answer, Done)
            said.append(answer)
        workload.require_whole(engine)
        require_answers(engine, "w", said, workload.happened(engine))
        workload.require_whole(engine)


def _until_refused(engine: Engine, worker: str, number: int = 0) -> tuple[list[Done], str]:
    """Carry out commands until the store cannot; return their answers and what was said then."""
    said: list[Done] = []
    while True:
        key, command = workload.command(worker, number + len(said))
        try:
            answer = engine.run(command, actor="cy", key=key)
        except StoreUnavailable as error:
            return said, str(error)
        assert isinstance(answer, Done)
        said.append(answer)


def read_only(folder: Path) -> None:
    """Meet a file system that may not be written."""
    with pytest.raises(StoreUnavailable, match=f"{folder} is read-only") as refused:
        workload.open_store(f"sqlite:///{folder / 'store.db'}")
    assert "\n" not in str(refused.value)


if __name__ == "__main__":
    {"limited file": limited_file, "full disk": full_disk, "read-only": read_only}[sys.argv[1]](
        Path(sys.argv[2])
    )
