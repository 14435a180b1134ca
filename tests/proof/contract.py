"""What holds of every store, whatever happens to the processes that use it; `make soak` does much more of this."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from tests.proof.crowding import crowd
from tests.proof.killing import killed_importing, killed_selling, killed_striking
from tests.proof.stopping import Shop, stopped_commands, stopped_imports, stopped_workers
from tests.proof.workload import write_rows

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("KILLS", "2"))
"""How often processes are killed while commands are carried out; half as often in what takes longer."""

ROWS = 2000 if "KILLS" in os.environ else 700
"""How many rows are imported, 500 at a time."""

thorough = pytest.mark.skipif("KILLS" not in os.environ, reason="`make soak` does this")


class KillingContract:
    """Test a store that the fixture `url` names, in a database of its own, with processes that are killed."""

    def test_killed_while_commands_are_carried_out(self, url: str) -> None:
        chance = random.Random()
        for number in range(KILLS):
            killed_selling(url, f"t{number}", chance)

    def test_killed_while_a_file_is_imported(self, url: str, tmp_path: Path) -> None:
        file, count, chance = tmp_path / "rows.csv", ROWS, random.Random()
        write_rows(file, count)
        for number in range(KILLS // 2):
            killed_importing(url, f"t{number}", chance, file, count)

    def test_killed_while_timers_strike(self, url: str) -> None:
        chance = random.Random()
        for number in range(KILLS // 2):
            killed_striking(url, f"t{number}", chance)

    def test_sixteen_processes_on_the_same_fifty_cases(self, url: str) -> None:
        went = crowd(url, "t", processes=16, count=8)
        assert went.shares == (8,) * 16
        assert not went.given_up

    @thorough
    def test_sixteen_processes_get_their_share(self, url: str) -> None:
        """What docs/keeping.md promises: none gets less than a third of another, and none gives up."""
        went = crowd(url, "t", processes=16, count=1_000_000, seconds=20)
        print(
            f"{sum(went.shares)} commands, shares {min(went.shares)} to {max(went.shares)}, {went.longest:.2f} s"
        )
        assert not went.given_up
        assert 3 * min(went.shares) >= max(went.shares)


class StoppingContract:
    """Test the program on a store that the fixture `url` names, in a database of its own, with Ctrl-C."""

    def test_ctrl_c_in_commands(self, url: str, tmp_path: Path) -> None:
        stopped_commands(Shop(tmp_path, url), random.Random(), KILLS // 2)

    @thorough
    def test_ctrl_c_in_imports(self, url: str, tmp_path: Path) -> None:
        stopped_imports(Shop(tmp_path, url), random.Random(), KILLS // 2, tmp_path / "rows.csv", ROWS)

    def test_ctrl_c_in_workers(self, url: str, tmp_path: Path) -> None:
        stopped_workers(Shop(tmp_path, url), url, random.Random(), KILLS // 2, 200)
