"""Reports reckoned the naive way, from what the text says of their figures alone: case by case, in fractions."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.naive_cases import Deal, quarter
from tests.naive_groups import DIGITS, MONTHS, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = dict[str, Any]


class Wrong(Exception):
    """Say that a report cannot be asked so."""


class Reports(Seen):
    """Reckon reports over the cases of a company for one who asks, as of an instant."""

    # -- what is asked ------------------------------------------------------------------------------

    def asked(self, given: dict[str, str]) -> dict[str, Any]:
        """Return what is asked for with its days: those said, or the first and the last of a fiscal period."""
        named = given["period"]
        if named and (given["since"] or given["until"]):
            raise Wrong("both")
        days = [day and dt.date.fromisoformat(day) for day in (given["since"], given["until"])]
        if named:
            year = self.company.now.get("fiscal_year", {"starts": "january"})
            starts, after = MONTHS.index(year["starts"]) + 1, year.get("named_after", "end")
            every = [dt.date(int(named[:4]) - 2, 1, 1) + dt.timedelta(number) for number in range(365 * 4)]
            inside = [day for day in every if is_in(day, named, starts, after)]
            days = [inside[0], inside[-1]]
        return {**given, "since": days[0], "until": days[1]}

    def chosen(self, asked: dict[str, Any], period: str, outcomes: Sequence[str]) -> list[Deal]:
        """Return the cases that are asked for."""
        found = []
        named = {
            what: self.meant(what, asked[what]) for what in ("playbook", "team", "owner", "currency") if asked[what]
        }  # fmt: skip
        for deal in self.deals:
            day, amount = self.day(deal, period), self.amount(deal)
            has = {
                "playbook": deal.playbook,
                "team": deal.team,
                "owner": deal.owner,
                "currency": amount and amount[1],
            }
            if any(has[what] != one for what, one in named.items()):
                continue
            if (asked["since"] and (day is None or day < asked["since"])) or (
                asked["until"] and (day is None or day > asked["until"])
            ):
                continue
            if deal.outcome in outcomes or not outcomes:
                found.append(deal)
        return found

    def meant(self, what: str, given: str) -> str:
        """Return the id that an id or a name means."""
        known: dict[str, str] = {
            "playbook": {name: said["title"] for name, said in self.company.playbooks.items()},
            "team": {n: o.get("title", "") for _, s in self.company.published for n, o in s["teams"].items()},
            "owner": {n: o["name"] for _, s in self.company.published for n, o in s["people"].items()},
            "currency": {self.home: ""} | {one[1]: "" for deal in self.deals if (one := self.amount(deal))},
        }[what]
        matching = [id_ for id_, name in known.items() if name == given]
        if given in known:
            return given
        if len(matching) != 1:
            raise Wrong(what)
        return matching[0]

    def reckon(
        self, asked: dict[str, Any], columns: Sequence[str], period: str, outcomes: Sequence[str],
        row: Callable[[list[Deal]], Row],
    ) -> tuple[list[Deal], list[Row]]:  # fmt: skip
        """Return the cases that are asked for, and a row for each group of them."""
        by = asked["by"]
        if asked["since"] and asked["until"] and asked["since"] > asked["until"]:
            raise Wrong("no day")
        if by in columns:
            raise Wrong("a column of that name")
        if not by:
            deals = self.chosen(asked, period, outcomes)
            return deals, [row(deals)]
        fields = [said["fields"][by] for said in self.company.playbooks.values() if by in said["fields"]]
        if by not in ("stage", "owner", "manager", "team", "quarter") and not fields:
            raise Wrong("no such field")
        if any(one.get("personal") or one["type"] == "table" for one in fields):
            raise Wrong("cannot group")
        deals = self.chosen(asked, period, outcomes)
        groups: dict[str, list[Deal]] = {}
        for deal in deals:
            groups.setdefault(self.group(deal, by, period), []).append(deal)
        return deals, [{by: one} | row(groups[one]) for one in self.ordered(set(groups), by)]

    # -- the reports --------------------------------------------------------------------------------

    def win_loss(self, asked: dict[str, Any]) -> tuple[list[Row], list[str]]:
        """Return rows and notes of `win-loss`."""
        created = asked["of"] == "created"
        if asked["of"] not in ("", "closed", "created"):
            raise Wrong("of")
        home = asked["currency"] and self.meant("currency", asked["currency"])

        def row(deals: list[Deal]) -> Row:
            won = [deal for deal in deals if deal.outcome == "won"]
            lost = sum(deal.outcome == "lost" for deal in deals)
            whole = len(deals) if created else len(won) + lost
            amounts = [one for deal in won if (one := self.amount(deal))]
            total = self.total(amounts, home)
            return {
                "won": len(won),
                "lost": lost,
                "win_rate": _share(len(won), whole),
                "won_amount": total and shown(*total),
                "mean_won_amount": shown(total[0] / len(amounts), total[1]) if total and amounts else None,
            }

        columns = ("won", "lost", "win_rate", "won_amount", "mean_won_amount")
        ends = () if created else ("won", "lost")
        deals, rows = self.reckon(asked, columns, "opened" if created else "closed", ends, row)
        won = [deal for deal in deals if deal.outcome == "won"]
        return rows, self.missing(won, "won", asked, "opened" if created else "closed")

    def cycle(self, asked: dict[str, Any]) -> tuple[list[Row], list[str]]:
        """Return rows and notes of `cycle`."""
        if asked["of"] not in ("", "won", "closed"):
            raise Wrong("of")

        def row(deals: list[Deal]) -> Row:
            lengths = sorted(days for deal in deals if (days := self.length(deal)) >= 0)
            return {
                "cases": len(lengths),
                "mean_days": _share(sum(lengths), len(lengths)),
                "median_days": _between(lengths, Fraction(1, 2)),
                "p90_days": _between(lengths, Fraction(9, 10)),
            }

        ends = ("won", "lost") if asked["of"] == "closed" else ("won",)
        deals, rows = self.reckon(
            asked, ("cases", "mean_days", "median_days", "p90_days"), "closed", ends, row
        )
        assert all(self.length(deal) >= 0 for deal in deals)  # the engine lets nothing end before it began
        return rows, []

    def length(self, deal: Deal) -> int:
        """Return the calendar days from opening to closing."""
        assert deal.closed is not None
        return (self.company.day(deal.closed) - self.company.day(deal.opened)).days

    def pipeline(self, asked: dict[str, Any]) -> tuple[list[Row], list[str]]:
        """Return rows and notes of `pipeline`."""
        if asked["of"]:
            raise Wrong("of")
        asked = asked | {"by": asked["by"] or "stage"}
        home = asked["currency"] and self.meant("currency", asked["currency"])

        def row(deals: list[Deal]) -> Row:
            priced = [(one, deal) for deal in deals if (one := self.amount(deal))]
            total = self.total([one for one, _ in priced], home)
            weights = sum(
                (Fraction(one[0]) * Fraction(self.chance(deal) or 0) for one, deal in priced), Fraction(0)
            )
            return {
                "cases": len(deals),
                "amount": total and shown(*total),
                "weighted": total and shown(weights, total[1]),
            }

        deals, rows = self.reckon(asked, ("cases", "amount", "weighted"), "due", ("open",), row)
        notes = self.missing(deals, "open", asked, "due")
        dark = Counter(
            (deal.playbook, deal.stage) for deal in deals if self.amount(deal) and self.chance(deal) is None
        )
        for (book, stage), count in sorted(dark.items()):
            notes.append(
                f"The stage {stage!r} of {book!r} has no probability: the amounts of {_cases(count)} are left "
                "out of weighted. Give it one, or set it on the case."
            )
        return rows, notes

    # -- amounts ------------------------------------------------------------------------------------

    def total(self, amounts: Sequence[tuple[Decimal, str]], asked: str) -> tuple[Fraction, str] | None:
        """Return the sum; of nothing it is zero of the currency that is asked for, else the organization's."""
        currencies = {currency for _, currency in amounts} or {asked or self.home} - {""}
        if len(currencies) != 1:
            return None
        return sum((Fraction(amount) for amount, _ in amounts), Fraction(0)), currencies.pop()

    def missing(self, deals: list[Deal], what: str, asked: dict[str, Any], period: str) -> list[str]:
        """Return notes about amounts that are missing, or of several currencies in one group."""
        notes, without = [], sum(self.amount(deal) is None for deal in deals)
        if without:
            notes.append(f"{_cases(without, what)} without an amount: counted, but not in the amounts.")
        groups: dict[str, set[str]] = {}
        for deal in deals:
            if one := self.amount(deal):
                groups.setdefault(asked["by"] and self.group(deal, asked["by"], period), set()).add(one[1])
        if any(len(found) > 1 for found in groups.values()):
            codes = sorted(set[str]().union(*groups.values()))
            notes.append(
                f"Amounts in {', '.join(codes[:-1])} and {codes[-1]} are not added up: "
                f"a row that has several shows none. Take one with --currency {codes[0]}."
            )
        return notes


