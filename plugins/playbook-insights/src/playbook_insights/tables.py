"""From cases to tables: choose, let the engine tally, make a row of each group."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import InputError, Money, Table, UnknownName
from playbook_insights import definitions, figures, filters, frames, notes
from playbook_insights.groups import grouping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playbook import ReportContext, ReportQuery
    from playbook_insights.definitions import Basis
    from playbook_insights.frames import Frame, Sums

    Row = dict[str, Any]
    Parts = Mapping[tuple[Any, ...], Sums]


def pipeline(context: ReportContext, query: ReportQuery) -> Table:
    """Count open cases and add up their amounts, plain and weighted; by stage unless asked otherwise."""
    return _table(_PIPELINE, context, query)


def win_loss(context: ReportContext, query: ReportQuery) -> Table:
    """Compare won cases with lost ones, or with all that were opened."""
    return _table(_WIN_LOSS, context, query)


def cycle(context: ReportContext, query: ReportQuery) -> Table:
    """Measure how long cases took from opening to closing."""
    return _table(_CYCLE, context, query)


class _Kind(NamedTuple):
    """Describe a report: what the engine tallies beside the group, and how a row is made of that."""

    name: str
    bases: Mapping[str, Basis]
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    row: Callable[[Parts, ReportContext, str], Row]
    notes: Callable[[Frame, ReportContext], list[str]]
    by: str = ""


def _table(kind: _Kind, context: ReportContext, query: ReportQuery) -> Table:
    basis = _basis(kind, query)
    by = query.by or kind.by
    if by in kind.columns:
        raise InputError(f"{kind.name} has a column {by!r} and cannot group by a field of that name")
    groups = grouping(context, by, basis.period)
    frame = filters.select(frames.read(context, groups), context, query, basis.period, basis.outcomes)
    parts: defaultdict[str, dict[tuple[Any, ...], Sums]] = defaultdict(dict, {} if by else {"": {}})
    for (group, *rest), sums in frames.tally(frame, "group", *kind.keys).items():
        parts[group][tuple(rest)] = sums
    home = query.currency or context.organization.settings.currency
    made = {group: kind.row(parts[group], context, home) for group in sorted(parts, key=groups.rank)}
    return Table(
        f"{basis.definition} Days are those of the zone {context.zone}.",
        (by, *kind.columns) if by else kind.columns,
        tuple({by: group, **row} if by else row for group, row in made.items()),
        tuple(kind.notes(frame, context)),
    )


def _basis(kind: _Kind, query: ReportQuery) -> Basis:
    if query.as_of is not None:
        raise InputError(
            f"--as-of is not available for {kind.name} yet: leave it out to see the cases as they are now"
        )
    if query.since and query.until and query.since > query.until:
        raise InputError(f"--since {query.since} is after --until {query.until}: no day lies between them")
    default, *_ = kind.bases
    basis = kind.bases.get(query.of or default)
    if basis is None:
        raise UnknownName(f"--of for {kind.name}", query.of, filter(None, kind.bases))
    return basis


def _pipeline_row(parts: Parts, context: ReportContext, home: str) -> Row:
    amounts: Counter[str] = Counter()
    chances: list[tuple[int, Decimal]] = []
    for (currency, playbook, stage, chance), sums in parts.items():
        if sums.priced:
            amounts[currency] += sums.minor
            probability = figures.probability(context, playbook, stage, chance)
            chances.append((sums.minor, probability or Decimal(0)))
    amount = _total(amounts, home)
    return {
        "cases": sum(sums.cases for sums in parts.values()),
        "amount": amount,
        "weighted": figures.weighted(chances, amount.currency) if amount else None,
    }


def _win_loss_row(parts: Parts, _: ReportContext, home: str) -> Row:
    counts: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    priced = 0
    for (outcome, currency), sums in parts.items():
        counts[outcome] += sums.cases
        if outcome == "won" and sums.priced:
            amounts[currency] += sums.minor
            priced += sums.priced
    amount = _total(amounts, home)
    return {
        "won": counts["won"],
        "lost": counts["lost"],
        "win_rate": figures.share(counts["won"], counts.total()),
        "won_amount": amount,
        "mean_won_amount": figures.mean_money(amount, priced),
    }


def _cycle_row(parts: Parts, _: ReportContext, __: str) -> Row:
    lengths = {length: sums.cases for (length,), sums in parts.items() if length >= 0}
    return {
        "cases": sum(lengths.values()),
        "mean_days": figures.mean(lengths),
        "median_days": figures.percentile(lengths, 50),
        "p90_days": figures.percentile(lengths, 90),
    }


def _total(amounts: Mapping[str, int], home: str) -> Money | None:
    """Return the sum: nothing is zero of the home currency, and different currencies have no sum."""
    if len(amounts) > 1 or not (amounts or home):
        return None
    currency, minor = next(iter(amounts.items()), (home, 0))
    return Money.from_minor(minor, currency)


_PIPELINE = _Kind(
    "pipeline",
    definitions.PIPELINE,
    ("currency", "playbook", "stage", "probability"),
    ("cases", "amount", "weighted"),
    _pipeline_row,
    notes.pipeline,
    by="stage",
)
_WIN_LOSS = _Kind(
    "win-loss",
    definitions.WIN_LOSS,
    ("outcome", "currency"),
    ("won", "lost", "win_rate", "won_amount", "mean_won_amount"),
    _win_loss_row,
    notes.win_loss,
)
_CYCLE = _Kind(
    "cycle",
    definitions.CYCLE,
    ("length",),
    ("cases", "mean_days", "median_days", "p90_days"),
    _cycle_row,
    notes.cycle,
)
