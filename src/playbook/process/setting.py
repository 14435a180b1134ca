"""Setting what a case says: its fields, and by hand how likely it is won and where a forecast counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import InputError, nearest_hint
from playbook.model.case import OPEN
from playbook.model.events import Changed, ForecastSet, ProbabilitySet
from playbook.model.organization import AUTOMATIC
from playbook.model.values import is_blank, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbook.model.case import Case
    from playbook.model.commands import Set
    from playbook.model.events import CaseEvent
    from playbook.model.playbook import Field
    from playbook.process.deciding import Deciding


def set_fields(deciding: Deciding, command: Set) -> tuple[CaseEvent, ...]:
    """Change fields, and what is set by hand."""
    definition, case, historical = deciding.definition, deciding.case, deciding.request.historical
    values = read_fields(definition.settable, command.fields, "field")
    deciding.permit("edit")
    judged: tuple[CaseEvent, ...] = ()
    if not definition.by_hand.isdisjoint(values):
        said, values = apart(values, definition.fields)
        judged = judgements(said, case, command.reason, historical)
        if judged and case.outcome != OPEN:
            names = " and ".join(said)
            deciding.wrong_state(f"{names} cannot change after the {definition.subject} was closed")
    changes = {name: value for name, value in values.items() if case.fields.get(name) != value}
    check_changes(deciding, changes, command.reason)
    if changes or judged:
        deciding.must_be_unlocked()
    if not (changes or judged) or deciding.blockers:
        return ()
    return (Changed(changes, command.reason, historical), *judged) if changes else judged


def apart(values: Mapping[str, Any], fields: Mapping[str, Field]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is set by hand and the values of fields, apart."""
    by_hand = {name: value for name, value in values.items() if name not in fields}
    return by_hand, {name: value for name, value in values.items() if name in fields}


def judgements(
    said: Mapping[str, Any], case: Case | None = None, reason: str = "", historical: bool = False
) -> tuple[CaseEvent, ...]:
    """Return the events of what is set by hand, or cleared, and is not so already; no case is a new one."""
    chance, category = (None, "") if case is None else (case.probability, case.forecast)
    events: list[CaseEvent] = []
    if "probability" in said and said["probability"] != chance:
        events.append(ProbabilitySet(said["probability"], reason, historical))
    if "forecast" in said and (said["forecast"] or "") != category:
        events.append(ForecastSet(said["forecast"] or "", reason, historical))
    return tuple(events)


def check_changes(deciding: Deciding, changes: Mapping[str, Any], reason: str) -> None:
    """Note what speaks against changing fields: they are closed, locked or required."""
    definition, case = deciding.definition, deciding.case
    for name in changes:
        if case.outcome != OPEN:
            if not definition.fields[name].editable_after_close:
                deciding.wrong_state(f"{name} cannot change after the {definition.subject} was closed")
            elif not reason:
                fix = f"playbook set {case.id} {name}=... --reason ..."
                deciding.wrong_state(f"changing {name} after close needs a reason", fix=fix)
        elif name in definition.locked[case.stage] and deciding.request.actor not in AUTOMATIC:
            deciding.wrong_state(f"{name} is locked from stage {definition.fields[name].locked_from!r} on")
        elif changes[name] is None and name in definition.required[case.stage]:
            deciding.wrong_state(
                f"{name} is required from stage {definition.fields[name].required_from!r} on"
            )


def read_fields(fields: Mapping[str, Field], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return given values by the types of their fields, blank as None; raises InputError naming every mistake."""
    values: dict[str, Any] = {}
    if not given:
        return values
    faults = [] if given.keys() <= fields.keys() else [
        f"there is no {what} {name!r}{nearest_hint(name, fields)}" for name in given if name not in fields
    ]  # fmt: skip
    discreet = list(faults)
    for name in filter(given.__contains__, fields):  # in the file's order, whatever that of what was given
        field, value = fields[name], given[name]
        if field.is_ is not None:
            faults.append(f"{name} is computed ({field.is_.text}) and cannot be set")
            discreet.append(faults[-1])
            continue
        try:
            read = None if is_blank(value) else parse(field, value)
        except ValueError as error:
            faults.append(f"{name}: {error}")
            discreet.append(f"{name} cannot be read as a {field.type}" if field.personal else faults[-1])
        else:
            values[name] = None if is_blank(read) else read
    if faults:
        raise InputError("\n".join(faults), "\n".join(discreet))
    return values
