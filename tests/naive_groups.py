"""Who sees which cases with what of them, and which groups they fall into, the naive way: case by case."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.naive_cases import Company, Deal, money, quarter
from tests.sold import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

NONE = "(none)"
DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
MONTHS = (
    "january february march april may june july august september october november december".split()
)  # fmt: skip


class Seen:
    """Hold the cases of a company that count for one who asks, as of an instant."""

    def __init__(self, company: Company, deals: Sequence[Deal], now: dt.datetime, actor: str) -> None:
        self.company = company
        self.today = company.day(now)
        self.actor = actor
        self.home = str(company.now.get("currency", ""))
        self.deals = [deal for deal in deals if self.counts(deal)]

    # -- who sees what ------------------------------------------------------------------------------

    def is_one_of(self, who: Any, deal: Deal, actor: str = "") -> bool:
        """Return whether the one who asks is one of those named for a case."""
        actor = actor or self.actor
        names = [who] if isinstance(who, str) else who
        for name in names:
            if name == "anyone" or actor in ("operator", name):
                return True
            post = self.company.post(actor, self.today)
            if name == post.get("role") or (name == "team" and deal.team and post.get("team") == deal.team):
                return True
            if name == "owner" and actor == deal.owner:
                return True
            if name == "manager" and self.manages(deal, actor):
                return True
        return False

    def standing_in(self) -> list[str]:
        """Return the one who asks, and those who are away today and have them stand in, on and on."""
        found = [self.actor]
        for actor in found:
            for name in PEOPLE:
                for away in self.company.latest(name).get("away", ()):
                    if away["from"] <= self.today.isoformat() <= away["to"] and away["delegate"] == actor:
                        found += [name] if name not in found else []
        return found

    def manages(self, deal: Deal, actor: str) -> bool:
        """Return whether somebody manages the owner, or the team of a case that has none."""
        if deal.owner:
            return self.company.manager(deal.owner, self.today) == actor
        teams = self.company.said("teams", deal.team, self.today) if deal.team else []
        return bool(teams) and teams[0].get("manager") == actor

    def totals(self, deal: Deal) -> bool:
        """Return whether the one who asks may know the totals of a playbook."""
        who = self.company.playbooks[deal.playbook].get("who_may", {}).get("see_totals", [])
        return any(self.is_one_of(who, deal, actor) for actor in self.standing_in())

    def counts(self, deal: Deal) -> bool:
        """Return whether a case counts for the one who asks."""
        return self.sees(deal) or self.totals(deal)

    def sees(self, deal: Deal) -> bool:
        """Return whether a case is shown to the one who asks."""
        who = self.company.playbooks[deal.playbook].get("who_may", {}).get("see", "anyone")
        return any(self.is_one_of(who, deal, actor) for actor in self.standing_in())

    def value(self, deal: Deal, name: str) -> Any:
        """Return what a field says, None where it says nothing or is hidden from the one who asks."""
        said = self.company.playbooks[deal.playbook]["fields"].get(name)
        if said is None:
            return None
        if "is" in said:  # twice an amount; who may know totals is told no more of what is made of it
            made_of = said["is"].split()[0].split(".")[1]
            amount = money(self.plainly(deal, made_of))
            return amount and f"{amount[0] * 2} {amount[1]}"
        total = name == self.about(deal, "amount") and self.totals(deal)
        return deal.fields.get(name) if total else self.plainly(deal, name)

    def plainly(self, deal: Deal, name: str) -> Any:
        """Return what a field says to who may see it, None to others."""
        who = self.company.playbooks[deal.playbook]["fields"][name].get("visible_to", "anyone")
        return deal.fields.get(name) if self.is_one_of(who, deal) else None

    def about(self, deal: Deal, part: str) -> str:
        """Return the field that plays a known part."""
        return str(self.company.playbooks[deal.playbook].get("about", {}).get(part, part))

    def amount(self, deal: Deal) -> tuple[Decimal, str] | None:
        """Return the amount of a case with its currency."""
        return money(self.value(deal, self.about(deal, "amount")))

    def day(self, deal: Deal, which: str) -> dt.date | None:
        """Return the day of opening, closing or expected close."""
        if which == "due":
            due = self.value(deal, self.about(deal, "expected_close"))
            return dt.date.fromisoformat(due) if due else None
        at = {"opened": deal.opened, "closed": deal.closed}[which]
        return None if at is None else self.company.day(at)

    def chance(self, deal: Deal) -> Decimal | None:
        """Return how likely a case is won: by hand, else by its stage."""
        said = deal.chance or str(self.company.stages(deal.playbook)[deal.stage].get("probability", ""))
        return Decimal(said.removesuffix("%")) / 100 if said else None

    # -- groups -------------------------------------------------------------------------------------

    def names(self, kind: str) -> dict[str, str]:
        """Return what people or teams are called; of those of one name with what tells them apart."""
        every = {name: one for _, said in self.company.published for name, one in said[kind].items()}
        called = {name: one.get("name") or one.get("title") or name for name, one in every.items()}
        several = Counter(called.values())
        return {name: f"{one} ({name})" if several[one] > 1 else one for name, one in called.items()}

    def stages(self) -> dict[tuple[str, str], str]:
        """Return what the stages are called, in the order in which people see them, those of before after those."""
        here = [
            (book, one) for book, said in sorted(self.company.playbooks.items()) for one in said["stages"]
        ]
        before = [(book, one) for book in sorted(self.company.versions) for one in self.company.stages(book)]
        before = [one for one in before if one not in here]
        return self.apart([*here, *before]) | self.apart(here)

    def apart(self, stages: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return what stages are called; of those of one name with the playbook or the id that tells them apart."""
        called = {(book, one): self.company.stages(book)[one].get("title", one) for book, one in stages}
        found = {}
        for (book, one), name in called.items():
            alike = [key for key, other in called.items() if other == name]
            books = {other for other, _ in alike}
            told = [book] if len(books) > 1 else []
            told += [one] if [other for other, _ in alike].count(book) > 1 else []
            found[book, one] = f"{name} ({'.'.join(told)})" if told else name
        return found

    def group(self, deal: Deal, by: str, period: str) -> str:
        """Return the group of a case."""
        people = self.names("people")
        if by == "stage":
            return self.stages()[deal.playbook, deal.stage]
        if by == "owner":
            return people.get(deal.owner, deal.owner) or NONE
        if by == "team":
            return self.names("teams").get(deal.team, deal.team) or NONE
        if by == "manager":
            on = self.today if deal.closed is None else self.company.day(deal.closed)
            return people.get(self.company.manager(deal.owner, on), "") or NONE
        if by == "quarter":
            day = self.day(deal, period)
            year = self.company.now.get("fiscal_year", {"starts": "january"})
            starts = MONTHS.index(year["starts"]) + 1
            return NONE if day is None else quarter(day, starts, year.get("named_after", "end"))
        return self.told(self.company.playbooks[deal.playbook]["fields"].get(by), self.value(deal, by))

    def told(self, said: Any, value: Any) -> str:
        """Return a value as people read it."""
        if said is None or value is None or str(value).strip() in ("", "[]"):
            return NONE
        kind = said["type"]
        if kind == "list":
            of = said["of"] if isinstance(said["of"], dict) else {"type": said["of"]}
            return ", ".join(self.told(of, one) for one in value)
        if kind == "person":
            return self.names("people").get(str(value), str(value))
        if kind == "reference":
            return self.account(value) if said["to"] == "account" else self.case(said["to"], value)
        if kind == "datetime":
            return self.company.day(dt.datetime.fromisoformat(value)).isoformat()
        if kind == "money":
            amount, currency = value.split()
            return f"{Decimal(amount):.{DIGITS[currency]}f} {currency}"
        if kind in ("number", "percent"):
            number = Fraction(Decimal(value.removesuffix("%")))
            return _plain(number) + ("%" if kind == "percent" else "")
        return {"true": "yes", "false": "no"}[value] if kind == "boolean" else str(value)

    def account(self, account: str) -> str:
        """Return what an account is called; where it was merged, the one that is kept."""
        merged = self.company.merged
        while account in merged:
            account = merged[account]
        name = self.company.accounts[account]
        alike = [one for one, said in self.company.accounts.items() if said == name and one not in merged]
        return f"{name} ({account})" if len(alike) > 1 else name

    def case(self, playbook: str, case: str) -> str:
        """Return what a case is called, for who sees it; else its id is all there is to tell."""
        shown = [deal for deal in self.deals if deal.playbook == playbook and self.sees(deal)]
        name = next((deal.name or case for deal in shown if deal.case == case), case)
        alike = [deal for deal in shown if deal.name == name]
        return f"{name} ({case})" if len(alike) > 1 else name

    def ordered(self, groups: set[str], by: str) -> list[str]:
        """Return groups in order: stages as they follow each other, others by name, what is missing last."""
        here = [key for key in self.stages() if key[1] in self.company.playbooks[key[0]]["stages"]]
        stages = [self.stages()[key] for key in here] if by == "stage" else []
        return sorted(
            groups,
            key=lambda one: (
                one == NONE,
                stages.index(one) if one in stages else len(stages),
                one.casefold(),
                one,
            ),
        )


def _plain(number: Fraction) -> str:
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
