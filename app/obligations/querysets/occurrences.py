"""Which occurrences a person may see, and what is late or comes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import TruncMonth
from registers.models import Project

from obligations.states import OccurrenceState

if TYPE_CHECKING:
    from obligations.models import Occurrence  # noqa: F401  the base class names it in a string

LATE = Q(completed_on__gt=F("due_date"))
DONE = (OccurrenceState.CLOSED, OccurrenceState.CANCELLED)


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    def visible_to(self, user: User | AnonymousUser) -> OccurrenceQuerySet:
        """Keep the occurrences of the projects that the person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def unfinished(self) -> OccurrenceQuerySet:
        """Keep what is neither closed nor cancelled."""
        return self.exclude(state__in=DONE)

    def overdue(self, on: date) -> OccurrenceQuerySet:
        """Keep what should have been done before that day: what was submitted in time is not late."""
        in_time = Q(state=OccurrenceState.SUBMITTED, submitted_on__lte=F("due_date"))
        return self.unfinished().filter(due_date__lt=on).exclude(in_time)

    def due_within(self, days: int, on: date) -> OccurrenceQuerySet:
        """Keep what is unfinished and falls due from that day to `days` days later."""
        return self.unfinished().filter(due_date__range=(on, on + timedelta(days=days)))

    def closed_between(self, first: date, last: date) -> OccurrenceQuerySet:
        """Keep what was closed as done on one of these days."""
        return self.filter(state=OccurrenceState.CLOSED, completed_on__range=(first, last))

    def done_late(self, *, late: bool) -> OccurrenceQuerySet:
        """Keep what was done after the day on which it was due, or what was not; what had no day is never late."""
        return self.filter(LATE) if late else self.filter(Q(due_date=None) | Q(completed_on__lte=F("due_date")))

    def counts_of_closing(self) -> dict[tuple[date, bool, str], int]:
        """Return how many were done in each month, late or not, with each result, in one query."""
        late = Case(When(LATE, then=Value(True)), default=Value(False))
        rows = self.order_by().annotate(month=TruncMonth("completed_on"), late=late)
        counted = rows.values_list("month", "late", "result").annotate(number=Count("pk"))
        return {(month, was_late, result): number for month, was_late, result, number in counted}

    def concerning(self, user: User) -> OccurrenceQuerySet:
        """Keep what is assigned to the person, or to nobody while they are responsible for its obligation."""
        theirs = Q(assigned_to=user) | Q(assigned_to=None, obligation__responsible_person=user)
        return self.filter(theirs)

    def for_table(self) -> OccurrenceQuerySet:
        """Fetch with each row what a table of occurrences shows."""
        return self.select_related("project", "obligation__mechanism", "obligation__aspect", "assigned_to")

    def falling_due_next(self, obligations: Iterable[int]) -> OccurrenceQuerySet:
        """Keep of the obligations with these keys what each one's due date stands for."""
        dated = self.unfinished().filter(obligation__in=obligations, due_date=F("obligation__action_due_date"))
        return dated.select_related("assigned_to")

    def soonest_first(self) -> OccurrenceQuerySet:
        return self.order_by(F("due_date").asc(nulls_last=True), "obligation__sort_key", "pk")
