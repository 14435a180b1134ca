"""A translation: the texts of a playbook or record in another language, by the paths of the file."""

from __future__ import annotations

import attrs


@attrs.frozen
class Translation:
    """Hold texts by path, such as `stages.discovery.title`; `source` holds what some were translated from."""

    id: str
    locale: str
    texts: dict[str, str] = attrs.field(factory=dict)
    source: dict[str, str] = attrs.field(factory=dict)
