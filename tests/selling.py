"""A company that sells through random histories: all is done twice, in the engine and in a list of what happened.

What the engine refuses did not happen. Which reports come of it is for the tests to ask of both.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hypothesis import strategies as st
from tests.naive_cases import Company, Happened
from tests.sold import ACCOUNTS, MAPPING, ORGANIZATION, PEOPLE, TEAMS, VERSIONS

from playbook import (
    Advance,
    Assign,
    Back,
    Close,
    Engine,
    InputError,
    MemoryStore,
    Merge,
    Money,
    Open,
    ProblemsFound,
    Project,
    Reopen,
    Set,
    SetRecord,
)  # fmt: skip
from playbook.cli.report import _context, _query
from playbook.engine import Done
from playbook.importing import import_file
from playbook.importing.rows import case_id

if TYPE_CHECKING:
    from playbook import Registry, Store
    from playbook.cli.session import Session

T = TypeVar("T")
Report = tuple[list[dict[str, Any]], list[str]]
"""The rows of a report, and its notes."""

# -- what may happen ------------------------------------------------------------------------------------

ZONES = ("Europe/Berlin", "America/St_Johns", "Pacific/Auckland", "Asia/Kathmandu", "UTC", "Pacific/Apia")
STARTS = (
    "2026-03-27T22:30+00:00", "2026-12-31T10:59:59.999999+00:00", "2026-10-24T23:00+00:00", "2026-01-31T12:00+00:00",
)  # fmt: skip
WAITS = (0, 0, 1, 59, 7 * 60, 24 * 60, 5 * 24 * 60, 30 * 24 * 60, 100 * 24 * 60)
BACKS = (None, None, None, None, None, 0, 1, 13 * 60, 3 * 24 * 60, 95 * 24 * 60)
AMOUNTS = (
    "0 EUR", "100 EUR", "100.01 EUR", "0.01 EUR", "-0.01 EUR", "-33.33 EUR", "999999999.99 EUR", "12.50 USD", "7 USD",
    "105 JPY", "1 JPY", "0.005 KWD",
)  # fmt: skip
DOINGS = (
    *("open",) * 6, *("import",) * 4, *("amount",) * 4, "due", "due", *("field",) * 7, "chance", *("move",) * 3,
    *("close",) * 8, "back", "reopen", "reopen", "assign", "assign", "merge", "house", "house", "version",
    "again", "again",
)  # fmt: skip
doings = st.tuples(
    st.sampled_from(DOINGS), st.sampled_from(WAITS), st.sampled_from(BACKS), st.integers(0, 11), st.integers(0, 59)
)  # fmt: skip
VALUES: dict[str, tuple[Any, ...]] = {
    "product": ("b", "A", "10", None), "discount": ("0%", "12.5%", "12.50%", "100%", "-3%", None),
    "seats": ("1.50", "1.5", "10", "-2", "0", None), "trial": ("true", "false", None), "champion": (*PEOPLE, None),
    "demo": ("2026-03-29T00:30:00+01:00", "2026-12-31T23:59:59+00:00", "2027-01-01T00:00:00+13:00", None),
    "tags": (["x", "y"], ["y"], [], None), "crew": (["kim_s", "ann"], ["bob"], None),
    "lost": ("3", "0", None), "price": (*AMOUNTS, None), "amount": (*AMOUNTS, None), "memo": ("hush", None),
}  # fmt: skip


def many(one: st.SearchStrategy[T], most: int) -> st.SearchStrategy[list[T]]:
    """Draw lists of all lengths alike; those of `st.lists` are mostly short."""
    return st.integers(1, most).flatmap(lambda size: st.lists(one, min_size=size, max_size=size))


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what the organization says of itself."""
    said: dict[str, Any] = json.loads(json.dumps(ORGANIZATION))
    said["timezone"] = draw(st.sampled_from(ZONES))
    if draw(st.integers(0, 9)):
        said["currency"] = draw(st.sampled_from(("EUR", "EUR", "EUR", "JPY")))
    if draw(st.booleans()):
        starts = draw(st.sampled_from(("january", "february", "april", "december")))
        said["fiscal_year"] = {"starts": starts}
        if draw(st.booleans()):
            said["fiscal_year"]["named_after"] = draw(st.sampled_from(("start", "end")))
    if draw(st.booleans()):
        said["approves_when_no_manager"] = "fin"
    return said


