"""Accounts and contacts from files, then the deals that name them, through the program."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Run

FILES = {
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
fields:
  account: {type: reference, to: account}
  contact: {type: reference, to: contact}
stages:
  talks:
    exit:
      german: {that: deal.account.country == "DE", title: We sell in Germany}
    next: [won]
  won: {final: won}
""",
    "accounts.mapping.yaml": """
mapping: accounts
into: account
key: id
columns: {fields: {name: name, domain: domain, country: country}}
""",
    "contacts.mapping.yaml": """
mapping: contacts
into: contact
key: email
columns: {fields: {name: name, email: email, account: company}}
""",
    "deals.mapping.yaml": """
mapping: deals
into: deals
key: deal
columns:
  name: deal
  fields: {account: company, contact: who}
""",
    "accounts.csv": """id,name,domain,country
1,Alder,alder.example,DE
2,Basalt,basalt.example,FR
3,Copy,ALDER.example,DE
""",
    "contacts.csv": "name,email,company\nAnn Lee,ann@alder.example,alder.example\nBo,not-an-address,Alder\n",
    "deals.csv": "deal,company,who\nBig,alder.example,ann@alder.example\nSmall,Basalt,\nNone,Nobody,\n",
}


@pytest.fixture
def project(project: Path) -> Path:
    (project / "won.scenario.yaml").unlink()  # it is about another playbook of that name
    for name, text in FILES.items():
        (project / name).write_text(text, encoding="utf-8")
    return project


def test_accounts_then_contacts_then_deals(project: Path, here: Run) -> None:
    here("check")
    told = here("import", str(project / "accounts.csv"), "--mapping", "accounts", code=1).out
    assert told.splitlines()[0] == "3 rows: 2 opened, 0 changed, 0 known already, 1 rejected"
    assert "line 4: domain ALDER.example belongs to the account Alder" in told
    contacts = here("--json", "import", str(project / "contacts.csv"), "--mapping", "contacts", code=1).json
    assert (contacts["opened"], [row["line"] for row in contacts["rejected"]]) == (1, [3])
    deals = here("--json", "import", str(project / "deals.csv"), "--mapping", "deals", code=1).json
    assert deals["opened"] == 2
    assert [(row["line"], "there is no account 'Nobody'" in row["reason"]) for row in deals["rejected"]] == [
        (4, True)
    ]
    assert here("--json", "why", "Big").json["can_advance"]
    assert not here("--json", "why", "Small", code=1).json["can_advance"]
    history = here("history", "Alder").out
    assert "Ann Lee" in history
    assert "Big" in history
    again = here("--json", "import", str(project / "accounts.csv"), "--mapping", "accounts", code=1).json
    assert (again["opened"], again["changed"], again["skipped"], len(again["rejected"])) == (0, 0, 2, 1)
    here("fsck")


def test_a_mapping_says_only_what_records_have(project: Path, here: Run) -> None:
    file = project / "accounts.mapping.yaml"
    text = FILES["accounts.mapping.yaml"]
    file.write_text(
        text.replace("columns: {", "stages: {column: x}\ncolumns: {owner: o, ").replace("country:", "contry:")
    )
    problems = here("--json", "check", code=1).json["problems"]
    assert [(p["line"], p["code"]) for p in problems] == [
        (5, "mapping-columns"),
        (6, "mapping-columns"),
        (6, "unknown-field"),
    ]
    file.write_text(text.replace("into: account", "into: acount"))
    (problem,) = here("--json", "check", code=1).json["problems"]
    assert problem["hint"] == "did you mean 'account'?"


def test_ctrl_c_leaves_whole_records_and_the_next_run_goes_on(project: Path, here: Run) -> None:
    rows = [f"{n},Co {n},co{n}.example,DE" for n in range(40_000)]
    (project / "accounts.csv").write_text("\n".join(["id,name,domain,country", *rows]), encoding="utf-8")
    here("publish")
    command = [str(PROGRAM), "import", "accounts.csv", "--mapping", "accounts"]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        while not here("--json", "record", "account", "--limit", "1").json["records"]:
            assert running.poll() is None, running.communicate()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, "new records are in, each of them whole" in err) == (130, True), err
    there = int(err.split("stopped: ")[1].split(" new")[0].replace(",", ""))
    assert 0 < there < 40_000
    (project / "accounts.csv").write_text(
        "\n".join(["id,name,domain,country", *rows[:there]]), encoding="utf-8"
    )
    again = here("--json", "import", str(project / "accounts.csv"), "--mapping", "accounts").json
    assert (again["opened"], again["skipped"]) == (0, there)
    here("fsck")
