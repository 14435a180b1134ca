"""Tallies: what keeps them in the database, what folds them, and questions to them as SQL.

A trigger writes down what each change of a case adds and takes away, as rows of its own, so that no two writers ever
wait for each other. Who asks adds them up, and who finds many of them folds them into one for each group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.stores import check_groups, gathered, kept_answers
from playbook_postgres.finding import HAS_TAG, conditions_of, joined, seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playbook.stores import Query, Tally
    from playbook_postgres.finding import Condition
    from playbook_postgres.piping import Pipe

_GROUP = (
    "{0}.tenant, {0}.owner, {0}.playbook, {0}.stage, CASE WHEN {0}.closed IS NULL THEN 'open' ELSE 'closed' END,"
    " {0}.outcome, {0}.team, {0}.hidden, coalesce({0}.currency, '')"
)
# an amount without a currency cannot be added to others
_AMOUNT = "CASE WHEN {0}.currency IS NULL THEN NULL ELSE {0}.amount END"
_ROW = f"{_GROUP}, {{1}}, {{1}} * ({_AMOUNT} IS NOT NULL)::int, {{1}} * coalesce({_AMOUNT}, 0)::numeric, true"
_COLUMNS = "tenant, owner, playbook, stage, status, outcome, team, hidden, currency"
_KEPT = "{0}, sum(count), sum(priced), sum(amount), false"

SCHEMA = f"""
CREATE TABLE playbook.tallies (
    tenant text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL, playbook text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL, status text COLLATE "C" NOT NULL, outcome text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL, hidden boolean NOT NULL, currency text COLLATE "C" NOT NULL,
    count bigint NOT NULL, priced bigint NOT NULL, amount numeric NOT NULL, fresh boolean NOT NULL);
CREATE INDEX tallies_owner ON playbook.tallies (tenant, owner);
CREATE FUNCTION playbook.tally() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN INSERT INTO playbook.tallies VALUES ({_ROW.format("OLD", "-1")}); END IF;
    IF TG_OP <> 'DELETE' THEN INSERT INTO playbook.tallies VALUES ({_ROW.format("NEW", "1")}); END IF;
    RETURN NULL; END $$;
CREATE TRIGGER cases_counted AFTER INSERT OR DELETE ON playbook.cases
    FOR EACH ROW EXECUTE FUNCTION playbook.tally();
CREATE TRIGGER cases_changed AFTER UPDATE ON playbook.cases FOR EACH ROW
    WHEN (({_GROUP.format("OLD")}, OLD.amount) IS DISTINCT FROM ({_GROUP.format("NEW")}, NEW.amount))
    EXECUTE FUNCTION playbook.tally();
CREATE INDEX cases_assigned ON playbook.cases (tenant, owner, assigned);
WITH gone AS (SELECT {_ROW.format("cases", "1")} FROM playbook.cases),
    found ({_COLUMNS}, count, priced, amount, fresh) AS (TABLE gone)
    INSERT INTO playbook.tallies SELECT {_KEPT.format(_COLUMNS)} FROM found GROUP BY {_COLUMNS};
"""

# one at a time, and only where whoever asks may write
_MAY_FOLD = (
    "SELECT current_setting('transaction_read_only') = 'off' AND has_table_privilege('playbook.tallies', 'DELETE')"
    " AND pg_try_advisory_xact_lock(hashtextextended(%s, 3))"
)
_FOLD = (
    "WITH gone AS (DELETE FROM playbook.tallies WHERE tenant = %s RETURNING *)"
    f" INSERT INTO playbook.tallies SELECT {_KEPT.format(_COLUMNS)} FROM gone GROUP BY {_COLUMNS}"
    " HAVING sum(count) <> 0"
)
_FRESH = 1000
"""How many changes may lie about, beside as many as there are groups, before who asks folds them."""

_FROM_TALLIES = (
    "playbook, stage, status, outcome, owner, team, currency, count, priced, amount, fresh, ''::text AS name"
)
_FROM_CASES = (
    "playbook, stage, CASE WHEN closed IS NULL THEN 'open' ELSE 'closed' END AS status, outcome, owner, team,"
    f" coalesce(currency, '') AS currency, 1 AS count, ({_AMOUNT} IS NOT NULL)::int AS priced,"
    f" coalesce({_AMOUNT}, 0) AS amount, NULL::boolean AS fresh, name"
).format("cases")
_TAGGED = 'cases."case" IN (SELECT "case" FROM playbook.tags WHERE tenant = %s AND tag = ANY(%s::text[]))'


def tally(pipe: Pipe, tenant: str, query: Query, by: Sequence[str]) -> tuple[list[Tally], bool]:
    """Return counts and exact sums, and whether there were so many changes that it is time to fold them."""
    check_groups(by)
    groups = ", ".join((*by, "currency"))
    parts, values = [], list[Any]()
    for columns, source, conditions in _sources(tenant, query, by):
        terms, more = joined(conditions)
        parts.append(f"SELECT {columns} FROM playbook.{source} WHERE {terms}")
        values += more
    found = pipe.ask(
        f"SELECT {groups}, sum(count), sum(priced), sum(amount), count(*) FILTER (WHERE fresh),"
        f" count(*) FILTER (WHERE NOT fresh) FROM ({' UNION ALL '.join(parts)}) AS found GROUP BY {groups}",
        values,
    ).fetchall()
    fresh, kept = (sum(row[place] for row in found) for place in (-2, -1))
    tallies = gathered(
        (tuple(group), currency, int(count), int(priced), int(amount))
        for *group, currency, count, priced, amount, _, _ in found
        if count
    )
    return tallies, fresh > _FRESH + kept


def fold(pipe: Pipe, tenant: str) -> None:
    """Make one row of each group, unless another does so now; writers do not wait for it, nor it for them."""
    with pipe.transaction():
        if pipe.ask(_MAY_FOLD, (tenant,)).fetchone() == (True,):
            pipe.ask(_FOLD, (tenant,))


def _sources(tenant: str, query: Query, by: Sequence[str]) -> Iterator[tuple[str, str, list[Condition]]]:
    """Yield columns, table and conditions of what is counted, in parts that have no case in common."""
    conditions, tags = conditions_of(tenant, query), query.tags
    if not kept_answers(query, by):
        linked: list[Condition] = [] if query.link is None else [(HAS_TAG, ([query.link],))]
        yield _FROM_CASES, "cases", [*conditions, *linked, *seen(tags)]
        return
    shown: list[Condition] = [] if tags is None else [("NOT hidden", ())]
    yield _FROM_TALLIES, "tallies", [*conditions_of(tenant, query, "tallies"), *shown]
    if tags is not None:
        yield _FROM_CASES, "cases", [*conditions, (_TAGGED, (tenant, sorted(tags))), ("cases.hidden", ())]
