"""`expect: {pay: ...}` in scenarios: what a person is paid, held against what a plan pays."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from playbook import InputError, Mismatch, Money, UnknownName
from playbook_commission.exact import CONTEXT, ZERO, percent
from playbook_commission.settling.paybook import Paybook, target_pay
from playbook_commission.statements.amounts import in_full
from playbook_commission.statements.statement import TOTALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playbook import Scene
    from playbook_commission.statements.paying import Line


def compare(settings: Mapping[str, Any], wanted: Any, scene: Scene) -> Iterator[Mismatch]:
    """Yield what a statement, or each of several, says otherwise than is wanted.

    `target_pay` of the settings names the private file. Raises InputError and UnknownName where there is no such
    statement.
    """
    book = Paybook(scene.engine, target_pay(scene.folder, settings))
    several = wanted if isinstance(wanted, list) else [wanted]
    for number, one in enumerate(several):
        place = (number,) if isinstance(wanted, list) else ()
        for found in _Compared(book, one).mismatches():
            yield replace(found, path=(*place, *found.path))


class _Compared:
    """Hold one statement against what is wanted of it."""

    def __init__(self, book: Paybook, wanted: Mapping[str, Any]) -> None:
        person = str(wanted["person"])
        if person not in book.organization.people:
            raise UnknownName("person", person, book.organization.people)
        self._wanted = wanted
        self._statement = book.statement(person, str(wanted["period"]), str(wanted.get("plan", "")))
        self._components = [one.id for one in book.plans[self._statement.plan].components]
        self._engine = book.engine

    def mismatches(self) -> Iterator[Mismatch]:
        """Yield what differs; the first says by which lines the person is paid."""
        told = ""
        for found in self._found():
            told, by = "\n".join(self._said()), told
            yield found if by else replace(found, fact=f"{found.fact}\n{told}".rstrip())

    def _found(self) -> Iterator[Mismatch]:
        wanted, statement = self._wanted, self._statement
        for name in TOTALS:
            if name in wanted:
                yield from self._amount((name,), wanted[name], getattr(statement, name))
        yield from self._by_component("components", statement.by_component())
        quotas = {one.component: one.quota.amount for one in statement.reached if one.quota is not None}
        yield from self._by_component("quota", quotas)
        if "lines" in wanted:
            yield from self._lines(wanted["lines"])

    def _by_component(self, name: str, facts: Mapping[str, Decimal]) -> Iterator[Mismatch]:
        for component, amount in self._wanted.get(name, {}).items():
            if component not in self._components:
                raise UnknownName(f"component of {self._statement.plan}", component, self._components)
            yield from self._amount((name, component), amount, facts.get(component, ZERO))

    def _lines(self, wanted: list[Mapping[str, Any]]) -> Iterator[Mismatch]:
        lines = self._statement.lines
        for number, (said, line) in enumerate(zip(wanted, lines, strict=False)):
            yield from self._line(("lines", number), said, line)
        if len(wanted) != len(lines):
            yield Mismatch("lines", f"{len(wanted)} of them", f"{len(lines)} of them", ("lines",))

    def _line(
        self, place: tuple[str | int, ...], wanted: Mapping[str, Any], line: Line
    ) -> Iterator[Mismatch]:
        for name in ("pay", "credit"):
            if name in wanted:
                yield from self._amount((*place, name), wanted[name], getattr(line, name))
        facts = {
            "component": line.component, "kind": line.kind, "case": self._case(line.case),
            "because": line.because,
        }  # fmt: skip
        for name, fact in facts.items():
            if name in wanted and str(wanted[name]) != fact:
                yield _mismatch((*place, name), str(wanted[name]), fact or "nothing")
        if "rate" in wanted:
            rate = CONTEXT.divide(line.pay, line.credit) if line.credit else ZERO
            if _share(wanted["rate"]) != rate:
                yield _mismatch((*place, "rate"), str(wanted["rate"]), percent(rate))

    def _amount(self, place: tuple[str | int, ...], wanted: Any, fact: Decimal) -> Iterator[Mismatch]:
        currency = self._statement.currency
        if self._money(wanted) != Money(fact, currency):
            yield _mismatch(place, in_full(self._money(wanted)), in_full(Money(fact, currency)))

    def _case(self, case: str) -> str:
        return self._engine.case(case).name if case else ""

    def _money(self, wanted: Any) -> Money:
        """Return an amount that is wanted; a number alone is in the currency of the statement."""
        try:
            if isinstance(wanted, str) and " " in wanted.strip():
                return Money.parse(wanted)
            return Money(Decimal(str(wanted)), self._statement.currency)
        except (ValueError, ArithmeticError):
            raise InputError(f"{wanted!r} is no amount: write one like 164 EUR") from None

    def _said(self) -> Iterator[str]:
        """Yield who is paid what, and by which lines."""
        one = self._statement
        yield f"{one.person} is paid {in_full(Money(one.paid, one.currency))} in {one.period} by {one.plan}:"
        for line in one.lines:
            case = self._case(line.case)
            what = (
                f"{line.component or one.plan} {line.kind.replace('_', ' ')}{f' of {case}' if case else ''}"
            )
            rates = " + ".join(percent(part.rate) for part in line.slices)
            of = f", {in_full(Money(line.credit, one.currency))} at {rates}" if line.credit and rates else ""
            because = f" ({line.because})" if line.because else ""
            yield f"  {what}{of}: {in_full(Money(line.pay, one.currency))}{because}"
        if not one.lines:
            yield "  no line"


def _mismatch(place: tuple[str | int, ...], wanted: str, fact: str) -> Mismatch:
    name = " ".join(str(part + 1) if isinstance(part, int) else part for part in place)
    return Mismatch(name, wanted, fact, place)


def _share(text: Any) -> Decimal:
    try:
        return CONTEXT.divide(Decimal(str(text).rstrip("% ")), Decimal(100))
    except ArithmeticError:
        raise InputError(f"{text!r} is no rate: write one like 1.6%") from None
