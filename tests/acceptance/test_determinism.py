"""The same commands, clock and entropy give the same events, byte for byte, whatever the machine is set to."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLAYBOOKS = Path(__file__).parent.parent.parent / "playbooks"
SCRIPT = """
import datetime as dt
import itertools
import sys
from pathlib import Path

from playbook.engine import Done, Engine
from playbook.model.commands import Advance, Approve, Assign, Back, Close, Do, Log, Open, Set, Waive
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.sqlite import SqliteStore

FILES = ["enterprise/enterprise.playbook.yaml", "enterprise/organization.yaml", "records/account.record.yaml"]
folder, numbers = Path(sys.argv[1]), itertools.count(1)
now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
project = Project.from_files({name: (folder / name).read_text(encoding="utf-8") for name in FILES})
engine = Engine.open(
    project,
    store=SqliteStore(sys.argv[2]),
    registry=load(entry_points=False),
    clock=lambda: now,
    entropy=lambda size: (next(numbers) * 7919).to_bytes(size, "little"),
)
engine.publish(actor="operator")


def send(actor, command):
    global now
    now += dt.timedelta(minutes=11)
    return engine.run(command, actor=actor)


fields = {
    "executive": "farah", "source": "inbound", "authority": "Head", "initiative": "Größeres Lager", "fit": "Routing",
    "next_step": "Recap", "next_step_on": "2026-03-20", "amount": "30000 USD", "discount": "10%",
}
discovered = {
    "pains": ["Slow", "Éclair"], "stakeholders": ["Ann", "بهار"], "timeline": "June", "scoping_meeting": "2026-03-28",
    "expected_users": 40, "product": "team",
}
for name in ("Kite", "Åland", "İstanbul"):
    case = send("diego", Open("", "enterprise", name, fields=fields)).case
    send("diego", Do(case, "qualifying_meeting"))
    send("farah", Advance(case))
    send("farah", Approve(case, "validated"))
    assert isinstance(send("farah", Advance(case)), Done)
    send("farah", Set(case, discovered))
    send("farah", Do(case, "recap"))
    assert isinstance(send("farah", Advance(case)), Done)
    send("farah", Log(case, "command_plan", {"plan": "Visit"}))
    send("farah", Back(case, "discovery", "They changed"))
    send("thandi", Approve(case, "moves.back"))
    send("farah", Back(case, "discovery", "They changed"))
    send("thandi", Waive(case, "recap", "Sent before", dt.date(2026, 4, 1)))
    send("thandi", Assign(case, "kenji"))
send("kenji", Close(case, "lost", {"loss_reason": "other", "loss_details": "Éclat ñ"}))
for _ in range(3):
    now += dt.timedelta(days=9)
    engine.tick()
engine.store.close()
"""
SETTINGS = [
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "LANG": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "4711", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
    {
        "PYTHONHASHSEED": "random",
        "LC_ALL": "",
        "LANG": "de_DE.UTF-8",
        "TZ": "America/St_Johns",
        "PYTHONUTF8": "0",
    },
]


def _stored(folder: Path, number: int, settings: dict[str, str]) -> dict[str, list[Any]]:
    """Run the script under the settings of a machine and return every row that it stored."""
    script, file = folder / "script.py", folder / f"{number}.db"
    script.write_text(SCRIPT, encoding="utf-8")
    subprocess.run(
        [sys.executable, str(script), str(PLAYBOOKS), str(file)],
        env=os.environ | settings,
        check=True,
        timeout=120,
    )
    with sqlite3.connect(file) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    connection.close()
    return rows


@pytest.mark.parametrize("number", range(1, len(SETTINGS)))
def test_same_events_on_other_machines(tmp_path: Path, number: int) -> None:
    first = _stored(tmp_path, 0, SETTINGS[0])
    other = _stored(tmp_path, number, SETTINGS[number])
    assert all(first[name] for name in ("events", "cases", "due", "vault"))
    assert other["events"] == first["events"]
    assert other == first
