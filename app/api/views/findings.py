"""Inspections, non-compliances, corrective actions, and the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from audit.models import AuditEvent
from django.db.models import QuerySet
from obligations.models import CorrectiveAction, Inspection, NonCompliance
from obligations.services import corrective_actions, inspections, noncompliance
from rest_framework import serializers

from api.paging import Pages
from api.serializers.findings import (
    Check,
    Closing,
    CorrectiveActionChange,
    CorrectiveActionSerializer,
    Done,
    EventSerializer,
    InspectionChange,
    InspectionSerializer,
    NonComplianceChange,
    NonComplianceSerializer,
    Notification,
)
from api.serializers.obligations import Reason
from api.views.rows import DAY, NUMBER, Act, ChangedRow, NewRows, Rows, done, listed, one_of, single

CHANGE, CLOSE = "noncompliance.change", "corrective_action.close"


class _Inspections:
    def get_queryset(self: Any) -> QuerySet[Inspection]:
        found = Inspection.objects.filter(project=self.project)
        return found.select_related("project__organisation", "obligation__mechanism").order_by("pk")


class _NonCompliances:
    def get_queryset(self: Any) -> QuerySet[NonCompliance]:
        found = NonCompliance.objects.filter(project=self.project)
        return found.select_related("project__organisation", "obligation__mechanism").order_by("pk")


class _CorrectiveActions:
    def get_queryset(self: Any) -> QuerySet[CorrectiveAction]:
        found = CorrectiveAction.objects.filter(non_compliance__project=self.project)
        return found.select_related("non_compliance__project__organisation").order_by("pk")


@listed("inspections", tag="Inspections")
class InspectionList(_Inspections, NewRows):
    writing = "inspection.schedule"
    serializer_class = InspectionSerializer
    narrowing: ClassVar[Any] = {
        "obligation": ("obligation", NUMBER),
        "state": ("state", one_of(Inspection.State.choices)),
        "planned_from": ("planned_on__gte", DAY),
        "planned_to": ("planned_on__lte", DAY),
    }

    def make(self, values: dict[str, Any]) -> Inspection:
        obligation = values.pop("obligation")
        return inspections.inspection_schedule(actor=self.user, obligation=obligation, values=values)


@single("an inspection", tag="Inspections")
class InspectionDetail(_Inspections, ChangedRow):
    writing = "inspection.schedule"
    serializer_class = InspectionSerializer
    changing = InspectionChange

    def change(self, row: Inspection, values: dict[str, Any], opened: dict[str, Any]) -> object:
        return inspections.inspection_change(actor=self.user, inspection=row, changes=values, opened=opened)


@listed("non-compliances", tag="Non-compliance")
class NonComplianceList(_NonCompliances, NewRows):
    writing = "noncompliance.raise"
    serializer_class = NonComplianceSerializer
    narrowing: ClassVar[Any] = {
        "obligation": ("obligation", NUMBER),
        "status": ("status", one_of(NonCompliance.Status.choices)),
        "kind": ("kind", one_of(NonCompliance.Kind.choices)),
        "aware_from": ("aware_on__gte", DAY),
        "aware_to": ("aware_on__lte", DAY),
    }

    def make(self, values: dict[str, Any]) -> NonCompliance:
        obligation = values.pop("obligation")
        return noncompliance.non_compliance_raise(actor=self.user, obligation=obligation, values=values)


@single("a non-compliance", tag="Non-compliance")
class NonComplianceDetail(_NonCompliances, ChangedRow):
    writing = "noncompliance.change"
    serializer_class = NonComplianceSerializer
    changing = NonComplianceChange

    def change(self, row: NonCompliance, values: dict[str, Any], opened: dict[str, Any]) -> object:
        return noncompliance.non_compliance_change(actor=self.user, non_compliance=row, changes=values, opened=opened)


@listed("corrective actions", tag="Corrective actions")
class CorrectiveActionList(_CorrectiveActions, NewRows):
    writing = "noncompliance.change"
    serializer_class = CorrectiveActionSerializer
    narrowing: ClassVar[Any] = {
        "non_compliance": ("non_compliance", NUMBER),
        "owner": ("owner", NUMBER),
        "due_from": ("due_on__gte", DAY),
        "due_to": ("due_on__lte", DAY),
    }

    def make(self, values: dict[str, Any]) -> CorrectiveAction:
        found = values.pop("non_compliance")
        return corrective_actions.corrective_action_add(actor=self.user, non_compliance=found, values=values)


@single("a corrective action", tag="Corrective actions")
class CorrectiveActionDetail(_CorrectiveActions, ChangedRow):
    writing = "noncompliance.change"
    serializer_class = CorrectiveActionSerializer
    changing = CorrectiveActionChange

    def change(self, row: CorrectiveAction, values: dict[str, Any], opened: dict[str, Any]) -> object:
        return corrective_actions.corrective_action_change(
            actor=self.user, corrective_action=row, changes=values, opened=opened
        )


class _FindingAct(Act):
    """What one of the services does to a row; `subject` is the name under which it takes it."""

    service: ClassVar[Callable[..., object]]
    subject: ClassVar[str]

    def act(self, row: Any, values: dict[str, Any]) -> object:
        known = {"actor": self.user, self.subject: row, "expected_version": row.version}
        return type(self).service(**known, **values)


def _acts(
    where: type, subject: str, shown: type[serializers.BaseSerializer[Any]], tag: str, acts: dict[str, tuple[Any, ...]]
) -> dict[str, type[Act]]:
    found = {}
    for name, (service, asks, writing, summary) in acts.items():
        members = {
            "writing": writing,
            "service": staticmethod(service),
            "subject": subject,
            "shown": shown,
            "serializer_class": asks,
        }
        made = type(f"{subject.title().replace('_', '')}{name.title()}", (where, _FindingAct), members)
        found[name] = done(summary, tag=tag)(made)
    return found


INSPECTION_ACTS = _acts(
    _Inspections,
    "inspection",
    InspectionSerializer,
    "Inspections",
    {"cancel": (inspections.inspection_cancel, Reason, "inspection.schedule", "Cancel it")},
)
NON_COMPLIANCE_ACTS = _acts(
    _NonCompliances,
    "non_compliance",
    NonComplianceSerializer,
    "Non-compliance",
    {
        "notify": (noncompliance.non_compliance_notify, Notification, CHANGE, "Say that the regulator was told"),
        "confirm": (noncompliance.non_compliance_confirm, Reason, CHANGE, "Confirm it"),
        "dismiss": (noncompliance.non_compliance_dismiss, Reason, CHANGE, "Find it compliant after all"),
        "close": (noncompliance.non_compliance_close, Closing, CHANGE, "Close it"),
        "reopen": (noncompliance.non_compliance_reopen, Reason, CHANGE, "Reopen it"),
    },
)
CORRECTIVE_ACTION_ACTS = _acts(
    _CorrectiveActions,
    "corrective_action",
    CorrectiveActionSerializer,
    "Corrective actions",
    {
        "check": (corrective_actions.corrective_action_check, Check, CLOSE, "Say whether it works"),
        "close": (corrective_actions.corrective_action_close, Reason, CLOSE, "Close it without a check"),
        "reopen": (corrective_actions.corrective_action_reopen, Reason, CLOSE, "Reopen it"),
    },
)


class CompletedAction(_CorrectiveActions, _FindingAct):
    """Its owner says so as well as who manages corrective actions."""

    service = staticmethod(corrective_actions.corrective_action_complete)
    subject = "corrective_action"
    shown = CorrectiveActionSerializer
    serializer_class = Done

    def _may_write(self) -> bool:
        return self.access.may(CLOSE) or self.access.may("corrective_action.complete.own")

    def permit(self, row: CorrectiveAction) -> bool:
        return corrective_actions.may_complete(self.user, row)


CORRECTIVE_ACTION_ACTS["complete"] = done("Say that it is done", tag="Corrective actions")(CompletedAction)


class _NewestFirst(Pages):
    ordering = ("-sequence",)


@listed("events of the audit trail", tag="Audit trail")
class EventList(Rows):
    serializer_class = EventSerializer
    pagination_class = _NewestFirst
    reading = "audit.view"
    narrowing: ClassVar[Any] = {
        "action": ("action", serializers.CharField(max_length=100)),
        "actor": ("actor", NUMBER),
        "topic": ("topic", serializers.CharField(max_length=100)),
        "from": ("at__date__gte", DAY),
        "to": ("at__date__lte", DAY),
    }

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.of(self.project)
