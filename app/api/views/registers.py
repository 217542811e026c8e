"""Projects, people, words, mechanisms and conditions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import Http404
from drf_spectacular.utils import extend_schema
from obligations.models import VOCABULARIES
from obligations.services.mechanisms import mechanism_change
from registers.models import Condition, Mechanism
from registers.services.conditions import condition_add, condition_correct
from registers.services.mechanisms import mechanism_add
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import ApiView, ProjectView, answer
from api.paging import Pages
from api.serializers.registers import (
    ConditionCorrection,
    ConditionSerializer,
    MechanismSerializer,
    PersonSerializer,
    ProjectSerializer,
    TermSerializer,
)
from api.views.rows import NUMBER, ChangedRow, NewRows, Rows, listed, one_of, single


class ProjectList(ApiView):
    serializer_class = ProjectSerializer
    pagination_class = Pages

    @extend_schema(
        operation_id="list_projects",
        summary="List the projects that you see",
        tags=["Projects"],
        responses=ProjectSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.projects()) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ProjectDetail(ProjectView):
    serializer_class = ProjectSerializer

    @extend_schema(operation_id="read_a_project", summary="Read a project", tags=["Projects"])
    def get(self, request: Request, code: str) -> Response:
        return answer(request, self.get_serializer(self.project).data)


@listed("people of the project", tag="Projects")
class PeopleList(Rows):
    serializer_class = PersonSerializer

    def get_queryset(self) -> models.QuerySet[Any]:
        return self.project.people().order_by("pk")


@listed("words of a vocabulary", tag="Projects")
class TermList(Rows):
    serializer_class = TermSerializer

    def get_queryset(self) -> models.QuerySet[Any]:
        model = VOCABULARIES.get(self.kwargs["vocabulary"])
        if model is None:
            raise Http404
        return model._default_manager.filter(organisation=self.project.organisation).order_by("pk")

    def get(self, request: Request, code: str, vocabulary: str) -> Response:  # type: ignore[override]  # one more part
        return super().get(request, code)


@listed("mechanisms", tag="Mechanisms")
class MechanismList(NewRows):
    writing = "mechanism.add"
    serializer_class = MechanismSerializer
    narrowing = {"status": ("status", one_of(Mechanism.Status.choices)), "parent": ("parent", NUMBER)}

    def get_queryset(self) -> models.QuerySet[Mechanism]:
        return self.project.mechanisms.order_by("pk")

    def make(self, values: dict[str, Any]) -> Mechanism:
        return mechanism_add(actor=self.user, project=self.project, values=values)


@single("a mechanism", tag="Mechanisms")
class MechanismDetail(ChangedRow):
    writing = "mechanism.change"
    serializer_class = changing = MechanismSerializer

    def get_queryset(self) -> models.QuerySet[Mechanism]:
        return self.project.mechanisms.select_related("project__organisation", "parent")

    def change(self, row: Mechanism, values: dict[str, Any], opened: dict[str, Any]) -> object:
        return mechanism_change(actor=self.user, mechanism=row, changes=values, opened=opened)


@listed("conditions", tag="Mechanisms")
class ConditionList(NewRows):
    writing = "mechanism.change"
    serializer_class = ConditionSerializer
    narrowing = {"mechanism": ("mechanism", NUMBER), "parent": ("parent", NUMBER)}

    def get_queryset(self) -> models.QuerySet[Condition]:
        return Condition.objects.filter(mechanism__project=self.project).order_by("pk")

    def make(self, values: dict[str, Any]) -> Condition:
        return condition_add(actor=self.user, mechanism=values.pop("mechanism"), values=values)


@single("a condition", tag="Mechanisms")
class ConditionDetail(ChangedRow):
    writing = "mechanism.change"
    serializer_class = ConditionSerializer
    changing = ConditionCorrection

    def get_queryset(self) -> models.QuerySet[Condition]:
        return Condition.objects.filter(mechanism__project=self.project).select_related(
            "mechanism__project__organisation"
        )

    def change(self, row: Condition, values: dict[str, Any], opened: dict[str, Any]) -> object:
        reason = values.pop("reason", "")
        return condition_correct(actor=self.user, condition=row, changes=values, reason=reason, opened=opened)
