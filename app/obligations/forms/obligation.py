"""The form that changes an obligation."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from accounts.models import User
from django import forms
from django.http import QueryDict

from obligations.describing import GROUPS, in_words, label_of
from obligations.models import Obligation

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Obligation]
else:
    ModelForm = forms.ModelForm

FIELDS = [name for names in GROUPS.values() for name in names]


class Difference(NamedTuple):
    """A field that somebody changed while another person had it open: its values, in words."""

    label: str
    opened: str
    stored: str
    yours: str
    by_both: bool


class ObligationForm(ModelForm):
    """Changes an obligation.

    The page carries the values that it was opened with, so that only what this person changed is stored, and nothing
    that somebody else changed meanwhile is put back.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Obligation
        fields: ClassVar[Sequence[str]] = FIELDS
        widgets = {
            "action_due_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "close_out_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "recurring_forecast_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    def __init__(self, data: QueryDict | None, *, obligation: Obligation) -> None:
        # A copy: checking a form writes into its instance, and the page still names what is stored.
        super().__init__(data, instance=copy(obligation), initial={"version": obligation.version})
        organisation = obligation.project.organisation
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"
            if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
                model = field.queryset.model
                people = obligation.project.people()
                field.queryset = people if model is User else model.objects.filter(organisation=organisation)
                field.empty_label = "Not recorded"
            elif isinstance(field, forms.TypedChoiceField) and not field.required:
                field.choices = [("", "Not recorded"), *(choice for choice in field.widget.choices if choice[0])]
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 8 if name == "requirement" else 4

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the groups that the page shows."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS.items()]

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        mechanism = self.instance.mechanism
        if mechanism.obligations.filter(number=number).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"{mechanism} already has an obligation {number}: choose another number.")
        return number

    def clean(self) -> dict[str, Any]:
        """Keep line ends as the register has them: browsers send those of old terminals."""
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = value.replace("\r\n", "\n")
        return self.cleaned_data

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that this person changed, with their new values."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "version"}

    def differences(self, current: Obligation) -> list[Difference]:
        """Return each field that this person or somebody else changed since the page was opened."""
        found = []
        for name in self.Meta.fields:
            opened = self.fields[name].to_python(self.data.get(f"initial-{name}"))
            if isinstance(opened, str):
                opened = opened.replace("\r\n", "\n")
            stored = getattr(current, name)
            changed_here, changed_there = name in self.changes, opened != stored
            if changed_here or changed_there:
                yours = self.cleaned_data[name] if changed_here else stored
                found.append(
                    Difference(
                        label_of(name),
                        opened=in_words(name, opened),
                        stored=in_words(name, stored),
                        yours=in_words(name, yours),
                        by_both=changed_here and changed_there,
                    )
                )
        return found

    def upon(self, current: Obligation) -> Self:
        """Return the form again: this person's changes upon what is stored now, so that saving it loses neither."""
        fresh = type(self)(None, obligation=current)
        data = QueryDict(mutable=True)
        for name in fresh.fields:
            stored = fresh[name].value()
            written = "" if stored is None else str(stored)
            data[f"initial-{name}"] = written
            if name in self.changes:
                written = self.data.get(name, "")
            # A box that is not ticked is not sent.
            if written not in ("", "False"):
                data[name] = written
        return type(self)(data, obligation=current)
