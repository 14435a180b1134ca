"""The command `commission explain`: the deal, the events, the slices and rates, the quota and the rule of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playbook import UnknownName, command
from playbook_commission.commands.asking import book_of, looking, not_theirs, place_of, tell
from playbook_commission.commands.options import AS_OF, PLAN
from playbook_commission.commands.statement import line_document
from playbook_commission.exact import percent
from playbook_commission.settling.disputing import disputes_of
from playbook_commission.settling.settlements import OPERATOR
from playbook_commission.showing.statement_shown import dispute_rows, named, plainly
from playbook_commission.showing.telling import Telling
from playbook_commission.showing.wording import Wording
from playbook_commission.spans import settlement_id
from playbook_commission.statements.amounts import money, worded
from playbook_commission.statements.untold import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from playbook import Engine
    from playbook.cli.session import Session
    from playbook.engine import HistoryItem
    from playbook_commission.plans.plan import Plan
    from playbook_commission.settling.paybook import Paybook
    from playbook_commission.statements.paying import Line
    from playbook_commission.statements.statement import Reached, Statement

_BEARING = frozenset(
    f"{name}/1"
    for name in (
        "case.opened", "case.changed", "case.moved", "case.assigned", "case.split", "case.reopened", "entry.logged",
        "settlement.adjusted",
    )
)  # fmt: skip
"""The kinds of events that what is paid can follow from."""


def explaining(settings: Mapping[str, Any]) -> click.Command:
    """Return `explain`."""

    @command("explain", example="playbook commission explain sam/2027-Q1/new_business:c4k2 --json")
    @click.argument("line")
    @PLAN
    @AS_OF
    def explain(session: Session, line: str, plan: str, as_of: str | None) -> int | None:
        """Say how a line of a statement came to be: the deal and its events, slices, rates, quota, plan and rule."""
        person, period, name = place_of(line, whole=False)
        who = session.person(person)
        with looking(session) as step:
            book = book_of(session, settings, as_of, step)
            if not book.may_see(session.actor, who, period):
                return session.refuse(not_theirs(session.actor, who))
            paying = book.plan_of(who, period, plan)
            one = book.computed(who, period, paying)
            found = {made.id: made for made in one.lines}
            if name not in found:
                raise UnknownName("line", name, found)
            told = _Explaining(session, book, paying, one, found[name])
            said = told.document() if session.json else told.shown()
        tell(session, said)
        return None

    return explain


class _Explaining:
    def __init__(self, session: Session, book: Paybook, plan: Plan, one: Statement, line: Line) -> None:
        self._session = session
        self._book = book
        self._plan = plan
        self._one = one
        self._line = line
        self._component = next((c for c in plan.components if c.id == line.component), None)
        settlement = book.settled(one.person, one.period, one.plan)
        said = None if settlement is None else settlement.settled
        self._engine = book.engine if said is None else book.engine.as_known(said.basis.known)

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        one, line, reached = self._one, self._line, self._reached()
        quota = None if reached is None else reached.quota
        share = None if reached is None else reached.share
        case = self._engine.case(line.case) if line.case else None
        return {
            **line_document(one, line),
            "deal": None if case is None else {
                "case": case.id, "name": case.name, "opened": case.opened, "closed": case.closed,
                "outcome": case.outcome,
            },
            "measure": "" if self._component is None else self._component.measure,
            "quota": None if quota is None else f"{quota.amount:f} {quota.currency}".rstrip(),
            "quota_because": "" if quota is None else quota.because,
            "reached": None if share is None else percent(share, 2),
            "plan": one.plan,
            "version": one.version,
            "rate_rule": self._rate_rule(),
            "rule": self._rule(),
            "events": [
                {
                    "version": item.version, "kind": item.kind, "at": item.at, "recorded": item.recorded,
                    "actor": item.actor, "data": item.event,
                }
                for item in self._events()
            ],
            "disputes": self._disputes(),
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """Return it as the terminal shows it: what does not apply is left out."""
        one, line = self._one, self._line
        telling = Telling(Wording.of("en"), one, self._book.payee(self._plan, one.period, one.person))
        component, measure = self._component, "" if self._component is None else self._component.measure
        told = {
            "line": f"{one.person}/{one.period}/{line.id}",
            "what": plainly(telling.kind(line)),
            "pay": worded(money(one, line.pay)),
            "deal": self._deal(telling),
            "counts": f"{self._credit(line.credit)} of {measure}" if line.credit and measure else "",
            "how": plainly(telling.how(line)) if line.kind != "credit" or not line.slices else "",
            "because": plainly(telling.why(line)),
            "undoes": line.undoes,
            "slices": [
                {
                    "from": self._axis(s.start), "to": "" if s.end is None else self._axis(s.end),
                    "rate": plainly(telling.rate(s.rate, component)), "pay": money(one, s.pay),
                }
                for s in line.slices
            ],
            "quota": self._quota(),
            "plan": named(self._plan, one),
            "rate rule": self._rate_rule(),
            "rule": self._rule(),
            "events": list(self._told()),
            "disputes": self._disputes(),
        }  # fmt: skip
        if line.because:
            told["how"] = ""
        return {key: value for key, value in told.items() if value}

    def _reached(self) -> Reached | None:
        return next((part for part in self._one.reached if part.component == self._line.component), None)

    def _deal(self, telling: Telling) -> str:
        if not self._line.case:
            return ""
        case = self._engine.case(self._line.case)
        ended = "" if case.closed is None else f", {case.outcome} on {self._engine.world.day(case.closed)}"
        day = telling.counted(self._line)
        counted = "" if day is None else f", counted on {day}"
        return f"{case.name or case.id} ({case.id}){ended}{counted}"

    def _axis(self, value: Decimal) -> str:
        """Return a place on the axis of what is rated: a count, or what a credit may be."""
        by_count = self._component is not None and self._component.rating.by == "count"
        return f"{value:,f}" if by_count else self._credit(value)

    def _credit(self, value: Decimal) -> str:
        """Return what a line credits: an amount, or a share where a ratio is paid by its value."""
        by_value = self._component is not None and self._component.by_value
        return percent(value, 2) if by_value else worded(money(self._one, value))

    def _quota(self) -> str:
        reached = self._reached()
        if reached is None or reached.quota is None or reached.share is None or self._line.kind != "credit":
            return ""
        quota, component = reached.quota, self._component
        whole = worded(money(self._one, quota.amount)) if quota.currency else f"{quota.amount:,f}"
        whole = percent(quota.amount, 2) if component is not None and component.by_value else whole
        because = f" ({quota.because})" if quota.because else ""
        return f"{whole}{because}, of which {percent(reached.share, 2)} is reached"

    def _rate_rule(self) -> str:
        """Return which rule of which plugin rates credits; nothing where tiers do."""
        rule = None if self._component is None else self._component.rule
        return "" if rule is None else f"{rule.name} {rule.version} of the plugin {rule.plugin}"

    def _rule(self) -> str:
        """Return where the rule is written; nothing where the file says another version by now, or is not here."""
        session, plan = self._session, self._book.plans.get(self._one.plan)
        if not session.has_project or plan is None or plan.version != self._one.version:
            return ""
        rule = session.files.others.get("plan", {}).get(self._one.plan)
        places = {} if rule is None else rule.where
        place = next((places[path] for path in self._said_at() if path in places), None)
        return "" if place is None else f"{place.file}:{place.line}"

    def _said_at(self) -> tuple[str, ...]:
        """Return where the plan may say why the line is there, the closest first; else its component does."""
        line, own = self._line, f"components.{self._line.component}"
        what = {"release": "hold"}.get(line.kind, line.kind)
        if line.because.startswith(UNTOLD):
            when = None if self._component is None else self._component.when
            what = "when" if when is not None and line.because == UNTOLD + when.text else "spiff"
        return (f"{own}.{what}", what, own) if line.component else (what,)

    def _disputes(self) -> list[dict[str, Any]]:
        told = disputes_of(self._book.engine, self._one.person, self._one.period)
        return dispute_rows(
            self._session, (s for s in told if (s.plan, s.line) == (self._one.plan, self._line.id))
        )

    # -- events -------------------------------------------------------------------------------------

    def _events(self) -> Iterator[HistoryItem]:
        """Yield the events that the line follows from: of the deal, or that added it by hand.

        Of a deal that who asks may not see there are none.
        """
        engine, line = self._engine, self._line
        found: Iterable[HistoryItem] = ()
        if line.case:
            found = _history(engine, line.case, self._session.actor)
        elif line.kind == "manual":
            name = settlement_id(self._one.person, self._one.plan, self._one.period)
            number = int(line.id.rpartition(":")[2])
            added = self._book.engine.streams.history("settlement", name, actor=OPERATOR)
            found = [item for item in added if item.kind in _BEARING][number - 1 : number]
        return (item for item in found if item.kind in _BEARING)

    def _told(self) -> Iterator[dict[str, Any]]:
        session, line, zone = self._session, self._line, self._engine.world.zone
        for item in self._events():
            what = session.told(line.case, item) if line.case else f"{item.actor} added {item.event.amount}"
            yield {"at": f"{item.at.astimezone(zone):%Y-%m-%d %H:%M}", "event": what}


def _history(engine: Engine, case: str, actor: str) -> Iterable[HistoryItem]:
    try:
        return list(engine.history(case, actor=actor))
    except UnknownName:
        return ()
