from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from playbook import hookimpl, types
from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import (
    AmbiguousName,
    InputError,
    KeyReused,
    PluginError,
    ProblemsFound,
    Refused,
    UnknownName,
)
from playbook.expressions import Function
from playbook.model.commands import (
    Advance,
    Approve,
    Assign,
    Close,
    Do,
    Log,
    Open,
    Reopen,
    Set,
    Split,
    Waive,
)
from playbook.model.contributions import Guard
from playbook.model.organization import Organization, Person
from playbook.money import Money
from playbook.plugins import Registry, load
from playbook.reading.project import Project
from playbook.stores.interface import Batch, Query, Store
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
teams:
  emea: {title: EMEA, manager: dana}
people:
  dana: {name: Dana Ruiz, role: sales_manager, team: emea}
  sam: {name: Sam Okafor, role: ae, team: emea}
"""
DEALS = """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money}
  pain: {type: text}
  email: {type: email, personal: true}
entries:
  survey: {fields: {score: {type: integer}, who: {type: text, personal: true}}}
stages:
  one:
    title: One
    exit:
      fit:
        that: filled(deal.pain) and deal.amount > 0
        title: A pain and a price
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any}
"""
CARE = """
playbook: care
version: 1
subject: customer
stages:
  start:
    next: [gone]
  gone: {final: churned}
"""
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class Clock:
    """A pretended clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load(entry_points=False)


def project(**files: str) -> Project:
    texts = {"organization.yaml": ORGANIZATION, "deals.playbook.yaml": DEALS, **files}
    return Project.from_files(texts)


def make(store: Store, registry: Registry, clock: Clock, text: str = DEALS) -> Engine:
    read = project(**{"deals.playbook.yaml": text})
    assert not read.problems
    engine = Engine.open(read, store=store, registry=registry, clock=clock)
    engine.publish(actor="operator")
    return engine


@pytest.fixture(params=["memory", "sqlite"])
def engine(
    request: pytest.FixtureRequest, registry: Registry, clock: Clock, tmp_path: Path
) -> Iterator[Engine]:
    store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "playbook.db"))
    yield make(store, registry, clock)
    store.close()


def opened(engine: Engine, **fields: object) -> str:
    done = engine.run(Open("", "deals", "Big Co", fields=dict(fields)), actor="sam")
    assert isinstance(done, Done)
    return done.case


def test_a_key_happens_once_and_returns_the_first_answer_also_when_the_case_moved_on(engine: Engine) -> None:
    first = engine.run(Open("", "deals", "Big Co", fields={"amount": "5 EUR"}), actor="sam", key="k")
    assert isinstance(first, Done)
    engine.run(Set(first.case, {"pain": "slow"}), actor="sam", key="k2")
    engine.run(Advance(first.case), actor="sam")
    again = engine.run(Open("", "deals", "Big Co", fields={"amount": "5 EUR"}), actor="sam", key="k")
    assert again == replace(first, repeated=True)
    assert engine.find(actor="sam").items[0].stage == "won"
    with pytest.raises(KeyReused, match="'k' was already used"):
        engine.run(Open("", "deals", "Other"), actor="sam", key="k")


def test_a_key_gets_its_first_answer_also_where_the_command_would_be_refused_now(engine: Engine) -> None:
    case = opened(engine, amount="5 EUR", pain="slow")
    first = engine.run(Advance(case), actor="sam", key="k")
    assert isinstance(first, Done)
    assert isinstance(engine.run(Advance(case), actor="sam"), Refused)
    before = len(list(engine.history(case, actor="sam")))
    assert engine.run(Advance(case), actor="sam", key="k") == replace(first, repeated=True)
    assert len(list(engine.history(case, actor="sam"))) == before


def test_what_another_engine_did_is_seen_though_it_is_held_otherwise(engine: Engine) -> None:
    other = Engine.open(None, store=engine.store, registry=engine.registry, clock=engine.clock)
    case = opened(engine, amount="5 EUR", pain="slow")
    assert isinstance(other.run(Set(case, {"pain": ""}), actor="sam"), Done)
    assert isinstance(engine.run(Advance(case), actor="sam"), Refused), "what is held says it could advance"
    assert isinstance(other.run(Set(case, {"pain": "slow"}), actor="sam"), Done)
    assert isinstance(engine.run(Advance(case), actor="sam"), Done), "what is held says it is blocked"
    other.enlist(Organization(people={"eve": Person("eve", "Eve Stone")}), actor="operator")
    case = opened(engine)
    assert isinstance(engine.run(Assign(case, "eve"), actor="operator"), Done)


