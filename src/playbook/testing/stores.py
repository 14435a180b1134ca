"""The contract of a store: inherit from StoreContract in a test module, and every rule becomes a test.

Its fixtures say what is tested:

    class TestMine(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            ...                      # yield a new, empty store

        @pytest.fixture
        def reopen(self, store):
            return lambda: ...       # another store object over the same data, as after a restart

A store that can be copied whole (`playbook.stores.Archive`) inherits from ArchiveContract too.
"""

from __future__ import annotations

from playbook.testing.store_appending import AppendContract
from playbook.testing.store_archive import ArchiveContract
from playbook.testing.store_counting import CountContract
from playbook.testing.store_reading import ReadContract
from playbook.testing.store_working import WorkContract


class StoreContract(AppendContract, ReadContract, CountContract, WorkContract):
    """Every rule a store must keep; give the fixtures `store` and `reopen`."""


__all__ = ["ArchiveContract", "StoreContract"]
