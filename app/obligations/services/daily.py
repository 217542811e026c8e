"""What a new day brings to a project."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from audit.services import Entry, record
from registers.models import Project

from obligations.models import Obligation
from obligations.services.adoption import adopt
from obligations.services.amendments import retire_ended
from obligations.services.materialise import materialise

BATCH = 500


class NewDay(NamedTuple):
    """How many occurrences came and opened, and how many obligations retired."""

    created: int
    opened: int
    retired: int


def project_begin_day(project: Project, on: date) -> NewDay:
    """Bring the project's occurrences up to date with a day; one event records it, if there was anything to do.

    Obligations from before there were rules are given theirs.
    """
    created = 0
    without = Obligation.objects.filter(project=project, rule=None).select_related("project", "mechanism")
    while batch := list(without[:BATCH]):
        created += adopt(batch)
    made = materialise(Obligation.objects.filter(project=project), on)
    new_day = NewDay(created + made.created, made.opened, retire_ended(project, on))
    if any(new_day):
        changes = {name: (0, number) for name, number in new_day._asdict().items()}
        record(project.organisation, None, Entry("project.begin_day", project, project.pk, changes=changes))
    return new_day
