from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playbook.engine import Engine
from playbook.engine.proof import prove
from playbook.importing import Outcome, import_file
from playbook.plugins import load
from playbook.reading.project import Project
from playbook.stores.interface import Store
from playbook.stores.memory import MemoryStore
from playbook.stores.sqlite import SqliteStore

FILES = {
    "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money}
  product: {type: choice, options: [GTX Pro, GTX Basic]}
  signed: {type: date}
  met: {type: datetime}
  note: {type: text}
  contact: {type: email, personal: true}
  champion: {type: person}
stages:
  prospecting:
    exit:
      product_known: {fields: [product]}
    next: [engaging]
  engaging:
    exit:
      priced: {that: deal.amount > 0}
      noted: {fields: [note], mode: warn}
    next: [won]
  won: {final: won, stamp: [amount, note]}
  lost: {final: lost, from: any}
""",
    "organization.yaml": """
organization: acme
currency: USD
timezone: America/New_York
teams:
  east: {title: East, manager: dana}
people:
  dana: {name: Dana Ruiz, role: sales_manager, team: east}
  sam: {name: Sam Okafor, email: sam@acme.example, role: ae, team: east}
""",
    "deals.mapping.yaml": """
mapping: deals
into: deals
key: id
columns:
  name: company
  owner: {column: rep, match: person.name}
  opened: {column: opened, otherwise: now}
  closed: closed
  fields:
    amount: {column: value, currency: USD}
    product: {column: product, replace: {GTXPro: GTX Pro}}
stages: {column: stage, map: {Prospecting: prospecting, Won: won, Lost: lost}}
""",
    "people.mapping.yaml": """
mapping: people
into: organization
key: agent
person: {name: agent, role: {value: rep}, team: office, manager: boss}
""",
}
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class Desk:
    """Import texts into a store; the clock can be moved, the files replaced."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.now = NOW
        self.files = dict(FILES)
        self._file = folder / "rows.csv"
        self._registry = load(entry_points=False)
        self.engine = self.publish()

    def read(self) -> Project:
        project = Project.from_files(
            self.files, criteria=self._registry.criteria, functions=self._registry.functions
        )
        assert project.problems == ()
        return project

    def publish(self) -> Engine:
        self.engine = Engine.open(
            self.read(), store=self.store, registry=self._registry, clock=lambda: self.now
        )
        self.engine.publish(actor="operator")
        return self.engine

    def remap(self, mapping: str, old: str, new: str) -> None:
        name = f"{mapping}.mapping.yaml"
        assert old in self.files[name]
        self.files[name] = self.files[name].replace(old, new)

    def take(
        self, text: str, mapping: str = "deals", progress: Callable[[int], None] = lambda read: None
    ) -> Outcome:
        value = self.read().mappings[mapping].value
        assert value is not None
        return import_file(self.engine, value, self.write(text), actor="operator", progress=progress)

    def write(self, text: str) -> Path:
        self._file.write_text(text, encoding="utf-8")
        return self._file

    @property
    def log(self) -> list[tuple[str, str, int]]:
        items = self.store.log("default", after=None, limit=100_000).items
        return [(event.stream, event.kind, event.at) for event in items]


@pytest.fixture(params=["memory", "sqlite"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    store = MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "deals.db"))
    made = Desk(store, tmp_path)
    yield made
    assert list(prove(made.engine)) == []
    store.close()
