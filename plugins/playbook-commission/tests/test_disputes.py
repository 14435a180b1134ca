"""Disputes: opened on a line by whom it concerns, answered and ended by finance, adjusted once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from tests.paying import PayContract, Paying

from playbook import InputError, KeyReused, Refused, SqliteStore, UnknownName
from playbook.engine.proof import prove
from playbook_commission.settling.disputes import Accept, Answer, Decline, Dispute, State, tells
from playbook_commission.settling.disputing import accept, dispute, disputes, open_dispute
from playbook_commission.settling.settle import audit
from playbook_commission.settling.settlements import Adjust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playbook import Store

ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae, team: emea}
  kim: {name: Kim, role: ae, team: emea}
  dana: {name: Dana, role: manager, team: emea}
  joe: {name: Joe, role: manager, team: amer}
  fin: {name: Fin, role: finance}
teams: {emea: {title: EMEA, manager: dana}, amer: {title: AMER, manager: joe}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}]}
"""
FIRST, SECOND = "2027-Q1", "2027-Q2"
NAME = "sam.2027-Q1.1"


class Office(Paying):
    def __init__(self, store: Store | None = None) -> None:
        super().__init__(ORGANIZATION, store, p_plan=PLAN)
        self.won("2027-01-10", "600 EUR")
        self.won("2027-01-11", "700 EUR")
        self.today = "2027-04-02"
        self.settle(FIRST)

    def open(self, actor: str = "sam", line: str = "new:d1", because: str = "it was 900 EUR") -> Any:
        return open_dispute(self.book, actor, ("sam", FIRST, line), "", because)

    def lines(self, period: str) -> list[tuple[str, str, str, str]]:
        found = self.book.statement("sam", period).lines
        return [
            (line.kind, line.undoes, line.because, f"{line.pay}") for line in found if line.kind == "manual"
        ]


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    made = Office(SqliteStore(str(tmp_path / "playbook.db")) if request.param == "sqlite" else None)
    yield made
    made.close()


