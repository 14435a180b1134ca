"""Timers, follow-up cases, guidance and translations from the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

PROGRAM = Path(sys.executable).parent / "playbook"

PLAYBOOK = """\
playbook: contracts
version: 1
subject: contract
title: Contracts
fields:
  amount: {type: money, title: Amount}
  ends:   {type: date, title: Last day}
  on_hold: {type: boolean, title: On hold, default: false}
  why:    {type: text, title: Why it ended}
guidance:
  value: Their number, never our list of functions
  glossary: {term: What they call a year}
stages:
  running:
    title: Running
    guidance:
      goal: Keep them.
      script: |
        Good morning.
        How was it?
      questions: [What changed?, Who uses it?]
      objections: [{says: Too expensive., answer: Compared with what?}]
      pitfalls: [Silence]
      resources: [{title: The wiki, link: "https://wiki.example/keep"}]
      templates: {recap: "Thank you. You said ..."}
    activities:
      review: {kind: meeting, title: Review}
    exit:
      checked: {fields: [why], title: We know why}
    timers:
      nudge: {in_stage: 2d, then: [{notify: owner, say: "{case.name} waits"}, {schedule: review}]}
      push:  {in_stage: 3d, then: [{advance: {}}]}
      renew: {before: ends, by: 10d, then: [{open: offers, copy: {amount: amount}, owner: owner}]}
      quiet: {in_stage: 90d, pauses_when: contract.on_hold, then: [{webhook: "https://erp.example/quiet"}]}
    next: [over]
  over: {title: Over, final: done}
  gone: {title: Gone, final: churned, from: any, entry: {reason: {fields: [why]}}}
when_child:
  - {playbook: offers, lost: [{close: gone, with: {why: No offer taken}}]}
"""
CHILD = """\
playbook: offers
version: 1
subject: offer
title: Offers
fields:
  amount: {type: money, title: Amount}
stages:
  made: {title: Made, next: [taken]}
  taken: {title: Taken, final: won}
  lost: {title: Lost, final: lost, from: any}
