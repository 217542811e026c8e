"""The forms of mechanisms and their conditions."""

from __future__ import annotations

from calendar import month_name
from typing import Any

from django import forms
from django.http import QueryDict

from registers.forms.changing import ChangeForm, day_input
from registers.models import Condition, Mechanism, Project
from registers.services import mechanisms as service

MONTHS = [("", "Not recorded"), *((number, month_name[number]) for number in range(1, 13))]
GROUPS: dict[str, tuple[str, ...]] = {
    "What it is": ("kind", "reference", "short", "title", "parent", "status"),
    "Who": ("holder", "regulator"),
    "When": ("issued", "effective", "expires", "lapses"),
    "Yearly": ("anniversary_day", "anniversary_month", "period_day", "period_month"),
    "How days are counted": ("roll_policy", "day_count"),
    "Notes": ("description",),
}


class MechanismForm(ChangeForm):
    class Meta:
        model = Mechanism
        fields = service.FIELDS
        widgets = {name: day_input() for name in ("issued", "effective", "expires", "lapses")}
        labels = {
            "parent": "Stands under",
            "lapses": "Lapses unless acted upon",
            "anniversary_day": "Anniversary, day",
            "anniversary_month": "Anniversary, month",
            "period_day": "Reporting period starts, day",
            "period_month": "Reporting period starts, month",
        }
        help_texts = {
            "reference": "As the regulator prints it, such as MS 1234 or L9876/2025/1.",
            "parent": "The approval that requires this plan.",
            "lapses": "",
            "roll_policy": "Due dates on weekends and public holidays. Whether the law moves them is a legal question.",
        }

    def __init__(self, data: QueryDict | None, *, project: Project, mechanism: Mechanism | None, status: bool) -> None:
        initial = {} if mechanism else {"holder": project.organisation.name}
        super().__init__(data, instance=mechanism or Mechanism(project=project), initial=initial)
        parent = self.fields["parent"]
        assert isinstance(parent, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        others = Mechanism.objects.filter(project=project)
        parent.queryset = others.exclude(pk=mechanism.pk) if mechanism else others
        parent.empty_label = "Nothing: it is an approval of its own"
        for name in ("anniversary_month", "period_month"):
            self.fields[name] = forms.TypedChoiceField(
                choices=MONTHS,
                coerce=int,
                empty_value=None,
                required=False,
                label=self.fields[name].label,
                show_hidden_initial=mechanism is not None,
            )
        for name in ("anniversary_day", "period_day"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"
        if not status:
            del self.fields["status"]

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in the groups that the page shows."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in GROUPS.items()]


class ConditionForm(ChangeForm):
    """Adds a condition, or corrects one."""

    reason = forms.CharField(
        label="What was wrong",
        help_text="Only mistakes in copying are corrected here. New words of the regulator come with a new version.",
        max_length=500,
    )

    class Meta:
        model = Condition
        fields = ("number", "heading", "parent", "text", "is_objective")
        labels = {
            "number": "Number as printed",
            "parent": "Stands under",
            "text": "Text, word for word",
            "is_objective": "An objective, not a duty",
        }

    def __init__(
        self,
        data: QueryDict | None,
        *,
        mechanism: Mechanism,
        places: list[Condition],
        condition: Condition | None = None,
        parent: str = "",
    ) -> None:
        super().__init__(data, instance=condition or Condition(mechanism=mechanism), initial={"parent": parent})
        self.fields["text"].widget.attrs["rows"] = 10
        if condition:
            del self.fields["parent"]
        else:
            del self.fields["reason"]
            self.fields["parent"] = PlaceField(places)


class PlaceField(forms.TypedChoiceField):
    """Chooses where in the tree of conditions something stands."""

    def __init__(self, places: list[Condition], **kwargs: Any) -> None:
        self.places = {str(place.pk): place for place in places}
        choices = [("", "At the top"), *((key, _named(place)) for key, place in self.places.items())]
        super().__init__(
            choices=choices, coerce=self.places.get, empty_value=None, required=False, label="Stands under", **kwargs
        )


class MoveForm(forms.Form):
    """Puts a condition somewhere else in the tree."""

    def __init__(self, data: QueryDict | None, *, condition: Condition, places: list[Condition]) -> None:
        super().__init__(data, initial={"parent": condition.parent_id or ""})
        self.fields["parent"] = PlaceField(places)


def _named(condition: Condition) -> str:
    return f"{condition.number} {condition.heading}".strip()
