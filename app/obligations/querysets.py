"""Which obligations a person may see, and the questions a register answers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, Q, Value, When
from registers.models import Project

from obligations.states import DUE_SOON, State, Status

if TYPE_CHECKING:
    from obligations.models import Obligation  # noqa: F401  the base class names it in a string

SEARCHED = (
    "number",
    "title",
    "requirement",
    "supporting_information",
    "general_comments",
    "compliance_comments",
    "responsible_role__name",
    "mechanism__reference",
    "mechanism__short",
)


def in_state(state: str, on: date) -> Q:
    """Return the condition for one state on a day; the states part the register without overlap."""
    open_ = ~Q(status=Status.COMPLETED)
    return {
        State.COMPLETED: Q(status=Status.COMPLETED),
        State.NO_DATE: open_ & Q(action_due_date=None),
        State.OVERDUE: open_ & Q(action_due_date__lt=on),
        State.DUE_SOON: open_ & Q(action_due_date__range=(on, on + DUE_SOON)),
        State.UPCOMING: open_ & Q(action_due_date__gt=on + DUE_SOON),
    }[State(state)]


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
        """Return how many stand in each state on that day, in one query; the counts add up to the register."""
        counts: dict[str, int] = self.aggregate(
            **{state.value: Count("pk", filter=in_state(state, on)) for state in State}
        )
        return counts

    def search(self, text: str) -> ObligationQuerySet:
        """Keep the obligations that contain every word, anywhere in what people read."""
        found = self
        for word in text.split():
            anywhere = Q()
            for field in SEARCHED:
                anywhere |= Q(**{f"{field}__icontains": word})
            found = found.filter(anywhere)
        return found

    def for_table(self) -> ObligationQuerySet:
        """Fetch with each row what a table of obligations shows."""
        return self.select_related("mechanism", "aspect", "phase", "responsible_role", "project")