"""


@pytest.fixture
def project(project: Path) -> Path:
    (project / "contracts.playbook.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (project / "offers.playbook.yaml").write_text(CHILD, encoding="utf-8")
    return project


@pytest.fixture
def case(here: Run) -> str:
    fields = ("amount=900 EUR", "ends=2026-01-20", "--owner", "sam", "--at", "2026-01-05 09:00")
    opened: str = here("open", "contracts", "Acme", *fields, "--json").json["case"]
    return opened


def test_what_is_due_happens_once_and_is_told(here: Run, case: str) -> None:
    timers = here("show", case, "--json").json["timers"]
    assert [(timer["timer"], timer["due"]) for timer in timers] == [
        ("nudge", "2026-01-07T09:00:00+00:00"),
        ("push", "2026-01-08T09:00:00+00:00"),
        ("renew", "2026-01-10T00:00:00+00:00"),
        ("quiet", "2026-04-05T09:00:00+00:00"),
    ]
    said = here("why", case, code=1).out.partition("What happens by itself\n")[2]
    assert said.startswith(
        "  any moment (was due 2026-01-07 09:00)  nudge will tell Sam Okafor: “Acme waits”; ask for Review"
    )
    assert "renew will open a case of offers for Sam Okafor" in said
    here("set", case, "on_hold=true", "--at", "2026-01-06 09:00")
    assert here("worker", "--once", "--json").json == {"struck": 3, "tenants": {"default": 3}}
    assert here("worker", "--once").out == "Nothing was due.\n"
    shown = here("show", case, "--json").json
    assert shown["timers"] == [{"timer": "quiet", "due": None, "does": ["tell https://erp.example/quiet"]}]
    (child,) = shown["kin"]
    assert (child["kin"], child["playbook"], child["stage"]) == ("child", "offers", "made")
    assert "is followed by  offers" in here("show", case).out
    assert f"follows up  contracts {case} (Acme), running" in here("show", child["case"]).out
    told = here("history", case).out
    for sentence in (
        "system struck nudge, due 2026-01-07 09:00",
        "system told Sam Okafor: Acme waits",
        "system planned Review for Sam Okafor",
        "system could not do what timers.push.then says: 1 unmet: We know why",
        f"system opened offers {child['case']} to follow it up",
        "system paused quiet",
    ):
        assert sentence in told
    here("close", child["case"], "lost")
    assert here("show", case, "--json").json["outcome"] == "churned"
    told = here("history", case).out
    assert f"system saw offers {child['case']} end as lost" in told
    assert "closed it as churned" in told
    assert "caused " not in told
    assert (
        f"system opened it for Sam Okafor in Made, following up {case}" in here("history", child["case"]).out
    )


def test_a_worker_ends_cleanly(project: Path, case: str, here: Run) -> None:
    arguments = [str(PROGRAM), "worker", "--every", "0.1", "--project", str(project)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        try:
            _watched(worker, here)
        finally:
            worker.kill()


def _watched(worker: subprocess.Popen[str], here: Run) -> None:
    assert worker.stdout is not None
    assert "Ctrl-C ends it" in worker.stdout.readline()
    assert worker.stdout.readline() == "4 struck\n"
    here("open", "contracts", "Late", "--owner", "sam", "--at", "2026-01-05 09:00")
    deadline = time.monotonic() + 20
    while not (struck := here("history", "Late", "--json").json["events"][1:]):
        assert time.monotonic() < deadline, "what came later was not struck"
        time.sleep(0.05)
    assert struck[0]["kind"] == "timer.fired/1"
    worker.send_signal(signal.SIGINT)
    out, err = worker.communicate(timeout=20)
    assert (worker.returncode, err) == (0, "")
    assert out.splitlines()[-1].endswith("timers struck.")


def test_guidance_in_every_form(here: Run, case: str) -> None:
    told = here("guide", case, "--as", "sam").out
    for words in (
        "Goal\n  Keep them.", "Say\n  Good morning.\n  How was it?", "Ask\n  - What changed?\n  - Who uses it?",
        'When they say\n  "Too expensive."\n    Compared with what?', "What goes wrong here\n  Silence",
        "Look at\n  The wiki https://wiki.example/keep", "Start from\n  recap:\n    Thank you. You said ...",
        "For the whole process\n\nValue\n  Their number", "Glossary\n  term:\n    What they call a year",
    ):  # fmt: skip
        assert words in told
    plain: dict[str, Any] = here("guide", case, "--json").json
    assert (plain["case"], plain["stage"], plain["title"]) == (case, "running", "Running")
    assert [part["form"] for part in plain["here"]] == [
        "goal", "script", "questions", "objections", "pitfalls", "resources", "templates",
    ]  # fmt: skip
    assert plain["here"][3]["items"] == [
        {"text": "Compared with what?", "name": "Too expensive.", "link": ""}
    ]
    assert [part["form"] for part in plain["process"]] == ["value", "glossary"]
    before = here("show", case, "--json").json
    assert before["guide_opened"] == 2
    assert before["touched"] == before["opened"]
    assert "Sam Okafor opened the guide for Running" in here("history", case).out
    other = here("open", "offers", "Bare", "--json").json["case"]
    assert "The playbook says nothing here" in here("guide", other).out


def test_a_translation_is_written_and_what_is_stale_is_named(project: Path, here: Run) -> None:
    first = here("translate", "offers.playbook.yaml", "--locale", "fa", "--json").json
    file = project / "offers.fa.yaml"
    assert (Path(first["file"]), first["stale"], first["removed"]) == (file, [], [])
    assert first["missing"] == [
        "title", "fields.amount.title", "stages.made.title", "stages.taken.title", "stages.lost.title",
    ]  # fmt: skip
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("title:  # Taken", "title: گرفته شد"), encoding="utf-8")
    assert len(here("translate", "offers", "--locale", "fa", "--json").json["missing"]) == 4
    original = project / "offers.playbook.yaml"
    original.write_text(CHILD.replace("title: Taken", "title: Accepted"), encoding="utf-8")
    told = here("translate", "offers", "--locale", "fa").out
    assert "stale: the original says something else now:\n  stages.taken.title" in told
    assert "--settled PATH" in told
    settled = here("translate", "offers", "--locale", "fa", "--settled", "stages.taken.title", "--json").json
    assert settled["stale"] == []
    assert "گرفته شد" in file.read_text(encoding="utf-8")
    assert not [p for p in here("check", "--json").json["problems"] if p["file"].endswith(".fa.yaml")]
    assert "did you mean 'offers'" in here("translate", "ofers", "--locale", "fa", code=2).err
    assert (
        "entry of the translation"
        in here("translate", "offers", "--locale", "fa", "--settled", "x", code=2).err
    )
    (project / "offers.de.yaml").write_text("mine", encoding="utf-8")
    assert "is there already" in here("translate", "offers", "--locale", "de", code=2).err
    assert (project / "offers.de.yaml").read_text(encoding="utf-8") == "mine"


def test_a_follow_up_case_that_one_does_not_see_is_not_named(project: Path, here: Run) -> None:
    (project / "sold.playbook.yaml").write_text(
        "playbook: sold\nversion: 1\nsubject: sale\nstages:\n  talks: {next: [won]}\n"
        "  won: {final: won, on_enter: [{open: kept, owner: dana}]}\n",
        encoding="utf-8",
    )
    (project / "kept.playbook.yaml").write_text(
        "playbook: kept\nversion: 1\nsubject: care\nwho_may: {see: owner}\n"
        "stages:\n  serving: {next: [won]}\n  won: {final: won}\n",
        encoding="utf-8",
    )
    case = here("open", "sold", "Basalt", "--owner", "sam", "--json").json["case"]
    here("advance", case)
    (child,) = [kin["case"] for kin in here("show", case, "--json", "--as", "dana").json["kin"]]
    here("advance", child, "--as", "dana")
    for command in ("history", "show", "why", "list", "board", "next"):
        for form in ((), ("--json",)):
            named = () if command in ("list", "board", "next") else (case,)
            for actor, sees in (("sam", False), ("dana", True)):
                told = here(command, *named, *form, "--as", actor, code=None).out
                assert child not in told or sees, (command, form)
    assert "opened kept (which you do not see) to follow it up" in here("history", case, "--as", "sam").out
    assert "saw kept (which you do not see) end\n" in here("history", case, "--as", "sam").out
    told = here("history", case, "--as", "dana").out
    assert f"opened kept {child} to follow it up" in told
    assert f"saw kept {child} end as won" in told
    assert child in here("history", case, "--json", "--as", "dana").json["events"][-1]["data"]["child"]
