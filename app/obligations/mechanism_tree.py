"""Mechanisms and their conditions as pages show them: as trees, with what stands under each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from registers.models import Condition, Mechanism, Project

from obligations.models import Obligation
from obligations.states import State


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
    """A mechanism's conditions in force, those that ended without successor, and obligations of no condition."""

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


def tree(mechanism: Mechanism, on: date) -> Tree:
    """Return the mechanism's conditions with their obligations, in two queries whatever their number.

    Args:
        mechanism: whose conditions.
        on: the day for which the obligations' states are told.
    """
    rows = list(mechanism.conditions.select_related("introduced", "ended").order_by("sort_key", "pk"))
    nodes = {row.pk: Node(row) for row in rows}
    loose: list[tuple[Obligation, State]] = []
    for obligation in _light(mechanism):
        node = nodes.get(obligation.condition_id or 0)
        (node.obligations if node else loose).append((obligation, obligation.state(on)))
    superseded = {row.supersedes_id for row in rows if row.supersedes_id}
    for node in nodes.values():
        node.history = _history(node.condition, nodes)
    top: list[Node] = []
    for node in (one for one in nodes.values() if one.condition.ended_on is None):
        above = nodes.get(node.condition.parent_id or 0)
        (above.children if above and above.condition.ended_on is None else top).append(node)
    ended = [one for one in nodes.values() if one.condition.ended_on and one.condition.pk not in superseded]
    return Tree(top, ended, loose)


def _light(mechanism: Mechanism) -> Iterable[Obligation]:
    """Fetch of the obligations only what a line shows: a mechanism may have very many."""
    rows = Obligation.objects.filter(mechanism=mechanism).order_by("sort_key", "pk")
    return rows.only("pk", "number", "title", "condition_id", "status", "action_due_date", "lifecycle")


def _history(condition: Condition, nodes: Mapping[int, Node]) -> list[Condition]:
    earlier = []
    key = condition.supersedes_id
    while key is not None:
        earlier.append(nodes[key].condition)
        key = nodes[key].condition.supersedes_id
    return earlier
