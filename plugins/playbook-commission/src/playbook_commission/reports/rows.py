"""The rows of the reports on quotas: which were asked for, who may see them, what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from playbook_commission.settling.settlements import may_see, may_settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playbook import Asked, ReportQuery
    from playbook.model.organization import Organization
    from playbook_commission.spans import Span


@attrs.frozen
class Row:
    """Name whose row it is, and the measure."""

    name: str
    measure: str


@attrs.frozen
class Rows:
    """Choose rows of people, teams or territories (`whose`) in a period; `asked` says who wants to see them."""

    whose: str
    query: ReportQuery
    span: Span
    organization: Organization
    asked: Asked

    @property
    def sees_all(self) -> bool:
        """Return whether who asks sees every row."""
        return may_settle(self.asked)

    def shown(self, found: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that were asked for and may be seen, in the order of names."""
        for row in sorted(found, key=lambda one: (self.label(one.name), one.name, one.measure)):
            if self._is_wanted(row.name) and self._is_seen(row.name):
                yield row

    def notes(self, found: Iterable[Row]) -> Iterator[str]:
        """Yield how many people, teams or territories are not shown, where there are some."""
        wanted = {row.name for row in found if self._is_wanted(row.name)}
        hidden = [name for name in wanted if not self._is_seen(name)]
        if hidden:
            yield f"{len(hidden)} of {len(wanted)} are not shown to {self.asked.actor}."

    def label(self, name: str) -> str:
        """Return what people read: a name, with the id in brackets where several have it."""
        known = [*self.organization.people] if self.whose == "person" else [*self.organization.teams]
        said = self._name(name)
        same = sum(self._name(other) == said for other in known if self.whose != "territory")
        return f"{said} [{name}]" if same > 1 else said

    def _name(self, name: str) -> str:
        if self.whose == "person":
            return self.organization.name_of(name)
        if self.whose == "team" and name in self.organization.teams:
            return self.organization.teams[name].title or name
        return name

    def _is_wanted(self, name: str) -> bool:
        query = self.query
        if query.owner and (self.whose, name) != ("person", query.owner):
            return False
        above = self.organization.lineage(self._team(name), self.span.until)
        return not query.team or any(team.id == query.team for team in above)

    def _is_seen(self, name: str) -> bool:
        if self.whose == "person":
            return may_see(self.asked, name, self.span.name)
        above = self.asked.organization.lineage(self._team(name), self.span.until)
        return self.sees_all or any(team.manager == self.asked.actor for team in above if self.asked.actor)

    def _team(self, name: str) -> str:
        if self.whose == "person":
            return self.organization.post(name, self.span.until).team
        if self.whose == "team":
            return name
        territories = {one.id: one.team for one in self.organization.rules.territories}
        return territories.get(name, "")
