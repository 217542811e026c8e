"""The form that changes an obligation."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from accounts.models import User
from django import forms
from django.db.models import Q
from django.http import QueryDict
from registers.forms.changing import day_input
from registers.models import Condition, Project, Term
from registers.querysets import offered

from obligations.describing import GROUPS, PROJECTED, in_words, label_of
from obligations.models import Obligation

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Obligation]
else:
    ModelForm = forms.ModelForm

FIELDS = [name for names in GROUPS.values() for name in names if name not in PROJECTED]


class Difference(NamedTuple):
    """A field that somebody changed while another person had it open: its values, in words."""

    label: str
    opened: str
    stored: str
    yours: str
    by_both: bool


def offer_choices(form: forms.BaseForm, project: Project) -> None:
    """Let the fields of an obligation offer the project's people and its organisation's words, and nothing else."""
    for name, field in form.fields.items():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            model = field.queryset.model
            if model is User:
                field.queryset = project.people()
            elif issubclass(model, Term):
                chosen = getattr(getattr(form, "instance", None), f"{name}_id", None)
                field.queryset = offered(model._default_manager.filter(organisation=project.organisation), chosen)
            field.empty_label = "Not recorded"
        elif isinstance(field, forms.TypedChoiceField) and not field.required:
            field.choices = [("", "Not recorded"), *(choice for choice in field.widget.choices if choice[0])]
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs["rows"] = 8 if name == "requirement" else 4


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
            "recurring_forecast_date": day_input(),
        }

    def __init__(self, data: QueryDict | None, *, obligation: Obligation) -> None:
        # A copy: checking a form writes into its instance, and the page still names what is stored.
        super().__init__(data, instance=copy(obligation), initial={"version": obligation.version})
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"
        offer_choices(self, obligation.project)
        for name in {"responsible_person", "backup_person"} & self.fields.keys():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
            # Who has left the project since stays named, until somebody chooses another person.
            here = Q(pk__in=obligation.project.people().values("pk"))
            field.queryset = User.objects.filter(here | Q(pk=getattr(obligation, f"{name}_id"))).order_by(
                "name", "email"
            )

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the groups that the page shows."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS.items() if names is not PROJECTED]

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        mechanism = self.instance.mechanism
        if mechanism.obligations.filter(number=number).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"{mechanism} already has an obligation {number}: choose another number.")
        return number

    def clean(self) -> dict[str, Any]:
        """Keep line ends as the register has them: browsers send those of old terminals."""
        judged = self.cleaned_data.get("compliance_override")
        if judged and not self.cleaned_data.get("compliance_override_reason"):
            self.add_error("compliance_override_reason", "Say why it is judged so: a report quotes it.")
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = value.replace("\r\n", "\n")
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Leave the checks of the whole row to the service."""

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


class NewObligationForm(ModelForm):
    """Adds an obligation: what it says, where it comes from, and who does it. When it is due, its recurrence says."""

    groups_of_fields: ClassVar[dict[str, tuple[str, ...]]] = {
        "Where it comes from": ("mechanism", "condition", "number"),
        "What": ("title", "requirement", "supporting_information"),
        "Kind": ("aspect", "obligation_type", "phase", "phase_gated", "procedure", "risk"),
        "Who": ("responsible_person", "backup_person", "responsible_role"),
    }

    class Meta:
        model = Obligation
        fields: ClassVar[Sequence[str]] = (
            "mechanism",
            "condition",
            "number",
            "title",
            "requirement",
            "supporting_information",
            "aspect",
            "obligation_type",
            "phase",
            "phase_gated",
            "procedure",
            "risk",
            "responsible_person",
            "backup_person",
            "responsible_role",
        )
        help_texts = {
            "number": "As the mechanism prints it, such as 8-4.",
            "condition": "Of the same mechanism, if it comes from one in particular.",
        }
        error_messages = {
            "mechanism": {"required": "Choose the approval, licence or plan that it comes from."},
            "number": {"required": "Enter the number: the mechanism's own, or one that you give it."},
            "requirement": {"required": "Enter what has to be done, in the words of the mechanism."},
        }

    def __init__(self, data: QueryDict | None, *, project: Project, condition: Condition | None = None) -> None:
        known = (
            {
                "mechanism": condition.mechanism_id,
                "condition": condition.pk,
                "number": condition.number,
                "title": condition.heading,
                "requirement": condition.text,
            }
            if condition
            else {}
        )
        super().__init__(data, instance=Obligation(project=project), initial=known)
        offer_choices(self, project)
        mechanism, conditions = self.fields["mechanism"], self.fields["condition"]
        assert isinstance(mechanism, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(conditions, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        mechanism.queryset = project.mechanisms.all()
        mechanism.empty_label = "Choose one"
        in_force = Condition.objects.filter(mechanism__project=project, ended_on=None)
        conditions.queryset = in_force.select_related("mechanism").order_by("mechanism__short", "sort_key")

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the groups that the page shows."""
        return [(title, [self[name] for name in names]) for title, names in self.groups_of_fields.items()]

    def clean(self) -> dict[str, Any]:
        """Refuse a number that the mechanism has, and keep line ends as the register has them."""
        values = self.cleaned_data
        mechanism, number = values.get("mechanism"), values.get("number")
        if mechanism and number and mechanism.obligations.filter(number=number).exists():
            self.add_error("number", f"{mechanism} already has an obligation {number}: choose another number.")
        condition = values.get("condition")
        if mechanism and condition and condition.mechanism_id != mechanism.pk:
            self.add_error("condition", f"Choose a condition of {mechanism}, or none.")
        for name, value in values.items():
            if isinstance(value, str):
                values[name] = value.replace("\r\n", "\n")
        return values

    def _post_clean(self) -> None:
        """Leave the checks of the whole row to the service."""


class LifecycleForm(forms.Form):
    """Asks what suspending, resuming, retiring, reinstating or triggering an obligation needs to know."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, obligation: Obligation) -> None:
        super().__init__(data, initial={"version": obligation.version, **self.known(obligation)})

    def known(self, obligation: Obligation) -> dict[str, Any]:
        """Return what the form opens with."""
        return {name: obligation.project.today for name in ("on", "starts_on") if name in self.base_fields}

    @property
    def values(self) -> dict[str, Any]:
        """What the service needs to know."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


def _why() -> forms.CharField:
    return forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Kept for good in the record.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the reason is kept in the record."},
    )


class SuspendForm(LifecycleForm):
    starts_on = forms.DateField(
        label="From",
        widget=day_input(),
        help_text="What falls due from this day on is taken away until it is resumed.",
        error_messages={"required": "Enter the first day of the suspension."},
    )
    reason = _why()


class ResumeForm(LifecycleForm):
    on = forms.DateField(
        label="Resumes on",
        widget=day_input(),
        help_text="The sequence goes on from this day as if it had not been suspended.",
        error_messages={"required": "Enter the day from which it is to be done again."},
    )


class BecauseForm(LifecycleForm):
    reason = _why()


class TriggerForm(LifecycleForm):
    on = forms.DateField(
        label="It happened on",
        widget=day_input(),
        help_text="The due date is counted from this day.",
        error_messages={"required": "Enter the day on which it happened."},
    )
    what = forms.CharField(
        label="What happened", max_length=255, error_messages={"required": "Say what happened, for the record."}
    )
