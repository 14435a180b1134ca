"""A year of 8,800 real deals, paid under plans with quotas: every statement, and every difference that trying another
plan would make, against a computation in Polars that shares no code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from tests.paying import plugins

from playbook import Engine, SqliteStore
from playbook_commission.settling.paybook import Paybook

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
MAVEN = Path(os.environ.get("PLAYBOOK_DATA", ROOT.parent / "shared" / "data")) / "maven"
pytestmark = pytest.mark.skipif(
    not MAVEN.is_dir(), reason=f"the data set is not at {MAVEN}; set PLAYBOOK_DATA to where it is"
)

YEAR = ("--since", "2017-01-01", "--until", "2017-12-31")
QUARTERS = [f"2017-Q{number}" for number in (1, 2, 3, 4)]
REVENUE = "revenue: {playbook: opportunities, outcome: won, amount: deal.amount, date: case.closed}"
ATTAINED = "rate: {by: attainment}, tiers: [{from: 0%, pay: 2%}, {from: 80%, pay: 4%}, {from: 120%, pay: 6%}]"
STEPPED = (
    "rate: {by: attainment, mode: whole},"
    " tiers: [{from: 0%, pay: 1%}, {from: 70%, pay: 3%}, {from: 100%, pay: 5%}]"
)
SLICES = (
    "rate: {over: year},"
    " tiers: [{from: 0 USD, pay: 2%}, {from: 100000 USD, pay: 3.5%}, {from: 250000 USD, pay: 5%}]"
)
OVERRIDE = "credit: {of: people_of}, tiers: [{from: 0 USD, pay: 0.5%}]"
FILES = {
    "attained.plan.yaml": ("rep", 2017, ATTAINED),
    "override.plan.yaml": ("sales_manager", 2017, OVERRIDE),
    "stepped.draft.yaml": ("rep", 2018, STEPPED),
    "slices.draft.yaml": ("rep", 2018, SLICES),
    "richer.draft.yaml": ("sales_manager", 2018, OVERRIDE.replace("0.5%", "0.75%")),
}


def id_of(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


@pytest.fixture(scope="module")
def teams() -> pl.DataFrame:
    """Return who sells, for whom, and against which quota a quarter: more is asked of one region."""
    quota = pl.when(pl.col("regional_office") == "West").then(90_000).otherwise(75_000)
    return pl.read_csv(MAVEN / "sales_teams.csv").with_columns(quota=quota)


@pytest.fixture(scope="module")
def folder(teams: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the people of the file, their quotas, plans and drafts, and every deal imported."""
    made: Path = tmp_path_factory.mktemp("maven")
    example = ROOT / "examples" / "opportunities"
    for name in ("playbook.yaml", "opportunities.playbook.yaml", "opportunities.mapping.yaml"):
        (made / name).write_text((example / name).read_text("utf-8"), encoding="utf-8")
    people = [
        f"  {id_of(name)}: {{name: {name}, role: sales_manager}}" for name in sorted({*teams["manager"]})
    ]
    quotas = []
    for row in teams.iter_rows(named=True):
        who, manager = id_of(row["sales_agent"]), id_of(row["manager"])
        people.append(f"  {who}: {{name: {row['sales_agent']}, role: rep, manager: {manager}}}")
        quotas += [
            f"  - {{period: {quarter}, measure: revenue, person: {who}, target: {row['quota']} USD}}"
            for quarter in QUARTERS
        ]
    head = (example / "organization.yaml").read_text("utf-8")
    parts = [head, "people:", *people, "measures:", f"  {REVENUE}", "quotas:", *quotas, ""]
    (made / "organization.yaml").write_text("\n".join(parts), encoding="utf-8")
    for name, (role, year, component) in FILES.items():
        (made / name).write_text(
            f"plan: {name.partition('.')[0]}\napplies_to: {{role: {role}}}\n"
            f"effective: {{from: {year}-01-01, to: {year}-12-31}}\n"
            f"components: {{new: {{of: revenue, {component}}}}}\n",
            encoding="utf-8",
        )
    said = playbook(made, "import", str(MAVEN / "sales_pipeline.csv"), "--mapping", "opportunities")
    assert "8,800 opened" in said or "8800 opened" in said, said
    return made


def playbook(folder: Path, *words: str) -> str:
    program = Path(sys.executable).parent / "playbook"
    done = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def document(folder: Path, *words: str) -> Any:
    return json.loads(playbook(folder, *words, "--json"))


@pytest.fixture(scope="module")
def book(folder: Path) -> Iterator[Paybook]:
    registry = plugins()
    store = SqliteStore(str(folder / "opportunities.db"))
    yield Paybook(Engine.open(None, store=store, registry=registry), {})
    store.close()