def test_what_happens_now_follows_what_one_with_a_faster_clock_did(engine: Engine) -> None:
    ahead = START + dt.timedelta(seconds=2)
    other = Engine.open(None, store=engine.store, registry=engine.registry, clock=lambda: ahead)
    case = opened(engine)
    other.run(Set(case, {"pain": "slow"}), actor="sam")
    assert isinstance(engine.run(Log(case, "note"), actor="sam"), Done)
    assert not engine.why(case, actor="sam").can_advance
    assert isinstance(engine.run(Advance(case), actor="sam"), Refused)
    assert {item.at for item in engine.history(case, actor="sam")} == {START, ahead}
    with pytest.raises(InputError, match="lies before the last event"):
        engine.run(Log(case, "note"), actor="operator", at=START)


class Failing:
    """A plugin whose last look at every change fails."""

    @hookimpl
    def playbook_before_commit(self) -> Iterator[Guard]:
        yield Guard("failing", "1", lambda change: [].pop())


def test_a_key_gets_its_first_answer_also_where_a_plugin_fails_now(engine: Engine, clock: Clock) -> None:
    case = opened(engine)
    first = engine.run(Set(case, {"pain": "slow"}), actor="sam", key="k")
    guarded = load(entry_points=False, extra={"failing": Failing()})
    failing = Engine.open(None, store=engine.store, registry=guarded, clock=clock)
    with pytest.raises(PluginError, match="failing"):
        failing.run(Set(case, {"pain": "slower"}), actor="sam", key="other")
    again = failing.run(Set(case, {"pain": "slow"}), actor="sam", key="k")
    assert isinstance(first, Done)
    assert again == replace(first, repeated=True)
    with pytest.raises(PluginError, match="failing"):
        failing.run(Close(case, "lost"), actor="sam")


def test_a_refusal_consumes_no_key_and_leaves_an_event(engine: Engine) -> None:
    case = opened(engine)
    assert isinstance(engine.run(Advance(case), actor="sam", key="k"), Refused)
    assert [item.kind for item in engine.history(case, actor="sam")] == ["case.opened/1", "case.blocked/1"]
    engine.run(Set(case, {"pain": "slow", "amount": "5 EUR"}), actor="sam")
    assert isinstance(engine.run(Advance(case), actor="sam", key="k"), Done)


def test_a_case_is_named_by_its_id_a_unique_beginning_or_its_unique_name(engine: Engine) -> None:
    case = opened(engine)
    assert engine.resolve(case) == engine.resolve(case[:6]) == engine.resolve("Big Co") == case
    with pytest.raises(UnknownName, match="there is no case 'Bog Co'; did you mean 'Big Co'"):
        engine.resolve("Bog Co")
    opened(engine)
    with pytest.raises(AmbiguousName, match="'Big Co' names several cases"):
        engine.resolve("Big Co")


def test_a_value_that_changes_with_the_closing_asks_for_a_new_yes(registry: Registry, clock: Clock) -> None:
    approval = "approval: {by: dana}\n        covers: [amount]"
    text = DEALS.replace("that: filled(deal.pain) and deal.amount > 0", approval)
    engine = make(MemoryStore(), registry, clock, text)
    case = opened(engine, amount="5 EUR")
    engine.run(Advance(case), actor="sam")
    assert isinstance(engine.run(Approve(case, "fit"), actor="dana"), Done)
    refused = engine.run(Close(case, "won", {"amount": "5000 EUR"}), actor="sam")
    assert isinstance(refused, Refused)
    assert [blocker.criterion for blocker in refused.blockers] == ["fit"]
    assert isinstance(engine.run(Close(case, "won", {"pain": "slow"}), actor="sam"), Done)
    assert list(prove(engine)) == []


def test_a_follow_up_case_that_ends_at_once_is_known_to_have_ended(registry: Registry, clock: Clock) -> None:
    care = CARE.replace("next: [gone]", "on_enter: [{close: gone}]\n    next: [gone]")
    files = {"deals.playbook.yaml": DEALS.replace("{final: won}", "{final: won, on_enter: [{open: care}]}")}
    read = project(**files, **{"care.playbook.yaml": care})
    engine = Engine.open(read, store=MemoryStore(), registry=registry, clock=clock)
    engine.publish(actor="operator")
    case = opened(engine, amount="5 EUR", pain="slow")
    assert isinstance(engine.run(Advance(case), actor="sam"), Done)
    assert [*engine.case(case).children.values()] == ["churned"]
    with pytest.raises(UnknownName, match="there is no case 'gone'"):
        engine.run(Open("", "deals", parent="gone"), actor="sam")
    assert list(prove(engine)) == []


