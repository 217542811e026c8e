"""What part of a register a page of trends speaks of: its filters and its months, as they stand in the address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from accounts.models import User
from dateutil.relativedelta import relativedelta
from django import forms
from django.http import QueryDict
from django.urls import reverse
from obligations.counting import counted, stamp_of
from obligations.filters import FilterForm, Offer
from obligations.models import Obligation, Occurrence
from obligations.querysets import ObligationQuerySet, OccurrenceQuerySet
from obligations.states import Result
from registers.models import Project

from reports.numbers import MONTHS

Found = TypeVar("Found")
# The register's filters that figures share with it.
SHARED = ("mechanism", "plans", "aspect", "phase", "type", "role")
SPANS = {str(months): f"{months} months" for months in (12, 18, 24)}
TIMING = {"on_time": "On time", "late": "Late"}


class SpanForm(forms.Form):
    """How many months a trend goes back, and a forecast ahead."""

    months = forms.ChoiceField(label="Months", required=False, choices=SPANS.items())


class ClosingForm(forms.Form):
    """What a list of things done is narrowed by, beside the register's filters."""

    done_from = forms.DateField(label="Done from", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    done_to = forms.DateField(label="Done to", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    timing = forms.ChoiceField(label="On time or late", required=False, choices=[("", "Any"), *TIMING.items()])
    result = forms.ChoiceField(label="Result", required=False, choices=[("", "Any"), *Result.choices])


class Scope:
    """The obligations that an address asks for, and the addresses of the lists that their numbers lead to.

    Args:
        project: whose register it is.
        query: the address's parameters; what makes no sense does not filter.
        user: who looks at it.
    """

    def __init__(self, project: Project, query: QueryDict, user: User) -> None:
        self.project, self.query, self.on = project, query, project.today
        months = SpanForm(query)
        months.is_valid()
        self.months = int(months.cleaned_data.get("months") or MONTHS)
        self._user = user

    @cached_property
    def form(self) -> FilterForm:
        shared = {name: self.query.get(name, "") for name in SHARED}
        return FilterForm(shared, offer=Offer(self.project, self._user, self.on))

    @cached_property
    def given(self) -> dict[str, str]:
        """The filters that are set, as they stand in an address."""
        if not any(self.query.get(name) for name in SHARED):
            return {}
        return {name: value for name in SHARED if (value := self.form.value(name))}

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the register, over the usual months."""
        return not self.given and self.months == MONTHS

    @property
    def address(self) -> str:
        """What keeps the filters and the months in an address."""
        return urlencode(self.given | ({} if self.months == MONTHS else {"months": self.months}))

    @cached_property
    def obligations(self) -> ObligationQuerySet:
        rows = Obligation.objects.filter(project=self.project)
        return self.form.narrow(rows) if self.given else rows

    @cached_property
    def occurrences(self) -> OccurrenceQuerySet:
        rows = Occurrence.objects.filter(project=self.project)
        return rows.filter(obligation__in=self.obligations.values("pk")) if self.given else rows

    def closings(self) -> OccurrenceQuerySet:
        """Return what was done, as `ClosingForm` and the filters ask for it."""
        form = ClosingForm(self.query)
        form.is_valid()
        asked = form.cleaned_data
        rows = self.occurrences.closed_between(asked.get("done_from") or date.min, asked.get("done_to") or date.max)
        if asked.get("timing"):
            rows = rows.done_late(late=asked["timing"] == "late")
        return rows.filter(result=asked["result"]) if asked.get("result") else rows

    @cached_property
    def past(self) -> list[date]:
        """The first days of the months that a trend goes back over, this one last."""
        first = self.on.replace(day=1)
        return [first - relativedelta(months=back) for back in reversed(range(self.months))]

    def register(self, query: str = "", **more: object) -> str:
        """Return the address of a list of obligations under these filters."""
        return self._list("register", query, more)

    def done(self, month: date | None = None, **more: object) -> str:
        """Return the address of a list of what was done, in a month or all of them."""
        first, last = month or self.past[0], last_of(month or self.past[-1])
        return self._list("closing_list", "", {"done_from": first, "done_to": last} | more)

    def counted(self, name: str, count: Callable[[], Found]) -> Found:
        """Return numbers under these filters, counted once for each state of the register."""
        return counted(f"{name} {self.address}", stamp=stamp_of(self.project), on=self.on, count=count)

    def _list(self, view: str, query: str, more: dict[str, object]) -> str:
        asked = dict(parse_qsl(query)) | more
        given: dict[str, object] = {**self.given}
        if "mechanism" in asked:
            # A number of one mechanism is without that of the plans below it.
            given.pop("plans", None)
        values = urlencode(given | asked)
        return reverse(view, args=[self.project.code]) + (f"?{values}" if values else "")


def last_of(month: date) -> date:
    """Return the last day of a month of which the first is given."""
    return month + relativedelta(months=1, days=-1)
