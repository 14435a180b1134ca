"""The contract of a store: inherit from StoreContract in a test module, and every rule becomes a test.

Its fixtures say what is tested:

    class TestMine(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            ...                      # yield a new, empty store

        @pytest.fixture
        def reopen(self, store):
            return lambda: ...       # another store object over the same data, as after a restart

What a store may offer beside, it proves with contracts of their own: `ShareContract` for one that many processes
use, `HostContract` for `bind`, `ArchiveContract` for one that can be copied whole (`playbook.stores.Archive`).
Each test is one promise, told by its name and docstring. docs/storage.md tells how a store is written.
"""

from __future__ import annotations

from playbook.testing.store_appending import AppendContract
from playbook.testing.store_archive import ArchiveContract
from playbook.testing.store_counting import CountContract
from playbook.testing.store_hosted import HostContract
from playbook.testing.store_racing import RaceContract, ShareContract
from playbook.testing.store_reading import ReadContract
from playbook.testing.store_serving import ServeContract
from playbook.testing.store_striking import StrikeContract
from playbook.testing.store_values import ValueContract
from playbook.testing.store_working import WorkContract


class StoreContract(
    AppendContract, ValueContract, ReadContract, CountContract, WorkContract, RaceContract, StrikeContract,
    ServeContract,
):  # fmt: skip
    """Every rule a store must keep; give the fixtures `store` and `reopen`."""


__all__ = ["ArchiveContract", "HostContract", "ShareContract", "StoreContract"]
