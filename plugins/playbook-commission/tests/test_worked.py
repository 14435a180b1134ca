"""Every worked case of pay is a scenario of a small project beside this file, and what a wrong one is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from playbook.authoring.scenarios import Run, Runner, opened, runs, told

HERE = Path(__file__).parent / "worked"


@pytest.fixture(scope="module")
def runner() -> Runner:
    found = opened(HERE)
    assert [problem.render() for problem in found.project.problems] == []
    return found


ALL = [one.name for one in runs(opened(HERE).project.scenarios.values())]


@pytest.mark.parametrize("name", ALL)
def test_a_worked_case_pays_to_the_cent(runner: Runner, name: str) -> None:
    (one,) = (one for one in runs(runner.project.scenarios.values()) if one.name == name)
    assert told(runner.run(one)) == ""


def test_there_is_a_file_for_each_worked_case_but_the_one_that_is_refused_when_it_is_read_and_for_what_is_held() -> (
    None
):
    numbers = [int(file.name[:2]) for file in sorted(HERE.glob("*.scenario.yaml"))]
    assert numbers == [*range(1, 15), 16, 17]


def wrong(folder: Path, file: str, *changes: tuple[str, str]) -> str:
    """Return what is told of a scenario with other words."""
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    text = (folder / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / file).write_text(text, encoding="utf-8")
    found = opened(folder)
    (one,) = (run for run in _of(found, folder / file))
    return told(found.run(one)).replace(f"{folder}/", "")


def _of(found: Runner, file: Path) -> list[Run]:
    return [run for run in runs(found.project.scenarios.values()) if Path(run.file) == file]


def test_a_cent_too_much_is_told_with_the_lines_at_its_place(tmp_path: Path) -> None:
    said = wrong(tmp_path, "04-blended.scenario.yaml", ("pay: 40.00 EUR", "pay: 40.01 EUR"), ("1.6%", "1.7%"))
    assert said.split("\n") == [
        "04-blended.scenario.yaml:9: step 1: expect",
        "                    expected   is",
        "  pay lines 1 pay   40.01 EUR  40.00 EUR",
        "                               two is paid 40.00 EUR in 2027-Q1 by blended:",
        "                                 new credit of Acme 1, 2500.00 EUR at 1% + 2%: 40.00 EUR",
        "  pay lines 1 rate  1.7%       1.6%",
    ]


def test_each_total_and_the_number_of_lines_are_told(tmp_path: Path) -> None:
    said = wrong(
        tmp_path, "12-unused-term.scenario.yaml", ("paid: 1200.00 EUR", "held: 1 EUR, lines: []"),
        ("because: refund of 2027-10-01", "because: sorry"), ("pay: -400.00 EUR", "pay: -400, case: Birch"),
    )  # fmt: skip
    for part in (
        "pay held            1.00 EUR   0.00 EUR",
        "pay lines           0 of them  1 of them",
        "pay lines 1 case    Birch      Acme 1",
        "pay lines 1 because  sorry     refund of 2027-10-01",
    ):
        assert " ".join(part.split()) in " ".join(said.split())
    assert "lines 1 pay" not in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("person: two", "person: tow"), "there is no person 'tow'; did you mean 'two'?"),
        (("2027-Q1", "2027-02"), "blended pays by the quarter, and 2027-02 is none; write one like 2027-Q1"),
        (("lines:", "plan: blendd, lines:"), "there is no plan 'blendd'; did you mean 'blended'?"),
        (("lines:", "components: {nw: 5}, lines:"), "no component of blended 'nw'; did you mean 'new'?"),
        (("1.6%", "some"), "'some' is no rate: write one like 1.6%"),
    ],
)
def test_what_cannot_be_expected_is_told(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    assert expected in wrong(tmp_path, "04-blended.scenario.yaml", change)
