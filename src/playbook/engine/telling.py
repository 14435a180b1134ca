"""An engine that tells in a language: what it shows is translated, what it is told to do is done as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from msgspec.structs import replace

from playbook.engine.definitions import Compiler
from playbook.engine.engine import Engine
from playbook.engine.rehearsing import rehearse
from playbook.engine.ticking import LEASE
from playbook.errors import InputError, Refused
from playbook.model.commands import Command
from playbook.process.translated import Fitting, translated, translated_record

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from playbook.engine.answers import Done
    from playbook.model.organization import Organization
    from playbook.model.record import Record
    from playbook.plugins import Registry
    from playbook.process.compiled import Compiled
    from playbook.process.definition import Definition

KIND = "translation"


def telling(engine: Engine, locale: str) -> Engine:
    """Return an engine that shows the texts of playbooks and records in a language, such as fa or pt-BR.

    It knows the translations that are published now; without one into the language, or without its region, the
    engine itself is returned. What it stores is what the engine would: no event depends on who reads it.
    """
    published = engine.published(KIND).values()
    told = {one["id"]: one for one in published if one["locale"] == locale.partition("-")[0]}
    told |= {one["id"]: one for one in published if one["locale"] == locale}
    return Teller(engine, locale, told) if told else engine


def languages(engine: Engine) -> tuple[str, ...]:
    """Return the languages that there are translations into, in order."""
    return tuple(sorted({one["locale"] for one in engine.published(KIND).values()}))


class Teller(Engine):
    """Show in a language; commands go to the engine, whose refusals are told anew."""

    def __init__(self, engine: Engine, locale: str, translations: Mapping[str, Any]) -> None:
        super().__init__(
            engine.store,
            engine.registry,
            project=engine.project,
            tenant=engine.tenant,
            clock=engine.clock,
            entropy=engine.entropy,
        )
        self.engine = engine
        self._locale = locale
        self._translations = translations
        self.definitions.compiler = _Compiler(engine.registry, locale, translations)
        self.kept_records.kinds.told = self._record

    def publish(self, *, actor: str) -> dict[str, str]:
        """Publish as the engine does."""
        return self.engine.publish(actor=actor)

    def enlist(self, wanted: Organization, *, actor: str) -> int:
        """Enlist as the engine does."""
        return self.engine.enlist(wanted, actor=actor)

    def tick(
        self,
        now: dt.datetime | None = None,
        *,
        limit: int = 1000,
        worker: str = "tick",
        lease: dt.timedelta = LEASE,
    ) -> int:
        """Strike timers as the engine does."""
        return self.engine.tick(now, limit=limit, worker=worker, lease=lease)

    def run(
        self,
        command: Command | Any,
        *,
        actor: str,
        key: str | None = None,
        at: dt.datetime | None = None,
    ) -> Done | Refused:
        """Carry out a command as the engine does; what refuses it is told in the language."""
        answer = self.engine.run(command, actor=actor, key=key, at=at)
        if isinstance(answer, Refused) and isinstance(command, Command):
            return self._retold(answer, command, actor)
        return answer

    def _retold(self, refused: Refused, command: Command, actor: str) -> Refused:
        """Return a refusal in the language, where deciding anew comes to the same."""
        try:
            again = rehearse(self, command, actor, seen_by=actor).answer
        except InputError:
            return refused
        if not isinstance(again, Refused) or _of(again) != _of(refused):
            return refused
        return attrs.evolve(refused, message=again.message, blockers=again.blockers)

    def _record(self, record: Record) -> Record:
        found = self._translations.get(record.id)
        if found is None or record.locale == self._locale:
            return record
        return translated_record(record, Fitting(found["texts"], found["source"]), self._locale)


class _Compiler(Compiler):
    """Make definitions ready with their texts in a language."""

    def __init__(self, registry: Registry, locale: str, translations: Mapping[str, Any]) -> None:
        super().__init__(registry)
        self._locale = locale
        self._translations = translations

    def make(self, read: Definition) -> Compiled:
        found, playbook = self._translations.get(read.playbook.id), read.playbook
        if found is not None and playbook.locale != self._locale:
            texts = Fitting(found["texts"], found["source"])
            read = replace(read, playbook=translated(playbook, texts, self._locale))
        return super().make(read)


def _of(refused: Refused) -> tuple[str, tuple[str, ...]]:
    return refused.code, tuple(blocker.criterion for blocker in refused.blockers)
