"""The form in which a new version of a mechanism is decided, condition by condition."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from registers.forms.changing import day_input
from registers.forms.mechanisms import PlaceField
from registers.models import Condition

from obligations.amendments import Amendment, Decision, Fate, NewCondition

MOST_NEW = 100
# The fields of a condition that comes.
NEW = ("number", "heading", "parent", "text")


class Row(NamedTuple):
    """The fields of one condition."""

    condition: Condition
    fate: BoundField
    number: BoundField
    heading: BoundField
    text: BoundField


class AmendmentForm(forms.Form):
    """Decides about each condition in force, and takes those that come.

    Its fields are named by the conditions' keys, such as `fate-12`; conditions that come are numbered from 0.
    """

    label = forms.CharField(max_length=100, help_text="Such as Rev 3, or Amended 3 May 2026.")
    effective_on = forms.DateField(label="In force from", widget=day_input())
    summary = forms.CharField(
        label="What changed", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5000
    )
    seal = forms.CharField(widget=forms.HiddenInput)
    places = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST_NEW, initial=0)

    def __init__(self, data: QueryDict | None, *, conditions: list[Condition], seal: str) -> None:
        self.count = 0
        if data is not None:
            data = data.copy()
            self.count = _count(str(data.get("places", "")))
            if data.get("action") == "more":
                self.count = min(self.count + 1, MOST_NEW)
            data["places"] = str(self.count)
        super().__init__(data, initial={"seal": seal})
        self.conditions = conditions
        self.fields["label"].label = "Name of the version"
        for row in conditions:
            self._add_condition(row)
        for place in range(self.count):
            self._add_new(place)

    @property
    def rows(self) -> list[Row]:
        """The conditions in force with their fields."""
        return [
            Row(row, *(self[f"{name}-{row.pk}"] for name in ("fate", "number", "heading", "text")))
            for row in self.conditions
        ]

    @property
    def new_rows(self) -> list[list[BoundField]]:
        """The fields of the conditions that come."""
        return [[self[f"new-{place}-{name}"] for name in NEW] for place in range(self.count)]

    def clean(self) -> dict[str, Any]:
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = value.replace("\r\n", "\n")
        for place in range(self.count):
            said = self._new(place, "text") or self._new(place, "heading")
            if said and not self._new(place, "number"):
                self.add_error(f"new-{place}-number", "Give the new condition its number as printed.")
        return self.cleaned_data

    @property
    def amendment(self) -> Amendment:
        """What was decided."""
        said = self.cleaned_data
        new = [
            NewCondition(
                number=self._new(place, "number"),
                heading=self._new(place, "heading"),
                text=self._new(place, "text"),
                parent=parent.pk if (parent := said[f"new-{place}-parent"]) else None,
            )
            for place in range(self.count)
            if self._new(place, "number")
        ]
        decisions = {row.pk: self._decision(row) for row in self.conditions}
        return Amendment(
            label=said["label"],
            effective_on=said["effective_on"],
            summary=said["summary"],
            decisions={key: decision for key, decision in decisions.items() if decision.fate != Fate.KEEP},
            new=tuple(new),
        )

    def _decision(self, row: Condition) -> Decision:
        said = self.cleaned_data
        return Decision(
            fate=said[f"fate-{row.pk}"],
            number=said[f"number-{row.pk}"],
            heading=said[f"heading-{row.pk}"],
            text=said[f"text-{row.pk}"],
        )

    def _new(self, place: int, name: str) -> str:
        return str(self.cleaned_data.get(f"new-{place}-{name}") or "")

    def _add_condition(self, row: Condition) -> None:
        self.fields[f"fate-{row.pk}"] = forms.ChoiceField(
            choices=Fate.choices, initial=Fate.KEEP, widget=forms.RadioSelect, label=f"Condition {row.number}"
        )
        self.fields[f"number-{row.pk}"] = forms.CharField(
            label="Number", initial=row.number, max_length=60, required=False
        )
        self.fields[f"heading-{row.pk}"] = forms.CharField(
            label="Heading", initial=row.heading, max_length=255, required=False
        )
        self.fields[f"text-{row.pk}"] = forms.CharField(
            label="New words",
            initial=row.text,
            required=False,
            strip=False,
            widget=forms.Textarea(attrs={"rows": min(12, 3 + len(row.text) // 90)}),
        )

    def _add_new(self, place: int) -> None:
        self.fields[f"new-{place}-number"] = forms.CharField(label="Number as printed", max_length=60, required=False)
        self.fields[f"new-{place}-heading"] = forms.CharField(label="Heading", max_length=255, required=False)
        self.fields[f"new-{place}-parent"] = PlaceField(self.conditions)
        self.fields[f"new-{place}-text"] = forms.CharField(
            label="Text, word for word", required=False, widget=forms.Textarea(attrs={"rows": 4})
        )


def _count(text: str) -> int:
    return min(int(text), MOST_NEW) if text.isdecimal() and len(text) < 4 else 0
