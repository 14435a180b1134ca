"""Approvals, exceptions and amendments from the command line: asked, answered, shown, told."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PLAYBOOK = """\
playbook: quotes
version: 1
subject: quote
about: {account: customer}
fields:
  customer: {type: text, title: Customer}
  amount:   {type: money, title: Amount}
  discount: {type: percent, title: Discount, default: 0%}
  margin:   {type: percent, title: Margin, visible_to: [manager]}
who_may:
  see: [owner, manager, board]
  edit: [owner, manager]
  waive: manager
split: {owner: 100%}
moves:
  reopen: {by: owner, reason: required}
stages:
  draft:
    title: Draft
    activities:
      call: {kind: call, required: true, title: Call them}
      gift: {kind: task, title: Send a gift}
    exit:
      discount_ok:
        title: A discount above 20 %
        when: quote.discount > 20%
        approval: {by: manager, separate: true, expires: 10d, remind: 2d}
      board_ok:
        title: The board agrees
        when: quote.amount > 50000 EUR
        approval: {all: [manager, board]}
    next: [signed]
  signed: {title: Signed, final: won}
  lost: {title: Lost, final: lost, from: any}
"""
ORGANIZATION = """\
organization: acme
currency: EUR
teams:
  sales: {title: Sales, manager: dana}
  other: {title: Other}
people:
  dana: {name: Dana Ruiz, role: sales_manager, team: sales}
  sam:  {name: Sam Okafor, role: rep, team: sales}
  lea:  {name: Lea Brandt, role: rep, team: sales}
  bo:   {name: Bo Lind, role: board, team: other}
  eve:  {name: Eve Stone, role: rep, team: other}
