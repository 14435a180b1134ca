"""Texts of playbooks in the language of who reads them, and right-to-left text on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PROGRAM = str(Path(sys.executable).parent / "playbook")
DEALS = """\
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money, title: Amount}
  account: {type: reference, to: account, title: Account}
stages:
  talks:
    title: Talks
    guidance: {goal: Hear what hurts}
    activities:
      meeting: {kind: meeting, title: First meeting, required: true}
    exit:
      worth_it: {that: deal.amount > 1000 EUR, title: It is worth it, hint: Ask for the price of waiting}
    next: [won]
  won: {final: won, title: Won}
"""
PERSIAN = """\
translation: deals
locale: fa
fields:
  amount: {title: مبلغ}
stages:
  talks:
    title: گفتگو
    guidance: {goal: بشنوید چه آزارشان می‌دهد}
    activities:
      meeting: {title: نشست نخست}
    exit:
      worth_it: {title: ارزشش را دارد, hint: بهای صبر را بپرسید}
  won: {title: پیروز}
source:
  stages.talks.exit.worth_it.title: It is worth it
"""
ACCOUNT = "translation: account\nlocale: fa\nfields: {name: {title: نام}, sector: {title: صنعت}}\n"


@pytest.fixture
def project(project: Path) -> Path:
    (project / "won.scenario.yaml").unlink()  # it is about another playbook of that name
    for name, text in {
        "deals.playbook.yaml": DEALS,
        "deals.fa.yaml": PERSIAN,
        "account.fa.yaml": ACCOUNT,
    }.items():
        (project / name).write_text(text, encoding="utf-8")
    return project


@pytest.fixture
def case(here: Run) -> str:
    here("record", "account", "name=Big Co", "sector=chemistry")
    return str(here("--json", "open", "deals", "Acme", "amount=800 EUR", "account=Big Co").json["case"])


def test_every_command_that_shows_texts_shows_them_in_the_language_asked_for(here: Run, case: str) -> None:
    why = here("why", case, "--locale", "fa", code=1).out
    for text in ("گفتگو", "پیروز", "نشست نخست", "ارزشش را دارد", "بهای صبر را بپرسید", "مبلغ"):
        assert text in why
    for text in ("Talks", "First meeting", "It is worth it", "Amount"):
        assert text not in why
    assert "بشنوید چه آزارشان می‌دهد" in here("guide", case, PLAYBOOK_LOCALE="fa").out
    assert "گفتگو" in here("list", "--locale", "fa").out
    assert "مبلغ" in here("show", case, "--locale", "fa").out
    assert "مبلغ" in here("history", case, "--locale", "fa").out
    assert "صنعت" in here("history", "account:Big Co", "--locale", "fa").out
    assert "گفتگو" in here("board", "--locale", "fa").out
    refused = here("advance", case, "--locale", "fa", code=1).out
    assert "ارزشش را دارد" in refused
    assert "It is worth it" not in refused
    assert (
        "گفتگو"
        in here("set", case, "amount=5000 EUR", "--locale", "fa-IR").out
        + here("show", case, "--locale", "fa-IR").out
    )
    assert "It is worth it" in here("why", case, "--locale", "en", code=1).out + DEALS
    assert "Talks" in here("show", case).out


def test_the_project_says_its_language_and_json_has_no_signs_of_direction(
    project: Path, here: Run, case: str
) -> None:
    (project / "playbook.yaml").write_text(
        "project: acme\norganization: my-team\nlocale: fa\n", encoding="utf-8"
    )
    assert "نشست نخست" in here("why", case, code=1).out
    again = here("why", case, "--json", code=1)
    assert [b["title"] for b in again.json["blockers"]] == ["نشست نخست", "ارزشش را دارد"]
    assert not re.search("[\u2066-\u2069]", again.out)
    assert "First meeting" in here("why", case, "--locale", "en", code=1).out


def test_what_is_stored_does_not_depend_on_who_reads(project: Path, here: Run, case: str) -> None:
    here("advance", case, "--locale", "fa", code=1)
    here("set", case, "amount=5000 EUR", "--locale", "fa")
    here("do", case, "meeting", "--locale", "fa")
    here("advance", case, "--locale", "fa")
    for item in here("history", case, "--json").json["events"]:
        assert not re.search("[\u0600-\u06ff]", json.dumps(item, ensure_ascii=False))
    here("fsck")


def test_a_text_that_changed_is_shown_as_it_is_until_it_is_translated_anew(
    project: Path, here: Run, case: str
) -> None:
    changed = DEALS.replace("title: It is worth it", "title: It pays")
    (project / "deals.playbook.yaml").write_text(changed, encoding="utf-8")
    assert "It pays" in here("why", case, "--locale", "fa", code=1).out
    anew = PERSIAN.replace("ارزشش را دارد", "می‌ارزد").replace("title: It is worth it", "title: It pays")
    (project / "deals.fa.yaml").write_text(anew, encoding="utf-8")
    assert "می‌ارزد" in here("why", case, "--locale", "fa", code=1).out
    (project / "deals.fa.yaml").unlink()
    answer = here("why", case, "--locale", "fa", code=1)
    assert "It pays" in answer.out
    here("fsck")


def test_a_language_that_nobody_translated_into_is_told(here: Run, case: str) -> None:
    answer = here("why", case, "--locale", "fr", code=1)
    assert "First meeting" in answer.out
    assert "nothing is translated into 'fr'" in answer.err
    assert "fa" in answer.err


def test_on_a_terminal_right_to_left_text_stands_apart_and_commands_can_be_copied(
    project: Path, here: Run, case: str
) -> None:
    text = on_terminal(project, "why", case, "--locale", "fa")
    assert "is in \u2068گفتگو\u2069 and cannot move on to \u2068پیروز\u2069 yet" in text
    assert "1. \u2068نشست نخست\u2069" in text
    assert f"playbook do {case} meeting" in text
    assert "\u2068Acme" not in text
    listed = on_terminal(project, "list", "--locale", "fa")
    assert "\u2068گفتگو\u2069" in listed


def test_a_terminal_too_narrow_for_a_table_tells_each_row_by_itself(
    project: Path, here: Run, case: str
) -> None:
    here("set", case, "amount=12500 EUR")
    shown = on_terminal(project, "list", columns="40").replace("\r", "").splitlines()
    opened = here("show", case, "--json").json["opened"][:10]
    assert shown[:5] == [
        f"case    {case}", "name    Acme", "stage   Talks", f"opened  {opened}",
        "amount  12,500.00 EUR",
    ]  # fmt: skip
    wide = on_terminal(project, "list", columns="80").splitlines()
    assert [line.split() for line in wide if case in line] == [
        [case, "Acme", "Talks", opened, "12,500.00", "EUR"]
    ]


def on_terminal(project: Path, *arguments: str, columns: str = "200") -> str:
    """Return what the program shows on a terminal, without colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": columns}
    with subprocess.Popen(
        [PROGRAM, *arguments], cwd=project, stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    ) as running:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 4096):
                parts.append(part)
        except OSError:
            pass  # the terminal is gone with the program
        running.wait()
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", b"".join(parts).decode())
