"""The command `commission try`: what a plan would have paid, beside what is paid now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from playbook import Blocker, InputError, Refused, UnknownName, command
from playbook_commission.commands.asking import book_of
from playbook_commission.foresight.trying import Wanted, attempt
from playbook_commission.plans.plan import load_plan
from playbook_commission.showing.try_shown import document, names, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook import Problem
    from playbook.cli.session import Session
    from playbook_commission.foresight.filling import Lack
    from playbook_commission.plans.plan import Plan

_NOT_ALL = "{} may not see what everybody is paid; people in the role finance, or the operator, may"


def trying(settings: Mapping[str, Any]) -> click.Command:
    """Return `try`."""

    @command(
        "try",
        example="playbook commission try next-year.draft.yaml --since 2027-01-01 --until 2027-12-31",
        publishes=False,
    )
    @click.argument("plan")
    @click.option("--since", metavar="DAY", required=True, help="The first day of a period, like 2027-01-01.")
    @click.option("--until", metavar="DAY", help="The last day of one; by default of the last that is over.")
    @click.option("--person", default="", help="Only this person, period by period.")
    @click.option("--beside", metavar="PLAN", multiple=True, help="The plan that it is for; by default all that"
                  " pay somebody whom it would pay.")  # fmt: skip
    @click.option(
        "--quota-from", metavar="PERIOD", default="", help="Whose quotas count where there were none."
    )
    def run(
        session: Session,
        plan: str,
        since: str,
        until: str | None,
        person: str,
        beside: tuple[str, ...],
        quota_from: str,
    ) -> int | None:
        """Tell what PLAN would have paid over days that are over, beside what was and is paid.

        PLAN is a file, which need not be among the project's, or the id of a plan. It is taken as if it had been in
        force on all of those days. Nothing is stored or published.
        """
        book = book_of(session, settings)
        if not book.may_settle(session.actor):
            return session.refuse(Refused("not_permitted", _NOT_ALL.format(session.actor)))
        tried, file, warnings = _plan(session, plan)
        who = session.person(person) if person else ""
        wanted = Wanted(_day(since), None if until is None else _day(until), who, beside, quota_from)
        with session.bar(f"Trying {tried.id}", 100) as bar:
            found = attempt(book, tried, wanted, lambda done, of: bar(done * 100 // of))
        if not isinstance(found, tuple):
            if session.json:
                session.tell(document(session, found, file, warnings))
            else:
                show(session, found, file, warnings)
            return None
        return session.refuse(_without_quotas(session, tried, found, f"{plan} --since {since}", until))

    return run


def _plan(session: Session, named: str) -> tuple[Plan, str, Sequence[Problem]]:
    """Return a plan by its file or id, the file, and what the checker warns of."""
    try:
        draft = session.draft("plan", named)
    except UnknownName as error:
        published = session.engine.published("plan")
        if named not in published:
            raise UnknownName("file or plan", named, {**dict.fromkeys(error.known), **published}) from None
        return load_plan(published[named]), "", ()
    imported = session.organization.imported
    known = (
        imported and imported.quotas
    )  # of which the checker knows nothing; what is missing is told all the same
    problems = [one for one in draft.problems if not (known and one.code == "plan-quota")]
    return load_plan(draft.said), draft.file, problems


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no day: write one like 2027-01-01") from None


def _without_quotas(
    session: Session, plan: Plan, lack: Sequence[Lack], words: str, until: str | None
) -> Refused:
    """Return why a plan cannot be tried: every quota that is not there, and how to give it."""
    words += f" --until {until}" if until else ""
    whose = defaultdict[tuple[str, str], list[str]](list)
    for one in lack:
        whose[one.measure, one.period].append(one.person)
    periods = defaultdict[tuple[str, tuple[str, ...]], list[str]](list)
    for (measure, period), people in whose.items():
        periods[measure, tuple(people)].append(period)
    said = f"{plan.id} pays by attainment, and quotas that it needs are not there; none was invented"
    blockers = (
        _blocker(session, measure, people, missing, words) for (measure, people), missing in periods.items()
    )
    return Refused("no_quota", said, tuple(blockers))


def _blocker(
    session: Session, measure: str, people: tuple[str, ...], periods: Sequence[str], words: str
) -> Blocker:
    quotas = session.organization.quotas
    known = sorted({one.period for one in quotas if one.measure == measure and one.person in people})
    whom = names(session, people)
    return Blocker(
        f"quota:{measure}", "quota", f"{whom}: no quota for {measure} in {', '.join(periods)}",
        hint=f"{'Name a period whose quotas are to count, or w' if known else 'W'}rite those that there were into the"
        " organization's quotas and `playbook publish` them.",
        missing=tuple(f"{measure}:{period}" for period in periods), who=people,
        fix=f"playbook commission try {words} --quota-from {known[-1]}" if known else "",
    )  # fmt: skip
