"""The inspections, non-compliances and corrective actions of the demo register."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from accounts.models import User
from registers.models import DayCount, Project

from obligations import demo_register as demo
from obligations.clock import notification_due
from obligations.models import Answer, ChecklistItem, CorrectiveAction, Inspection, NonCompliance, Obligation, Unit
from obligations.recurrence.calendar import Calendar

EMBANKMENT = ("L9876/2025/1", "12(a)")
HERITAGE = ("WR-CEMP Rev 2", "4.2")
ADVICE = ("MS 1234", "4-5")
DUST = ("WR-CEMP Rev 2", "8.1.2")
SPILL_KITS = ("WR-CEMP Rev 2", "9.3(b)")

CHECKLISTS: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    EMBANKMENT: (
        ("Freeboard is at least 500 mm along the whole crest", "Read the gauge boards at all four corners."),
        ("The decant pond lies clear of the embankment", "At least 20 m of beach between water and wall."),
        ("No seepage, wet patch or slump on the outer wall", "Walk the toe. Photograph what is new."),
        ("No erosion gully deeper than 300 mm", ""),
        ("Pipes and spigots are whole and where they should be", ""),
        ("Fauna fence and escape matting are intact", "Note any animal in or near the pond."),
    ),
    DUST: (
        ("Water carts are running on all haul roads in use", ""),
        ("No visible dust crosses the lease boundary", "Look from the two photo points."),
        ("Stockpiles are damp or covered", ""),
    ),
    SPILL_KITS: (
        ("The kit is where the site plan shows it, and sealed", ""),
        ("Contents match the list in the lid", "Replace what is used or out of date."),
    ),
}
GOOD, FOUND, NONE = Answer.Result.SATISFACTORY, Answer.Result.FINDING, Answer.Result.NOT_APPLICABLE
GULLY = (
    "A gully of about 450 mm at the eastern abutment after Saturday's storm, 6 m below the crest. The crest itself is "
    "sound. Fenced off; the earthworks crew was told."
)


def seed_findings(project: Project) -> None:
    """Give the demo project's obligations their checklists, inspections, non-compliances and corrective actions."""
    duties = {(duty.mechanism.reference, duty.number): duty for duty in _obligations(project)}
    people = {role: User.objects.get(email=email) for email, _, role in demo.PEOPLE}
    for key, questions in CHECKLISTS.items():
        ChecklistItem.objects.bulk_create(
            ChecklistItem(obligation=duties[key], position=position, text=text, guidance=guidance)
            for position, (text, guidance) in enumerate(questions, start=1)
        )
    _embankment(project, duties[EMBANKMENT], people)
    _heritage(project, duties[HERITAGE], people)
    _advice(project, duties[ADVICE], people)


def _embankment(project: Project, duty: Obligation, people: dict[str, User]) -> None:
    """Inspections of the tailings embankment: two without a finding, one with one, one to come."""
    inspector = people["contributor"]
    days: dict[date, dict[int, tuple[Answer.Result, str]]] = {
        date(2026, 11, 12): {},
        date(2026, 11, 16): {4: (FOUND, GULLY), 6: (GOOD, "Two pied stilts on the beach, unharmed.")},
        date(2026, 11, 19): {5: (NONE, "Spigots 7 to 12 are out of use this week.")},
    }
    summaries = {date(2026, 11, 16): "Fine, light wind. Walked with the shift supervisor."}
    for day, said in days.items():
        inspection = Inspection.objects.create(
            **_visit(project, duty, day, inspector),
            state=Inspection.State.PERFORMED,
            performed_on=day,
            performed_by=inspector,
            summary=summaries.get(day, ""),
        )
        answers = [(item, *said.get(item.position, (GOOD, ""))) for item in duty.checklist.all()]
        Answer.objects.bulk_create(
            Answer(
                inspection=inspection, item=item, position=item.position, question=item.text, result=result, note=note
            )
            for item, result, note in answers
        )
    Inspection.objects.create(**_visit(project, duty, date(2026, 11, 26), inspector))


