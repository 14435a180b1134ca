from __future__ import annotations

import pytest

import playbook
from playbook.errors import InputError
from playbook.importing import import_file
from playbook.importing.rows import case_id
from playbook.model.commands import Merge, SetRecord
from playbook.money import Money

from .conftest import NOW, Desk

ACCOUNTS = """
mapping: accounts
into: account
key: id
columns:
  fields:
    name: company
    domain: web
    size: {column: staff, decimal: ","}
    revenue: {column: revenue, currency: USD}
    parent: parent
    mail: mail
"""
RECORD = """
record: account
unique: [domain, mail]
fields:
  name: {type: text}
  domain: {type: text}
  size: {type: integer}
  revenue: {type: money}
  parent: {type: reference, to: account}
  mail: {type: email, personal: true}
"""
HEADER = "id,company,web,staff,revenue,parent,mail\n"
ALDER = "1,Alder,alder.example,20,1000.50,Basalt,a@alder.example\n"
BASALT = "2,Basalt,basalt.example,900,,,\n"


@pytest.fixture
def accounts(desk: Desk) -> Desk:
    desk.files |= {"account.record.yaml": RECORD, "accounts.mapping.yaml": ACCOUNTS}
    desk.publish()
    return desk


def take(desk: Desk, *rows: str) -> tuple[int, int, int, list[tuple[int, str]]]:
    outcome = desk.take(HEADER + "".join(rows), "accounts")
    assert outcome.rows == len(rows)
    return (
        outcome.opened,
        outcome.changed,
        outcome.skipped,
        [(bad.line, bad.reason) for bad in outcome.rejected],
    )


def record_id(key: str) -> str:
    return f"r{case_id('accounts', key)[1:]}"


def test_rows_become_records_and_refer_to_one_another_wherever_they_stand(accounts: Desk) -> None:
    assert take(accounts, ALDER, BASALT) == (2, 0, 0, [])
    alder = accounts.engine.record("account", "alder.example")
    assert alder.id == record_id("1")
    assert alder.fields == {
        "name": "Alder", "domain": "alder.example", "size": 20, "revenue": Money.of("1000.50", "USD"),
        "parent": record_id("2"), "mail": "a@alder.example",
    }  # fmt: skip
    (opened,) = accounts.engine.history_of("account", "Alder", actor="operator")
    assert (opened.item.actor, opened.item.at) == ("import", NOW)


def test_twice_changes_nothing_and_a_changed_row_changes_its_record_alone(accounts: Desk) -> None:
    take(accounts, ALDER, BASALT)
    accounts.engine.run(SetRecord("account", "Basalt", {"size": 950}), actor="sam")
    before = accounts.log
    assert take(accounts, ALDER, BASALT) == (0, 0, 2, [])
    assert accounts.log == before
    assert take(accounts, ALDER.replace(",20,", ",21,").replace("1000.50", ""), BASALT) == (0, 1, 1, [])
    changed = accounts.engine.record("account", "Alder").fields
    assert changed["size"] == 21
    assert "revenue" not in changed
    assert accounts.engine.record("account", "Basalt").fields["size"] == 950
    assert take(accounts, ALDER, BASALT) == (0, 1, 1, [])


def test_each_bad_row_is_named_and_nothing_of_it_goes_in(accounts: Desk) -> None:
    accounts.engine.run(SetRecord("account", "", {"name": "Old", "domain": "old.example"}), actor="sam")
    opened, _, _, rejected = take(
        accounts,
        BASALT,
        "3,Cedar,cedar.example,many,,,\n",
        "4,Dune,OLD.example,1,,,\n",
        "5,Elm,elm.example,1,,Nobody,\n",
        ",Fir,fir.example,1,,,\n",
        "2,Again,again.example,1,,,\n",
        "6,Gorse,basalt.example,1,,,\n",
        "7,,,,,,\n",
        "8,Heath,heath.example,1,,,x\n",
    )
    assert opened == 1
    assert [line for line, _ in rejected] == [3, 4, 5, 6, 7, 8, 9, 10]
    reasons = [reason for _, reason in rejected]
    assert "staff: 'many' is not an integer" in reasons[0]
    assert "domain OLD.example belongs to the account Old" in reasons[1]
    assert "there is no account 'Nobody'" in reasons[2]
    assert reasons[3] == "id: the key is missing"
    assert reasons[4] == "id: '2' stands on line 2 already"
    assert "domain basalt.example belongs to the account Basalt" in reasons[5]
    assert "a new account needs a value" in reasons[6]
    assert "mail: 'x' is not an e-mail address" in reasons[7]
    assert sorted(view.name for view in accounts.engine.records("account").items) == ["Basalt", "Old"]
    assert take(accounts, "3,Cedar,cedar.example,7,,Basalt,\n")[0] == 1


