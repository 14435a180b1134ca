"""Every hook says what it is for, with an example that runs."""

from __future__ import annotations

import doctest

import pytest

from playbook import hookspecs
from playbook.hookspecs import CONTRIBUTIONS, PROJECT, Hooks

NAMES = sorted(name for name in vars(Hooks) if name.startswith(f"{PROJECT}_"))


def test_every_hook_has_a_type_of_contribution() -> None:
    assert [f"{PROJECT}_{kind}" for kind in sorted(CONTRIBUTIONS)] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_hook_runs(name: str) -> None:
    found = doctest.DocTestFinder(recurse=False).find(getattr(Hooks, name), name, module=hookspecs, globs={})
    examples = [test for test in found if test.examples]
    assert examples, f"{name} has no example"
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in examples:
        runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)
