"""A record: what cases are about and refer to, such as an account, a contact, a product."""

from __future__ import annotations

import attrs

from playbook.model.playbook import Field


@attrs.frozen
class Record:
    """Describe a kind of record; no two have the same value in a field that `unique` names.

    `roles` are those that one may have on a case, such as champion.
    """

    id: str
    title: str = ""
    locale: str = "en"
    fields: tuple[Field, ...] = ()
    unique: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
