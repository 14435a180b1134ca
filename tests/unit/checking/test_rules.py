"""What happens by itself, who decides, and the organization: what is wrong is found, what is right left alone."""

from __future__ import annotations

import pytest

from playbook.checking import problems_of
from playbook.reading.project import Project

DEALS = """\
playbook: deals
version: 2
subject: deal
parameters: {stale_after: 14d}
segments: [{when: deal.size == "large", set: {stale_after: 45d}}]
fields:
  account:  {type: reference, to: account}
  size:     {type: choice, options: [small, large]}
  price:    {type: money, required_from: first}
  ends:     {type: date, required_from: first}
  reason:   {type: text}
  engineer: {type: person, visible_to: engineer}
  net:      {type: money, is: deal.price * 2}
entries: {payment: {by: [owner, ae]}}
split: {owner: 80%, engineer: 20%}
who_may: {see: team, waive: [manager, vera]}
moves: {back: {by: owner, approval: {by: manager}}, reopen: {by: vera, not_to: [second]}}
timers:
  stale: {in: [first], idle: $stale_after, resets_on: [move, entry.payment, field.reason],
          then: [{close: lost, with: {reason: Gone}}]}
stages:
  first:
    activities: {demo: {kind: meeting, assign: engineer, outcomes: {held: done}}}
    timers:
      ending: {before: ends, by: 90d, then: [{notify: ae}]}
      follow: {after: {done: demo, outcome: held}, by: 2d, then: [{schedule: demo}]}
    exit:
      ok: {approval: {in_order: [manager, vera], refused: {back: first}}, covers: [price]}
      one: {unique: {by: [account]}}
    next: [second]
  second:
    on_enter: [{open: success, copy: {account: account}, owner: {role: ae}}]
    next: [won]
  won:  {final: won}
  lost: {final: lost, from: any, entry: {why: {fields: [reason]}}}
when_child: {playbook: success, churned: [{advance: won}]}
migrate: [{from: 1, stages: {demo: first}, fields: {acv: price}}]
"""
SUCCESS = """\
playbook: success
version: 1
subject: customer
fields: {account: {type: reference, to: account}, origin: {type: reference, to: deals}}
stages: {on: {next: [off]}, off: {final: churned, stamp: [origin]}}
"""
ORGANIZATION = """\
organization: acme
approves_when_no_manager: vera
calendars: {berlin: {timezone: Europe/Berlin}}
teams:
  north: {manager: vera, calendar: berlin}
territories:
  small: {for: deal, team: north, when: deal.size == "small"}
  large: {for: deal, when: 'deal.size in ["large"]'}
assignment: [{for: deal, to: {role: ae, team: north, territory: small}}]
measures:
  won:   {playbook: deals, outcome: won, amount: deal.price, date: case.closed}
  paid:  {playbook: deals, entry: payment, count: true}
  share: {ratio: [paid, won]}
quotas: [{period: 2027-Q1, measure: won, person: sam, target: 40 EUR}]
people:
  vera: {name: Vera Lind, role: director}
  sam:
    name: Sam Okafor
    calendar: berlin
    history: [{role: ae, team: north, territory: small, manager: vera}]
    away: [{from: 2026-08-01, to: 2026-08-21, delegate: vera}]
"""
FILES = {"deals.playbook.yaml": DEALS, "success.playbook.yaml": SUCCESS, "organization.yaml": ORGANIZATION}


def found(files: dict[str, str]) -> list[str]:
    return [
        f"{p.severity} {p.code} {_at(p.excerpt, p.span.column)}"
        for p in problems_of(Project.from_files(files))
    ]


def _at(excerpt: str, column: int) -> str:
    """Return the word at a place."""
    rest = excerpt[column - 1 :]
    return rest[: next((i for i, char in enumerate(rest) if char in " :,]}"), len(rest))]


