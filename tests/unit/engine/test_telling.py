"""An engine that tells in a language stores what the engine itself would."""

from __future__ import annotations

import datetime as dt
import itertools

from playbook import Advance, Engine, MemoryStore, Open, Project, Refused, Set, load_plugins, telling
from playbook.engine.proof import prove
from playbook.engine.telling import languages

DEALS = """
playbook: deals
version: 1
subject: deal
fields:
  amount: {type: money, title: Amount}
stages:
  talks:
    title: Talks
    on_exit: [{notify: owner, say: "{case.name} moves on"}]
    exit:
      priced: {that: deal.amount > 5 EUR, title: It has a price}
    next: [won]
  won: {final: won}
"""
GERMAN = """
translation: deals
locale: de
stages:
  talks:
    title: Gespräch
    exit: {priced: {title: Es hat einen Preis}}
    on_exit: [{say: "{case.name} geht weiter"}]
"""
SWISS = "translation: deals\nlocale: de-CH\nstages: {talks: {title: Gschpröch}}\n"
REGISTRY = load_plugins(entry_points=False)


def engine(**files: str) -> Engine:
    ticks, salts = itertools.count(), itertools.count()
    start = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    made = Engine.open(
        Project.from_files(
            {"deals.playbook.yaml": DEALS, **{f"deals.{k}.yaml": v for k, v in files.items()}}
        ),
        store=MemoryStore(),
        registry=REGISTRY,
        clock=lambda: start + dt.timedelta(minutes=next(ticks)),
        entropy=lambda size: next(salts).to_bytes(size, "big"),
    )
    made.publish(actor="operator")
    return made


def sold(made: Engine) -> str:
    case = made.run(Open("big", "deals", "Big Co", "sam"), actor="sam")
    assert not isinstance(case, Refused)
    made.run(Advance("big"), actor="sam")
    made.run(Set("big", {"amount": "9 EUR"}), actor="sam")
    made.run(Advance("big"), actor="sam")
    return case.case


def log(made: Engine) -> list[tuple[str, str, bytes, str]]:
    items = made.store.log("default", after=None, limit=1000).items
    return [(event.stream, event.kind, event.data, event.actor) for event in items]


def test_what_is_stored_is_the_same_whoever_reads() -> None:
    plain, told = engine(de=GERMAN), engine(de=GERMAN)
    sold(plain)
    sold(telling(told, "de"))
    assert log(told) == log(plain)
    assert list(prove(telling(told, "de"))) == []


def test_refusals_explanations_and_texts_are_told_in_the_language() -> None:
    made = engine(de=GERMAN)
    german = telling(made, "de")
    german.run(Open("big", "deals", "Big Co", "sam"), actor="sam")
    refused = german.run(Advance("big"), actor="sam")
    assert isinstance(refused, Refused)
    assert [blocker.title for blocker in refused.blockers] == ["Es hat einen Preis"]
    assert "Es hat einen Preis" in refused.message
    assert [blocker.title for blocker in german.why("big", actor="sam").blockers] == ["Es hat einen Preis"]
    assert [blocker.title for blocker in made.why("big", actor="sam").blockers] == ["It has a price"]
    assert german.guide("big", actor="sam").title == "Gespräch"


def test_a_region_falls_back_on_its_language_and_another_language_on_the_engine() -> None:
    made = engine(de=GERMAN)
    sold(made)
    assert telling(made, "fr") is made
    assert telling(made, "en") is made
    assert telling(made, "de-AT").case_and_definition("big")[1].stages["talks"].title == "Gespräch"
    both = engine(de=GERMAN, **{"de-CH": SWISS})
    sold(both)
    assert telling(both, "de-CH").case_and_definition("big")[1].stages["talks"].title == "Gschpröch"
    assert languages(both) == ("de", "de-CH")


def test_a_translation_is_no_new_version_and_one_that_is_gone_is_forgotten() -> None:
    made = engine(de=GERMAN)
    digests = made.publish(actor="operator")
    made.project = Project.from_files(
        {"deals.playbook.yaml": DEALS, "deals.de.yaml": GERMAN.replace("Gespräch", "Gespraech")}
    )
    assert made.publish(actor="operator") == digests
    sold(made)
    assert telling(made, "de").case_and_definition("big")[1].stages["talks"].title == "Gespraech"
    made.project = Project.from_files({"deals.playbook.yaml": DEALS})
    made.publish(actor="operator")
    assert telling(made, "de") is made
