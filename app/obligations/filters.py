"""What the register can be narrowed by, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from accounts.models import User
from django import forms
from django.db.models import Q
from registers.models import (
    Aspect,
    Condition,
    ObligationType,
    Phase,
    Procedure,
    Project,
    ResponsibleRole,
    Term,
)

from obligations.counting import counted, stamp_of
from obligations.querysets import ORDERS, ObligationQuerySet
from obligations.states import Lifecycle, Risk, State, Status

PAGE_SIZES = (25, 50, 100, 200)
SIZE = 50
BEST = "best"
YES_NO = (("", "Any"), ("yes", "Yes"), ("no", "No"))
EVIDENCE = (("", "Any"), ("yes", "Has some"), ("no", "Has none"), ("awaited", "Is awaited"))
ME, NOBODY = "me", "nobody"
# Stands for the missing word of a vocabulary; no row has this key.
NO_WORD = 0

# Parameter -> lookup. What is no simple comparison stands apart.
LOOKUPS = {
    "aspect": "aspect",
    "role": "responsible_role",
    "type": "obligation_type",
    "phase": "phase",
    "procedure": "procedure",
    "status": "status",
    "risk": "risk",
    "lifecycle": "lifecycle",
    "due_from": "action_due_date__gte",
    "due_to": "action_due_date__lte",
    "recurring": "recurring",
    "inspection": "inspection",
}
# Parameter -> the vocabulary that its words are from.
WORDS: dict[str, type[Term]] = {
    "aspect": Aspect,
    "role": ResponsibleRole,
    "type": ObligationType,
    "phase": Phase,
    "procedure": Procedure,
}
FILTERS = ("q", "mechanism", "plans", "condition", "person", *LOOKUPS, "evidence", "tag")


class Chip(NamedTuple):
    """An active filter: what is filtered, and by which value in words."""

    name: str
    label: str
    value: str


class Offer:
    """What a project's filters offer, read once for all forms of a page.

    Args:
        project: whose register is filtered.
        user: who looks at it.
        on: the project's day.
        stamp: names the state of the register, if it is known already.
    """

    def __init__(self, project: Project, user: User, on: date, stamp: str | None = None) -> None:
        self.project, self.user, self.on, self._stamp = project, user, on, stamp

    @cached_property
    def stamp(self) -> str:
        """Names the state of the register."""
        return self._stamp or stamp_of(self.project)

    @property
    def words(self) -> dict[str, list[tuple[int, str]]]:
        """The words of each vocabulary, with their keys."""
        return self._kept[0]

    @property
    def mechanisms(self) -> list[tuple[int, str, int | None]]:
        """The project's mechanisms: key, name and the key of the one above."""
        return self._kept[1]

    @cached_property
    def _kept(self) -> tuple[dict[str, list[tuple[int, str]]], list[tuple[int, str, int | None]]]:
        return counted("offer", stamp=self.stamp, on=self.on, count=self._read)

    def _read(self) -> tuple[dict[str, list[tuple[int, str]]], list[tuple[int, str, int | None]]]:
        organisation = self.project.organisation_id
        words = {
            name: list(model._default_manager.filter(organisation=organisation).values_list("pk", "name"))
            for name, model in WORDS.items()
        }
        return words, [(row.pk, str(row), row.parent_id) for row in self.project.mechanisms.all()]

    @cached_property
    def people(self) -> list[User]:
        return list(self.project.people())

    def with_plans(self, mechanism: int) -> set[int]:
        """Return the key of the mechanism with those of its plans, and of theirs."""
        found, added = set[int](), {mechanism}
        while added:
            found |= added
            added = {plan for plan, _, above in self.mechanisms if above in added} - found
        return found


def _choice(label: str, **options: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None, **options)


def _yes_or_no(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, required=False, choices=YES_NO, coerce=lambda value: value == "yes", empty_value=None
    )


def _one_of(label: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", "Any"), *choices])


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}))


