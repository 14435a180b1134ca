"""Cases that are there without gates, as if they had been imported: nothing of them is planned, told or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.engine.answers import Done
from playbook.engine.streams import CaseStream, case_stream
from playbook.errors import InputError
from playbook.model.commands import Log, Split
from playbook.model.events import Finished, Moved, Opened
from playbook.model.organization import OPERATOR
from playbook.process.setting import apart, judgements, read_fields
from playbook.stores.interface import Batch
from playbook.times import in_utc, parse_datetime

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from playbook.engine import Engine
    from playbook.model.commands import Command
    from playbook.model.scenario import Scenario
    from playbook.process.compiled import Compiled

NAME = "Acme"
"""What a case is called that a scenario gives no name."""

_PLACED = "cgiven"


class Placing:
    """Place the cases of a scenario; `events` says how many events of each stream are no work of its playbooks."""

    def __init__(self, engine: Engine, scenario: Scenario) -> None:
        self._engine = engine
        self._scenario = scenario
        self._owner = scenario.given.owner or scenario.actor
        self.events: dict[str, int] = {}

    def given(self) -> str:
        """Place the case that the scenario is about, and return its id."""
        given, now = self._scenario.given, self._engine.clock()
        definition = self._engine.definitions.current(self._scenario.playbook, None)
        opened, fields = self._opened(definition, given.name or NAME, self._owner, given.fields, now)
        _check_stage(definition, given.placed)
        first = definition.playbook.stages[0].id
        here = {activity.id for activity in definition.stages[given.placed].activities}
        done = {name: _done(definition, name) for name in given.done}
        moved = given.placed != first
        events = [
            *opened,
            *(Finished(n, 1, 1, outcome, True) for n, outcome in done.items() if not moved or n not in here),
        ]
        if moved:
            events.append(_moved(definition, given.placed, fields))
            events += [Finished(n, 2, 1, outcome, True) for n, outcome in done.items() if n in here]
        self._store(CaseStream(_PLACED, case_stream(_PLACED), None, None, None, definition), events, now)
        return _PLACED

    def past(self, number: int, said: Mapping[str, Any]) -> None:
        """Place a case that was closed earlier, with its entries; raises InputError for what cannot have been."""
        engine = self._engine
        definition = engine.definitions.current(said.get("playbook") or self._scenario.playbook, None)
        closed = self._time(said["on"])
        opened = self._time(said.get("opened", said["on"]))
        case = f"cpast{number:04}"  # what happened on a day counts in the order in which it is written
        name, owner = str(said.get("name") or f"{NAME} {number}"), said.get("owner") or self._owner
        _check_stage(definition, said["close"])
        events, fields = self._opened(definition, name, owner, said.get("with", {}), opened)
        self._store(CaseStream(case, case_stream(case), None, None, None, definition), events, opened)
        if "split" in said:
            self._run(Split(case, said["split"]), opened)
        self._store(engine.load_stream(case), [_moved(definition, said["close"], fields)], closed)
        for entry in said.get("entries", ()):
            self._run(Log(case, entry["log"], entry.get("with", {})), self._time(entry["on"]))

    def _opened(
        self, definition: Compiled, name: str, owner: str, given: Mapping[str, Any], at: dt.datetime
    ) -> tuple[list[Any], dict[str, Any]]:
        """Return the events that open a case, and its fields."""
        engine = self._engine
        meant = engine.kept_records.referring(definition.fields.values(), given, OPERATOR)
        said, values = apart(read_fields(definition.settable, meant, "field"), definition.fields)
        values = definition.defaults | values
        fields = {name: value for name, value in values.items() if value is not None}
        team = engine.world.organization.post(owner, engine.world.day(at)).team
        first, digest = definition.playbook.stages[0].id, definition.definition.digest
        opened = Opened(definition.playbook.id, digest, name, owner, team, first, fields)
        return [opened, *judgements(said)], fields

    def _store(self, stream: CaseStream, events: list[Any], at: dt.datetime) -> None:
        engine = self._engine
        stream.record(events, at, self._owner or OPERATOR, engine.entropy)
        write = stream.write(engine.tenant, engine.clock(), engine.world)
        engine.store.append([Batch(engine.tenant, (write,), vault=tuple(stream.vault))])
        self.events[stream.name] = self.events.get(stream.name, 0) + len(events)

    def _run(self, command: Command, at: dt.datetime) -> None:
        answer = self._engine.run(command, actor=OPERATOR, at=at)
        if not isinstance(answer, Done):
            raise InputError(answer.message)
        self.events[case_stream(answer.case)] = answer.version

    def _time(self, text: str) -> dt.datetime:
        moment = in_utc(parse_datetime(str(text), self._engine.world.zone))
        if moment > self._engine.clock():
            raise InputError(f"{text} is in the future: the clock says {self._scenario.clock}")
        return moment


def _moved(definition: Compiled, stage: str, fields: Mapping[str, Any]) -> Moved:
    target = definition.stages[stage]
    stamp = {name: fields[name] for name in target.stamp if name in fields}
    return Moved(definition.playbook.stages[0].id, stage, "forward", target.final, stamp=stamp)


def _check_stage(definition: Compiled, stage: str) -> None:
    if stage not in definition.stages:
        raise InputError(f"{definition.playbook.id} has no stage {stage!r}")


def _done(definition: Compiled, name: str) -> str:
    """Return the outcome that means that an activity is done; raises InputError where there is no such activity."""
    activity = definition.activities.get(name)
    if activity is None:
        raise InputError(f"{definition.playbook.id} has no activity {name!r}")
    return next((outcome for outcome, means in activity.outcomes if means == "done"), "done")
