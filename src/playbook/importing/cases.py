"""Rows to cases: history as it was, one batch a row, many batches a transaction."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook.engine.streams import CaseStream, case_stream
from playbook.errors import InputError, KeyReused
from playbook.importing.cells import RowFault
from playbook.importing.job import ACTOR, NO_ANSWER, REMEMBERED, Job
from playbook.importing.rows import RowReader, turn_of
from playbook.model.case import OPEN, Case
from playbook.model.events import Assigned, Changed, Moved, Opened, TimersArmed
from playbook.process.assignment import territory_of
from playbook.process.criteria import Attempt
from playbook.process.setting import judgements
from playbook.stores.interface import Batch, Receipt

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.importing.rows import Row
    from playbook.model.contributions import SourceRow
    from playbook.model.events import CaseEvent
    from playbook.model.mapping import ImportMapping
    from playbook.process.compiled import Compiled
    from playbook.stores.interface import Snapshot, VaultRow, Write


def import_cases(engine: Engine, mapping: ImportMapping, rows: Iterable[SourceRow]) -> Outcome:
    """Import rows as cases of the mapping's playbook; a row that is wrong is named, the others go in.

    With `on_bad_row: stop` the import ends at the first bad row; the whole rows before it stay.
    """
    job = _Job(engine, mapping)
    chunk: list[Row] = []
    for row in rows:
        job.outcome.rows += 1
        try:
            chunk.append(job.read(row))
        except RowFault as fault:
            job.reject(row.line, str(fault))
        if len(chunk) >= job.chunk:
            job.store(chunk)
            chunk = []
        if job.stopped:
            break
    job.store(chunk)
    return job.told()


class _Job(Job):
    """Hold one import of cases while it runs."""

    def __init__(self, engine: Engine, mapping: ImportMapping) -> None:
        super().__init__(engine, mapping)
        self.definition = engine.definitions.current(mapping.into, None)
        self._world = engine.world
        self.reader = RowReader(mapping, self.definition, self._world)
        self._team_on = lru_cache(REMEMBERED)(self._team_of)
        self._now = engine.clock()
        self._observes = mapping.gates == "observe"
        stages = self.definition.stages
        self._gates = {stage: self.definition.gates_to(stage) for stage in stages if self._observes}
        self._finals = {name: stage.final for name, stage in stages.items()}
        self._stamps = {name: stage.stamp for name, stage in stages.items()}

    def read(self, source: SourceRow) -> Row:
        """Return what a row says, with ids in place of the names of records; raises RowFault."""
        row = self.reader.read(source)
        if not self.definition.refers:
            return row
        try:
            return replace(row, fields=self._named(self.definition.fields, row.fields))
        except InputError as error:
            raise RowFault(str(error)) from error

    def store(self, rows: list[Row]) -> None:
        """Store a chunk of rows in one transaction; those that are there already are skipped or brought up."""
        if not rows:
            return
        store, tenant = self.engine.store, self.engine.tenant
        names = [case_stream(row.case) for row in rows]
        heads = store.load(tenant, names)
        batches, opened = [], []
        for row, name in zip(rows, names, strict=True):
            head = heads.get(name)
            if head is not None:
                self._bring_up(row, head)
            else:
                batches.append(self._open(row))
                opened.append(row)
        for row, answer in zip(opened, store.append(batches) if batches else (), strict=True):
            if isinstance(answer, Receipt):
                self.outcome.opened += not answer.repeated
                self.outcome.skipped += answer.repeated
            else:
                self.reject(row.line, _conflict(answer))

    def _open(self, row: Row) -> Batch:
        made = self._write(row, None, None, self.definition, self._history(row))
        return self._batch(row, 0, *made)

    def _write(
        self,
        row: Row,
        head: Snapshot | None,
        case: Case | None,
        definition: Compiled,
        events: list[tuple[CaseEvent, dt.datetime]],
    ) -> tuple[tuple[Write, ...], tuple[VaultRow, ...]]:
        engine = self.engine
        stream = CaseStream(row.case, case_stream(row.case), head, case, case, definition)
        for event, at in events:
            stream.record((event,), at, ACTOR, engine.entropy)
        # what runs already goes on: an import of a few fields is no new beginning
        entered = head is None or any(isinstance(event, Moved) for event, _ in events)
        if entered and definition.automation is not None and definition.automation.timers:
            stream.record((TimersArmed(self._now),), stream.moments[-1][1], ACTOR, engine.entropy)
        return (stream.write(engine.tenant, self._now, self._world),), tuple(stream.vault)

    def _batch(
        self, row: Row, turn: int, writes: tuple[Write, ...] = (), vault: tuple[VaultRow, ...] = ()
    ) -> Batch:
        """Return the batch of a row's content; `turn` counts the contents that this row has had."""
        return Batch(self.engine.tenant, writes, f"{row.key}:{turn}", row.fingerprint, NO_ANSWER, vault=vault)

    def _history(self, row: Row) -> list[tuple[CaseEvent, dt.datetime]]:
        """Return the events of a new case: opened, and where it ended the move to its end."""
        definition = self.definition
        final = self._finals[row.stage]
        opened = row.opened or self._now
        start = definition.playbook.stages[0].id if final else row.stage
        observed = self._observe(row, opened)
        event = Opened(
            definition.playbook.id,
            definition.definition.digest,
            row.name,
            row.owner,
            self._team(row.owner, row.closed or opened),
            start,
            row.fields,
            (),
            self._stamp(start, row.fields),
            True,
            territory=self._territory(row, opened),
        )
        history: list[tuple[CaseEvent, dt.datetime]] = [(event, opened)]
        if row.by_hand:
            history += [(one, opened) for one in judgements(row.by_hand, historical=True)]
        if final and row.closed is not None:
            history.append((self._move(start, row, observed), row.closed))
        return history

    def _move(self, source: str, row: Row, observed: tuple[str, ...]) -> Moved:
        return Moved(
            source,
            row.stage,
            "import",
            outcome=self._finals[row.stage],
            stamp=self._stamp(row.stage, row.fields),
            observed=observed,
            historical=True,
        )

    def _bring_up(self, row: Row, head: Snapshot) -> None:
        """Bring a case up to a row whose content is not the last that was imported of it.

        Fields that the mapping does not name stay, and so do name and opening date, which a case keeps for ever.
        """
        turn = turn_of(self.engine.store, self.engine.tenant, row.key, row.fingerprint)
        if turn is None:
            self.outcome.skipped += 1
            return
        case, definition = self.engine.case_and_definition(row.case)
        try:
            self._require_version(row, definition)
            at = self._when(row, case)
        except RowFault as fault:
            self.reject(row.line, str(fault))
            return
        events = [(event, at) for event in self._differences(row, case)]
        made = self._write(row, head, case, definition, events) if events else ()
        answer = self.engine.store.append([self._batch(row, turn, *made)])[0]
        if not isinstance(answer, Receipt):
            self.reject(row.line, _conflict(answer))
        elif events and not answer.repeated:
            self.outcome.changed += 1
        else:
            self.outcome.skipped += 1

    def _require_version(self, row: Row, definition: Compiled) -> None:
        """Raise RowFault where the case runs on a version of the playbook that knows less than the row says."""
        given = (*row.fields, *row.by_hand)
        unknown = [f"field {name!r}" for name in given if name not in definition.settable]
        unknown += [f"stage {row.stage!r}"] if row.stage not in definition.stages else []
        if unknown:
            version = definition.playbook.version
            raise RowFault(
                f"the case runs on version {version} of the playbook, without {', '.join(unknown)}"
            )

    def _when(self, row: Row, case: Case) -> dt.datetime:
        """Return when the changes of a row happened; raises RowFault where they contradict what is known."""
        if case.outcome != OPEN and case.stage != row.stage:
            raise RowFault(f"the case was closed as {case.outcome}, and an import does not reopen it")
        if row.closed is None or case.outcome != OPEN:
            return max(case.last, self._now)
        closed, last = map(self._world.day, (row.closed, case.last))
        if closed < last:
            raise RowFault(f"it was closed ({closed}) before the last that is known of it ({last})")
        return max(case.last, row.closed)

    def _differences(self, row: Row, case: Case) -> Iterator[CaseEvent]:
        named = self.reader.field_names
        changes = {n: row.fields.get(n) for n in named if case.fields.get(n) != row.fields.get(n)}
        if changes:
            yield Changed(changes, historical=True)
        if case.outcome == OPEN:  # in the end what was set by hand is kept, and counts no more
            yield from judgements(row.by_hand, case, historical=True)
        if row.owner and row.owner != case.owner:
            team = self._team(row.owner, case.closed or row.closed or self._now) or case.team
            yield Assigned(row.owner, team, case.owner, case.territory)
        if row.stage != case.stage:
            kept = {name: value for name, value in case.fields.items() if name not in named}
            after = replace(row, fields={**kept, **row.fields})
            yield self._move(case.stage, after, self._observe(after, case.opened))

    def _observe(self, row: Row, opened: dt.datetime) -> tuple[str, ...]:
        """Return the criteria on the way to the row's stage that would have blocked the case."""
        gate = self._gates.get(row.stage)
        if not gate:
            return ()
        at = row.closed or opened
        case = self._case(row, opened)
        scope = self.definition.scope(case, ACTOR, at, self._world)
        attempt = Attempt(
            case, scope, self._world.organization, observe=True, subject=self.definition.subject
        )
        attempt.passes(gate)
        observed = tuple(
            dict.fromkeys(blocker.criterion for blocker in attempt.observed if blocker.mode == "block")
        )
        self.outcome.observe(observed)
        return observed

    def _team(self, owner: str, at: dt.datetime) -> str:
        return self._team_on(owner, self._world.day(at))

    def _team_of(self, owner: str, on: dt.date) -> str:
        return self._world.organization.post(owner, on).team

    def _territory(self, row: Row, opened: dt.datetime) -> str:
        if not self._world.organization.rules.territories:
            return ""
        scope = self.definition.scope(self._case(row, opened), ACTOR, row.closed or opened, self._world)
        found = territory_of(self._world, self.definition.subject, scope)
        return found.id if found else ""

    def _case(self, row: Row, opened: dt.datetime) -> Case:
        """Return a row as a case, for conditions to look at."""
        return Case(
            row.case, self.definition.playbook.id, "", row.name, row.owner, "", row.stage, opened, opened, opened,
            opened, fields=row.fields, probability=row.by_hand.get("probability"),
            forecast=row.by_hand.get("forecast") or "",
        )  # fmt: skip

    def _stamp(self, stage: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        names = self._stamps[stage]
        return {n: fields[n] for n in names if n in fields and n not in self.definition.personal}


def _conflict(answer: object) -> str:
    if isinstance(answer, KeyReused):
        return "another import brought other content of this row at the same time; run the import again"
    return "the case changed while it was imported; run the import again"
