"""Overlays: who is credited beside the splits of a case, and with how much of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook_commission.exact import CONTEXT, summed

if TYPE_CHECKING:
    import datetime as dt

    from playbook.engine.measuring import Counted
    from playbook.model.organization import Organization
    from playbook_commission.plans.plan import Overlay


class Overlays:
    """Tell whom overlays credit; who was where on a day is looked for once."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._people: dict[tuple[str, str, dt.date], tuple[str, ...]] = {}

    def shares(self, overlay: Overlay, one: Counted, named: object) -> dict[str, Decimal]:
        """Return whom an overlay credits with something that counts, each with the share of it.

        `named` is the person whom the case names, where it does.
        """
        whole = summed(one.shares.values())  # less than all of it where it is only expected
        share = CONTEXT.multiply(overlay.share, whole)
        return dict.fromkeys(self._credited(overlay, one, named), share)

    def _credited(self, overlay: Overlay, one: Counted, named: object) -> tuple[str, ...]:
        if overlay.of == "person":
            return (named,) if isinstance(named, str) and named else ()
        place = one.team if overlay.of == "team" else one.territory
        key = (overlay.of, place, one.day)
        if place and key not in self._people:
            self._people[key] = tuple(n for n in sorted(self._organization.people) if self._is_there(n, *key))
        return self._people.get(key, ())

    def _is_there(self, person: str, of: str, place: str, day: dt.date) -> bool:
        """Return whether a person works a territory on a day, or is in a team or in one above it."""
        post = self._organization.post(person, day)
        if of == "territory":
            return post.territory == place
        return any(team.id == post.team for team in self._organization.lineage(place, day))