"""


@pytest.fixture
def project(project: Path) -> Path:
    (project / "quotes.playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (project / "organization.yaml").write_text(ORGANIZATION, encoding="utf-8")
    return project


@pytest.fixture
def case(here: Run) -> str:
    fields = ("amount=100 EUR", "discount=30%")
    opened: str = here("open", "quotes", "Acme", *fields, "--as", "sam", "--json").json["case"]
    return opened


def standing(run: Run, case: str, what: str, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run("show", case, "--json", *more).json[what]
    return found


def test_an_approval_is_asked_for_shown_and_given(here: Run, case: str) -> None:
    here("do", case, "call", "--as", "sam")
    refused = here("approve", case, "discount_ok", "--as", "dana", "--json", code=1).json
    assert refused["refused"] == "wrong_state"
    assert standing(here, case, "approvals") == []
    blockers = here("advance", case, "--as", "sam", "--json", code=1).json["blockers"]
    assert [blocker["who"] for blocker in blockers] == [["dana"]]
    (asked,) = here("why", case, "--json", code=1).json["approvals"]
    assert (asked["criterion"], asked["state"], asked["asked_by"]) == ("discount_ok", "asked", "sam")
    assert (asked["waiting_for"], asked["answers"], asked["remind"][:2]) == (["dana"], [], "20")
    assert "A discount above 20 %  waits for Dana Ruiz (asked by Sam Okafor" in here("show", case).out
    why = here("why", case, code=1).out
    assert "who:     Dana Ruiz\n     asked:   by Sam Okafor" in why
    assert "look at: Discount is 30%" in why
    assert "remind:  " in why
    assert (
        here("approve", case, "discount_ok", "--as", "sam", "--json", code=1).json["refused"]
        == "not_permitted"
    )
    program, *fix = shlex.split(blockers[0]["fix"])
    assert program == "playbook"
    said = here(*fix, "--note", "Only this once")
    assert "A discount above 20 % - approved" in said.out
    (given,) = standing(here, case, "approvals")
    assert (given["state"], given["waiting_for"]) == ("approved", [])
    assert [(one["by"], one["yes"], one["note"]) for one in given["answers"]] == [
        ("dana", True, "Only this once")
    ]
    assert given["expires"] > asked["asked"]
    assert "approved by Dana Ruiz, until" in here("show", case).out
    here("set", case, "discount=25%", "--as", "sam")
    assert standing(here, case, "approvals") == []
    told = here("history", case).out
    assert (
        "Sam Okafor could not move it to Signed: A discount above 20 %; asked for A discount above 20 %"
        in told
    )
    assert "Dana Ruiz approved A discount above 20 % until" in told
    assert "Sam Okafor ended the approval of A discount above 20 % by changing Discount" in told


def test_several_must_agree_and_one_refuses(here: Run, case: str) -> None:
    here("set", case, "discount=10%", "amount=60000 EUR", "--as", "sam")
    here("do", case, "call", "--as", "sam")
    here("advance", case, "--as", "sam", code=1)
    said = here("approve", case, "board_ok", "--as", "dana").out
    assert "your yes counts; Bo Lind is asked as well" in said
    assert [a["waiting_for"] for a in standing(here, case, "approvals")] == [["bo"]]
    assert here("refuse", case, "board_ok", "--as", "bo", "--json", code=1).json["refused"] == "wrong_state"
    assert (
        "refused; it is in Draft"
        in here("refuse", case, "board_ok", "--as", "bo", "--reason", "Too late").out
    )
    (asked,) = standing(here, case, "approvals")
    assert (asked["state"], asked["answers"][-1]["note"]) == ("refused", "Too late")
    told = here("history", case).out
    assert "Dana Ruiz said yes to The board agrees; others are asked as well" in told
    assert "Bo Lind refused The board agrees, because: Too late" in told
    assert re.search(
        r"refused: by Bo Lind .*: Too late\n     saw:     Amount is", here("why", case, code=1).out
    )


def test_an_exception_has_a_reason_an_author_and_an_end(here: Run, case: str) -> None:
    until = ("--until", "2999-12-31")
    assert (
        here("waive", case, "call", *until, "--as", "dana", "--json", code=1).json["refused"] == "wrong_state"
    )
    assert (
        here("waive", case, "call", *until, "--as", "sam", "--reason", "x", "--json", code=1).json["refused"]
        == "not_permitted"
    )
    assert "--until YYYY-MM-DD" in here("waive", case, "call", "--reason", "x", "--as", "dana", code=2).err
    assert "--until: " in here("waive", case, "call", "--reason", "x", "--until", "soon", code=2).err
    assert (
        "lies in the past"
        in here("waive", case, "call", "--reason", "x", "--until", "2020-01-01", code=2).err
    )
    assert "did you mean 'call'" in here("waive", case, "cal", *until, "--reason", "x", code=2).err
    here("waive", case, "call", *until, "--as", "dana", "--reason", "They called us")
    (waiver,) = standing(here, case, "waivers")
    assert (waiver["criterion"], waiver["state"], waiver["by"]) == ("call", "holds", "dana")
    assert (waiver["reason"], waiver["until"]) == ("They called us", "2999-12-31")
    assert "Call them  holds until 2999-12-31, by Dana Ruiz: They called us" in here("show", case).out
    here("set", case, "discount=0%", "--as", "sam")
    assert here("advance", case, "--as", "sam", "--json").json["outcome"] == "won"
    told = here("history", case).out
    assert "Dana Ruiz excepted it from Call them until 2999-12-31, because: They called us" in told
    assert "closed it as won, excepted from Call them" in told


def test_work_is_left_out_a_case_reopened_and_credit_divided(here: Run, case: str) -> None:
    assert (
        here("skip-activity", case, "call", "--reason", "x", "--json", code=1).json["refused"]
        == "wrong_state"
    )
    assert "is left out" in here("skip-activity", case, "gift", "--reason", "Not allowed", "--as", "sam").out
    assert [(a["activity"], a["status"]) for a in standing(here, case, "activities")] == [
        ("call", "open"),
        ("gift", "skipped"),
    ]
    assert "sum to 100%" in here("split", case, "sam=70%", "lea=20%", code=2).err
    assert "is not WHO=SHARE" in here("split", case, "sam", code=2).err
    assert "given twice" in here("split", case, "sam=50%", "Sam Okafor=50%", code=2).err
    assert "did you mean 'sam'" in here("split", case, "sm=100%", code=2).err
    said = here("split", case, "Sam Okafor=70%", "lea=30%", "--as", "dana").out
    assert "Lea Brandt 30.00%, Sam Okafor 70.00%" in said
    assert "nothing changed" in here("split", case, "sam=70%", "lea=30%", "--as", "dana").out
    assert here("show", case, "--json").json["shares"] == {"lea": 0.3, "sam": 0.7}
    here("note", case, "They wait for a budget", "--as", "sam")
    here("close", case, "lost", "--as", "sam")
    assert here("reopen", case, "--as", "sam", "--json", code=1).json["refused"] == "wrong_state"
    assert "is open again in Draft" in here("reopen", case, "--reason", "They called", "--as", "sam").out
    told = here("history", case).out
    for sentence in (
        "Sam Okafor left out Send a gift, because: Not allowed",
        "Dana Ruiz divided the credit: Lea Brandt 30.00%, Sam Okafor 70.00%",
        "Sam Okafor logged note: They wait for a budget",
        "Sam Okafor opened it again in Draft, because: They called",
    ):
        assert sentence in told


def test_who_may_not_see_a_case_is_told_what_is_told_of_one_that_is_not_there(here: Run, case: str) -> None:
    commands = (
        ("show",), ("why",), ("history",), ("advance",), ("set", "amount=1 EUR"), ("note", "x"), ("do", "call"),
        ("approve", "discount_ok"), ("refuse", "discount_ok", "--reason", "x"), ("log", "call"),
        ("waive", "call", "--reason", "x", "--until", "2999-12-31"), ("skip-activity", "gift", "--reason", "x"),
        ("reopen", "--reason", "x"), ("split", "sam=100%"), ("assign", "eve"), ("close", "lost"),
    )  # fmt: skip
    missing = "czzzzzzzzzzzz"
    for name, *rest in commands:
        for reference in (case, case[:6], "Acme"):
            hidden = here(name, reference, *rest, "--as", "eve", code=2).err
            absent = here(name, missing, *rest, "--as", "eve", code=2).err
            assert hidden.replace(repr(reference), "X") == absent.replace(repr(missing), "X")
    assert here("list", "--as", "eve", "--json").json == {"cases": [], "total": 0}


def test_who_gives_a_case_out_of_their_sight_hears_that_it_is_done(here: Run, case: str) -> None:
    here("assign", case, "lea", "--as", "dana")
    assert "belongs to Sam Okafor now" in here("assign", case, "sam", "--as", "lea").out
    here("show", case, "--as", "lea", code=2)


def test_hidden_values_are_nowhere(here: Run, case: str) -> None:
    here("set", case, "margin=77.13579%", "--as", "dana")
    for name in ("show", "history", "why"):
        assert "13579" in here(name, case, "--as", "dana", "--json", code=None).out or name == "why"
        assert "13579" not in here(name, case, "--as", "sam", "--json", code=None).out
        assert "13579" not in here(name, case, "--as", "sam", code=None).out
    assert "Dana Ruiz changed what you do not see\n" in here("history", case, "--as", "sam").out