class FilterForm(forms.Form):
    """Reads the filters from an address; a value that makes no sense is named, and does not filter."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    mechanism = _choice("Mechanism")
    plans = forms.ChoiceField(
        label="Plans under that mechanism", required=False, choices=(("", "Not included"), ("yes", "Included"))
    )
    condition = forms.IntegerField(label="Condition", required=False, widget=forms.HiddenInput)
    person = forms.ChoiceField(label="Responsible person", required=False)
    aspect = _choice("Aspect")
    role = _choice("Responsibility")
    type = _choice("Type")
    phase = _choice("Phase")
    procedure = _choice("Procedure")
    status = _one_of("Status", Status.choices)
    risk = _one_of("Risk", Risk.choices)
    lifecycle = _one_of("Lifecycle", Lifecycle.choices)
    evidence = forms.ChoiceField(label="Evidence", required=False, choices=EVIDENCE)
    tag = forms.CharField(label="Tag", required=False, max_length=100)
    due_from = _day("Due from")
    due_to = _day("Due to")
    recurring = _yes_or_no("Recurring")
    inspection = _yes_or_no("Inspection")
    state = forms.ChoiceField(required=False, choices=[("", "All"), *State.choices], widget=forms.HiddenInput)
    sort = forms.ChoiceField(label="Sort by", required=False)
    size = _choice("Rows", choices=[(size, str(size)) for size in PAGE_SIZES])

    def __init__(self, data: Mapping[str, Any], *, offer: Offer) -> None:
        given = {name: value for name, value in data.items() if value}
        self.offer = offer
        searching = bool(given.get("q", "").strip())
        # The usual order has no name in the address, so that it follows whether something is searched for.
        self.usual_order = BEST if searching else next(iter(ORDERS))
        if given.get("sort") in {self.usual_order, BEST}:
            del given["sort"]
        super().__init__({"size": str(SIZE)} | given, auto_id="filter-%s")
        orders = {BEST: "Best match"} | {key: order.label for key, order in ORDERS.items()}
        usual = orders.pop(self.usual_order)
        orders.pop(BEST, None)
        people = [(str(person.pk), str(person)) for person in offer.people]
        offered: dict[str, list[tuple[Any, str]]] = {
            "mechanism": [("", "Any"), *((key, name) for key, name, _ in offer.mechanisms)],
            "person": [("", "Anybody"), (ME, "Me"), (NOBODY, "Nobody"), *people],
            "sort": [("", usual), *orders.items()],
            **{name: [("", "Any"), *words, (NO_WORD, "None given")] for name, words in offer.words.items()},
        }
        for name, choices in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            field.choices = choices
        for name in ("sort", "size"):
            # They stand outside the form, beside what they arrange.
            self.fields[name].widget.attrs["form"] = "filters"
        self.is_valid()

    def narrow(self, obligations: ObligationQuerySet) -> ObligationQuerySet:
        """Keep what the filters ask for, whatever its state and without the search."""
        values = self.cleaned_data
        given = {name: values[name] for name in LOOKUPS if values.get(name) not in (None, "")}
        without = [name for name in given if name in WORDS and given[name] == NO_WORD]
        chosen = Q(**{LOOKUPS[name]: None if name in without else value for name, value in given.items()})
        if mechanism := values.get("mechanism"):
            chosen &= Q(mechanism__in=self.offer.with_plans(mechanism) if values.get("plans") else [mechanism])
        if condition := values.get("condition"):
            below = Q(condition__parent=condition) | Q(condition__parent__parent=condition)
            chosen &= Q(condition=condition) | below
        obligations = obligations.filter(chosen)
        if person := values.get("person"):
            obligations = obligations.of_nobody() if person == NOBODY else obligations.of_person(self._person(person))
        if evidence := values.get("evidence"):
            if evidence == "awaited":
                obligations = obligations.awaiting_evidence(self.offer.on)
            else:
                obligations = obligations.with_evidence() if evidence == "yes" else obligations.without_evidence()
        return obligations.tagged(values["tag"]) if values.get("tag") else obligations

    @property
    def words(self) -> str:
        """What is searched for; empty when nothing is."""
        return str(self.cleaned_data.get("q") or "")

    @property
    def arrangement(self) -> list[forms.BoundField]:
        """The choices that change how the list is laid out, not what is in it."""
        return [self["sort"], self["size"]]

    def value(self, name: str) -> str:
        """Return a parameter as it stands in an address; empty when not given, meaningless or the default."""
        if self.cleaned_data.get(name) in (None, ""):
            return ""
        raw = str(self.data.get(name, "")).strip()
        return "" if (name, raw) == ("size", str(SIZE)) else raw

    def url(self, **changes: object) -> str:
        """Return these filters as a query, some of them changed, and others removed by an empty value."""
        values = {name: self.value(name) for name in self.fields} | changes
        return "?" + urlencode({name: value for name, value in values.items() if value != ""})

    def chips(self) -> list[Chip]:
        """Return the active filters in words; the state has its tabs."""
        return [Chip(name, str(self.fields[name].label), self._in_words(name)) for name in FILTERS if self.value(name)]

    def _person(self, value: str) -> int:
        return self.offer.user.pk if value == ME else int(value)

    def _in_words(self, name: str) -> str:
        field, value = self.fields[name], self.cleaned_data[name]
        if name == "condition":
            condition = Condition.objects.filter(pk=value, mechanism__project=self.offer.project)
            return str(condition.select_related("mechanism").first() or "unknown")
        if isinstance(field, forms.DateField):
            return f"{value:%-d %b %Y}"
        if isinstance(field, forms.ChoiceField):
            return next(str(label) for value, label in field.widget.choices if str(value) == self.value(name))
        return f"“{value}”"
