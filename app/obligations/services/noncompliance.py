"""What happens to a non-compliance: raised, told to the regulator, confirmed or found compliant, closed, reopened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone
from registers.models import Project
from registers.querysets import can

from obligations.clock import notification_due
from obligations.models import CorrectiveAction, NonCompliance, Obligation, Unit
from obligations.recurrence.calendar import Calendar
from obligations.services.findings import act, as_added, because, edit, not_to_come, note, require, to_come

TOLD = (
    "kind",
    "title",
    "description",
    "condition",
    "occurrence",
    "finding",
    "aware_on",
    "occurred_from",
    "occurred_to",
    "is_continuing",
    "expected_end",
    "medium",
    "is_pollution_incident",
    "incident_reference",
    "location",
    "cause",
    "mitigation",
    "prevention",
    "notify_value",
    "notify_unit",
    "notify_count",
    "notification_due",
)
RECORDED = ("kind", "status", "notified_on", "notified_how", "notified_reference", "closing_note")
TO_HAVE_HAPPENED = {
    "aware_on": "somebody became aware of it",
    "occurred_from": "it occurred",
    "occurred_to": "it ended",
}
Status = NonCompliance.Status


def non_compliance_raise(*, actor: User, obligation: Obligation, values: Mapping[str, Any]) -> NonCompliance:
    """Raise a non-compliance with an obligation, under the project's next number.

    Args:
        actor: who raises it; needs `noncompliance.raise` in the project.
        obligation: what was not complied with.
        values: fields of NonCompliance, among them kind, title, description and aware_on.

    Raises:
        PermissionDenied: the actor may not raise one here.
        ValidationError: a value is missing, impossible or contradicts another.
    """
    project = obligation.project
    require(actor, "noncompliance.raise", project)
    with changing(project.organisation):
        row = NonCompliance(project=project, obligation=obligation, raised_by=actor, **values)
        row.condition = row.condition or obligation.condition
        _settle(row)
        # Whoever raises another one waits until this transaction ends, so that no number is given twice.
        row.number = (project.non_compliances.aggregate(last=Max("number"))["last"] or 0) + 1
        row.full_clean()
        row.save()
        note(actor, row, "non_compliance.raise", as_added(row, TOLD))
    return row


def non_compliance_change(
    *, actor: User, non_compliance: NonCompliance, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> NonCompliance:
    """Change what is said of a non-compliance; the regulator's clock follows.

    Args:
        actor: who changes it; needs `noncompliance.change` in the project.
        non_compliance: which.
        changes: new values by field name.
        opened: the values that the actor saw.

    Raises:
        PermissionDenied: the actor may not change it.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: it is closed, or a value is impossible or contradicts another.
    """

    def settle(row: NonCompliance) -> None:
        _unresolved(row)
        _settle(row)

    return edit(
        non_compliance,
        actor=actor,
        codename="noncompliance.change",
        changes=changes,
        opened=opened,
        action="non_compliance.change",
        settle=settle,
        follows=("notification_due",),
    )


def non_compliance_notify(
    *,
    actor: User,
    non_compliance: NonCompliance,
    notified_on: date,
    notified_how: str,
    notified_reference: str,
    expected_version: int,
) -> NonCompliance:
    """Record that the regulator was told; doing so again corrects the record. That it was late stays visible.

    Args:
        actor: who records it; needs `noncompliance.change`.
        non_compliance: of which the regulator was told.
        notified_on: the day, from the day of becoming aware to today.
        notified_how: such as “Email to the CEO”.
        notified_reference: of the letter, email or report.
        expected_version: the version that the actor saw.

    Raises:
        ValidationError: it is closed, or the day is impossible.
    """
    with _changed(actor, non_compliance, expected_version, "non_compliance.notify") as row:
        _unresolved(row)
        not_to_come(notified_on, row.project.today, "notified_on", "the regulator was told")
        if notified_on < row.aware_on:
            text = f"Nobody was aware of it before {row.aware_on:%-d %B %Y}: enter that day or a later one."
            raise ValidationError({"notified_on": text})
        if not notified_how.strip():
            raise ValidationError({"notified_how": "Say how the regulator was told, such as by email."})
        row.notified_on, row.notified_how, row.notified_reference = notified_on, notified_how, notified_reference
        row.status = Status.NOTIFIED
    return row


def non_compliance_confirm(
    *, actor: User, non_compliance: NonCompliance, reason: str, expected_version: int
) -> NonCompliance:
    """Say that a potential non-compliance is one.

    Raises:
        ValidationError: it is closed or confirmed already, or no reason is given.
    """
    with _changed(actor, non_compliance, expected_version, "non_compliance.confirm", reason) as row:
        _potential(row)
        because(reason)
        row.kind = NonCompliance.Kind.CONFIRMED
    return row


def non_compliance_dismiss(
    *, actor: User, non_compliance: NonCompliance, reason: str, expected_version: int
) -> NonCompliance:
    """Say that a potential non-compliance was found to be compliant.

    Raises:
        ValidationError: it is closed or confirmed already, a corrective action is open, or no reason is given.
    """
    with _changed(actor, non_compliance, expected_version, "non_compliance.dismiss", reason) as row:
        _potential(row)
        because(reason)
        _actions_closed(row)
        row.status = Status.DISMISSED
        row.closing_note, row.closed_at, row.closed_by = reason, timezone.now(), actor
    return row


def non_compliance_close(
    *, actor: User, non_compliance: NonCompliance, closing_note: str, expected_version: int
) -> NonCompliance:
    """Close it: all that was to be done has been done.

    Raises:
        ValidationError: a corrective action is open, the regulator has not been told, or nothing is said.
    """
    with _changed(actor, non_compliance, expected_version, "non_compliance.close", closing_note) as row:
        _unresolved(row)
        _actions_closed(row)
        if row.notification_due and not row.notified_on:
            raise ValidationError(
                "The regulator has not been told: record the notification first, or take out the time limit if the "
                "condition sets none."
            )
        because(closing_note, "closing_note")
        row.status = Status.CLOSED
        row.closing_note, row.closed_at, row.closed_by = closing_note, timezone.now(), actor
    return row


def non_compliance_reopen(
    *, actor: User, non_compliance: NonCompliance, reason: str, expected_version: int
) -> NonCompliance:
    """Take back that it was closed or found compliant.

    Raises:
        ValidationError: it is open, or no reason is given.
    """
    with _changed(actor, non_compliance, expected_version, "non_compliance.reopen", reason) as row:
        if row.is_open:
            raise ValidationError(f"{row.reference} is open.")
        because(reason)
        row.status = Status.NOTIFIED if row.notified_on else Status.OPEN
        row.closing_note, row.closed_at, row.closed_by = "", None, None
    return row


def clocks_recount(*, actor: User | None, project: Project) -> int:
    """Count the time limits in business days anew, after the project's holidays changed; return how many moved."""
    calendar, moved = _calendar(project), 0
    with changing(project.organisation):
        rows = NonCompliance.objects.select_for_update(of=("self",)).for_page()
        for row in rows.filter(project=project, notify_unit=Unit.BUSINESS_DAY).order_by("number"):
            before, row.notification_due = row.notification_due, notification_due(row, calendar)
            if row.notification_due == before:
                continue
            row.version += 1
            row.save(update_fields=["notification_due", "version"])
            changes = {"notification_due": (before, row.notification_due)}
            note(actor, row, "non_compliance.recount", changes, "The project's holidays changed.")
            moved += 1
    return moved


