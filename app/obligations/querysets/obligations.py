"""Which obligations a person may see, and the questions a register answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts.models import User
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import TruncMonth
from registers.models import Project

from obligations.querysets.occurrences import DONE
from obligations.search import matches
from obligations.states import DUE_SOON, State, Status

if TYPE_CHECKING:
    from obligations.models import Obligation  # noqa: F401  the base class names it in a string


class Order(NamedTuple):
    """A way to sort a register: its name for people, the terms, and the related field whose rows it goes by first."""

    label: str
    by: tuple[Any, ...]
    group: str = ""


# Literals, not parameters: only then does a database see that the index on these expressions serves the order.
IS_DONE = Func(F("status"), template="(%(expressions)s = 'completed')", output_field=models.BooleanField())
DUE_OR_LAST = Func(
    F("action_due_date"), template="COALESCE(%(expressions)s, '9999-12-31')", output_field=models.DateField()
)
_KEY = ("sort_key", "pk")
_NUMBER = ("mechanism__short", "mechanism_id", *_KEY)
_NUMBER_BACKWARDS = tuple(f"-{name}" for name in _NUMBER)

# The first one is how a register opens: what is late, then what comes next.
ORDERS: dict[str, Order] = {
    "due": Order("Due, soonest first", (IS_DONE, DUE_OR_LAST, *_KEY)),
    "-due": Order("Due, latest first", (F("action_due_date").desc(nulls_last=True), "-pk")),
    "number": Order("Number", _NUMBER, "mechanism"),
    "-number": Order("Number, last first", _NUMBER_BACKWARDS, "mechanism"),
    "aspect": Order("Aspect, A to Z", (F("aspect__name").asc(nulls_last=True), *_KEY), "aspect"),
    "-aspect": Order("Aspect, Z to A", (F("aspect__name").desc(nulls_last=True), *_KEY), "aspect"),
    "role": Order(
        "Responsibility, A to Z", (F("responsible_role__name").asc(nulls_last=True), *_KEY), "responsible_role"
    ),
    "-role": Order(
        "Responsibility, Z to A", (F("responsible_role__name").desc(nulls_last=True), *_KEY), "responsible_role"
    ),
    "changed": Order("Last changed first", ("-updated_at", "-pk")),
}


def in_state(state: str, on: date) -> Q:
    """Return the condition for one state on a day; the states part the register without overlap."""
    open_ = Q(status__in=[Status.NOT_STARTED, Status.IN_PROGRESS])
    return {
        State.COMPLETED: Q(status=Status.COMPLETED),
        State.IN_REVIEW: Q(status=Status.SUBMITTED),
        State.NO_DATE: open_ & Q(action_due_date=None),
        State.OVERDUE: open_ & Q(action_due_date__lt=on),
        State.DUE_SOON: open_ & Q(action_due_date__range=(on, on + DUE_SOON)),
        State.UPCOMING: open_ & Q(action_due_date__gt=on + DUE_SOON),
    }[State(state)]


def count_each(lists: Mapping[str, models.QuerySet[Any]]) -> dict[str, int]:
    """Return how many rows each of the named lists has, in one query."""
    if not lists:
        return {}
    numbers = [
        rows.order_by()
        .annotate(name=Value(name))
        .values("name")
        .annotate(number=Count("pk"))
        .values_list("name", "number")
        for name, rows in lists.items()
    ]
    first, *others = numbers
    return dict.fromkeys(lists, 0) | dict(first.union(*others, all=True))


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def visible_to(self, user: User | AnonymousUser) -> ObligationQuerySet:
        """Keep the obligations of the projects that the person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def in_state(self, state: str, on: date) -> ObligationQuerySet:
        """Keep the obligations that stand in the state on that day."""
        return self.filter(in_state(state, on))

    def overdue(self, on: date) -> ObligationQuerySet:
        """Keep what should have been done before that day."""
        return self.in_state("overdue", on)

    def due_within(self, days: int, on: date) -> ObligationQuerySet:
        """Keep what is open and falls due from that day to `days` days later."""
        return self.exclude(status="completed").filter(action_due_date__range=(on, on + timedelta(days=days)))

    def with_state(self, on: date) -> ObligationQuerySet:
        """Annotate `state_on`, for sorting and for tables that need no model."""
        cases = [When(in_state(state, on), then=Value(state.value)) for state in State]
        return self.annotate(state_on=Case(*cases, output_field=models.CharField()))

    def state_counts(self, on: date) -> dict[str, int]:
        """Return how many stand in each state on that day, in one query; the counts add up to the register.

        Each state is a range of an index: they are counted apart, in a tenth of the time that one look at all takes.
        """
        return count_each({state.value: self.in_state(state, on) for state in State})

    def search(self, text: str, project: Project | None = None) -> ObligationQuerySet:
        """Keep the obligations that contain every word, the last one by its beginning, in a project or all."""
        found = self.filter(pk__in=matches(text, project))
        return found.filter(project=project) if project else found

    def of_person(self, user: int) -> ObligationQuerySet:
        """Keep what the person with that key is responsible for, or has an unfinished occurrence of."""
        assigned = self._related("Occurrence").filter(assigned_to=user).exclude(state__in=DONE)
        return self.filter(Q(responsible_person=user) | Q(pk__in=assigned.values("obligation")))

    def of_nobody(self) -> ObligationQuerySet:
        """Keep what no person is responsible for."""
        return self.filter(responsible_person=None)

    def with_evidence(self) -> ObligationQuerySet:
        """Keep what has evidence that was not removed."""
        return self.filter(Exists(self._evidence()))

    def without_evidence(self) -> ObligationQuerySet:
        """Keep what has no evidence, or none that was not removed."""
        return self.filter(~Exists(self._evidence()))

    def awaiting_evidence(self, on: date) -> ObligationQuerySet:
        """Keep what is late or falls due in 30 days, while nothing shows yet that it was done this time."""
        pressing = Q(status__in=[Status.NOT_STARTED, Status.IN_PROGRESS], action_due_date__lte=on + DUE_SOON)
        this_time = self._evidence().exclude(occurrence__state__in=DONE).exclude(occurrence=None)
        return self.filter(pressing, ~Exists(this_time))

    def tagged(self, tag: str) -> ObligationQuerySet:
        """Keep what has the tag, whatever its case."""
        tag = tag.strip()
        first, last = Q(tags__iexact=tag) | Q(tags__istartswith=f"{tag},"), Q(tags__iendswith=f", {tag}")
        return self.filter(first | last | Q(tags__icontains=f", {tag},"))

    def _evidence(self) -> models.QuerySet[Any]:
        return self._related("Evidence").filter(obligation=OuterRef("pk"), removed_at=None)

    def _related(self, model: str) -> models.QuerySet[Any]:
        # By name: their modules need this one.
        rows: models.QuerySet[Any] = apps.get_model("obligations", model)._default_manager.all()
        return rows

    def for_table(self) -> ObligationQuerySet:
        """Fetch with each row what a table of obligations shows."""
        return self.select_related("mechanism", "aspect", "phase", "responsible_role", "responsible_person", "project")

    def for_page(self) -> ObligationQuerySet:
        """Fetch with the row all that the page of one obligation shows."""
        return self.select_related(
            "project__organisation",
            "mechanism",
            "condition__mechanism",
            "procedure",
            "aspect",
            "obligation_type",
            "phase",
            "accountability",
            "responsible_role",
            "responsible_person",
            "backup_person",
        )

    def in_order(self, order: str) -> ObligationQuerySet:
        """Sort by one of ORDERS."""
        return self.order_by(*ORDERS[order].by)

    def state_counts_in_passing(self, on: date) -> dict[str, int]:
        """Return what `state_counts` does, by one look at each row: quicker for rows that no index has together."""
        cases = [When(in_state(state, on), then=Value(state.value)) for state in State]
        rows = self.order_by().values_list(Case(*cases, output_field=models.CharField())).annotate(number=Count("pk"))
        return dict.fromkeys(State.values, 0) | dict(rows)

    def keys_in_groups(self, group: str, groups: Sequence[int], first: int, number: int) -> list[int]:
        """Return the keys of some rows in the order they are in, which goes by a related row first.

        Only the groups that the asked for rows stand in are sorted, in two queries: all of a long register would take
        longer to sort than everything else that a page does.

        Args:
            group: the field that names the related row.
            groups: the keys of the related rows, in order; rows without one come last.
            first: how many rows to pass over.
            number: how many to return at most.
        """
        sizes = dict(self.order_by().values_list(group).annotate(size=Count("pk")))
        passed, wanted = 0, list[int | None]()
        offset = first
        for key in (*groups, None):
            size = sizes.get(key, 0)
            if passed + size > first and passed < first + number:
                if not wanted:
                    offset = first - passed
                wanted.append(key)
            passed += size
        among = Q(**{f"{group}__in": [key for key in wanted if key is not None]})
        if None in wanted:
            among |= Q(**{group: None})
        return list(self.filter(among).values_list("pk", flat=True)[offset : offset + number])

    def state_counts_by(self, field: str, on: date) -> dict[Any, dict[str, int]]:
        """Return for each value of the field how many stand in each state on that day, in one query."""
        counts: dict[Any, dict[str, int]] = {}
        rows = self.order_by().with_state(on).values_list(field, "state_on").annotate(number=Count("pk"))
        for value, state, number in rows:
            counts.setdefault(value, dict.fromkeys(State.values, 0))[state] = number
        return counts

    def counts_by_due_month(self, field: str, first: date, last: date) -> dict[Any, dict[date, int]]:
        """Return for each value of the field how many fall due in each month from one day to another, in one query."""
        counts: dict[Any, dict[date, int]] = {}
        due = self.order_by().filter(action_due_date__range=(first, last)).with_due_month()
        for value, month, number in due.values_list(field, "due_month").annotate(number=Count("pk")):
            counts.setdefault(value, {})[month] = number
        return counts

    def with_due_month(self) -> ObligationQuerySet:
        """Annotate `due_month`, the first day of the month in which the obligation falls due."""
        return self.annotate(due_month=TruncMonth("action_due_date"))
