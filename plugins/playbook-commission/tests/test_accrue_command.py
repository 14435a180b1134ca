"""`commission accrue` from outside: who reads what is expected of open deals, far enough ahead for any clock."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.shell import Shell

EXAMPLE = Path(__file__).parents[3] / "examples" / "pay"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("pay")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / "sellers.plan.yaml").write_text(
        "plan: far\napplies_to: {role: seller}\neffective: {from: 2099-01-01}\n"
        "components: {new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}, {from: 10000 EUR, pay: 20%}]}}\n",
        encoding="utf-8",
    )
    made = Shell(folder)
    for name, owner, amount, closes in (
        ("Alpha", "ana", "20000", "2099-02-01"), ("Beta", "ana", "20000", "2099-03-01"),
        ("Gamma", "ben", "10000", "2099-03-31"), ("Delta", "ben", "10000", "2099-04-01"),
    ):  # fmt: skip
        made.run("open", "deals", name, f"amount={amount} EUR", f"expected_close={closes}", "--owner", owner)
    made.run("set", "Beta", "probability=60%")
    return made


def test_a_manager_reads_what_is_expected_of_whose_deals(office: Shell) -> None:
    said = office.json("commission", "accrue", "--period", "2099-Q1", "--as", "inga")
    assert [(one["person"], one["expected"]["amount"]) for one in said["people"]] == [
        ("ana", "2600.00"), ("ben", "300.00"), ("cleo", "0.00"), ("dev", "0.00"),
    ]  # fmt: skip
    assert [(one["name"], one["probability"], one["pay"]["amount"]) for one in said["people"][0]["deals"]] == [
        ("Alpha", 0.3, "600.00"), ("Beta", 0.6, "2000.00"),
    ]  # fmt: skip
    assert said["total"][0]["together"] == {"amount": "2900.00", "currency": "EUR"}
    assert (said["outside"], said["left_out"]) == (1, [])
    told = office.run("commission", "accrue", "--period", "2099-Q1")
    assert "Beta   2099-03-01  20,000.00 EUR     60%  Ana Faria   2,000.00 EUR" in told
    assert "closing in another period: 1 open deals" in told


def test_people_read_their_own_and_strangers_nothing(office: Shell) -> None:
    period = ("commission", "accrue", "--period", "2099-Q1")
    said = office.json(*period, "--as", "ben")
    assert [one["person"] for one in said["people"]] == ["ben"]
    assert "Alpha" not in office.run(*period, "--as", "ben")
    assert "may not see what ana is paid" in office.run(*period, "--person", "ana", "--as", "ben", code=1)
    assert "no plan pays anybody whom you may see" in office.run(*period, "--as", "olu", code=1)
    assert "is not a period" in office.run("commission", "accrue", "--period", "soon", code=2)
    assert "no plan pays" in office.run("commission", "accrue", "--period", "2098-Q4", code=1)
