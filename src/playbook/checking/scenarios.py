"""Checks of a scenario against the playbook and the organization that it runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.checking.found import items, key_problem, one_or_items, problem, unknown, unknown_keys
from playbook.errors import nearest_hint
from playbook.model.chances import settable
from playbook.model.events import KINDS
from playbook.model.organization import AUTOMATIC, OPERATOR
from playbook.model.playbook import OUTCOMES
from playbook.model.scenario import ABOUT_RECORDS, COMMANDS, parameters
from playbook.model.values import is_blank, parse
from playbook.process.answers import MOVES
from playbook.process.compiled import BUILT_IN_ENTRIES
from playbook.process.preparing import criteria
from playbook.reading import codes
from playbook.reading.structure import told
from playbook.times import Duration, parse_datetime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from playbook.checking.found import Check, Path
    from playbook.errors import Problem
    from playbook.model.organization import Organization
    from playbook.model.playbook import Field, Playbook
    from playbook.model.scenario import Scenario, Step
    from playbook.reading.project import Project, Reading

_REFUSALS = ("not_permitted", "wrong_state", "blocked", "taken", "wrong_input")
_EVENTS = sorted({kind.partition("/")[0] for kind in KINDS})
_BY_CRITERION = ("blocked", "warned", "observed", "approved", "waived")
_MAPS_BY_CRITERION = {"who", "sees", "asked"}
_MAPS_BY_ACTIVITY = {"due", "open", "assignees"}
# What gates say beside criteria: required fields, a branch, invariants, a plugin that is missing.
_ALSO_BLOCKS = ("required_fields", "next", "plugins")


class _Names:
    """Hold what the names of a scenario may mean: the parts of a playbook, by kind."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.stages = [stage.id for stage in playbook.stages]
        self.activities = {a.id: a for stage in playbook.stages for a in stage.activities}
        self.fields = {field.id: field for field in playbook.fields}
        self.settable = settable(playbook.fields)
        self.entries = {entry.id: entry for entry in playbook.entries}
        found = [criterion.id for _, criterion in criteria(playbook)]
        moves = [f"{MOVES}{way}" for way in ("skip", "back", "reopen")]
        invariants = [invariant.id for invariant in playbook.invariants]
        self.criteria = [*dict.fromkeys((*found, *self.activities, *invariants, *moves, *_ALSO_BLOCKS))]

    def entry(self, kind: str) -> dict[str, Field]:
        found = self.entries.get(kind)
        return {} if found is None else {field.id: field for field in found.fields}


