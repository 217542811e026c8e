"""The forms of a project's calendar."""

from __future__ import annotations

from datetime import date

from django import forms

from registers.forms.changing import ChangeForm, day_input
from registers.holidays import EXAMPLE, read_holidays
from registers.models import Holiday, Milestone


class HolidaysForm(forms.Form):
    """Takes a list of holidays, one a line."""

    lines = forms.CharField(
        label="Add public holidays",
        help_text=f"One a line: the date, then the name, such as {EXAMPLE}. A whole year can be pasted at once.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=20_000,
    )

    def clean_lines(self) -> str:
        text: str = self.cleaned_data["lines"]
        self.holidays: dict[date, str]
        self.holidays, wrong = read_holidays(text)
        if wrong:
            raise forms.ValidationError(wrong)
        return text


class HolidayForm(ChangeForm):
    class Meta:
        model = Holiday
        fields = ("on", "name")
        widgets = {"on": day_input()}


class PhaseForm(forms.Form):
    """Says when a phase starts and ends."""

    starts_on = forms.DateField(label="First day", required=False, widget=day_input())
    ends_on = forms.DateField(
        label="Last day", required=False, widget=day_input(), help_text="Leave it empty while nobody knows."
    )


class MilestoneForm(ChangeForm):
    class Meta:
        model = Milestone
        fields = ("name", "planned_on", "occurred_on", "note")
        labels = {"planned_on": "Planned for", "occurred_on": "Happened on"}
        widgets = {"planned_on": day_input(), "occurred_on": day_input(), "note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"occurred_on": "From then on due dates are counted from this day."}