def test_names_and_values_that_are_wrong_are_told_all_at_once(engine: Engine) -> None:
    case = opened(engine)
    with pytest.raises(InputError) as caught:
        engine.run(Set(case, {"amount": "5", "pian": "x", "email": "nobody"}), actor="sam")
    assert str(caught.value).splitlines() == [
        "there is no field 'pian'; did you mean 'pain'?",
        "amount: '5' is not money: write an amount and a currency, like 25000 EUR",
        "email: 'nobody' is not an e-mail address",
    ]
    with pytest.raises(UnknownName, match="no published playbook 'deal'; did you mean 'deals'"):
        engine.run(Open("", "deal", "X"), actor="sam")
    with pytest.raises(UnknownName, match="no stage 'wn'; did you mean 'won'"):
        engine.run(Advance(case, "wn"), actor="sam")
    with pytest.raises(UnknownName, match="no final stage 'one'"):
        engine.run(Close(case, "one"), actor="sam")
    with pytest.raises(UnknownName, match="no person 'dena'; did you mean 'dana'"):
        engine.run(Assign(case, "dena"), actor="sam")
    with pytest.raises(UnknownName, match="no entry 'surve'; did you mean 'survey'"):
        engine.run(Log(case, "surve"), actor="sam")
    assert len(list(engine.history(case, actor="sam"))) == 1


