"""What an engine needs of a store: the same commands lead to the same events, answers and views as in memory."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Any

import pytest

from playbook.engine import Engine
from playbook.errors import InputError
from playbook.model.commands import Advance, Open, Set
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.audit import audit
from playbook.stores.interface import Query, Store
from playbook.stores.limits import LARGEST, LONGEST
from playbook.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
_TEXT = "شرکت 👩‍💻 é\u0301"
_FILES = {
    "organization.yaml": """
organization: acme
currency: EUR
teams:
  emea: {title: EMEA, manager: dana}
people:
  dana: {name: Dana Ruiz, role: sales_manager, team: emea}
  sam: {name: Sam Okafor, role: ae, team: emea}
  lea: {name: Lea Sommer, role: ae, team: emea}
""",
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
who_may: {see: [owner, manager]}
fields:
  amount: {type: money}
  pain: {type: text}
  buyer: {type: text, personal: true}
timers:
  late: {in: [talk], in_stage: 5d, then: [{notify: owner, say: Five days without a word}]}
stages:
  talk:
    exit: {pain: {that: filled(deal.pain), title: We know the pain}}
    next: [won]
  won: {final: won}
  lost: {final: lost, from: any}
""",
}
_EYES = ("sam", "lea", "dana", "operator")


class ServeContract:
    """What an engine needs of a store."""

    def test_an_engine_does_on_it_what_it_does_in_memory(self, store: Store) -> None:
        """Events byte for byte, refusals, what each may see and count, how a case stood, what was forgotten."""
        assert list(_story(store)) == list(_story(MemoryStore()))
        assert list(audit(store, "default")) == []

    def test_an_engine_says_clearly_what_cannot_be_kept(self, store: Store) -> None:
        """A value that is too large names its case and both sizes; NUL is kept in a field and refused in a name."""
        engine = _engine(store)
        case: Any = engine.run(Open("", "deals", _TEXT), actor="sam")
        for fields, says in (
            ({"pain": "x" * LARGEST}, rf"case:{case.case}.* has 10,000,\d+ bytes; .* may have 10,000,000"),
            ({"buyer": "x" * LARGEST}, r"10,000,002 bytes"),
            ({"pain": "\ud800"}, "no character"),
        ):
            with pytest.raises(InputError, match=says):
                engine.run(Set(case.case, fields), actor="sam")
        too_long = "x" * (LONGEST + 1)
        for name, key in (("a\0b", None), (too_long, None), ("good", "k\0"), ("good", too_long)):
            with pytest.raises(InputError):
                engine.run(Open("", "deals", name), actor="sam", key=key)
        assert len(list(engine.history(case.case, actor="sam"))) == 1
        engine.run(Set(case.case, {"pain": "a\0b", "buyer": "\0" + "x" * 9_000_000}), actor="sam")
        assert engine.view(case.case, actor="sam").fields["pain"] == "a\0b"
        assert [view.name for view in engine.find(Query(), actor="operator", limit=9).items] == [_TEXT]


def _engine(store: Store) -> Engine:
    minutes, chance = itertools.count(), random.Random(3)
    project = Project.from_files(_FILES)
    assert not project.problems, project.problems
    engine = Engine.open(
        project, store=store, registry=load(entry_points=False), entropy=chance.randbytes,
        clock=lambda: _START + dt.timedelta(minutes=next(minutes)),
    )  # fmt: skip
    engine.publish(actor="operator")
    return engine


def _story(store: Store) -> Iterator[object]:
    """Yield what an engine answers and shows while a few deals are opened, moved, seen and forgotten."""
    engine = _engine(store)
    opened: list[Any] = []
    for n, owner in enumerate(("sam", "lea", "sam")):
        fields = {"amount": f"{n + 1}.05 EUR", "buyer": f"Ann {n}"}
        command = Open("", "deals", f"{_TEXT} {n}", owner=owner, fields=fields)
        opened.append(engine.run(command, actor=owner, key=f"k{n}"))
    first = opened[0].case
    yield opened
    yield engine.run(Advance(first), actor="sam")
    yield engine.run(Set(first, {"pain": "a\0b"}), actor="sam")
    again = Open("", "deals", f"{_TEXT} 0", owner="sam", fields={"amount": "1.05 EUR", "buyer": "Ann 0"})
    yield engine.run(again, actor="sam", key="k0")
    yield engine.tick(_START + dt.timedelta(days=9))
    yield engine.run(Advance(first), actor="sam")
    yield engine.forget(opened[1].case, actor="operator")
    for actor in _EYES:
        yield [view.name for view in engine.find(Query(), actor=actor, limit=9).items]
        yield engine.tally(by=["owner", "status"], actor=actor)
    for minutes in (3, 6, 9, 30, 20_000):
        at = _START + dt.timedelta(minutes=minutes)
        for done in opened:
            seen = engine.as_of(done.case, at=at, actor="operator")
            yield seen.stage, dict(seen.fields)
    for event in store.log(engine.tenant, after=None, limit=999).items:
        yield event.stream, event.kind, event.at, event.recorded, event.actor, event.data, event.hash