def test_personal_values_that_are_unique_are_so_within_one_file(accounts: Desk) -> None:
    rows = [f"{n},Co {n},,,,,{'same' if n in (3, 5) else n}@x.example\n" for n in range(1, 7)]
    opened, _, _, rejected = take(accounts, *rows)
    assert (opened, [line for line, _ in rejected]) == (5, [6])
    assert accounts.engine.record("account", "same@x.example").name == "Co 3"


def test_stop_ends_at_the_first_bad_row_and_keeps_those_before(accounts: Desk) -> None:
    accounts.remap("accounts", "key: id", "key: id\non_bad_row: stop")
    outcome = accounts.take(HEADER + BASALT + "3,Cedar,,,,Nobody,\n" + ALDER, "accounts")
    assert (outcome.rows, outcome.opened, [bad.line for bad in outcome.rejected]) == (2, 1, [3])


def test_many_rows_and_an_end_in_between(accounts: Desk) -> None:
    rows = [f"{n},Co {n},co{n}.example,{n},,{'Co 1200' if n % 2 else ''},\n" for n in range(1, 1201)]

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        accounts.take(HEADER + "".join(rows), "accounts", stop)
    opened, changed, skipped, rejected = take(accounts, *rows)
    assert (changed, rejected) == (0, [])
    assert opened + skipped == 1200
    assert take(accounts, *rows) == (0, 0, 1200, [])


def test_a_row_of_a_record_that_was_merged_is_told_so_and_changes_nothing(accounts: Desk) -> None:
    take(accounts, ALDER, BASALT)
    accounts.engine.run(Merge("account", "Alder", "Basalt"), actor="sam")
    assert take(accounts, ALDER, BASALT) == (0, 0, 2, [])
    _, changed, _, ((line, reason),) = take(accounts, ALDER, BASALT.replace(",900,", ",901,"))
    assert (changed, line) == (0, 3)
    assert reason == f"the account was merged into {record_id('1')}; change that one"


def test_what_was_forgotten_does_not_come_back(accounts: Desk) -> None:
    take(accounts, ALDER, BASALT)
    accounts.engine.forget("account:Alder", actor="operator")
    assert take(accounts, ALDER, BASALT) == (0, 0, 2, [])
    _, changed, _, ((line, reason),) = take(accounts, ALDER.replace(",20,", ",21,"), BASALT)
    assert (changed, line) == (0, 2)
    assert "was forgotten" in reason


def test_cases_imported_later_name_accounts_by_what_is_unique(accounts: Desk) -> None:
    text = accounts.files["deals.playbook.yaml"].replace("version: 1", "version: 2")
    accounts.files["deals.playbook.yaml"] = text.replace(
        "  note: {type: text}", "  note: {type: text}\n  account: {type: reference, to: account}"
    )
    accounts.remap("deals", "  fields:\n", "  fields:\n    account: company\n")
    accounts.publish()
    take(accounts, ALDER, BASALT)
    rows = "id,rep,product,company,stage,opened,closed,value\n1,Sam Okafor,,alder.example,engaging,2026-01-07,,\n"
    assert accounts.take(rows + "2,Sam Okafor,,Nobody,engaging,2026-01-07,,\n").opened == 1
    case = accounts.engine.case(case_id("deals", "1"))
    assert case.fields["account"] == record_id("1")


def test_a_guard_looks_at_records_too_and_knows_that_they_are_imported(accounts: Desk) -> None:
    seen = []

    class Looks:
        @playbook.hookimpl
        def playbook_before_commit(self) -> list[playbook.Guard]:
            def look(change: playbook.Change) -> list[playbook.Blocker]:
                seen.append((change.kind, change.historical, change.before is None))
                return (
                    [playbook.Blocker("g", "guard", "No more")]
                    if change.after.fields["name"] == "Basalt"
                    else []
                )

            return [playbook.Guard("looks", "1", look, streams=("record",))]

    registry = playbook.load_plugins(extra={"looks": Looks()}, entry_points=False)
    accounts.engine = playbook.Engine.open(None, store=accounts.store, registry=registry)
    _, _, _, rejected = take(accounts, "3,Cedar,,,,,\n", BASALT)
    assert rejected == [(3, "1 unmet: No more")]
    assert seen == [("record", True, True), ("record", True, True)]


def test_a_field_that_is_not_there_is_told_before_anything(accounts: Desk) -> None:
    del accounts.files["accounts.mapping.yaml"]
    wrong = playbook.Project.from_files(
        {"w.mapping.yaml": ACCOUNTS.replace("    mail: mail", "    mial: mail")}
    )
    value = wrong.mappings["accounts"].value
    assert value is not None
    file = accounts.write(HEADER + BASALT)
    with pytest.raises(InputError, match="account has no field 'mial'; did you mean 'mail'"):
        import_file(accounts.engine, value, file, actor="operator")
