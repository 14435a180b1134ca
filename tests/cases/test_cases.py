"""Run given-when-then cases: each is a rule of the language, proved on the engine."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import yaml

from playbook.authoring.scenarios.commanding import command
from playbook.authoring.scenarios.playing import Play
from playbook.engine import Done, Engine, HistoryItem
from playbook.engine.definitions import Compiler
from playbook.engine.proof import prove
from playbook.errors import Blocker, InputError, Refused
from playbook.model.case import Case
from playbook.model.commands import Advance
from playbook.model.events import ActionRefused, Noticed, Posted, TimerFired
from playbook.model.scenario import COMMANDS, Given, Scenario, Step
from playbook.model.values import builtins, encode
from playbook.plugins import Registry, load
from playbook.process.codec import SEAL
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
RECORDING = {"record", "merge", "forget", "shows", "happened"}


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


@functools.cache
def _published(names: str) -> tuple[str, MemoryStore, Registry, Compiler]:
    """Return the playbook of a file of cases, and a store in which it is published."""
    used = json.loads(names)
    project, registry, store = Project.from_files(_files(used)), load(entry_points=False), MemoryStore()
    assert not [problem for problem in project.problems if problem.severity == "error"]
    Engine.open(project, store=store, clock=lambda: NOW, registry=registry).publish(actor="operator")
    playbook = next(r.id for r in project.playbooks.values() if r.file == used["playbook"])
    return playbook, store, registry, Compiler(registry)


def _case(used: dict[str, Any], spec: dict[str, Any], playbook: str, first: str) -> Scenario:
    """Return a case as a scenario without its steps."""
    given = spec.get("given")
    said = {"fields": spec.get("opens", {})} if given is None else {"placed": first, **given}
    said["placed"] = said.pop("at", said.get("placed", ""))
    records = [*used.get("records", ()), *spec.get("records", ())]
    return Scenario(
        id=spec["proves"],
        playbook=playbook,
        clock=NOW.isoformat(),
        actor=used.get("as", "sam"),
        records=tuple((kind, fields) for record in records for kind, fields in record.items()),
        given=Given(**{"name": "Big Co", **said, "done": tuple(said.get("done", ()))}),
    )


class Bench(Play):
    """Run steps as scenarios do, and look at more than they can expect."""

    def __init__(self, used: dict[str, Any], spec: dict[str, Any]) -> None:
        playbook, store, registry, compiler = _published(
            json.dumps({name: said for name, said in used.items() if name not in ("as", "records")})
        )
        engine = Engine.open(None, store=store, registry=registry)
        first = engine.definitions.current(playbook, None).playbook.stages[0].id
        super().__init__(_case(used, spec, playbook, first), store.copy(), registry, compiler)
        self.actor = self.scenario.actor

    def set_up(self) -> str:
        """Set the case up; return its id."""
        self.now = NOW
        self._setup.run()
        assert self._setup.refused is None
        return self._setup.case

    def command(self, case: str, step: dict[str, Any]) -> Any:
        """Return the command of a step."""
        verb = next(name for name in step if name in COMMANDS)
        asked = Step(verb, step[verb], {name: said for name, said in step.items() if name != verb})
        return command(asked, case, self.scenario.playbook)

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
            answer = engine.run(self.command("", step), actor=actor)
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
            self._wait(step["wait"], case)
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
            assert isinstance(engine.run(self.command(child, step), actor=actor), Done)
            happened = list(engine.history(case, actor="operator"))[before:]
            _check(expect, Done(case, "", "", 0), engine.view(case, actor="operator"), happened, self.now)
            return
        asked = self.command(case, step)
        agreed = engine.why(case, asked.to, actor=actor) if isinstance(asked, Advance) else None
        if "wrong" in step:
            with pytest.raises(InputError, match=re.escape(step["wrong"])):
                engine.run(asked, actor=actor)
            return
        answer = engine.run(asked, actor=actor)
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
    bench = Bench(used, spec)
    case = bench.set_up()
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
        seen["reads"] = {b.criterion: list(b.actual) for b in answer.blockers}
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
