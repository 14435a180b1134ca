"""Many cases from the command line: what to do now, the board, and those that a condition holds for."""

from __future__ import annotations

import collections
import datetime as dt
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.conftest import PROGRAM
from tests.acceptance.test_commands import opened, seen_on_a_terminal

from playbook import Engine, Open, SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import Run

LONG_AGO = "2026-01-05 09:00"
PLAIN = [
    "case",
    "playbook",
    "name",
    "stage",
    "outcome",
    "owner",
    "team",
    "opened",
    "closed",
    "amount",
    "expected_close",
    "by_hand",
]


@pytest.fixture
def deals(here: Run) -> dict[str, str]:
    """Open an old deal whose meeting is overdue, one of today that one thing holds up, and a new one."""
    late = opened(here, "Late GmbH", "amount=25000 EUR", "--at", LONG_AGO)
    ready = opened(here, "Nearly Ltd", "amount=5000 EUR", "pain=Slow")
    new = opened(here, "New Inc")
    return {"late": late, "ready": ready, "new": new}


def test_next_tells_what_is_most_urgent_and_why(here: Run, deals: dict[str, str]) -> None:
    told = here("next", "--json").json
    assert list(told) == ["at", "person", "cases", "counts", "open", "more"]
    assert (told["person"], told["counts"], told["open"], told["more"]) == (
        None,
        {"overdue": 1, "today": 0, "stale": 0},
        3,
        False,
    )
    late, ready = told["cases"]
    assert list(late) == [*PLAIN, "band", "reasons"]
    assert (late["case"], late["band"]) == (deals["late"], "overdue")
    assert [(r["band"], r["kind"], r["what"]) for r in late["reasons"]] == [
        ("overdue", "activity", "first_meeting"),
        ("stale", "idle", ""),
    ]
    assert late["reasons"][0]["fix"] == f"playbook do {deals['late']} first_meeting"
    assert (ready["case"], ready["band"], ready["reasons"][0]["what"]) == (
        deals["ready"],
        "reach",
        "first_meeting",
    )
    said = here("next").out
    assert re.search(rf"^Overdue \(1\)\n  1\. Late GmbH \({deals['late']}\): Discovery", said)
    assert "First meeting was due 2026-01-12 17:00" in said
    assert "quiet for" in said
    assert "One step from moving on\n  2. Nearly Ltd" in said
    assert "2 of 3 open cases" in said


def test_next_for_a_person_has_a_limit(here: Run, deals: dict[str, str]) -> None:
    here("assign", deals["late"], "dana")
    told = here("next", "--person", "Dana Ruiz", "--json").json
    assert told["person"] == "dana"
    # her deal is quiet, and its meeting went with it
    assert [case["case"] for case in told["cases"]] == [deals["late"]]
    assert here("next", "--person", "sam", "--limit", "1", "--json").json["counts"]["overdue"] == 0
    assert here("next", "--limit", "1", "--json").json["more"] is True
    assert "--person" in here("next", "--persn", "sam", code=2).err
    assert "did you mean 'sam'?" in here("next", "--person", "smm", code=2).err


def test_nothing_is_said_to_be_nothing(here: Run) -> None:
    assert here("next").out == "No case is open.\n"
    assert here("board").out == "No case is open.\n"
    assert here("list").out == "There is no case yet.\n"
    assert here("list", "--status", "open").out == "No case is like that.\n"
    opened(here)
    assert here("next").out == "Nothing is urgent.\n"
    assert here("list", "--where", "deal.amount > 1").out == "No case is like that.\n"


def test_the_board_shows_stages_with_counts_sums_and_what_is_stale(here: Run, deals: dict[str, str]) -> None:
    (board,) = here("board", "--json", "--cards", "1").json["boards"]
    assert (board["playbook"], [column["stage"] for column in board["columns"]]) == (
        "deals",
        ["discovery", "proposal"],
    )
    first = board["columns"][0]
    assert (first["cases"], first["stale"]) == (3, 1)
    assert first["sums"] == [{"amount": "30000.00", "currency": "EUR"}]
    assert [list(card) for card in first["cards"]] == [[*PLAIN, "stale_since"]]
    assert first["cards"][0]["case"] == deals["late"]
    here("assign", deals["new"], "dana")
    (board,) = here("board", "--json", "--owner", "dana").json["boards"]
    assert board["columns"][0]["cases"] == 1


