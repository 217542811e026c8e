"""A person's week in a project: what is late, what comes, what waits for them, in one mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice
from typing import Any

from accounts.roles import SEES_ALL_PROJECTS, allowed
from django.db.models import Q, QuerySet
from django.urls import reverse
from obligations.models import Comment, Occurrence
from obligations.querysets import count_each
from obligations.states import OccurrenceState

from notifications.audience import People
from notifications.content import Content, Row, Section, how_far
from notifications.duties import SOURCES, Duty, one_line
from notifications.links import absolute, choices_link, off_link
from notifications.models import Kind, Notice

AHEAD = timedelta(days=14)
NAMED = 15
WEEK = timedelta(days=7)
THEIRS = {
    "occurrence": lambda person: (
        Q(assigned_to=person)
        | Q(assigned_to=None) & (Q(obligation__responsible_person=person) | Q(obligation__backup_person=person))
    ),
    "correctiveaction": lambda person: Q(owner=person),
    "inspection": lambda person: Q(inspector=person),
    "noncompliance": lambda person: Q(obligation__responsible_person=person) | Q(raised_by=person),
}


def digest(notice: Notice, people: People, on: date) -> Content | str:
    """Return a person's week, or why there is none to tell of.

    Who manages the project hears of all that is late in it and of what nobody is responsible for.
    """
    person, project = notice.person, notice.project
    if not people.choices_of(person).wants(Kind.DIGEST):
        return "The person does not want such mails."
    mine = [duty for duty in _duties(notice, on + AHEAD) if person in people.responsible(duty)]
    mine.sort(key=lambda duty: (duty.due, duty.subject))
    sections = [
        _section("You are late with", [duty for duty in mine if duty.due < on], on),
        _section("Coming in the next two weeks", [duty for duty in mine if duty.due >= on], on),
        _reviews(notice, people),
        _mentions(notice, on),
    ]
    if people.roles[person] & set(SEES_ALL_PROJECTS):
        sections.append(_whole_project(notice, on))
    told = tuple(section for section in sections if section)
    if not told:
        return "Nothing waited for the person that week."
    late = sum(duty.due < on for duty in mine)
    number = f"{late} late" if late else f"{len(mine)} to do" if mine else "nothing of yours is late"
    return Content(
        subject=one_line(f"Your week in {project.name}: {number}"),
        headline=f"Your week from {notice.due_date:%-d %B %Y}",
        title=project.name,
        sections=told,
        link=(absolute(reverse("project_work", args=[project.code])), "Open your work in Enssol"),
        why="You get this each Monday because you belong to the project.",
        choices=choices_link(),
        off=off_link(person.pk, Kind.DIGEST),
    )


def _duties(notice: Notice, until: date) -> Iterable[Duty]:
    for name, source in SOURCES.items():
        rows = source.of(notice.project).filter(source.unfinished, source.dated(until=until))
        for duty in map(source.read, rows.filter(THEIRS[name](notice.person))):
            if duty and duty.is_open:
                yield duty


def _section(heading: str, duties: list[Duty], on: date) -> Section | None:
    rows = tuple(
        Row(
            f"{duty.code} {duty.title}",
            f"{how_far((duty.due - on).days)}, {duty.due:%A %-d %B %Y}",
            absolute(duty.path),
            duty.due < on,
        )
        for duty in duties[:NAMED]
    )
    return Section(heading, rows, len(duties) - len(rows)) if rows else None


def _reviews(notice: Notice, people: People) -> Section | None:
    if not allowed("occurrence.close", people.roles[notice.person]):
        return None
    waiting = Occurrence.objects.filter(project=notice.project, state=OccurrenceState.SUBMITTED).for_table()
    return _listed(
        "Waiting for your review",
        waiting.exclude(submitted_by=notice.person).soonest_first(),
        lambda row: Row(
            f"{row.obligation.code} {one_line(row.obligation.title or row.obligation.requirement)}",
            f"Handed in on {row.submitted_on:%-d %B %Y}" if row.submitted_on else "Handed in",
            absolute(row.get_absolute_url()),
        ),
    )


def _mentions(notice: Notice, on: date) -> Section | None:
    comments = Comment.objects.filter(mentions=notice.person, obligation__project=notice.project)
    recent = comments.filter(at__date__gt=on - WEEK, at__date__lte=on).exclude(author=notice.person)
    rows = recent.select_related("author", "obligation__mechanism", "obligation__project", "occurrence__project")
    return _listed(
        "Comments that name you",
        rows.order_by("-at", "-pk"),
        lambda row: Row(
            one_line(f"{row.author} on {row.obligation.code}"),
            one_line(row.text),
            absolute(f"{(row.occurrence or row.obligation).get_absolute_url()}#timeline"),
        ),
    )


def _whole_project(notice: Notice, on: date) -> Section | None:
    """Return what is late in the project, counted, with the lists that show it."""
    rows = notice.project.obligations.all()
    numbers = count_each({"overdue": rows.overdue(on), "of nobody": rows.of_nobody().overdue(on)})
    register = absolute(reverse("register", args=[notice.project.code]))
    if not numbers["overdue"]:
        return None
    plural = "" if numbers["overdue"] == 1 else "s"
    detail = (
        f"{numbers['of nobody']} of them without a responsible person"
        if numbers["of nobody"]
        else "All with a responsible person"
    )
    row = Row(f"{numbers['overdue']} obligation{plural} overdue", detail, f"{register}?state=overdue", is_late=True)
    return Section("In the whole project", (row,))


def _listed(heading: str, rows: QuerySet[Any], row_of: Any) -> Section | None:
    found = list(islice(rows.iterator(), NAMED + 1))
    if not found:
        return None
    return Section(
        heading, tuple(row_of(row) for row in found[:NAMED]), rows.count() - NAMED if len(found) > NAMED else 0
    )
