"""What would be told in days to come, if nothing happened meanwhile: nothing is sent and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.core.mail import EmailMultiAlternatives
from registers.models import Project

from notifications.composing import compose
from notifications.models import Notice
from notifications.outbox import unseen
from notifications.planning import drafts


def rehearse(first: date, last: date) -> Iterator[tuple[date, Notice, EmailMultiAlternatives]]:
    """Yield each mail that would go out from the first day to the last, with its day; none comes twice.

    What stands in the outbox is taken as told.
    """
    projects = list(Project.objects.select_related("organisation").order_by("pk"))
    told: set[tuple[int, str, str, int, str]] = set()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for project in projects:
            for batch in drafts(project, day):
                new = [notice for notice in unseen(batch) if notice.key not in told]
                told.update(notice.key for notice in new)
                for notice, letter in compose(new, day):
                    if isinstance(letter, EmailMultiAlternatives):
                        yield day, notice, letter
