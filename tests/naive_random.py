"""What pay is reckoned of at random: people with quotas, plans, and what happens to deals.

What is drawn is always `about` something, which so comes up in every plan or team; anything else may come up too.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from tests.naive_facts import RATES, REPORTS, TEAMS, D, Person, share, spans
from tests.naive_quota import Quota

MAYBE = st.sampled_from((False, False, True))
SELDOM = st.sampled_from((False, False, False, False, False, True))
ABOUT = (
    "anything", "overlays", "spiffs", "target pay", "what is paid at least", "who comes and goes", "several plans",
    "what is published anew",
)  # fmt: skip
Plans = dict[str, dict[str, Any]]
"""The files of plans, by their ids."""
JOINED = {"kim": dt.date(2027, 5, 10), "sam": dt.date(2026, 1, 1)}
SHARES = (
    {"sam": 100}, {"sam": 100}, {"kim": 100}, {"sam": 70, "kim": 30}, {"sam": 50, "dana": 50}, {"dana": 100},
    {"dana": "33.33", "kim": "33.34", "sam": "33.33"},
)  # fmt: skip
ORGANIZATION = """
organization: acme
currency: EUR
approves_when_no_manager: fin
rates: {dated: {DATED}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  cash: {playbook: deals, entry: payment, amount: entry.amount}
  won: {playbook: deals, outcome: won, count: true, date: case.closed}
  payments: {playbook: deals, entry: payment, count: true}
  paid_share: {ratio: [cash, revenue]}
  paid_times: {ratio: [payments, won]}
teams: {all: {title: All}, north: {title: North, parent: all}, south: {title: South, parent: all}}
people:
  dana: {name: Dana, role: boss, manager: sam, team: south}
  fin: {name: Fin, role: finance}
  lou: {name: Lou, role: lead, hired: 2025-01-01, left: 2026-06-30}
"""

# -- people and quotas ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Team:
    """Who is paid, and what is asked of them."""

    people: dict[str, Person]
    quotas: list[Quota]

    def said(self) -> str:
        """Return the organization's file."""
        dated = ", ".join(f"{since}: {{USD: {rate}}}" for since, rate in RATES)
        text = ORGANIZATION.replace("DATED", dated)
        for name, one in self.people.items():
            left = "" if one.left == dt.date.max else f", left: {one.left}"
            manager = f", manager: {REPORTS[name]}" if name in REPORTS else ""
            ramp = f", ramp: [{', '.join(f'{part:%}' for part in one.ramp)}]" if one.ramp else ""
            posts = "".join(f"{{from: {since}, role: {role}}}, " for since, role in one.roles)
            history = f", history: [{posts}]" if posts else ""
            text += f"  {name}: {{name: {name.title()}, role: ae, team: {TEAMS[name]}, hired: {one.hired}"
            text += f"{left}{ramp}{manager}{history}}}\n"
        text += "quotas:\n"
        for quota in self.quotas:
            unit = "" if quota.measure == "won" else f" {quota.currency}"
            spread = ", ".join(f"{part:%}" for part in quota.spread)
            text += f"  - {{period: {quota.period!r}, measure: {quota.measure}, person: {quota.person}"
            text += f", target: {quota.target}{unit}" + (f", spread: [{spread}]" if spread else "")
            text += (f", from: {quota.since}" if quota.since else "") + "}\n"
        return text


currencies = st.sampled_from(("EUR", "EUR", "USD"))
TARGETS = {"revenue": D(4000), "cash": D(3000), "won": D(9)}
SPREADS = {
    "2027": ((), ("60%", "40%"), ("20%", "25%", "25%", "30%"), ("10%", "1%", *["8.9%"] * 10)),
    "H": ((), ("70%", "30%"), ("10%", "15%", "25%", "20%", "20%", "10%")),
    "Q": ((), ("50%", "20%", "30%")),
}
PERIODS = (
    ("2027",), ("2027",), ("2027",), ("2027-H1", "2027-H2"), ("2027", "2027-Q2"),
    ("2027-Q1", "2027-Q2", "2027-Q3", "2027-Q4"), ("2027", "2027-H2", "2027-Q3", "2027-11"),
)  # fmt: skip


@st.composite
def quotas(draw: st.DrawFn, measure: str, person: str) -> list[Quota]:
    found, currency = [], draw(currencies)
    for period in draw(st.sampled_from(PERIODS)):
        first, last = spans(period)
        part = D((last - first).days + 1) / 365
        spreads = SPREADS.get(period[5:6] or period, ((),))
        spread = tuple(share(one) for one in draw(st.sampled_from(spreads)))
        target = (TARGETS[measure] * part * draw(st.sampled_from((1, 1, 2)))).quantize(D("0.01"))
        found.append(Quota(measure, person, period, target, spread, None, currency))
        if draw(MAYBE):
            since = first + dt.timedelta(draw(st.integers(1, (last - first).days)))
            spread = tuple(share(one) for one in draw(st.sampled_from(spreads)))
            target = (target * D("1.7")).quantize(D("0.01"))
            found.append(Quota(measure, person, period, target, spread, since, currency))
    return found


def seldom(*, but: bool) -> st.SearchStrategy[bool]:
    """Return whether something comes up: seldom, but always where that is what all is about."""
    return st.just(True) if but else SELDOM


@st.composite
def people(draw: st.DrawFn, about: str) -> dict[str, Person]:
    found = {}
    goes = draw(st.sampled_from(tuple(JOINED))) if about == "who comes and goes" else ""
    comes = draw(st.sampled_from(tuple(JOINED))) if about == "who comes and goes" else ""
    for name, hired in JOINED.items():
        if draw(seldom(but=name == comes)):
            hired = dt.date(2026, 10, 1) + dt.timedelta(draw(st.integers(0, 380)))
        left = dt.date.max
        if draw(seldom(but=name == goes)):
            left = max(hired, dt.date(2026, 12, 20)) + dt.timedelta(draw(st.integers(0, 380)))
        ramp = draw(st.sampled_from(((), (), ("25%", "50%", "75%"), ("50%", "150%", "10%", "33.33%"))))
        roles = list[tuple[dt.date, str]]()
        if draw(seldom(but=about == "several plans")):
            since = max(hired, dt.date(2026, 12, 20)) + dt.timedelta(draw(st.integers(1, 300)))
            roles = [(since, "lead"), (since + dt.timedelta(draw(st.integers(1, 200))), "ae")]
        found[name] = Person(
            hired, left, tuple(share(one) for one in ramp), tuple(roles[: draw(st.integers(1, 2))])
        )
    return found


@st.composite
def teams(draw: st.DrawFn, about: str) -> Team:
    every = [one for who in JOINED for measure in TARGETS for one in draw(quotas(measure, who))]
    return Team(draw(people(about)), every)


Edition = tuple[Plans, Team]
"""What was published together."""

# -- plans ----------------------------------------------------------------------------------------------

percents = st.sampled_from(("0%", "1%", "5%", "7.5%", "10%", "12.345%", "100%"))
conditions = st.sampled_from(
    (
        "deal.due > 500 EUR",
        "deal.due > 500 EUR",
        "deal.amount > 300 EUR",
        "deal.due > 500 EUR or deal.amount > 300 EUR",
    )
)
sums = st.sampled_from(("0 EUR", "5 EUR", "33.33 EUR", "100 EUR"))


@st.composite
def tiers(draw: st.DrawFn, by: str, mode: str, *, shares: bool = False) -> list[dict[str, str | int]]:
    starts = draw(st.lists(st.integers(1, 12), max_size=3, unique=True).map(sorted))
    scale, unit = {"amount": (100, " EUR"), "attainment": (20, "%"), "value": (20, "%"), "count": (1, "")}[by]
    first = draw(st.sampled_from((0, 0, 1))) if mode == "interpolated" else 0
    found = sorted({first, *starts})
    pay = sums if (by == "count" or mode != "marginal") and not shares and draw(st.booleans()) else percents
    return [
        {"from": f"{start * scale}{unit}" if unit else start * scale, "pay": draw(pay)} for start in found
    ]


@st.composite
def ratios(draw: st.DrawFn) -> dict[str, Any]:
    mode, over = (
        draw(st.sampled_from(("whole", "interpolated"))),
        draw(st.sampled_from(("period", "period", "year"))),
    )
    made: dict[str, Any] = {"of": draw(st.sampled_from(("paid_share", "paid_times")))}
    made |= {"rate": {"by": "value", "mode": mode, "over": over}, "tiers": draw(tiers("value", mode))}
    if made["tiers"][0]["pay"].endswith("%"):
        made["pays"] = "share_of_target_pay"
    if draw(MAYBE):
        made["when"] = draw(conditions)
    return made | draw(bounds())


CREDITS = (
    {"of": "person", "who": "deal.helper", "share": "33.3%"}, {"of": "person", "who": "deal.helper"},
    {"of": "people_of"}, {"of": "team", "share": "12.5%"},
)  # fmt: skip


@st.composite
def components(draw: st.DrawFn, about: str) -> dict[str, Any]:
    if draw(SELDOM):
        return draw(ratios())
    made: dict[str, Any] = {"of": draw(st.sampled_from(("revenue", "revenue", "won", "cash")))}
    shares = about == "target pay"
    if draw(MAYBE):
        made["when"] = draw(conditions)
    if draw(seldom(but=about == "overlays")):
        made["credit"] = draw(st.sampled_from(CREDITS))
    if draw(MAYBE) or about == "spiffs":
        made["spiff"] = {"pay": draw(st.sampled_from(("5 EUR", "33.33 EUR")))}
        if draw(MAYBE):
            made["spiff"]["when"] = draw(conditions)
        if draw(MAYBE) or (about == "spiffs" and draw(st.booleans())):
            made["spiff"]["budget"] = draw(st.sampled_from(("12 EUR", "50 EUR")))
        if not shares and draw(st.booleans()):
            return made
    by = "attainment" if shares else draw(st.sampled_from(("amount", "attainment", "count")))
    mode = draw(st.sampled_from(("marginal", "whole", "interpolated")))
    made["rate"] = {
        "by": by,
        "mode": mode,
        "over": draw(st.sampled_from(("period", "period", "year", "credit"))),
    }
    made["tiers"] = draw(tiers(by, mode, shares=shares))
    if by == "attainment" and made["tiers"][0]["pay"].endswith("%") and (shares or draw(MAYBE)):
        made["pays"] = "share_of_target_pay"
    if draw(MAYBE):
        made["multiplier"] = draw(st.sampled_from((0.5, 1.5)))
    if draw(MAYBE) and draw(MAYBE):
        made["higher_once"] = draw(st.sampled_from(("20%", "100%")))
    made |= draw(bounds())
    return made


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, Any]:
    found = {}
    for kind, amounts in (("cap", ("40 EUR", "150 EUR")), ("floor", ("1 EUR", "30 EUR"))):
        if draw(MAYBE):
            found[kind] = {
                "amount": draw(st.sampled_from(amounts)),
                "per": draw(st.sampled_from(("period", "year"))),
            }
    return found


