"""Import a file by a mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook.errors import UnknownName
from playbook.importing.cases import import_cases
from playbook.importing.people import import_people
from playbook.importing.quotas import import_quotas
from playbook.importing.rates import import_rates
from playbook.importing.records import import_records
from playbook.model.mapping import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playbook.engine import Engine
    from playbook.importing.outcome import Outcome
    from playbook.model.mapping import ImportMapping


def import_file(
    engine: Engine,
    mapping: ImportMapping,
    path: Path,
    *,
    actor: str,
    progress: Callable[[int], None] = lambda read: None,
) -> Outcome:
    """Import a file; every row goes in whole, once, or is named with its line and reason.

    `progress` is called with the bytes read so far. Raises InputError where the file as a whole cannot be read.
    """
    importer = engine.registry.importers.get(mapping.reads.format)
    if importer is None:
        raise UnknownName("import format", mapping.reads.format, engine.registry.importers)
    reads = {name: value for name, value in attrs.asdict(mapping.reads).items() if value}
    rows = importer.read(path, reads, progress)
    if mapping.into == ORGANIZATION:
        if mapping.quota is not None:
            return import_quotas(engine, mapping, mapping.quota, rows, actor=actor)
        if mapping.rate is not None:
            return import_rates(engine, mapping, mapping.rate, rows, actor=actor)
        return import_people(engine, mapping, rows, actor=actor)
    is_record = mapping.into not in engine.definitions.names()
    if is_record and engine.kept_records.kinds.find(mapping.into) is not None:
        return import_records(engine, mapping, rows)
    return import_cases(engine, mapping, rows)
