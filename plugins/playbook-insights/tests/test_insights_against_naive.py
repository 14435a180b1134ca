"""Every figure of every report over random histories, against what is reckoned naively from the text.

`SOAK` set to a number makes that many examples; `make soak` does.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.naive_cases import Deal
from tests.naive_reports import Reports, Wrong
from tests.selling import STARTS, Selling, doings, houses, many
from tests.sold import PEOPLE

import playbook_insights
from playbook import InputError, load_plugins

SOAK = int(os.environ.get("SOAK", "0"))
REGISTRY = load_plugins(extra={"insights": playbook_insights}, entry_points=False)
NAMES = {"pipeline": Reports.pipeline, "win-loss": Reports.win_loss, "cycle": Reports.cycle}
GROUPS = (
    "", "stage", "owner", "manager", "team", "quarter", "product", "discount", "seats", "trial", "champion", "demo",
    "tags", "crew", "account", "origin", "price", "amount", "day", "double", "twice",
)  # fmt: skip
WRONG = ("memo", "items", "lost", "nothing")
OPTIONS = {
    "since": range(10),
    "until": range(10),
    "period": ("2026", "2026-Q1", "2026-Q2", "2027-Q1", "2026-H2", "2026-04"),
    "playbook": ("deals", "deals", "More for customers", "dels"),
    "team": ("north", "north", "Sales", "World", "nort"),
    "owner": ("ann", "bob", "Kim", "kim_s", "nobody"),
    "currency": ("EUR", "USD", "JPY", "KWD", "CHF"),
    "of": ("closed", "created", "won"),
}
NOTHING = dict.fromkeys(("by", *OPTIONS), "")
options = st.one_of([st.tuples(st.just(name), st.sampled_from(some)) for name, some in OPTIONS.items()])
actors = st.sampled_from(("operator", *PEOPLE))
questions = many(st.tuples(actors, st.sampled_from((*GROUPS, *WRONG)), many(options, 3).map(dict)), 8)


def on_days_of(deals: list[Deal], said: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked for, with days on which something happened: bounds are easily wrong there."""
    days = sorted({str(at.date()) for deal in deals for at in (deal.opened, deal.closed) if at})
    days += sorted({due for deal in deals for due in map(deal.fields.get, ("expected_close", "day")) if due})
    return {
        name: days[one % len(days)] if isinstance(one, int) else one for name, one in said.items() if days
    }


def check_one(selling: Selling, deals: list[Deal], name: str, actor: str, said: dict[str, Any]) -> None:
    naive, said = Reports(selling.company, deals, selling.now, actor), on_days_of(deals, said)
    got = wanted = None
    with contextlib.suppress(InputError):
        got = selling.report(name, actor, **said)
    with contextlib.suppress(Wrong):
        wanted = NAMES[name](naive, naive.asked(NOTHING | said))
    assert got == wanted, (name, actor, said)


def test_every_figure_is_what_is_reckoned_naively() -> None:
    @settings(
        max_examples=SOAK or 50, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        derandomize=not SOAK,  # a test of every day says the same of the same code
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(houses(), st.sampled_from(STARTS), many(doings, 60), questions)
    def check(house: dict[str, Any], start: str, history: list[Any], every: list[Any]) -> None:
        selling = Selling(house, start, REGISTRY)
        for doing in history:
            selling.happens(doing)
        deals = selling.company.deals(selling.happened)
        for name in NAMES:
            for by in GROUPS if SOAK else ():
                check_one(selling, deals, name, "operator", {"by": by})
            for actor, by, given_ in every:
                check_one(selling, deals, name, actor, {"by": by})
                check_one(selling, deals, name, actor, {"by": by, **given_})
        selling.store.close()

    check()
