"""A store that a stranger wrote from docs/storage.md: it knows the documented names only, and keeps every promise."""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts import journal
from tests.contracts.journal import JournalStore

import playbook
from playbook.stores import CASE_COLUMNS
from playbook.testing.stores import ShareContract, StoreContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playbook import Store, StoreKind

SOURCE = Path(journal.__file__).read_text(encoding="utf-8")


class TestJournal(StoreContract, ShareContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = JournalStore(tmp_path / "store")
        yield store
        store.close()

    @pytest.fixture
    def reopen(self, store: Store, tmp_path: Path) -> Iterator[Callable[[], Store]]:
        opened: list[JournalStore] = []

        def again() -> Store:
            opened.append(JournalStore(tmp_path / "store"))
            return opened[-1]

        yield again
        for one in opened:
            one.close()

    @pytest.fixture
    def opener(self, store: Store, tmp_path: Path) -> Callable[[], Store]:
        return partial(JournalStore, tmp_path / "store")


def test_it_is_short_and_knows_only_what_the_page_tells() -> None:
    assert len(SOURCE.splitlines()) < 250
    page = (Path(__file__).parents[2] / "docs/storage.md").read_text(encoding="utf-8")
    tree = list(ast.walk(ast.parse(SOURCE)))
    modules = {str(node.module) for node in tree if isinstance(node, ast.ImportFrom)}
    assert {module for module in modules if module.startswith("playbook")} == {"playbook"}
    used = {
        node.attr
        for node in tree
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "stores"
    }
    assert "check_batches" in used
    assert ", ".join(f"`{name}`" for name in CASE_COLUMNS) in page
    assert [name for name in sorted(used) if not re.search(rf"\b{name}\b", page)] == []


class _Plugin:
    """Adds the store for URLs like `journal://FOLDER`, as the page tells."""

    @playbook.hookimpl
    def playbook_stores(self, settings: Mapping[str, Any]) -> Iterator[StoreKind]:
        yield playbook.StoreKind("journal", version="1", open=_open)


def _open(url: str) -> Store:
    return JournalStore(Path(url.removeprefix("journal://")))


def test_a_url_opens_it_and_an_engine_sells_on_it(tmp_path: Path) -> None:
    registry = playbook.load_plugins(extra={"journal": _Plugin()}, entry_points=False)
    project = playbook.Project.from_files(
        {
            "deals.playbook.yaml": """
playbook: deals
version: 1
subject: deal
fields: {pain: {type: text}}
stages:
  talk: {exit: {pain: {that: filled(deal.pain), title: We know the pain}}, next: [won]}
  won: {final: won}
  lost: {final: lost, from: any}
"""
        }
    )
    for sold in range(2):
        store = registry.stores["journal"].open(f"journal://{tmp_path / 'sales'}")
        engine = playbook.Engine.open(project, store=store, registry=registry)
        engine.publish(actor="operator")
        assert engine.find(playbook.Query(status="closed"), actor="operator", limit=9).items == () or sold
        done = engine.run(playbook.Open("", "deals", "Acme"), actor="operator")
        assert not isinstance(done, playbook.Refused)
        assert isinstance(engine.run(playbook.Advance(done.case), actor="operator"), playbook.Refused)
        engine.run(playbook.Set(done.case, {"pain": "Slow"}), actor="operator")
        moved = engine.run(playbook.Advance(done.case), actor="operator")
        assert not isinstance(moved, playbook.Refused)
        assert moved.outcome == "won"
        assert [tally.count for tally in engine.tally(actor="operator")] == [sold + 1]
        store.close()
