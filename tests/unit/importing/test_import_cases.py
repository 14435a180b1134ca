from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from playbook.errors import InputError, UnknownName
from playbook.importing.rows import case_id
from playbook.model.commands import Advance, Set
from playbook.model.events import Moved, Opened
from playbook.money import Money

from .conftest import NOW, Desk

HEADER = "id,rep,product,company,stage,opened,closed,value\n"
WON = "1,Sam Okafor,GTXPro,Alder,Won,2026-01-05,2026-02-01,1054\n"
OPEN = "2,Sam Okafor,GTX Basic,Basalt,engaging,2026-01-07,,\n"
NEW = "3,Dana Ruiz,,,Prospecting,,,\n"


def new_york(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 5, tzinfo=dt.UTC)


def test_rows_become_cases_as_they_were(desk: Desk) -> None:
    outcome = desk.take(HEADER + WON + OPEN + NEW)
    assert (outcome.rows, outcome.opened, outcome.changed, outcome.skipped) == (3, 3, 0, 0)
    assert outcome.rejected == []
    won = desk.engine.case(case_id("deals", "1"))
    assert (won.name, won.owner, won.team, won.stage, won.outcome) == ("Alder", "sam", "east", "won", "won")
    assert (won.opened, won.closed) == (new_york(2026, 1, 5), new_york(2026, 2, 1))
    assert won.fields == {"amount": Money.of(1054, "USD"), "product": "GTX Pro"}
    assert won.stamps == {"won": {"amount": Money.of(1054, "USD")}}
    items = list(desk.engine.history(won.id, actor="operator"))
    opened, moved = (item.event for item in items)
    assert isinstance(opened, Opened)
    assert isinstance(moved, Moved)
    assert opened.historical
    assert moved.historical
    assert [item.recorded for item in items] == [NOW, NOW]
    started = desk.engine.case(case_id("deals", "2"))
    assert (started.stage, started.outcome, started.opened) == ("engaging", "open", new_york(2026, 1, 7))
    fresh = desk.engine.case(case_id("deals", "3"))
    assert (fresh.name, fresh.owner, fresh.opened) == ("", "dana", NOW)


def test_gates_observe_counts_what_would_have_been_blocked(desk: Desk) -> None:
    unpriced = "4,Sam Okafor,,Cedar,Won,2026-01-05,2026-02-01,0\n"
    outcome = desk.take(HEADER + WON + OPEN + NEW + unpriced)
    assert outcome.opened == 4
    assert outcome.blocked_cases == 1
    assert outcome.blocked_by == {"product_known": 1, "priced": 1}
    *_, last = desk.engine.history(case_id("deals", "4"), actor="operator")
    assert last.event.observed == ("product_known", "priced")


def test_gates_off_does_not_look(desk: Desk) -> None:
    desk.remap("deals", "key: id", "key: id\ngates: off")
    assert desk.take(HEADER + "4,Sam Okafor,,Cedar,Won,2026-01-05,2026-02-01,0\n").blocked_by == {}


def test_importing_again_changes_nothing(desk: Desk) -> None:
    desk.take(HEADER + WON + OPEN + NEW)
    before = desk.log
    desk.now += dt.timedelta(days=30)
    outcome = desk.take(HEADER + NEW + OPEN + WON)
    assert (outcome.opened, outcome.changed, outcome.skipped, outcome.rejected) == (0, 0, 3, [])
    assert desk.log == before


def test_what_people_did_since_stays(desk: Desk) -> None:
    desk.take(HEADER + OPEN)
    case = case_id("deals", "2")
    desk.engine.run(Set(case, {"amount": "20 USD", "note": "called"}), actor="sam")
    desk.engine.run(Advance(case), actor="sam")
    assert desk.take(HEADER + OPEN).skipped == 1
    assert desk.engine.case(case).outcome == "won"


