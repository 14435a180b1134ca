"""Records, those that are shipped, and what references may name; files that are translations."""

from __future__ import annotations

from playbook.model.record import Record
from playbook.reading import codes
from playbook.reading.project import Project, read_text
from playbook.reading.translating import texts_of

ACCOUNT = """\
record: account
title: Account
unique: [domain]
roles: [customer, partner]
fields:
  domain: {type: text}
  seats:  {type: integer}
  price:  {type: money}
  total:  {type: money, is: account.price * account.seats}
"""
DEALS = """\
playbook: deals
version: 1
subject: deal
title: Deals
fields:
  account: {type: reference, to: account}
  title:   {type: text, title: Title, help: What it is}
  origin:  {type: reference, to: deals}
stages:
  first:
    title: First
    guidance: {goal: Begin, resources: [{title: Wiki, link: "https://wiki.example"}]}
    activities: {demo: {kind: meeting, checklist: [Room]}}
    exit: {big: {that: deal.account.seats > 5, hint: Sell more}}
    on_enter: [{advance: {}}, {notify: owner, say: Hello}]
    next: [won]
  won: {final: won}
"""


def test_a_record_becomes_the_model() -> None:
    reading = read_text(ACCOUNT, "account.record.yaml")
    assert reading.problems == ()
    record = reading.value
    assert isinstance(record, Record)
    assert (record.id, record.title, record.unique, record.roles) == (
        "account", "Account", ("domain",), ("customer", "partner"),
    )  # fmt: skip
    total = record.fields[3].is_
    assert total is not None
    assert total.tree[0] == "mul"


def test_a_record_may_name_its_own_fields_only() -> None:
    text = ACCOUNT.replace("account.seats}", "case.age}")
    assert [problem.code for problem in read_text(text, "f").problems] == [codes.CONDITION_NAME]


def test_every_project_has_the_shipped_records_and_its_own_go_before() -> None:
    shipped = Project.from_files({})
    assert list(shipped.records) == ["account", "contact", "product"]
    assert shipped.problems == ()
    own = Project.from_files({"account.record.yaml": ACCOUNT})
    account = own.records["account"].value
    assert account is not None
    assert [field.id for field in account.fields] == ["domain", "seats", "price", "total"]
    assert "contact" in own.records


def test_a_reference_is_followed_into_the_record_or_playbook_it_is_to() -> None:
    files = {"account.record.yaml": ACCOUNT, "deals.playbook.yaml": DEALS}
    assert Project.from_files(files).problems == ()
    wrong = {**files, "deals.playbook.yaml": DEALS.replace("account.seats", "account.seat")}
    (problem,) = Project.from_files(wrong).problems
    assert (problem.code, problem.hint) == (codes.CONDITION_NAME, "did you mean 'seats'?")
    through = {**files, "deals.playbook.yaml": DEALS.replace("deal.account.seats", "size(deal.origin.titel)")}
    (problem,) = Project.from_files(through).problems
    assert (problem.code, problem.hint) == (codes.CONDITION_NAME, "did you mean 'title'?")


def test_texts_for_people_are_found_by_path() -> None:
    assert texts_of(read_text(DEALS, "f")) == {
        "title": "Deals",
        "fields.title.title": "Title",
        "fields.title.help": "What it is",
        "stages.first.title": "First",
        "stages.first.guidance.goal": "Begin",
        "stages.first.guidance.resources.0.title": "Wiki",
        "stages.first.activities.demo.checklist.0": "Room",
        "stages.first.exit.big.hint": "Sell more",
        "stages.first.on_enter.1.say": "Hello",
    }


def test_a_translation_has_texts_by_the_same_paths_and_null_is_missing() -> None:
    text = """\
translation: deals
locale: fa
title: فروش
stages: {first: {title: null, on_enter: {1: {say: سلام}}, activities: {demo: {checklist: [اتاق]}}}}
source: {title: Deals}
"""
    files = {"account.record.yaml": ACCOUNT, "deals.playbook.yaml": DEALS, "deals.fa.yaml": text}
    project = Project.from_files(files)
    assert project.problems == ()
    translation = project.translations["deals.fa"].value
    assert translation is not None
    assert translation.texts == {
        "title": "فروش",
        "stages.first.on_enter.1.say": "سلام",
        "stages.first.activities.demo.checklist.0": "اتاق",
    }
    assert translation.source == {"title": "Deals"}


def test_only_files_that_say_so_are_translations() -> None:
    project = Project.from_files(
        {"config.dev.yaml": "debug: true\n", "a.fa.yaml": "# x\n\ntranslation: a\nlocale: fa\n"}
    )
    assert project.problems == ()
    assert list(project.translations) == ["a.fa"]
