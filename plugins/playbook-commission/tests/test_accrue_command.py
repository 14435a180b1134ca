"""`commission accrue` from outside: who reads what is expected of open deals, far enough ahead for any clock."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "pay"


def run(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [Path(sys.executable).parent / "playbook", *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pay")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / "sellers.plan.yaml").write_text(
        "plan: far\napplies_to: {role: seller}\neffective: {from: 2099-01-01}\n"
        "components: {new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}, {from: 10000 EUR, pay: 20%}]}}\n",
        encoding="utf-8",
    )
    for name, owner, amount, closes in (
        ("Alpha", "ana", "20000", "2099-02-01"), ("Beta", "ana", "20000", "2099-03-01"),
        ("Gamma", "ben", "10000", "2099-03-31"), ("Delta", "ben", "10000", "2099-04-01"),
    ):  # fmt: skip
        run(
            folder,
            "open",
            "deals",
            name,
            f"amount={amount} EUR",
            f"expected_close={closes}",
            "--owner",
            owner,
        )
    run(folder, "set", "Beta", "probability=60%")
    return folder


def test_a_manager_reads_what_is_expected_of_whose_deals(office: Path) -> None:
    said = json.loads(run(office, "commission", "accrue", "--period", "2099-Q1", "--as", "inga", "--json"))
    assert [(one["person"], one["expected"]["amount"]) for one in said["people"]] == [
        ("ana", "2600.00"), ("ben", "300.00"), ("cleo", "0.00"), ("dev", "0.00"),
    ]  # fmt: skip
    assert [(one["name"], one["probability"], one["pay"]["amount"]) for one in said["people"][0]["deals"]] == [
        ("Alpha", 0.3, "600.00"), ("Beta", 0.6, "2000.00"),
    ]  # fmt: skip
    assert said["total"][0]["together"] == {"amount": "2900.00", "currency": "EUR"}
    assert (said["outside"], said["left_out"]) == (1, [])
    told = run(office, "commission", "accrue", "--period", "2099-Q1")
    assert "Beta   2099-03-01  20,000.00 EUR     60%  Ana Faria   2,000.00 EUR" in told
    assert "closing in another period: 1 open deals" in told


def test_people_read_their_own_and_strangers_nothing(office: Path) -> None:
    period = ("commission", "accrue", "--period", "2099-Q1")
    said = json.loads(run(office, *period, "--as", "ben", "--json"))
    assert [one["person"] for one in said["people"]] == ["ben"]
    assert "Alpha" not in run(office, *period, "--as", "ben")
    assert "may not see what ana is paid" in run(office, *period, "--person", "ana", "--as", "ben", code=1)
    assert "no plan pays anybody whom you may see" in run(office, *period, "--as", "olu", code=1)
    assert "is not a period" in run(office, "commission", "accrue", "--period", "soon", code=2)
    assert "no plan pays" in run(office, "commission", "accrue", "--period", "2098-Q4", code=1)
