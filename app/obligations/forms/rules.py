"""Saying when an obligation falls due."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from registers.forms.changing import day_input
from registers.models import DayCount, RollPolicy

from obligations.models import Basis, End, LagBase, Obligation, RecurrenceRule, Unit
from obligations.recurrence.words import DAY_NAMES, MONTH_NAMES, NTH
from obligations.services.rules import FIELDS, rule_check

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[RecurrenceRule]
else:
    ModelForm = forms.ModelForm

SEQUENCES = frozenset({Basis.FIXED, Basis.AFTER_COMPLETION, Basis.CONTINUOUS})
COUNTED = frozenset({Basis.EVENT, Basis.PHASE_START})
ALL = frozenset(Basis)

# The fields in the order and the groups of the page, each with the bases for which it means something.
GROUPS: dict[str, dict[str, frozenset[Basis]]] = {
    "First date": {"anchor_date": frozenset({Basis.ONE_OFF}) | SEQUENCES},
    "Event": {"event": frozenset({Basis.EVENT}), "milestone": frozenset({Basis.EVENT})},
    "How often": dict.fromkeys(("interval", "unit"), SEQUENCES) | {"eom": frozenset({Basis.FIXED})},
    "On which days": {name: frozenset({Basis.FIXED}) for name in ("weekdays", "nth_weekday", "months")},
    "How long after": {
        **dict.fromkeys(("lag_value", "lag_unit"), frozenset({Basis.FIXED}) | COUNTED),
        **dict.fromkeys(("lag_base", "lag_month", "lag_day"), frozenset({Basis.FIXED})),
    },
    "Until when": dict.fromkeys(("end", "end_date", "end_count"), SEQUENCES),
    "Weekends and counting": {
        "roll_policy": ALL - {Basis.CONTINUOUS, Basis.AS_REQUIRED},
        "day_count": frozenset({Basis.FIXED}) | COUNTED,
    },
}
MEANT = {name: bases for group in GROUPS.values() for name, bases in group.items()}

HINTS = {
    "First date": "All later dates are counted from it, so that none drifts. Where each one reports on a period, it is "
    "the last day of the first period.",
    "Event": "What it waits for. A milestone of the project's calendar makes it due by itself; anything else you "
    "record each time that it happens.",
    "How often": "From the first date, or from when it was last done.",
    "On which days": "Leave all of this empty if it always falls on the day of the first date.",
    "How long after": "Counted from the event or the start of the phase; in a calendar rule, from the end of the "
    "period. Leave it empty if it is due on the date itself.",
    "Until when": "Dates after it are not made.",
    "Weekends and counting": "As the mechanism says, unless its words for this obligation differ.",
}


class RuleForm(ModelForm):
    """Asks for a rule. Only what the chosen basis uses is looked at; the rest keeps its default."""

    weekdays = forms.MultipleChoiceField(
        required=False, choices=list(DAY_NAMES.items()), widget=forms.CheckboxSelectMultiple
    )
    months = forms.TypedMultipleChoiceField(
        label="Only in",
        required=False,
        coerce=int,
        choices=list(enumerate(MONTH_NAMES, start=1)),
        widget=forms.CheckboxSelectMultiple,
    )
    nth_weekday = forms.TypedChoiceField(
        label="Which of them in the month",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Each of them"), *((number, f"The {word}") for number, word in NTH.items())],
    )
    lag_month = forms.TypedChoiceField(
        label="Or on a fixed day: month",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "No fixed day"), *enumerate(MONTH_NAMES, start=1)],
        help_text="Such as 31 March after each calendar year.",
    )
    lag_day = forms.IntegerField(label="Day of that month", required=False, min_value=1, max_value=31)
    reason = forms.CharField(
        label="Why it changes",
        required=False,
        max_length=500,
        help_text="Kept in the record, such as the clause or letter that says so.",
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = RecurrenceRule
        fields = FIELDS
        labels = {
            "basis": "When is it due?",
            "interval": "Every",
            "unit": "Unit",
            "eom": "Always on the last day of the month",
            "event": "What has to happen",
            "lag_value": "Due",
            "lag_unit": "Unit",
            "lag_base": "Counted from",
            "end": "Ends",
            "end_date": "Last date",
            "end_count": "Number of times",
            "roll_policy": "On a weekend or public holiday",
            "day_count": "The day of the event",
        }
        help_texts = {
            "event": "Such as “a changed contact address”.",
            "milestone": "Or a milestone of the project.",
            "lag_value": "A number; less than nothing, such as -1, for before.",
            "lag_base": "They differ by one day. “Within 3 months of the anniversary” counts from the day after.",
            "end_count": "All of them, those in the past included.",
        }
        widgets = {
            "basis": forms.RadioSelect,
            "anchor_date": day_input(),
            "end_date": day_input(),
            "interval": forms.NumberInput(attrs={"min": 1, "max": 1000}),
        }

    def __init__(self, data: QueryDict | None, *, obligation: Obligation, rule: RecurrenceRule | None) -> None:
        self.obligation, self.rule = obligation, rule
        initial: dict[str, Any] = {"opened": seal_of(rule)}
        if rule:
            initial["weekdays"] = rule.weekdays.split(",")
            initial["months"] = [int(number) for number in rule.months.split(",") if number]
        super().__init__(data, instance=RecurrenceRule(obligation=obligation), initial={**_stored(rule), **initial})
        milestone, basis = self.fields["milestone"], self.fields["basis"]
        assert isinstance(milestone, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        milestone.queryset = obligation.project.milestones.all()
        milestone.empty_label = "None: it is recorded when it happens"
        basis.choices = Basis.choices  # type: ignore[attr-defined]  # without “---------”
        mechanism = obligation.mechanism
        for name, choices, inherited in (
            ("lag_unit", Unit.choices, "Days"),
            ("lag_base", LagBase.choices, LagBase.PERIOD_END.label.capitalize()),
            ("roll_policy", RollPolicy.choices, f"As {mechanism.short}: {mechanism.get_roll_policy_display()}"),
            ("day_count", DayCount.choices, f"As {mechanism.short}: {mechanism.get_day_count_display()}"),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            kept = [
                one for one in choices if name not in {"lag_unit", "lag_base"} or one[0] not in {"day", "period_end"}
            ]
            field.choices = [("", inherited), *kept]
        for name, bases in MEANT.items():
            if bases != ALL:
                # What the chosen basis does not use is neither required nor looked at.
                self.fields[name].required = False

    @property
    def groups(self) -> list[tuple[str, str, str, list[tuple[forms.BoundField, str]]]]:
        """The groups of the page: title, hint, the bases that use any of it, and its fields with their bases."""
        return [
            (
                title,
                HINTS[title],
                _names(frozenset().union(*fields.values())),
                [(self[name], _names(bases)) for name, bases in fields.items()],
            )
            for title, fields in GROUPS.items()
        ]

    def clean(self) -> dict[str, Any]:
        """Take of what was entered what the chosen basis uses, and check that it makes sense together."""
        basis = self.cleaned_data.get("basis")
        if not basis:
            return self.cleaned_data
        for name, bases in MEANT.items():
            if basis not in bases:
                self.errors.pop(name, None)
        if self.errors:
            return self.cleaned_data
        try:
            rule_check(RecurrenceRule(obligation=self.obligation, **self.values))
        except ValidationError as error:
            for name, said in error.message_dict.items():
                self.add_error(name if name in self.fields else None, said)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Leave the row's own checks to `rule_check`, which sees only what the basis uses."""

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the rule as the service takes them."""
        given = self.cleaned_data
        basis = Basis(given["basis"])
        values = {"basis": basis} | {
            name: given[name] for name, bases in MEANT.items() if basis in bases and given.get(name) not in (None, "")
        }
        for name in ("weekdays", "months"):
            if name in values:
                values[name] = ",".join(str(one) for one in values[name])
        if values.get("end") != End.DATE:
            values.pop("end_date", None)
        if values.get("end") != End.COUNT:
            values.pop("end_count", None)
        return values

    @property
    def entered(self) -> RecurrenceRule:
        """The rule as it was entered, not stored."""
        return RecurrenceRule(obligation=self.obligation, **self.values)

    @property
    def is_stale(self) -> bool:
        """Whether somebody changed the rule since the page was opened."""
        return str(self.cleaned_data["opened"]) != seal_of(self.rule)


def seal_of(rule: RecurrenceRule | None) -> str:
    """Return what tells one state of a rule from another."""
    said = repr([getattr(rule, name, None) for name in FIELDS])
    return hashlib.sha256(said.encode()).hexdigest()[:16] if rule else ""


def _stored(rule: RecurrenceRule | None) -> dict[str, Any]:
    return forms.model_to_dict(rule, FIELDS) if rule else {}


def _names(bases: frozenset[Basis]) -> str:
    return " ".join(sorted(bases))
