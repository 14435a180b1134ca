"""Decide and evolve an advance with three criteria that hold, no store, beside three state machines.

Ours builds the command and the request, runs every criterion, makes the event and folds it. The others run
three guards and change a state. All look at the same values; the others go to and fro between two stages by
the same event and the same guards, so that none has to be reset.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from sismic.interpreter import Interpreter
from sismic.io import import_from_yaml
from statemachine import State, StateMachine
from transitions import Machine

from bench import Figures, alternate, main, microseconds_each, project
from playbook import Advance, Engine, MemoryStore, Money, Open, load_plugins
from playbook.model.commands import Request
from playbook.process.decide import Decision, decide
from playbook.process.evolve import evolve

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = Money.of(1000, "EUR")
MOST = Decimal("0.2")
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
FIELDS = {"amount": Money.of(25_000, "EUR"), "pain": "Orders take a month", "discount": Decimal("0.1")}


def ours() -> Callable[[], object]:
    """Return an advance of a case in the stage with the three criteria."""
    registry = load_plugins(entry_points=False)
    engine = Engine.open(project(), store=MemoryStore(), registry=registry, clock=lambda: NOW)
    engine.publish(actor="operator")
    engine.run(Open("c1", "deals", "Acme", "sam"), actor="sam")
    opened, definition = engine.case_and_definition("c1")
    case = replace(opened, stage="proposal", fields=FIELDS, tasks=())
    world = engine.world

    def advance() -> object:
        request = Request(Advance("c1"), "sam", NOW)
        decision = decide(definition, case, request, {"world": world})
        assert isinstance(decision, Decision)
        after = case
        for event in decision.events:
            after = evolve(after, "c1", event, NOW, "sam")
        return after

    after: Any = advance()
    if after.stage != "negotiation":
        raise ValueError(f"the advance led to {after.stage}")
    return advance


class Deal:
    """Hold the values of a deal, and the guards as conditions of transitions."""

    def __init__(self) -> None:
        self.amount = FIELDS["amount"]
        self.pain = FIELDS["pain"]
        self.discount = FIELDS["discount"]

    def worth_it(self) -> bool:
        """Return whether it is worth the work."""
        return self.amount >= LEAST  # type: ignore[operator]

    def pain_stated(self) -> bool:
        """Return whether the pain is stated."""
        return bool(str(self.pain).strip())

    def discount_fits(self) -> bool:
        """Return whether the discount is one we give."""
        return self.discount <= MOST  # type: ignore[operator]


GUARDS = ["worth_it", "pain_stated", "discount_fits"]


def transitions() -> Callable[[], object]:
    """Return an advance of a model that a Machine has registered."""
    deal: Any = Deal()
    machine = Machine(deal, states=["proposal", "negotiation"], initial="proposal", auto_transitions=False)
    machine.add_transition("advance", "proposal", "negotiation", conditions=[*GUARDS])
    machine.add_transition("advance", "negotiation", "proposal", conditions=[*GUARDS])
    return deal.advance  # type: ignore[no-any-return]


class Selling(StateMachine):
    """Sell with python-statemachine; the guards are methods of the model."""

    proposal = State(initial=True)
    negotiation = State()
    advance = proposal.to(negotiation, cond=GUARDS) | negotiation.to(proposal, cond=GUARDS)


def statemachine() -> Callable[[], object]:
    """Return an advance of python-statemachine."""
    machine = Selling(Deal())
    return lambda: machine.send("advance")


CHART = """
statechart:
  name: selling
  root state:
    name: selling
    initial: proposal
    states:
      - name: proposal
        transitions: [{event: advance, target: negotiation, guard: GUARD}]
      - name: negotiation
        transitions: [{event: advance, target: proposal, guard: GUARD}]
"""


def sismic() -> Callable[[], object]:
    """Return an advance of sismic; the guards are methods of an object in its context."""
    guard = " and ".join(f"deal.{guard}()" for guard in GUARDS)
    chart = import_from_yaml(CHART.replace("GUARD", guard))
    interpreter = Interpreter(chart, initial_context={"deal": Deal()})
    interpreter.execute_once()
    return lambda: interpreter.queue("advance").execute_once()


def measure(quick: bool) -> Figures:
    """Measure all four."""
    times = 20 if quick else 2_000
    machines = {
        "ours": ours(),
        "transitions": transitions(),
        "statemachine": statemachine(),
        "sismic": sismic(),
    }
    rounds = alternate(
        3 if quick else 21,
        {name: lambda run=run: microseconds_each(run, times) for name, run in machines.items()},  # type: ignore[misc]
    )
    return Figures(
        {f"{name}_us": rounds.median(name) for name in machines},
        {
            "time_of_transitions": rounds.ratio("ours", "transitions"),
            "faster_than_best_peer": min(rounds.ratio(peer, "ours") for peer in ("statemachine", "sismic")),
        },
        {"time_of_transitions": "<= 1.5", "faster_than_best_peer": ">= 3"},
        "Microseconds an advance; one process, no store.",
    )


if __name__ == "__main__":
    main("decide", measure)