@pytest.mark.parametrize("name", [" ", "\n", "a" * 65, "-a", "a:b"])
def test_an_id_that_cannot_be_is_refused(engine: Engine, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the id of a case"):
        engine.run(Open(name, "deals", "X"), actor="sam")


def test_what_is_no_character_is_refused(engine: Engine) -> None:
    case = opened(engine)
    with pytest.raises(InputError, match="what is no character"):
        engine.run(Set(case, {"pain": "a\udcffb"}), actor="sam")
    assert len(list(engine.history(case, actor="sam"))) == 1


def test_as_of_shows_a_case_as_it_was_and_as_it_was_known(engine: Engine, clock: Clock) -> None:
    case = opened(engine, amount="5 EUR")
    clock.now = START + dt.timedelta(days=10)
    engine.run(Set(case, {"amount": "9 EUR"}), actor="operator", at=START + dt.timedelta(days=2))
    day3 = START + dt.timedelta(days=3)
    assert engine.as_of(case, at=day3, actor="sam").fields["amount"] == Money.parse("9 EUR")
    assert engine.as_of(case, at=day3, known=day3, actor="sam").fields["amount"] == Money.parse("5 EUR")
    with pytest.raises(UnknownName):
        engine.as_of(case, at=START - dt.timedelta(days=1), actor="sam")
    with pytest.raises(InputError, match="lies before the last event"):
        engine.run(Set(case, {"pain": "x"}), actor="operator", at=START)
    with pytest.raises(InputError, match="only the operator may say"):
        engine.run(Set(case, {"pain": "x"}), actor="sam", at=clock.now)


def test_a_personal_value_lives_in_the_vault_alone_and_erasing_it_leaves_a_chain_that_verifies(
    engine: Engine,
) -> None:
    case = opened(engine, email="ann@client.example", pain="slow", amount="5 EUR")
    engine.run(Set(case, {"pain": "slower"}), actor="sam")
    engine.run(Log(case, "survey", {"score": 9, "who": "Ann Client"}), actor="sam")
    assert engine.case(case).fields["email"] == "ann@client.example"
    head = engine.store.load(engine.tenant, [f"case:{case}"])[f"case:{case}"]
    row = engine.store.find(engine.tenant, Query(), limit=1).items[0]
    stored = b"".join(e.data for e in engine.store.events(engine.tenant, f"case:{case}"))
    for secret in (b"ann@client", b"Ann Client"):
        assert secret not in head.data + stored + row.fields
    assert list(prove(engine)) == []
    assert engine.store.erase(engine.tenant, f"case:{case}") == 2
    assert list(prove(engine)) == []
    assert engine.case(case).fields == {"pain": "slower", "amount": Money.parse("5 EUR")}
    assert isinstance(engine.run(Advance(case), actor="sam"), Done)


def test_answers_and_notices_that_are_kept_hold_no_personal_value(registry: Registry, clock: Clock) -> None:
    text = DEALS.replace(
        "  one:\n", "  one:\n    on_enter: [{notify: owner, say: 'Write to {deal.email}'}]\n"
    )
    text = text.replace(
        "      fit:\n", "      known: {that: deal.email == 'x@y.example', mode: warn}\n      fit:\n"
    )
    engine = make(MemoryStore(), registry, clock, text)
    case = opened(engine, amount="5 EUR", pain="slow", email="ann@client.example")
    done = engine.run(Advance(case), actor="sam", key="k")
    assert isinstance(done, Done)
    assert [blocker.criterion for blocker in done.warned] == ["known"]
    receipt = engine.store.receipt("default", "k")
    assert receipt is not None
    assert b"ann@client" not in receipt.answer
    stored = [event.data for event in engine.store.events("default", f"case:{case}")]
    assert not [data for data in stored if b"ann@client" in data]
    assert [data for data in stored if b"Write to [email]" in data]


def test_a_changed_process_needs_a_new_version_once_it_has_cases_and_texts_do_not(
    engine: Engine, registry: Registry, clock: Clock
) -> None:
    store = engine.store
    stricter = DEALS.replace("deal.amount > 0", "deal.amount > 100 EUR")
    make(store, registry, clock, stricter)
    case = opened(make(store, registry, clock, DEALS), amount="5 EUR", pain="slow")
    with pytest.raises(
        InputError, match="deals: version 1 has cases and its process changed; write version: 2"
    ):
        make(store, registry, clock, stricter)
    renamed = make(store, registry, clock, DEALS.replace("A pain and a price", "Pain and price"))
    assert renamed.run(Set(case, {"pain": ""}), actor="sam")
    assert [b.title for b in renamed.why(case, actor="sam").blockers] == ["Pain and price"]
    newer = make(store, registry, clock, stricter.replace("version: 1", "version: 2"))
    assert newer.run(Set(case, {"pain": "slow"}), actor="sam")
    assert newer.why(case, actor="sam").can_advance, "a case runs on the definition it was opened with"
    assert not newer.why(opened(newer, amount="5 EUR", pain="slow"), actor="sam").can_advance
    late = opened(renamed, amount="5 EUR", pain="slow")
    assert not newer.why(late, actor="sam").can_advance, (
        "what an engine holds gives way to what others publish"
    )
    with pytest.raises(InputError, match="version 1 is older than the published version 2"):
        make(store, registry, clock, DEALS)


def test_publishing_refuses_a_project_with_problems(registry: Registry, clock: Clock) -> None:
    read = project(**{"deals.playbook.yaml": DEALS.replace("deal.amount > 0", "deal.amuont > 0")})
    with pytest.raises(ProblemsFound, match=r"deals.playbook.yaml:16:\d+ .*amuont"):
        Engine.open(read, store=MemoryStore(), registry=registry, clock=clock).publish(actor="operator")


class Halving:
    """A plugin with one function, of the contract version it is made with."""

    def __init__(self, version: str) -> None:
        self.version = version

    @hookimpl
    def playbook_functions(self) -> Iterator[Function]:
        yield Function("half", (types.INT,), types.INT, lambda n: n // 2, self.version)


def test_a_plugin_that_is_gone_or_of_another_contract_blocks_and_names_itself(clock: Clock) -> None:
    text = DEALS.replace("deal.amount > 0", "half(4) == 2").replace(
        "stages:", "moves: {reopen: {by: owner, approval: {by: manager}}}\nstages:"
    )
    files = {"organization.yaml": ORGANIZATION, "deals.playbook.yaml": text}
    first = load(entry_points=False, extra={"halving": Halving("1")})
    read = Project.from_files(files, functions=first.functions)
    assert not read.problems
    engine = Engine.open(read, store=MemoryStore(), registry=first, clock=clock)
    engine.publish(actor="operator")
    case = opened(engine, pain="slow")
    assert engine.why(case, actor="sam").can_advance
    closed = opened(engine)
    engine.run(Close(closed, "lost"), actor="sam")
    for registry in (load(entry_points=False), load(entry_points=False, extra={"halving": Halving("2")})):
        other = Engine.open(None, store=engine.store, registry=registry, clock=clock)
        blockers = other.why(case, actor="sam").blockers
        assert [(b.kind, b.missing) for b in blockers] == [("plugin", ("halving/functions/half 1",))]
        reopened = other.run(Reopen(closed, "they called"), actor="sam")
        assert isinstance(reopened, Refused)
        assert "plugin" in [b.kind for b in reopened.blockers]
        for command in (
            Set(case, {"pain": "none"}), Do(case, "meeting"), Log(case, "note"), Assign(case, "dana"),
            Waive(case, "fit", "they know us", dt.date(2030, 1, 1)), Approve(case, "any"),
            Split(case, {"sam": "100%"}), Advance(case), Close(case, "lost"),
        ):  # fmt: skip
            refused = other.run(command, actor="sam")
            assert isinstance(refused, Refused), command
            assert [b.kind for b in refused.blockers] == ["plugin"], command
        before = other.find(actor="operator").items
        other.guide(case, actor="sam")
        assert other.find(actor="operator").items == before
        assert not list(prove(other))


def test_a_snapshot_of_another_fold_is_folded_anew(registry: Registry, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "playbook.db"
    engine = make(SqliteStore(str(file)), registry, clock)
    case = opened(engine, amount="5 EUR", email="ann@client.example")
    before = engine.case(case)
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(
            "UPDATE streams SET fold = 0, snapshot = x'00' WHERE stream = ?", (f"case:{case}",)
        )
    connection.close()
    fresh = Engine.open(None, store=engine.store, registry=registry, clock=clock)
    assert fresh.case(case) == before
    engine.store.close()


def test_many_threads_on_one_case_lose_nothing(engine: Engine) -> None:
    case = opened(engine)
    faults: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for i in range(10):
                assert isinstance(engine.run(Log(case, "note", text=f"{n}-{i}"), actor="sam"), Done)
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            faults.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    texts = [entry.text for entry in engine.case(case).entries]
    assert sorted(texts) == sorted(f"{n}-{i}" for n in range(6) for i in range(10))
    assert [t for t in texts if t.startswith("3-")] == [f"3-{i}" for i in range(10)]
    assert list(prove(engine)) == []


def test_a_byte_changed_by_hand_in_the_database_is_found(
    registry: Registry, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "playbook.db"
    engine = make(SqliteStore(str(file)), registry, clock)
    case = opened(engine, amount="5 EUR")
    engine.run(Set(case, {"pain": "slow"}), actor="sam")
    engine.store.close()
    data = file.read_bytes()
    assert data.count(b'"pain":"slow"') >= 1
    file.write_bytes(data.replace(b'"pain":"slow"', b'"pain":"slaw"'))
    again = Engine.open(None, store=SqliteStore(str(file)), registry=registry, clock=clock)
    findings = list(prove(again))
    again.store.close()
    assert {f.stream for f in findings} == {f"case:{case}"}
    assert any(f.version == 2 for f in findings)


def test_a_snapshot_or_index_row_changed_by_hand_is_found(
    registry: Registry, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "playbook.db"
    engine = make(SqliteStore(str(file)), registry, clock)
    case = opened(engine, amount="5 EUR")
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("UPDATE cases SET amount = 1")
    assert [f.message for f in prove(engine)] == ["the index row is not what its events say"]
    with connection:
        connection.execute("UPDATE cases SET amount = 500")
        connection.execute(
            "UPDATE streams SET snapshot = CAST(replace(snapshot, 'Big', 'Bag') AS BLOB) WHERE stream = ?",
            (f"case:{case}",),
        )
    connection.close()
    assert [f.message for f in prove(engine)] == ["the snapshot is not the fold of its events"]
    engine.store.close()


def test_a_tally_changed_by_hand_is_found(registry: Registry, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "playbook.db"
    engine = make(SqliteStore(str(file)), registry, clock)
    opened(engine, amount="5 EUR")
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE tallies SET low = low + 1")
        connection.execute(
            "INSERT INTO tallies SELECT tenant, owner, 'record:account', stage, status, outcome, team, hidden,"
            " currency, count, priced, high, low FROM tallies"
        )
    messages = [finding.message for finding in prove(engine)]
    assert len(messages) == 4
    for message in messages[:2]:
        assert message.endswith("is 1 with 501 EUR, the cases are 1 with 500 EUR")
        assert "owner 'sam'" in message
    for message in messages[2:]:
        assert message.endswith("is 1 with 501 EUR, the cases are none")
        assert "playbook 'record:account'" in message
    engine.store.close()


def test_tenants_know_nothing_of_each_other(engine: Engine) -> None:
    case = opened(engine)
    other = Engine.open(
        engine.project, store=engine.store, tenant="other", registry=engine.registry, clock=engine.clock
    )
    with pytest.raises(UnknownName):
        other.case(case)
    with pytest.raises(UnknownName):
        other.run(Open("", "deals", "X"), actor="sam")
    other.publish(actor="operator")
    other.run(Open("", "deals", "X"), actor="sam")
    assert [view.name for view in engine.find(actor="sam").items] == ["Big Co"]


def test_a_key_that_only_the_store_knows_is_settled_by_the_store(engine: Engine) -> None:
    """Two engines race with one key: the second to append gets the first's answer."""
    case = opened(engine)
    engine.store.append([Batch(engine.tenant, (), "race", b"other", b"{}")])
    with pytest.raises(KeyReused):
        engine.run(Set(case, {"pain": "x"}), actor="sam", key="race")
