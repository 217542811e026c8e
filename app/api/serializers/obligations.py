"""Obligations, the times that they are due, and the evidence for them."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from obligations.describing import GROUPS, PROJECTED
from obligations.models import Evidence, Obligation, Occurrence
from obligations.states import Result
from rest_framework import serializers

from api.serializers.registers import InProject, ProjectRow

WRITABLE = tuple(name for names in GROUPS.values() for name in names if name not in PROJECTED)
SHOWN = ("lifecycle", "action_due_date", "status", "close_out_date", "extra", "version", "created_at", "updated_at")


class ObligationSerializer(ProjectRow):
    """An obligation. When it is due and how far it is follows from its occurrences."""

    code = serializers.CharField(read_only=True, help_text="Its mechanism and number, such as MS1234 6-2(1).")

    class Meta:
        model = Obligation
        fields: tuple[str, ...] = ("id", "code", "mechanism", "condition", *WRITABLE, *SHOWN)
        read_only_fields: tuple[str, ...] = SHOWN
        # Services tell a number that is taken, in words.
        validators: tuple[Any, ...] = ()


class ObligationChange(ObligationSerializer):
    """An obligation stays under its mechanism: a new version of that moves it."""

    class Meta(ObligationSerializer.Meta):
        read_only_fields: tuple[str, ...] = (*SHOWN, "mechanism")


class Change(serializers.Serializer[Any]):
    """One of many obligations: with an id and the version that was read it is changed, without them it is added."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object with the fields of an obligation.")
        values = dict(data)
        key, version = values.pop("id", None), values.pop("version", None)
        if key is not None and not (_whole(key) and _whole(version)):
            raise serializers.ValidationError({"version": "Send the version that you read with the id, as numbers."})
        made = ObligationChange if key is not None else ObligationSerializer
        inner = made(data=values, partial=key is not None, context=self.context)
        inner.is_valid(raise_exception=True)
        return {"id": key, "version": version, "values": inner.validated_data}


class BulkSerializer(serializers.Serializer[Any]):
    obligations = Change(many=True, allow_empty=False)
    reason = serializers.CharField(required=False, default="", help_text="Why, for the record.")

    def validate_obligations(self, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(changes) > MOST:
            raise serializers.ValidationError(f"Send at most {MOST} obligations at once.")
        return changes


MOST = 500


class BulkResult(serializers.Serializer[Any]):
    added = serializers.ListField(child=serializers.IntegerField())
    changed = serializers.ListField(child=serializers.IntegerField())


class OccurrenceSerializer(ProjectRow):
    class Meta:
        model = Occurrence
        fields: tuple[str, ...] = (
            "id",
            "obligation",
            "sequence",
            "period_start",
            "period_end",
            "nominal_date",
            "due_date",
            "target_date",
            "triggered_on",
            "trigger",
            "state",
            "assigned_to",
            "result",
            "completed_on",
            "submitted_on",
            "submitted_by",
            "closed_at",
            "closed_by",
            "cancelled_for",
            "note",
            "version",
        )
        read_only_fields: tuple[str, ...] = fields


class Nothing(serializers.Serializer[Any]):
    """An act that needs to know nothing."""


class Completion(serializers.Serializer[Any]):
    completed_on = serializers.DateField(help_text="When it was done on site or sent in.")
    result = serializers.ChoiceField(choices=Result.choices)
    note = serializers.CharField(required=False, default="", allow_blank=True, help_text="What was done.")


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="Why; kept in the record.")


class Extension(serializers.Serializer[Any]):
    new_date = serializers.DateField(help_text="The due date that was granted.")
    granted_by = serializers.CharField(max_length=200)
    reference = serializers.CharField(max_length=200, help_text="Of the letter or mail that says so.")
    reason = serializers.CharField()


class Target(serializers.Serializer[Any]):
    target_date = serializers.DateField(allow_null=True, help_text="The day that you aim for; null for none.")


class Assignment(serializers.Serializer[Any]):
    assigned_to = InProject(queryset=User.objects.all(), allow_null=True)


class Trigger(serializers.Serializer[Any]):
    on = serializers.DateField(help_text="When it happened.")
    what = serializers.CharField(help_text="What happened.")


class EvidenceSerializer(ProjectRow):
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True, help_text="In bytes.")
    media_type = serializers.CharField(source="file.media_type", read_only=True, help_text="By its content.")

    class Meta:
        model = Evidence
        fields: tuple[str, ...] = (
            "id",
            "obligation",
            "occurrence",
            "inspection",
            "corrective_action",
            "name",
            "description",
            "effective_on",
            "uploaded_at",
            "uploaded_by",
            "reviewed_at",
            "reviewed_by",
            "sha256",
            "size",
            "media_type",
        )
        read_only_fields: tuple[str, ...] = fields


class Upload(ProjectRow):
    """A file and what it proves something about."""

    file = serializers.FileField()

    class Meta:
        model = Evidence
        fields: tuple[str, ...] = (
            "file",
            "obligation",
            "occurrence",
            "inspection",
            "corrective_action",
            "description",
            "effective_on",
        )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
