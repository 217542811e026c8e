"""Several projects on one page, counted under the filters that they share."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from accounts.models import Organisation
from django import forms
from django.http import QueryDict
from obligations.filters import LOOKUPS, NO_WORD, WORDS, FilterForm
from obligations.querysets import ObligationQuerySet
from obligations.states import State
from registers.models import Project

from reports.charts import Chart, bars
from reports.numbers import Row, by_project

# The words of an organisation mean the same in each of its projects.
SHARED = ("aspect", "phase", "type", "role")


class SharedFilters(forms.Form):
    """Reads what all projects of an organisation are narrowed by; a value that makes no sense does not filter.

    Args:
        query: the address's parameters.
        organisation: whose words are offered.
    """

    def __init__(self, query: QueryDict, organisation: Organisation) -> None:
        super().__init__({name: query.get(name, "") for name in SHARED}, auto_id="filter-%s")
        for name in SHARED:
            words = WORDS[name]._default_manager.filter(organisation=organisation).values_list("pk", "name")
            self.fields[name] = forms.TypedChoiceField(
                label=FilterForm.base_fields[name].label,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", "Any"), *words, (NO_WORD, "None given")],
            )
        self.is_valid()

    @property
    def given(self) -> dict[str, int]:
        """The filters that are set, as the register's address has them."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}

    def narrow(self, obligations: ObligationQuerySet) -> ObligationQuerySet:
        """Keep what the filters ask for."""
        return obligations.filter(**{LOOKUPS[name]: value or None for name, value in self.given.items()})


class RollUp:
    """How some projects stand, each on its own day.

    Args:
        projects: with their organisation.
        query: the address's parameters.
        organisation: that of all the projects; None if they have several, which share no words.
    """

    def __init__(self, projects: list[Project], query: QueryDict, organisation: Organisation | None) -> None:
        self.projects, self.organisation = projects, organisation
        self.form = SharedFilters(query, organisation) if organisation else None

    @property
    def given(self) -> dict[str, int]:
        return self.form.given if self.form else {}

    @property
    def address(self) -> str:
        """What keeps the organisation and the filters in an address."""
        whose = {"organisation": self.organisation.slug} if self.organisation else {}
        return urlencode(whose | self.given)

    @cached_property
    def rows(self) -> list[tuple[Project, Row]]:
        return by_project(self.projects, self.form.narrow if self.form else None, **self.given)

    @property
    def states(self) -> list[tuple[State, int]]:
        """What the projects come to in each state."""
        return [(state, sum(row.cells[place].number for _, row in self.rows)) for place, state in enumerate(State)]

    @property
    def chart(self) -> Chart:
        return bars("by-project", "Obligations by project and state", [row for _, row in self.rows])

    def table(self, projects: Iterable[Project]) -> list[list[Any]]:
        """Return the numbers of some of the projects as a table to take away."""
        kept = {project.pk for project in projects}
        lines = [
            [project.code, project.name, *(cell.number for cell in row.cells), row.total]
            for project, row in self.rows
            if project.pk in kept
        ]
        return [["Code", "Project", *(state.label for state in State), "All"], *lines]
