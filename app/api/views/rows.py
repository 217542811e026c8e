"""Lists and single rows of a project: read by page, narrowed by the address, changed by who read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import CreatesOnce, ProjectView, answer, require_unchanged
from api.paging import Pages

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of the row as you read it."
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 200},
    OpenApiParameter.HEADER,
    description="Any text of your own: sent again within a day, nothing is created twice.",
)
NUMBER = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
DAY = serializers.DateField()


def one_of(choices: Any) -> serializers.ChoiceField:
    """Return a parameter that is one of some words."""
    return serializers.ChoiceField(choices=choices)


class Rows(ProjectView):
    """A list. `narrowing` says for each parameter which lookup it is, and what its value may be."""

    pagination_class = Pages
    narrowing: ClassVar[Mapping[str, tuple[str, serializers.Field[Any, Any, Any, Any]]]] = {}

    def get(self, request: Request, code: str) -> Response:
        found = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        wanted, errors = {}, {}
        for name, (lookup, field) in self.narrowing.items():
            if (value := self.request.query_params.get(name)) not in (None, ""):
                try:
                    wanted[lookup] = field.run_validation(value)
                except serializers.ValidationError as error:
                    errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return queryset.filter(**wanted)


class OneRow(ProjectView):
    """What is at the address of one row, by its key."""

    def get_object(self) -> Any:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def permit(self, row: Any) -> bool:
        """Return whether the person may do it to this row, where it is not the same for all."""
        return True


class Row(OneRow):
    """One row."""

    def get(self, request: Request, code: str, pk: int) -> Response:
        return answer(request, self.get_serializer(self.get_object()).data)


class NewRows(Rows, CreatesOnce):
    """A list to which can be added. `make` calls the service."""

    def make(self, values: dict[str, Any]) -> models.Model:
        raise NotImplementedError

    def create(self, request: Request) -> Response:
        row = self.make(self.values())
        shown = self.get_queryset().get(pk=row.pk)
        return answer(request, self.get_serializer(shown).data, status=201)


class ChangedRow(Row):
    """One row that can be changed. `change` calls the service, with the values that were read."""

    changing: type[serializers.BaseSerializer[Any]]

    def change(self, row: Any, values: dict[str, Any], opened: dict[str, Any]) -> object:
        raise NotImplementedError

    def patch(self, request: Request, code: str, pk: int) -> Response:
        row = self.get_object()
        require_unchanged(request, self.get_serializer(row))
        serializer = self.changing(row, data=request.data, partial=True, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        self.change(row, values, {name: getattr(row, name) for name in values if hasattr(row, name)})
        return answer(request, self.get_serializer(self.get_object()).data)


class Act(OneRow):
    """Something that is done to a row that somebody read."""

    shown: type[serializers.BaseSerializer[Any]]

    def act(self, row: Any, values: dict[str, Any]) -> object:
        raise NotImplementedError

    def post(self, request: Request, code: str, pk: int) -> Response:
        row = self.get_object()
        if not self.permit(row):
            raise PermissionDenied
        context = self.get_serializer_context()
        require_unchanged(request, self.shown(row, context=context))
        self.act(row, self.values())
        return answer(request, self.shown(self.get_object(), context=context).data)


def listed(
    name: str, *, tag: str, more: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[type[Rows]], type[Rows]]:
    """Describe a list in the schema: what it holds, and what it can be narrowed by."""

    def describe(view: type[Rows]) -> type[Rows]:
        shown: Any = view.serializer_class
        parameters = [
            OpenApiParameter(name, _type_of(field), enum=list(getattr(field, "choices", {})) or None)
            for name, (_, field) in view.narrowing.items()
        ]
        parameters += [OpenApiParameter(name, **options) for name, options in (more or {}).items()]
        methods = {"get": _described("List", name, tag, parameters=parameters, responses=shown(many=True))}
        if issubclass(view, CreatesOnce):
            methods["post"] = _described("Add to", name, tag, parameters=[KEY], responses={201: shown})
        return extend_schema_view(**methods)(view)

    return describe


def single(name: str, *, tag: str) -> Callable[[type[Row]], type[Row]]:
    """Describe one row in the schema."""

    def describe(view: type[Row]) -> type[Row]:
        shown = view.serializer_class
        methods = {"get": _described("Read", name, tag)}
        if issubclass(view, ChangedRow):
            methods["patch"] = _described(
                "Change", name, tag, parameters=[IF_MATCH], request=view.changing, responses={200: shown}
            )
        return extend_schema_view(**methods)(view)

    return describe


def done(summary: str, *, tag: str) -> Callable[[type[Act]], type[Act]]:
    """Describe an act in the schema."""

    def describe(view: type[Act]) -> type[Act]:
        described = extend_schema(summary=summary, tags=[tag], parameters=[IF_MATCH], responses={200: view.shown})
        return extend_schema_view(post=described)(view)

    return describe


def _described(verb: str, name: str, tag: str, **more: Any) -> Any:
    key = re.sub(r"[^a-z]+", "_", f"{verb} {name}".lower())
    return extend_schema(operation_id=key, summary=f"{verb} {name}", tags=[tag], **more)


def _type_of(field: serializers.Field[Any, Any, Any, Any]) -> Any:
    if isinstance(field, serializers.IntegerField):
        return {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
    return OpenApiTypes.DATE if isinstance(field, serializers.DateField) else OpenApiTypes.STR
