"""Looking over many cases: what is urgent and in which order, boards, and conditions that choose cases."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from playbook import (
    Advance,
    Approve,
    Assign,
    Engine,
    InputError,
    MemoryStore,
    Money,
    Open,
    Project,
    Query,
    Refused,
    Set,
    SetRecord,
    SqliteStore,
    UnknownName,
    load_plugins,
)
from playbook.engine import Done

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbook import Store
    from playbook.engine.desk import Agenda

ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
approves_when_no_manager: dana
people:
  sam: {name: Sam, role: ae}
  lea: {name: Lea, role: ae}
  dana: {name: Dana, role: manager}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
who_may: {see: [owner, manager], edit: [owner, manager]}
fields:
  account: {type: reference, to: account}
  amount: {type: money}
  expected_close: {type: date}
  pain: {type: text}
  budget: {type: text}
  margin: {type: percent, visible_to: [manager]}
  half_margin: {type: percent, is: deal.margin / 2}
  on_hold: {type: boolean}
  place: {type: text, is: deal.account.country}
stages:
  talk:
    title: Talk
    activities:
      meeting: {kind: meeting, title: First meeting, due: 3d}
    exit:
      pain_known: {fields: [pain], title: We know what hurts}
      budget_known: {fields: [budget], title: There is a budget}
    timers:
      quiet: {idle: 10d, when: not deal.on_hold, then: [{notify: owner, say: Wake up}]}
      key: {idle: 5d, when: deal.account.sector == "key", then: [{notify: owner, say: Call them}]}
    next: [offer]
  offer:
    title: Offer
    exit:
      price_ok: {title: The price is right, approval: {by: manager, remind: 2d}}
    timers:
      expires: {in_stage: 20d, then: [{close: lost}]}
    next: [won]
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost, from: any}
"""
LEADS = """
playbook: leads
version: 1
subject: lead
title: Leads
fields:
  source: {type: choice, options: [web, fair]}
stages:
  new: {title: New, next: [known]}
  known: {title: Known, final: done}
"""
MORNING = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)  # 9 o'clock in Berlin


class Office:
    """Hold an engine with a clock that is set by hand."""

    def __init__(self, store: Store) -> None:
        self.now = MORNING
        files = {
            "organization.yaml": ORGANIZATION,
            "deals.playbook.yaml": DEALS,
            "leads.playbook.yaml": LEADS,
        }
        project = Project.from_files(files)
        assert not project.problems, project.problems
        self.engine = Engine.open(project, store=store, clock=lambda: self.now, registry=load_plugins({}))
        self.engine.publish(actor="operator")

    def deal(self, name: str, owner: str = "sam", **fields: Any) -> str:
        answer = self.engine.run(Open(name, "deals", name, owner, fields), actor="operator")
        assert isinstance(answer, Done)
        return answer.case

    def lead(self, name: str, **fields: Any) -> str:
        answer = self.engine.run(Open(name, "leads", name, "sam", fields), actor="operator")
        assert isinstance(answer, Done)
        return answer.case

    def do(self, command: Any, actor: str = "operator") -> Any:
        return self.engine.run(command, actor=actor)

    def next(self, actor: str = "operator", **asked: Any) -> Agenda:
        return self.engine.desk.next(actor=actor, **asked)

    def told(self, **asked: Any) -> list[tuple[str, list[tuple[str, str]]]]:
        return [(i.view.id, [(r.band, r.kind) for r in i.reasons]) for i in self.next(**asked).items]

    def where(self, condition: str, actor: str = "operator", **asked: Any) -> list[str]:
        selection = self.engine.desk.select(condition, Query(**asked), actor=actor)
        return sorted(seen.view.id for seen in selection)


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "a.db"))
    yield Office(store)
    store.close()


def test_what_is_due_comes_before_what_is_quiet_and_that_before_what_one_step_moves(office: Office) -> None:
    office.deal("two-missing")
    office.deal("one-missing", pain="slow", expected_close="2026-09-01")
    office.deal("sooner", pain="slow", expected_close="2026-06-01")
    assert office.told() == [("sooner", [("reach", "fields")]), ("one-missing", [("reach", "fields")])]
    (first, _) = office.next().items
    assert (first.reasons[0].what, first.reasons[0].fix) == ("budget_known", "playbook set sooner budget=...")
    office.now += dt.timedelta(days=3)  # the meetings are due at nine, and it is nine
    assert [band for _, [(band, _)] in office.told()] == ["overdue"] * 3
    office.now -= dt.timedelta(minutes=1)
    assert [band for _, [(band, _)] in office.told()] == ["today"] * 3
    office.deal("dated", expected_close="2026-03-04")
    office.deal("last-day", expected_close="2026-03-05")
    assert office.told(limit=2) == [
        ("dated", [("overdue", "expected_close")]),
        ("last-day", [("today", "expected_close")]),
    ]
    agenda = office.next(limit=2)
    assert (agenda.counts, agenda.open, agenda.more) == ({"overdue": 1, "today": 4, "stale": 0}, 5, True)


