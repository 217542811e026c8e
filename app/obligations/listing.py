"""One page of a register: its rows, and the addresses that lead from it to its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from accounts.models import User
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from registers.models import Project

from obligations.counting import counted
from obligations.filters import BEST, SIZE, Chip, FilterForm, Offer
from obligations.models import Obligation, Occurrence, SavedView
from obligations.querysets import ORDERS, ObligationQuerySet, count_each
from obligations.search import RANKED, best_first, excerpts
from obligations.states import State

# The columns that can be sorted by, with their heading.
COLUMNS = {"number": "Number", "": "Obligation", "aspect": "Aspect", "role": "Responsibility", "due": "Due"}
# What everybody asks for; "me" is whoever looks.
SYSTEM_VIEWS = {"Mine": "person=me", "Awaiting evidence": "evidence=awaited", "Nobody responsible": "person=nobody"}


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
    """A row: the obligation, its state, the query of its page, which knows the way back and to its neighbours,
    where the words that were searched for stand in it, and its occurrence that falls due next.
    """

    obligation: Obligation
    state: State
    query: str
    excerpt: str = ""
    occurrence: Occurrence | None = None


class View(NamedTuple):
    """A kept set of filters, how many obligations it leads to, and the row that it is kept in, if a person keeps it."""

    name: str
    number: int
    url: str
    current: bool
    kept: SavedView | None


class Listing:
    """A project's obligations as an address asks for them.

    Args:
        project: whose register it is.
        query: the address's parameters.
        user: who looks at it.
        on: the project's day.
        stamp: names the state of the register, if it is known already.
    """

    def __init__(self, *, project: Project, query: QueryDict, user: User, on: date, stamp: str | None = None) -> None:
        self.project, self.user, self.on = project, user, on
        self.offer = Offer(project, user, on, stamp)
        self.form = FilterForm(query, offer=self.offer)
        self._page_asked = query.get("page", "1")
        self.state: str = self.form.cleaned_data.get("state", "")
        self.sort: str = self.form.cleaned_data.get("sort") or self.form.usual_order

    def url(self, **changes: object) -> str:
        """Return this listing's address with some parameters changed, and others removed by an empty value.

        It leads to the first page, unless `page` says otherwise.
        """
        return self.form.url(**changes)

    @cached_property
    def rows(self) -> ObligationQuerySet:
        """All rows in order, over all pages; the best matches of a search come in the order of what is due."""
        return self._found(self._in_state).in_order("due" if self.sort == BEST else self.sort)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many stand in each state under the other filters."""
        rows = self._found(self._narrowed)
        if not self.form.chips():
            return rows.state_counts(self.on)
        name = f"states {self.user.pk} {self.url(state='', sort='', size='')}"
        return counted(name, stamp=self.stamp, on=self.on, count=lambda: rows.state_counts_in_passing(self.on))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find, rather than nothing found."""
        return not sum(self.counts.values()) and not self.form.chips()

    @property
    def order(self) -> str:
        if self.sort != BEST:
            return ORDERS[self.sort].label
        if self.count > RANKED:
            return f"The best matches of the {RANKED:,} added last come first: more words find fewer"
        return "Best match first"

    @property
    def count(self) -> int:
        return self.counts[self.state] if self.state else sum(self.counts.values())

    @cached_property
    def page(self) -> Page[int]:
        size = self.form.cleaned_data.get("size") or SIZE
        paginator: Paginator[int] = Paginator(_Keys(self), size)
        return paginator.get_page(self._page_asked)

    @cached_property
    def entries(self) -> list[Entry]:
        """The rows of the page. They are fetched by key: sorting all of them would carry all that they say along."""
        pks = list(self.page)
        rows = Obligation.objects.filter(project=self.project).for_table().in_bulk(pks)
        found = excerpts(self.form.words, pks) if self.form.words else {}
        due = {occurrence.obligation_id: occurrence for occurrence in Occurrence.objects.falling_due_next(pks)}
        first = max(self.page.start_index() - 1, 0)
        here = self.url(at=first).removesuffix(str(first))
        return [
            Entry(rows[pk], rows[pk].state(self.on), f"{here}{position}", found.get(pk, ""), due.get(pk))
            for position, pk in enumerate(pks, start=first)
        ]

    def keys(self, first: int, number: int) -> list[int]:
        """Return the keys of some rows in order, from a position that counts from 0."""
        if self.sort == BEST:
            return best_first(self._in_state, self.form.words, first, number, self.project)
        if group := ORDERS[self.sort].group:
            return self.rows.keys_in_groups(group, self._groups(group), first, number)
        return list(self.rows.values_list("pk", flat=True)[first : first + number])

    @cached_property
    def views(self) -> list[View]:
        """The kept sets of filters: those that everybody has, the person's own and those shared with the project."""
        kept = list(SavedView.objects.offered_to(self.user, self.project))
        views: list[tuple[str, QueryDict, SavedView | None]] = [
            (name, QueryDict(query), None) for name, query in SYSTEM_VIEWS.items()
        ]
        views += [(view.name, QueryDict(view.query), view) for view in kept]
        name = f"views {self.user.pk} {[query.urlencode() for _, query, _ in views]}"
        found = counted(
            name, stamp=self.stamp, on=self.on, count=lambda: self._count_each([query for _, query, _ in views])
        )
        here = self.url()
        return [
            View(name, number, url, url == here, view)
            for (name, _, view), (url, number) in zip(views, found, strict=True)
        ]

    @property
    def view(self) -> SavedView | None:
        """The person's view, or the one shared with them, that this page shows."""
        return next((view.kept for view in self.views if view.current and view.kept), None)

    def _count_each(self, queries: list[QueryDict]) -> list[tuple[str, int]]:
        """Return the address and the number of each set of filters."""
        lists, forms = {}, [FilterForm(query, offer=self.offer) for query in queries]
        for place, form in enumerate(forms):
            rows = form.narrow(self._all)
            rows = rows.search(form.words, self.project) if form.words else rows
            state = form.cleaned_data.get("state")
            lists[f"{place:03}"] = rows.in_state(state, self.on) if state else rows
        numbers = [number for _, number in sorted(count_each(lists).items())]
        return [(form.url(), number) for form, number in zip(forms, numbers, strict=True)]

    def _groups(self, group: str) -> list[int]:
        """Return the keys of the mechanisms, or of the words, in the order of the list."""
        if group == "mechanism":
            # Sorted by the database, as the rows are: it may sort letters otherwise than Python.
            keys = list(self.project.mechanisms.order_by("short", "pk").values_list("pk", flat=True))
        else:
            keys = [pk for pk, _ in self.offer.words["role" if group == "responsible_role" else group]]
        return keys[::-1] if self.sort.startswith("-") else keys

    @property
    def stamp(self) -> str:
        """Names the state of the register in which all this is counted."""
        return self.offer.stamp

    @property
    def _all(self) -> ObligationQuerySet:
        return Obligation.objects.filter(project=self.project)

    @cached_property
    def _narrowed(self) -> ObligationQuerySet:
        return self.form.narrow(self._all)

    @property
    def _in_state(self) -> ObligationQuerySet:
        return self._narrowed.in_state(self.state, self.on) if self.state else self._narrowed

    def _found(self, rows: ObligationQuerySet) -> ObligationQuerySet:
        return rows.search(self.form.words, self.project) if self.form.words else rows

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
        around = self.keys(first, position + 2 - first)
        here = position - first
        if here >= len(around) or around[here] != obligation.pk:
            return None, None
        return (around[here - 1] if here else None), (around[here + 1] if here + 1 < len(around) else None)


class _Keys:
    """The keys of a listing's rows, of which a paginator takes one page."""

    ordered = True

    def __init__(self, listing: Listing) -> None:
        self.listing = listing

    def __len__(self) -> int:
        # Known already from the tabs: one query less.
        return self.listing.count

    def __iter__(self) -> Iterator[int]:
        return iter(self.listing.keys(0, len(self)))

    def __getitem__(self, place: Any) -> Any:
        return self.listing.keys(place.start, place.stop - place.start)
