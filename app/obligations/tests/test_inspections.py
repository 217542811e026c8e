"""A checklist is written, an inspection planned and performed on site, and what it found leads on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from accounts.models import User
from audit.models import AuditEvent
from audit.services import name_of
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from registers.models import Project

from obligations.models import Answer, ChecklistItem, Inspection, NonCompliance, Obligation
from obligations.services.inspections import (
    Answered,
    checklist_item_add,
    checklist_item_change,
    checklist_item_move,
    checklist_item_retire,
    inspection_answer,
    inspection_finish,
    inspection_schedule,
    questions,
)

pytestmark = pytest.mark.django_db
State = Inspection.State
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _noon_in_perth() -> Any:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False):
        yield


@pytest.fixture
def duty(project: Project) -> Obligation:
    """An inspected obligation without inspections, whose checklist has three questions."""
    return project.obligations.get(mechanism__short="CEMP", number="8.1.2")


@pytest.fixture
def planned(duty: Obligation, manager: User) -> Inspection:
    return inspection_schedule(actor=manager, obligation=duty, values={"planned_on": TODAY, "place": "site"})


def items(duty: Obligation) -> list[ChecklistItem]:
    return list(duty.checklist.filter(is_current=True))


def texts(duty: Obligation) -> list[str]:
    return [item.text for item in items(duty)]


def perform(inspection: Inspection) -> str:
    return reverse("inspection_perform", args=[inspection.project.code, inspection.pk])


def sent(duty: Obligation, *results: str, **more: Any) -> dict[str, Any]:
    """What the form on site sends: a result for each question in order, empty for none."""
    answers = {f"result_{item.pk}": result for item, result in zip(items(duty), results, strict=True) if result}
    return {"version": 1, "performed_on": "2026-11-23", "summary": "", "action": "finish", **answers, **more}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_checklist_is_written_ordered_without_dragging_and_retired(
    client: Client, duty: Obligation, manager: User
) -> None:
    client.force_login(manager)
    page = reverse("checklist", args=["WRL", duty.pk])
    assert client.post(page, {"text": "Wind is below 8 m/s", "guidance": "At the mast."}).status_code == 302
    assert texts(duty)[-1] == "Wind is below 8 m/s"
    new = items(duty)[-1]
    move, retire = (reverse(name, args=["WRL", new.pk]) for name in ("checklist_item_move", "checklist_item_retire"))
    client.post(move, {"direction": "up"})
    assert texts(duty).index("Wind is below 8 m/s") == 2
    client.post(move, {"direction": "down"})
    client.post(move, {"direction": "down"})
    assert texts(duty).index("Wind is below 8 m/s") == 3
    client.post(retire)
    assert "Wind is below 8 m/s" not in texts(duty)
    assert "1 retired" in text_of(client.get(page))
    client.post(retire, {"restore": "1"})
    assert texts(duty)[-1] == "Wind is below 8 m/s"
    done = list(AuditEvent.objects.filter(topic=name_of(duty)).values_list("action", flat=True))
    assert done == [
        "checklist.add",
        "checklist.move",
        "checklist.move",
        "checklist.retire",
        "checklist.restore",
    ]


def test_an_empty_or_repeated_question_is_refused(client: Client, duty: Obligation, manager: User) -> None:
    client.force_login(manager)
    page = reverse("checklist", args=["WRL", duty.pk])
    assert client.post(page, {"text": " "}).status_code == 422
    response = client.post(page, {"text": texts(duty)[0].upper(), "guidance": "Kept"})
    assert response.status_code == 422
    assert "asks that already" in text_of(response)
    assert "Kept" in text_of(response)


def test_an_inspection_is_planned_from_an_occurrence_with_what_is_known(
    client: Client, project: Project, manager: User
) -> None:
    embankment = project.obligations.get(number="12(a)")
    occurrence = embankment.occurrences.get(due_date=date(2026, 11, 30))
    client.force_login(manager)
    address = reverse("inspection_add", args=["WRL"]) + f"?obligation={embankment.pk}&occurrence={occurrence.pk}"
    assert escape(address) in client.get(occurrence.get_absolute_url()).content.decode()
    form = client.get(address).context["form"]
    assert form["planned_on"].value() == date(2026, 11, 30)
    assert form["place"].value() == "site"
    values = {"planned_on": "2026-11-30", "inspector": manager.pk, "place": "site", "occurrence": occurrence.pk}
    response = client.post(address, {**values, "location": "TSF 1"})
    row = Inspection.objects.get(planned_on=date(2026, 11, 30))
    assert response["Location"] == row.get_absolute_url()
    assert (row.occurrence, row.inspector, row.location, row.state) == (occurrence, manager, "TSF 1", State.PLANNED)
    assert AuditEvent.objects.get(action="inspection.schedule").topic == name_of(embankment)


def test_planning_refuses_strangers_and_keeps_the_input(
    client: Client, duty: Obligation, manager: User, stranger: User
) -> None:
    client.force_login(manager)
    address = reverse("inspection_add", args=["WRL"]) + f"?obligation={duty.pk}"
    response = client.post(address, {"planned_on": "", "inspector": stranger.pk, "location": "Gate 2"})
    assert response.status_code == 422
    assert "Enter the day for which it is planned." in text_of(response)
    assert 'value="Gate 2"' in text_of(response)
    with pytest.raises(ValidationError, match="does not belong"):
        inspection_schedule(actor=manager, obligation=duty, values={"planned_on": TODAY, "inspector": stranger})


def test_some_answers_are_saved_and_the_others_come_later(
    client: Client, duty: Obligation, planned: Inspection, contributor: User
) -> None:
    client.force_login(contributor)
    first = items(duty)[0]
    some = sent(duty, "satisfactory", "", "", action="save", **{f"note_{first.pk}": "Both carts"})
    response = client.post(perform(planned), some)
    assert response["Location"] == perform(planned)
    page = client.get(perform(planned))
    assert page.context["form"].answered == 1
    assert "Both carts" in page.content.decode()
    assert Inspection.objects.get(pk=planned.pk).state == State.PLANNED
    rest = sent(duty, "satisfactory", "not_applicable", "finding", version=2)
    rest[f"note_{items(duty)[2].pk}"] = "Stockpile 3 is dry."
    response = client.post(perform(planned), rest)
    assert response["Location"] == planned.get_absolute_url()
    row = Inspection.objects.get(pk=planned.pk)
    assert (row.state, row.performed_on, row.performed_by) == (State.PERFORMED, TODAY, contributor)
    assert [answer.result for answer in row.answers.all()] == ["satisfactory", "not_applicable", "finding"]
    event = AuditEvent.objects.get(action="inspection.perform")
    assert event.topic == name_of(duty)


def test_finishing_needs_every_answer_and_loses_nothing(
    client: Client, duty: Obligation, planned: Inspection, manager: User
) -> None:
    client.force_login(manager)
    note = f"note_{items(duty)[0].pk}"
    response = client.post(
        perform(planned), sent(duty, "satisfactory", "finding", "", summary="Windy", **{note: "Fine"})
    )
    page = text_of(response)
    assert response.status_code == 422
    assert "Describe what you found." in page
    assert "Choose what you found." in page
    assert "Windy" in page
    assert "Fine" in page
    assert response.context["form"].answered == 2
    assert f'href="#id_result_{items(duty)[2].pk}"' in page
    assert not Answer.objects.filter(inspection=planned).exists()


def test_an_inspection_is_not_performed_tomorrow(
    client: Client, duty: Obligation, planned: Inspection, manager: User
) -> None:
    client.force_login(manager)
    answers = sent(duty, *["satisfactory"] * 3, performed_on="2026-11-24")
    response = client.post(perform(planned), answers)
    assert response.status_code == 422
    assert "24 November 2026 is still to come" in text_of(response)


def test_without_a_checklist_the_summary_says_what_was_found(client: Client, project: Project, manager: User) -> None:
    bare = project.obligations.get(number="6-2(3)")
    row = inspection_schedule(actor=manager, obligation=bare, values={"planned_on": TODAY})
    client.force_login(manager)
    empty = {"version": 1, "performed_on": "2026-11-23", "summary": "", "action": "finish"}
    assert client.post(perform(row), empty).status_code == 422
    assert client.post(perform(row), {**empty, "summary": "No weeds"}).status_code == 302


def test_what_was_asked_stands_as_it_was_asked(duty: Obligation, planned: Inspection, manager: User) -> None:
    first, second, third = items(duty)
    asked = first.text
    answers = [Answered(item.pk, "satisfactory", "") for item in (first, second, third)]
    inspection_finish(
        actor=manager, inspection=planned, answers=answers, summary="", performed_on=TODAY, expected_version=1
    )
    checklist_item_change(actor=manager, item=first, changes={"text": "Something else"})
    checklist_item_retire(actor=manager, item=second)
    checklist_item_move(actor=manager, item=third, by=-1)
    planned.refresh_from_db()
    assert [answer.question for answer in questions(planned)] == [asked, second.text, third.text]
    later = inspection_schedule(actor=manager, obligation=duty, values={"planned_on": TODAY})
    assert [answer.question for answer in questions(later)] == [third.text, "Something else"]


def test_a_question_answered_so_far_keeps_its_words_and_a_new_one_is_asked(
    duty: Obligation, planned: Inspection, manager: User
) -> None:
    first = items(duty)[0]
    inspection_answer(
        actor=manager,
        inspection=planned,
        answers=[Answered(first.pk, "satisfactory", "")],
        summary="",
        expected_version=1,
    )
    checklist_item_retire(actor=manager, item=first)
    checklist_item_add(actor=manager, obligation=duty, text="A new one")
    planned.refresh_from_db()
    asked = [answer.question for answer in questions(planned)]
    assert asked[0] == first.text
    assert asked[-1] == "A new one"


def test_whoever_saves_second_sees_both_answers(
    client: Client, duty: Obligation, planned: Inspection, manager: User
) -> None:
    first = items(duty)[0]
    inspection_answer(
        actor=manager,
        inspection=planned,
        answers=[Answered(first.pk, "finding", "One cart broke down")],
        summary="",
        expected_version=1,
    )
    client.force_login(manager)
    response = client.post(perform(planned), sent(duty, "satisfactory", "", "", action="save"))
    page = text_of(response)
    assert response.status_code == 409
    assert "Stored now:" in page
    assert "One cart broke down" in page
    assert response.context["form"]["version"].value() == "2"
    assert Answer.objects.get(inspection=planned).result == "finding"
    again = sent(duty, "satisfactory", "", "", action="save", version=2)
    assert client.post(perform(planned), again).status_code == 302
    assert Answer.objects.get(inspection=planned).result == "satisfactory"


def test_answers_stand_once_somebody_finished_and_mine_can_be_copied(
    client: Client, duty: Obligation, planned: Inspection, manager: User
) -> None:
    answers = [Answered(item.pk, "satisfactory", "") for item in items(duty)]
    inspection_finish(
        actor=manager, inspection=planned, answers=answers, summary="", performed_on=TODAY, expected_version=1
    )
    client.force_login(manager)
    note = f"note_{items(duty)[0].pk}"
    response = client.post(perform(planned), sent(duty, "finding", "", "", **{note: "I saw dust"}))
    assert response.status_code == 409
    assert "I saw dust" in text_of(response)
    assert "it cannot be kept here" in text_of(response)
    assert client.get(perform(planned)).status_code == 302
    assert client.post(reverse("inspection_cancel", args=["WRL", planned.pk]), {"version": 2}).status_code == 422


def test_inspecting_now_takes_up_what_is_planned(
    client: Client, duty: Obligation, planned: Inspection, auditor: User
) -> None:
    client.force_login(auditor)
    start = reverse("inspection_start", args=["WRL", duty.pk])
    assert client.post(start)["Location"] == perform(planned)
    occurrence = duty.project.occurrences.get(obligation__number="12(a)", due_date=date(2026, 11, 30))
    start = reverse("inspection_start", args=["WRL", occurrence.obligation_id]) + f"?occurrence={occurrence.pk}"
    begun = client.post(start)["Location"]
    assert client.post(start)["Location"] == begun
    row = Inspection.objects.get(occurrence=occurrence)
    assert (row.inspector, row.planned_on) == (auditor, TODAY)


def test_performing_for_what_is_due_offers_to_hand_it_in(client: Client, project: Project, manager: User) -> None:
    row = project.inspections.planned().get()
    answers = [Answered(item.pk, "satisfactory", "") for item in items(row.obligation)]
    inspection_finish(
        actor=manager, inspection=row, answers=answers, summary="", performed_on=TODAY, expected_version=1
    )
    client.force_login(manager)
    page = text_of(client.get(row.get_absolute_url()))
    assert "Hand in what was due" in page
    assert "Thursday 26 November 2026" in page
    done = project.inspections.performed().get(performed_on=date(2026, 11, 16))
    assert "Hand in what was due" not in text_of(client.get(done.get_absolute_url()))


def test_a_finding_raises_a_non_compliance_with_all_that_is_known(
    client: Client, project: Project, auditor: User
) -> None:
    finding = Answer.objects.get(result="finding")
    client.force_login(auditor)
    page = client.get(finding.inspection.get_absolute_url())
    address = reverse("non_compliance_add", args=["WRL"]) + f"?finding={finding.pk}"
    assert address in page.content.decode()
    form = client.get(address).context["form"]
    filled = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    assert filled["title"] == finding.question
    assert filled["description"] == finding.note
    assert filled["aware_on"] == date(2026, 11, 16)
    assert filled["location"] == "TSF 1, whole crest"
    assert filled["occurrence"] == finding.inspection.occurrence_id
    filled = {name: value for name, value in filled.items() if value is not False}
    assert client.post(address, filled).status_code == 302
    assert NonCompliance.objects.get(finding=finding).obligation == finding.inspection.obligation
    page = client.get(finding.inspection.get_absolute_url())
    assert "NC-003" in page.content.decode()
    assert address not in page.content.decode()


def test_only_a_finding_that_stands_leads_to_a_non_compliance(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    fine = Answer.objects.filter(result="satisfactory")[0]
    assert client.get(reverse("non_compliance_add", args=["WRL"]) + f"?finding={fine.pk}").status_code == 404


def test_a_planned_inspection_is_planned_anew_or_cancelled_for_a_reason(
    client: Client, planned: Inspection, manager: User
) -> None:
    client.force_login(manager)
    edit = reverse("inspection_edit", args=["WRL", planned.pk])
    assert client.post(edit, {"planned_on": "2026-11-30", "inspector": manager.pk}).status_code == 302
    cancel = reverse("inspection_cancel", args=["WRL", planned.pk])
    assert client.post(cancel, {"version": 2, "reason": ""}).status_code == 422
    assert client.post(cancel, {"version": 1, "reason": "Rain"}).status_code == 409
    assert client.post(cancel, {"version": 2, "reason": "Rain"}).status_code == 302
    planned.refresh_from_db()
    assert (planned.state, planned.planned_on, planned.summary) == (State.CANCELLED, date(2026, 11, 30), "Rain")


ROLES = {
    "contributor": (403, 302),
    "auditor": (403, 302),
    "approver": (403, 403),
    "viewer": (403, 403),
    "stranger": (404, 404),
}


@pytest.mark.parametrize("role", ROLES)
def test_roles_decide_who_plans_and_who_performs(
    client: Client, planned: Inspection, request: pytest.FixtureRequest, role: str
) -> None:
    planning, performing = ROLES[role]
    client.force_login(request.getfixturevalue(role))
    duty = planned.obligation
    item = items(duty)[0]
    add = reverse("inspection_add", args=["WRL"]) + f"?obligation={duty.pk}"
    for address, data in (
        (add, {"planned_on": "2026-11-30"}),
        (reverse("inspection_edit", args=["WRL", planned.pk]), {"planned_on": "2026-11-30"}),
        (reverse("inspection_cancel", args=["WRL", planned.pk]), {"version": 1, "reason": "x"}),
        (reverse("checklist", args=["WRL", duty.pk]), {"text": "Mine"}),
        (reverse("checklist_item_edit", args=["WRL", item.pk]), {"text": "Mine"}),
        (reverse("checklist_item_move", args=["WRL", item.pk]), {"direction": "down"}),
        (reverse("checklist_item_retire", args=["WRL", item.pk]), {}),
    ):
        assert client.post(address, data).status_code == planning
    assert client.post(reverse("inspection_start", args=["WRL", duty.pk])).status_code == performing
    answers = sent(duty, *["satisfactory"] * 3)
    assert client.post(perform(planned), answers).status_code == performing


def test_a_service_asks_for_the_permission_itself(duty: Obligation, planned: Inspection, viewer: User) -> None:
    with pytest.raises(PermissionDenied):
        inspection_schedule(actor=viewer, obligation=duty, values={"planned_on": TODAY})
    with pytest.raises(PermissionDenied):
        inspection_answer(actor=viewer, inspection=planned, answers=[], summary="", expected_version=1)
    with pytest.raises(PermissionDenied):
        checklist_item_add(actor=viewer, obligation=duty, text="Mine")