EFFECTIVE = tuple(
    {"from": since, "to": until}
    for since, until in (
        *([("2027-01-01", "2027-12-31")] * 4), ("2027-02-15", "2027-12-31"), ("2027-01-01", "2027-09-10"),
        ("2027-04-20", "2027-11-30"),
    )
)  # fmt: skip


@st.composite
def plans(draw: st.DrawFn, about: str, name: str = "ae") -> dict[str, Any]:
    names = ("new", "more", "third")[: draw(st.sampled_from((1, 1, 2, 3)))]
    plan: dict[str, Any] = {
        "plan": name, "applies_to": {"role": "ae"}, "effective": draw(st.sampled_from(EFFECTIVE)),
        "period": draw(st.sampled_from(("quarter", "quarter", "quarter", "quarter", "month", "year"))),
        "components": {name: draw(components(about)) for name in names},
    }  # fmt: skip
    for place, name in enumerate(names[1:]):
        if draw(MAYBE):
            point = draw(st.sampled_from(("20%", "100%")))
            plan["components"][name]["gate"] = {
                "of": names[place],
                draw(st.sampled_from(("from", "above"))): point,
            }
    if draw(MAYBE):
        plan |= draw(bounds())
    if draw(MAYBE):
        plan["multiplier"] = 1.1
    for kind in ("draw", "guarantee"):
        if draw(MAYBE) or about == "what is paid at least":
            plan[kind] = {"amount": draw(st.sampled_from(("20 EUR", "100 EUR"))),
                          "every": draw(st.sampled_from(("month", "period")))}  # fmt: skip
            if draw(MAYBE):
                plan[kind]["for"] = draw(st.sampled_from(("1mo", "4mo", "18mo")))
    if "draw" in plan:
        plan["draw"]["recoverable"] = draw(st.booleans())
    if draw(MAYBE) or about == "what is published anew":
        plan["hold"] = {"share": draw(st.sampled_from(("50%", "33.3%", "100%"))), "until": "entry.payment",
                        "release": draw(st.sampled_from(("by_amount_paid", "all")))}  # fmt: skip
    if draw(st.booleans()) or about == "what is published anew":
        how = draw(st.sampled_from(("of_amount_refunded", "full", "of_unused_term")))
        plan["clawback"] = {"on": "entry.refund", "share": how}
        if draw(MAYBE):
            plan["clawback"]["within"] = draw(st.sampled_from(("1mo", "6mo")))
    if draw(MAYBE if about == "what is published anew" else SELDOM):
        plan["round"] = draw(
            st.sampled_from(({"to": 0.05}, {"to": 1, "half": "up"}, {"half": "up"}, {"to": 0.1}))
        )
    if draw(SELDOM):
        plan["currency"] = "USD"
    for said in (plan, *plan["components"].values()):
        for key in [key for key in said if key != "components"]:
            if draw(SELDOM):
                said[key] = in_dollars(said[key])
    return plan


