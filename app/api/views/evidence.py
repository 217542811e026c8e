"""Evidence: uploaded, listed, and sent back with the hash that proves it unchanged."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from files.http import file_response
from obligations.models import Evidence
from obligations.services.evidence import evidence_add
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from api.base import answer
from api.serializers.obligations import EvidenceSerializer, Upload
from api.views.rows import KEY, NUMBER, NewRows, OneRow, Row, listed, single

TAG = "Evidence"


class _Current:
    def get_queryset(self: Any) -> QuerySet[Evidence]:
        return Evidence.objects.current().filter(obligation__project=self.project).for_list().order_by("pk")


@listed("evidence", tag=TAG)
class EvidenceList(_Current, NewRows):
    serializer_class = EvidenceSerializer
    parser_classes = [MultiPartParser]
    reading = "evidence.view"
    writing = "evidence.upload"
    narrowing: ClassVar[Any] = {
        "obligation": ("obligation", NUMBER),
        "occurrence": ("occurrence", NUMBER),
        "inspection": ("inspection", NUMBER),
        "corrective_action": ("corrective_action", NUMBER),
    }

    @extend_schema(
        summary="Upload evidence",
        tags=[TAG],
        parameters=[KEY],
        request={"multipart/form-data": Upload},
        responses={201: EvidenceSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        upload = Upload(data=request.data, context=self.get_serializer_context())
        upload.is_valid(raise_exception=True)
        values = dict(upload.validated_data)
        result = evidence_add(actor=self.user, files=[values.pop("file")], **values)
        if not result.stored:
            raise ValidationError({"file": result.refused})
        row = self.get_queryset().get(pk=result.stored[0].pk)
        return answer(request, self.get_serializer(row).data, status=201)


@single("a piece of evidence", tag=TAG)
class EvidenceDetail(_Current, Row):
    serializer_class = EvidenceSerializer
    reading = "evidence.view"


class EvidenceFile(_Current, OneRow):
    serializer_class = EvidenceSerializer
    reading = "evidence.view"

    @extend_schema(summary="Download the file", tags=[TAG], responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, code: str, pk: int) -> FileResponse:
        row = self.get_object()
        return file_response(row.file, row.name)
