"""Obligations: found as in the register, added, changed, one by one or many at once."""

from __future__ import annotations

from typing import Any

from audit.services import changing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from obligations.filters import FILTERS, FilterForm, Offer
from obligations.models import Obligation
from obligations.querysets.obligations import DUE_OR_LAST
from obligations.services.authorising import may
from obligations.services.obligations import StaleObligation, obligation_create, obligation_update
from obligations.services.occurrences import occurrence_trigger
from obligations.states import State
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import CreatesOnce, ProjectView, answer
from api.paging import Pages
from api.serializers.obligations import (
    BulkResult,
    BulkSerializer,
    ObligationChange,
    ObligationSerializer,
    OccurrenceSerializer,
    Trigger,
)
from api.views.rows import KEY, ChangedRow, NewRows, OneRow, listed, single

# As `sort` in the register's address; a cursor needs columns that are never empty.
SORTS = {
    "due": ("due_or_last", "pk"),
    "-due": ("-due_or_last", "-pk"),
    "number": ("sort_key", "pk"),
    "-number": ("-sort_key", "-pk"),
    "changed": ("-updated_at", "-pk"),
}
TAG = "Obligations"


class Sorted(Pages):
    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return SORTS.get(request.query_params.get("sort", ""), ("pk",))


PARAMETERS: dict[str, dict[str, Any]] = {
    "sort": {"enum": list(SORTS), "description": "By key if it is left out."},
    "state": {"enum": State.values, "description": "How it stands today."},
    **{name: {"description": "As in the address of the register."} for name in FILTERS},
}


@listed("obligations", tag=TAG, more=PARAMETERS)
class ObligationList(NewRows):
    """Narrowed by the parameters of the register's own address, so that what a page shows is what a program gets."""

    writing = "obligation.add"
    serializer_class = ObligationSerializer
    pagination_class = Sorted

    def get_queryset(self) -> QuerySet[Obligation]:
        found = Obligation.objects.filter(project=self.project).select_related("mechanism")
        return found.annotate(due_or_last=DUE_OR_LAST)

    def filter_queryset(self, queryset: Any) -> Any:
        asked = {name: value for name, value in self.request.query_params.items() if name in {*FILTERS, "state"}}
        on = self.project.today
        form = FilterForm(asked, offer=Offer(self.project, self.user, on))
        if form.errors:
            raise serializers.ValidationError(form.errors.get_json_data())
        sort = self.request.query_params.get("sort", "")
        if sort and sort not in SORTS:
            raise serializers.ValidationError({"sort": f"Choose one of {', '.join(SORTS)}."})
        found = form.narrow(queryset)
        found = found.search(form.words, self.project) if form.words else found
        state = form.cleaned_data.get("state")
        return found.in_state(state, on) if state else found

    def make(self, values: dict[str, Any]) -> Obligation:
        return _add(self, values)


@single("an obligation", tag=TAG)
class ObligationDetail(ChangedRow):
    writing = "obligation.change"
    serializer_class = ObligationSerializer
    changing = ObligationChange

    def get_queryset(self) -> QuerySet[Obligation]:
        return Obligation.objects.filter(project=self.project).select_related("mechanism", "project__organisation")

    def change(self, row: Obligation, values: dict[str, Any], opened: dict[str, Any]) -> object:
        return obligation_update(actor=self.user, obligation=row, changes=values, expected_version=row.version)


class ObligationTrigger(OneRow, CreatesOnce):
    """What waits for an event falls due because it happened."""

    writing = "occurrence.update"
    serializer_class = Trigger

    def get_queryset(self) -> QuerySet[Obligation]:
        return Obligation.objects.filter(project=self.project).select_related("mechanism", "project__organisation")

    @extend_schema(
        summary="Say that the event happened", tags=[TAG], parameters=[KEY], responses={201: OccurrenceSerializer}
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        obligation = self.get_object()
        if not may(self.user, self.writing, obligation):
            raise PermissionDenied
        row = occurrence_trigger(actor=self.user, obligation=obligation, **self.values())
        return answer(request, OccurrenceSerializer(row, context=self.get_serializer_context()).data, status=201)


class ObligationBulk(ProjectView, CreatesOnce):
    """Many obligations at once: all of them, or none."""

    writing = "obligation.bulk_edit"
    serializer_class = BulkSerializer

    @extend_schema(summary="Add and change many at once", tags=[TAG], parameters=[KEY], responses={200: BulkResult})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        values = self.values()
        errors: dict[str, list[str]] = {}
        done: dict[str, list[int]] = {"added": [], "changed": []}
        with changing(self.project.organisation):
            stored = self._stored(values["obligations"])
            for place, change in enumerate(values["obligations"]):
                try:
                    name, row = self._one(change, stored, values["reason"])
                except ValidationError as error:
                    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
                    errors |= {f"obligations.{place}.{field}".rstrip("."): said for field, said in found.items()}
                except StaleObligation:
                    errors[f"obligations.{place}.version"] = ["It was changed since you read it: get it again."]
                else:
                    done[name].append(row.pk)
            if errors:
                raise serializers.ValidationError(errors)
        return Response(done)

    def _stored(self, changes: list[dict[str, Any]]) -> dict[int, Obligation]:
        keys = [change["id"] for change in changes if change["id"]]
        rows = Obligation.objects.filter(project=self.project).select_related("mechanism", "project__organisation")
        return rows.in_bulk(keys)

    def _one(self, change: dict[str, Any], stored: dict[int, Obligation], reason: str) -> tuple[str, Obligation]:
        if change["id"] is None:
            return "added", _add(self, change["values"])
        row = stored.get(change["id"])
        if row is None:
            raise ValidationError({"id": "There is no such obligation in this project."})
        changed = obligation_update(
            actor=self.user,
            obligation=row,
            changes=change["values"],
            expected_version=change["version"],
            reason=reason,
        )
        return "changed", changed


def _add(view: ProjectView, values: dict[str, Any]) -> Obligation:
    if values["mechanism"].obligations.filter(number=values["number"]).exists():
        raise ValidationError({"number": f"{values['mechanism']} already has an obligation {values['number']}."})
    return obligation_create(actor=view.user, project=view.project, values=values)
