"""Records from the command line, and one account whose history is that of all its cases."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from playbook.shipping import shipped

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run


@pytest.fixture
def project(project: Path) -> Path:
    for name in ("new-business", "customer-success", "renewal"):
        for file in (shipped("playbooks") / name).glob("*.yaml"):
            shutil.copy(file, project / file.name)
    (project / "playbook.yaml").write_text("project: acme\norganization: lumen\n", encoding="utf-8")
    return project


def test_a_record_is_opened_changed_shown_listed_merged_and_forgotten(here: Run) -> None:
    acme = here("record", "account", "name=Acme", "domain=acme.example", "--json").json
    assert (acme["kind"], acme["name"], acme["version"], acme["repeated"]) == ("account", "Acme", 1, False)
    said = here("record", "account", "Acme", "country=DE", "size=80", "--reason", "They told us")
    assert said.out == f"Acme (account {acme['id']}) is kept.\n"
    shown = here("record", "account", "acme.example", "--json").json
    assert shown["fields"] == {"name": "Acme", "domain": "acme.example", "country": "DE", "size": 80}
    assert "Employees   80" in here("record", "account", acme["id"]).out
    here("record", "account", "Acme", "country=")
    other = here("record", "account", "name=ACME Corp", "domain=acme.test", "--json").json
    taken = here("record", "account", "Acme", "domain=acme.test", "--json", code=1).json
    assert taken["refused"] == "taken"
    page = here("record", "account", "--limit", "1", "--json").json
    rest = here("record", "account", "--after", page["next"], "--json").json
    assert {r["name"] for r in page["records"] + rest["records"]} == {"Acme", "ACME Corp"}
    assert here("merge", "Acme", "ACME Corp", "--json").json["merged"] == [other["id"]]
    assert here("record", "account", "acme.test", "--json").json["id"] == acme["id"]
    told = here("history", "account:Acme").out
    for sentence in (
        "the operator opened the account, with Name Acme, Domain acme.example",
        "the operator set Country DE, Employees 80, because: They told us",
        "the operator cleared Country",
        f"the operator merged the account {other['id']} into {acme['id']}",
    ):
        assert sentence in told
    ann = here("record", "contact", "name=Ann Lee", "email=ann@acme.example", "account=Acme", "--json").json
    assert "Company     Acme\n" in here("record", "contact", "ann@acme.example").out
    erased = here("forget", "contact:ann@acme.example", "--json").json
    assert (erased["values"], erased["fields"]) == (2, ["name", "email"])
    assert "Ann" not in here("record", "contact", ann["id"]).out
    assert "had its personal values erased: Name, E-mail" in here("history", f"contact:{ann['id']}").out
    assert "hash holds" in here("fsck").out


def test_what_is_wrong_with_records_is_told(here: Run) -> None:
    here("record", "account", "name=Acme")
    assert "did you mean 'account'" in here("record", "acount", code=2).err
    assert "did you mean 'Acme'" in here("record", "account", "Acne", code=2).err
    assert "did you mean 'country'" in here("record", "account", "Acme", "contry=DE", code=2).err
    assert "only the operator" in here("forget", "account:Acme", "--as", "marta", code=2).err
    assert "there is no case 'Bolt'" in here("history", "Bolt", code=2).err
    assert "There is none yet." in here("record", "product").out


def test_one_account_shows_the_whole_history(here: Run) -> None:
    here("record", "account", "name=Alder Foods", "domain=alder.example", "--at", "2025-01-06 09:00")
    deal = here(
        "open", "new-business", "Alder Foods", "account=Alder Foods", "amount=9000 EUR", "--owner", "marta",
        "--at", "2025-01-07 09:00", "--json",
    ).json["case"]  # fmt: skip
    assert "Company   Alder Foods" in here("show", deal).out
    assert f"{deal} (Alder Foods)" not in here("history", deal).out
    for stage in ("acceptance", "discovery", "evaluation", "proposal", "negotiation"):
        until = ("--until", "2999-12-31", "--reason", "Signed on paper", "--at", "2025-01-08 09:00")
        for blocker in here("why", deal, "--json", code=1).json["blockers"]:
            here("waive", deal, blocker["criterion"], *until)
        if stage == "negotiation":
            term = ("starts=2025-01-08", "ends=2025-12-31")
            here("set", deal, *term, "--at", "2025-01-08 09:00")
        here("advance", deal, "--at", "2025-01-08 09:00")
    assert here("show", deal, "--json").json["outcome"] == "won"
    here("worker", "--once")
    (renewal,) = here("list", "--playbook", "renewal", "--json").json["cases"]
    assert renewal["outcome"] == "lost"  # nobody signed within two weeks of the last day
    (customer,) = here("list", "--playbook", "customer-success", "--json").json["cases"]
    assert customer["outcome"] == "churned"
    whole = here("history", "Alder Foods", "--json").json
    assert (whole["kind"], whole["name"]) == ("account", "Alder Foods")
    assert [event["at"] for event in whole["events"]] == sorted(event["at"] for event in whole["events"])
    assert {event["of"] for event in whole["events"]} == {
        "account",
        "new-business",
        "customer-success",
        "renewal",
    }
    assert whole["events"][0]["kind"] == "record.opened/1"
    told = here("history", "Alder Foods").out
    for sentence in (
        f"new-business {deal} (Alder Foods): the operator closed it as won",
        f"customer-success {customer['case']} (Alder Foods): system opened it for Bertil Åkesson in Onboarding",
        "system struck renewal_due, due 2025-10-02 00:00",
        f"renewal {renewal['case']} (Alder Foods): system closed it as lost",
        f"customer-success {customer['case']} (Alder Foods): system closed it as churned",
    ):
        assert sentence in told
    early = here("history", "Alder Foods", "--at", "2025-01-07 12:00", "--json").json["events"]
    assert [event["kind"] for event in early] == ["record.opened/1", "case.opened/1"]
    assert "names several cases" in here("show", "Alder Foods", code=2).err
