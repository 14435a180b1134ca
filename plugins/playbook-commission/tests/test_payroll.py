"""Pay runs: everybody is paid once, the file is the same each time, and a crash loses and doubles nothing."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.paying import PayContract, Paying

from playbook import InputError, Refused, SqliteStore
from playbook.engine.proof import prove
from playbook_commission.settling.payout import Due, due, export, payroll_of, payrolls
from playbook_commission.settling.payroll import Pay, Row, Run
from playbook_commission.settling.settle import audit, settle
from playbook_commission.settling.settlements import Adjust
from playbook_commission.showing.payfile import PayFile, as_csv, as_json, cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook import Store

ORGANIZATION = """
organization: acme
currency: EUR
people:
  sam: {name: Sam, role: ae, team: emea}
  kim: {name: "=HYPERLINK(1)", role: ae, team: emea}
  lea: {name: Lea, role: ae, team: emea}
  dana: {name: Dana, role: manager, team: emea}
  fin: {name: Fin, role: finance}
teams: {emea: {title: EMEA, manager: dana}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
"""
PLAN = """
plan: ae
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new: {of: revenue, tiers: [{from: 0 EUR, pay: 10%}]}
clawback: {on: entry.refund, share: of_amount_refunded}
"""
FIRST = "2027-Q1"


class Office(Paying):
    def __init__(self, store: Store | None = None) -> None:
        super().__init__(ORGANIZATION, store, p_plan=PLAN)

    def sell(self) -> None:
        """Win three deals in the first quarter and settle it."""
        for owner, amount in (("sam", "600 EUR"), ("kim", "1000.50 EUR"), ("lea", "90 EUR")):
            self.won("2027-01-10", amount, owner)
        self.today = "2027-04-02"

    def due(self, period: str = FIRST) -> Due:
        found = due(self.book, period, "fin")
        assert isinstance(found, Due)
        return found

    def pay(self, period: str = FIRST) -> Run:
        made = export(self.engine, self.due(period), "fin")
        assert isinstance(made, Run), made
        return made


@pytest.fixture(params=["memory", "sqlite"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    made = Office(SqliteStore(str(tmp_path / "playbook.db")) if request.param == "sqlite" else None)
    made.sell()
    yield made
    made.close()


def paid(run: Run) -> dict[str, str]:
    return {row.person: f"{row.amount} {row.currency}" for row in run.rows}


class TestContract(PayContract):
    organization = ORGANIZATION

    @pytest.fixture
    def story(self) -> list[tuple[str, Any]]:
        sam, kim = (Row(name, name, "ae", "EUR", "5.00", "h") for name in ("sam", "kim"))
        return [
            ("fin", Pay(FIRST, 1, (sam,))),
            ("fin", Pay(FIRST, 1, (sam,))),
            ("operator", Pay(FIRST, 2, (sam, kim))),
            ("operator", Pay(FIRST, 2, (kim,))),
            ("fin", Pay(FIRST, 4, (Row("lea", "", "ae", "EUR", "1", "h"),))),
            ("dana", Pay(FIRST, 3, (Row("lea", "", "ae", "EUR", "1", "h"),))),
        ]


def test_everybody_is_paid_once_and_who_is_settled_later_in_a_later_run(office: Office) -> None:
    office.settle(FIRST, "sam")
    office.settle(FIRST, "lea")
    first = office.pay()
    assert (first.id, first.by, paid(first)) == ("2027-Q1.1", "fin", {"lea": "9.00 EUR", "sam": "60.00 EUR"})
    assert [one.because for one in office.due().left_out] == [
        "not settled: playbook commission settle --period 2027-Q1 --person kim"
    ]
    assert office.pay() == first
    office.settle(FIRST)
    second = office.pay()
    assert (second.id, paid(second)) == ("2027-Q1.2", {"kim": "100.05 EUR"})
    assert office.pay() == second
    assert [run.id for one in payrolls(office.engine, "fin") for run in one.runs] == [
        "2027-Q1.1",
        "2027-Q1.2",
    ]
    assert list(prove(office.engine)) == []


def test_what_changes_after_it_was_paid_is_in_the_run_of_a_later_period(office: Office) -> None:
    office.settle(FIRST)
    before = office.pay()
    office.won("2027-02-01", "100 EUR", "sam")
    case = office.won("2027-05-01", "200 EUR", "kim")
    office.entry(case, "2027-06-01", "refund", amount="200 EUR")
    office.do(Adjust("kim.ae.2027-Q2", "-7 EUR", "paid by mistake"), actor="fin")
    assert office.pay() == before
    office.today = "2027-07-02"
    office.settle("2027-Q2")
    assert paid(office.pay("2027-Q2")) == {"sam": "10.00 EUR"}
    assert {one.person: one.because for one in office.due("2027-Q2").left_out} == {
        "kim": "nothing to pay: 7.00 EUR are owed and carried on", "lea": "nothing to pay",
    }  # fmt: skip


def test_only_finance_and_the_operator_pay_and_see_who_was_paid(office: Office) -> None:
    office.settle(FIRST)
    office.pay()
    book = office.book
    for actor in ("sam", "dana", "nobody"):
        assert isinstance(due(book, FIRST, actor), Refused)
        answer = office.engine.run(Pay("2027-Q2", 1, office.due().rows), actor=actor)
        assert isinstance(answer, Refused)
        assert answer.code == "not_permitted"
        assert list(payrolls(office.engine, actor)) == []
        assert office.engine.streams.those("payroll", [FIRST], actor=actor) == {}
    assert len(list(payrolls(office.engine, "operator"))) == 1


def test_nobody_is_paid_less_than_nothing_or_twice_in_a_run(office: Office) -> None:
    office.settle(FIRST)
    rows = office.due().rows
    amounts = ("-1", "0", "NaN", "Infinity", "x")
    nothing = [Pay(FIRST, 1, (Row("lea", "", "ae", "EUR", amount, "h"),)) for amount in amounts]
    twice = Pay(FIRST, 1, (*rows, rows[0]))
    for asked in (Pay(FIRST, 1, ()), twice, Pay("2027-Q9", 1, rows), *nothing):
        with pytest.raises(InputError):
            office.engine.run(asked, actor="fin")
    assert payroll_of(office.engine, FIRST).runs == ()


def test_those_who_settle_at_the_same_moment_settle_once(office: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: settle(office.engine, {}, FIRST, "fin"), range(4)))
    assert all(not isinstance(answer, Refused) for answer in answers)
    told = [{one.person: one.hash for one in answer} for answer in answers if not isinstance(answer, Refused)]
    assert all(one == told[0] for one in told)
    for person in ("sam", "kim", "lea"):
        history = office.engine.streams.history("settlement", f"{person}.ae.{FIRST}", actor="fin")
        assert [item.kind for item in history] == ["settlement.settled/1"]
    assert [one.differs for one in audit(office.engine, FIRST)] == [()] * 3


def test_two_who_pay_at_the_same_moment_pay_once(office: Office) -> None:
    office.settle(FIRST, "sam")
    one, other = office.due(), office.due()
    assert export(office.engine, one, "fin") == export(office.engine, other, "operator")
    office.settle(FIRST, "kim")
    few = office.due()
    office.settle(FIRST)
    assert isinstance(export(office.engine, office.due(), "fin"), Run)
    late = export(office.engine, few, "fin")
    assert isinstance(late, Refused)
    assert late.message == "2027-Q1 was paid meanwhile: kim was paid by ae in 2027-Q1.2; run it again"


def test_the_file_holds_no_formula_and_exact_amounts(office: Office, tmp_path: Path) -> None:
    office.settle(FIRST)
    run = office.pay()
    (head, *lines) = csv.reader(io.StringIO(as_csv(run.id, FIRST, run.rows).decode(), newline=""))
    assert head == ["pay_run", "period", "person", "name", "plan", "currency", "amount", "settlement"]
    assert lines[0][:7] == ["2027-Q1.1", FIRST, "kim", "'=HYPERLINK(1)", "ae", "EUR", "100.05"]
    assert [len(line[7]) for line in lines] == [64] * 3
    said = json.loads(as_json(run.id, FIRST, run.rows))
    assert said["sums"] == [{"amount": "169.05", "currency": "EUR"}]
    assert [row["name"] for row in said["rows"]] == ["=HYPERLINK(1)", "Lea", "Sam"]
    for text in ("=1", " =1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1"):  # noqa: RUF001
        assert cell(text) == f"'{text}"
    assert cell("Ann-Marie = @home") == "Ann-Marie = @home"
    other = tmp_path / "pay.csv"
    other.write_text("mine")
    for path, message in (
        (other, "it holds something else than pay run"), (tmp_path / "no" / "pay.csv", "there is no folder"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            PayFile(path).check(run.id, FIRST, run.rows)
    with pytest.raises(InputError, match=r"ends in \.csv or \.json"):
        PayFile(tmp_path / "pay.xlsx")


CHILD = """
import datetime as dt
import os, signal, sys
from pathlib import Path
import playbook_commission
from playbook import Engine, SqliteStore, load_plugins
from playbook_commission.settling.paybook import Paybook
from playbook_commission.showing.payfile import PayFile
from playbook_commission.settling.payout import due, export

place, database, file, day = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(SqliteStore):
    def append(self, batches):
        if place == "before the event":
            die()
        found = super().append(batches)
        if place == "after the event":
            die()
        return found

def hook(event, args):
    if (place, event) in (("before the file", "tempfile.mkstemp"), ("before it is there", "os.rename")):
        die()

registry = load_plugins(extra={"commission": playbook_commission}, entry_points=False)
moment = dt.datetime.fromisoformat(day)
engine = Engine.open(None, store=Dying(database), registry=registry, clock=lambda: moment)
what = due(Paybook(engine, {}), "2027-Q1", "fin")
path = PayFile(Path(file))
path.check(what.id, what.period, what.rows)
sys.addaudithook(hook)
run = export(engine, what, "fin")
path.write(run.id, what.period, run.rows)
"""


@pytest.mark.parametrize(
    ("place", "runs"),
    [("before the event", 0), ("after the event", 1), ("before the file", 1), ("before it is there", 1)],
)
def test_who_is_killed_between_event_and_file_loses_and_doubles_nothing(
    tmp_path: Path, place: str, runs: int
) -> None:
    database, file = str(tmp_path / "playbook.db"), tmp_path / "pay.csv"
    office = Office(SqliteStore(database))
    office.sell()
    office.settle(FIRST)

    def child(killed: str) -> int:
        words = [sys.executable, "-c", CHILD, killed, database, str(file), "2027-04-03T09:00:00+00:00"]
        return subprocess.run(words, check=False, cwd=Path(__file__).parents[3]).returncode

    assert child(place) == -9
    assert len(payroll_of(office.engine, FIRST).runs) == runs
    assert not file.exists()
    assert child("") == 0
    made = file.read_bytes()
    (run,) = payroll_of(office.engine, FIRST).runs
    assert made == as_csv("2027-Q1.1", FIRST, run.rows)
    assert paid(run) == {"kim": "100.05 EUR", "lea": "9.00 EUR", "sam": "60.00 EUR"}
    assert child("") == 0
    assert file.read_bytes() == made
    assert payroll_of(office.engine, FIRST).runs == (run,)
    office.close()
