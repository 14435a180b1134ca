"""Many threads may begin at once in a process that has read no definition yet."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from playbook.process.definition import normalize
from playbook.reading.project import Project

if TYPE_CHECKING:
    from pathlib import Path

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
fields: {amount: {type: money}}
timers: {nudge: {in_stage: 1d, then: [{notify: owner}]}}
stages:
  talks:
    exit: {priced: {that: deal.amount > 0}}
    next: [won]
  won: {final: won}
"""
PROGRAM = """
import sys, threading
from playbook.process.definition import definition
documents = [open(path, "rb").read() for path in sys.argv[1:]]
sys.setswitchinterval(1e-6)
together = threading.Barrier(16)
def read():
    together.wait()
    definition(*documents)
threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_read_their_first_definition_together_crash_nothing(tmp_path: Path) -> None:
    """The converter crashed the process where two threads made it learn a type at once: in two runs of three."""
    read = Project.from_files({"deals.playbook.yaml": PLAYBOOK}).playbooks["deals"].value
    assert read is not None
    made = normalize(read, {}, {})
    process, texts = tmp_path / "process", tmp_path / "texts"
    process.write_bytes(made.process)
    texts.write_bytes(made.texts)
    for _ in range(3):
        subprocess.run([sys.executable, "-c", PROGRAM, str(process), str(texts)], check=True)
