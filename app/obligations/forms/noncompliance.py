"""The forms of non-compliances and corrective actions."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from registers.forms.changing import ChangeForm, day_input

from obligations.forms.findings import ActForm, choose_from_people
from obligations.models import CorrectiveAction, NonCompliance

GROUPS = {
    "What happened": ("kind", "title", "description"),
    "When": ("aware_on", "occurred_from", "occurred_to", "is_continuing", "expected_end"),
    "What it touches": (
        "condition",
        "occurrence",
        "location",
        "medium",
        "is_pollution_incident",
        "incident_reference",
    ),
    "Why, and what is done": ("cause", "mitigation", "prevention"),
    "Telling the regulator": ("notify_value", "notify_unit", "notify_count"),
}
# What stands in a list of choices for none of them.
EMPTY = {"medium": "Not recorded", "notify_unit": "No time limit", "notify_count": "As the mechanism counts"}
DAYS = ("aware_on", "occurred_from", "occurred_to", "expected_end")


class NonComplianceForm(ChangeForm):
    """Raises or changes a non-compliance; its kind changes only by being confirmed."""

    class Meta:
        model = NonCompliance
        fields = tuple(name for names in GROUPS.values() for name in names)
        labels = {
            "kind": "Kind",
            "title": "In short",
            "description": "What happened",
            "medium": "Medium affected",
            "notify_unit": "Unit",
            "notify_count": "Counting",
            "occurrence": "What was due",
            "expected_end": "Expected to end",
        }
        help_texts = {
            "title": "As a headline: “Topsoil stripped before the heritage monitor arrived”.",
            "description": "Precisely, for somebody who was not there.",
            "aware_on": "The day on which anybody of yours knew. The regulator's clock starts here.",
            "occurred_to": "Leave it empty for a single day.",
            "incident_reference": "The number under which the incident was reported, if it was.",
            "mitigation": "What was or will be done to limit the effects.",
            "prevention": "What was or will be done so that it does not happen again.",
            "notify_value": "As the condition says; empty if it sets no limit.",
        }
        widgets = {name: day_input() for name in DAYS} | {"kind": forms.RadioSelect}

    def __init__(self, data: QueryDict | None, *, instance: NonCompliance) -> None:
        super().__init__(data, instance=instance)
        if instance.pk:
            del self.fields["kind"]
        else:
            self.fields["kind"].choices = NonCompliance.Kind.choices  # type: ignore[attr-defined]  # without “---------”
        today = instance.project.today
        condition, occurrence = self.fields["condition"], self.fields["occurrence"]
        if isinstance(condition, forms.ModelChoiceField):
            condition.queryset = instance.obligation.mechanism.conditions.select_related("mechanism")
            condition.empty_label = "None in particular"
        if isinstance(occurrence, forms.ModelChoiceField):
            rows = instance.obligation.occurrences
            past = rows.filter(due_date__lte=today) | rows.filter(pk=instance.occurrence_id or 0)
            occurrence.queryset = past.select_related("obligation__mechanism").order_by("-due_date")
            occurrence.empty_label = "Nothing in particular"
        for name, nothing in EMPTY.items():
            field = self.fields[name]
            if isinstance(field, forms.TypedChoiceField):
                field.choices = [("", nothing), *(choice for choice in field.widget.choices if choice[0])]
        for name in DAYS[:3]:
            self.fields[name].widget.attrs["max"] = today.isoformat()

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the groups that the page shows."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in GROUPS.items()]


class NotifyForm(ActForm):
    """Records that the regulator was told."""

    notified_on = forms.DateField(
        label="Told on", widget=day_input(), error_messages={"required": "Enter the day on which the regulator knew."}
    )
    notified_how = forms.CharField(
        label="How",
        max_length=200,
        help_text="Such as “Email to the CEO, and by telephone the same day”.",
        error_messages={"required": "Say how the regulator was told."},
    )
    notified_reference = forms.CharField(
        label="Reference", max_length=200, required=False, help_text="Of the letter, the email or the receipt."
    )


class CloseForm(ActForm):
    """Closes a non-compliance."""

    closing_note = forms.CharField(
        label="Closing note",
        help_text="What was done, and why nothing is left to do.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why nothing is left to do."},
    )


class CorrectiveActionForm(ChangeForm):
    """Says what is done, by whom and by when."""

    class Meta:
        model = CorrectiveAction
        fields = ("description", "owner", "due_on", "check_on")
        labels = {
            "description": "What is to be done",
            "owner": "Who does it",
            "due_on": "Due",
            "check_on": "Check its effect on",
        }
        help_texts = {"check_on": "When it can be seen whether it works. You can say so later."}
        widgets = {"due_on": day_input(), "check_on": day_input()}
        error_messages = {
            "description": {"required": "Say what is to be done."},
            "due_on": {"required": "Enter the day by which it is to be done."},
        }

    def __init__(self, data: QueryDict | None, *, instance: CorrectiveAction) -> None:
        super().__init__(data, instance=instance)
        choose_from_people(self, "owner", instance.project, instance.owner_id)


class CompleteForm(ActForm):
    """Says that a corrective action is done."""

    completed_on = forms.DateField(
        label="Completed on", widget=day_input(), error_messages={"required": "Enter the day on which it was done."}
    )
    completion_note = forms.CharField(label="What was done", required=False, widget=forms.Textarea(attrs={"rows": 3}))


class CheckForm(ActForm):
    """Records whether a corrective action works."""

    check_on = forms.DateField(
        label="Checked on", widget=day_input(), error_messages={"required": "Enter the day of the check."}
    )
    is_effective = forms.TypedChoiceField(
        label="Does it work?",
        choices=[("yes", "Yes, it is effective"), ("no", "No, it is not effective")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether it works."},
    )
    check_note = forms.CharField(
        label="What the check found",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what the check found."},
    )
