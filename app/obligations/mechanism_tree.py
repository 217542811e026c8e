"""Mechanisms and their conditions as pages show them: as trees, with what stands under each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from registers.models import Condition, Mechanism, Project

from obligations.models import Obligation
from obligations.states import State

PER_PAGE = 60


class Tally(NamedTuple):
    """How many obligations stand in a state."""

    state: State
    number: int


@dataclass(frozen=True)
class Line:
    """A mechanism in a list: how deep it stands under others, and its obligations by state."""

    mechanism: Mechanism
    depth: int
    tallies: tuple[Tally, ...]
    expiry: str

    @property
    def total(self) -> int:
        return sum(tally.number for tally in self.tallies)


@dataclass
class Node:
    """A condition with its earlier words, the newest first, what stands below it, and its obligations."""

    condition: Condition
    history: list[Condition] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    obligations: list[tuple[Obligation, State]] = field(default_factory=list)


@dataclass(frozen=True)
class Tree:
    """A page of a mechanism's conditions in force; on the last one, what ended and obligations of no condition."""

    page: Page[Condition]
    nodes: list[Node]
    ended: list[Node]
    loose: list[tuple[Obligation, State]]


def tallies(counts: Mapping[str, int]) -> tuple[Tally, ...]:
    """Return the numbers by state in the order of the states."""
    return tuple(Tally(state, counts.get(state.value, 0)) for state in State)


def lines(project: Project, on: date) -> list[Line]:
    """Return a project's mechanisms, plans below the approvals that require them, in two queries."""
    counts = project.obligations.state_counts_by("mechanism", on)
    below: dict[int | None, list[Mechanism]] = {}
    for mechanism in project.mechanisms.order_by("reference"):
        below.setdefault(mechanism.parent_id, []).append(mechanism)
    found: list[Line] = []
    waiting = [(mechanism, 0) for mechanism in reversed(below.get(None, []))]
    while waiting:
        mechanism, depth = waiting.pop()
        found.append(Line(mechanism, depth, tallies(counts.get(mechanism.pk, {})), mechanism.expiry(on)))
        waiting += [(plan, depth + 1) for plan in reversed(below.get(mechanism.pk, []))]
    return found


def tree(mechanism: Mechanism, on: date, page: str = "1") -> Tree:
    """Return a page of the mechanism's conditions with their obligations.

    The number of queries depends on how deep the tree is and how often its words changed, never on how wide it is.

    Args:
        mechanism: whose conditions.
        on: the day for which the obligations' states are told.
        page: number of the page, as asked for; the nearest that there is.
    """
    rows = mechanism.conditions.select_related("introduced", "ended")
    top = Q(parent=None) | Q(parent__ended_on__isnull=False)
    shown = Paginator(rows.filter(top, ended_on=None).order_by("sort_key", "pk"), PER_PAGE).get_page(page)
    nodes = {row.pk: Node(row) for row in shown}
    roots, level = list(nodes.values()), list(nodes)
    while level:
        children = [Node(row) for row in rows.filter(ended_on=None, parent__in=level).order_by("sort_key", "pk")]
        for child in children:
            nodes[child.condition.parent_id or 0].children.append(child)
        nodes |= {child.condition.pk: child for child in children}
        level = [child.condition.pk for child in children]
    ended: list[Node] = []
    if not shown.has_next():
        ended = [Node(row) for row in rows.filter(superseded_by=None).exclude(ended_on=None)[:PER_PAGE]]
        nodes |= {node.condition.pk: node for node in ended}
    _add_history(nodes, rows)
    for obligation in _light(mechanism.obligations.filter(condition__in=list(nodes))):
        nodes[obligation.condition_id or 0].obligations.append((obligation, obligation.state(on)))
    loose = [] if shown.has_next() else _light(mechanism.obligations.filter(condition=None))[:PER_PAGE]
    return Tree(shown, roots, ended, [(one, one.state(on)) for one in loose])


def _light(obligations: QuerySet[Obligation]) -> QuerySet[Obligation]:
    """Fetch of obligations only what a line shows."""
    shown = ("number", "title", "status", "action_due_date", "lifecycle")
    return obligations.order_by("sort_key", "pk").only("pk", "mechanism_id", "condition_id", *shown)


def _add_history(nodes: Mapping[int, Node], rows: QuerySet[Condition]) -> None:
    """Give each condition its earlier words, one step further back at a time."""
    later = {node.condition.supersedes_id: node for node in nodes.values() if node.condition.supersedes_id}
    while later:
        earlier = {row.pk: row for row in rows.filter(pk__in=list(later))}
        for key, row in earlier.items():
            later[key].history.append(row)
        later = {row.supersedes_id: later[key] for key, row in earlier.items() if row.supersedes_id}
