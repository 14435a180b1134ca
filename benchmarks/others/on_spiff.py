"""Deals as a BPMN process of SpiffWorkflow, whose state is kept by sqlite3."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import DEFAULT_CONFIG, BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.helpers import BpmnConverter
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec
from SpiffWorkflow.util.task import TaskState

from others.deal import GIVEN, PRAGMAS, STEPS, each_in_turn

if TYPE_CHECKING:
    from pathlib import Path

_BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="peers" targetNamespace="peers">
<process id="deal" isExecutable="true">{parts}</process></definitions>"""
_GATES = {4: "pain != '' and discovery_call == 'held'", 6: "amount &gt;= 1000 and pain != ''"}


def _bpmn() -> str:
    """Return the process: a task for each step, a gateway before each move that has conditions."""
    parts, before = ['<startEvent id="start"/>'], "start"

    def flow(target: str, condition: str = "") -> None:
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        ends = f'id="{before}-{target}" sourceRef="{before}" targetRef="{target}"'
        parts.append(f"<sequenceFlow {ends}>{inside}</sequenceFlow>")

    for number in range(STEPS):
        condition = _GATES.get(number, "")
        if condition:
            gate, blocked = f"gate{number}", f"blocked{number}"
            parts.append(
                f'<exclusiveGateway id="{gate}" default="{gate}-{blocked}"/><endEvent id="{blocked}"/>'
            )
            flow(gate)
            before = gate
            flow(blocked)
        parts.append(f'<manualTask id="step{number}"/>')
        flow(f"step{number}", condition)
        before = f"step{number}"
    parts.append('<endEvent id="end"/>')
    flow("end")
    return _BPMN.format(parts="".join(parts))


class Spiff:
    """Run a BPMN process and replace its stored state after each task."""

    def __init__(self) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(_bpmn().encode())
        spec = parser.get_spec("deal")

        class Published(BpmnConverter):  # type: ignore[misc]
            def to_dict(self, spec: Any) -> dict[str, str]:
                return {"name": spec.name}

            def from_dict(self, _: dict[str, str]) -> Any:
                return spec

        registry = BpmnWorkflowSerializer.configure({**DEFAULT_CONFIG, BpmnProcessSpec: Published})
        self._serializer = BpmnWorkflowSerializer(registry)
        self._new = partial(BpmnWorkflow, spec)

    def seconds(self, path: Path, deals: int) -> float:
        """Return the seconds that deals take in a new file."""
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in (*PRAGMAS, "CREATE TABLE deals (id TEXT PRIMARY KEY, state TEXT NOT NULL)"):
            connection.execute(statement)
        taken = each_in_turn(partial(self._sell, connection), deals)
        for (state,) in connection.execute("SELECT state FROM deals"):
            ended = self._serializer.deserialize_json(state)
            if not ended.completed or ended.last_task.data["stage"] != "won":
                raise ValueError("SpiffWorkflow left a deal open")
        connection.close()
        return taken

    def _sell(self, connection: sqlite3.Connection, number: int) -> None:
        workflow = self._new()
        workflow.do_engine_steps()
        for given in GIVEN:
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.data.update(given)
            task.run()
            workflow.do_engine_steps()
            state = self._serializer.serialize_json(workflow)
            connection.execute("INSERT OR REPLACE INTO deals VALUES (?, ?)", (f"c{number:012}", state))