class _Checked:
    """Look at one run of a scenario; a value that stands in a table is told where it is used."""

    def __init__(self, reading: Reading[Scenario], project: Project, run: Scenario) -> None:
        self.reading = reading
        self.project = project
        self.run = run
        self.people = _organization(project, run.organization)
        self._known: dict[str, _Names | None] = {}

    def problems(self) -> Iterator[Problem]:
        reading, run = self.reading, self.run
        yield from unknown(
            reading, codes.UNKNOWN_PLAYBOOK, "playbook", {("playbook",): run.playbook}, self.project.playbooks
        )
        said: dict[Path, str] = {("organization",): run.organization}
        known = self.project.organizations
        yield from unknown(reading, codes.UNKNOWN_ORGANIZATION, "organization", said, known)
        yield from self._clock()
        persons: dict[Path, str] = {("as",): run.actor, ("given", "owner"): run.given.owner}
        yield from self._persons(persons)
        names = self._named(run.playbook)
        if names is not None:
            yield from self._given(names)
        for index, past in enumerate(run.given.history):
            yield from self._past(past, ("given", "history", index))
        for index, step in enumerate(run.steps):
            yield from self._step(step, ("steps", index))

    def _named(self, playbook: str) -> _Names | None:
        if playbook not in self._known:
            found = self.project.playbooks.get(playbook)
            self._known[playbook] = None if found is None or found.value is None else _Names(found.value)
        return self._known[playbook]

    def _clock(self) -> Iterator[Problem]:
        try:
            parse_datetime(self.run.clock)
        except ValueError as error:
            if self.run.clock:
                yield self._bad(("clock",), error)

    def _bad(self, path: Path, error: ValueError) -> Problem:
        message, hint = told(error)
        return problem(self.reading, codes.BAD_VALUE, message, path, hint)

    def _persons(self, names: Mapping[Path, str]) -> Iterator[Problem]:
        people = self.people.people if self.people is not None else {}
        if people:
            known = (*people, OPERATOR, *AUTOMATIC)
            yield from unknown(self.reading, codes.UNKNOWN_PERSON, "person", names, known)

    def _fields(self, given: Mapping[str, Any], known: Mapping[str, Field], path: Path) -> Iterator[Problem]:
        """Find fields that are not there, and values that do not fit."""
        if not given:
            return
        yield from unknown_keys(self.reading, codes.UNKNOWN_FIELD, "field", path, known)
        for name, value in given.items():
            field = known.get(name)
            if field is None or is_blank(value) or (isinstance(value, str) and parameters(value)):
                continue
            try:
                parse(field, value)
            except ValueError as error:
                yield self._bad((*path, name), error)

    def _given(self, names: _Names) -> Iterator[Problem]:
        given, reading = self.run.given, self.reading
        stages: dict[Path, str] = {("given", "placed"): given.placed, ("given", "reach"): given.reach}
        yield from unknown(reading, codes.UNKNOWN_STAGE, "stage", stages, names.stages)
        done = items(("given", "done"), given.done)
        yield from unknown(reading, codes.UNKNOWN_ACTIVITY, "activity", done, names.activities)
        yield from self._fields(given.fields, names.settable, ("given", "fields"))
        if given.placed and given.reach:
            message = "the case is placed, or goes there to `reach` it; not both"
            yield key_problem(reading, codes.SCENARIO_STEP, message, ("given", "reach"), "remove one")
        if given.done and not given.placed:
            message = "`done` is for a case that is placed; one that is opened does its activities in steps"
            yield key_problem(reading, codes.SCENARIO_STEP, message, ("given", "done"), "write steps `do:`")

    def _past(self, past: Mapping[str, Any], path: Path) -> Iterator[Problem]:
        """Find what a case that was closed before names and nothing has, and values that do not fit."""
        reading = self.reading
        playbook: dict[Path, str] = {(*path, "playbook"): past.get("playbook", "")}
        yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook", playbook, self.project.playbooks)
        people: dict[Path, str] = {(*path, "owner"): past.get("owner", "")}
        yield from self._persons(people | {(*path, "split", who): who for who in past.get("split", {})})
        yield from self._days(past, path)
        names = self._named(past.get("playbook") or self.run.playbook)
        if names is None:
            return
        stage: dict[Path, str] = {(*path, "close"): past.get("close", "")}
        finals = [one.id for one in names.playbook.stages if one.final]
        yield from unknown(reading, codes.UNKNOWN_STAGE, "final stage", stage, finals)
        yield from self._fields(past.get("with", {}), names.settable, (*path, "with"))
        for number, entry in enumerate(past.get("entries", ())):
            place: Path = (*path, "entries", number)
            kind: dict[Path, str] = {(*place, "log"): entry.get("log", "")}
            known = [*names.entries, *BUILT_IN_ENTRIES]
            yield from unknown(reading, codes.UNKNOWN_ENTRY, "entry", kind, known)
            yield from self._fields(
                entry.get("with", {}), names.entry(entry.get("log", "")), (*place, "with")
            )
            yield from self._days(entry, place)

    def _days(self, said: Mapping[str, Any], path: Path) -> Iterator[Problem]:
        for key in ("on", "opened"):
            text = str(said.get(key, ""))
            try:
                if text and not parameters(text):
                    parse_datetime(text)
            except ValueError as error:
                yield self._bad((*path, key), error)

    # -- steps --------------------------------------------------------------------------------------

    def _step(self, step: Step, path: Path) -> Iterator[Problem]:
        reading, said = self.reading, step.said
        keys = reading.source.get(*path) or ()
        found = [verb for verb in COMMANDS if verb in keys]
        if len(found) > 1:
            message = f"the step says {' and '.join(f'`{verb}`' for verb in found)}; one is needed"
            hint = "make two steps of it"
            yield key_problem(reading, codes.SCENARIO_STEP, message, (*path, found[1]), hint)
        elif not found and not step.expect and not _broken(reading, path):
            message = "the step neither does nor expects anything"
            yield problem(reading, codes.SCENARIO_STEP, message, path, "write a command, `wait` or `expect`")
        persons: dict[Path, str] = {(*path, "as"): said.get("as", "")}
        if step.verb == "assign":
            persons[*path, "assign"] = step.what
        yield from self._persons(persons)
        of = said.get("of", "") or (step.verb == "open" and said.get("playbook", "")) or self.run.playbook
        for key in ("of", "playbook"):
            named: dict[Path, str] = {(*path, key): said.get(key, "")}
            yield from unknown(reading, codes.UNKNOWN_PLAYBOOK, "playbook", named, self.project.playbooks)
        names = self._named(of)
        if names is not None and "case" not in said and step.verb not in ABOUT_RECORDS:
            yield from self._command(step, path, names)
            yield from self._expectations(step.expect, (*path, "expect"), names)
        yield from self._words(step.expect, (*path, "expect"))

    def _command(self, step: Step, path: Path, names: _Names) -> Iterator[Problem]:
        verb, reading = step.verb, self.reading
        kinds = {
            "advance": (codes.UNKNOWN_STAGE, "stage", names.stages),
            "back": (codes.UNKNOWN_STAGE, "stage", names.stages),
            "close": (codes.UNKNOWN_STAGE, "stage", names.stages),
            "do": (codes.UNKNOWN_ACTIVITY, "activity", names.activities),
            "skip": (codes.UNKNOWN_ACTIVITY, "activity", names.activities),
            "approve": (codes.UNKNOWN_CRITERION, "criterion", names.criteria),
            "refuse": (codes.UNKNOWN_CRITERION, "criterion", names.criteria),
            "waive": (codes.UNKNOWN_CRITERION, "criterion", names.criteria),
            "log": (codes.UNKNOWN_ENTRY, "entry", [*names.entries, *BUILT_IN_ENTRIES]),
        }  # fmt: skip
        if verb in kinds and isinstance(step.what, str):
            code, kind, known = kinds[verb]
            yield from unknown(reading, code, kind, {(*path, verb): step.what}, known)
        if verb == "set":
            yield from self._fields(step.what, names.settable, (*path, "set"))
        known_fields = _given_with(step, names)
        yield from self._fields(step.said.get("with", {}), known_fields, (*path, "with"))
        if verb == "do":
            yield from self._outcome(step, path, names)
        if verb == "wait":
            try:
                Duration.parse(step.what)
            except ValueError as error:
                yield self._bad((*path, "wait"), error)

    def _outcome(self, step: Step, path: Path, names: _Names) -> Iterator[Problem]:
        activity = names.activities.get(step.what)
        if activity is not None:
            outcomes = [name for name, _ in activity.outcomes] or ["done"]
            said: dict[Path, str] = {(*path, "outcome"): step.said.get("outcome", "")}
            kind = f"outcome of {activity.id}"
            yield from unknown(self.reading, codes.UNKNOWN_OUTCOME, kind, said, outcomes)

    def _expectations(self, expect: Mapping[str, Any], path: Path, names: _Names) -> Iterator[Problem]:
        reading = self.reading
        stages: dict[Path, str] = {(*path, "stage"): expect.get("stage", "")}
        yield from unknown(reading, codes.UNKNOWN_STAGE, "stage", stages, names.stages)
        yield from self._listed(expect, "passed", path, codes.UNKNOWN_STAGE, "stage", names.stages)
        yield from self._listed(expect, "done", path, codes.UNKNOWN_ACTIVITY, "activity", names.activities)
        for key in _BY_CRITERION:
            yield from self._listed(expect, key, path, codes.UNKNOWN_CRITERION, "criterion", names.criteria)
        for key in expect.keys() & _MAPS_BY_CRITERION:
            known = [*names.criteria, *_permissions(expect, key)]
            yield from unknown_keys(reading, codes.UNKNOWN_CRITERION, "criterion", (*path, key), known)
        for key in expect.keys() & _MAPS_BY_ACTIVITY:
            place = (*path, key)
            yield from unknown_keys(reading, codes.UNKNOWN_ACTIVITY, "activity", place, names.activities)
        yield from self._fields(expect.get("fields", {}), names.fields, (*path, "fields"))
        for key in expect.keys() & {"stamps", "last_stamps"}:
            yield from unknown_keys(reading, codes.UNKNOWN_STAGE, "stage", (*path, key), names.stages)
            for stage, values in expect.get(key, {}).items():
                yield from self._fields(values, names.fields, (*path, key, stage))

    def _words(self, expect: Mapping[str, Any], path: Path) -> Iterator[Problem]:
        """Find words and people that are not there, whatever the playbook."""
        reading = self.reading
        yield from self._listed(expect, "events", path, codes.NOT_ALLOWED, "kind of event", _EVENTS)
        outcome: dict[Path, str] = {(*path, "outcome"): expect.get("outcome", "")}
        yield from unknown(reading, codes.UNKNOWN_OUTCOME, "outcome", outcome, ("open", *OUTCOMES))
        refused: dict[Path, str] = {(*path, "refused"): expect.get("refused", "")}
        yield from unknown(reading, codes.NOT_ALLOWED, "reason to refuse", refused, _REFUSALS)
        yield from self._persons({(*path, "owner"): expect.get("owner", "")})
        notices = expect.get("notices", ())
        listed: list[tuple[Path, Any]] = (
            [((*path, "notices"), notices)]
            if isinstance(notices, dict)
            else [((*path, "notices", index), notice) for index, notice in enumerate(notices)]
        )
        for place, notice in listed:
            yield from self._persons(one_or_items(reading, (*place, "to"), _tuple(notice.get("to", ()))))

    def _listed(
        self, expect: Mapping[str, Any], key: str, path: Path, code: str, kind: str, known: Collection[str]
    ) -> Iterator[Problem]:
        if key not in expect:
            return
        names = one_or_items(self.reading, (*path, key), _tuple(expect.get(key, ())))
        yield from unknown(self.reading, code, kind, names, known)


