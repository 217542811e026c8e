"""What has a date and somebody who does it: occurrences, corrective actions, inspections, clocks of regulators.

Each is read as a `Duty`, for reminders as for calendars. That something is snoozed, extended or moved shows in its
dates; what is closed, cancelled, handed in or suspended is not open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from obligations.models import OPEN_STATES, CorrectiveAction, Inspection, NonCompliance, Obligation, Occurrence
from obligations.states import Lifecycle, OccurrenceState
from registers.models import Mechanism, Project

from notifications.models import Kind

BATCH = 500
LONGEST_TITLE = 120


@dataclass(frozen=True)
class Duty:
    """Something to be done by a day.

    Args:
        subject: the row's name, such as `occurrence:17`.
        project_id: where.
        kind: of the reminders before the day.
        code: number or reference by which people know it.
        title: in one line.
        row: the row itself, which has a page.
        dates: which people are reminded of, soonest first: the internal target, if there is one, and the due date.
        people: keys of those who do it; who comes first counts, if they still belong to the project.
        is_open: whether it still has to be done.
        is_cancelled: whether it need not be done after all, or not for now.
        after: the day of the one before it; nobody is reminded of the next one earlier.
    """

    subject: str
    project_id: int
    kind: Kind
    code: str
    title: str
    row: Occurrence | CorrectiveAction | Inspection | NonCompliance
    dates: tuple[date, ...]
    people: tuple[int, ...]
    is_open: bool
    is_cancelled: bool
    after: date | None = None

    @property
    def due(self) -> date:
        """The last day on which it is done in time."""
        return self.dates[-1]

    @property
    def path(self) -> str:
        """The address of its page."""
        return self.row.get_absolute_url()

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What else a mail tells of it, beside the dates: names and values."""
        return _facts(self.row)

    def date_on(self, on: date) -> date:
        """Return the date that people work towards on a day: a target that has passed gives way to the due date."""
        return next((day for day in self.dates if day >= on), self.due)


def one_line(text: str) -> str:
    """Return text without line breaks or control characters, which would end a header of a mail, and not too long."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def _keys(*people: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(key for key in people if key is not None))


def _title(obligation: Obligation) -> str:
    return one_line(obligation.title or obligation.requirement)


def _is_active(obligation: Obligation) -> bool:
    return obligation.lifecycle == Lifecycle.ACTIVE and obligation.mechanism.status != Mechanism.Status.SUSPENDED


def _occurrence(row: Occurrence) -> Duty | None:
    if row.due_date is None:
        return None
    duty = row.obligation
    target = (row.target_date,) if row.target_date and row.target_date < row.due_date else ()
    return Duty(
        subject=f"occurrence:{row.pk}",
        project_id=row.project_id,
        kind=Kind.DUE,
        code=duty.code,
        title=_title(duty),
        row=row,
        dates=(*target, row.due_date),
        people=_keys(row.assigned_to_id, duty.responsible_person_id, duty.backup_person_id),
        is_open=row.state in OPEN_STATES and _is_active(duty),
        is_cancelled=row.state == OccurrenceState.CANCELLED or (row.state in OPEN_STATES and not _is_active(duty)),
        after=row.one_before,  # type: ignore[attr-defined]  # annotated below
    )


def _action(row: CorrectiveAction) -> Duty:
    return Duty(
        subject=f"correctiveaction:{row.pk}",
        project_id=row.non_compliance.project_id,
        kind=Kind.ACTION,
        code=row.non_compliance.reference,
        title=one_line(row.description),
        row=row,
        dates=(row.due_on,),
        people=_keys(row.owner_id),
        is_open=row.completed_on is None and row.closed_at is None,
        is_cancelled=False,
    )


def _inspection(row: Inspection) -> Duty:
    is_planned = row.state == Inspection.State.PLANNED
    return Duty(
        subject=f"inspection:{row.pk}",
        project_id=row.project_id,
        kind=Kind.INSPECTION,
        code=row.obligation.code,
        title=one_line(f"Inspection: {row.obligation.title or row.obligation.requirement}"),
        row=row,
        dates=(row.planned_on,),
        people=_keys(row.inspector_id),
        is_open=is_planned and _is_active(row.obligation),
        is_cancelled=row.state == Inspection.State.CANCELLED or (is_planned and not _is_active(row.obligation)),
    )


def _clock(row: NonCompliance) -> Duty | None:
    if row.notification_due is None:
        return None
    assigned = row.occurrence.assigned_to_id if row.occurrence else None
    return Duty(
        subject=f"noncompliance:{row.pk}",
        project_id=row.project_id,
        kind=Kind.REGULATOR,
        code=row.reference,
        title=one_line(f"Tell the regulator: {row.title}"),
        row=row,
        dates=(row.notification_due,),
        people=_keys(assigned, row.obligation.responsible_person_id, row.raised_by_id),
        is_open=row.is_open and row.notified_on is None,
        is_cancelled=not row.is_open and row.notified_on is None,
    )


def _facts(row: Occurrence | CorrectiveAction | Inspection | NonCompliance) -> list[tuple[str, str]]:
    if isinstance(row, CorrectiveAction):
        return [("Non-compliance", one_line(str(row.non_compliance)))]
    mechanism = row.obligation.mechanism
    facts = [("Mechanism", one_line(f"{mechanism.reference} {mechanism.title}"))]
    if isinstance(row, Occurrence) and row.period_start and row.period_end:
        facts.append(("Period", f"{row.period_start:%-d %B %Y} to {row.period_end:%-d %B %Y}"))
    if isinstance(row, Inspection) and row.location:
        facts.append(("Place", one_line(row.location)))
    if isinstance(row, NonCompliance):
        told = [("Regulator", one_line(mechanism.regulator))] if mechanism.regulator else []
        facts = [*told, *facts, ("Aware since", f"{row.aware_on:%-d %B %Y}")]
    return facts


# A register may have a hundred thousand of them: read only what a duty says.
_COLUMNS = (
    *("state", "due_date", "target_date", "period_start", "period_end", "assigned_to", "project__code"),
    *(f"obligation__{name}" for name in ("number", "title", "requirement", "lifecycle")),
    *(f"obligation__{name}" for name in ("responsible_person", "backup_person")),
    *(f"obligation__mechanism__{name}" for name in ("short", "status", "reference", "title")),
)


@dataclass(frozen=True)
class Source:
    """Where duties of one sort come from: a table, the field of its project and its date, and how a row is read."""

    rows: Callable[[], QuerySet[Any]]
    project: str
    dates: tuple[str, ...]
    unfinished: Q
    read: Callable[[Any], Duty | None]

    def of(self, project: Project) -> QuerySet[Any]:
        """Return the project's rows with everything that reading them needs."""
        return self.rows().filter(**{self.project: project})

    def dated(self, *, since: date | None = None, until: date) -> Q:
        """Return the condition that one of the dates lies in a span."""
        found = Q()
        for name in self.dates:
            within = Q(**{f"{name}__lte": until})
            found |= within & Q(**{f"{name}__gte": since}) if since else within
        return found


