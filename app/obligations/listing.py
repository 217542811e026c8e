"""One page of a register: its rows, and the addresses that lead from it to its neighbours."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from registers.models import Project

from obligations.filters import DEFAULTS, Chip, FilterForm
from obligations.models import Obligation
from obligations.querysets import ORDERS, ObligationQuerySet
from obligations.states import State

# The columns that can be sorted by, with their heading.
COLUMNS = {"number": "Number", "": "Obligation", "aspect": "Aspect", "role": "Responsibility", "due": "Due"}


class Tab(NamedTuple):
    """A state and how many obligations stand in it under the other filters."""

    value: str
    label: str
    number: int
    url: str
    current: bool


class Heading(NamedTuple):
    """A column's heading: where a click on it leads, and how the column is sorted now."""

    label: str
    url: str
    order: str


class Link(NamedTuple):
    """Somewhere to go; without an address it is where one is, or a gap."""

    label: str
    url: str


class Entry(NamedTuple):
    """A row: the obligation, its state, and the query of its page, which knows the way back and to its neighbours."""

    obligation: Obligation
    state: State
    query: str


class Listing:
    """A project's obligations as an address asks for them.

    Args:
        obligations: what the person may see of the project.
        project: whose register it is.
        query: the address's parameters.
        on: the project's day.
    """

    def __init__(self, obligations: ObligationQuerySet, *, project: Project, query: QueryDict, on: date) -> None:
        self.on = on
        self.form = FilterForm(query, project=project)
        self._page_asked = query.get("page", "1")
        self._narrowed = self.form.narrow(obligations)
        self.state: str = self.form.cleaned_data.get("state", "")
        self.sort: str = self.form.cleaned_data.get("sort") or DEFAULTS["sort"]

    def url(self, **changes: object) -> str:
        """Return this listing's address with some parameters changed, and others removed by an empty value.

        It leads to the first page, unless `page` says otherwise.
        """
        values = {name: self.form.value(name) for name in self.form.fields} | changes
        return "?" + urlencode({name: value for name, value in values.items() if value != ""})

    @cached_property
    def rows(self) -> ObligationQuerySet:
        """All rows in order, over all pages."""
        rows = self._narrowed.in_state(self.state, self.on) if self.state else self._narrowed
        return rows.in_order(self.sort)

    @cached_property
    def counts(self) -> dict[str, int]:
        return self._narrowed.state_counts(self.on)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find, rather than nothing found."""
        return not sum(self.counts.values()) and not self.form.chips()

    @property
    def order(self) -> str:
        return ORDERS[self.sort].label

    @property
    def count(self) -> int:
        return self.counts[self.state] if self.state else sum(self.counts.values())

    @cached_property
    def page(self) -> Page[Obligation]:
        size = self.form.cleaned_data.get("size") or DEFAULTS["size"]
        paginator = Paginator(self.rows.for_table(), size)
        # Known already from the tabs: one query less.
        paginator.count = self.count
        return paginator.get_page(self._page_asked)

    @property
    def entries(self) -> list[Entry]:
        first = self.page.start_index() - 1
        return [
            Entry(obligation, obligation.state(self.on), self.url(at=position))
            for position, obligation in enumerate(self.page, start=max(first, 0))
        ]

    @property
    def pages(self) -> list[Link]:
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1)
        return [Link(str(number), self._page_url(number)) for number in numbers]

    @property
    def previous_page(self) -> str:
        return self._page_url(self.page.number - 1) if self.page.has_previous() else ""

    @property
    def next_page(self) -> str:
        return self._page_url(self.page.number + 1) if self.page.has_next() else ""

    def _page_url(self, number: int | str) -> str:
        here_or_gap = number == self.page.number or isinstance(number, str)
        return "" if here_or_gap else self.url(page=number)

    @property
    def tabs(self) -> list[Tab]:
        everything = Tab("", "All", sum(self.counts.values()), self.url(state=""), not self.state)
        states = [
            Tab(state.value, state.label, self.counts[state.value], self.url(state=state.value), state == self.state)
            for state in State
        ]
        return [everything, *states]

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(key, label) for key, label in COLUMNS.items()]

    def _heading(self, key: str, label: str) -> Heading:
        if not key:
            return Heading(label, "", "")
        order = {key: "ascending", f"-{key}": "descending"}.get(self.sort, "")
        return Heading(label, self.url(sort=f"-{key}" if order == "ascending" else key), order)

    @property
    def chips(self) -> list[tuple[Chip, str]]:
        return [(chip, self.url(**{chip.name: ""})) for chip in self.form.chips()]

    @property
    def shortcuts(self) -> list[Link]:
        """Return spans of days that people ask for often."""
        spans = {"Next 7 days": 7, "Next 30 days": 30, "Next 90 days": 90, "Next 12 months": 365}
        return [
            Link(label, self.url(due_from=self.on, due_to=self.on + timedelta(days=days)))
            for label, days in spans.items()
        ]

    def neighbours(self, obligation: Obligation, position: int) -> tuple[int | None, int | None]:
        """Return the keys of the rows before and after, if the obligation still stands at that position (from 0)."""
        first = max(position - 1, 0)
        around: list[int] = list(self.rows.values_list("pk", flat=True)[first : position + 2])
        here = position - first
        if here >= len(around) or around[here] != obligation.pk:
            return None, None
        return (around[here - 1] if here else None), (around[here + 1] if here + 1 < len(around) else None)
