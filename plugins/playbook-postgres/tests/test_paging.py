"""Whichever way a page is found, it is the same page."""

from __future__ import annotations

import random
from contextlib import closing

import pytest
from msgspec.structs import replace

from playbook.stores import Query
from playbook.testing.answers import is_asked
from playbook.testing.batches import TENANT, batch, random_case, write
from playbook_postgres import paging, walking
from playbook_postgres.store import PostgresStore

EYES = [
    None,
    frozenset[str](),
    frozenset(["owner:ann", "team:emea"]),
    frozenset(["owner:zoe", *map(str, range(40))]),
    frozenset(["owner:zoe", "team:x", 'a "quoted" tag', "ein Schild mit Ü"]),
]


@pytest.mark.parametrize("far", [True, False])
def test_every_way_leads_to_the_same_pages(url: str, far: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """For who sees all, some and none, and has one tag or very many; what is asked for is common, rare or nowhere.

    Where little counts as far, cases are gathered, counted and gone by in several turns.
    """
    rng = random.Random(5)
    cases = [replace(random_case(n, rng), hidden=n % 50 != 0) for n in range(2000)]
    for n in range(0, len(cases), 40):
        cases[n] = replace(cases[n], team="rare", playbook="lost", tags=("owner:zoe",))
    cases.sort(key=lambda row: (-row.opened, row.case))
    if not far:
        for module, name, little in (
            (paging, "_FIRST_STEPS", 4), (paging, "_FEW", 8), (paging, "_GATHERED", 200), (walking, "_SORTED", 10),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, little)
    with closing(PostgresStore(url)) as store:
        store.append([batch(write(f"case:{row.case}", b"1", index=row)) for row in cases])
        for _ in range(250):
            query = Query(
                playbook=rng.choice([None, "renewal", "lost", "none"]), stage=rng.choice([None, "proposal"]),
                status=rng.choice([None, "open"]), team=rng.choice([None, "emea", "rare", "none"]),
                prefix=rng.choice([None, None, "c1", "c12", "c123"]), tags=rng.choice(EYES),
            )  # fmt: skip
            opened, case = rng.choice([(9, ""), (4, "c2"), (0, "")])
            expected = [row for row in cases if (-row.opened, row.case) > (-opened, case)]
            expected = [row for row in expected if is_asked(row, query)][:9]
            found = store.find(TENANT, query, after=f"{opened}:{case}", limit=9)
            assert list(found.items) == expected, query
