"""What keeps the tallies of a SQLite file: a table, and triggers on the table of cases.

Triggers, because no way of writing a case can forget them, they know what was there before without asking, and an
update that names no column they count has none of them.
"""

from __future__ import annotations

# An amount without a currency cannot be added to others. Sums are kept as those of the high and of the low 32
# bits, so that none overflows before there are two thousand million cases in a group.
_AMOUNT = "iif({0}.currency IS NULL, NULL, {0}.amount)"
_PRICED, _HIGH, _LOW = (
    f"{_AMOUNT} IS NOT NULL",
    f"ifnull({_AMOUNT} >> 32, 0)",
    f"ifnull({_AMOUNT} & 0xFFFFFFFF, 0)",
)
_KEY = "tenant, owner, playbook, stage, status, outcome, team, hidden, currency"
_GROUP = (
    "{0}.tenant, {0}.owner, {0}.playbook, {0}.stage, iif({0}.closed IS NULL, 'open', 'closed'), {0}.outcome,"
    " {0}.team, {0}.hidden, ifnull({0}.currency, '')"
)
_ADD = (
    f"INSERT INTO tallies VALUES ({_GROUP}, 1, {_PRICED}, {_HIGH}, {_LOW}) ON CONFLICT DO UPDATE SET"
    " count = count + 1, priced = priced + excluded.priced, high = high + excluded.high, low = low + excluded.low;"
).format("NEW")
_TAKE = (
    f"UPDATE tallies SET count = count - 1, priced = priced - ({_PRICED}), high = high - {_HIGH}, low = low - {_LOW}"
    f" WHERE ({_KEY}) = ({_GROUP});"
    f" DELETE FROM tallies WHERE ({_KEY}) = ({_GROUP}) AND count = 0;"
).format("OLD")
_DIFFERS = f"({_GROUP}, {{0}}.amount)"

SCHEMA = f"""
CREATE TABLE tallies (
    tenant TEXT NOT NULL, owner TEXT NOT NULL, playbook TEXT NOT NULL, stage TEXT NOT NULL, status TEXT NOT NULL,
    outcome TEXT NOT NULL, team TEXT NOT NULL, hidden INTEGER NOT NULL, currency TEXT NOT NULL,
    count INTEGER NOT NULL, priced INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL,
    PRIMARY KEY ({_KEY})) STRICT, WITHOUT ROWID;
CREATE INDEX cases_assigned ON cases (tenant, owner, assigned);
INSERT INTO tallies SELECT {_GROUP.format("cases")}, count(*), sum({_PRICED.format("cases")}),
    sum({_HIGH.format("cases")}), sum({_LOW.format("cases")})
    FROM cases GROUP BY {_GROUP.format("cases")};
CREATE TRIGGER cases_added AFTER INSERT ON cases BEGIN {_ADD} END;
CREATE TRIGGER cases_changed AFTER UPDATE ON cases
    WHEN {_DIFFERS.format("OLD")} IS NOT {_DIFFERS.format("NEW")} BEGIN {_TAKE} {_ADD} END;
CREATE TRIGGER cases_taken AFTER DELETE ON cases BEGIN {_TAKE} END;
"""

_OTHER_GROUP = f"({_GROUP.format('OLD')}) IS NOT ({_GROUP.format('NEW')})"

NARROWED = f"""
DROP TRIGGER cases_changed;
CREATE TRIGGER cases_moved AFTER UPDATE OF tenant, owner, playbook, stage, closed, outcome, team, hidden, currency
    ON cases WHEN {_OTHER_GROUP} BEGIN {_TAKE} {_ADD} END;
CREATE TRIGGER cases_priced AFTER UPDATE OF amount ON cases
    WHEN OLD.amount IS NOT NEW.amount AND NOT ({_OTHER_GROUP}) BEGIN UPDATE tallies SET
    priced = priced - ({_PRICED.format("OLD")}) + ({_PRICED.format("NEW")}),
    high = high - {_HIGH.format("OLD")} + {_HIGH.format("NEW")},
    low = low - {_LOW.format("OLD")} + {_LOW.format("NEW")}
    WHERE ({_KEY}) = ({_GROUP.format("NEW")}); END;
"""
"""Triggers only for updates that name what they count, and an amount that changes in its group as one change."""

FROM_TALLIES = "playbook, stage, status, outcome, owner, team, currency, count, priced, high, low, '' AS name"
"""The columns of `tallies` that are counted by, and its numbers."""

FROM_CASES = (
    "playbook, stage, iif(closed IS NULL, 'open', 'closed') AS status, outcome, owner, team, ifnull(currency, '') AS"
    f" currency, 1 AS count, {_PRICED} AS priced, {_HIGH} AS high, {_LOW} AS low, name"
).format("cases")
"""The same of `cases`, each for itself."""