def is_in(day: dt.date, period: str, starts: int, after: str) -> bool:
    """Return whether a day is in a fiscal year, half or quarter, or in a month."""
    year, _, part = period.partition("-")
    name = quarter(day, starts, after)
    if part.isdigit():
        return day.isoformat().startswith(period)
    if part.startswith("H"):
        return name in [f"{year}-Q{number}" for number in ((1, 2) if part == "H1" else (3, 4))]
    return name.startswith(period)


def shown(amount: Fraction, currency: str) -> str:
    """Return an amount rounded half up, once, to the digits of its currency."""
    digits = DIGITS[currency]
    whole = abs(amount) * 10**digits
    units = (whole + Fraction(1, 2)).__floor__()
    number = Decimal(units if amount >= 0 else -units).scaleb(-digits)
    return f"{number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)} {currency}"


def _share(part: int, whole: int) -> float | None:
    return float(Fraction(part, whole)) if whole else None


def _between(values: Sequence[int], share: Fraction) -> float | None:
    """Return the value at a share of the way from the first to the last, linear between points."""
    if not values:
        return None
    place = share * (len(values) - 1)
    before = place.__floor__()
    after = min(before + 1, len(values) - 1)
    return float(values[before] + (values[after] - values[before]) * (place - before))


def _cases(count: int, what: str = "") -> str:
    return " ".join(filter(None, (f"{count:,}", what, "case" if count == 1 else "cases")))