def code(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


class TestContract(PayContract):
    organization = ORGANIZATION

    @pytest.fixture
    def story(self) -> list[tuple[str, Any]]:
        one, other = (Dispute(f"sam.2027-Q1.{n}", "sam", "ae", FIRST, "new:d1", "why") for n in (1, 2))
        return [
            ("sam", one), ("sam", one), ("kim", other), ("dana", other), ("fin", Answer(NAME, "because")),
            ("sam", Answer(NAME, "no")), ("sam", Accept(NAME, "sam.ae.2027-Q2", "5 EUR")),
            ("fin", Accept(NAME, "sam.ae.2027-Q2", "5 EUR")), ("fin", Answer(NAME, "too late")),
            ("dana", Decline(other.id, "no")), ("fin", Decline(other.id, "no")),
        ]  # fmt: skip


def test_a_dispute_is_answered_and_accepted_by_a_line_that_names_it(office: Office) -> None:
    opened = office.open()
    assert (opened.id, opened.of, opened.status, opened.by) == (NAME, "sam/2027-Q1/new:d1", "open", "sam")
    for actor, text, status in (("fin", "show me", "answered"), ("dana", "here", "open")):
        office.do(Answer(NAME, text), actor=actor)
        assert dispute(office.engine, NAME, "sam").status == status
    office.today = "2027-04-09"
    assert opened.days(office.engine.clock()) == 7
    ended = accept(office.book, "fin", NAME, "30 EUR")
    assert isinstance(ended, State)
    assert (ended.status, ended.ended_by, ended.settlement, ended.amount) == (
        "accepted", "fin", "sam.ae.2027-Q2", "30.00 EUR",
    )  # fmt: skip
    office.today = "2027-07-02"
    assert ended.days(office.engine.clock()) == 7
    manual = ("manual", "2027-Q1/new:d1", "dispute sam.2027-Q1.1: it was 900 EUR", "30.00")
    assert office.lines(SECOND) == [manual]
    office.settle(SECOND)
    assert [one.differs for period in (FIRST, SECOND) for one in audit(office.engine, period)] == [()] * 4
    told = [tells(item.event) for item in office.engine.streams.history("dispute", NAME, actor="sam")]
    assert told == [
        "disputed new:d1 of what sam is paid for 2027-Q1 by ae: it was 900 EUR", "answered: show me",
        "answered: here", "accepted it, with 30.00 EUR added to sam.ae.2027-Q2",
    ]  # fmt: skip
    assert code(office.engine.run(Answer(NAME, "thanks"), actor="sam")) == "resolved"
    assert list(prove(office.engine)) == []


def test_who_may_open_see_and_end_a_dispute(office: Office) -> None:
    for actor in ("kim", "joe", "fin", "nobody"):
        assert code(office.open(actor)) == "not_permitted"
        asked = Dispute(NAME, "sam", "ae", FIRST, "", "why")
        assert code(office.engine.run(asked, actor=actor)) == "not_permitted"
    assert office.open("dana").by == "dana"
    assert code(office.open("sam")) == "open"
    assert office.open("sam", line="").id == "sam.2027-Q1.2"
    assert office.open("sam", line="new:d2").id == "sam.2027-Q1.3"
    for actor, seen in (("sam", 3), ("dana", 3), ("fin", 3), ("operator", 3), ("kim", 0), ("joe", 0)):
        assert len(list(disputes(office.engine, actor=actor))) == seen
        assert len(list(disputes(office.engine, SECOND, actor=actor))) == 0
    for actor in ("kim", "joe"):
        with pytest.raises(UnknownName):
            dispute(office.engine, NAME, actor)
        assert code(office.engine.run(Answer(NAME, "hm"), actor=actor)) == "not_permitted"
    for actor in ("sam", "dana", "kim", "operator"):
        for ended in (Accept(NAME, "x", "5 EUR"), Decline(NAME, "no")):
            assert code(office.engine.run(ended, actor=actor)) == "not_permitted"
    for actor in ("sam", "dana", "operator"):
        assert code(accept(office.book, actor, NAME, "5 EUR")) == "not_permitted"
    assert office.lines(SECOND) == []


def test_what_cannot_be_disputed_or_accepted_is_told(office: Office) -> None:
    for line, message in (
        ("new:d9", "there is no line 'new:d9'; did you mean"),
        ("manual:1", "there is no line"),
    ):
        with pytest.raises(UnknownName, match=message):
            office.open(line=line)
    for ask in (
        lambda: office.open(because="  "),
        lambda: office.engine.run(Dispute("kim.2027-Q1.1", "sam", "ae", FIRST, "", "why"), actor="sam"),
        lambda: office.engine.run(Dispute("sam.2027-Q1.x", "sam", "ae", FIRST, "", "why"), actor="sam"),
        lambda: office.engine.run(Answer(NAME, "x"), actor="sam"),
    ):
        with pytest.raises(InputError):
            ask()
    office.open()
    for amount, message in (("5 USD", "paid in EUR"), ("0 EUR", "of nothing"), ("x", "is not money")):
        with pytest.raises(InputError, match=message):
            accept(office.book, "fin", NAME, amount)
    assert code(accept(office.book, "fin", NAME, "5 EUR", FIRST)) == "settled"
    assert dispute(office.engine, NAME, "fin").is_open


def test_who_accepts_again_after_a_crash_adds_nothing_twice(office: Office) -> None:
    office.open()
    asked = Adjust("sam.ae.2027-Q2", "30 EUR", "dispute", NAME, f"{FIRST}/new:d1")
    office.engine.run(asked, actor="fin", key=f"dispute:{NAME}")  # and then it was killed
    with pytest.raises(InputError, match=r"30.00 EUR was added for sam.2027-Q1.1 to sam.ae.2027-Q2 already"):
        accept(office.book, "fin", NAME, "40 EUR")
    office.today = "2027-07-02"
    office.settle(SECOND)
    ended = accept(office.book, "fin", NAME, "30 EUR")
    assert isinstance(ended, State)
    assert (ended.settlement, ended.amount) == ("sam.ae.2027-Q2", "30.00 EUR")
    assert [len(office.lines(period)) for period in (FIRST, SECOND, "2027-Q3")] == [0, 1, 0]
    assert office.engine.run(asked, actor="fin") is not None
    with pytest.raises(KeyReused):
        office.engine.run(Adjust("sam.ae.2027-Q3", "30 EUR", "x", NAME), actor="fin", key=f"dispute:{NAME}")
    assert code(accept(office.book, "fin", NAME, "30 EUR")) == "resolved"


def test_nobody_ends_a_dispute_of_their_own(office: Office) -> None:
    moved = ORGANIZATION.replace(
        "sam: {name: Sam,", "sam: {history: [{role: finance, from: 2027-04-01}], name: Sam,"
    )
    office.organization = moved
    office.publish(p_plan=PLAN)
    office.open()
    assert code(office.engine.run(Decline(NAME, "no"), actor="sam")) == "not_permitted"
    assert office.engine.clock() > dt.datetime(2027, 4, 1, tzinfo=dt.UTC)
    assert code(accept(office.book, "sam", NAME, "5 EUR")) == "not_permitted"
    assert office.engine.streams.those("settlement", ["sam.ae.2027-Q2"], actor="operator") == {}