ONE_BEFORE = (
    Occurrence.objects.filter(obligation=OuterRef("obligation"), sequence__lt=OuterRef("sequence"))
    .order_by("-sequence")
    .values("due_date")[:1]
)
SOURCES: dict[str, Source] = {
    "occurrence": Source(
        lambda: (
            Occurrence.objects.select_related("project", "obligation__mechanism")
            .only(*_COLUMNS)
            .annotate(one_before=Subquery(ONE_BEFORE))
        ),
        "project",
        ("due_date", "target_date"),
        Q(state__in=OPEN_STATES, obligation__lifecycle=Lifecycle.ACTIVE),
        _occurrence,
    ),
    "correctiveaction": Source(
        lambda: CorrectiveAction.objects.select_related("non_compliance__project"),
        "non_compliance__project",
        ("due_on",),
        Q(completed_on=None, closed_at=None),
        _action,
    ),
    "inspection": Source(
        lambda: Inspection.objects.select_related("project", "obligation__mechanism"),
        "project",
        ("planned_on",),
        Q(state=Inspection.State.PLANNED),
        _inspection,
    ),
    "noncompliance": Source(
        lambda: NonCompliance.objects.select_related("project", "occurrence", "obligation__mechanism"),
        "project",
        ("notification_due",),
        Q(notified_on=None, status__in=[NonCompliance.Status.OPEN, NonCompliance.Status.NOTIFIED]),
        _clock,
    ),
}


def open_duties(project: Project, until: date) -> Iterator[list[Duty]]:
    """Yield what still has to be done by that day or is late, some hundred at a time however long the register is."""
    for source in SOURCES.values():
        rows = source.of(project).filter(source.unfinished, source.dated(until=until))
        yield from batches(source, rows)


def batches(source: Source, rows: QuerySet[Any]) -> Iterator[list[Duty]]:
    """Yield rows of a source as duties, in the order of their keys, some hundred at a time."""
    stream = iter(rows.order_by("pk").iterator(chunk_size=BATCH))
    while batch := list(islice(stream, BATCH)):
        yield [duty for duty in map(source.read, batch) if duty]


def duties_named(subjects: Iterable[str]) -> dict[str, Duty]:
    """Return the duties with these names that are still there and dated, in one query a sort."""
    keys: dict[str, list[int]] = {}
    for subject in set(subjects):
        name, _, key = subject.partition(":")
        if name in SOURCES:
            keys.setdefault(name, []).append(int(key))
    found = (
        duty
        for name, wanted in keys.items()
        for duty in map(SOURCES[name].read, SOURCES[name].rows().filter(pk__in=wanted))
        if duty
    )
    return {duty.subject: duty for duty in found}
