"""`playbook publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.cli.options import command
from playbook.cli.output import document, say
from playbook.cli.words import refuse
from playbook.errors import InputError, ProblemsFound, Refused

if TYPE_CHECKING:
    from playbook.cli.session import Session


@command("publish", example="playbook publish")
def publish(session: Session) -> int:
    """Publish what the files say now: playbooks for new cases, people and teams for all.

    Files with mistakes are refused, and so is a playbook that changed without a new version once it has cases.
    Other commands publish by themselves where they can.
    """
    if session.mistakes:
        raise ProblemsFound(session.files.problems)
    engine = session.bare_engine
    before = {name: engine.definitions.versions(name) for name in session.files.playbooks}
    try:
        digests = session.publish()
    except InputError as error:
        return refuse(session, Refused("version", str(error)))
    rows = []
    for name, digest in sorted(digests.items()):
        published = engine.definitions.versions(name)
        is_new = published != before[name]
        rows.append(
            {"playbook": name, "version": published.current.version, "digest": digest, "changed": is_new}
        )
    if session.json:
        document({"published": rows})
        return 0
    for row in rows:
        state = "published" if row["changed"] else "is published already"
        say(f"{row['playbook']} version {row['version']} {state} ({str(row['digest'])[:12]})")
    if not rows:
        say("There is no playbook in this project.")
    return 0
