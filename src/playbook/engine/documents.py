"""Published documents: what playbooks, kinds of records and files said when they were published, by digest."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from playbook.errors import DamagedStore

if TYPE_CHECKING:
    from playbook.stores.interface import Store


def document(store: Store, tenant: str, digest: str, of: str) -> bytes:
    """Return a published document, which `of` names; raises DamagedStore where it is gone or another by now."""
    found = store.document(tenant, digest)
    if found is None or sha256(found).hexdigest() != digest:
        how = "is not there" if found is None else "was altered"
        raise DamagedStore(
            f"what was published as {of} {how} (document {digest[:12]}); restore a copy of the database"
        )
    return found
