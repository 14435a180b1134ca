"""Run given-when-then cases: each is a rule of the language, proved on the engine."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import yaml

from playbook.engine import Done, Engine, HistoryItem
from playbook.engine.proof import prove
from playbook.engine.streams import CaseStream
from playbook.errors import Blocker, InputError, Refused
from playbook.model.case import Case
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Back,
    Close,
    Command,
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
from playbook.model.events import ActionRefused, Finished, Moved, Noticed, Opened, Posted, TimerFired
from playbook.model.values import builtins, encode
from playbook.plugins import load
from playbook.process.codec import SEAL
from playbook.process.decide import read_fields
from playbook.reading.project import Project
from playbook.stores.interface import Batch, Query
from playbook.stores.memory import MemoryStore
from playbook.times import Duration, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
RECORDING = {"record", "merge", "forget", "shows", "happened"}
COMMANDS = {
    "advance", "back", "close", "set", "do", "log", "assign", "approve", "refuse", "waive", "skip", "reopen", "split",
    "open",
}  # fmt: skip


def _specs() -> Iterator[Any]:
    """Yield the cases of every file with what its first item says: files, and `as`, who acts unless a step says.

    A file with a folder is one of the repository, another stands beside this one.
    """
    for file in sorted(HERE.glob("*.cases.yaml")):
        items = yaml.safe_load(file.read_text(encoding="utf-8"))
        about = items.pop(0) if "playbook" in items[0] else {}
        used = {"playbook": "deals.playbook.yaml", "organization": "organization.yaml"} | about
        yield from (pytest.param(used, case, id=case["proves"]) for case in items)


def _files(used: dict[str, Any]) -> dict[str, str]:
    said = [value for name, value in used.items() if name not in ("as", "records")]
    names = [name for value in said for name in ([value] if isinstance(value, str) else value)]
    return {name: ((ROOT if "/" in name else HERE) / name).read_text(encoding="utf-8") for name in names}


def _command(case: str, step: dict[str, Any], verb: str) -> Command:
    what, fields, reason = step[verb], step.get("with", {}), step.get("reason", "")
    made: dict[str, Callable[[], Command]] = {
        "open": lambda: Open("", step.get("playbook", "deals"), what, fields=fields),
        "advance": lambda: Advance(case, what or "", reason),
        "back": lambda: Back(case, what, reason),
        "close": lambda: Close(case, what, fields, reason),
        "set": lambda: Set(case, what, reason),
        "do": lambda: Do(case, what, step.get("outcome", ""), fields),
        "log": lambda: Log(case, what, fields),
        "assign": lambda: Assign(case, what),
        "approve": lambda: Approve(case, what, step.get("note", "")),
        "refuse": lambda: Refuse(case, what, reason),
        "waive": lambda: Waive(case, what, reason, step.get("until")),
        "skip": lambda: SkipActivity(case, what, reason),
        "reopen": lambda: Reopen(case, reason),
        "split": lambda: Split(case, what),
    }
    return made[verb]()


class Bench:
    """Run steps on one engine with a pretended clock."""

    def __init__(self, used: dict[str, Any]) -> None:
        self.now, self.actor = NOW, used.get("as", "sam")
        files = _files(used)
        project = Project.from_files(files)
        self.playbook = next(r.id for r in project.playbooks.values() if r.file == used["playbook"])
        assert not [problem for problem in project.problems if problem.severity == "error"]
        self.engine = Engine.open(
            project, store=MemoryStore(), clock=lambda: self.now, registry=load(entry_points=False)
        )
        self.engine.publish(actor="operator")

    def place(self, given: dict[str, Any]) -> str:
        """Set a case up without gates, as imported history would be."""
        engine = self.engine
        definition = engine.definitions.current(self.playbook, None)
        first = definition.playbook.stages[0].id
        stage = given.get("at", first)
        written = given.get("fields", {})
        meant = engine.kept_records.referring(definition.fields.values(), written, self.actor)
        said = read_fields(definition.fields, meant, "field")
        fields = {name: value for name, value in (definition.defaults | said).items() if value is not None}
        final, owner = definition.stages[stage].final, given.get("owner", self.actor)
        team = engine.world.organization.post(owner).team
        stamp = {name: fields[name] for name in definition.stages[stage].stamp if name in fields}
        events: list[Any] = [
            Opened(
                self.playbook,
                definition.definition.digest,
                given.get("name", "Big Co"),
                owner,
                team,
                first,
                fields,
            )
        ]
        events += [Finished(name, 1, 1, "held", True) for name in given.get("done", ())]
        if stage != first:
            events.append(Moved(first, stage, "forward", final, stamp=stamp))
        stream = CaseStream("cplaced", "case:cplaced", None, None, None, definition)
        stream.record(events, NOW, owner, engine.entropy)
        engine.store.append(
            [
                Batch(
                    engine.tenant,
                    (stream.write(engine.tenant, to_micros(NOW), engine.world),),
                    vault=tuple(stream.vault),
                )
            ]
        )
        return "cplaced"

    def wait(self, length: str) -> None:
        """Let time pass, striking timers at their moments: a worker that is always there."""
        end = self.engine.world.calendar.add(self.now, Duration.parse(length))
        while self.now < end:
            self.now = min(end, self.now + dt.timedelta(hours=6))
            self.engine.tick()

    def cut_at(self, circle: str) -> None:
        """Hold that somewhere an action was refused because it closes a circle."""
        cases = [view.id for view in self.engine.find(actor="operator").items]
        told = [
            item.event.message
            for case in cases
            for item in self.engine.history(case, actor="operator")
            if isinstance(item.event, ActionRefused)
        ]
        assert told == [f"this goes round in a circle: {circle}"]

    def nowhere(self, text: str) -> None:
        """Hold that a text stands in no event, no snapshot and no index row of a case."""
        store, tenant = self.engine.store, self.engine.tenant
        names = [name for name in store.streams(tenant, after="case:") if name.startswith("case:")]
        kept = [event.data for name in names for event in store.events(tenant, name)]
        kept += [head.data for head in store.load(tenant, names).values()]
        kept += [row.fields for row in store.find(tenant, Query(), limit=100).items]
        assert not [data for data in kept if text.encode() in data]

    def on_account(self, account: str) -> list[str]:
        """Return where the cases of an account are, each with its playbook."""
        views = self.engine.find(actor=self.actor).items
        names = {account, self.engine.record("account", account).id}
        on = [view for view in views if self.engine.case(view.id).fields.get("account") in names]
        return sorted(f"{view.stage} of {view.playbook}" for view in on)

    def keep(self, step: dict[str, Any]) -> None:
        """Carry out one step on a record and hold it against what is expected."""
        verb = next(iter(step.keys() & RECORDING))
        if "wrong" in step:
            with pytest.raises(InputError, match=re.escape(step["wrong"])):
                self._kept(step, verb)
            return
        seen = self._kept(step, verb)
        if isinstance(step.get("expect"), dict):
            seen = {name: seen.get(name) for name in step["expect"]}
        assert seen == step.get("expect", seen)

    def _kept(self, step: dict[str, Any], verb: str) -> Any:
        """Return what a step on a record leads to."""
        engine, actor, said = self.engine, step.get("as", self.actor), step[verb]
        if verb == "happened":
            told = engine.history_of(said, step["to"], actor=actor)
            return [f"{one.of}: {one.item.kind.partition('/')[0]}" for one in told]
        if verb == "forget":
            return builtins(engine.forget(said, actor=actor))
        if verb != "shows":
            command = (
                Merge(said, step["keep"], step["other"])
                if verb == "merge"
                else SetRecord(said, step.get("id", ""), step["with"])
            )
            answer = engine.run(command, actor=actor)
            if isinstance(answer, Refused):
                expected = step["expect"].get("says", "")
                return {
                    "refused": answer.code,
                    "says": expected if expected in answer.message else answer.message,
                }
            return self._shown(said, answer.case)
        return self._shown(said, step["to"])

    def _shown(self, kind: str, reference: str) -> dict[str, Any]:
        view = self.engine.record(kind, reference)
        return {"name": view.name, "merged": len(view.merged), **builtins(view.fields)}

    def step(self, case: str, step: dict[str, Any]) -> None:
        """Carry out one step on a case (or the newest `of` a playbook) and hold it against what is expected."""
        if "of" in step:
            case = self.engine.find(Query(step["of"]), actor="operator", limit=1).items[0].id
        if "account" in step:
            assert self.on_account(step["account"]) == step["expect"]
            return
        if "nowhere" in step:
            self.nowhere(step["nowhere"])
            return
        if step.keys() & RECORDING:
            self.keep(step)
            return
        engine, actor, expect = self.engine, step.get("as", self.actor), step.get("expect", {})
        before = len(list(engine.history(case, actor="operator")))
        if "wait" in step:
            self.wait(step["wait"])
            waited = Done(case, "", "", 0)
            if "cut" in expect:
                self.cut_at(expect["cut"])
                expect = {name: said for name, said in expect.items() if name != "cut"}
            happened = list(engine.history(case, actor="operator"))[before:]
            _check(expect, waited, engine.view(case, actor="operator"), happened, self.now)
            return
        if "child" in step:
            (child,) = engine.view(case, actor="operator").children
            step = {**step["child"], "expect": expect}
            assert isinstance(
                engine.run(_command(child, step, next(iter(COMMANDS & step.keys()))), actor=actor), Done
            )
            happened = list(engine.history(case, actor="operator"))[before:]
            _check(expect, Done(case, "", "", 0), engine.view(case, actor="operator"), happened, self.now)
            return
        command = _command(case, step, next(iter(COMMANDS & step.keys())))
        agreed = engine.why(case, command.to, actor=actor) if isinstance(command, Advance) else None
        if "wrong" in step:
            with pytest.raises(InputError, match=re.escape(step["wrong"])):
                engine.run(command, actor=actor)
            return
        answer = engine.run(command, actor=actor)
        if agreed is not None:
            assert agreed.can_advance == isinstance(answer, Done), "why and advance disagree"
            blockers = answer.blockers if isinstance(answer, Refused) else ()
            assert list(map(_said, agreed.blockers)) == list(map(_said, blockers))
        if not {"blocked", "refused"} & expect.keys():
            assert isinstance(answer, Done), answer
        happened = list(engine.history(case, actor=actor if "tells" in expect else "operator"))
        _check(expect, answer, engine.view(case, actor=actor), happened[before:], self.now)


@pytest.mark.parametrize(("used", "spec"), list(_specs()))
def test_case(used: dict[str, Any], spec: dict[str, Any]) -> None:
    bench = Bench(used)
    for record in [*used.get("records", ()), *spec.get("records", ())]:
        for kind, fields in record.items():
            assert isinstance(bench.engine.run(SetRecord(kind, fields=fields), actor=bench.actor), Done)
    if "given" in spec:
        case = bench.place(spec["given"])
    else:
        opening = Open("", bench.playbook, "Big Co", fields=spec.get("opens", {}))
        opened = bench.engine.run(opening, actor=bench.actor)
        assert isinstance(opened, Done)
        case = opened.case
    for step in spec["steps"]:
        bench.step(case, step)
    assert list(prove(bench.engine)) == []


def _said(blocker: Blocker) -> Blocker:
    """Return a blocker without the next step to an approval: it is asked for first, and answered then."""
    return attrs.evolve(blocker, fix="") if blocker.kind == "approval" else blocker


def _check(
    expect: dict[str, Any], answer: Done | Refused, case: Case, new: list[HistoryItem], now: dt.datetime
) -> None:
    last = new[-1].event if new else None
    seen: dict[str, Any] = {
        "notices": [
            {"to": list(item.event.to), "about": item.event.about}
            for item in new
            if isinstance(item.event, Noticed)
        ],
        "says_to": {
            who: item.event.say for item in new if isinstance(item.event, Noticed) for who in item.event.to
        },
        "struck": [
            [item.event.timer, str(item.event.due)] for item in new if isinstance(item.event, TimerFired)
        ],
        "refused_actions": [item.event.message for item in new if isinstance(item.event, ActionRefused)],
        "children": dict(case.children) and list(case.children.values()),
        "posted": [item.event.url for item in new if isinstance(item.event, Posted)],
        "events": [item.kind.partition("/")[0] for item in new],
        "tells": {n: builtins(getattr(last, "fields", {}).get(n)) for n in expect.get("tells", {})},
        "asked": {name: asked.by for name, asked in case.approvals.items() if asked.pending},
        "approved": [name for name, asked in case.approvals.items() if asked.complete],
        "counts": [name for name, asked in case.approvals.items() if asked.counts(case.stage, now)],
        "waived": list(case.waivers),
        "excepted": list(getattr(last, "waived", ())),
        "shares": {who: str(share) for who, share in case.shares.items()},
        "hides": expect.get("hides") if expect.get("hides", "") not in str(encode(last)) else "",
        "stage": case.stage,
        "outcome": case.outcome,
        "owner": case.owner,
        "team": case.team,
        "territory": case.territory,
        "entries": len(case.entries),
        "stamps": builtins({s: {n: str(v) for n, v in kept.items()} for s, kept in case.stamps.items()}),
        "stamps_last": builtins(
            {s: {n: str(v) for n, v in kept.items()} for s, kept in case.stamps_last.items()}
        ),
        "passed": list(getattr(last, "passed", ())),
        "assignees": {task.id: task.assignee for task in case.tasks},
        "done": [task.id for task in case.tasks if task.status == "done"],
        "open": {task.id: task.n for task in case.tasks if task.status == "open"},
        "due": builtins({task.id: task.due for task in case.tasks if task.status == "open"}),
        "fields": {name: builtins(case.fields.get(name)) for name in expect.get("fields", {})},
        "at": str(new[-1].at) if new else "",
        "code": answer.code if isinstance(answer, Refused) else "",
    }
    if isinstance(answer, Refused):
        seen["refused"] = answer.code
        seen["blocked"] = [b.criterion for b in answer.blockers] if answer.code == "blocked" else answer.code
        seen["who"] = {b.criterion: list(b.who) for b in answer.blockers}
        seen["sees"] = {
            b.criterion: {path: str(said) for path, said in b.actual.items()} for b in answer.blockers
        }
        seen["says"] = next(
            (text for text in expect.get("says", ()) if text not in _told(answer)), expect.get("says")
        )
        seen["missing"] = list(dict.fromkeys(m for b in answer.blockers for m in b.missing if "." in m))
    else:
        seen["warned"] = [b.criterion for b in answer.warned]
        seen["observed"] = [b.criterion for b in answer.observed]
    assert {name: seen.get(name) for name in expect} == expect
    assert SEAL not in str(case.fields)


def _told(answer: Refused) -> str:
    return "\n".join([answer.message, *(f"{b.title} {b.hint} {b.fix}" for b in answer.blockers)])
