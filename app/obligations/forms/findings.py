"""What the forms of inspections, non-compliances and corrective actions have in common."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from django import forms
from django.db.models import Q
from django.http import QueryDict
from registers.models import Project


class ActForm(forms.Form):
    """Asks what an act needs to know, and carries the version of the row that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, version: int, **kwargs: Any) -> None:
        kwargs["initial"] = {"version": version, **kwargs.get("initial", {})}
        super().__init__(data, **kwargs)

    def upon(self, version: int) -> None:
        """Take what is stored now as seen: sending the form again acts upon it."""
        data = self.data.copy() if isinstance(self.data, QueryDict) else QueryDict(mutable=True)
        data[self.add_prefix("version")] = str(version)
        self.data = data

    @property
    def values(self) -> dict[str, Any]:
        """What the act needs to know, with the line ends that the register has."""
        values = {**self.cleaned_data, "expected_version": self.cleaned_data["version"]}
        del values["version"]
        return {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in values.items()
        }


class ReasonForm(ActForm):
    """Asks why."""

    reason = forms.CharField(
        label="Reason",
        help_text="Kept for good in the record.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the reason is kept in the record."},
    )


def choose_from_people(form: forms.BaseForm, name: str, project: Project, present: int | None) -> None:
    """Let a field offer the people of the project, who has the work at present even if they left, and nobody."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        offered = Q(pk__in=project.people().order_by().values("pk")) | Q(pk=present or 0)
        field.queryset = User.objects.filter(offered).order_by("name", "email")
        field.empty_label = "Nobody yet"
