"""Beginning a report, judging a line of it, signing and withdrawing it."""

from __future__ import annotations

from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.http import QueryDict
from registers.forms.changing import day_input
from registers.models import Mechanism

from reports.statutory.layouts import layouts
from reports.statutory.models import StatutoryReport


class BeginForm(forms.Form):
    """Asks which kind of report on a mechanism, and over which period: the last one that is over, if nobody says."""

    layout_key = forms.ChoiceField(label="Kind of report", widget=forms.RadioSelect)
    period_start = forms.DateField(label="First day of the period", widget=day_input())
    period_end = forms.DateField(label="Last day of the period", widget=day_input())

    def __init__(self, data: QueryDict | None = None, *, mechanism: Mechanism, today: date) -> None:
        start, end = last_period(mechanism, today)
        suited = [layout for layout in layouts().values() if layout.suits(mechanism.kind)]
        initial = {"layout_key": suited[0].key, "period_start": start, "period_end": end}
        super().__init__(data, initial=initial)
        kinds = self.fields["layout_key"]
        if isinstance(kinds, forms.ChoiceField):
            kinds.choices = [(layout.key, f"{layout.name}. {layout.use}") for layout in suited]

    def clean(self) -> dict[str, Any]:
        start, end = self.cleaned_data.get("period_start"), self.cleaned_data.get("period_end")
        if start and end and end < start:
            self.add_error("period_end", "The period ends before it starts: look at both days.")
        return self.cleaned_data


class LineForm(forms.Form):
    """Asks for another status than the computed one, and why."""

    finding = forms.ChoiceField(label="Status in the report")
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="It stands in the report beside the status, and is kept in the record.",
        error_messages={"required": "Say why: the reason stands in the report and is kept in the record."},
    )

    def __init__(self, data: QueryDict | None = None, *, report: StatutoryReport, line: dict[str, Any]) -> None:
        judged = {"reason": report_reason(report, line)} if line["judged_by"] else {}
        super().__init__(data, initial={"finding": line["finding"], **judged})
        terms: dict[str, str] = {}
        # Some terms stand for several findings: each is offered once, the line's own finding before others.
        order = sorted(report.layout.status.items(), key=lambda term: term[0] != line["finding"])
        for key, term in order:
            if term["label"] not in terms.values():
                terms[key] = term["label"]
        finding = self.fields["finding"]
        if isinstance(finding, forms.ChoiceField):
            finding.choices = [(key, terms[key]) for key in report.layout.status if key in terms]


class SignForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200, help_text="As it is to stand beneath the declaration.")
    position = forms.CharField(label="Position", max_length=200)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept for good in the record.",
        error_messages={"required": "Say why: the reason is kept in the record."},
    )


def report_reason(report: StatutoryReport, line: dict[str, Any]) -> str:
    """Return why somebody judged the line as it is."""
    return str(report.overrides.values_list("reason", flat=True).get(obligation=line["key"]))


def last_period(mechanism: Mechanism, today: date) -> tuple[date, date]:
    """Return the first and last day of the mechanism's last reporting period that is over; the calendar year if unsaid.

    Args:
        mechanism: whose first day of the period, or else anniversary, counts.
        today: the project's day.
    """
    month = mechanism.period_month or mechanism.anniversary_month or 1
    day = mechanism.period_day or mechanism.anniversary_day or 1
    # Of 29 February the first day of a common year's period is the 28th, as anniversaries are counted.
    begins = date(today.year, 1, 1) + relativedelta(month=month, day=day)
    if begins > today:
        begins = begins - relativedelta(years=1) + relativedelta(day=day)
    return begins - relativedelta(years=1) + relativedelta(day=day), begins - relativedelta(days=1)
