"""The times that an obligation is due, and what is done with them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from obligations.acts import ACTS
from obligations.models import Occurrence
from obligations.states import OccurrenceState
from rest_framework import serializers

from api.serializers.obligations import (
    Assignment,
    Completion,
    Extension,
    Nothing,
    OccurrenceSerializer,
    Reason,
    Target,
)
from api.views.rows import DAY, NUMBER, Act, Row, Rows, done, listed, one_of, single

TAG = "Occurrences"
ASKS: dict[str, type[serializers.BaseSerializer[Any]]] = {
    "start": Nothing,
    "submit": Completion,
    "return": Reason,
    "close": Completion,
    "assign": Assignment,
    "snooze": Target,
    "extend": Extension,
    "cancel": Reason,
    "reopen": Reason,
}


@listed("occurrences", tag=TAG)
class OccurrenceList(Rows):
    serializer_class = OccurrenceSerializer
    narrowing: ClassVar[Any] = {
        "obligation": ("obligation", NUMBER),
        "mechanism": ("obligation__mechanism", NUMBER),
        "state": ("state", one_of(OccurrenceState.choices)),
        "assigned_to": ("assigned_to", NUMBER),
        "due_from": ("due_date__gte", DAY),
        "due_to": ("due_date__lte", DAY),
    }

    def get_queryset(self) -> QuerySet[Occurrence]:
        return Occurrence.objects.filter(project=self.project).order_by("pk")


class _One:
    def get_queryset(self: Any) -> QuerySet[Occurrence]:
        return Occurrence.objects.filter(project=self.project).select_related(
            "project__organisation", "obligation__mechanism", "obligation__project__organisation"
        )


@single("an occurrence", tag=TAG)
class OccurrenceDetail(_One, Row):
    serializer_class = OccurrenceSerializer


class OccurrenceAct(_One, Act):
    shown = OccurrenceSerializer
    name: ClassVar[str]

    def permit(self, row: Occurrence) -> bool:
        return ACTS[self.name].permitted(self.user, set(self.access.roles), row)

    def act(self, row: Occurrence, values: dict[str, Any]) -> object:
        return ACTS[self.name].service(actor=self.user, occurrence=row, expected_version=row.version, **values)


# One address an act, each with what it asks for.
OCCURRENCE_ACTS: dict[str, type[Act]] = {
    name: done(ACTS[name].button, tag=TAG)(
        type(
            f"Occurrence{name.title()}",
            (OccurrenceAct,),
            {"name": name, "writing": ACTS[name].permission, "serializer_class": asks},
        )
    )
    for name, asks in ASKS.items()
}
