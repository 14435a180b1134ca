"""Cases from the command line: what is printed, with which exit code, and that what is proposed works."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

BLOCKER = ["criterion", "kind", "title", "hint", "missing", "actual", "who", "file", "line", "fix"]
VALUES = {"pain": "Orders take a week", "amount": "25000 EUR", "decider": "Ada", "loss_reason": "price"}


def opened(run: Run, name: str = "Acme", *more: str) -> str:
    case: str = run("open", "deals", name, "--owner", "sam", "--json", *more).json["case"]
    return case


def test_a_deal_from_open_to_won(here: Run) -> None:
    case = opened(here, "Acme Corp", "amount=25000 EUR")
    why = here("why", case, "--json", code=1).json
    assert list(why) == [
        "case",
        "stage",
        "can_advance",
        "to",
        "blockers",
        "warned",
        "approvals",
        "waivers",
        "timers",
        "target",
        "next",
    ]
    assert (why["target"], why["next"]) == ("proposal", f"playbook set {case} pain=...")
    assert (why["case"], why["stage"], why["can_advance"], why["to"]) == (
        case,
        "discovery",
        False,
        ["proposal"],
    )
    assert [blocker["criterion"] for blocker in why["blockers"]] == ["first_meeting", "pain_known"]
    assert all(list(blocker) == BLOCKER for blocker in why["blockers"])
    here("set", case, "pain=slow", "--as", "sam")
    here("do", "Acme Corp", "first_meeting", "--outcome", "no_show", "--as", "Sam Okafor")
    here("do", case[:6], "first_meeting", "--as", "sam okafor")
    assert here("why", case, "--json").json["can_advance"] is True
    assert here("advance", case, "--json").json["stage"] == "proposal"
    here("set", case, "decider=Ada")
    won = here("advance", case, "--json").json
    assert (won["case"], won["stage"], won["outcome"], won["warned"]) == (case, "won", "won", [])
    assert "closed as won" in here("why", case, code=1).out
    shown = here("show", case, "--json").json
    assert shown["fields"] == {
        "amount": {"amount": "25000.00", "currency": "EUR"},
        "pain": "slow",
        "decider": "Ada",
    }
    assert (shown["owner"], shown["team"], shown["outcome"]) == ("sam", "sales", "won")
    assert shown["closed"].endswith("+00:00")
    listed = here("list", "--json", "--status", "closed").json
    assert (listed["total"], [row["case"] for row in listed["cases"]]) == (1, [case])
    assert listed["cases"][0]["amount"] == {"amount": "25000.00", "currency": "EUR"}


def test_history_tells_who_did_what(here: Run) -> None:
    case = opened(here)
    here("log", case, "call", "--text", "They like it", "--as", "dana")
    here("advance", case, code=1)
    here("assign", case, "Dana Ruiz")
    told = here("history", case, "--json").json
    assert [event["kind"] for event in told["events"]] == [
        "case.opened/1",
        "entry.logged/1",
        "case.blocked/1",
        "case.assigned/1",
    ]
    assert [event["version"] for event in told["events"]] == [1, 2, 3, 4]
    assert list(told["events"][0]) == ["version", "kind", "at", "recorded", "actor", "data"]
    assert [event["actor"] for event in told["events"]] == ["operator", "dana", "operator", "operator"]
    said = here("history", case).out
    assert "Dana Ruiz logged call: They like it" in said
    assert "the operator gave it to Dana Ruiz" in said


def test_every_fix_is_a_command_line_that_helps(here: Run) -> None:
    case = opened(here)
    for stage in ("proposal", "won"):
        for blocker in here("why", case, "--json", code=1).json["blockers"]:
            program, *arguments = shlex.split(blocker["fix"])
            assert program == "playbook"
            here(*(a.replace("...", VALUES[a.partition("=")[0]]) if "=..." in a else a for a in arguments))
        assert here("advance", case, "--json").json["stage"] == stage
    other = opened(here, "Other")
    refused = here("close", other, "lost", "--json", code=1).json
    (fix,) = (blocker["fix"] for blocker in refused["blockers"])
    here(*shlex.split(fix.replace("...", "price"))[1:])
    assert here("close", other, "lost", "--json").json["outcome"] == "lost"


def test_a_refusal_tells_every_reason(here: Run, installed: Run) -> None:
    case = opened(here, "Acme", "amount=500 EUR")
    refused = installed("advance", case, "--json", code=1).json
    assert list(refused) == ["refused", "message", "blockers"]
    assert refused["refused"] == "blocked"
    assert [blocker["criterion"] for blocker in refused["blockers"]] == [
        "first_meeting",
        "pain_known",
        "worth_it",
    ]
    last = refused["blockers"][2]
    assert last["actual"] == {"deal.amount": {"amount": "500.00", "currency": "EUR"}}
    assert (last["file"], last["who"]) == ("deals.playbook.yaml", ["sam", "dana"])
    said = installed("advance", case, code=1).out
    assert "Amount is 500.00 EUR" in said
    assert f"deals.playbook.yaml:{last['line']}" in said
    assert f"playbook set {case} amount=..." in said
    assert "\x1b" not in said


def test_permission_is_of_whoever_acts(here: Run) -> None:
    case = opened(here)
    here("assign", case, "dana")
    refused = here("set", case, "pain=slow", "--as", "sam", "--json", code=1).json
    assert refused["refused"] == "not_permitted"
    assert refused["blockers"][0]["who"] == ["dana"]


def test_options_work_before_and_after_the_command(here: Run) -> None:
    case = opened(here)
    assert here("--json", "list").json == here("list", "--json").json
    assert here("--as", "dana", "log", case, "call", "--as", "sam").code == 0
    assert here("history", case, "--json").json["events"][-1]["actor"] == "sam"


def test_a_key_is_used_once(here: Run) -> None:
    first = here("open", "deals", "Acme", "--key", "k", "--json").json
    again = here("open", "deals", "Acme", "--key", "k", "--json").json
    assert again == {**first, "repeated": True}
    assert here("list", "--json").json["total"] == 1
    assert (
        here("open", "deals", "Other", "--key", "k", "--json", code=2).json["error"]["code"] == "key_reused"
    )


def test_another_time(here: Run) -> None:
    case = opened(here, "Acme", "--at", "2026-01-05 09:00")
    here("set", case, "pain=slow", "--at", "2026-01-06T10:00+01:00")
    shown = here("show", case, "--json").json
    assert (shown["opened"], shown["touched"]) == ("2026-01-05T09:00:00+00:00", "2026-01-06T09:00:00+00:00")
    assert here("show", case, "--json", "--at", "2026-01-05 12:00").json["fields"] == {}
    assert len(here("history", case, "--json", "--at", "2026-01-05 12:00").json["events"]) == 1
    assert "was opened 2026-01-05" in here("show", case, "--at", "2025-12-31", code=2).err
    assert "only the operator" in here("set", case, "pain=x", "--as", "sam", "--at", "2026-01-07", code=2).err
    assert "before the last event" in here("set", case, "pain=x", "--at", "2026-01-01", code=2).err
    assert "takes no --at" in here("list", "--at", "2026-01-01", code=2).err


def test_values_are_cleared_and_kept(here: Run) -> None:
    case = opened(here, "Acme", "pain=a=b", "expected_close=2026-05-01")
    here("set", case, "pain=")
    assert here("show", case, "--json").json["fields"] == {"expected_close": "2026-05-01"}
    before = here("history", case, "--json").json["events"]
    assert "nothing changed" in here("set", case, "expected_close=2026-05-01").out
    assert here("history", case, "--json").json["events"] == before


def test_a_report_of_nothing_says_so_in_place_of_headings(here: Run) -> None:
    made = here("report", "pipeline", "--by", "owner", "--json").json
    assert (made["rows"], made["columns"][0]) == ([], "owner")
    head, said, blank, definition, *_ = here("report", "pipeline", "--by", "owner").out.splitlines()
    assert (head, said, blank) == ("pipeline", "There is nothing to report.", "")
    assert definition == made["definition"]


def test_probability_and_forecast_are_set_by_hand_and_cleared(here: Run) -> None:
    case = opened(here, "Acme", "amount=1000 EUR")
    shown = here("show", case, "--json").json
    assert (shown["probability"], shown["forecast"]) == (0.2, "pipeline")
    assert shown["by_hand"] == {"probability": None, "forecast": ""}
    assert here("report", "pipeline", "--json").json["rows"][0]["weighted"]["amount"] == "200.00"
    told = here(
        "set", case, "probability=62.5%", "forecast=best_case", "pain=x", "--reason", "They said so"
    ).out
    assert "has changed: probability, forecast, " in told
    text = here("show", case).out
    assert "probability          62.5% (set by hand; the stage says 20%)\n" in text
    assert "forecast             best case (set by hand; the stage says pipeline)\n" in text
    shown = here("show", case, "--json").json
    assert (shown["probability"], shown["forecast"]) == (0.625, "best_case")
    assert shown["by_hand"] == {"probability": 0.625, "forecast": "best_case"}
    (found,) = here(
        "list", "--where", "case.probability > 60% and case.forecast == 'best_case'", "--json"
    ).json["cases"]
    assert (found["case"], found["by_hand"]) == (case, {"probability": 0.625, "forecast": "best_case"})
    assert here("report", "pipeline", "--json").json["rows"][0]["weighted"]["amount"] == "625.00"
    history = here("history", case).out
    assert "set probability by hand: 62.5%, because: They said so" in history
    assert "set forecast by hand: best case, because: They said so" in history
    told = here("set", "--where", "case.probability > 50%", "probability=", "forecast=").out
    assert told == "1 case matched: 1 changed.\n"
    assert "cleared probability, set by hand" in here("history", case).out
    assert here("show", case, "--json").json["by_hand"] == {"probability": None, "forecast": ""}
    assert "has these values already" in here("set", case, "probability=").out
    assert here("report", "pipeline", "--json").json["rows"][0]["weighted"]["amount"] == "200.00"
    answer = here("set", "--where", "case.outcome == 'open'", "forecast=comit", code=2)
    assert "forecast: 'comit' is not an option; did you mean 'commit'?" in answer.err


def test_pages_of_a_list_meet(here: Run) -> None:
    made = {opened(here, f"Deal {n}", "--at", f"2026-01-0{1 + n // 3}") for n in range(7)}
    seen: list[str] = []
    after: tuple[str, ...] = ()
    while True:
        page = here("list", "--limit", "3", "--json", *after).json
        assert page["total"] == 7
        seen += [row["case"] for row in page["cases"]]
        if "next" not in page:
            break
        after = ("--after", page["next"])
    assert len(seen) == 7
    assert set(seen) == made
    assert "3 of 7" in here("list", "--limit", "3").out
    assert here("list", "--json", "--owner", "Dana Ruiz").json == {"cases": [], "total": 0}


def test_what_a_terminal_would_obey_is_not_printed(here: Run) -> None:
    opened(here, "Acme\x1b[2J\x07 Corp")
    for command in (("list",), ("show", "c"), ("why", "c"), ("history", "c")):
        said = here(*command, code=None).out
        assert "Acme" in said
        assert "\x1b" not in said
        assert "\x07" not in said


WRONG = [
    (("lits",), "usage", "did you mean 'list'?"),
    (("list", "--staus", "open"), "usage", "did you mean '--status'?"),
    (("list", "--status", "opn"), "usage", "'open', 'closed', 'all'"),
    (("list", "--stage", "discovry"), "unknown_name", "did you mean 'discovery'?"),
    (("list", "--playbook", "deal"), "unknown_name", "did you mean 'deals'?"),
    (("list", "--after", "x"), "input", "is not a place"),
    (("open", "deal", "Acme"), "unknown_name", "did you mean 'deals'?"),
    (("open", "deals", "Acme", "amout=1 EUR"), "input", "did you mean 'amount'?"),
    (("open", "deals", "Acme", "amount=25,000 EUR"), "input", "write digits and a point"),
    (("open", "deals", "Acme", "amount"), "usage", "is not field=value"),
    (("open", "deals", "Acme", "pain=a", "pain=b"), "usage", "pain is given twice"),
    (("open", "deals", "Acme", "--owner", "Sam Okafo"), "unknown_name", "did you mean 'Sam Okafor'?"),
    (("open", "deals", "Acme", "--as", "smm"), "unknown_name", "did you mean 'sam'?"),
    (("show", "Acme Crop"), "unknown_name", "did you mean 'Acme Corp'?"),
    (("show", "Twin"), "ambiguous_name", "names several cases"),
    (("set", "Acme Corp", "loss_reason=prize"), "input", "did you mean 'price'?"),
    (("set", "Acme Corp", "expected_close=soon"), "input", "year-month-day"),
    (("do", "Acme Corp", "first_metting"), "unknown_name", "did you mean 'first_meeting'?"),
    (("do", "Acme Corp", "first_meeting", "--outcome", "hold"), "unknown_name", "did you mean 'held'?"),
    (("log", "Acme Corp", "cal"), "unknown_name", "did you mean 'call'?"),
    (("advance", "Acme Corp", "--to", "propsal"), "unknown_name", "did you mean 'proposal'?"),
    (("back", "Acme Corp"), "usage", "--to"),
    (("close", "Acme Corp", "los"), "unknown_name", "did you mean 'lost'?"),
    (("assign", "Acme Corp", "dan"), "unknown_name", "did you mean 'dana'?"),
    (("report", "pipelin"), "unknown_name", "did you mean 'pipeline'?"),
    (("report", "pipeline", "--since", "May"), "input", "year-month-day"),
    (("import", "deals.playbook.yaml", "--mapping", "x"), "usage", "does not exist"),
    (("schema", "playbok"), "unknown_name", "did you mean 'playbook'?"),
    (("show", "Acme Corp", "--at", "soon"), "input", "is not a time"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_what_is_wrong_is_named_with_the_nearest(
    here: Run, arguments: tuple[str, ...], code: str, said: str
) -> None:
    for name in ("Acme Corp", "Twin", "Twin"):
        opened(here, name)
    told: dict[str, Any] = here(*arguments, "--json", code=2).json
    assert list(told) == ["error"]
    assert told["error"]["code"] == code
    assert said in told["error"]["message"]
    plain = here(*arguments, code=2)
    assert plain.out == ""
    assert said in plain.err


def test_who_makes_the_tables_themselves_is_told_how(here: Run, tmp_path: Path) -> None:
    file = tmp_path / "own.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(here("store", "ddl", "--json").json["ddl"])
    opened(here, "Acme", "amount=25000 EUR", "--store", f"sqlite:///{file}")
    assert here("list", "--json", "--store", f"sqlite:///{file}").json["total"] == 1
    assert "CREATE TABLE streams" not in here("store", "ddl", "--from", "1").out
    assert "has no tables" in here("store", "ddl", "--store", "memory://", code=2).err
    assert "the newest is" in here("store", "ddl", "--from", "99", code=2).err


def test_no_message_shows_what_may_be_a_password(here: Run) -> None:
    for url in ("postgress://sam:secret@host/sales", "sam:secret@host/sales"):
        assert "secret" not in here("list", "--store", url, code=3).err


def test_wrong_usage_of_the_installed_program(installed: Run) -> None:
    answer = installed("open", "deals", "Acme", "amount=much", code=2)
    assert answer.out == ""
    assert answer.err.startswith("error: amount: ")
    assert json.loads(installed("lits", "--json", code=2).out)["error"]["code"] == "usage"


def test_every_command_has_help_with_an_example(here: Run) -> None:
    from playbook.cli.program import COMMANDS

    listing = here("--help").out
    for name, (_, _, text) in COMMANDS.items():
        assert text in listing
        assert f"playbook {name}" in here(name, "--help").out.partition("Example:")[2]


def seen_on_a_terminal(project: Path, *arguments: str, **environment: str) -> str:
    """Return what a command writes to a terminal of 80 columns."""
    controller, terminal = os.openpty()
    done = subprocess.run(
        [Path(sys.executable).parent / "playbook", *arguments],
        cwd=project,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment},
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    assert done.stderr == b""
    with os.fdopen(controller, "rb", buffering=0) as output:
        return output.read(65_536).decode()


def test_colour_only_where_it_is_wanted(project: Path, here: Run) -> None:
    case = opened(here, "A name that is quite long, as names of companies often are", "amount=25000 EUR")
    for arguments in (("list",), ("why", case)):
        coloured = seen_on_a_terminal(project, *arguments)
        assert "\x1b[" in coloured
        assert case in coloured
        bare = seen_on_a_terminal(project, *arguments, NO_COLOR="1")
        assert "\x1b[3" not in bare
        assert case in bare
    assert "25,000.00 EUR" in seen_on_a_terminal(project, "list")


def test_a_stage_that_is_not_reached_is_named_by_its_title(here: Run) -> None:
    case = opened(here)
    told = here("why", case, "--to", "won", code=1).out
    assert "cannot move on to Won yet" in told
    assert "'Discovery' does not lead to 'Won'" in told
    assert f"playbook advance {case} --to proposal" in told