def _changed(
    actor: User, row: NonCompliance, expected_version: int, action: str, reason: str = ""
) -> AbstractContextManager[NonCompliance]:
    return act(
        row,
        actor=actor,
        allowed=lambda current: can(actor, "noncompliance.change", current.project),
        expected_version=expected_version,
        action=action,
        recorded=RECORDED,
        reason=reason,
    )


def _settle(row: NonCompliance) -> None:
    """Check what is said of it, and count the time in which the regulator has to be told."""
    wrong = {field: text for field, text in _contradictions(row) if text}
    if wrong:
        raise ValidationError(wrong)
    row.notify_count = row.notify_count or row.obligation.mechanism.day_count
    row.notification_due = notification_due(row, _calendar(row.project))


def _contradictions(row: NonCompliance) -> Iterator[tuple[str, Any]]:
    """Yield fields with what is wrong with them, or with nothing."""
    today, began, ended = row.project.today, row.occurred_from, row.occurred_to
    for name, what in TO_HAVE_HAPPENED.items():
        day = getattr(row, name)
        yield name, day and day > today and to_come(day, what)
    yield "occurred_from", began and began > row.aware_on and "Nobody can be aware of it before it occurs."
    yield "occurred_from", ended and not began and "Enter the day on which it began."
    yield "occurred_to", ended and began and ended < began and f"It ended before it began on {began:%-d %B %Y}."
    yield "occurred_to", ended and row.is_continuing and "It is still continuing: leave the day it ended empty."
    yield "expected_end", row.expected_end and not row.is_continuing and "Leave it empty unless it is still continuing."
    too_few = row.notify_value is not None and row.notify_value < 1
    yield "notify_value", too_few and "Enter 1 or more, or leave it empty if no time limit is set."
    yield "notify_unit", row.notify_value and not row.notify_unit and "Choose days, business days, weeks or months."
    duty, astray = row.obligation, "That is of another obligation."
    yield "occurrence", row.occurrence and row.occurrence.obligation_id != duty.pk and astray
    yield "condition", row.condition and row.condition.mechanism_id != duty.mechanism_id and astray
    yield "finding", row.finding and row.finding.inspection.obligation_id != duty.pk and astray


def _calendar(project: Project) -> Calendar:
    return Calendar(project.holidays.values_list("on", flat=True))


def _unresolved(row: NonCompliance) -> None:
    if not row.is_open:
        state = row.get_status_display().lower()
        raise ValidationError(f"{row.reference} is {state}: reopen it before it is changed.")


def _potential(row: NonCompliance) -> None:
    _unresolved(row)
    if row.kind != NonCompliance.Kind.POTENTIAL:
        raise ValidationError(f"{row.reference} is a confirmed non-compliance.")


def _actions_closed(row: NonCompliance) -> None:
    number = CorrectiveAction.objects.filter(non_compliance=row, closed_at=None).count()
    if number:
        actions = "1 corrective action is" if number == 1 else f"{number} corrective actions are"
        raise ValidationError(f"{actions} not closed: close {'it' if number == 1 else 'them'} first.")
