"""A company that sells, for tests of what is reckoned from its deals: they are won on the day that a test says."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from playbook import Close, Engine, Log, MemoryStore, Open, Project
from playbook.engine import Done

if TYPE_CHECKING:
    from playbook import Registry, Store

DEALS = """
playbook: deals
version: 1
subject: deal
title: Deals
fields:
  amount: {type: money, editable_after_close: true}
  due: {type: money, editable_after_close: true}
  helper: {type: person}
moves: {reopen: {by: anyone}}
entries:
  payment: {title: Payment, fields: {amount: {type: money}}}
  refund: {title: Refund, fields: {amount: {type: money}, term: {type: integer}, used: {type: integer}}}
stages:
  talk: {title: Talk, next: [won, lost]}
  won: {title: Won, final: won}
  lost: {title: Lost, final: lost}
"""


class Company:
    """Sell under an organization and what other files say; what happened earlier than today is told with its day."""

    def __init__(
        self, registry: Registry, organization: str, store: Store | None = None, **files: str
    ) -> None:
        self.today = "2027-01-01"
        self._ticks = itertools.count()
        self._number = itertools.count(1)
        self._registry = registry
        self.organization = organization
        self._store: Store = store or MemoryStore()
        self.engine = self.publish(**files)

    def now(self) -> dt.datetime:
        """Return a time today, each a little later than the one before."""
        start = dt.datetime.fromisoformat(f"{self.today}T09:00:00+00:00")
        return start + dt.timedelta(milliseconds=next(self._ticks))

    def publish(self, **files: str) -> Engine:
        """Publish the organization, the deals and further files by what their names begin with, as `ae_plan`."""
        named = {f"{name.replace('_', '.')}.yaml": text for name, text in files.items()}
        named |= {"a.organization.yaml": self.organization, "d.playbook.yaml": DEALS}
        project = Project.from_files(named, **self._registry.for_files)
        self.engine = Engine.open(project, store=self._store, clock=self.now, registry=self._registry)
        self.engine.publish(actor="operator")
        return self.engine

    def do(self, command: Any, day: str = "", actor: str = "operator") -> None:
        """Carry out a command, on a day where one is said; fail where it is refused."""
        moment = dt.datetime.fromisoformat(f"{day}T08:00:00+00:00") if day else None
        answer = self.engine.run(command, actor=actor, at=moment)
        assert isinstance(answer, Done), answer

    def won(self, day: str, amount: str, owner: str = "sam", **fields: str) -> str:
        """Open a deal and win it on a day; return the case."""
        case = f"d{next(self._number)}"
        self.do(Open(case, "deals", case, owner=owner, fields={"amount": amount, **fields}), day)
        self.do(Close(case, "won"), day)
        return case

    def entry(self, case: str, day: str, kind: str, **fields: str) -> None:
        """Log an entry on a day."""
        self.do(Log(case, kind, fields=fields), day)

    def close(self) -> None:
        """End the company."""
        self._store.close()
