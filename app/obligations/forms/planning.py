"""What calendar and look-ahead can be narrowed by, as it stands in their address."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from django import forms
from django.http import QueryDict
from registers.models import Aspect, Mechanism, Project

from obligations.querysets import OccurrenceQuerySet

SPANS = {"3": "3 months", "6": "6 months", "12": "12 months", "24": "24 months"}


class PlanningFilter(forms.Form):
    """Reads the filters; one that makes no sense does not filter."""

    months = forms.ChoiceField(label="Ahead", required=False, choices=SPANS.items())
    mechanism = forms.ModelChoiceField(Mechanism.objects.none(), label="Mechanism", required=False, empty_label="Any")
    aspect = forms.ModelChoiceField(Aspect.objects.none(), label="Aspect", required=False, empty_label="Any")
    person = forms.ModelChoiceField(User.objects.none(), label="Person", required=False, empty_label="Anybody")

    def __init__(self, data: QueryDict, *, project: Project) -> None:
        super().__init__(data)
        offered: dict[str, Any] = {
            "mechanism": project.mechanisms.all(),
            "aspect": Aspect.objects.filter(organisation=project.organisation),
            "person": project.people(),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
            field.queryset = rows
        self.is_valid()

    @property
    def span(self) -> int:
        """How many months ahead."""
        return int(self.cleaned_data.get("months") or 3)

    @property
    def given(self) -> dict[str, str]:
        """The filters that are set, as they stand in the address."""
        return {name: self.data[name] for name in self.fields if self.cleaned_data.get(name)}

    def narrow(self, occurrences: OccurrenceQuerySet) -> OccurrenceQuerySet:
        """Keep what the filters ask for."""
        said = self.cleaned_data
        if said.get("mechanism"):
            occurrences = occurrences.filter(obligation__mechanism=said["mechanism"])
        if said.get("aspect"):
            occurrences = occurrences.filter(obligation__aspect=said["aspect"])
        if said.get("person"):
            occurrences = occurrences.concerning(said["person"])
        return occurrences
