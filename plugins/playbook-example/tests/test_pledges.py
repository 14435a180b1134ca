"""Pledges: a kind of stream from a plugin, from the command to the proof."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import playbook
import playbook_example
from playbook import Blocker, Change, Engine, Guard, MemoryStore, Project, Refused, SqliteStore
from playbook.cli import main
from playbook.engine.proof import prove
from playbook.testing.streams import StreamContract
from playbook_example.pledges import Pledge, Pledged

NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
ORGANIZATION = """
organization: acme
teams: {sales: {manager: dana}}
people:
  dana: {name: Dana Ruiz, role: manager, team: sales}
  sam: {name: Sam Okafor, role: ae, team: sales}
  kim: {name: Kim Lee, role: ae, team: sales}
"""


class Modest:
    """Refuse pledges over a million, to show that a guard looks at streams too."""

    @playbook.hookimpl
    def playbook_before_commit(self) -> list[Guard]:
        def modest(change: Change) -> list[Blocker]:
            assert (change.kind, change.id[-8:]) == ("pledge", change.after.month.rjust(8, "."))
            assert [type(event) for event in change.events] == [Pledged]
            large = len(change.after.amount) > len("999999.99 EUR")
            return [Blocker("modest", "guard", "No more than a million")] if large else []

        return [Guard("modest", "1", modest, streams=("pledge",))]


class TestContract(StreamContract):
    @pytest.fixture
    def registry(self) -> playbook.Registry:
        return playbook.load_plugins(extra={"example": playbook_example}, entry_points=False)

    @pytest.fixture
    def project(self) -> Project:
        return Project.from_files({"organization.yaml": ORGANIZATION})

    @pytest.fixture
    def story(self) -> list[tuple[str, Pledge]]:
        return [
            ("sam", Pledge("sam.2026-03", "25000 EUR")),
            ("dana", Pledge("sam.2026-03", "30000 EUR", "Big Co signs")),
            ("kim", Pledge("sam.2026-03", "1 EUR")),
            ("kim", Pledge("kim.2026-02", "1 EUR")),
            ("kim", Pledge("kim.2026-04", "7 EUR")),
        ]


def engine_over(store: playbook.Store) -> Engine:
    registry = playbook.load_plugins(
        extra={"example": playbook_example, "modest": Modest()}, entry_points=False
    )
    engine = Engine.open(
        Project.from_files({"organization.yaml": ORGANIZATION}),
        store=store,
        registry=registry,
        clock=lambda: NOW,
    )
    engine.publish(actor="operator")
    return engine


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = engine_over(MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "p.db")))
    yield made
    made.store.close()


def refused(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.message


def test_a_pledge_is_made_changed_and_told(engine: Engine) -> None:
    made = engine.run(Pledge("sam.2026-03", "25000 EUR"), actor="sam")
    raised = engine.run(Pledge("sam.2026-03", "30000 EUR", "Big Co signs"), actor="dana")
    same = engine.run(Pledge("sam.2026-03", "30000 EUR", "Big Co signs"), actor="sam")
    assert [getattr(done, "version", None) for done in (made, raised, same)] == [1, 2, 0]
    view = engine.streams.show("pledge", "sam.2026-03", actor="operator")
    assert (view.name, view.state.amount, view.state.by, view.state.times) == (
        "2026-03",
        "30000.00 EUR",
        "dana",
        2,
    )
    told = [
        (item.kind, item.actor, item.event.amount)
        for item in engine.streams.history("pledge", "sam.2026-03", actor="operator")
    ]
    assert told == [("pledge.made/1", "sam", "25000.00 EUR"), ("pledge.made/1", "dana", "30000.00 EUR")]
    engine.run(Pledge("kim.2026-04", "5 EUR"), actor="kim")
    assert [one.id for one in engine.streams.page("pledge", "2026-04", actor="operator").items] == [
        "kim.2026-04"
    ]
    assert len(engine.streams.page("pledge", actor="operator").items) == 2
    assert engine.find(actor="operator").items == ()
    assert list(prove(engine)) == []


def test_what_may_not_be_is_refused_or_told_and_nothing_is_stored(engine: Engine) -> None:
    pledge = Pledge("sam.2026-03", "25000 EUR")
    assert "only sam" in refused(engine.run(pledge, actor="kim"))
    assert "2026-02 is over" in refused(engine.run(Pledge("sam.2026-02", "1 EUR"), actor="sam"))
    assert "a million" in refused(engine.run(Pledge("sam.2026-03", "9000000 EUR"), actor="sam"))
    for wrong, message in (
        (Pledge("sam", "1 EUR"), "write PERSON.MONTH"),
        (Pledge("sam.2026-03", "much"), "25000 EUR"),
        (Pledge("eve.2026-03", "1 EUR"), "no person 'eve'"),
        (Pledge("a/b", "1 EUR"), "cannot be the id"),
    ):
        with pytest.raises(playbook.InputError, match=message):
            engine.run(wrong, actor="operator")
    with pytest.raises(playbook.UnknownName):
        engine.streams.show("pledge", "sam.2026-03", actor="operator")


def test_a_key_makes_a_pledge_once(engine: Engine) -> None:
    first = engine.run(Pledge("sam.2026-03", "1 EUR"), actor="sam", key="k")
    engine.run(Pledge("sam.2026-03", "2 EUR"), actor="sam")
    again = engine.run(Pledge("sam.2026-03", "1 EUR"), actor="sam", key="k")
    assert not isinstance(first, Refused)
    assert not isinstance(again, Refused)
    assert (first.repeated, again.repeated, again.version) == (False, True, 1)
    with pytest.raises(playbook.KeyReused):
        engine.run(Pledge("sam.2026-03", "3 EUR"), actor="sam", key="k")
    assert engine.streams.show("pledge", "sam.2026-03", actor="operator").state.amount == "2.00 EUR"


def test_without_the_plugin_nobody_reads_it_and_the_proof_says_so(engine: Engine) -> None:
    engine.run(Pledge("sam.2026-03", "1 EUR"), actor="sam")
    bare = Engine.open(None, store=engine.store, registry=playbook.load_plugins(entry_points=False))
    assert any("no plugin here knows streams of the kind 'pledge'" in found.message for found in prove(bare))
    with pytest.raises(playbook.InputError, match="no plugin here carries out Pledge"):
        bare.run(Pledge("sam.2026-03", "2 EUR"), actor="sam")


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_text("project: acme\n", encoding="utf-8")
    (tmp_path / "organization.yaml").write_text(ORGANIZATION, encoding="utf-8")

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["--project", str(tmp_path), *arguments])
        assert done.exit_code == code, done.output
        return done.stdout

    run("pledge", "2099-03", "25000 EUR", "--as", "sam")
    run("pledge", "2099-03", "30000 EUR", "--for", "sam", "--note", "Big Co signs", "--as", "dana")
    assert "only sam, who manages them, or the operator" in run(
        "pledge", "2099-03", "1 EUR", "--for", "sam", "--as", "kim", code=1
    )
    (row,) = json.loads(run("--json", "pledge", "2099-03"))["pledges"]
    assert row == {"person": "sam", "amount": "30000.00 EUR", "note": "Big Co signs", "times": 2}
    assert run("pledge", "2099-03").splitlines()[0].split() == ["person", "amount", "note", "times"]
    lines = run("history", "pledge:sam.2099-03").splitlines()
    assert lines[-1].endswith("Dana Ruiz made: amount 30000.00 EUR, note Big Co signs")
    told: Any = json.loads(run("--json", "history", "pledge:sam.2099-03"))
    assert [event["data"]["amount"] for event in told["events"]] == ["25000.00 EUR", "30000.00 EUR"]
    run("fsck")