class Selling:
    """Do what happens in an engine over a store, and write it down; `playbooks` are mappings as their files say."""

    def __init__(
        self, house: dict[str, Any], start: str, registry: Registry, store: Store | None = None
    ) -> None:
        self.now = dt.datetime.fromisoformat(start).astimezone(dt.UTC)
        self.registry = registry
        self.store: Store = store or MemoryStore()
        self.happened: list[Happened] = []
        self.company = Company([], {name: [every[0]] for name, every in VERSIONS.items()})
        self.rows: dict[str, dt.datetime] = {}
        self.publish(house)
        for name in ACCOUNTS:
            done = self.engine.run(SetRecord("account", fields={"name": name}), actor="operator")
            assert isinstance(done, Done)
            self.company.accounts[done.case] = name

    def publish(self, house: dict[str, Any]) -> None:
        """Publish the organization as it is from now on."""
        files = {f"{name}.playbook.yaml": json.dumps(said) for name, said in self.company.playbooks.items()}
        files |= {"a.organization.yaml": json.dumps(house), "rows.mapping.yaml": MAPPING}
        project = Project.from_files(files, **self.registry.for_files)
        engine = Engine.open(project, store=self.store, clock=lambda: self.now, registry=self.registry)
        engine.publish(actor="operator")
        self.project, self.engine = project, engine
        self.company.published.append((self.now, house))

    def told(self, what: str, command: Any, back: int | None, said: dict[str, Any]) -> bool:
        """Carry out a command, some minutes ago where that is said; write down what was not refused."""
        at = None if back is None else self.now - dt.timedelta(minutes=back)
        try:
            done = self.engine.run(command, actor="operator", at=at)
        except InputError:  # before what happened last with the case, or after its end
            return False
        if isinstance(done, Done):
            self.happened.append(Happened(command.case, what, at or self.now, self.company.known, said))
        return isinstance(done, Done)

    def happens(self, doing: tuple[str, int, int | None, int, int]) -> None:
        """Let something happen: what, after how many minutes, told how late, with which case, and how."""
        what, wait, back, which, how = doing
        self.now += dt.timedelta(minutes=wait)
        if what == "open":
            self.opens(back, which, how)
        elif what == "import":
            self.imports(back, which, how)
        elif what == "again":
            self.imports_again(which, how)
        elif what == "merge":
            self.merges(which, how)
        elif what == "version":
            self.improves()
        elif what == "house":
            self.changes(which, how)
        elif self.happened:
            cases = list(dict.fromkeys(one.case for one in self.happened))
            self.goes_on(what, back, cases[which % len(cases)], how)

    def opens(self, back: int | None, which: int, how: int) -> None:
        """Open a case of a playbook, with an amount or without."""
        book = "upsell" if which % 3 == 0 else "deals"
        fields = {"price" if book == "upsell" else "amount": AMOUNTS[how % len(AMOUNTS)]} if how % 5 else {}
        if which % 4 == 1:
            fields["day" if book == "upsell" else "expected_close"] = self.due(how)
        owner = ("", *PEOPLE)[how % 8]
        case = f"c{len(self.happened):03}"
        name = f"Case {how % 7}"
        said = {"playbook": book, "name": name, "owner": owner, "fields": fields}
        self.told("open", Open(case, book, name, owner=owner, fields=dict(fields)), back, said)

    def due(self, how: int) -> str:
        """Return a day not far from now."""
        return (
            self.now.date() + dt.timedelta(days=(0, -1, 1, 7, -30, 90)[how % 6] * (how // 6 % 3))
        ).isoformat()

    def goes_on(self, what: str, back: int | None, case: str, how: int) -> None:
        """Do something with a case."""
        book = self.company.pinned(self.happened, case)
        stages = book["stages"]
        if what in ("move", "back", "close"):
            some = [name for name, one in stages.items() if ("final" in one) == (what == "close")]
            to = some[how % len(some)]
            self.told(
                "move", {"move": Advance, "back": Back, "close": Close}[what](case, to), back, {"to": to}
            )
        elif what == "reopen":
            self.told("reopen", Reopen(case), back, {})
        elif what == "assign":
            owner, team = PEOPLE[how % 7], TEAMS[how % 3] if how % 4 == 0 else ""
            self.told("assign", Assign(case, owner, team), back, {"owner": owner, "team": team})
        else:
            self.sets(what, back, case, how, book)

    def sets(self, what: str, back: int | None, case: str, how: int, book: dict[str, Any]) -> None:
        """Change or clear a field of a case."""
        about = book.get("about", {})
        if what == "chance":
            said: dict[str, Any] = {"probability": ("60%", "0%", "100%", "33.3%", None)[how % 5]}
        elif what == "amount":
            said = {about.get("amount", "amount"): (*AMOUNTS, None)[how % 13]}
        elif what == "due":
            said = {about.get("expected_close", "expected_close"): self.due(how) if how % 6 else None}
        else:
            values = VALUES | {"account": (*self.company.accounts, None), "origin": self.named("upsell")}
            names = [name for name in book["fields"] if name in values]
            name = names[how % len(names)]
            said = {name: values[name][how // len(names) % len(values[name])]}
        self.told("set", Set(case, dict(said), "as it is"), back, said)

    def named(self, playbook: str) -> tuple[Any, ...]:
        """Return what a reference to a case may be."""
        opened = (one for one in self.happened if one.what in ("open", "import"))
        return (*(one.case for one in opened if one.said["playbook"] == playbook), None)

    def imports(self, back: int | None, which: int, how: int) -> None:
        """Import a row: a case that was opened some days ago, and that is open or ended."""
        days = dt.timedelta(minutes=60 * how * which)
        opened = (self.now - days - dt.timedelta(minutes=back or 0)).replace(second=0, microsecond=0)
        name = f"r{len(self.rows)}"
        self.rows[name] = opened
        stages = self.company.playbooks["deals"]["stages"]
        stage = list(stages)[which % len(stages)]
        said = self.takes(name, stage, opened + days if "final" in stages[stage] else None, which, how)
        assert said is not None
        what = {"playbook": "deals", "name": "", **said}
        self.happened.append(Happened(case_id("rows", name), "import", opened, self.company.known, what))

    def imports_again(self, which: int, how: int) -> None:
        """Import a row again that says something else by now."""
        if self.rows:
            name = list(self.rows)[which % len(self.rows)]
            stages = self.company.playbooks["deals"]["stages"]
            stage = list(stages)[how % len(stages)]
            closed = self.now.replace(second=0, microsecond=0) - dt.timedelta(minutes=how // 20 * 60)
            said = self.takes(name, stage, closed if "final" in stages[stage] else None, which, how)
            if said is not None:
                self.happened.append(
                    Happened(case_id("rows", name), "again", self.now, self.company.known, said)
                )

    def takes(
        self, name: str, stage: str, closed: dt.datetime | None, which: int, how: int
    ) -> dict[str, Any] | None:
        """Import a row; return what it says, None where that is refused or nothing new."""
        fields = {
            "amount": AMOUNTS[how % 12] if how % 4 else "",
            "product": ("", "A", "b")[which % 3],
            "expected_close": self.due(how) if how % 3 else "",
        }
        owner = ("", *PEOPLE)[how % 8]
        row = {
            "id": name,
            "owner": owner,
            "opened": _told(self.rows[name]),
            "closed": closed and _told(closed),
        }
        row |= {"stage": stage, **fields}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.csv")
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, row)
                writer.writeheader()
                writer.writerow(row)
            mapping = self.project.mappings["rows"].value
            assert mapping is not None
            outcome = import_file(self.engine, mapping, path, actor="operator")
        said = {name: value for name, value in fields.items() if value}
        told = {"owner": owner, "fields": said, "stage": stage, "closed": closed}
        return told if outcome.opened or outcome.changed else None

    def merges(self, which: int, how: int) -> None:
        """Say that two accounts are one."""
        here = [one for one in self.company.accounts if one not in self.company.merged]
        keep, other = here[which % len(here)], here[how % len(here)]
        if keep != other:
            self.engine.run(Merge("account", keep, other), actor="operator")
            self.company.merged[other] = keep

    def improves(self) -> None:
        """Publish the next version of the deals; cases stay on theirs."""
        every = self.company.versions["deals"]
        if len(every) < len(VERSIONS["deals"]):
            every.append(VERSIONS["deals"][len(every)])
            self.publish(self.company.now)

    def changes(self, which: int, how: int) -> None:
        """Change who leads a team, who is where, or who manages whom; from a day on, or from now on."""
        house = json.loads(json.dumps(self.company.now))
        person = list(house["people"])[which % len(house["people"])]
        if how % 4 == 0:
            house["teams"][TEAMS[which % 3]]["manager"] = PEOPLE[how % 7]
        elif how % 4 == 1:
            house["people"][person] |= {"team": TEAMS[how % 3]}
        elif how % 4 == 2:
            since = self.company.day(self.now) + dt.timedelta(days=(how - 30) * 3)
            history = house["people"][person].setdefault("history", [])
            if all(one["from"] != since.isoformat() for one in history):
                history.append(
                    {
                        "from": since.isoformat(),
                        **({"role": "lead"} if how > 40 else {"team": TEAMS[how % 3]}),
                    }
                )
                history.sort(key=lambda one: str(one["from"]))
        elif how % 8 == 3:
            house["people"][person] |= {"manager": PEOPLE[how % 7]}
        elif which % 4 == 0:
            house["timezone"] = ZONES[how % len(ZONES)]
        elif which % 4 == 1:
            del house["people"][person]
        else:
            days = [self.company.day(self.now) + dt.timedelta(days=days) for days in (0, how % 5)]
            away = {"from": str(days[0]), "to": str(days[1]), "delegate": PEOPLE[how % 7]}
            house["people"][person] |= {"away": [away]}
        if house != self.company.now:
            with contextlib.suppress(ProblemsFound):  # who manage each other are refused
                self.publish(house)

    # -- what is asked ------------------------------------------------------------------------------

    def report(self, name: str, actor: str = "operator", **asked: str) -> Report:
        """Return rows and notes of a report, as the command line asks for it; amounts as people read them."""
        options = ("by", "since", "until", "period", "playbook", "team", "owner", "currency", "of", "as_of")
        session = cast("Session", SimpleNamespace(engine=self.engine, actor=actor, at=None))
        query = _query(session, dict.fromkeys(options, "") | asked)
        table = self.registry.reports[name].run(_context(session), query)
        assert all(tuple(row) == table.columns for row in table.rows)
        rows = [
            {name: str(cell) if isinstance(cell, Money) else cell for name, cell in row.items()}
            for row in table.rows
        ]
        return rows, list(table.notes)


def _told(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M%z")
