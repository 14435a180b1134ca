"""The calendar that applies to a person or a team, with the holidays of its country."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from playbook.errors import InputError
from playbook.times import Calendar, zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbook.model.organization import Organization
    from playbook.model.organization_rules import WorkCalendar

_MISSING = (
    "calendar {0!r} takes the holidays of {1}, and the package that knows them is not installed:"
    " pip install 'playbook[calendars]', or list the days"
)


class Calendars:
    """Find calendars: the person's, else the team's, else that of a team above, else the organization's.

    The organization's is Monday to Friday, 9 to 17, in its time zone.
    """

    __slots__ = ("_by_id", "_organization", "_written", "general")

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._written = {calendar.id: calendar for calendar in organization.rules.calendars}
        self._by_id: dict[str, Calendar] = {}
        self.general = Calendar(zone=zone(organization.settings.timezone))

    def of(self, person_id: str, team_id: str = "", on: dt.date | None = None) -> Calendar:
        """Return the calendar that applies on a day to a person, and to a team where the person is in none.

        Raises InputError where its country's holidays are not known here.
        """
        if not self._written:
            return self.general
        named = next(filter(self._written.__contains__, self._names(person_id, team_id, on)), "")
        if not named:
            return self.general
        found = self._by_id.get(named)
        if found is None:
            found = self._by_id[named] = self._made(self._written[named])
        return found

    def _names(self, person_id: str, team_id: str, on: dt.date | None) -> Iterator[str]:
        organization = self._organization
        person = organization.person(person_id, on)
        if person is not None:
            yield person.calendar
            team_id = organization.post(person_id, on).team or team_id
        yield from (team.calendar for team in organization.lineage(team_id, on))

    def _made(self, written: WorkCalendar) -> Calendar:
        holidays = Holidays(written) if written.country else frozenset(written.holidays)
        return Calendar(
            zone(written.timezone) if written.timezone else self.general.zone,
            frozenset(written.days),
            written.opens,
            written.closes,
            holidays,
        )


class Holidays:
    """Hold the holidays of a country and those that are listed; a year's are looked up once."""

    __slots__ = ("_listed", "_place", "_years")

    def __init__(self, calendar: WorkCalendar) -> None:
        country, _, part = calendar.country.partition("-")
        self._place = (country, part or None)
        self._listed = frozenset(calendar.holidays)
        self._years: dict[int, frozenset[dt.date]] = {}
        try:
            import holidays
        except ModuleNotFoundError:
            raise InputError(_MISSING.format(calendar.id, calendar.country)) from None
        try:
            holidays.country_holidays(country, part or None)
        except NotImplementedError:
            raise InputError(
                f"calendar {calendar.id!r}: no holidays are known for {calendar.country!r};"
                " write a country like DE, or a part of one like DE-BY, or list the days"
            ) from None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, dt.date) and (day in self._listed or day in self._of(day.year))

    def _of(self, year: int) -> frozenset[dt.date]:
        found = self._years.get(year)
        if found is None:
            import holidays

            country, part = self._place
            found = self._years[year] = frozenset(holidays.country_holidays(country, part, years=year))
        return found