def _given_with(step: Step, names: _Names) -> Mapping[str, Field]:
    """Return the fields that a step may give with what it does."""
    if step.verb == "log":
        return names.entry(step.what)
    return names.settable if step.verb == "open" else names.fields


def scenarios(reading: Reading[Scenario], project: Project | None) -> Iterator[Problem]:
    """Find what a scenario names and nothing has, values that do not fit, and steps that are none."""
    scenario = reading.value
    assert scenario is not None
    yield from _parameters(reading, scenario)
    if project is not None:
        for _, run in scenario.runs():
            yield from _Checked(reading, project, run).problems()


def _parameters(reading: Reading[Scenario], scenario: Scenario) -> Iterator[Problem]:
    """Find parameters that a row of the table does not have."""
    for index, row in enumerate(scenario.rows):
        for path, text in _texts(reading.source.root, ()):
            for name in parameters(text) if path[:1] != ("for_each",) else ():
                if name not in row:
                    message = f"row {index + 1} of `for_each` has no {name!r}"
                    hint = nearest_hint(name, row).removeprefix("; ")
                    yield problem(reading, codes.UNKNOWN_PARAMETER, message, path, hint)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, str) and "$" in value:
        yield path, value


def _permissions(expect: Mapping[str, Any], key: str) -> list[str]:
    """Return the blockers of who may do what, which are no criteria."""
    return [name for name in expect.get(key, ()) if str(name).startswith("who_may.")]


def _organization(project: Project, name: str) -> Organization | None:
    reading = project.organizations.get(name) if name else project.organization
    return None if reading is None else reading.value


def _broken(reading: Reading[Scenario], path: Path) -> bool:
    return bool(getattr(reading.source.get(*path), "broken", False))


def _tuple(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


SCENARIO_CHECKS: tuple[Check, ...] = (scenarios,)