def test_the_board_fits_the_terminal(here: Run, project: Path, deals: dict[str, str]) -> None:
    for number in range(7):
        opened(here, f"北辰 {number} with a name that is far too long for a column", "--at", LONG_AGO)
    for columns in ("40", "80", "120"):
        drawn = seen_on_a_terminal(project, "board", NO_COLOR="1", COLUMNS=columns)
        assert all(len(line) <= int(columns) for line in drawn.splitlines())
        assert "Discovery" in drawn
        assert "10, 8 stale" in drawn
        assert "and 5 more" in drawn
    assert "\x1b[33m! " in seen_on_a_terminal(project, "board")
    assert "\x1b" not in here("board").out


def test_list_where_takes_a_condition(here: Run, deals: dict[str, str]) -> None:
    told = here("list", "--where", "deal.amount >= 5000", "--json").json
    assert (told["total"], [case["case"] for case in told["cases"]]) == (2, [deals["ready"], deals["late"]])
    first = here("list", "--where", "deal.amount >= 5000", "--limit", "1", "--json").json
    assert (first["total"], len(first["cases"])) == (2, 1)
    rest = here("list", "--where", "deal.amount >= 5000", "--after", first["next"], "--json").json
    assert [case["case"] for case in rest["cases"]] == [deals["late"]]
    assert "next" not in rest
    assert "Nearly Ltd" in here("list", "--where", "filled(deal.pain)").out
    wrong = here("list", "--where", "deal.amout > 5 and case.stage == 'discovry'", code=2).err
    assert "did you mean 'amount'?\n    deal.amout > 5 and" in wrong
    assert "         ^^^^^" in wrong
    assert "did you mean 'discovery'?" in wrong


def test_a_condition_leaves_out_the_playbooks_it_does_not_fit(here: Run, project: Path) -> None:
    (project / "leads.playbook.yaml").write_text(
        "playbook: leads\nversion: 1\nsubject: lead\ntitle: Leads\nfields: {source: {type: text, title: From}}\n"
        "stages: {new: {title: New, next: [known]}, known: {title: Known, final: done}}\n",
        encoding="utf-8",
    )
    opened(here, "A deal")
    lead = here("open", "leads", "A lead", "source=web", "--json").json["case"]
    answer = here("list", "--where", 'lead.source == "web"')
    assert lead in answer.out
    assert "does not fit deals" in answer.err
    assert here("list", "--where", "case.age < 1d", "--json").json["total"] == 2
    assert dt.datetime.fromisoformat(here("next", "--json").json["at"]).tzinfo is not None


def test_many_are_changed_each_by_itself_and_refusals_are_told_by_reason(
    here: Run, deals: dict[str, str]
) -> None:
    here("assign", deals["new"], "dana")
    trial = here("set", "--where", "case.age >= 0d", "decider=Ada", "--dry-run", "--as", "sam", code=1)
    assert trial.out.startswith("3 cases matched: 2 would change, 1 would be refused.\n")
    assert "Nothing was changed" in trial.out
    assert here("show", deals["late"], "--json").json["fields"].keys() == {"amount"}
    told = here("set", "--where", "case.age >= 0d", "decider=Ada", "--as", "sam", "--json", code=1).json
    assert told == {
        "matched": 3,
        "changed": 2,
        "unchanged": 0,
        "refused": 1,
        "reasons": [{"reason": "sam may not edit this deal", "cases": [deals["new"]]}],
        "dry_run": False,
    }
    said = here("set", "--where", "case.age >= 0d", "decider=Ada").out
    assert said == "3 cases matched: 1 changed, 2 are so already.\n"
    assert [e["kind"] for e in here("history", deals["ready"], "--json").json["events"]] == [
        "case.opened/1",
        "case.changed/1",
    ]
    again = here("set", "--where", "case.age >= 0d", "decider=Bo", "--key", "monday", "--json").json
    assert again["changed"] == 3
    assert (
        here("set", "--where", "case.age >= 0d", "decider=Bo", "--key", "monday", "--json").json["changed"]
        == 0
    )


