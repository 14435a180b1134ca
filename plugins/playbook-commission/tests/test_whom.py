"""Whom plans pay: people, teams, territories, several plans at once, overlays; who joins, leaves or changes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.paying import Paying

from playbook import Close, InputError, Money, Open, Split
from playbook_commission.settling.paybook import Paybook
from playbook_commission.settling.settle import audit, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook_commission.statements.statement import Statement

D = Decimal
ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae, team: dach, territory: alps}
  kim: {name: Kim, role: ae, team: emea}
  joan: {name: Joan, role: ae, team: dach, hired: 2027-02-15}
  lee: {name: Lee, role: ae, team: dach, hired: 2026-01-01, left: 2027-01-30}
  eve: {name: Eve, role: engineer, team: emea, territory: alps}
  moe:
    name: Moe
    history: [{from: 2026-01-01, role: ae, team: dach}, {from: 2027-03-02, role: engineer}]
teams: {emea: {title: EMEA}, dach: {title: DACH, parent: emea}}
territories: {alps: {for: deal, team: dach, when: deal.amount >= 500 EUR}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
quotas:
  - {period: 2027-Q1, measure: revenue, person: joan, target: 9000 EUR}
  - {period: 2027-Q1, measure: revenue, person: lee, target: 9000 EUR}
  - {period: 2027-Q1, measure: revenue, person: moe, target: 9000 EUR}
"""
DEALS = """
playbook: helped
version: 1
subject: deal
title: Helped
fields: {amount: {type: money}, engineer: {type: person}}
stages:
  talk: {title: Talk, next: [won]}
  won: {title: Won, final: won}
"""
FLAT = "of: revenue, tiers: [{from: 0 EUR, pay: 10%}]"


def plan(name: str, applies_to: str, component: str = FLAT, more: str = "") -> str:
    return (
        f"plan: {name}\napplies_to: {applies_to}\neffective: {{from: 2027-01-01}}\n"
        f"components: {{new: {{{component}}}}}\n{more}"
    )


class Office(Paying):
    def __init__(self) -> None:
        super().__init__(ORGANIZATION, helped_playbook=DEALS)

    def planned(self, *plans: str, pay: str = "") -> Paybook:
        files = {f"p{number}_plan": text for number, text in enumerate(plans)}
        engine = self.publish(helped_playbook=DEALS, **files)
        return Paybook(
            engine, dict.fromkeys(engine.world.organization.people, Money.parse(pay)) if pay else {}
        )

    def earned(self, *plans: str, pay: str = "") -> dict[tuple[str, str], Decimal]:
        book = self.planned(*plans, pay=pay)
        return {(who, p.id): book.computed(who, "2027-Q1", p).earned for who, p in book.paid("2027-Q1")}


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("applies_to", "paid"),
    [
        ("{person: eve}", {"eve"}), ("{person: [sam, eve]}", {"sam", "eve"}), ("{territory: alps}", {"sam", "eve"}),
        ("{role: ae, territory: alps}", {"sam"}), ("{team: dach, role: ae}", {"sam", "joan", "lee", "moe"}),
        ("{team: emea, role: engineer}", {"eve", "moe"}), ("{role: engineer, person: sam}", set()),
    ],
)  # fmt: skip
def test_a_plan_pays_those_of_whom_all_holds(office: Office, applies_to: str, paid: set[str]) -> None:
    assert {who for who, _ in office.earned(plan("p", applies_to))} == paid