BAD = {
    "5,Sam Okafor,GTX Pro,Delta,Wonn,2026-01-05,2026-02-01,1\n": "stage: 'Wonn' is no stage; did you mean 'Won'?",
    "5,Sam Okafor,GTX Pro,Delta,,2026-01-05,,\n": "stage: '' is no stage",
    "5,Sam Okafer,GTX Pro,Delta,engaging,2026-01-05,,\n": "nobody has the name 'Sam Okafer'; did you mean",
    "5,Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,,1.054,00\n": "9 cells, where the header has 8 columns",
    '5,Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,,"1,054"\n': "value: '1,054' is not an amount",
    "5,Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,,1.999\n": "value: 1.999 has more digits than USD has (2)",
    "5,Sam Okafor,GTX Pr,Delta,engaging,2026-01-05,,\n": "'GTX Pr' is not an option; did you mean 'GTX Pro'?",
    "5,Sam Okafor,GTX Pro,Delta,engaging,2026-02-30,,\n": "opened: '2026-02-30' is not a date written as %Y-%m-%d",
    "5,Sam Okafor,GTX Pro,Delta,Won,1/5/2026,2026-02-01,\n": "opened: '1/5/2026' is not a date written as %Y-%m-%d",
    "5,Sam Okafor,GTX Pro,Delta,Won,2026-02-02,2026-02-01,\n": "it was closed (2026-02-01) before it was opened",
    "5,Sam Okafor,GTX Pro,Delta,Won,2026-02-02,,\n": "stage 'won' is final, and it is not said when it was closed",
    "5,Sam Okafor,GTX Pro,Delta,Won,,2026-02-01,\n": "it is not said when it was opened",
    "5,Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,2026-02-01,\n": "its stage 'engaging' is not final",
    ",Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,,\n": "id: the key is missing",
    "1,Sam Okafor,GTX Pro,Delta,engaging,2026-01-05,,\n": "id: '1' stands on line 2 already",
    "5,Sam Okafor\n": "2 cells, where the header has 8 columns",
}