def test_a_day_ends_where_the_organization_is(office: Office) -> None:
    office.now = dt.datetime(2026, 3, 4, 22, 30, tzinfo=dt.UTC)  # still the 4th in Berlin
    office.deal("acme", expected_close="2026-03-04")
    assert office.told() == [("acme", [("today", "expected_close")])]
    office.now += dt.timedelta(hours=1)  # the 5th in Berlin, the 4th in London
    assert office.told() == [("acme", [("overdue", "expected_close")])]


def test_stale_is_what_the_idle_timers_of_the_stage_say_else_thirty_days(office: Office) -> None:
    office.lead("fair")
    office.deal("held", on_hold="yes")
    office.deal("acme", on_hold="no")
    for case in ("held", "acme"):
        office.do(Set(case, {"pain": "slow"}))
    office.now += dt.timedelta(days=10, minutes=-1)
    assert all("stale" not in dict(reasons) for _, reasons in office.told())
    office.now += dt.timedelta(minutes=1)
    reasons = dict(office.told())
    assert ("stale", "idle") in reasons["acme"]
    assert ("stale", "idle") not in reasons["held"]
    quiet = next(r for i in office.next().items for r in i.reasons if r.kind == "idle")
    assert (quiet.what, quiet.at) == ("quiet", MORNING)
    office.now = MORNING + dt.timedelta(days=30)
    assert ("stale", "idle") in dict(office.told())["held"]
    assert office.told(query=Query("leads")) == [("fair", [("stale", "idle")])]
    (lead,) = office.engine.desk.board(Query("leads"), actor="operator")
    assert [(column.stage, column.cases, column.stale) for column in lead.columns] == [("new", 1, 1)]


def test_what_idle_timers_ask_of_records_is_known(office: Office) -> None:
    for name, level in (("big.example", "key"), ("small.example", "plain")):
        office.do(SetRecord("account", "", {"domain": name, "name": name, "sector": level}))
        office.deal(name.partition(".")[0], account=name, on_hold="no")
    office.now += dt.timedelta(days=5)
    reasons = dict(office.told())
    assert ("stale", "idle") in reasons["big"]
    assert ("stale", "idle") not in reasons["small"]
    (board,) = office.engine.desk.board(actor="operator")
    assert board.columns[0].stale == 1


def test_what_lies_at_the_end_of_time_is_never_stale(office: Office) -> None:
    office.now = dt.datetime(9999, 12, 20, tzinfo=dt.UTC)
    office.lead("late")
    assert office.told() == [("late", [("reach", "ready")])]
    assert office.engine.desk.board(actor="operator")[0].columns[0].stale == 0


def test_an_answer_is_due_every_day_and_overdue_after_its_reminder(office: Office) -> None:
    office.deal("acme", pain="slow", budget="yes")
    assert isinstance(office.do(Advance("acme")), Done)
    assert isinstance(office.do(Advance("acme"), "sam"), Refused)
    assert office.told() == [("acme", [("today", "approval")])]
    (asked,) = office.next().items[0].reasons
    assert (asked.what, asked.who, asked.at) == ("price_ok", ("dana",), MORNING)
    assert office.told(person="dana") == office.told()
    assert office.told(person="sam") == []
    office.now += dt.timedelta(days=2)
    assert office.told() == [("acme", [("overdue", "approval")])]
    office.do(Approve("acme", "price_ok"), "dana")
    assert office.told() == [("acme", [("reach", "ready")])]
    assert office.told(person="sam") == [("acme", [("reach", "ready")])]


def test_a_timer_that_changes_the_case_is_told_on_its_day(office: Office) -> None:
    office.deal("acme", pain="slow", budget="yes")
    office.do(Advance("acme"))
    office.now += dt.timedelta(days=19)
    assert ("today", "timer") not in dict(office.told()).get("acme", [])
    office.now += dt.timedelta(hours=20)  # five in the morning of the day
    assert ("today", "timer") in dict(office.told())["acme"]


def test_nobody_hears_of_what_they_do_not_see(office: Office) -> None:
    office.deal("sams", pain="slow")
    office.deal("leas", "lea", pain="slow")
    assert [case for case, _ in office.told(actor="lea")] == ["leas"]
    assert [case for case, _ in office.told(actor="dana")] == ["leas", "sams"]
    assert [case for case, _ in office.told(person="lea")] == ["leas"]
    (board,) = office.engine.desk.board(actor="sam")
    assert board.columns[0].cases == 1
    assert office.where('case.stage == "talk"', actor="sam") == ["sams"]
    with pytest.raises(UnknownName):
        office.engine.desk.rehearse(Set("leas", {"pain": "x"}), actor="sam")


