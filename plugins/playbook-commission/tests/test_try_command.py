"""`commission try` from outside: what finance reads, what others do not, and that nothing is left behind."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.shell import Shell

EXAMPLE = Path(__file__).parents[3] / "examples" / "pay"
DRAFT = "sellers-2026.draft.yaml"
YEAR = ("--since", "2025-01-01", "--until", "2025-12-31")


class Trying(Shell):
    def try_(self, *words: str, code: int = 0) -> Any:
        return self.json("commission", "try", *words, code=code)

    def stored(self) -> dict[str, str]:
        """Return a digest of every file of the project, its database among them."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pay")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    Shell(folder).run("import", "deals.csv", "--mapping", "deals")
    return folder


@pytest.fixture
def shell(example: Path, tmp_path: Path) -> Trying:
    shutil.copytree(example, tmp_path, dirs_exist_ok=True)
    return Trying(tmp_path)


def test_finance_reads_who_wins_and_what_it_costs_and_nothing_is_stored(shell: Trying) -> None:
    shell.run("commission", "run", "--period", "2025-Q1")
    before = shell.stored()
    said = shell.try_(DRAFT, *YEAR, "--as", "fia")
    told = shell.run("commission", "try", DRAFT, *YEAR, "--as", "Fia Lund")
    assert shell.stored() == before
    assert said["stored"] is False
    assert "no plan pays anybody in 2026-Q1" in shell.run("commission", "run", "--period", "2026-Q1", code=1)
    names = [one["name"] for one in said["people"]]
    assert [line.partition("  ")[0] for line in told.splitlines() if line.startswith(tuple(names))] == names
    differences = [float(one["difference"]["amount"]) for one in said["people"]]
    assert differences == sorted(differences, reverse=True)
    for one in (*said["people"], said["total"]):
        assert cents(one["would_pay"]) - cents(one["pays"]) == cents(one["difference"])
    for name in ("pays", "would_pay", "difference", "sold"):
        assert sum(cents(one[name]) for one in said["people"]) == cents(said["total"][name])
    assert shell.try_(DRAFT, *YEAR, "--person", "Ana Faria")["people"] == [said["people"][0]]
    statements = [
        shell.json("commission", "run", "--period", f"2025-Q{quarter}")["statements"]
        for quarter in (1, 2, 3, 4)
    ]
    paid = sum(cents(one["earned"]) for quarter in statements for one in quarter)
    assert paid == cents(said["total"]["pays"])
    assert [one["person"] for one in said["neither"]] == ["olu"]


def cents(money: dict[str, str]) -> int:
    return int(money["amount"].replace(".", ""))


def test_a_draft_among_the_files_of_the_project_is_not_published_by_trying_it(shell: Trying) -> None:
    plan = shell.folder / "sellers.plan.yaml"
    shell.run("publish")
    plan.write_text(plan.read_text().replace("8%", "9%"), encoding="utf-8")
    before = shell.stored()
    by_file, by_id = shell.try_(plan.name, *YEAR), shell.try_("sellers-2025", *YEAR)
    assert by_file == by_id
    assert by_file["beside"] == ["sellers-2025"]
    assert by_file["winners"] == 4
    assert shell.stored() == before
    assert "what was published counts here" in shell.run("commission", "try", plan.name, *YEAR)


