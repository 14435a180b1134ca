"""Plans that are refused or warned of when they are read; `python test_refused.py` writes the messages anew."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from tests.paying import plugins

from playbook import Project
from playbook.checking import problems_of

HERE = Path(__file__).parent / "refused"
SAMPLES = sorted(file.name.partition(".")[0] for file in HERE.glob("*.plan.yaml"))
BESIDE = ("organization.yaml", "deals.playbook.yaml")


def said(sample: str) -> str:
    """Return what is said of a plan beside the organization and the playbook."""
    registry = plugins()
    names = (*BESIDE, f"{sample}.plan.yaml")
    files = {name: (HERE / name).read_text(encoding="utf-8") for name in names}
    problems = problems_of(Project.from_files(files, **registry.for_files))
    return "\n\n".join(problem.render() for problem in problems) + "\n"


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_plan_gets_exactly_its_message(sample: str) -> None:
    assert said(sample) == (HERE / f"{sample}.txt").read_text(encoding="utf-8")


def test_there_is_a_sample_for_each_thing_that_must_be_seen() -> None:
    wanted = {
        "circular-gate": "plan-gate", "unknown-role": "plan-role", "unknown-measure": "plan-measure",
        "no-quota": "plan-quota", "tiers-not-rising": "plan-tiers", "tiers-not-from-zero": "plan-tiers",
        "rate-of-800-percent": "plan-high-rate", "cliff-of-a-sum": "plan-cliff", "unknown-rule": "plan-rule",
    }  # fmt: skip
    for sample, code in wanted.items():
        assert f" {code} " in (HERE / f"{sample}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    with contextlib.chdir(HERE):
        for name in SAMPLES:
            Path(f"{name}.txt").write_text(said(name), encoding="utf-8")
