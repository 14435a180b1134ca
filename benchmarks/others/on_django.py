"""Deals as a Django model with a state field of django-fsm-2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

from others.deal import GIVEN, PRAGMAS, STEPS, each_in_turn, ready

if TYPE_CHECKING:
    from pathlib import Path


class DjangoFsm:
    """Save a model with a state field after each step; Django is set up once in a process, for one file."""

    def __init__(self, path: Path) -> None:
        options = {"transaction_mode": "IMMEDIATE", "init_command": "; ".join(PRAGMAS)}
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
        settings.configure(
            DATABASES={"default": database}, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True
        )
        django.setup()
        from django.db import connection, transaction

        self._atomic, self._close = transaction.atomic, connection.close
        self._model, self._done = _models()
        with connection.schema_editor() as editor:
            editor.create_model(self._model)
            editor.create_model(self._done)

    def seconds(self, deals: int) -> float:
        """Return the seconds that deals take."""
        self._done.objects.all().delete()
        self._model.objects.all().delete()
        taken = each_in_turn(self._sell, deals)
        won = self._model.objects.filter(stage="won", call=GIVEN[3]["call"]).count()
        if won != deals or self._done.objects.count() != deals * STEPS:
            raise ValueError("django-fsm-2 left a deal open")
        return taken

    def close(self) -> None:
        """Close the file."""
        self._close()

    def _sell(self, number: int) -> None:
        deal = self._model(**{name: GIVEN[0][name] for name in ("amount", "product")})
        for count, given in enumerate(GIVEN):
            with self._atomic():
                self._step(deal, given, first=not count)
                self._done.objects.create(deal=deal, key=f"{number}-{count}", given=given)

    def _step(self, deal: Any, given: dict[str, Any], first: bool) -> None:
        if first:
            deal.save(force_insert=True)
            return
        if "stage" in given:
            getattr(deal, given["stage"])()
        else:
            for name, value in given.items():
                setattr(deal, name, value)
        deal.save(update_fields=list(given))


def _models() -> tuple[Any, Any]:
    from django.db import models
    from django_fsm import ConcurrentTransitionMixin, FSMField, transition

    class Deal(ConcurrentTransitionMixin, models.Model):  # type: ignore[misc]
        stage = FSMField(default="discovery", protected=True)
        amount = models.IntegerField()
        product = models.TextField()
        pain = models.TextField(default="")
        discount = models.TextField(default="")
        discovery_call = models.TextField(default="")
        call = models.TextField(default="")

        class Meta:
            app_label = "peers"

        @transition(stage, "discovery", "proposal", [lambda deal: ready(vars(deal), "proposal")])
        def proposal(self) -> None: ...

        @transition(stage, "proposal", "negotiation", [lambda deal: ready(vars(deal), "negotiation")])
        def negotiation(self) -> None: ...

        @transition(stage, "negotiation", "won")
        def won(self) -> None: ...

    class Done(models.Model):  # type: ignore[misc]
        deal = models.ForeignKey(Deal, models.CASCADE)
        key = models.TextField(unique=True)
        at = models.DateTimeField(auto_now_add=True)
        given = models.JSONField()

        class Meta:
            app_label = "peers"

    return Deal, Done
