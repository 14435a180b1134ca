"""What is stored never changes meaning: the bytes of a scripted run are kept here, to the last hash.

Where a new attribute makes the bytes of an event grow, run this file as a program to write them anew,
and look at the difference: only additions with a default may be in it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

from playbook.engine import Done, Engine
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Do,
    Log,
    Merge,
    Open,
    Refuse,
    Reopen,
    Set,
    SetRecord,
    SkipActivity,
    Split,
    Waive,
)
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore
from playbook.times import from_micros

CASES = Path(__file__).parents[2] / "cases"
GOLDEN = Path(__file__).with_name("stored-bytes.txt")


def opened(*names: str) -> Engine:
    """Return an engine on files of the cases, at pretended times with pretended entropy."""
    start = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    ticks, salts = itertools.count(), itertools.count()
    files = {name: (CASES / name).read_text(encoding="utf-8") for name in names}
    files[names[0]] = files[names[0]].replace(
        "pain:           {type: text}", "pain:           {type: text, personal: true}"
    )
    engine = Engine.open(
        Project.from_files(files),
        store=MemoryStore(),
        registry=load(entry_points=False),
        clock=lambda: start + dt.timedelta(minutes=next(ticks)),
        entropy=lambda size: next(salts).to_bytes(size, "big"),
    )
    engine.publish(actor="operator")
    return engine


def scripted() -> Engine:
    """Return an engine after one command of every everyday kind."""
    engine = opened("deals.playbook.yaml", "organization.yaml")
    done = engine.run(Open("", "deals", "Größe & Co", fields={"amount": "900.50 EUR"}), actor="sam", key="k1")
    assert isinstance(done, Done)
    case = done.case
    for command, actor in (
        (Advance(case), "sam"),
        (Do(case, "meeting", "no_show"), "sam"),
        (Do(case, "meeting", "held", {"pain": "زمان زیاد"}), "sam"),
        (Do(case, "recap"), "sam"),
        (
            Set(case, {"segment": "smb", "expected_close": "2026-05-01", "champion": "Ann"}, "known now"),
            "sam",
        ),
        (Advance(case), "sam"),
        (Log(case, "note", text="Called"), "sam"),
        (Assign(case, "lea"), "dana"),
        (Advance(case), "lea"),
        (Log(case, "payment", {"amount": "10 EUR"}), "fin"),
        (Back(case, "talks", "Once more"), "lea"),
        (Close(case, "lost", {"loss_reason": "price"}), "lea"),
    ):
        engine.run(command, actor=actor)
    return engine


def answered() -> Engine:
    """Return an engine after every kind of answer, exception and amendment."""
    engine = opened("approvals.playbook.yaml", "approvals.organization.yaml")
    fields = {
        "amount": "500 EUR",
        "discount": "30%",
        "account": "Größe",
        "terms": "Net 30",
        "email": "a@b.example",
    }
    case = "cabcdefghijkl"
    for command, actor in (
        (Open(case, "deals", "Größe & Co", fields=fields), "sam"),
        (Advance(case), "sam"),
        (Approve(case, "discount_ok", "Einmal"), "dana"),
        (Set(case, {"discount": "25%"}), "sam"),
        (Advance(case), "sam"),
        (Approve(case, "discount_ok"), "dana"),
        (Waive(case, "call", "They know us", dt.date(2026, 3, 9)), "dana"),
        (SkipActivity(case, "gift", "Not allowed"), "sam"),
        (Split(case, {"sam": "70%", "lea": "30%"}), "dana"),
        (Advance(case), "sam"),
        (Advance(case), "sam"),
        (Advance(case), "sam"),
        (Refuse(case, "all_of", "Too early"), "fin"),
        (Close(case, "lost"), "sam"),
        (Reopen(case, "They called"), "sam"),
        (Approve(case, "moves.reopen"), "fin"),
        (Reopen(case, "They called"), "sam"),
    ):
        engine.run(command, actor=actor)
    return engine


def recorded() -> Engine:
    """Return an engine after every kind of thing that happens to a record."""
    engine = opened("records.playbook.yaml", "organization.yaml")
    account = {"name": "Größe", "domain": "a.example", "country": "DE", "billing_email": "pay@a.example"}
    for command, actor in (
        (SetRecord("account", fields=account), "sam"),
        (SetRecord("account", fields={"name": "B", "domain": "b.example", "sector": "retail"}), "sam"),
        (SetRecord("contact", fields={"name": "Ann", "email": "ann@a.example", "account": "B"}), "sam"),
        (
            Open(
                "cabcdefghijkl",
                "deals",
                "D",
                fields={"account": "B", "champion": "Ann", "economic_buyer": "Ann"},
            ),
            "sam",
        ),
        (SetRecord("account", "B", {"domain": "c.example", "sector": None}, "moved"), "lea"),
        (Merge("account", "a.example", "B"), "dana"),
        (Advance("cabcdefghijkl"), "sam"),
    ):
        engine.run(command, actor=actor)
    engine.forget("contact:Ann", actor="operator")
    return engine


def judged() -> Engine:
    """Return an engine after what is set by hand, and cleared."""
    engine, case = opened("chances.playbook.yaml", "organization.yaml"), "cabcdefghijkl"
    for command in (
        Open(case, "deals", "Größe & Co", fields={"probability": "62.5%"}),
        Set(case, {"forecast": "commit", "probability": "80%"}, "They said so"),
        Set(case, {"probability": None, "forecast": ""}),
    ):
        engine.run(command, actor="sam")
    return engine


def stored() -> str:
    """Return every event that is stored by all of them as text."""
    return _told(scripted()) + _told(answered()) + _told(recorded()) + _told(judged())


def _told(engine: Engine) -> str:
    lines = []
    for stream in engine.store.streams(engine.tenant):
        for e in engine.store.events(engine.tenant, stream):
            head = f"{stream} {e.version} {e.kind} {from_micros(e.at)} {e.actor} {e.hash.hex()}"
            lines.append(f"{head}\n    {e.data.decode()}\n")
    return "".join(lines)


def test_the_bytes_of_every_kind_of_event_are_as_they_were() -> None:
    assert stored() == GOLDEN.read_text(encoding="utf-8")


def test_two_runs_give_the_same_bytes() -> None:
    assert stored() == stored()


if __name__ == "__main__":
    GOLDEN.write_text(stored(), encoding="utf-8")
