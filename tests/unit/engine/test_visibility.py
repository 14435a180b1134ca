"""Who sees which case, and that no way leads around it."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import AmbiguousName, Refused, UnknownName
from playbook.model.commands import Advance, Assign, Close, Log, Open, Reopen, Set
from playbook.model.events import ChildEnded, ChildReopened, Linked, Logged
from playbook.model.projections import Projection
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playbook.stores.interface import Store

NOW = dt.datetime(2026, 8, 10, 9, tzinfo=dt.UTC)
PLAYBOOK = """
playbook: {id}
version: 1
subject: deal
fields:
  amount: {{type: money}}
  helper: {{type: person}}
who_may: {{see: {see}, edit: anyone, assign: anyone{more}}}
stages:
  talks: {{next: [won]}}
  won: {{final: won}}
"""
ORGANIZATION = """
organization: acme
approves_when_no_manager: vera
teams:
  world: {manager: vera}
  emea: {parent: world, manager: dana}
  amer: {parent: world, manager: joe}
people:
  vera: {name: Vera, role: director, team: world}
  dana: {name: Dana, role: manager, team: emea}
  joe: {name: Joe, role: manager, team: amer}
  sam: {name: Sam, role: ae, team: emea}
  lea: {name: Lea, role: ae, team: emea}
  kim: {name: Kim, role: ae, team: amer}
  fin: {name: Fin, role: finance, team: world}