LASTS = ("plan", "applies_to", "period", "currency")
"""What of a plan stays as it was however often it is published; it may end earlier than it was to."""


@st.composite
def editions(draw: st.DrawFn, about: str) -> list[Edition]:
    """Draw plans, people and quotas, as they were published one after the other."""
    first = {"ae": draw(plans(about))}
    if draw(seldom(but=about == "several plans")):
        whom = draw(st.sampled_from(({"role": "ae"}, {"role": "ae"}, {"role": "lead"}, {"person": "sam"})))
        first["also"] = draw(plans(about, "also")) | {"applies_to": whom}
        if draw(st.booleans()):  # the same for other cases
            its = first["ae"]["components"].items()
            first["also"]["components"] = {name: one | {"when": draw(conditions)} for name, one in its}
    found = [(first, draw(teams(about)))]
    for _ in range(draw(st.integers(1, 2)) if draw(seldom(but=about == "what is published anew")) else 0):
        now, team = found[-1]
        name = draw(st.sampled_from(sorted(now)))
        if draw(st.booleans()):
            now = now | {name: draw(changed(now[name], draw(plans(about, name))))}
        if draw(st.booleans()):
            team = draw(changed_team(team, draw(teams(about))))
        found.append((now, team))
    return found


@st.composite
def changed(draw: st.DrawFn, now: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Draw a plan that has something of another in place of its own."""
    keys = [key for key in sorted({*now, *other}) if key not in LASTS and draw(st.booleans())]
    ends = min(now["effective"]["to"], other["effective"]["to"])
    other = other | {"effective": {"from": now["effective"]["from"], "to": ends}}
    kept = {key: one for key, one in now.items() if key not in keys}
    return kept | {key: other[key] for key in keys if key in other}


@st.composite
def changed_team(draw: st.DrawFn, now: Team, other: Team) -> Team:
    """Draw a team with the quotas of another for a measure, of whom it is told that they left, or were to."""
    measure, who = draw(st.sampled_from(tuple(TARGETS))), draw(st.sampled_from(tuple(JOINED)))
    quotas_ = [one for one in now.quotas if one.measure != measure]
    quotas_ += [one for one in other.quotas if one.measure == measure]
    person = now.people[who]
    left = max(min(person.left, other.people[who].left), person.hired)
    return Team(now.people | {who: replace(person, left=left)}, quotas_)


def in_dollars(said: Any) -> Any:
    """Return what is said with dollars in place of euros."""
    if isinstance(said, dict):
        return {key: in_dollars(one) for key, one in said.items()}
    if isinstance(said, list):
        return [in_dollars(one) for one in said]
    return re.sub(r"^([0-9.]+) EUR$", r"\1 USD", said) if isinstance(said, str) else said


# -- histories ------------------------------------------------------------------------------------------

amounts = st.one_of(
    st.integers(0, 12).map(lambda n: D(n) * 100), st.integers(1, 200_000).map(lambda cents: D(cents) / 100),
    st.sampled_from((D(0), D("0.01"), D("333.33"), D("99999999.99"), D(-200), D(-700), D("-33.33"))),
)  # fmt: skip
DOINGS = ("won", "won", "won", "payment", "payment", "refund", "correct", "reopen", "again", "adjust", "says",
          "raise", "publish")  # fmt: skip
dues = st.sampled_from((None, None, D(400), D(500), D(600), D(600)))
doings = st.tuples(
    st.sampled_from(DOINGS),
    st.sampled_from((0, 0, 0, 1, 2)), st.integers(0, 20), st.integers(0, 20), amounts, dues, currencies,
    st.sampled_from(SHARES),
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn, about: str) -> list[list[Any]]:
    """Draw what happens, by the period after which it is told."""
    found = draw(st.lists(st.lists(doings, max_size=5), min_size=13, max_size=13))
    if about == "what is published anew":
        found[draw(st.integers(1, 3))].insert(0, ("publish", 0, 0, 0, D(0), None, "EUR", {}))
    return found
