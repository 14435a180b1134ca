from __future__ import annotations

import json

import pytest

from playbook.cli.faults import STOPPED, guarded
from playbook.cli.output import document


def test_what_goes_wrong_after_the_answer_is_told_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        document({"case": "c1"})
        raise KeyboardInterrupt

    for _ in range(2):
        assert guarded(run, as_json=True) == STOPPED
        out, err = capsys.readouterr()
        assert json.loads(out) == {"case": "c1"}
        assert err == "error: stopped\n"


def test_a_run_without_answer_tells_what_went_wrong_in_its_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run() -> None:
        raise KeyboardInterrupt

    assert guarded(run, as_json=True) == STOPPED
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": {"code": "stopped", "message": "stopped"}}
    assert err == ""
