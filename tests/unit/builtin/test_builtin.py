"""What ships inside opens and reads through the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from playbook import InputError, MemoryStore, SourceRow, SqliteStore, load_plugins

if TYPE_CHECKING:
    from pathlib import Path

REGISTRY = load_plugins(entry_points=False)


def test_stores_open_by_their_url(tmp_path: Path) -> None:
    file = tmp_path / "our deals.db"
    store = REGISTRY.stores["sqlite"].open(f"sqlite:///{file}")
    assert isinstance(store, SqliteStore)
    assert store.tenants() == []
    assert file.exists()
    store.close()
    assert isinstance(REGISTRY.stores["memory"].open("memory://"), MemoryStore)


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite://", "sqlite:deals.db", "deals.db"])
def test_an_sqlite_url_without_a_file_says_how_to_write_one(url: str) -> None:
    with pytest.raises(InputError, match="names no file: write sqlite:///FILE"):
        REGISTRY.stores["sqlite"].open(url)


def test_the_csv_importer_reads_a_file(tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("name,stage\nAcme,won\n")
    rows = REGISTRY.importers["csv"].read(file, {"format": "csv"}, lambda count: None)
    assert list(rows) == [SourceRow(2, {"name": "Acme", "stage": "won"})]