@pytest.fixture(scope="module")
def pays(teams: pl.DataFrame) -> pl.DataFrame:
    """Return what each plan pays each rep a quarter, in thousandths of a dollar, computed from the files alone."""
    won = (
        pl.read_csv(MAVEN / "sales_pipeline.csv", try_parse_dates=True)
        .filter(pl.col("deal_stage") == "Won")
        .with_columns(
            quarter=pl.format("{}-Q{}", pl.col("close_date").dt.year(), pl.col("close_date").dt.quarter())
        )
        .group_by("sales_agent", "quarter")
        .agg(sold=pl.col("close_value").cast(pl.Int64).sum())
    )
    grid = teams.join(pl.DataFrame({"quarter": QUARTERS}), how="cross")
    sold, quota, so_far = pl.col("sold"), pl.col("quota").cast(pl.Int64), pl.col("so_far")

    def marginal(position: pl.Expr, rates: list[tuple[pl.Expr, int]]) -> pl.Expr:
        """Pay what lies beyond each start at what the rate rises there, in thousandths."""
        return sum(((position - start).clip(0) * rise for start, rise in rates), start=pl.lit(0))

    year = [(pl.lit(0), 20), (pl.lit(100_000), 15), (pl.lit(250_000), 15)]
    attained = [(pl.lit(0), 20), (quota * 80 // 100, 20), (quota * 120 // 100, 20)]
    stepped = pl.when(sold >= quota).then(50).when(sold * 10 >= quota * 7).then(30).otherwise(10)
    return (
        grid.join(won, on=["sales_agent", "quarter"], how="left")
        .with_columns(pl.col("sold").fill_null(0))
        .sort("sales_agent", "quarter")
        .with_columns(so_far=sold.cum_sum().over("sales_agent"))
        .with_columns(
            attained=marginal(sold, attained),
            stepped=sold * stepped,
            slices=marginal(so_far, year) - marginal(so_far - sold, year),
        )
    )


def dollars(thousandths: int) -> Decimal:
    """Return dollars and cents of thousandths, half to the even cent: pay of a statement is rounded once."""
    return (Decimal(thousandths) / 1000).quantize(Decimal("0.01"))


def by_rep(pays: pl.DataFrame, plan: str) -> dict[str, Decimal]:
    """Return what a plan pays each rep in the year, the rounded quarters added up."""
    found: dict[str, Decimal] = {}
    for name, pay in pays.select("sales_agent", plan).iter_rows():
        found[id_of(name)] = found.get(id_of(name), Decimal(0)) + dollars(pay)
    return found


def amount(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


def test_every_line_statement_and_sum_is_what_polars_says(book: Paybook, pays: pl.DataFrame) -> None:
    expected = {
        (id_of(name), quarter): dollars(pay)
        for name, quarter, pay in pays.select("sales_agent", "quarter", "attained").iter_rows()
    }
    total, lines = Decimal(0), Decimal(0)
    for quarter in QUARTERS:
        for person, plan in book.paid(quarter):
            if plan.id == "attained":
                statement = book.computed(person, quarter, plan)
                for line in statement.lines:
                    assert sum((part.pay for part in line.slices), Decimal(0)) == line.pay
                lines += sum((line.pay for line in statement.lines), Decimal(0))
                assert statement.earned == statement.paid == expected.pop((person, quarter))
                total += statement.earned
    assert expected == {}  # 30 reps and those who sold nothing, four quarters each
    assert lines == total == sum(by_rep(pays, "attained").values())
    assert pays["sold"].sum() == 10_005_534


def test_managers_are_paid_on_what_their_people_won(folder: Path, pays: pl.DataFrame) -> None:
    sums = pays.group_by("manager", "quarter").agg(pl.col("sold").sum())
    expected = {(id_of(name), quarter): dollars(sold * 5) for name, quarter, sold in sums.iter_rows()}
    for quarter in QUARTERS:
        said = document(folder, "commission", "run", "--period", quarter)["statements"]
        paid = {one["person"]: amount(one["earned"]) for one in said if one["plan"] == "override"}
        assert len(paid) == 6
        for person, pay in paid.items():
            assert pay == expected.pop((person, quarter))
    assert expected == {}


@pytest.mark.parametrize("draft", ["stepped", "slices"])
def test_trying_another_plan_differs_for_every_rep_by_what_polars_says(
    folder: Path, pays: pl.DataFrame, draft: str
) -> None:
    said = document(folder, "commission", "try", f"{draft}.draft.yaml", *YEAR)
    now, then = by_rep(pays, "attained"), by_rep(pays, draft)
    assert said["beside"] == ["attained"]
    assert {one["person"]: amount(one["difference"]) for one in said["people"]} == {
        person: then[person] - now[person] for person in now
    }
    assert {one["person"]: amount(one["pays"]) for one in said["people"]} == now
    assert {one["person"]: amount(one["would_pay"]) for one in said["people"]} == then
    assert len([one for one in said["people"] if amount(one["sold"])]) == 30
    total = said["total"]
    assert (amount(total["pays"]), amount(total["would_pay"])) == (sum(now.values()), sum(then.values()))
    assert amount(total["sold"]) == 10_005_534
    assert Decimal(str(total["cost_then"])) == (sum(then.values(), Decimal(0)) / 10_005_534).quantize(
        Decimal("0.000001")
    )
    assert said["winners"] == sum(then[person] > now[person] for person in now) > 0
    assert said["losers"] == sum(then[person] < now[person] for person in now) > 0
    differences = [amount(one["difference"]) for one in said["people"]]
    assert differences == sorted(differences, reverse=True)


def test_trying_an_override_counts_what_managers_people_sold_once(folder: Path, pays: pl.DataFrame) -> None:
    said = document(folder, "commission", "try", "richer.draft.yaml", *YEAR)
    sold = {
        id_of(name): value for name, value in pays.group_by("manager").agg(pl.col("sold").sum()).iter_rows()
    }
    assert {one["person"]: amount(one["sold"]) for one in said["people"]} == sold
    assert (said["beside"], amount(said["total"]["sold"])) == (["override"], Decimal(10_005_534))
    assert said["neither"] == []
    told = playbook(folder, "commission", "try", "richer.draft.yaml", *YEAR)
    assert "cost of 100 sold: 0.50 now, 0.75 with this plan" in told
