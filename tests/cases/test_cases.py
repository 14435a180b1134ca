"""Run given-when-then cases: each is a rule of the language, proved on the engine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from playbook.engine import Done, Engine
from playbook.errors import Refused
from playbook.model.case import Case
from playbook.model.commands import Advance, Assign, Back, Close, Command, Do, Log, Open, Set
from playbook.model.events import Finished, Moved, Opened
from playbook.model.values import builtins
from playbook.plugins import load
from playbook.process.codec import SEAL
from playbook.reading.project import Project
from playbook.stores.memory import MemoryStore

HERE = Path(__file__).parent
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
CASES = [
    pytest.param(case, id=case["proves"])
    for file in sorted(HERE.glob("*.cases.yaml"))
    for case in yaml.safe_load(file.read_text(encoding="utf-8"))
]
COMMANDS = {"advance", "back", "close", "set", "do", "log", "assign"}


def _command(case: str, step: dict[str, Any]) -> Command:
    verb = next(iter(COMMANDS & step.keys()))
    what, fields, reason = step[verb], step.get("with", {}), step.get("reason", "")
    made: dict[str, Command] = {
        "advance": Advance(case, what or "", reason),
        "back": Back(case, what, reason),
        "close": Close(case, what, fields, reason),
        "set": Set(case, what, reason),
        "do": Do(case, what, step.get("outcome", ""), fields),
        "log": Log(case, what, fields),
        "assign": Assign(case, what),
    }
    return made[verb]


def _place(engine: Engine, given: dict[str, Any]) -> str:
    """Set a case up without gates, as imported history would be."""
    from playbook.engine.streams import write_case
    from playbook.process.decide import read_fields
    from playbook.stores.interface import Batch

    definition = engine.definitions.current("deals", None)
    stage = given.get("at", "start")
    fields = read_fields(definition.fields, given.get("fields", {}), "field")
    final = definition.stages[stage].final
    stamp = {name: fields[name] for name in definition.stages[stage].stamp if name in fields}
    events: list[Any] = [
        Opened("deals", definition.definition.digest, "Big Co", "sam", "emea", "start", fields)
    ]
    events += [Finished(name, 1, 1, "held", True) for name in given.get("done", ())]
    if stage != "start":
        events.append(Moved("start", stage, "forward", final, stamp=stamp))
    made = write_case(
        engine.tenant, None, None, "cplaced", [(event, NOW) for event in events], definition, 0, "sam",
        engine.entropy,
    )  # fmt: skip
    engine.store.append([Batch(engine.tenant, (made.write,))])
    return "cplaced"


@pytest.fixture
def engine() -> Engine:
    files = {
        path.name: path.read_text(encoding="utf-8")
        for path in HERE.glob("*.yaml")
        if "cases" not in path.name
    }
    project = Project.from_files(files)
    assert not project.problems
    engine = Engine.open(project, store=MemoryStore(), clock=lambda: NOW, registry=load(entry_points=False))
    engine.publish(actor="operator")
    return engine


@pytest.mark.parametrize("spec", CASES)
def test_case(engine: Engine, spec: dict[str, Any]) -> None:
    if "given" in spec:
        case = _place(engine, spec["given"])
    else:
        opened = engine.run(Open("", "deals", "Big Co"), actor="sam")
        assert isinstance(opened, Done)
        case = opened.case
    for step in spec["steps"]:
        actor = step.get("as", "sam")
        command = _command(case, step)
        agreed = engine.why(case, command.to, actor=actor) if isinstance(command, Advance) else None
        answer = engine.run(command, actor=actor)
        if agreed is not None:
            assert agreed.can_advance == isinstance(answer, Done), "why and advance disagree"
        expect = step.get("expect", {})
        if not {"blocked", "refused"} & expect.keys():
            assert isinstance(answer, Done), answer
        _check(expect, answer, engine.case(case), list(engine.history(case, actor="sam"))[-1].event)


def _check(expect: dict[str, Any], answer: Done | Refused, case: Case, last: Any) -> None:
    seen: dict[str, Any] = {
        "stage": case.stage,
        "outcome": case.outcome,
        "owner": case.owner,
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
        "code": answer.code if isinstance(answer, Refused) else "",
    }
    if isinstance(answer, Refused):
        seen["refused"] = answer.code
        seen["blocked"] = [b.criterion for b in answer.blockers] if answer.code == "blocked" else answer.code
        seen["missing"] = list(dict.fromkeys(m for b in answer.blockers for m in b.missing if "." in m))
    else:
        seen["warned"] = [b.criterion for b in answer.warned]
        seen["observed"] = [b.criterion for b in answer.observed]
    assert {name: seen.get(name) for name in expect} == expect
    assert SEAL not in str(case.fields)