def test_a_sound_project_is_left_alone() -> None:
    assert found(FILES) == []


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("{in: [first]", "{in: [frst]", ["error unknown-stage frst"]),
        ("close: lost,", "close: lst,", ["error unknown-stage lst"]),
        ("refused: {back: first}", "refused: {back: frst}", ["error unknown-stage frst"]),
        ("not_to: [second]", "not_to: [secnd]", ["error unknown-stage secnd"]),
        ("{demo: first}", "{demo: frst}", ["error unknown-stage frst"]),
        ("{acv: price}", "{acv: prise}", ["error unknown-field prise"]),
        ("covers: [price]", "covers: [prise]", ["error unknown-field prise"]),
        ("by: [account]}", "by: [acount]}", ["error unknown-field acount"]),
        ("before: ends,", "before: end,", ["error unknown-field end"]),
        ("field.reason]", "field.raeson]", ["error unknown-field field.raeson"]),
        ("entry.payment,", "entry.paymnt,", ["error unknown-entry entry.paymnt"]),
        ("{account: account},", "{account: acount},", ["error unknown-field acount"]),
        ("{account: account},", "{acount: account},", ["error unknown-field acount"]),
        (
            "with: {reason: Gone}",
            "with: {raeson: Gone}",
            ["warning action-refused lost", "error unknown-field raeson"],
        ),
        ("done: demo", "done: dmo", ["error unknown-activity dmo"]),
        ("schedule: demo", "schedule: dmo", ["error unknown-activity dmo"]),
        ("outcome: held", "outcome: hold", ["error unknown-outcome hold"]),
        ("$stale_after", "$stale", ["error unknown-parameter $stale"]),
        ("set: {stale_after: 45d}", "set: {stale_after: 45}", ["error malformed 45"]),
        ("{stale_after: 14d}", "{stale_after: soon}", ["error malformed soon"]),
        ("owner: 80%", "owner: 70%", ["error split-sum split"]),
        ("deal.price * 2", "deal.net * 2", ["error circle deal.net"]),
        ("to: account}", "to: acount}", ["error unknown-record acount"]),
        ("open: success", "open: sucess", ["error unknown-playbook sucess"]),
        ("playbook: success,", "playbook: sucess,", ["error unknown-playbook sucess"]),
        ("churned: [", "won: [", ["error unknown-outcome won"]),
        ("waive: [manager, vera]", "waive: [manger, vera]", ["warning unknown-who manger"]),
        ("by: [owner, ae]", "by: finance", ["warning unknown-who finance"]),
        ("notify: ae", "notify: ea", ["warning unknown-who ea"]),
        ("owner: {role: ae}", "owner: {role: ea}", ["warning unknown-who ea"]),
        ("visible_to: engineer", "visible_to: engneer", ["warning unknown-who engneer"]),
        ("engineer: 20%", "enginer: 20%", ["warning unknown-who 20%"]),
        ("in_order: [manager, vera]", "in_order: [manager, veer]", ["error nobody-approves veer"]),
        ("in_order: [manager, vera]", "any: [manager, veer]", ["warning unknown-who veer"]),
        ("in_order: [manager, vera]", "all: [owner, vera], separate: true", ["error nobody-approves {all"]),
        ("in_order: [manager, vera]", 'quorum: "2 of [ae, ae]"', ["error nobody-approves {quorum"]),
        ("in_order: [manager, vera]", 'quorum: "3 of [ae, vera]"', ["error nobody-approves {quorum"]),
        ("in_order: [manager, vera]", 'quorum: "3 of [team, vera]"', []),
        ("{type: date, required_from: first}", "{type: date}", ["advice timer-never ends"]),
        ("{type: date, required_from: first}", "{type: text}", ["error timer-never ends"]),
        ("{in: [first], idle", "{in: [won], idle", ["error timer-never stale"]),
        ("final: lost, from: any", "final: lost, from: [second]", ["error action-refused lost"]),
        ("close: lost, with: {reason: Gone}", "close: lost", ["warning action-refused lost"]),
        ("close: lost, with", "close: second, with", ["error action-refused second"]),
        ("copy: {account: account}", "copy: {origin: account}", ["warning action-refused account"]),
        ("copy: {account: account}", "copy: {account: size}", ["warning action-refused size"]),
        (
            "won:  {final: won}",
            "won: {final: won, on_enter: [set: {reason: Won}]}",
            ["warning action-refused Won"],
        ),
        ("      ending:", "      stale:", ["error duplicate-id stale"]),
    ],
)
def test_what_a_playbook_says_wrongly_is_found(right: str, wrong: str, expected: list[str]) -> None:
    assert right in DEALS
    assert found({**FILES, "deals.playbook.yaml": DEALS.replace(right, wrong, 1)}) == expected


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("manager: vera, calendar", "manager: veer, calendar", ["error unknown-person veer"]),
        ("manager: vera}]", "manager: veer}]", ["error unknown-person veer"]),
        ("delegate: vera", "delegate: veer", ["error unknown-person veer"]),
        ("person: sam", "person: som", ["error unknown-person som"]),
        ("for: deal, team: north", "for: deal, team: nort", ["error unknown-team nort"]),
        (
            "role: ae, team: north, territory: small}}]",
            "role: ae, team: nort}}]",
            ["error unknown-team nort"],
        ),
        ("vera, calendar: berlin", "vera, calendar: brelin", ["error unknown-calendar brelin"]),
        ("    calendar: berlin", "    calendar: brelin", ["error unknown-calendar brelin"]),
        ("north, territory: small}}]", "north, territory: smal}}]", ["error unknown-territory smal"]),
        ("north, territory: small, m", "north, territory: smal, m", ["error unknown-territory smal"]),
        ("to: {role: ae", "to: {role: ea", ["warning unknown-who ea"]),
        ("{ratio: [paid,", "{ratio: [pad,", ["error unknown-measure pad"]),
        ("measure: won", "measure: wn", ["error unknown-measure wn"]),
        ("{ratio: [paid,", "{ratio: [share,", ["error circle [share"]),
        ("won:   {playbook: deals", "won:   {playbook: deal", ["error unknown-playbook deal"]),
        ("entry: payment", "entry: paymnt", ["error unknown-entry paymnt"]),
        ("outcome: won", "outcome: churned", ["error unknown-outcome churned"]),
        ("entry: payment, count", "outcome: won, count", ["error measure-kind paid"]),
        ("payment, count: true", "payment", ["error measure-kind paid"]),
        ("person: sam, target", "person: sam, team: north, target", ["error quota-target {period"]),
        ("measure: won, person", "measure: paid, person", ["error quota-target 40"]),
        (
            "small: {for: deal",
            "small: {for: dael",
            ["advice territory-gap small", "error unknown-subject dael", "advice territory-gap large"],
        ),
        (', when: deal.size == "small"', "", ["error territory-cases small", "advice territory-gap large"]),
        ('== "small"', '== "large"', ["advice territory-gap large", "warning territory-overlap large"]),
        (
            'deal.size in ["large"]',
            'deal.size == "large" or deal.size == "small"',
            ["warning territory-overlap large"],
        ),
        ('deal.size in ["large"]', "deal.price > 5", ["advice territory-gap large"]),
        ("approves_when_no_manager: vera\n", "", []),
        ("role: director}", "role: director}\n  eve: {name: Eve}", []),
    ],
)
def test_what_an_organization_says_wrongly_is_found(right: str, wrong: str, expected: list[str]) -> None:
    assert right in ORGANIZATION
    assert found({**FILES, "organization.yaml": ORGANIZATION.replace(right, wrong, 1)}) == expected