def _heritage(project: Project, duty: Obligation, people: dict[str, User]) -> None:
    """The non-compliance with its two corrective actions, one of which was found to work."""
    happened = date(2026, 10, 29)
    row = _non_compliance(
        project,
        duty,
        number=1,
        kind=NonCompliance.Kind.CONFIRMED,
        status=NonCompliance.Status.NOTIFIED,
        title="Topsoil stripped before the heritage monitor arrived",
        description="Stripping for pad 4 began at 6:40, 35 m from the recorded place WR-07. The heritage monitor came "
        "at 7:25 and stopped the work. About 180 m² had been stripped; nothing of the place itself was disturbed.",
        occurrence=duty.occurrences.filter(triggered_on=happened).first(),
        aware_on=happened,
        occurred_from=happened,
        medium=NonCompliance.Medium.OTHER,
        location="Pad 4, 35 m north of WR-07",
        cause="The permit to disturb showed the pad but not the 50 m buffer, and the pre-start did not name the "
        "monitor.",
        mitigation="Work stopped at once; the monitor inspected the stripped ground the same day.",
        prevention="Buffers on every permit, and a gate that only the monitor's signature opens.",
        notify_value=7,
        notify_unit=Unit.DAY,
        notify_count=DayCount.EXCLUSIVE,
        notified_on=date(2026, 11, 2),
        notified_how="Email to the CEO, and by telephone the same day",
        notified_reference="KM-ENV-2026-118",
        raised_by=people["advisor"],
    )
    CorrectiveAction.objects.create(
        non_compliance=row,
        description="Show the 50 m buffers of all recorded places on every permit to disturb.",
        owner=people["advisor"],
        due_on=date(2026, 11, 6),
        completed_on=date(2026, 11, 5),
        completion_note="Template Rev 3 is in use; the eleven open permits were issued again.",
        check_on=date(2026, 11, 20),
        is_effective=True,
        check_note="Six permits of the past fortnight looked at: all show the buffers, and crews know them.",
        checked_by=people["approver"],
        closed_at=datetime.combine(date(2026, 11, 20), time(6), tzinfo=UTC),
        closed_by=people["approver"],
    )
    CorrectiveAction.objects.create(
        non_compliance=row,
        description="Let nobody start within 50 m of a recorded place before the monitor has signed the pre-start.",
        owner=people["contributor"],
        due_on=date(2026, 11, 20),
        check_on=date(2026, 12, 18),
    )


def _advice(project: Project, duty: Obligation, people: dict[str, User]) -> None:
    """A potential non-compliance whose clock is running."""
    _non_compliance(
        project,
        duty,
        number=2,
        kind=NonCompliance.Kind.POTENTIAL,
        title="The CEO's office may not have received the advice of NC-001",
        description="The advice was emailed on 2 November, within the seven days. The compliance branch says that it "
        "cannot find it; the mail server's log shows that it was accepted.",
        occurrence=duty.occurrences.filter(triggered_on=date(2026, 10, 30)).first(),
        aware_on=date(2026, 11, 19),
        occurred_from=date(2026, 11, 2),
        medium=NonCompliance.Medium.OTHER,
        cause="Perhaps the size of the attached photos.",
        mitigation="Sent again with a link instead of the photos; a receipt was asked for.",
        notify_value=7,
        notify_unit=Unit.DAY,
        notify_count=DayCount.EXCLUSIVE,
        raised_by=people["manager"],
    )


def _obligations(project: Project) -> Any:
    return project.obligations.select_related("mechanism", "condition")


def _visit(project: Project, duty: Obligation, day: date, inspector: User) -> dict[str, Any]:
    return {
        "project": project,
        "obligation": duty,
        "occurrence": duty.occurrences.filter(due_date=day).first(),
        "planned_on": day,
        "inspector": inspector,
        "place": Obligation.Place.SITE,
        "location": "TSF 1, whole crest",
    }


def _non_compliance(project: Project, duty: Obligation, **fields: Any) -> NonCompliance:
    row = NonCompliance(project=project, obligation=duty, condition=duty.condition, **fields)
    row.notification_due = notification_due(row, Calendar(project.holidays.values_list("on", flat=True)))
    row.save()
    return row
