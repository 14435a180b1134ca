"""What the author of a store needs: the interface, the values it takes and gives, and checks that all stores share.

`playbook.testing.stores` holds the contract that a store must pass. A store that is also an `Archive` can be copied.
"""

from playbook.errors import KeyReused
from playbook.model.projections import Projection, Source
from playbook.stores.archive import TABLES, Archive, Moment, Row
from playbook.stores.interface import (
    GENESIS,
    Batch,
    Claim,
    ColumnSource,
    DueRow,
    IndexRow,
    NewEvent,
    Page,
    Query,
    Receipt,
    Replicated,
    Snapshot,
    Store,
    StoredEvent,
    StoreKind,
    Tally,
    VaultRow,
    VersionConflict,
    Write,
)
from playbook.stores.limits import LARGEST, LONGEST, clean
from playbook.stores.limits import check as check_batches
from playbook.stores.rows import (
    CASES,
    CASES_END,
    GROUPS,
    RECORDS,
    RECORDS_END,
    check_groups,
    check_projection,
    check_status,
    check_table,
    mark,
    part_fits,
    part_of,
    place,
    plain_column,
    read_mark,
    read_place,
    read_position,
)
from playbook.stores.rows import COLUMNS as CASE_COLUMNS
from playbook.stores.tallies import gathered, kept_answers

__all__ = [
    "CASES", "CASES_END", "CASE_COLUMNS", "GENESIS", "GROUPS", "LARGEST", "LONGEST", "RECORDS", "RECORDS_END",
    "TABLES", "Archive", "Batch", "Claim", "ColumnSource", "DueRow", "IndexRow", "KeyReused", "Moment",
    "NewEvent", "Page", "Projection", "Query", "Receipt", "Replicated", "Row", "Snapshot", "Source", "Store",
    "StoreKind", "StoredEvent", "Tally", "VaultRow", "VersionConflict", "Write", "check_batches",
    "check_groups", "check_projection", "check_status", "check_table", "clean", "gathered", "kept_answers",
    "mark", "part_fits", "part_of", "place", "plain_column", "read_mark", "read_place", "read_position",
]  # fmt: skip
