"""What the register can be narrowed by, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from registers.models import Aspect, Mechanism, ObligationType, Phase, Procedure, Project, ResponsibleRole

from obligations.querysets import ORDERS, ObligationQuerySet
from obligations.states import State, Status

PAGE_SIZES = (25, 50, 100, 200)
DEFAULTS = {"sort": next(iter(ORDERS)), "size": "50"}
YES_NO = (("", "Any"), ("yes", "Yes"), ("no", "No"))

# Parameter -> lookup. Text, state and order are not simple comparisons and stand apart.
LOOKUPS = {
    "mechanism": "mechanism",
    "aspect": "aspect",
    "phase": "phase",
    "type": "obligation_type",
    "role": "responsible_role",
    "procedure": "procedure",
    "status": "status",
    "due_from": "action_due_date__gte",
    "due_to": "action_due_date__lte",
    "recurring": "recurring",
    "inspection": "inspection",
}


class Chip(NamedTuple):
    """An active filter: what is filtered, and by which value in words."""

    name: str
    label: str
    value: str


class FilterForm(forms.Form):
    """Reads the filters from an address; a value that makes no sense is named, and does not filter."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    mechanism = forms.ModelChoiceField(Mechanism.objects.none(), label="Mechanism", required=False, empty_label="Any")
    aspect = forms.ModelChoiceField(Aspect.objects.none(), label="Aspect", required=False, empty_label="Any")
    phase = forms.ModelChoiceField(Phase.objects.none(), label="Phase", required=False, empty_label="Any")
    type = forms.ModelChoiceField(ObligationType.objects.none(), label="Type", required=False, empty_label="Any")
    role = forms.ModelChoiceField(
        ResponsibleRole.objects.none(), label="Responsibility", required=False, empty_label="Any"
    )
    procedure = forms.ModelChoiceField(Procedure.objects.none(), label="Procedure", required=False, empty_label="Any")
    status = forms.ChoiceField(label="Status", required=False, choices=[("", "Any"), *Status.choices])
    due_from = forms.DateField(label="Due from", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    due_to = forms.DateField(label="Due to", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    recurring = forms.TypedChoiceField(
        label="Recurring", required=False, choices=YES_NO, coerce=lambda value: value == "yes", empty_value=None
    )
    inspection = forms.TypedChoiceField(
        label="Inspection", required=False, choices=YES_NO, coerce=lambda value: value == "yes", empty_value=None
    )
    state = forms.ChoiceField(required=False, choices=[("", "All"), *State.choices], widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        label="Sort by",
        required=False,
        choices=[(key, order.label) for key, order in ORDERS.items()],
    )
    size = forms.TypedChoiceField(
        label="Rows",
        required=False,
        choices=[(size, str(size)) for size in PAGE_SIZES],
        coerce=int,
        empty_value=None,
    )

    def __init__(self, data: Mapping[str, Any], *, project: Project) -> None:
        super().__init__({**DEFAULTS, **{name: value for name, value in data.items() if value}}, auto_id="filter-%s")
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                model = field.queryset.model
                own = {"project": project} if model is Mechanism else {"organisation": project.organisation}
                field.queryset = model.objects.filter(**own)
        self.is_valid()

    def narrow(self, obligations: ObligationQuerySet) -> ObligationQuerySet:
        """Keep what the filters ask for, whatever its state."""
        values = self.cleaned_data
        if values.get("q"):
            obligations = obligations.search(values["q"])
        return obligations.filter(
            **{LOOKUPS[name]: values[name] for name in LOOKUPS if values.get(name) not in (None, "")}
        )

    @property
    def arrangement(self) -> list[forms.BoundField]:
        """The choices that change how the list is laid out, not what is in it."""
        return [self["sort"], self["size"]]

    def value(self, name: str) -> str:
        """Return a parameter as it stands in an address; empty when not given, meaningless or the default."""
        if self.cleaned_data.get(name) in (None, ""):
            return ""
        raw = str(self.data.get(name, "")).strip()
        return "" if raw == DEFAULTS.get(name) else raw

    def chips(self) -> list[Chip]:
        """Return the active filters in words; the state has its tabs."""
        return [
            Chip(name, str(self.fields[name].label), self._in_words(name))
            for name in ("q", *LOOKUPS)
            if self.value(name)
        ]

    def _in_words(self, name: str) -> str:
        field, value = self.fields[name], self.cleaned_data[name]
        if isinstance(field, forms.DateField):
            return f"{value:%-d %b %Y}"
        if isinstance(field, forms.ModelChoiceField):
            return str(value)
        if isinstance(field, forms.ChoiceField):
            return next(str(label) for value, label in field.widget.choices if str(value) == self.value(name))
        return f"“{value}”"
