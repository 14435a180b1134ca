"""Random histories of cases and records, and what a store says of the cases row by row."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from playbook.testing.batches import TENANT, batch, head_of, random_case, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.stores.interface import IndexRow, Snapshot, Store, Write

_TEXTS = ("Löwe", "שלום", "😀\U0010ffff", "it's", '"\\', "%s {x} $1", "", " ", "x" * 500)
_FIELDS = ("product", "seats", "größe", "never")
_NAMES = ("playbook", "stage", "outcome", "owner", "team", "currency", "probability", "expected_close")
_NUMBERS = ("amount", "opened", "closed")


class CaseHistory:
    """Write random changes of random cases and records to a store, some of another tenant.

    `texts` are more texts that fields have.
    """

    fields = _FIELDS[:3]

    def __init__(self, store: Store, seed: int, texts: Sequence[str] = ()) -> None:
        self._store = store
        self._rng = random.Random(seed)
        self._texts = texts
        self._heads: dict[tuple[str, str], Snapshot] = {}

    def go_on(self, batches: int) -> None:
        """Append so many batches."""
        for _ in range(batches):
            tenant = self._rng.choice((TENANT, TENANT, TENANT, "other's"))
            numbers = self._rng.sample(range(60), self._rng.randrange(1, 4))
            self._store.append([batch(*(self.write(n, tenant) for n in numbers), tenant=tenant)])

    def write(self, number: int, tenant: str = TENANT) -> Write:
        """Return a write that opens or changes a case; every tenth number is a record."""
        row, stream = self._row(number), f"case:c{number}"
        if number % 10 == 9:
            stream = f"record:account:{number}"
            row = replace(row, case=stream, playbook="record:account")
        head = self._heads.get((tenant, stream))
        made = write(stream, self._rng.randbytes(4), after=head, tenant=tenant, index=row)
        self._heads[tenant, stream] = head_of(made)
        return made

    def _row(self, number: int) -> IndexRow:
        rng = self._rng
        text = rng.choice((*_TEXTS, "x" * 5_000, *self._texts))
        values = (text, rng.randrange(10**6), 1.5, None, True, ["a", "b"], {"amount": "1.00"})
        fields = {name: rng.choice(values) for name in rng.sample(_FIELDS[:3], rng.randrange(4))}
        opened = rng.randrange(-(10**15), 2 * 10**15)
        return replace(
            random_case(number, rng), owner=rng.choice(_TEXTS), stage=rng.choice(_TEXTS), opened=opened,
            closed=rng.choice((None, opened + 1)), expected_close=rng.choice((None, "2026-03-01")),
            probability=rng.choice((None, "0.25")), fields=msgspec.json.encode(fields),
        )  # fmt: skip


def by_rows(store: Store) -> dict[str, dict[str, Any]]:
    """Return what a report reads of each case of the tenant, fields as values, a text that is missing as ""."""
    found = {}
    for chunk in store.columns(TENANT, "cases"):
        for values in zip(*chunk.values(), strict=True):
            row = dict(zip(chunk, values, strict=True))
            given = msgspec.json.decode(row["fields"])
            found[row["case"]] = (
                {name: row[name] or "" for name in _NAMES}
                | {name: row[name] for name in _NUMBERS}
                | {f"fields.{name}": given.get(name, "") for name in CaseHistory.fields}
            )
    return found


__all__ = ["CaseHistory", "by_rows"]
