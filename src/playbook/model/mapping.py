"""A mapping: how the rows of a source become cases, records, or people, quotas and rates of the organization."""

from __future__ import annotations

import attrs

ORGANIZATION = "organization"
"""What `into` says where rows become people and teams, quotas or rates instead of cases."""


@attrs.frozen
class Reads:
    """Say how the source is written: `dates` is a strptime pattern, `delimiter` empty for the format's own."""

    format: str = "csv"
    encoding: str = "detect"
    dates: str = "%Y-%m-%d"
    decimal: str = "."
    delimiter: str = ""


@attrs.frozen
class Cell:
    """Say where a value comes from: a column, or a fixed `value` for every row.

    `replace` maps what the cell says to what is meant; `currency` is for bare amounts; `dates` and `decimal`
    override those of `Reads`; `match` says what names a person; `otherwise` stands in for a blank cell.
    """

    column: str = ""
    value: str = ""
    currency: str = ""
    replace: dict[str, str] = attrs.field(factory=dict)
    dates: str = ""
    decimal: str = ""
    match: str = ""
    otherwise: str = ""


@attrs.frozen
class Columns:
    """Name the columns of a case; `fields` by field id, in the order of the file."""

    name: Cell | None = None
    owner: Cell | None = None
    opened: Cell | None = None
    closed: Cell | None = None
    fields: dict[str, Cell] = attrs.field(factory=dict)


@attrs.frozen
class StageColumn:
    """Name the column of the stage; `map` gives the stage id of what a cell says, others are stage ids."""

    column: str
    map: dict[str, str] = attrs.field(factory=dict)


@attrs.frozen
class PersonColumns:
    """Name the columns of a person; teams and managers that are named are created."""

    name: Cell
    role: Cell | None = None
    team: Cell | None = None
    manager: Cell | None = None


@attrs.frozen
class QuotaColumns:
    """Name the columns of a quota; `spread` holds shares set apart by blanks."""

    period: Cell
    measure: Cell
    target: Cell
    person: Cell | None = None
    team: Cell | None = None
    territory: Cell | None = None
    since: Cell | None = None
    spread: Cell | None = None


@attrs.frozen
class RateColumns:
    """Name the columns of a rate: what one unit of a currency is worth in the organization's, from a day on."""

    date: Cell
    currency: Cell
    rate: Cell


@attrs.frozen
class ImportMapping:
    """Describe an import; `into` is a playbook, a kind of record or `organization`, `key` what identifies a row.

    Rows for the organization become people, quotas or rates; the latter two are told apart by what they say.
    """

    id: str
    into: str
    key: str
    reads: Reads = Reads()
    shape: str = "rows"
    columns: Columns = Columns()
    stages: StageColumn | None = None
    gates: str = "observe"
    on_bad_row: str = "report"
    person: PersonColumns | None = None
    quota: QuotaColumns | None = None
    rate: RateColumns | None = None