def test_a_board_counts_sums_and_shows_what_needs_a_look_first(office: Office) -> None:
    office.deal("old", amount="100.10 EUR", on_hold="no")
    office.now += dt.timedelta(days=11)
    office.deal("euro", amount="1 EUR")
    office.deal("dollar", amount="5 USD", pain="slow", budget="yes")
    office.deal("none")
    office.do(Advance("dollar"))
    (board,) = office.engine.desk.board(Query("deals"), actor="operator", cards=2)
    talk, offer = board.columns
    assert (board.title, talk.title, talk.cases, talk.stale) == ("Deals", "Talk", 3, 1)
    assert (talk.sums, offer.sums) == ((Money.of("101.10", "EUR"),), (Money.of(5, "USD"),))
    assert [(card.view.id, card.stale) for card in talk.cards] == [("old", MORNING), ("euro", None)]
    assert office.engine.desk.board(Query("leads"), actor="operator")[0].columns[0].cases == 0
    assert [b.playbook for b in office.engine.desk.board(actor="operator")] == ["deals"]


def test_a_condition_chooses_what_it_holds_for_and_nothing_that_is_unknown(office: Office) -> None:
    office.deal("small", amount="10 EUR")
    office.deal("large", amount="2000 EUR", pain="slow", budget="yes")
    office.deal("unsized")
    office.lead("web", source="web")
    office.do(Advance("large"))
    assert office.where("deal.amount > 1000") == ["large"]
    assert office.where("not (deal.amount > 1000)") == ["small"]
    assert office.where('case.stage == "talk" and deal.amount == null') == ["unsized"]
    assert office.where('lead.source == "web"') == ["web"]
    assert office.where("case.age < 1d") == ["large", "small", "unsized", "web"]
    assert office.where("case.age < 1d", playbook="leads") == ["web"]
    office.do(Assign("small", "lea"))
    assert office.where('case.owner == "lea"') == ["small"]
    assert office.where('case.owner.name == "Lea"') == ["small"]


def test_a_condition_follows_references(office: Office) -> None:
    for name, country in (("a.example", "DE"), ("b.example", "AT")):
        office.do(SetRecord("account", "", {"domain": name, "name": name, "country": country}))
        office.deal(name[0], account=name)
    office.deal("none")
    assert office.where('deal.account.country == "DE"') == ["a"]
    assert office.where('deal.place == "AT"') == ["b"]  # computed from what is behind the reference


def test_a_condition_sees_no_more_than_who_asks(office: Office) -> None:
    office.deal("acme", margin="30%")
    for condition in ("deal.margin > 20%", "deal.half_margin < 20%"):
        assert office.where(condition, actor="dana") == ["acme"]
        assert office.where(condition, actor="sam") == []


def test_a_condition_that_fits_nothing_names_the_nearest_and_the_place(office: Office) -> None:
    with pytest.raises(InputError, match="did you mean 'amount'") as error:
        office.where("deal.pain != '' and deal.amout > 3")
    assert str(error.value).splitlines()[1:] == [
        "    deal.pain != '' and deal.amout > 3",
        " " * 29 + "^^^^^",
    ]
    for condition in ("deal.amout > 3", "lead.amout > 3 and lead.source != ''"):
        with pytest.raises(InputError, match="has no field 'amout'"):
            office.where(condition)
    with pytest.raises(InputError, match="'=' does not compare"):
        office.where("deal.amount = 3")
    with pytest.raises(InputError, match="true or false"):
        office.where("deal.amount")


def test_pages_of_a_condition_meet(office: Office) -> None:
    made = [office.lead(f"lead-{n:02}") for n in range(7)]
    selection = office.engine.desk.select("case.age < 1d", actor="operator")
    seen: list[str] = []
    after = None
    while True:
        page, total = selection.page(after=after, limit=3)
        assert total == 7
        seen += [view.id for view in page.items]
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == made


def test_a_rehearsal_answers_as_the_command_would_and_stores_nothing(office: Office) -> None:
    office.deal("acme", pain="slow")
    before = office.engine.store.log("default", after=None, limit=100).items
    rehearse = office.engine.desk.rehearse
    changed, same = (rehearse(Set("acme", {"pain": pain}), actor="sam") for pain in ("late", "slow"))
    assert isinstance(changed, Done)
    assert isinstance(same, Done)
    assert (changed.version, same.version) == (2, 0)
    refused = rehearse(Advance("acme"), actor="sam")
    assert isinstance(refused, Refused)
    assert [blocker.criterion for blocker in refused.blockers] == ["budget_known"]
    assert office.engine.store.log("default", after=None, limit=100).items == before


def test_counts_are_of_all_cases_also_where_none_is_asked_for(office: Office) -> None:
    office.deal("Big", expected_close="2026-03-01")
    agenda = office.next(limit=0)
    assert (agenda.items, agenda.counts["overdue"], agenda.open, agenda.more) == ((), 1, 1, True)
