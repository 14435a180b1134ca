"""The settings of a project: what `playbook.yaml` at the root of a team's folder says."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class ProjectSettings:
    """Hold a project's settings; empty text means not said, `plugins` holds settings by plugin name."""

    id: str = ""
    store: str = ""
    organization: str = ""
    locale: str = ""
    plugins: dict[str, Any] = attrs.field(factory=dict)