def test_many_are_assigned(here: Run, deals: dict[str, str]) -> None:
    told = here("assign", "--where", 'case.owner == "sam"', "Dana Ruiz", "--json").json
    assert (told["matched"], told["changed"]) == (3, 3)
    assert here("assign", "--where", 'case.owner == "sam"', "dana").out == "No case is like that.\n"
    assert here("list", "--owner", "dana", "--json").json["total"] == 3


def test_one_is_tried_first(here: Run, deals: dict[str, str]) -> None:
    tried = here("set", deals["late"], "pain=Slow", "--dry-run")
    assert "nothing speaks against it" in tried.out
    assert here("set", deals["late"], "pain=Slow", "--dry-run", "--json").json["dry_run"] is True
    assert here("show", deals["late"], "--json").json["fields"].keys() == {"amount"}
    refused = here(
        "set", deals["late"], "loss_reason=", "amount=", "--dry-run", "--as", "dana", "--json"
    ).json
    assert refused["version"] > 0


WRONG = [
    (("set", "--where", "deal.amout > 1", "pain=x"), "did you mean 'amount'?"),
    (("set", "--where", "case.age > 0d", "pian=x"), "did you mean 'pain'?"),
    (("set", "--where", "case.age > 0d", "amount=much"), "is not money"),
    (("set", "--where", "case.age > 0d"), "nothing is set"),
    (("set",), "choose many with --where"),
    (("assign", "--where", "case.age > 0d", "smm"), "did you mean 'sam'?"),
    (("assign", "--where", "case.age > 0d", "Late GmbH", "sam"), "name WHO alone"),
    (("assign", "Late GmbH"), "nobody is named"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_what_is_wrong_with_all_is_told_before_any_changes(
    here: Run, deals: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in here(*arguments, code=2).err
    assert len(here("history", deals["late"], "--json").json["events"]) == 1


def test_ctrl_c_leaves_whole_cases_and_the_next_run_goes_on(here: Run, project: Path) -> None:
    opened(here)
    store = SqliteStore(str(project / "playbook.db"))
    engine = Engine.open(None, store=store)
    for number in range(800):
        engine.run(Open(f"many-{number:04}", "deals", "", "sam"), actor="operator")
    command = [str(PROGRAM), "set", "--where", "case.age >= 0d", "pain=Slow"]
    running = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while len(store.log("default", after=None, limit=100_000).items) < 850:
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "goes on from there" in err
    done = int(out.partition(" matched: ")[2].partition(" changed")[0])
    assert 0 < done < 801
    after = here("set", "--where", "case.age >= 0d", "pain=Slow", "--json").json
    assert (after["changed"], after["unchanged"]) == (801 - done, done)
    kinds = collections.Counter(event.kind for event in store.log("default", after=None, limit=100_000).items)
    assert kinds["case.changed/1"] == 801
    store.close()


def test_history_tells_of_the_rules_themselves(here: Run, deals: dict[str, str]) -> None:
    said = here("history", "organization").out
    assert "the operator laid down the settings of acme" in said
    assert "the operator described Sam Okafor (rep, sales)" in said
    assert "the operator described the team" in said
    assert "the operator published version 1 of deals" in here("history", "playbook:deals").out
    told = here("history", "playbook:deals", "--json").json
    assert (told["kind"], told["id"], [event["kind"] for event in told["events"]]) == (
        "playbook",
        "deals",
        ["playbook.published/1"],
    )
    assert here("history", "playbook:deals", "--at", "2026-01-01", "--json").json["events"] == []
    assert "did you mean 'deals'?" in here("history", "playbook:deal", code=2).err