@pytest.mark.parametrize(("row", "reason"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_row_is_named_and_the_others_go_in(desk: Desk, row: str, reason: str) -> None:
    outcome = desk.take(HEADER + WON + row + OPEN)
    assert [rejected.line for rejected in outcome.rejected] == [3]
    assert reason in outcome.rejected[0].reason
    assert (outcome.rows, outcome.opened) == (3, 2)
    streams = {stream for stream, *_ in desk.log if stream.startswith("case:")}
    assert streams == {f"case:{case_id('deals', key)}" for key in "12"}


def test_stop_ends_at_the_first_bad_row(desk: Desk) -> None:
    desk.remap("deals", "key: id", "key: id\non_bad_row: stop")
    outcome = desk.take(HEADER + WON + "5,Sam Okafor\n" + OPEN)
    assert (outcome.rows, outcome.opened, len(outcome.rejected)) == (2, 1, 1)


def test_columns_that_are_not_there_are_all_named(desk: Desk) -> None:
    with pytest.raises(InputError) as caught:
        desk.take("id,rep,product,company,stages,opened,closed\n1,Sam Okafor,GTX Pro,Alder,Won,,\n")
    assert str(caught.value).splitlines() == [
        "mapping 'deals' reads column 'value', which the file does not have; there are:"
        " id, rep, product, company, stages, opened, closed",
        "mapping 'deals' reads column 'stage', which the file does not have; did you mean 'stages'?",
    ]


def test_a_mapping_of_what_is_not_there_is_refused(desk: Desk) -> None:
    desk.remap("deals", "amount: {", "amont: {")
    desk.remap("deals", "Won: won", "Won: one")
    with pytest.raises(InputError) as caught:
        desk.take(HEADER + WON)
    assert str(caught.value) == (
        "mapping 'deals': deals has no field 'amont'; did you mean 'amount'?\n"
        "mapping 'deals': deals has no stage 'one'; did you mean 'won'?"
    )
    desk.remap("deals", "key: id", "key: id\nreads: {format: xlsx}")
    with pytest.raises(UnknownName, match="there is no import format 'xlsx'"):
        desk.take(HEADER + WON)


def test_an_interrupted_import_leaves_whole_chunks_and_goes_on(desk: Desk) -> None:
    text = HEADER + "".join(
        f"{n},Sam Okafor,GTX Pro,C{n},Won,2026-01-05,2026-02-01,{n}\n" for n in range(1, 1202)
    )
    reached: list[int] = []

    def stop(read: int) -> None:
        reached.append(read)
        if len(reached) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.take(text, progress=stop)
    streams = [stream for stream, *_ in desk.log if stream.startswith("case:")]
    assert len(streams) == 2 * len(set(streams)) == 1000  # opened and closed, each of 500
    outcome = desk.take(text)
    assert (outcome.rows, outcome.opened, outcome.skipped, outcome.rejected) == (1201, 701, 500, [])
    assert desk.take(text).skipped == 1201


def test_a_changed_row_brings_its_case_up(desk: Desk) -> None:
    desk.take(HEADER + WON + OPEN + NEW)
    desk.now += dt.timedelta(days=20)
    closed = "2,Dana Ruiz,GTX Pro,Basalt,Won,2026-01-07,2026-03-10,99\n"
    outcome = desk.take(HEADER + WON + closed + NEW)
    assert (outcome.opened, outcome.changed, outcome.skipped, outcome.rejected) == (0, 1, 2, [])
    case = desk.engine.case(case_id("deals", "2"))
    assert (case.outcome, case.owner, case.closed) == (
        "won",
        "dana",
        dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC),
    )
    assert case.fields == {"amount": Money.of(99, "USD"), "product": "GTX Pro"}


def test_who_a_changed_row_names_brings_the_team_of_the_closing_or_leaves_that_of_the_case(
    desk: Desk,
) -> None:
    people = (
        "  ann: {name: Ann, history: [{team: east}, {from: 2026-02-15, team: west}]}\n  eve: {name: Eve}\n"
    )
    desk.files["organization.yaml"] = (desk.files["organization.yaml"] + people).replace(
        "people:\n", "  west: {title: West, manager: sam}\npeople:\n"
    )
    desk.publish()
    desk.take(HEADER + WON)  # on 1 February
    for who, team in (("Eve", "east"), ("Ann", "east")):
        desk.take(HEADER + WON.replace("Sam Okafor", who))
        case = desk.engine.case(case_id("deals", "1"))
        assert (case.owner, case.team) == (who.lower(), team)
    desk.take(HEADER + OPEN)
    desk.take(HEADER + OPEN.replace("Sam Okafor", "Ann"))
    assert desk.engine.case(case_id("deals", "2")).team == "west"


def test_a_row_may_take_back_its_earlier_content(desk: Desk) -> None:
    other = OPEN.replace("GTX Basic", "GTX Pro")
    products = []
    for row in (OPEN, other, OPEN, OPEN, other):
        outcome = desk.take(HEADER + row)
        products.append((desk.engine.case(case_id("deals", "2")).fields["product"], outcome.changed))
    assert products == [("GTX Basic", 0), ("GTX Pro", 1), ("GTX Basic", 1), ("GTX Basic", 0), ("GTX Pro", 1)]


def test_fields_that_the_mapping_does_not_name_stay_and_are_stamped(desk: Desk) -> None:
    desk.take(HEADER + OPEN)
    case = case_id("deals", "2")
    desk.engine.run(Set(case, {"note": "called", "contact": "ann@basalt.example"}), actor="sam")
    outcome = desk.take(HEADER + "2,Sam Okafor,GTX Basic,Basalt,Won,2026-01-07,2026-03-02,7\n")
    assert (outcome.changed, outcome.blocked_by) == (1, {})
    won = desk.engine.case(case)
    assert won.fields["contact"] == "ann@basalt.example"
    assert won.stamps["won"] == {"amount": Money.of(7, "USD"), "note": "called"}


def test_a_row_that_contradicts_what_is_known_is_named(desk: Desk) -> None:
    desk.take(HEADER + WON + NEW)
    early = "3,Dana Ruiz,,Cedar,Lost,2026-01-05,2026-02-01,\n"
    outcome = desk.take(HEADER + OPEN.replace("2,", "1,", 1) + early)
    assert [(r.line, r.reason) for r in outcome.rejected] == [
        (2, "the case was closed as won, and an import does not reopen it"),
        (3, "it was closed (2026-02-01) before the last that is known of it (2026-03-02)"),
    ]
    assert (outcome.changed, outcome.skipped) == (0, 0)


def test_a_case_of_an_older_version_says_what_it_does_not_know(desk: Desk) -> None:
    desk.take(HEADER + OPEN)
    playbook = desk.files["deals.playbook.yaml"]
    desk.files["deals.playbook.yaml"] = (
        playbook.replace("version: 1", "version: 2")
        .replace("  won: {", "  talking: {next: [won]}\n  won: {")
        .replace("next: [won]\n  talking", "next: [talking]\n  talking")
    )
    desk.publish()
    outcome = desk.take(HEADER + OPEN.replace("engaging", "talking") + OPEN.replace("2,", "7,", 1))
    assert [r.reason for r in outcome.rejected] == [
        "the case runs on version 1 of the playbook, without stage 'talking'"
    ]
    assert outcome.opened == 1


def test_personal_values_go_to_the_vault(desk: Desk) -> None:
    desk.remap("deals", "    amount: {", "    contact: mail\n    amount: {")
    header, row = HEADER.replace("value\n", "value,mail\n"), OPEN.replace("\n", ",ann@basalt.example\n")
    desk.take(header + row)
    case = case_id("deals", "2")
    assert desk.engine.case(case).fields["contact"] == "ann@basalt.example"
    stored = b"".join(event.data for event in desk.store.events("default", f"case:{case}"))
    assert b"ann@" not in stored
    assert desk.take(header + row).skipped == 1


def test_how_cells_are_written_is_the_mappings_to_say(desk: Desk) -> None:
    desk.remap("deals", "key: id", 'key: id\nreads: {dates: "%d.%m.%Y", decimal: ","}')
    desk.remap(
        "deals",
        "    amount: {",
        '    signed: signed\n    met: {column: met, dates: "%d.%m.%Y %H:%M"}\n'
        "    champion: {column: champion, match: person.email}\n    amount: {",
    )
    header = HEADER.replace("value\n", "value,signed,met,champion\n")
    row = '8,Sam Okafor,,Ember,engaging,05.01.2026,,"1.054,50",06.01.2026,07.01.2026 15:30,sam@acme.example\n'
    assert desk.take(header + row).rejected == []
    assert desk.engine.case(case_id("deals", "8")).fields == {
        "amount": Money.of("1054.50", "USD"),
        "signed": dt.date(2026, 1, 6),
        "met": dt.datetime(2026, 1, 7, 20, 30, tzinfo=dt.UTC),
        "champion": "sam",
    }


def test_a_fixed_opening_date_serves_every_row(desk: Desk) -> None:
    desk.remap("deals", "opened: {column: opened, otherwise: now}", "opened: {value: 2026-01-02}")
    desk.take(HEADER + OPEN)
    assert desk.engine.case(case_id("deals", "2")).opened == new_york(2026, 1, 2)


def test_what_is_set_by_hand_is_imported_brought_up_and_cleared(desk: Desk) -> None:
    desk.remap(
        "deals", "  fields:\n", "  fields:\n    probability: {column: chance}\n    forecast: {column: call}\n"
    )
    header = HEADER.replace("value", "value,chance,call")
    closed = "1,Sam Okafor,GTXPro,Alder,Won,2026-01-05,2026-02-01,1054,60%,commit\n"
    started = "2,Sam Okafor,GTX Basic,Basalt,engaging,2026-01-07,,,"
    assert desk.take(header + closed + started + "62.5%,best_case\n").opened == 2
    case = case_id("deals", "2")
    items = list(desk.engine.history(case, actor="operator"))
    assert [item.kind for item in items] == ["case.opened/1", "probability.set/1", "forecast.set/1"]
    assert all(item.event.historical for item in items)
    assert {item.at for item in items} == {new_york(2026, 1, 7)}
    found = desk.engine.case(case)
    assert (found.probability, found.forecast, "probability" in found.fields) == (
        Decimal("0.625"), "best_case", False,
    )  # fmt: skip
    assert desk.engine.case(case_id("deals", "1")).outcome == "won"
    assert desk.take(header + closed.replace("60%", "70%") + started + ",commit\n").changed == 1
    found = desk.engine.case(case)
    assert (found.probability, found.forecast) == (None, "commit")
    bad = desk.take(header + started + "160%,commit\n" + started.replace("2,", "3,", 1) + "60%,closed\n")
    assert [one.reason for one in bad.rejected] == [
        "chance: 160% is not a probability: write 0% to 100%",
        "call: 'closed' is not an option; there are: pipeline, best_case, commit, omitted",
    ]