def test_every_mistake_of_a_draft_is_told_at_its_place(shell: Trying) -> None:
    draft = shell.folder / "elsewhere" / "draft.yaml"
    draft.parent.mkdir()
    text = (shell.folder / DRAFT).read_text(encoding="utf-8")
    draft.write_text(
        text.replace("of: revenue", "of: revenu").replace("from: 100%", "from: 0%"), encoding="utf-8"
    )
    found = shell.try_(str(draft), *YEAR, code=1)["problems"]
    assert [(one["code"], Path(one["file"]).name) for one in found] == [
        ("plan-measure", "draft.yaml"), ("plan-tiers", "draft.yaml"),
    ]  # fmt: skip
    assert "did you mean 'revenue'?" in shell.run("commission", "try", str(draft), *YEAR, code=1)
    assert "deals.playbook.yaml is no plan" in shell.run(
        "commission", "try", "deals.playbook.yaml", *YEAR, code=2
    )
    assert "there is no file or plan 'sellers-2024'; did you mean" in shell.run(
        "commission", "try", "sellers-2024", *YEAR, code=2
    )
    said = shell.run("commission", "try", "missing.yaml", *YEAR, code=2)
    assert "there is no file or plan 'missing.yaml'; there are: sellers-2025" in said
    assert said.count("sellers-2025") == 1
    assert "is no day" in shell.run("commission", "try", DRAFT, "--since", "2025", code=2)
    assert "--since 2025-01-01 is after --until 2024-12-31" in shell.run(
        "commission", "try", DRAFT, "--since", "2025-01-01", "--until", "2024-12-31", code=2
    )


def test_only_who_may_see_everyones_pay_tries_a_plan(shell: Trying) -> None:
    for who in ("ana", "inga"):
        assert "may not see what everybody is paid" in shell.run(
            "commission", "try", DRAFT, *YEAR, "--as", who, code=1
        )


def test_quotas_that_are_missing_are_named_with_a_command_that_gives_them(shell: Trying) -> None:
    years = ("--since", "2024-01-01", "--until", "2024-12-31")
    said = shell.try_(DRAFT, *years, code=1)
    assert said["refused"] == "no_quota"
    (reason,) = said["blockers"]
    assert reason["missing"] == [f"revenue:2024-Q{quarter}" for quarter in (1, 2, 3, 4)]
    assert sorted(reason["who"]) == ["ana", "ben", "cleo", "dev"]
    words = reason["fix"].split()[3:]
    assert words[-2:] == ["--quota-from", "2025"]
    assert shell.try_(*words)["total"]["sold"]["amount"] == "0.00"


def test_quotas_that_were_imported_are_not_said_to_be_missing(shell: Trying) -> None:
    organization = shell.folder / "organization.yaml"
    kept = organization.read_text(encoding="utf-8").partition("quotas:")[0]
    organization.write_text(kept, encoding="utf-8")
    (shell.folder / "q.mapping.yaml").write_text(
        "mapping: q\ninto: organization\nquota:\n  period: {value: '2025'}\n  measure: {value: revenue}\n"
        "  person: who\n  target: {column: target, currency: EUR}\n",
        encoding="utf-8",
    )
    assert shell.try_(DRAFT, *YEAR)["warnings"] != []  # not published yet, and looked for in the files
    rows = "".join(f"{who},160000\n" for who in ("ana", "ben", "cleo", "dev"))
    (shell.folder / "q.csv").write_text(f"who,target\n{rows}", encoding="utf-8")
    shell.run("import", "q.csv", "--mapping", "q")
    said = shell.try_(DRAFT, *YEAR)
    assert (said["warnings"], len(said["people"])) == ([], 4)


def test_every_cliff_of_a_component_is_told(shell: Trying) -> None:
    tiers = "[{from: 0%, pay: 100 EUR}, {from: 80%, pay: 2000 EUR}, {from: 100%, pay: 3000 EUR}]"
    (shell.folder / "t.draft.yaml").write_text(
        "plan: t\ntitle: T\napplies_to: {role: seller}\neffective: {from: 2025-01-01}\ncomponents:\n"
        f"  new: {{of: revenue, rate: {{mode: whole, by: attainment}}, tiers: {tiers}}}\n",
        encoding="utf-8",
    )
    told = shell.run("commission", "try", "t.draft.yaml", *YEAR)
    said = [one["said"] for one in shell.try_("t.draft.yaml", *YEAR)["cliffs"]]
    assert said == [
        "just below 80% it is 100 EUR, from there on 2000 EUR",
        "just below 100% it is 2000 EUR, from there on 3000 EUR",
    ]
    assert all(one in told for one in said)
