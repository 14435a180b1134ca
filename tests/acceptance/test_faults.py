"""What can go wrong with the store, the reader of our output, and an import."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PROGRAM = Path(sys.executable).parent / "playbook"

MAPPING = """\
mapping: rows
into: deals
key: id
columns:
  name: name
  opened: day
  fields:
    amount: {column: amount, currency: EUR}
gates: observe
"""
ROWS = """\
id,name,day,amount
1,Acme,2026-01-05,100
2,Beta,2026-13-05,100
3,Gamma,2026-01-07,much
1,Again,2026-01-08,100
4,Delta,2026-01-09,2000
"""


def make_foreign(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def make_newer(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def make_read_only(database: Path) -> None:
    database.chmod(0o444)


def make_other(database: Path) -> None:
    database.write_text("this is no database", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "fresh", "code", "said"),
    [
        (make_foreign, True, "foreign_store", "database of another program"),
        (make_other, True, "foreign_store", "is not a database"),
        (make_newer, False, "newer_store", "update playbook"),
        (make_read_only, False, "store_unavailable", "is read-only"),
    ],
)
def test_a_store_that_cannot_serve_is_one_clear_line(
    project: Path, installed: Run, spoil: object, fresh: bool, code: str, said: str
) -> None:
    assert callable(spoil)
    if not fresh:
        installed("open", "deals", "Acme")
    spoil(project / "playbook.db")
    told = installed("list", "--json", code=3).json["error"]
    assert told["code"] == code
    assert said in told["message"]
    plain = installed("list", code=3)
    assert (plain.out, plain.err.count("\n")) == ("", 1)
    assert said in plain.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://host/sales", "'oracle://' names no store"),
        ("sqlit:///playbook.db", "did you mean 'sqlite://'?"),
        ("./playbook.db", "begins with none of memory://"),
        ("sqlite://playbook.db", "write sqlite:///FILE"),
        ("sqlite:///playbook.db?sync=full", "option of an SQLite store 'sync'"),
        ("sqlite:///playbook.db?synchronous=ful", "did you mean 'full'"),
        ("sqlite:///nowhere/playbook.db", "there is no folder nowhere"),
    ],
)
def test_a_url_that_leads_to_no_store_is_one_clear_line(
    project: Path, here: Run, url: str, said: str
) -> None:
    told = here("list", "--json", "--store", url, code=3).json["error"]
    assert told["code"] == "store_unavailable"
    assert said in told["message"]
    plain = here("list", "--store", url, code=3)
    assert (plain.out, plain.err.count("\n")) == ("", 1)
    assert not (project / "playbook.db").exists()


def test_fsck_without_a_database_makes_none(project: Path, installed: Run) -> None:
    assert installed("fsck", "--json").json == {"findings": [], "events": 0}
    assert not (project / "playbook.db").exists()


def test_a_database_that_is_named_and_not_there_is_found_missing(project: Path, installed: Run) -> None:
    said = installed("fsck", "--store", "sqlite:///elsewhere.db", code=1).out
    assert said.startswith("elsewhere.db: it is not there, though --store names it\n")
    assert not (project / "elsewhere.db").exists()


def test_fsck_finds_a_changed_byte(project: Path, here: Run, installed: Run) -> None:
    here("open", "deals", "Acme Corp", "pain=Orders take a week")
    clean = here("fsck", "--json").json
    assert (clean["findings"], clean["events"] > 3) == ([], True)
    assert "every hash holds" in here("fsck").out
    database = project / "playbook.db"
    data = database.read_bytes()
    assert b"Orders take a week" in data
    at = data.index(b"Orders take a week")
    database.write_bytes(data[:at] + b"o" + data[at + 1 :])
    findings = installed("fsck", "--json", code=1).json["findings"]
    assert list(findings[0]) == ["tenant", "stream", "version", "position", "message"]
    assert all(finding["stream"].startswith("case:") for finding in findings)
    assert "was changed from outside" in installed("fsck", code=1).out


def test_fsck_survives_any_byte(project: Path, here: Run, tmp_path: Path) -> None:
    case = here("open", "deals", "Acme Corp", "pain=slow", "--json").json["case"]
    here("advance", case, code=1)
    database = project / "playbook.db"
    data = database.read_bytes()
    for at in range(137, len(data), len(data) // 90):
        spoiled = tmp_path / "spoiled.db"
        spoiled.write_bytes(data[:at] + bytes([data[at] ^ 0x21]) + data[at + 1 :])
        answer = here("fsck", "--json", "--store", f"sqlite:///{spoiled}", code=None)
        assert answer.code in (0, 1, 3), at
        assert "this is a bug" not in answer.out, at
        for leftover in tmp_path.glob("spoiled.db*"):
            leftover.unlink()


def test_a_reader_that_has_enough_hears_nothing(project: Path, here: Run) -> None:
    for number in range(3):
        here("open", "deals", f"Deal {number}", "pain=" + "x" * 40_000)
    with subprocess.Popen(
        [PROGRAM, "show", "Deal 1", "--json"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


def test_bad_rows_are_named_and_the_others_go_in(project: Path, here: Run, installed: Run) -> None:
    (project / "rows.mapping.yaml").write_text(MAPPING, encoding="utf-8")
    file = project / "rows.csv"
    file.write_text(ROWS, encoding="utf-8")
    done = installed("import", str(file), "--mapping", "rows", "--json", code=1).json
    assert list(done) == ["rows", "opened", "changed", "skipped", "rejected", "would_have_blocked"]
    assert (done["rows"], done["opened"], done["changed"], done["skipped"]) == (5, 2, 0, 0)
    assert [row["line"] for row in done["rejected"]] == [3, 4, 5]
    said = here("import", str(file), "--mapping", "rows", code=1).out
    assert "5 rows: 0 opened, 0 changed, 2 known already, 3 rejected" in said
    assert "line 3: day:" in said
    assert "did you mean 'rows'?" in here("import", str(file), "--mapping", "row", code=2).err
    file.write_text(ROWS.replace("Acme,2026-01-05,100", "Acme,2026-01-05,900"), encoding="utf-8")
    assert here("import", str(file), "--mapping", "rows", "--json", code=1).json["changed"] == 1


def test_an_import_that_was_stopped_goes_on(project: Path, here: Run) -> None:
    (project / "rows.mapping.yaml").write_text(MAPPING, encoding="utf-8")
    count = 20_000
    lines = "".join(f"{n},Deal {n},2026-01-05,{n}\n" for n in range(count))
    (project / "rows.csv").write_text("id,name,day,amount\n" + lines, encoding="utf-8")
    here("list")
    with subprocess.Popen(
        [PROGRAM, "import", "rows.csv", "--mapping", "rows"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while not _count(project) and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert running.returncode == 130, out + err
    assert "Traceback" not in err
    there = here("list", "--json", "--limit", "1").json["total"]
    assert 0 < there < count
    assert f"{there:,} new cases are in" in err
    assert here("fsck", "--json").json["findings"] == []
    again = here("import", str(project / "rows.csv"), "--mapping", "rows", "--json").json
    assert (again["opened"], again["skipped"]) == (count - there, there)


def _count(project: Path) -> int:
    connection = sqlite3.connect(project / "playbook.db")
    try:
        found: int = connection.execute("SELECT count(*) FROM cases").fetchone()[0]
        return found
    finally:
        connection.close()
