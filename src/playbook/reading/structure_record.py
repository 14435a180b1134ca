"""A record from its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.model.record import Record
from playbook.reading.structure import texts
from playbook.reading.structure_fields import Fields

if TYPE_CHECKING:
    from playbook.reading.kinds import Parsed


def record(parsed: Parsed) -> Record:
    """Return the record of a file; the tree of each Condition is still a Pending."""
    root = parsed.root
    return Record(
        id=root.get("record", ""),
        title=root.get("title", ""),
        locale=root.get("locale", "en"),
        fields=Fields(parsed.source, parsed.where).all(root, "fields."),
        unique=texts(root, "unique"),
        roles=texts(root, "roles"),
    )
