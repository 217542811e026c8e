"""What each act upon an occurrence asks for."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from django import forms
from django.http import QueryDict
from registers.forms.changing import day_input

from obligations.forms.findings import ActForm, choose_from_people
from obligations.models import Occurrence
from obligations.states import Result

WHY = {"required": "Say why: the reason is kept in the record."}
BRIEF = "Kept for good in the record."


def _lines(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class OccurrenceForm(ActForm):
    """Asks what an act upon an occurrence needs to know; on its own, nothing but the version that the person saw."""

    def __init__(self, data: QueryDict | None = None, *, occurrence: Occurrence, **kwargs: Any) -> None:
        self.occurrence = occurrence
        kwargs["initial"] = {**self.known(), **kwargs.get("initial", {})}
        super().__init__(data, version=occurrence.version, **kwargs)

    def known(self) -> dict[str, Any]:
        """Return what the form opens with."""
        return {}


class AssignForm(OccurrenceForm):
    assigned_to = forms.ModelChoiceField(User.objects.none(), label="Assigned to", required=False)

    def __init__(self, data: QueryDict | None = None, *, occurrence: Occurrence, **kwargs: Any) -> None:
        super().__init__(data, occurrence=occurrence, **kwargs)
        choose_from_people(self, "assigned_to", occurrence.project, occurrence.assigned_to_id)

    def known(self) -> dict[str, Any]:
        return {"assigned_to": self.occurrence.assigned_to_id}


class CompletionForm(OccurrenceForm):
    """Says what came of it: for a review, or as what it is signed off with."""

    completed_on = forms.DateField(
        label="Completed on",
        widget=day_input(),
        help_text="When it was done on site or sent in, not when it is recorded.",
        error_messages={"required": "Enter the day on which it was done."},
    )
    result = forms.ChoiceField(
        label="Outcome",
        choices=Result.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the outcome."},
    )
    note = forms.CharField(
        label="Note", required=False, widget=_lines(), help_text="What was done, and where the proof of it is."
    )

    def __init__(self, data: QueryDict | None = None, *, occurrence: Occurrence, **kwargs: Any) -> None:
        super().__init__(data, occurrence=occurrence, **kwargs)
        self.fields["completed_on"].widget.attrs["max"] = occurrence.project.today.isoformat()

    def known(self) -> dict[str, Any]:
        one = self.occurrence
        return {"completed_on": one.completed_on or one.project.today, "result": one.result, "note": one.note}


class ExtendForm(OccurrenceForm):
    new_date = forms.DateField(
        label="New due date", widget=day_input(), error_messages={"required": "Enter the date that was granted."}
    )
    granted_by = forms.CharField(
        label="Granted by",
        max_length=200,
        help_text="The person and the body, such as “A. Officer, EPA Services”.",
        error_messages={"required": "Say who granted it: only who set the date can give more time."},
    )
    reference = forms.CharField(
        label="Reference",
        max_length=200,
        help_text="Of the letter or email that says so.",
        error_messages={"required": "Give the reference of the letter or email."},
    )
    reason = forms.CharField(label="Reason", help_text=BRIEF, widget=_lines(), error_messages=WHY)


class SnoozeForm(OccurrenceForm):
    target_date = forms.DateField(
        label="Internal target",
        required=False,
        widget=day_input(),
        help_text="The day that you aim for. It moves no due date. Empty for none.",
    )

    def known(self) -> dict[str, Any]:
        return {"target_date": self.occurrence.target_date}


class WhyForm(OccurrenceForm):
    reason = forms.CharField(label="Reason", max_length=255, help_text=BRIEF, widget=_lines(), error_messages=WHY)