"""
EVERYONE = ("dana", "fin", "joe", "kim", "lea", "sam", "vera")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "s.db"))
    yield store
    store.close()


def files(organization: str = ORGANIZATION, **playbooks: str) -> Project:
    texts = {"organization.yaml": organization}
    for name, see in playbooks.items():
        who, _, totals = see.partition("|")
        more = f", see_totals: {totals}" if totals else ""
        texts[f"{name}.playbook.yaml"] = PLAYBOOK.format(id=name, see=who, more=more)
    project = Project.from_files(texts)
    assert not [problem for problem in project.problems if problem.severity == "error"], project.problems
    return project


def engine_of(store: Store, project: Project, now: Callable[[], dt.datetime] = lambda: NOW) -> Engine:
    engine = Engine.open(project, store=store, clock=now, registry=load(entry_points=False))
    engine.publish(actor="operator")
    return engine


def opened(engine: Engine, playbook: str, owner: str, name: str = "Deal", **fields: Any) -> str:
    done = engine.run(Open("", playbook, name, owner, fields), actor="operator")
    assert isinstance(done, Done)
    return done.case


def seers(engine: Engine, case: str) -> list[str]:
    """Return who finds a case; a command, the view, history and the past must agree."""
    found = [who for who in EVERYONE if case in {view.id for view in engine.find(actor=who).items}]
    for who in EVERYONE:
        ways: list[Callable[[], object]] = [
            partial(ask, case, actor=who)
            for ask in (engine.why, engine.view, engine.history, engine.case, engine.resolve)
        ]
        ways += [
            partial(engine.as_of, case, at=NOW, actor=who),
            partial(engine.run, Set(case, {"amount": "5 EUR"}), actor=who),
        ]
        assert [_allowed(way) for way in ways] == [who in found] * len(ways), who
    return found


def _allowed(way: Callable[[], object]) -> bool:
    try:
        way()
    except UnknownName:
        return False
    return True


@pytest.mark.parametrize(
    ("see", "who"),
    [
        ("anyone", EVERYONE), ("owner", ("sam",)), ("manager", ("dana",)), ("team", ("dana", "lea", "sam")),
        ("finance", ("fin",)), ("kim", ("kim",)), ("helper", ("kim",)),
        ("[owner, manager, fin]", ("dana", "fin", "sam")),
    ],
)  # fmt: skip
def test_a_case_is_seen_by_whom_the_playbook_names_and_only_by_them(
    store: Store, see: str, who: tuple[str, ...]
) -> None:
    engine = engine_of(store, files(deals=see))
    case = opened(engine, "deals", "sam", helper="kim")
    assert seers(engine, case) == list(who)
    assert _allowed(lambda: engine.why(case, actor="operator"))
    assert not list(prove(engine))


def test_nobody_learns_of_a_case_by_any_other_way(store: Store) -> None:
    engine = engine_of(store, files(deals="[owner, manager]"))
    case = opened(engine, "deals", "sam", "Secret Corp", amount="700 EUR")
    for reference in (case, case[:5], "Secret Corp"):
        assert engine.resolve(reference, actor="sam") == case
        with pytest.raises(UnknownName) as told:
            engine.resolve(reference, actor="kim")
        assert "Secret" not in str(told.value).replace(reference, "")
        assert case not in str(told.value).replace(reference, "")
    for query in (
        Query(), Query(owner="sam"), Query(name="Secret Corp"), Query(prefix=case), Query(team="emea"),
        Query(playbook="deals", stage="talks"), Query(tags=None), Query(tags=frozenset(["owner:sam", "managed:sam"])),
    ):  # fmt: skip
        assert engine.find(query, actor="kim").items == (), query
        assert list(engine.tally(query, by=["owner", "name"], actor="kim")) == [], query
        assert [tally.sums for tally in engine.tally(query, actor="dana")] == [{"EUR": 70_000}], query
    for command in (
        Set(case, {"amount": "1 EUR"}), Advance(case), Close(case, "won"), Assign(case, "kim"),
        Log(case, "note", text="x"),
    ):  # fmt: skip
        with pytest.raises(UnknownName) as refused:
            engine.run(command, actor="kim", key="taken")
        with pytest.raises(UnknownName) as absent:
            engine.run(type(command)(**{**_given(command), "case": "cabsent"}), actor="kim")
        assert str(refused.value) == str(absent.value).replace("cabsent", case)
    assert store.receipt("default", "taken") is None
    assert engine.case(case).owner == "sam"


def _given(command: Any) -> dict[str, Any]:
    return {name: getattr(command, name) for name in type(command).__slots__ if not name.startswith("__")}


def test_names_that_are_ambiguous_to_one_are_clear_to_another(store: Store) -> None:
    engine = engine_of(store, files(deals="owner"))
    mine, other = opened(engine, "deals", "sam", "Acme"), opened(engine, "deals", "kim", "Acme")
    assert (engine.resolve("Acme", actor="sam"), engine.resolve("Acme", actor="kim")) == (mine, other)
    with pytest.raises(AmbiguousName):
        engine.resolve("Acme", actor="operator")


def test_pages_hold_what_one_sees_and_nothing_of_what_lies_between(store: Store) -> None:
    engine = engine_of(store, files(deals="[owner, team]", shared="anyone"))
    names = {
        who: [opened(engine, "deals", who, f"{who} {n}") for n in range(7)] for who in ("sam", "kim", "lea")
    }
    common = [opened(engine, "shared", "kim") for _ in range(5)]
    for who, cases in (("sam", names["sam"] + names["lea"]), ("kim", names["kim"]), ("fin", [])):
        for limit in (1, 2, 50):
            seen, after = list[str](), None
            while True:
                page = engine.find(Query(status="open"), actor=who, after=after, limit=limit)
                seen += [view.id for view in page.items]
                after = page.next
                if after is None:
                    break
            assert sorted(seen) == sorted([*cases, *common])
            assert len(seen) == len(set(seen))


def test_totals_are_apart(store: Store) -> None:
    engine = engine_of(store, files(deals="owner|[finance, sam]", leads="owner", shared="anyone"))
    for playbook in ("deals", "leads", "shared"):
        opened(engine, playbook, "sam", amount="10 EUR")
        opened(engine, playbook, "kim", amount="5 EUR")

    def totals(who: str, playbook: str | None = None) -> dict[tuple[str, ...], tuple[int, int]]:
        found = engine.tally(Query(playbook), by=["playbook"], actor=who)
        return {tally.group: (tally.count, tally.sums["EUR"]) for tally in found}

    assert totals("fin") == {("deals",): (2, 1500), ("shared",): (2, 1500)}
    assert totals("sam") == {("deals",): (2, 1500), ("leads",): (1, 1000), ("shared",): (2, 1500)}
    assert totals("kim", playbook="deals") == {("deals",): (1, 500)}
    assert [tally.count for tally in engine.tally(actor="sam")] == [5]
    assert engine.find(Query(playbook="deals"), actor="fin").items == ()
    for who in ("fin", "sam", "kim", "operator"):
        rows = sum(len(chunk["case"]) for chunk in engine.columns("cases", actor=who))
        assert rows == sum(count for count, _ in totals(who).values())
        # a driver that reads by itself hides nothing
        source = engine.source(Projection("cases", ("case", "amount")), actor=who)
        assert (source is not None) == (who == "operator" and isinstance(store, SqliteStore))


def test_who_sees_follows_the_organization_and_the_case(store: Store) -> None:
    now = [NOW]
    engine = engine_of(store, files(deals="[owner, manager, team, helper]"), lambda: now[0])
    case = opened(engine, "deals", "sam")
    assert seers(engine, case) == ["dana", "lea", "sam"]
    moved = ORGANIZATION.replace(
        "lea: {name: Lea, role: ae, team: emea}", "lea: {name: Lea, role: ae, team: amer}"
    )
    moved = moved.replace("emea: {parent: world, manager: dana}", "emea: {parent: world, manager: vera}")
    before = engine.store.load("default", [f"case:{case}"])
    now[0] += dt.timedelta(days=1)
    engine.project = files(moved, deals="[owner, manager, team, helper]")
    engine.publish(actor="operator")
    assert seers(engine, case) == ["dana", "sam", "vera"]  # dana is still in the team
    assert before.keys() == {f"case:{case}"}
    engine.run(Assign(case, "kim"), actor="operator")
    assert seers(engine, case) == ["joe", "kim", "lea"]
    engine.run(Set(case, {"helper": "fin"}), actor="operator")
    assert seers(engine, case) == ["fin", "joe", "kim", "lea"]
    engine.run(Set(case, {"helper": None}), actor="operator")
    assert seers(engine, case) == ["joe", "kim", "lea"]
    assert not list(prove(engine))


def test_a_case_without_owner_is_seen_by_who_leads_its_team(store: Store) -> None:
    territories = ORGANIZATION + "territories:\n  rest: {for: deal, team: amer, otherwise: true}\n"
    engine = engine_of(store, files(territories, deals="[owner, manager]"))
    case = opened(engine, "deals", "")
    assert (engine.case(case).owner, engine.case(case).team) == ("", "amer")
    assert seers(engine, case) == ["joe"]


def test_a_delegate_sees_while_the_other_is_away_and_not_after(store: Store) -> None:
    away = "dana: {name: Dana, role: manager, team: emea, away: [{from: 2026-08-01, to: 2026-08-10, delegate: kim}]}"
    organization = ORGANIZATION.replace("dana: {name: Dana, role: manager, team: emea}", away)
    now = [NOW]
    engine = engine_of(store, files(organization, deals="[owner, manager]"), lambda: now[0])
    case = opened(engine, "deals", "sam")
    assert seers(engine, case) == ["dana", "kim", "sam"]
    now[0] += dt.timedelta(days=1)
    assert seers(engine, case) == ["dana", "sam"]


def test_what_one_sees_one_may_still_not_be_allowed_to_do(store: Store) -> None:
    text = PLAYBOOK.format(id="deals", see="anyone", more="").replace("edit: anyone", "edit: owner")
    project = Project.from_files({"deals.playbook.yaml": text, "organization.yaml": ORGANIZATION})
    engine = engine_of(store, project)
    case = opened(engine, "deals", "sam")
    refused = engine.run(Set(case, {"amount": "5 EUR"}), actor="kim")
    assert isinstance(refused, Refused)
    assert refused.code == "not_permitted"


def test_those_who_act_by_themselves_see_everything(store: Store) -> None:
    engine = engine_of(store, files(deals="owner"))
    case = opened(engine, "deals", "sam")
    for actor in ("operator", "system", "import"):
        assert [view.id for view in engine.find(actor=actor).items] == [case]


HIDING = """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money, visible_to: [owner, dana, finance]}
  expected_close: {type: date, visible_to: dana}
  paid: {type: money, is: total("payment")}
  segment: {type: text}
