"""Check 1,000 playbooks of ten stages beside a parser and schemas alone, over the same texts.

Ours reads a text with the place of every value, validates it, checks every condition by its types, and looks at
what it means: paths, names, conditions against each other. The yardstick is what a program has that only loads
YAML: PyYAML's CSafeLoader, then jsonschema with our schema, made once. Every file has other ids and amounts;
about a third of the conditions occur in one file alone. The files have no mistakes, and both are told so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import yaml
from jsonschema import Draft7Validator

from bench import Figures, alternate, main, seconds
from playbook.checking import problems_of
from playbook.reading.project import read_text
from playbook.reading.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELDS = """\
fields:
  account:  {type: reference, to: account, title: Company}
  segment:  {type: choice, options: [small, mid, enterprise], default: mid}
  amount:   {type: money, title: Amount, help: First-year value without services}
  discount: {type: percent, title: Discount, default: 0%}
  close:    {type: date, title: Expected close}
  pain:     {type: text, title: "Pain, in the buyer's own words"}
  contacts: {type: list, of: text, personal: true}
  reason:   {type: choice, options: [price, product, timing, other]}
"""
STAGE = """\
  step_{at}:
    title: Step {at} of process {number}
    probability: {share}%
    forecast: pipeline
    guidance:
      goal: Understand what step {at} takes, and who decides it.
      questions:
        - What happens if nothing changes before step {at}?
        - Who else has to agree, and what do they care about?
      objections:
        - {{says: We have no budget., answer: "If it paid for itself within a year, who would find the money?"}}
    activities:
      meeting_{at}:
        kind: meeting
        title: Meeting {at}
        required: true
        due: {days}wd
        outcomes: {{held: done, no_show: again}}
        form: [pain, contacts?]
    exit:
      worth_{at}:
        that: deal.amount > {amount} EUR
        title: It is worth at least {amount} EUR
      near_{at}:
        that: deal.close <= today + {until}d
        title: The day is near enough
      people_{at}:
        that: size(deal.contacts) >= 2 or deal.segment == "small"
        hint: Ask the first one whom else this concerns.
      price_{at}:
        when: deal.discount > 15%
        approval: {{by: manager, separate: true}}
    timers:
      slow_{at}: {{in_stage: {days}d, then: [{{notify: owner, say: "{{case.name}} stands in step {at}"}}]}}
    next: [{onward}]
"""
END = """\
  won:
    final: won
    stamp: [amount]
    on_enter: [{notify: [owner, manager], say: "{case.owner} won {case.name}: {deal.amount}"}]
  lost: {final: lost, from: any, entry: {why: {fields: [reason]}}}
"""


def text_of(number: int) -> str:
    """Return a playbook of ten stages, two of them final, that differs from that of another number."""
    stages = [
        STAGE.format(
            at=at, number=number, share=at * 10, days=10 + at, amount=100 * number + 10 * at, until=200 - at,
            onward=f"step_{at + 1}" if at < 8 else "won",
        )
        for at in range(1, 9)
    ]  # fmt: skip
    head = f"playbook: process-{number}\nversion: 1\nsubject: deal\ntitle: Process {number}\n"
    return f"{head}{FIELDS}stages:\n{''.join(stages)}{END}"


def ours(texts: Sequence[str]) -> None:
    """Check every text; raises ValueError where one has a problem."""
    for at, text in enumerate(texts):
        problems = problems_of(read_text(text, f"{at}.playbook.yaml"))
        if problems:
            raise ValueError(problems[0].render())


def parse_and_schema(texts: Sequence[str], validator: Draft7Validator) -> None:
    """Load and validate every text; raises ValueError where one is not valid."""
    for text in texts:
        for error in validator.iter_errors(yaml.load(text, Loader=yaml.CSafeLoader)):
            raise ValueError(error.message)


def measure(quick: bool) -> Figures:
    """Measure both; raises ValueError where one finds a mistake."""
    count = 20 if quick else 1_000
    texts = [text_of(number) for number in range(1, count + 1)]
    validator = Draft7Validator(schema("playbook"))
    ours(texts[:1])
    rounds = alternate(
        1 if quick else 5,
        {
            "check": partial(seconds, partial(ours, texts)),
            "parse_and_schema": partial(seconds, partial(parse_and_schema, texts, validator)),
        },
    )
    figures = {f"{name}_ms_each": rounds.median(name) / count * 1000 for name in rounds.taken}
    return Figures(
        {**figures, "bytes_each": sum(map(len, texts)) / count},
        {"time_of_parse_and_schema": rounds.ratio("check", "parse_and_schema")},
        {"time_of_parse_and_schema": "<= 2"},
        f"{count} playbooks of ten stages.",
    )


if __name__ == "__main__":
    main("check", measure)