def test_who_is_nobody_is_not_asked_where_people_come_by_import() -> None:
    mapping = "mapping: people\ninto: organization\nkey: name\nperson: {name: name}\n"
    wrong = DEALS.replace("waive: [manager, vera]", "waive: cfo").replace("[manager, vera]", "[manager, cfo]")
    assert found({**FILES, "deals.playbook.yaml": wrong, "people.mapping.yaml": mapping}) == []


def test_who_leads_others_may_stand_above_all_and_others_need_a_manager() -> None:
    text = ORGANIZATION.replace("approves_when_no_manager: vera\n", "").replace(
        "manager: vera, calendar", "calendar"
    )
    assert found({**FILES, "organization.yaml": text}) == []
    assert found({**FILES, "organization.yaml": text.replace(", manager: vera}]", "}]")}) == [
        "warning no-manager vera", "warning no-manager sam",
    ]  # fmt: skip


def test_a_date_that_another_playbook_or_an_import_fills_is_filled() -> None:
    deals = DEALS.replace("{type: date, required_from: first}", "{type: date}")
    assert found({**FILES, "deals.playbook.yaml": deals}) == ["advice timer-never ends"]
    opening = SUCCESS.replace(
        "on: {next", "on: {on_enter: [{open: deals, copy: {ends: until}}], next"
    ).replace("fields: {", "fields: {until: {type: date}, ")
    assert found({**FILES, "deals.playbook.yaml": deals, "success.playbook.yaml": opening}) == []


TRANSLATION = """\
translation: success
locale: fa
stages: {on: {title: روشن}}
source: {stages.on.title: "On"}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("translation: success", "translation: sucess", ["error unknown-playbook sucess"]),
        ("{on: {title", "{no: {title", ["error unknown-text روشن"]),
        ('"On"', '"Active"', ["warning stale-text روشن"]),
        ("locale", "locale", []),
    ],
)
def test_a_translation_is_of_what_stands_there_now(right: str, wrong: str, expected: list[str]) -> None:
    assert right in TRANSLATION
    success = SUCCESS.replace("on: {next", 'on: {title: "On", next')
    files = {
        **FILES,
        "success.playbook.yaml": success,
        "success.fa.yaml": TRANSLATION.replace(right, wrong, 1),
    }
    assert found(files) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fields: {a: {type: text}}", []),
        ("unique: [b]\nfields: {a: {type: text}}", ["error unknown-field b"]),
        ("fields: {a: {type: choice}}", ["error incomplete-field a"]),
        ("fields: {in: {type: text}}", ["error reserved-id in"]),
        ("fields: {a: {type: reference, to: b}}", ["error unknown-record b"]),
        ("fields: {a: {type: list, of: {type: reference, to: b}}}", ["error unknown-record b"]),
    ],
)
def test_a_record_is_checked_too(text: str, expected: list[str]) -> None:
    assert found({"thing.record.yaml": f"record: thing\n{text}\n"}) == expected
