"""Which occurrences a person may see, and what is late or comes next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from registers.models import Project

from obligations.states import OccurrenceState

if TYPE_CHECKING:
    from obligations.models import Occurrence  # noqa: F401  the base class names it in a string

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
