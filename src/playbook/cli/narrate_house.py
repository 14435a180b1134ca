"""What happened to the rules themselves as sentences: versions, the organization, files of plugins' kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.cli.output import clean
from playbook.model.events import (
    FilePublished,
    PersonForgotten,
    PersonSet,
    Published,
    QuotasImported,
    RatesImported,
    RulesSet,
    SettingsSet,
    TeamSet,
)
from playbook.model.record import KindPublished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def told(event: Any) -> str:
    """Return one event in words."""
    return TELL[type(event)](event)


def _published(event: Published) -> str:
    return f"published version {event.version} of {clean(event.playbook)}"


def _file(event: FilePublished) -> str:
    verb = "published" if event.digest else "withdrew"
    return f"{verb} the {clean(event.kind)} {clean(event.file)}"


def _kind(event: KindPublished) -> str:
    return f"published what {clean(event.record)} records hold"


def _settings(event: SettingsSet) -> str:
    return f"laid down the settings of {clean(event.settings.id)}"


def _team(event: TeamSet) -> str:
    manager = f", led by {clean(event.team.manager)}" if event.team.manager else ""
    parent = f", part of {clean(event.team.parent)}" if event.team.parent else ""
    return f"described the team {clean(event.team.title or event.team.id)}{manager}{parent}"


def _person(event: PersonSet) -> str:
    person, post = event.person, event.person.post()
    held = ", ".join(clean(part) for part in (post.role, post.team) if part)
    return f"described {clean(person.name or person.id)}" + (f" ({held})" if held else "")


def _rules(event: RulesSet) -> str:
    return "laid down calendars, territories, assignment, quotas and rates anew"


def _quotas(event: QuotasImported) -> str:
    return f"imported {len(event.quotas):,} quotas" if len(event.quotas) != 1 else "imported a quota"


def _rates(event: RatesImported) -> str:
    return f"imported {len(event.rates):,} rates" if len(event.rates) != 1 else "imported a rate"


def _forgotten(event: PersonForgotten) -> str:
    return f"had the personal values erased that name {clean(event.person)}"


TELL: Mapping[type, Callable[[Any], str]] = {
    Published: _published, FilePublished: _file, KindPublished: _kind, SettingsSet: _settings, TeamSet: _team,
    PersonSet: _person, RulesSet: _rules, QuotasImported: _quotas, RatesImported: _rates, PersonForgotten: _forgotten,
}  # fmt: skip
