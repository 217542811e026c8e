"""Projects, their people and words, mechanisms and conditions."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from registers.models import Condition, Mechanism, Project, Term
from registers.querysets import offered
from registers.services.mechanisms import FIELDS as MECHANISM_FIELDS
from rest_framework import serializers

# No database holds a greater key.
GREATEST = 2**63 - 1


class InProject(serializers.PrimaryKeyRelatedField[Any]):
    """The key of a row of the project, as its forms offer it: of another project there is none."""

    def get_queryset(self) -> Any:
        project = self.context.get("project")
        queryset = super().get_queryset()
        if project is None or queryset is None:
            return queryset
        rows = narrowed(queryset, project)
        if issubclass(queryset.model, Term):
            return offered(rows, getattr(self.root.instance, f"{self.field_name}_id", None))
        return rows

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, int) and abs(data) > GREATEST:
            self.fail("does_not_exist", pk_value=data)
        return super().to_internal_value(data)


def narrowed(queryset: Any, project: Project) -> Any:
    """Keep what belongs to a project: its own rows, its organisation's words, its people."""
    model = queryset.model
    if model is User:
        return project.people()
    names = {field.name for field in model._meta.get_fields()}
    if "project" in names:
        return queryset.filter(project=project)
    if "organisation" in names:
        return queryset.filter(organisation=project.organisation)
    if "mechanism" in names:
        return queryset.filter(mechanism__project=project)
    # What an inspection found.
    return queryset.filter(inspection__project=project)


class ProjectRow(serializers.ModelSerializer[Any]):
    """What every row of a project is sent as: keys of what belongs to the project, and nothing unknown taken."""

    serializer_related_field = InProject

    def to_internal_value(self, data: Any) -> Any:
        # What cannot be set is refused, not passed over: a program that sends it believes that it did something.
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            if refused := sorted(set(map(str, data)) - writable):
                known = set(self.fields)
                raise serializers.ValidationError(
                    {name: "This is set by Enssol." if name in known else "There is no such field." for name in refused}
                )
        return super().to_internal_value(data)


class ProjectSerializer(serializers.ModelSerializer[Project]):
    organisation = serializers.StringRelatedField[Any]()
    today = serializers.DateField(read_only=True, help_text="The day that it is at the site.")

    class Meta:
        model = Project
        fields: tuple[str, ...] = ("code", "name", "organisation", "timezone", "today")


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields: tuple[str, ...] = ("id", "name", "email")


class TermSerializer(serializers.Serializer[Any]):
    """A word of a vocabulary."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    is_retired = serializers.BooleanField(help_text="What uses it keeps it; nothing else may use it any more.")


class MechanismSerializer(ProjectRow):
    class Meta:
        model = Mechanism
        fields: tuple[str, ...] = ("id", *MECHANISM_FIELDS)


class ConditionSerializer(ProjectRow):
    class Meta:
        model = Condition
        fields: tuple[str, ...] = ("id", "mechanism", "parent", "number", "heading", "text", "is_objective", "ended_on")
        read_only_fields: tuple[str, ...] = ("ended_on",)


class ConditionCorrection(ConditionSerializer):
    """A correction of what was copied wrongly; what the regulator changed needs a new version."""

    reason = serializers.CharField(write_only=True, help_text="What was wrong; kept in the record.")

    class Meta(ConditionSerializer.Meta):
        fields: tuple[str, ...] = (
            "id",
            "mechanism",
            "parent",
            "number",
            "heading",
            "text",
            "is_objective",
            "ended_on",
            "reason",
        )
        read_only_fields: tuple[str, ...] = ("mechanism", "parent", "ended_on")
