"""Records: uniqueness under concurrency, keys, forgetting, kinds that change."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.engine import Done, Engine
from playbook.engine.proof import prove
from playbook.errors import InputError, KeyReused, Refused, UnknownName
from playbook.model.commands import Merge, Open, SetRecord
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Query
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from playbook.stores.interface import Store

PLAYBOOK = """
playbook: deals
version: 1
subject: deal
title: Deals
fields:
  account: {type: reference, to: account}
  champion: {type: reference, to: contact, personal: true}
stages:
  start: {exit: {home: {that: deal.account.country == "DE"}}, next: [won]}
  won: {final: won}
"""
ACCOUNT = """
record: account
title: Account
unique: [domain]
fields:
  name: {type: text}
  domain: {type: text}
  country: {type: text}
  half: {type: number, is: account.size / 2}
  size: {type: number}
"""
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def engine_on(store: Store, account: str = ACCOUNT) -> Engine:
    files = {"deals.playbook.yaml": PLAYBOOK, "account.record.yaml": account}
    engine = Engine.open(
        Project.from_files(files), store=store, registry=load(entry_points=False), clock=lambda: NOW
    )
    engine.publish(actor="operator")
    return engine


def opened(engine: Engine, kind: str = "account", **fields: object) -> str:
    done = engine.run(SetRecord(kind, fields=fields), actor="sam")
    assert isinstance(done, Done), done
    return done.case


@settings(max_examples=12, deadline=None)
@given(
    plans=st.lists(
        st.lists(
            st.tuples(st.sampled_from(("open", "set", "merge")), st.integers(0, 3), st.sampled_from("pqrs")),
            min_size=1,
            max_size=6,
        ),
        min_size=2,
        max_size=4,
    )
)
def test_no_two_records_ever_have_a_unique_value_whatever_threads_do(
    plans: list[list[tuple[str, int, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(str(Path(folder) / "playbook.db"))
        engine = engine_on(store)
        known = [opened(engine, name=f"R{n}", domain=f"start{n}") for n in range(4)]
        errors: list[str] = []

        def work(plan: list[tuple[str, int, str]]) -> None:
            for verb, n, letter in plan:
                command: SetRecord | Merge = SetRecord("account", fields={"domain": letter})
                if verb == "set":
                    command = SetRecord("account", known[n], {"domain": letter.upper()})
                elif verb == "merge":
                    command = Merge("account", known[n], known[(n + 1) % 4])
                try:
                    engine.run(command, actor="sam")
                except InputError as error:
                    errors.append(str(error))

        threads = [threading.Thread(target=work, args=(plan,)) for plan in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all("are the same" in error for error in errors)
        domains = [
            view.fields["domain"].lower()
            for view in engine.records("account", limit=100).items
            if "domain" in view.fields
        ]
        assert len(domains) == len(set(domains))
        for view in engine.records("account", limit=100).items:
            if "domain" in view.fields:
                assert engine.record("account", view.fields["domain"]).id == view.id
        assert list(prove(engine)) == []
        store.close()


def test_of_threads_that_want_one_value_one_gets_it_and_the_others_hear_who() -> None:
    engine = engine_on(MemoryStore())
    answers: list[Done | Refused] = []

    def claim(n: int) -> None:
        answers.append(
            engine.run(SetRecord("account", fields={"name": f"A{n}", "domain": "a.example"}), actor="sam")
        )

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [answer for answer in answers if isinstance(answer, Done)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == 7
    assert all(won.case in answer.message for answer in refused)


def test_a_key_makes_a_record_once() -> None:
    engine = engine_on(MemoryStore())
    command = SetRecord("account", fields={"domain": "a.example"})
    first = engine.run(command, actor="sam", key="k")
    again = engine.run(command, actor="sam", key="k")
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert (again.case, again.repeated, first.repeated) == (first.case, True, False)
    with pytest.raises(KeyReused):
        engine.run(SetRecord("account", fields={"domain": "b.example"}), actor="sam", key="k")
    assert len(engine.records("account").items) == 1


def test_records_come_newest_first_by_pages_and_by_name_and_never_among_cases() -> None:
    engine = engine_on(MemoryStore())
    ids = {opened(engine, name=f"N{n % 2}", domain=f"d{n}") for n in range(5)}
    engine.run(Open("", "deals", "D"), actor="sam")
    first = engine.records("account", limit=3)
    rest = engine.records("account", limit=3, after=first.next)
    assert {view.id for view in (*first.items, *rest.items)} == ids
    assert rest.next is None
    assert len(engine.records("account", name="N0").items) == 3
    assert [view.name for view in engine.find(actor="operator").items] == ["D"]
    assert sum(tally.count for tally in engine.tally(by=("playbook",), actor="operator")) == 1
    assert [len(chunk["case"]) for chunk in engine.columns("cases", actor="operator")] == [1]
    assert engine.record("account", next(iter(ids))[:6]).id in ids
    with pytest.raises(UnknownName, match="kind of record"):
        engine.records("acount")


def test_a_computed_field_of_a_record_is_shown() -> None:
    engine = engine_on(MemoryStore())
    record = engine.record("account", opened(engine, name="A", size="9"))
    assert [*record.fields] == ["name", "half", "size"]
    assert str(record.fields["half"]) == "4.5"


def test_nothing_of_a_forgotten_person_is_left_in_the_store(tmp_path: Path) -> None:
    path = tmp_path / "playbook.db"
    store = SqliteStore(str(path))
    engine = engine_on(store)
    ann = opened(engine, "contact", name="Annegret Li", email="annegret@a.example")
    opened(engine, "contact", name="Ben", email="ben@a.example")
    engine.run(Open("", "deals", "D", fields={"champion": "annegret@a.example"}), actor="sam")
    assert engine.forget(ann, actor="operator").values == 3
    store.close()
    left = path.read_bytes() + b"".join(file.read_bytes() for file in tmp_path.glob("*-wal"))
    assert b"nnegret" not in left
    assert b"ben@a.example" in left
    with contextlib.closing(SqliteStore(str(path))) as store:
        again = engine_on(store)
        assert list(prove(again)) == []
        assert again.record("contact", ann).name == ""
        assert again.forget(ann, actor="operator").values == 0


def test_a_unique_personal_value_cannot_be_guessed_from_the_log() -> None:
    names = []
    for _ in range(2):
        store = MemoryStore()
        engine = engine_on(store)
        opened(engine, "contact", name="Ann", email="ann@a.example")
        names += [stream for stream in store.streams("default") if stream.startswith("unique:contact:email:")]
    assert len(set(names)) == 2


def test_a_command_is_decided_anew_where_a_record_it_read_has_moved_on() -> None:
    store = MemoryStore()
    engine, other = engine_on(store), engine_on(store)
    account = opened(engine, name="A", country="DE")
    case = engine.run(Open("", "deals", "D", fields={"account": "A"}), actor="sam")
    assert isinstance(case, Done)
    unit = engine.unit(case.case, NOW)
    unit.stream(case.case)
    other.run(SetRecord("account", account, {"country": "FR"}), actor="sam")
    reads = dict(unit.batch(None, b"", b"", also=f"case:{case.case}").reads)
    assert reads[f"record:account:{account}"] == 1
    assert store.load("default", [f"record:account:{account}"])[f"record:account:{account}"].version == 2


def test_texts_of_a_kind_change_freely_and_types_do_not_while_there_are_records() -> None:
    store = MemoryStore()
    engine = engine_on(store)
    other = ACCOUNT.replace("size: {type: number}", "size: {type: text}").replace(" / 2", ".size()")
    engine_on(store, other)
    engine_on(store)
    opened(engine, name="A", size="9")
    engine_on(store, ACCOUNT.replace("title: Account", "title: Company"))
    engine_on(store, ACCOUNT.replace("  half: {type: number, is: account.size / 2}\n", ""))
    with pytest.raises(InputError, match="there are records whose size is a number"):
        engine_on(store, other)
    with pytest.raises(InputError, match="among which name is not known to be unique"):
        engine_on(store, ACCOUNT.replace("[domain]", "[domain, name]"))
    engine_on(store, ACCOUNT.replace("[domain]", "[domain, code]") + "  code: {type: text}\n")
    assert engine.record("account", "A").name == "A"
    assert list(prove(engine)) == []


def test_forgetting_names_what_it_means() -> None:
    engine = engine_on(MemoryStore())
    opened(engine, "contact", name="Same", email="ann@a.example")
    opened(engine, name="Same")
    with pytest.raises(InputError, match="names several things"):
        engine.forget("Same", actor="operator")
    with pytest.raises(UnknownName, match="there is no record, person or case 'Nobody'"):
        engine.forget("Nobody", actor="operator")
    with pytest.raises(UnknownName, match="there is no contact 'Sam'; did you mean 'Same'"):
        engine.forget("contact:Sam", actor="operator")
    assert engine.forget("contact:Same", actor="operator").fields == ("name", "email")


def test_an_index_row_of_a_record_is_found_by_what_it_refers_to() -> None:
    store = MemoryStore()
    engine = engine_on(store)
    account = opened(engine, name="A", domain="a.example")
    contact = opened(engine, "contact", name="Ann", account="a.example")
    query = Query("record:contact", link=f"record:account:{account}")
    assert [row.case for row in store.find("default", query, limit=5).items] == [f"record:contact:{contact}"]
