"""Plans from files: their shape, and what becomes of their tree."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from msgspec import UNSET, UnsetType

from playbook import Duration, Money, Shape, check_part, condition, types
from playbook_commission.exact import CONTEXT, ONE, Rounding, share_of
from playbook_commission.plans.checking import CHECKS, CODES
from playbook_commission.plans.checking_whole import MORE
from playbook_commission.plans.plan import (
    MODES,
    Cap,
    Clawback,
    Component,
    Draw,
    Gate,
    Hold,
    Overlay,
    Plan,
    Rating,
    Rule,
    Spiff,
)
from playbook_commission.plans.rules import HOOK
from playbook_commission.plans.schedule import Tier

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook import Parsed
    from playbook.expressions import Environment
    from playbook.reading.naming import Known
    from playbook_commission.plans.rules import RateRule

T = TypeVar("T")

_POINTS = {
    "attainment": ("share",), "value": ("share", "number"), "amount": ("amount", "number"), "count": ("number",),
}  # fmt: skip
_WRITE = {
    "attainment": "write a share of the quota, like 100%", "value": "write a share, like 90%",
    "amount": "write an amount, like 1000 EUR", "count": "write a number, like 10",
}  # fmt: skip
_CREDITS = {"": "own", "people_of": "people_of"}
_LINED = ("when", "spiff", "gate", "cap", "floor", "hold", "clawback")
_PAYS = {"amount": "amount", "share_of_target_pay": "target_pay"}


def shape() -> Shape:
    """Return what a plan looks like, and what is checked."""
    schema = json.loads(files("playbook_commission.plans").joinpath("plan.schema.json").read_text("utf-8"))
    return Shape(schema, plan, checks=(*CHECKS, *MORE), environment=environment, codes=CODES)


def environment(known: Known, _: Plan, __: str) -> Environment:
    """Return what conditions of a plan may name: the cases of every playbook."""
    first, *others = [known.of_playbook(playbook, "") for playbook in known.playbooks.values()] or [
        known.of_organization(None, "subject:")  # type: ignore[arg-type]
    ]
    roots = dict(first.roots)
    for other in others:
        roots |= other.roots
    return attrs.evolve(first, roots=roots)


def plan(parsed: Parsed) -> Plan:
    """Return the plan of a file; the trees of its conditions are resolved later."""
    return _Structure(parsed).plan()


class _Structure:
    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._source = parsed.source
        self._root: Any = parsed.root
        self._where = parsed.where

    def plan(self) -> Plan:
        root = self._root
        lasts, whom = root.get("effective", {}), root.get("applies_to", {})
        people = whom.get("person", ())
        said = root.get("round", {})
        for name in root.get("components", {}):
            self._where[f"components.{name}"] = self._source.key(root["components"], name)
            self._keep_places(root["components"][name], f"components.{name}.")
        self._keep_places(root, "")
        return Plan(
            id=root.get("plan", ""),
            title=root.get("title", ""),
            role=whom.get("role", ""),
            since=self._day(lasts, "from") or dt.date.min,
            until=self._day(lasts, "to"),
            period=root.get("period", "quarter"),
            components=tuple(self._component(name, one) for name, one in root.get("components", {}).items()),
            currency=root.get("currency", "of_person").replace("of_person", ""),
            rounding=Rounding(Decimal(str(said.get("to", 0))), said.get("half", "even")),
            cap=self._bound(root, "cap"),
            floor=self._bound(root, "floor"),
            draw=self._draw(root, "draw"),
            guarantee=self._draw(root, "guarantee"),
            hold=self._hold(root),
            clawback=self._clawback(root),
            people=((people,) if isinstance(people, str) else tuple(people)) or UNSET,
            team=whom.get("team", UNSET),
            territory=whom.get("territory", UNSET),
        )

    def _keep_places(self, holder: Any, path: str) -> None:
        """Keep where each part stands that may have lines of its own."""
        for key in _LINED:
            if key in holder:
                self._where[path + key] = self._source.key(holder, key)

    def _component(self, name: str, data: Any) -> Component:
        rate, gate = data.get("rate", {}), data.get("gate")
        mode, credit = rate.get("mode", "marginal"), data.get("credit", {})
        of = credit.get("of", "")
        tiers = tuple(self._tier(tier, rate.get("by", "amount")) for tier in data.get("tiers", ()))
        return Component(
            id=name,
            measure=data.get("of", ""),
            title=data.get("title", ""),
            rating=Rating(rate.get("by", "amount"), mode, rate.get("over", "period")),
            tiers=tiers,
            sums=any(not tier["pay"].endswith("%") for tier in data.get("tiers", ()) if "pay" in tier),
            currency=self._currency(data),
            credit=_CREDITS.get(of, "overlay"),
            pays=_PAYS[data.get("pays", "amount")],
            multiplier=CONTEXT.multiply(
                *(Decimal(str(of.get("multiplier", ONE))) for of in (self._root, data))
            ),
            cap=self._bound(data, "cap"),
            floor=self._bound(data, "floor"),
            gate=None if gate is None else self._gate(gate),
            higher_once=share_of(data["higher_once"]) if "higher_once" in data else None,
            when=condition(data, "when"),
            spiff=self._spiff(data["spiff"]) if "spiff" in data else None,
            rule=self._rule(name, data) if mode not in MODES or "with" in rate else None,
            overlay=self._overlay(credit) if credit else UNSET,
        )

    def _overlay(self, data: Any) -> Overlay | UnsetType:
        of, who = data.get("of", ""), condition(data, "who", types.PERSON)
        if (of == "person") != ("who" in data) or (of in _CREDITS and "share" in data):
            message = f"{of} credits nobody by name" if "who" in data else "nobody says whom this credits"
            if of in _CREDITS and "share" in data:
                message = "the credits of people whom one manages are not shared out"
            hint = "write {of: person, who: deal.engineer, share: 50%}, {of: team} or {of: territory}"
            self._source.report("plan-overlay", message, self._source.value(data, "of"), hint)
        return UNSET if of in _CREDITS else Overlay(of, share_of(data.get("share", "100%")), who)

    def _rule(self, component: str, data: Any) -> Rule | None:
        """Return the rule of a plugin that a rate names; report what does not fit it."""
        rate, rules = data["rate"], self._parsed.declared(HOOK)
        mode = rate.get("mode", "marginal")
        if mode in MODES:
            message = f"{mode} takes nothing; a rate rule of a plugin may"
            self._unruled(rate, "with", message, "name the rule as `mode`, or take `with` away")
            return None
        if mode not in rules:
            near = get_close_matches(mode, (*MODES, *rules), 1)
            hint = "install the plugin that brings it; `playbook plugins` lists those that are there"
            if near:
                hint = f"did you mean {near[0]!r}? If not, {hint}"
            self._unruled(rate, "mode", f"there is no rate rule {mode!r}", hint)
            return Rule(mode)
        rule, read_by = rules[mode].value, rate.get("by", "amount")
        if read_by not in rule.by:
            message = f"{mode} is not read by {read_by}"
            self._unruled(rate, "mode", message, f"write by: {' or '.join(rule.by)}")
        if ("tiers" in data) != rule.tiers:
            message = f"{mode} reads {'tiers, and there are none' if rule.tiers else 'no tiers'}"
            self._unruled(rate, "mode", message, "add `tiers`" if rule.tiers else "take `tiers` away")
        return Rule(mode, rules[mode].plugin, rule.version, self._options(component, rule))

    def _options(self, component: str, rule: RateRule) -> dict[str, Any]:
        """Return what a rule is given, checked by its schema, as plain values."""
        schema = {"title": "rate", "properties": {"with": {"title": rule.name, **rule.schema}}}
        needed = {"required": ["with"]} if rule.schema.get("required") else {}
        check_part(self._parsed, ("components", component, "rate"), {**schema, **needed}, rule.name)
        options: dict[str, Any] = self._parsed.plain()["components"][component]["rate"].get("with", {})
        return options

    def _unruled(self, rate: Any, key: str, message: str, hint: str) -> None:
        self._source.report("plan-rule", message, self._source.value(rate, key), hint)

    def _tier(self, data: Any, by: str) -> Tier:
        start, pay = data.get("from", 0), data.get("pay", "0%")
        if "from" in data and _kind(start) not in _POINTS[by]:
            message = f"{start} is no point of tiers that are read by {by}"
            self._source.report("plan-rate", message, self._source.value(data, "from"), _WRITE[by])
        return Tier(
            self._read(data, "from", _point, start, Decimal(0)),
            self._read(data, "pay", _point, pay, Decimal(0)),
        )

    def _currency(self, data: Any) -> str:
        """Return the currency of the amounts in tiers; report where there are several."""
        said = [tier[key] for tier in data.get("tiers", ()) for key in ("from", "pay") if key in tier]
        found = sorted({one.split()[-1] for one in said if isinstance(one, str) and " " in one.strip()})
        if len(found) > 1:
            message = f"the tiers are in {' and in '.join(found)}, and what lies between them cannot be told"
            place = self._source.value(data, "tiers")
            self._source.report("plan-currency", message, place, "write all of them in one currency")
        return found[0] if found else ""

    def _gate(self, data: Any) -> Gate:
        beyond = "above" in data
        return Gate(data.get("of", ""), share_of(data.get("above" if beyond else "from", "0%")), beyond)

    def _spiff(self, data: Any) -> Spiff:
        return Spiff(
            pay=self._money(data, "pay"),
            when=condition(data, "when"),
            since=self._day(data, "from"),
            until=self._day(data, "to"),
            budget=self._money(data, "budget") if "budget" in data else None,
        )

    def _bound(self, holder: Any, key: str) -> Cap | None:
        data = holder.get(key)
        return None if data is None else Cap(self._money(data, "amount"), data.get("per", "period"))

    def _draw(self, holder: Any, key: str) -> Draw | None:
        data = holder.get(key)
        if data is None:
            return None
        recoverable = key == "draw" and data.get("recoverable", True)
        lasts = self._length(data, "for")
        return Draw(self._money(data, "amount"), data.get("every", "month"), recoverable, lasts)

    def _hold(self, root: Any) -> Hold | None:
        data = root.get("hold")
        if data is None:
            return None
        entry = data.get("until", "").removeprefix("entry.")
        return Hold(share_of(data.get("share", "0%")), entry, data.get("release", "by_amount_paid"))

    def _clawback(self, root: Any) -> Clawback | None:
        data = root.get("clawback")
        if data is None:
            return None
        entry = data.get("on", "").removeprefix("entry.")
        return Clawback(entry, self._length(data, "within"), data.get("share", "full"))

    def _length(self, holder: Any, key: str) -> str:
        if key not in holder:
            return ""
        return self._read(holder, key, lambda text: str(Duration.parse(text)), holder[key], "")

    def _money(self, holder: Any, key: str) -> Money:
        return self._read(holder, key, Money.parse, holder.get(key, "0 EUR"), Money(Decimal(0), "EUR"))

    def _day(self, holder: Any, key: str) -> dt.date | None:
        if key not in holder:
            return None
        day: Callable[[str], dt.date | None] = dt.date.fromisoformat
        return self._read(holder, key, day, holder[key], None)

    def _read(self, holder: Any, key: str, read: Callable[[Any], T], value: Any, otherwise: T) -> T:
        """Return what a value is read as; report one that cannot be, where it stands."""
        try:
            return read(value)
        except ValueError as error:
            message, _, hint = str(error).partition(": ")
            self._source.report("malformed", message, self._source.value(holder, key), hint)
            return otherwise


def _kind(point: Any) -> str:
    if not isinstance(point, str):
        return "number"
    return "share" if point.endswith("%") else "amount"


def _point(value: Any) -> Decimal:
    """Return a point of an axis or what is paid: a share, an amount without its currency, or a number."""
    if not isinstance(value, str):
        return Decimal(str(value))
    return share_of(value) if value.endswith("%") else Money.parse(value).amount