def test_several_plans_pay_a_person_each_its_own(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")
    plans = plan("everyone", "{role: ae}"), plan("alps", "{territory: alps}", FLAT.replace("10%", "2%"))
    found = office.earned(*plans)
    assert [found["sam", "everyone"], found["sam", "alps"]] == [100, 20]
    assert ("kim", "alps") not in found
    with pytest.raises(InputError, match="sam is paid by alps, everyone in 2027-Q1; name one with --plan"):
        office.planned(*plans).statement("sam", "2027-Q1")


def helped(office: Office, amount: str, engineer: str) -> None:
    fields = {"amount": amount, **({"engineer": engineer} if engineer else {})}
    office.do(Open("h" + amount[:3], "helped", "Helped", owner="sam", fields=fields), "2027-01-09")
    office.do(Split("h" + amount[:3], {"sam": D("0.7"), "kim": D("0.3")}))
    office.do(Close("h" + amount[:3], "won"), "2027-01-10")


def test_a_person_of_the_case_is_credited_beside_the_splits(office: Office) -> None:
    office.organization = ORGANIZATION.replace("playbook: deals", "playbook: helped")
    helped(office, "1000.01 EUR", "eve")
    helped(office, "900 EUR", "")
    overlay = FLAT + ", credit: {of: person, who: deal.engineer, share: 50%}"
    found = office.earned(plan("ae", "{role: ae}"), plan("se", "{role: engineer}", overlay))
    assert found["sam", "ae"] + found["kim", "ae"] == D("190.00")  # the splits stay the whole
    assert found["eve", "se"] == D("50.00")  # half of 1,000.01 is 500.005, and 10 % of that
    assert found["moe", "se"] == 0


def test_everyone_of_the_team_or_the_territory_is_credited(office: Office) -> None:
    office.won("2027-01-10", "1000 EUR")  # by dach, in the alps
    office.won("2027-01-11", "400 EUR", owner="kim")  # by emea, nowhere
    for of, expected in (
        ("team", {"eve": 140, "sam": 100, "kim": 140}),
        ("territory", {"eve": 100, "sam": 100, "kim": 0}),
    ):
        found = office.earned(plan("all", "{person: [eve, sam, kim]}", f"{FLAT}, credit: {{of: {of}}}"))
        assert {who: pay for (who, _), pay in found.items()} == expected


def test_those_whom_an_overlay_credits_with_the_same_share_are_paid_the_same(office: Office) -> None:
    office.won("2027-01-10", "0.03 EUR", owner="kim")
    credit = "credit: {of: team, share: 25%}, tiers: [{from: 0 EUR, pay: 100%}]"
    found = office.earned(plan("all", "{person: [eve, kim]}", f"of: revenue, {credit}"))
    assert (
        list(found.values()) == [D("0.01")] * 2
    )  # three quarters of a cent each, and not two cents shared out
    found = office.earned(plan("all", "{person: [eve, kim]}", f"of: revenue, {credit.replace('25', '15')}"))
    assert list(found.values()) == [0, 0]  # less than half of one each


def statement(office: Office, who: str, *plans: str, pay: str = "") -> Statement:
    return office.planned(*plans, pay=pay).statement(who, "2027-Q1", "ae")


ATTAINED = "of: revenue, rate: {by: attainment}, tiers: [{from: 0%, pay: 10%}, {from: 100%, pay: 20%}]"
SHARED = (
    ATTAINED.replace("pay: 10%", "pay: 100%").replace("pay: 20%", "pay: 100%") + ", pays: share_of_target_pay"
)


def test_who_joins_within_a_period_is_paid_and_measured_from_the_day_on(office: Office) -> None:
    office.won("2027-02-14", "700 EUR", owner="joan")  # the day before
    office.won("2027-02-15", "5000 EUR", owner="joan")
    found = statement(office, "joan", plan("ae", "{role: ae}", ATTAINED))
    (reached,) = found.reached
    assert reached.quota is not None
    assert [reached.credited, reached.quota.amount] == [5000, 4500]
    assert reached.quota.because == "45 of 90 days"
    assert found.earned == 450 + 100


def test_who_leaves_within_a_period_is_paid_up_to_the_last_day(office: Office) -> None:
    office.won("2027-01-30", "4000 EUR", owner="lee")
    office.won("2027-01-31", "700 EUR", owner="lee")  # the day after
    found = statement(office, "lee", plan("ae", "{role: ae}", ATTAINED))
    (reached,) = found.reached
    assert reached.quota is not None
    assert [reached.credited, reached.quota.amount] == [4000, 3000]
    assert found.earned == 300 + 200
    book = office.planned(plan("ae", "{role: ae}", ATTAINED))
    assert "lee" not in {who for who, _ in book.paid("2027-Q2")}


def test_who_changes_plans_within_a_period_is_paid_by_each_for_its_days(office: Office) -> None:
    office.won("2027-03-01", "6000 EUR", owner="moe")
    office.won("2027-03-02", "3000 EUR", owner="moe")
    plans = plan("ae", "{role: ae}", ATTAINED), plan("se", "{role: engineer}", ATTAINED)
    book = office.planned(*plans)
    found = [book.statement("moe", "2027-Q1", name) for name in ("ae", "se")]
    quotas = [one.reached[0].quota for one in found]
    assert [quota.amount for quota in quotas if quota] == [6000, 3000]  # 60 and 30 of 90 days
    assert [one.reached[0].credited for one in found] == [6000, 3000]
    assert [one.earned for one in found] == [600, 300]


@pytest.mark.parametrize(("who", "pays"), [("joan", 2000), ("lee", D("1333.33")), ("kim", None)])
def test_target_pay_is_for_the_days_of_the_plan(office: Office, who: str, pays: Decimal | None) -> None:
    office.won("2027-02-20", "4500 EUR", owner="joan")  # the whole of what is asked for in 45 days
    office.won("2027-01-20", "3000 EUR", owner="lee")
    if pays is None:
        with pytest.raises(InputError, match="kim has no quota for revenue"):
            statement(office, who, plan("ae", "{role: ae}", SHARED), pay="4000 EUR")
    else:
        assert statement(office, who, plan("ae", "{role: ae}", SHARED), pay="4000 EUR").earned == pays


def test_a_plan_that_begins_within_a_period_pays_from_its_day(office: Office) -> None:
    office.won("2027-01-20", "1000 EUR", owner="moe")
    office.won("2027-02-20", "1000 EUR", owner="moe")
    late = plan("ae", "{role: ae}", ATTAINED).replace("from: 2027-01-01", "from: 2027-02-01")
    (reached,) = statement(office, "moe", late).reached
    assert reached.quota is not None
    assert [reached.credited, reached.quota.amount] == [1000, 2900]  # February and a day of March


def test_a_quota_changed_from_a_day_on_leaves_what_was_settled(office: Office) -> None:
    quota = "  - {period: 2027, measure: revenue, person: sam, target: 3650 EUR}\n"
    office.organization = ORGANIZATION + quota
    office.won("2027-01-10", "1000 EUR")
    ae = plan("ae", "{role: ae, person: sam}", ATTAINED)
    office.planned(ae)
    office.today = "2027-04-02"
    (before,) = settle(office.engine, {}, "2027-Q1", "operator")  # type: ignore[misc]
    assert before.statement.earned == 90 + 20  # 900 are asked for in 90 days
    office.organization += quota.replace("3650 EUR", "7300 EUR, from: 2027-04-02")
    changed = office.planned(ae).statement("sam", "2027-Q2", "ae")
    assert [line.kind for line in changed.lines] == []
    (reached,) = changed.reached
    assert reached.quota is not None
    assert reached.quota.amount == 10 + 90 * 20
    assert reached.quota.because == "from 2027-04-02 7300.00 EUR"
    office.organization = ORGANIZATION + quota.replace("3650", "7300")
    anew = office.planned(ae)
    assert [(line.kind, line.pay) for line in anew.statement("sam", "2027-Q2", "ae").lines] == [
        ("adjustment", D(-10))
    ]
    assert anew.statement("sam", "2027-Q1", "ae") == before.statement
    assert [one.differs for one in audit(office.engine, "2027-Q1")] == [()]


def test_a_period_that_runs_is_seen_by_who_manages_one_today(office: Office) -> None:
    posts = "[{from: 2026-01-01, role: ae, team: dach}, {from: 2027-03-01, role: ae, team: emea}]"
    changes = {
        "  moe:": "  ann: {name: Ann, role: lead}\n  bob: {name: Bob, role: lead}\n  moe:",
        "title: EMEA": "title: EMEA, manager: bob",
        "title: DACH": "title: DACH, manager: ann",
        "sam: {name: Sam, role: ae, team: dach, territory: alps}": f"sam: {{name: Sam, history: {posts}}}",
    }
    for old, new in changes.items():
        office.organization = office.organization.replace(old, new)
    book, seen = office.planned(plan("ae", "{role: ae}")), {}
    for office.today in ("2027-02-01", "2027-03-05", "2027-06-01"):
        asking = ("ann", "bob", "kim", "sam")
        seen[office.today] = [who for who in asking if book.may_see(who, "sam", "2027-Q1")]
    assert seen == {"2027-02-01": ["ann", "sam"], "2027-03-05": ["bob", "sam"], "2027-06-01": ["bob", "sam"]}
