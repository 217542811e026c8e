"""What happens to a checklist and to the inspections that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import User
from audit.services import changing
from django.core.exceptions import ValidationError
from django.db.models import Max, Q
from registers.querysets import can
from registers.services.changing import store

from obligations.models import Answer, ChecklistItem, Inspection, Obligation, Occurrence
from obligations.services.findings import act, as_added, because, belongs, edit, not_to_come, note, require

TOLD = ("planned_on", "inspector", "place", "location", "occurrence")
RECORDED = ("state", "performed_on", "performed_by", "summary")
State = Inspection.State
Result = Answer.Result


@dataclass(frozen=True)
class Answered:
    """What somebody found for one question: by the key of its checklist item."""

    item: int
    result: str
    note: str


def questions(inspection: Inspection) -> list[Answer]:
    """Return an inspection's questions with their answers so far.

    What was answered stands as it was asked then. While the inspection is to be performed, the other questions of its
    checklist follow, unsaved.
    """
    answers = list(inspection.answers.all())
    if inspection.state != State.PLANNED:
        return answers
    asked = {answer.item_id for answer in answers if answer.item_id}
    items = inspection.obligation.checklist.filter(is_current=True).exclude(pk__in=asked)
    open_ones = [Answer(inspection=inspection, item=item, position=item.position, question=item.text) for item in items]
    return sorted(answers + open_ones, key=lambda answer: (answer.position, answer.item_id or 0))


def checklist_item_add(*, actor: User, obligation: Obligation, text: str, guidance: str = "") -> ChecklistItem:
    """Add a question to the end of an obligation's checklist.

    Args:
        actor: who adds it; needs `inspection.schedule` in the project.
        obligation: whose inspections ask it.
        text: the question.
        guidance: how to answer it.

    Raises:
        PermissionDenied: the actor may not change checklists here.
        ValidationError: the question is empty, or asked already.
    """
    require(actor, "inspection.schedule", obligation.project)
    with changing(obligation.project.organisation):
        if obligation.checklist.filter(is_current=True, text__iexact=text).exists():
            raise ValidationError({"text": "The checklist asks that already."})
        last = obligation.checklist.aggregate(last=Max("position"))["last"] or 0
        item = ChecklistItem(obligation=obligation, position=last + 1, text=text, guidance=guidance)
        item.full_clean()
        item.save()
        note(actor, item, "checklist.add", as_added(item, ("text", "guidance")))
    return item


def checklist_item_change(
    *, actor: User, item: ChecklistItem, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> ChecklistItem:
    """Reword a question, for inspections to come; what was answered stands as it was asked.

    Raises:
        PermissionDenied: the actor may not change checklists here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: the question is empty.
    """
    require(actor, "inspection.schedule", item.obligation.project)
    with changing(item.obligation.project.organisation):
        current = ChecklistItem.objects.select_related("obligation__project__organisation").get(pk=item.pk)
        said = store(current, changes, opened)
        if said:
            note(actor, current, "checklist.change", said)
    return current


def checklist_item_move(*, actor: User, item: ChecklistItem, by: int) -> None:
    """Let a question change places with the one above (`by` -1) or below it (1); at an end nothing happens.

    Raises:
        PermissionDenied: the actor may not change checklists here.
    """
    obligation = item.obligation
    require(actor, "inspection.schedule", obligation.project)
    with changing(obligation.project.organisation):
        items = list(obligation.checklist.filter(is_current=True))
        place = next((place for place, one in enumerate(items) if one.pk == item.pk), None)
        if place is None or not 0 <= place + by < len(items):
            return
        items.insert(place + by, items.pop(place))
        for position, one in enumerate(items, start=1):
            one.position = position
        ChecklistItem.objects.bulk_update(items, ["position"])
        note(actor, item, "checklist.move", {"position": (place + 1, place + by + 1)})


def checklist_item_retire(*, actor: User, item: ChecklistItem, is_current: bool = False) -> ChecklistItem:
    """Ask a question no more, or again; inspections that asked it keep it.

    Raises:
        PermissionDenied: the actor may not change checklists here.
    """
    require(actor, "inspection.schedule", item.obligation.project)
    with changing(item.obligation.project.organisation):
        current = ChecklistItem.objects.select_related("obligation__project__organisation").get(pk=item.pk)
        if current.is_current != is_current:
            last = current.obligation.checklist.aggregate(last=Max("position"))["last"] or 0
            current.is_current, current.position = is_current, last + 1
            current.save()
            note(actor, current, "checklist.restore" if is_current else "checklist.retire", {})
    return current


def inspection_schedule(*, actor: User, obligation: Obligation, values: Mapping[str, Any]) -> Inspection:
    """Plan an inspection.

    Args:
        actor: who plans it; needs `inspection.schedule` in the project.
        obligation: what is inspected.
        values: planned_on, and if known inspector, place, location and occurrence.

    Raises:
        PermissionDenied: the actor may not plan inspections here.
        ValidationError: a value is missing, or the inspector or the occurrence belongs elsewhere.
    """
    require(actor, "inspection.schedule", obligation.project)
    return _add(actor, Inspection(obligation=obligation, project=obligation.project, **values), "inspection.schedule")


def inspection_start(*, actor: User, obligation: Obligation, occurrence: Occurrence | None = None) -> Inspection:
    """Return the actor's inspection of today to be performed: the one that is planned, or a new one.

    Args:
        actor: who inspects; needs `inspection.perform` in the project.
        obligation: what is inspected.
        occurrence: for which of its occurrences, if for one.

    Raises:
        PermissionDenied: the actor may not perform inspections here.
    """
    project = obligation.project
    require(actor, "inspection.perform", project)
    with changing(obligation.project.organisation):
        planned = obligation.inspections.filter(state=State.PLANNED, occurrence=occurrence)
        if occurrence is None:
            mine = Q(inspector=actor) | Q(inspector=None)
            planned = planned.filter(mine, planned_on__lte=project.today)
        there = planned.first()
        if there:
            return there
        new = Inspection(
            obligation=obligation,
            project=project,
            occurrence=occurrence,
            planned_on=project.today,
            inspector=actor,
            place=obligation.site_or_desktop,
        )
        return _add(actor, new, "inspection.start")


def inspection_change(
    *, actor: User, inspection: Inspection, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> Inspection:
    """Plan an inspection for another day, person or place.

    Raises:
        PermissionDenied: the actor may not plan inspections here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: it is performed or cancelled, or the inspector belongs elsewhere.
    """

    def settle(row: Inspection) -> None:
        # Who has the work already may have left since.
        if "inspector" in changes:
            belongs(row.inspector, row.project, "inspector")
        _settle(row)

    return edit(
        inspection,
        actor=actor,
        codename="inspection.schedule",
        changes=changes,
        opened=opened,
        action="inspection.change",
        settle=settle,
    )


def inspection_answer(
    *, actor: User, inspection: Inspection, answers: Iterable[Answered], summary: str, expected_version: int
) -> Inspection:
    """Keep what has been answered so far, to go on later.

    Args:
        actor: who inspects; needs `inspection.perform` in the project.
        inspection: a planned one.
        answers: what was found; questions without a result and a note stay open.
        summary: what there is to say about the whole.
        expected_version: the version that the actor saw.

    Raises:
        PermissionDenied: the actor may not perform inspections here.
        StaleFinding: somebody else saved meanwhile.
        ValidationError: it is performed or cancelled.
    """
    with _performed(actor, inspection, expected_version, "inspection.answer") as row:
        _planned(row)
        _keep(row, answers)
        row.summary = summary
    return row


def inspection_finish(
    *,
    actor: User,
    inspection: Inspection,
    answers: Iterable[Answered],
    summary: str,
    performed_on: date,
    expected_version: int,
) -> Inspection:
    """Say that the inspection is done: from then on its answers stand.

    Args:
        actor: who inspected; needs `inspection.perform` in the project.
        inspection: a planned one.
        answers: what was found, for each question.
        summary: what there is to say about the whole; needed if there is no checklist.
        performed_on: the day, not after the project's today.
        expected_version: the version that the actor saw.

    Raises:
        PermissionDenied: the actor may not perform inspections here.
        StaleFinding: somebody else saved meanwhile.
        ValidationError: a question is open, a finding is without a note, or the day lies ahead.
    """
    with _performed(actor, inspection, expected_version, "inspection.perform") as row:
        _planned(row)
        not_to_come(performed_on, row.project.today, "performed_on", "you inspected")
        _keep(row, answers)
        asked = questions(row)
        _complete(asked)
        if not asked and not summary.strip():
            raise ValidationError({"summary": "There is no checklist: say here what you looked at and what you found."})
        row.state, row.summary = State.PERFORMED, summary
        row.performed_on, row.performed_by = performed_on, actor
    return row


def inspection_cancel(*, actor: User, inspection: Inspection, reason: str, expected_version: int) -> Inspection:
    """Say that a planned inspection will not be performed, and why.

    Raises:
        PermissionDenied: the actor may not plan inspections here.
        StaleFinding: somebody else saved meanwhile.
        ValidationError: it is performed or cancelled, or no reason is given.
    """
    with act(
        inspection,
        actor=actor,
        allowed=lambda row: can(actor, "inspection.schedule", row.project),
        expected_version=expected_version,
        action="inspection.cancel",
        recorded=RECORDED,
        reason=reason,
    ) as row:
        _planned(row)
        because(reason)
        row.state, row.summary = State.CANCELLED, reason
    return row


def _performed(
    actor: User, inspection: Inspection, expected_version: int, action: str
) -> AbstractContextManager[Inspection]:
    return act(
        inspection,
        actor=actor,
        allowed=lambda row: can(actor, "inspection.perform", row.project),
        expected_version=expected_version,
        action=action,
        recorded=RECORDED,
    )


def _add(actor: User, inspection: Inspection, action: str) -> Inspection:
    with changing(inspection.project.organisation):
        belongs(inspection.inspector, inspection.project, "inspector")
        _settle(inspection)
        inspection.full_clean()
        inspection.save()
        note(actor, inspection, action, as_added(inspection, TOLD))
    return inspection


def _keep(inspection: Inspection, answers: Iterable[Answered]) -> None:
    """Write down the answers; a question that is left open again loses its row."""
    by_item = {answer.item: answer for answer in answers}
    for question in questions(inspection):
        answer = by_item.get(question.item_id or 0)
        if answer is None:
            continue
        question.result, question.note = answer.result, answer.note
        if answer.result or answer.note:
            question.save()
        elif question.pk:
            question.delete()


def _complete(asked: list[Answer]) -> None:
    """Insist that everything is answered, and each finding described; the errors name the questions' fields."""
    wrong = {}
    for answer in asked:
        if answer.result not in Result.values:
            wrong[f"result_{answer.item_id}"] = "Choose what you found."
        elif answer.result == Result.FINDING and not answer.note.strip():
            wrong[f"note_{answer.item_id}"] = "Describe what you found."
    if wrong:
        raise ValidationError(wrong)


def _settle(row: Inspection) -> None:
    _planned(row)
    if row.occurrence and row.occurrence.obligation_id != row.obligation_id:
        raise ValidationError({"occurrence": f"That occurrence is not one of {row.obligation}."})


def _planned(row: Inspection) -> None:
    if row.state != State.PLANNED:
        raise ValidationError(f"The inspection is {row.get_state_display().lower()}: its answers stand.")
