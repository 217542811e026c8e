"""Inspections, non-compliances, corrective actions, and the audit trail."""

from __future__ import annotations

from typing import Any

from audit.models import AuditEvent
from obligations.models import CorrectiveAction, Inspection, NonCompliance
from obligations.services.noncompliance import TOLD
from rest_framework import serializers

from api.serializers.registers import ProjectRow


class InspectionSerializer(ProjectRow):
    class Meta:
        model = Inspection
        fields: tuple[str, ...] = (
            "id",
            "obligation",
            "occurrence",
            "state",
            "planned_on",
            "inspector",
            "place",
            "location",
            "performed_on",
            "performed_by",
            "summary",
            "version",
        )
        read_only_fields: tuple[str, ...] = ("state", "performed_on", "performed_by", "summary", "version")


class InspectionChange(InspectionSerializer):
    class Meta(InspectionSerializer.Meta):
        read_only_fields: tuple[str, ...] = (*InspectionSerializer.Meta.read_only_fields, "obligation", "occurrence")


class NonComplianceSerializer(ProjectRow):
    reference = serializers.CharField(read_only=True, help_text="Such as NC-3.")

    class Meta:
        model = NonCompliance
        fields: tuple[str, ...] = (
            "id",
            "reference",
            "obligation",
            "status",
            *TOLD,
            "notified_on",
            "notified_how",
            "notified_reference",
            "raised_at",
            "raised_by",
            "closed_at",
            "closed_by",
            "closing_note",
            "version",
        )
        read_only_fields: tuple[str, ...] = (
            "status",
            "notification_due",
            "notified_on",
            "notified_how",
            "notified_reference",
            "raised_at",
            "raised_by",
            "closed_at",
            "closed_by",
            "closing_note",
            "version",
        )


class NonComplianceChange(NonComplianceSerializer):
    class Meta(NonComplianceSerializer.Meta):
        read_only_fields: tuple[str, ...] = (*NonComplianceSerializer.Meta.read_only_fields, "obligation", "kind")


class Notification(serializers.Serializer[Any]):
    notified_on = serializers.DateField()
    notified_how = serializers.CharField(max_length=200, help_text="Such as the portal, or a call to the officer.")
    notified_reference = serializers.CharField(max_length=200)


class Closing(serializers.Serializer[Any]):
    closing_note = serializers.CharField()


class CorrectiveActionSerializer(ProjectRow):
    class Meta:
        model = CorrectiveAction
        fields: tuple[str, ...] = (
            "id",
            "non_compliance",
            "description",
            "owner",
            "due_on",
            "completed_on",
            "completion_note",
            "check_on",
            "is_effective",
            "check_note",
            "checked_by",
            "closed_at",
            "closed_by",
            "version",
        )
        read_only_fields: tuple[str, ...] = (
            "completed_on",
            "completion_note",
            "is_effective",
            "check_note",
            "checked_by",
            "closed_at",
            "closed_by",
            "version",
        )


class CorrectiveActionChange(CorrectiveActionSerializer):
    class Meta(CorrectiveActionSerializer.Meta):
        read_only_fields: tuple[str, ...] = (*CorrectiveActionSerializer.Meta.read_only_fields, "non_compliance")


class Done(serializers.Serializer[Any]):
    completed_on = serializers.DateField()
    completion_note = serializers.CharField()


class Check(serializers.Serializer[Any]):
    check_on = serializers.DateField(help_text="When somebody looked whether it works.")
    is_effective = serializers.BooleanField()
    check_note = serializers.CharField()


class EventSerializer(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields: tuple[str, ...] = (
            "sequence",
            "at",
            "actor",
            "actor_name",
            "channel",
            "address",
            "action",
            "subject",
            "subject_label",
            "topic",
            "changes",
            "reason",
            "previous_hash",
            "hash",
        )
        read_only_fields: tuple[str, ...] = fields
