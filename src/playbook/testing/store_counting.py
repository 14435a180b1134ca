"""What counting promises: tallies are what the cases say, whatever happened before."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from playbook.stores.audit import audit
from playbook.stores.interface import IndexRow, Query, Receipt, Store, Tally, VersionConflict
from playbook.stores.rows import GROUPS
from playbook.testing.answers import counted, is_asked
from playbook.testing.batches import TENANT, batch, case, random_case, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.stores.interface import Batch

_OTHER = "other"
_PAIRS = itertools.combinations(("playbook", "stage", "status", "owner", "currency"), 2)
_GROUPINGS: tuple[tuple[str, ...], ...] = (
    (), *((name,) for name in GROUPS), *_PAIRS, ("team", "outcome", "owner"), ("stage", "name"), GROUPS,
)  # fmt: skip
_EYES = (None, frozenset[str](), frozenset(["owner:ann"]), frozenset(["team:emea", "owner:ann", "owner:zoe"]))
_QUERIES = (
    Query(), Query(owner="ann"), Query(owner=""), Query(team="emea", status="open"), Query("renewal"),
    Query("renewal", stage="proposal", outcome="won"), Query("record:account"), Query(name="Deal 3"),
    Query(prefix="c1"), Query(link="link:account=1"), Query("record:account", link="link:account=1"),
    Query(prefix="c1", link="link:account=1"),
)  # fmt: skip


class CountContract:
    """What counting promises: tallies are what the cases say, whatever happened before."""

    def test_tallies_equal_the_sums_over_cases_after_any_history(self, store: Store) -> None:
        """For each grouping and each who asks; cases open, change, hide, and meet conflicts, one by one or many."""
        for seed in range(2):
            history = _History(store, random.Random(seed), f"{seed}")
            for _ in range(4):
                for _ in range(9):
                    history.step()
                history.check()
        assert not [*audit(store, TENANT), *audit(store, _OTHER)]

    def test_a_sum_may_be_beyond_64_bits_and_come_back(self, store: Store) -> None:
        """Exactly, in both directions; a group that no case is in any more is not there."""
        largest, smallest = 2**63 - 1, -(2**63)
        rows = [case(f"c{n}", amount=largest) for n in range(5)]
        history = _History(store, random.Random(0), "edge")
        history.put(TENANT, rows)
        assert store.tally(TENANT, Query(), ["stage"]) == [Tally(("discovery",), 5, {"EUR": 5 * largest})]
        history.put(TENANT, [replace(row, amount=smallest) for row in rows])
        assert store.tally(TENANT, Query(), ["stage"]) == [Tally(("discovery",), 5, {"EUR": 5 * smallest})]
        history.put(TENANT, [replace(row, amount=n, stage="won") for n, row in enumerate(rows)])
        assert store.tally(TENANT, Query(), ["stage"]) == [Tally(("won",), 5, {"EUR": 10})]
        history.put(TENANT, [replace(row, amount=None) for row in rows[:4]])
        history.put(TENANT, [replace(rows[4], currency=None)])
        assert store.tally(TENANT, Query(), ["status"]) == [Tally(("open",), 5, {})]

    def test_when_an_owner_last_got_a_case_is_told_of_the_cases_that_are_theirs_now(
        self, store: Store
    ) -> None:
        """Closed ones too; a case that went to another takes its time along."""
        history = _History(store, random.Random(0), "turn")
        first, second = case("c1", assigned=5), case("c2", assigned=9, closed=9)
        record = case("record:account:a", playbook="record:account", assigned=99)
        history.put(TENANT, [first, second, record, case("c3", owner="bob", assigned=3)])
        history.put(_OTHER, [case("c1", assigned=50)])
        assert [store.last_assigned(TENANT, who) for who in ("ann", "bob", "eve")] == [9, 3, 0]
        history.put(TENANT, [replace(second, owner="bob", assigned=11)])
        assert [store.last_assigned(TENANT, who) for who in ("ann", "bob", "eve")] == [5, 11, 0]


class _History:
    """Does random things to a store, and knows what its cases say."""

    def __init__(self, store: Store, rng: random.Random, name: str) -> None:
        self._store, self._rng, self._name = store, rng, name
        self._rows: dict[tuple[str, str], IndexRow] = {}
        for tenant in (TENANT, _OTHER):
            for chunk in store.columns(tenant, "cases"):
                for values in zip(*chunk.values(), strict=True):
                    row = IndexRow(**dict(zip(chunk, values, strict=True)))
                    self._rows[tenant, row.case] = row
            for row in store.find(tenant, Query("record:account"), limit=999).items:
                self._rows[tenant, row.case] = row

    def step(self) -> None:
        """Open or change some cases, in batches of which some are refused."""
        rng, tenant = self._rng, self._rng.choice([TENANT, TENANT, TENANT, _OTHER])
        known = [row for (name, _), row in sorted(self._rows.items()) if name == tenant]
        changed = rng.sample(known, min(len(known), rng.randrange(4)))
        rows = [_changed(row, rng) for row in changed] + [self._new(n) for n in range(rng.randrange(4))]
        rng.shuffle(rows)
        self.put(tenant, rows, together=rng.random() < 0.3, refused=rng.random() < 0.3)

    def put(
        self, tenant: str, rows: Sequence[IndexRow], *, together: bool = False, refused: bool = False
    ) -> None:
        """Store rows, each in a batch of its own or all in one; of a refused one nothing counts."""
        store = self._store
        heads = store.load(tenant, [row.case for row in rows])
        writes = [write(row.case, b"1", after=heads.get(row.case), tenant=tenant, index=row) for row in rows]
        batches = (
            [batch(*writes, tenant=tenant)] if together else [batch(one, tenant=tenant) for one in writes]
        )
        if refused:
            batches.insert(0, self._refused(tenant))
        answers = store.append(batches)
        assert [type(answer) for answer in answers] == [VersionConflict] * refused + [Receipt] * (
            len(batches) - refused
        )
        self._rows |= {(tenant, row.case): row for row in rows}

    def check(self) -> None:
        """Hold every tally against what the cases say."""
        for tenant in (TENANT, _OTHER):
            rows = [row for (name, _), row in self._rows.items() if name == tenant]
            for query, eyes in itertools.product(_QUERIES, _EYES):
                asked = replace(query, tags=eyes)
                found = [row for row in rows if is_asked(row, asked)]
                for by in (*self._rng.sample(_GROUPINGS, 2), *([GROUPS] if query == Query() else [])):
                    assert list(self._store.tally(tenant, asked, by)) == counted(found, by), (asked, by)

    def _new(self, n: int) -> IndexRow:
        row = random_case(n, self._rng)
        id_ = f"c{self._name}-{len(self._rows)}-{n}"
        if self._rng.random() < 0.2:
            return replace(row, case=f"record:account:{id_}", playbook="record:account")
        return replace(row, case=id_)

    def _refused(self, tenant: str) -> Batch:
        """Return a batch that writes a case and then meets a stream that is not as it expects."""
        self._store.append([batch(write("taken", b"1", tenant=tenant), tenant=tenant)])
        lost = write("case:lost", b"1", tenant=tenant, index=case("lost", amount=1))
        return batch(lost, write("taken", b"1", tenant=tenant), tenant=tenant)


def _changed(row: IndexRow, rng: random.Random) -> IndexRow:
    """Return a row with one or several columns as another has them, or as it was."""
    other = asdict(random_case(0, rng))
    apart = {"case", "playbook", "name", "fields"}
    names = rng.sample(sorted(other.keys() - apart), rng.randrange(4))
    return replace(row, **{name: other[name] for name in names})