entries:
  payment: {fields: {amount: {type: money, visible_to: finance}, method: {type: text}}}
who_may: {see: anyone, see_totals: vera}
stages:
  talks: {next: [won]}
  won: {final: won}
"""


def test_a_hidden_field_is_hidden_in_lists_counts_projections_entries_and_their_history(store: Store) -> None:
    project = Project.from_files({"organization.yaml": ORGANIZATION, "deals.playbook.yaml": HIDING})
    engine = engine_of(store, project)
    given = {"amount": "90 EUR", "expected_close": "2026-09-01", "segment": "smb"}
    case = opened(engine, "deals", "sam", **given)
    assert isinstance(
        engine.run(Log(case, "payment", {"amount": "9 EUR", "method": "wire"}), actor="sam"), Done
    )
    lists, sums, projected, paid = {}, {}, {}, {}
    for who in (*EVERYONE, "operator"):
        (view,) = engine.find(actor=who).items
        lists[who] = (view.amount is not None, view.expected_close is not None)
        sums[who] = bool(engine.tally(actor=who)[0].sums)
        (chunk,) = engine.columns("cases", actor=who)
        named = msgspec.json.decode(chunk["fields"][0])
        projected[who] = (chunk["amount"] == [9000], chunk["currency"] == ["EUR"], sorted(named))
        logged = [item.event for item in engine.history(case, actor=who) if isinstance(item.event, Logged)]
        (entry,) = engine.view(case, actor=who).entries
        assert logged[0].fields == entry.fields
        paid[who] = (sorted(entry.fields), "paid" in engine.view(case, actor=who).fields)
    nothing, amount, everything = (False, False), (True, False), (True, True)
    assert lists == {
        "dana": everything, "operator": everything, "sam": amount, "fin": amount, "joe": nothing,
        "kim": nothing, "lea": nothing, "vera": nothing,
    }  # fmt: skip
    assert {who for who, told in sums.items() if told} == {"dana", "fin", "vera", "operator"}
    assert {who: told for who, told in projected.items() if told[2] != ["segment"]} == {
        "operator": (True, True, ["amount", "expected_close", "paid", "segment"]),
        "dana": (True, True, ["amount", "expected_close", "segment"]),
        "sam": (True, True, ["amount", "segment"]),
        "fin": (True, True, ["amount", "paid", "segment"]),
        "vera": (True, True, ["amount", "segment"]),
    }
    assert {who for who, told in paid.items() if told == (["amount", "method"], True)} == {"fin", "operator"}
    assert all(told == (["method"], False) for who, told in paid.items() if who not in ("fin", "operator"))


def test_a_follow_up_case_that_is_not_seen_has_no_id_in_the_history_of_the_other(store: Store) -> None:
    """Whoever sees only one of the two learns neither which case the other is nor how it ended."""
    parent = PLAYBOOK.format(id="sold", see="anyone", more="").replace(
        "{final: won}", "{final: won, on_enter: [{open: kept, owner: fin}]}"
    )
    child = PLAYBOOK.format(id="kept", see="owner", more=", reopen: anyone").replace(
        "stages:\n", "moves: {reopen: anyone}\nstages:\n"
    )
    texts = {"organization.yaml": ORGANIZATION, "a.playbook.yaml": parent, "b.playbook.yaml": child}
    engine = engine_of(store, Project.from_files(texts))
    above = opened(engine, "sold", "sam")
    assert isinstance(engine.run(Advance(above), actor="sam"), Done)
    (below,) = engine.view(above, actor="fin").children
    for command in (Advance(below), Reopen(below), Advance(below)):
        assert isinstance(engine.run(command, actor="fin"), Done)

    def told(case: str, actor: str) -> list[tuple[str, str, str]]:
        events = [item.event for item in engine.history(case, actor=actor)]
        kin = [event for event in events if isinstance(event, Linked | ChildEnded | ChildReopened)]
        return [(event.playbook, event.child, getattr(event, "outcome", "")) for event in kin]

    seen = [("kept", below, ""), ("kept", below, "won"), ("kept", below, ""), ("kept", below, "won")]
    assert told(above, "fin") == told(above, "operator") == seen
    for actor in ("sam", "vera", "lea"):
        assert told(above, actor) == [("kept", "", "")] * 4
        shown = engine.view(above, actor=actor), engine.as_of(above, at=NOW, actor=actor)
        assert [case.children for case in shown] == [{}, {}]
        everything = [*engine.history(above, actor=actor), *shown]
        assert below.encode() not in msgspec.json.encode(everything, enc_hook=str)
    assert engine.view(above, actor="fin").children == {below: "won"}


def test_the_case_that_is_followed_up_is_not_named_to_who_does_not_see_it(store: Store) -> None:
    parent = PLAYBOOK.format(id="sold", see="owner", more="").replace(
        "{final: won}", "{final: won, on_enter: [{open: kept, owner: fin}]}"
    )
    child = PLAYBOOK.format(id="kept", see="anyone", more="")
    texts = {"organization.yaml": ORGANIZATION, "a.playbook.yaml": parent, "b.playbook.yaml": child}
    engine = engine_of(store, Project.from_files(texts))
    above = opened(engine, "sold", "sam")
    assert isinstance(engine.run(Advance(above), actor="sam"), Done)
    (below,) = engine.view(above, actor="sam").children
    assert (
        next(engine.history(below, actor="sam")).event.parent
        == engine.view(below, actor="sam").parent
        == above
    )
    for actor in ("fin", "vera"):
        everything = [*engine.history(below, actor=actor), engine.view(below, actor=actor)]
        assert above.encode() not in msgspec.json.encode(everything, enc_hook=str)
