"""What programs read and change, and what they are told when it cannot be done."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from accounts.models import User
from audit.models import AuditEvent, Channel
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from obligations.models import Evidence, Obligation, Occurrence
from registers.models import Aspect, Project

from api.models import KeptAnswer
from api.tests.test_tokens import bearer

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

WRL = "/api/v1/projects/WRL/"
PERMIT = {"kind": "clearing_permit", "short": "P9", "reference": "P 9/2026", "title": "Clearing"}


class Program:
    """Asks as a program does: JSON and a token."""

    def __init__(self, user: User, **options: Any) -> None:
        self.client = Client()
        self.headers = bearer(user, **options)

    def get(self, path: str, **headers: Any) -> Response:
        return self.client.get(WRL + path, **self.headers, **headers)

    def send(self, path: str, data: Any, method: str = "post", **headers: str) -> Response:
        send = getattr(self.client, method)
        return send(WRL + path, json.dumps(data), "application/json", **self.headers, **headers)  # type: ignore[no-any-return]  # by name

    def change(self, path: str, data: Any, method: str = "patch") -> Response:
        """Read the row and change it as it was read."""
        row = path if method == "patch" else path.rsplit("/", 2)[0] + "/"
        return self.send(path, data, method, HTTP_IF_MATCH=self.get(row).headers["ETag"])


@pytest.fixture
def program(manager: User) -> Program:
    return Program(manager)


@pytest.fixture
def obligation(project: Project) -> Obligation:
    return project.obligations.get(number="8-4")


def _numbers(response: Response) -> list[str]:
    return [one["number"] for one in response.json()["results"]]


def test_a_list_is_read_page_by_page_each_row_once(program: Program, project: Project) -> None:
    found, path = [], "obligations/?size=7"
    while path:
        page = program.get(path).json()
        found += [one["id"] for one in page["results"]]
        assert len(page["results"]) <= 7
        path = (page["next"] or "").partition(WRL)[2]
    assert sorted(found) == sorted(project.obligations.values_list("pk", flat=True))
    assert len(found) == len(set(found))


def test_a_list_is_narrowed_searched_and_sorted_as_the_register_is(program: Program, project: Project) -> None:
    assert _numbers(program.get("obligations/?q=groundwater+quarter")) == ["8-4"]
    overdue = {one.number for one in project.obligations.overdue(project.today)}
    assert set(_numbers(program.get("obligations/?state=overdue&size=200"))) == overdue
    due = [one["action_due_date"] or "9999" for one in program.get("obligations/?sort=due&size=200").json()["results"]]
    assert due == sorted(due)
    wrong = program.get("obligations/?sort=colour&state=late").json()
    assert wrong["status"] == 422
    assert wrong["errors"]


def test_a_parameter_that_makes_no_sense_is_named(program: Program) -> None:
    response = program.get("occurrences/?obligation=x&due_from=soon")
    assert response.status_code == 422
    assert set(response.json()["errors"]) == {"obligation", "due_from"}


def test_what_did_not_change_is_not_sent_again(program: Program, obligation: Obligation) -> None:
    first = program.get(f"obligations/{obligation.pk}/")
    again = program.get(f"obligations/{obligation.pk}/", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_a_row_is_changed_by_whoever_says_what_they_read(program: Program, obligation: Obligation) -> None:
    path = f"obligations/{obligation.pk}/"
    assert program.send(path, {"title": "Levels"}, "patch").status_code == 428
    etag = program.get(path).headers["ETag"]
    changed = program.send(path, {"title": "Levels"}, "patch", HTTP_IF_MATCH=etag)
    assert (changed.status_code, changed.json()["title"]) == (200, "Levels")
    assert changed.headers["ETag"] == program.get(path).headers["ETag"] != etag
    late = program.send(path, {"title": "Mine"}, "patch", HTTP_IF_MATCH=etag)
    assert (late.status_code, "get it again" in late.json()["detail"]) == (412, True)
    obligation.refresh_from_db()
    assert obligation.title == "Levels"
    event = AuditEvent.objects.filter(action="obligation.change").latest("sequence")
    assert (event.channel, event.changes["title"][1]) == (Channel.API, "Levels")


@pytest.mark.parametrize("name", ["status", "version", "mechanism", "id", "project", "is_admin"])
def test_what_enssol_sets_itself_cannot_be_set(program: Program, obligation: Obligation, name: str) -> None:
    response = program.change(f"obligations/{obligation.pk}/", {name: 1})
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [name]


def test_an_obligation_is_added_once_however_often_it_is_sent(program: Program, obligation: Obligation) -> None:
    data = {"mechanism": obligation.mechanism_id, "number": "99", "requirement": "Keep the track closed."}
    first = program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one")
    again = program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Obligation.objects.filter(number="99").count() == 1
    other = program.send("obligations/", {**data, "number": "98"}, HTTP_IDEMPOTENCY_KEY="one")
    assert (other.status_code, "send a new one" in other.json()["detail"]) == (422, True)
    taken = program.send("obligations/", data)
    assert taken.json()["errors"] == {"number": [f"{obligation.mechanism} already has an obligation 99."]}


def test_what_failed_can_be_sent_again_with_its_key(program: Program, obligation: Obligation) -> None:
    data = {"mechanism": obligation.mechanism_id, "number": "99"}
    failed = program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one")
    assert failed.json()["errors"] == {"requirement": ["This field is required."]}
    assert program.send("obligations/", {**data, "requirement": "x"}, HTTP_IDEMPOTENCY_KEY="one").status_code == 201


def test_an_answer_that_never_came_blocks_its_key_for_a_minute(program: Program, obligation: Obligation) -> None:
    data = {"mechanism": obligation.mechanism_id, "number": "99", "requirement": "Keep the track closed."}
    program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one")
    Obligation.objects.filter(number="99").delete()
    # As a process leaves it that was killed before it created anything.
    KeptAnswer.objects.update(status=None, body=None, headers={})
    assert program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one").status_code == 409
    KeptAnswer.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert program.send("obligations/", data, HTTP_IDEMPOTENCY_KEY="one").status_code == 201
    assert Obligation.objects.filter(number="99").count() == 1


def test_many_are_changed_together_or_not_at_all(program: Program, obligation: Obligation) -> None:
    new = {"mechanism": obligation.mechanism_id, "number": "97", "requirement": "Sow seed."}
    change = {"id": obligation.pk, "version": obligation.version, "title": "Levels"}
    broken = program.send("obligations/bulk/", {"obligations": [new, {**change, "version": 99}, {"number": "1"}]})
    assert broken.status_code == 422
    assert not Obligation.objects.filter(number="97").exists()
    stale = program.send("obligations/bulk/", {"obligations": [new, {**change, "version": 99}]})
    assert list(stale.json()["errors"]) == ["obligations.1.version"]
    assert not Obligation.objects.filter(number="97").exists()
    done = program.send("obligations/bulk/", {"obligations": [new, change], "reason": "As ordered"}).json()
    assert done == {"added": [Obligation.objects.get(number="97").pk], "changed": [obligation.pk]}
    obligation.refresh_from_db()
    assert obligation.title == "Levels"


def test_another_projects_words_and_people_are_not_taken(
    program: Program, obligation: Obligation, stranger: User
) -> None:
    response = program.change(f"obligations/{obligation.pk}/", {"responsible_person": stranger.pk})
    assert list(response.json()["errors"]) == ["responsible_person"]


def test_a_retired_word_is_kept_and_not_taken(program: Program, obligation: Obligation) -> None:
    assert obligation.aspect
    retired = Aspect.objects.exclude(pk=obligation.aspect.pk)[0]
    Aspect.objects.filter(pk__in=[retired.pk, obligation.aspect.pk]).update(retired_at=timezone.now())
    path = f"obligations/{obligation.pk}/"
    assert list(program.change(path, {"aspect": retired.pk}).json()["errors"]) == ["aspect"]
    kept = program.change(path, {"aspect": obligation.aspect.pk, "supporting_information": "Seen."})
    assert (kept.status_code, kept.json()["aspect"]) == (200, obligation.aspect.pk)


def test_an_occurrence_goes_through_its_states(program: Program, obligation: Obligation, approver: User) -> None:
    occurrence = obligation.occurrences.filter(state__in=["scheduled", "open"]).order_by("sequence")[0]
    path, today = f"occurrences/{occurrence.pk}/", str(occurrence.project.today)
    outcome = {"completed_on": today, "result": "compliant", "note": "Measured."}
    assert program.send(f"{path}close/", outcome).status_code == 428
    assert program.change(f"{path}start/", {}, "post").json()["state"] == "in_progress"
    assert program.change(f"{path}submit/", outcome, "post").json()["state"] == "submitted"
    signer = Program(approver)
    assert signer.change(f"{path}close/", outcome, "post").json()["state"] == "closed"
    assert signer.change(f"{path}cancel/", {"reason": "x"}, "post").status_code == 403
    reopened = signer.change(f"{path}reopen/", {"reason": "Wrong bore."}, "post")
    assert reopened.json()["state"] == "in_progress"
    extension = {"new_date": "2030-01-01", "granted_by": "A. Officer", "reference": "L-1", "reason": "Flood"}
    assert program.change(f"{path}extend/", extension, "post").json()["due_date"] == "2030-01-01"
    assert program.change(f"{path}cancel/", {"reason": "Withdrawn."}, "post").json()["cancelled_for"] == "Withdrawn."
    refused = program.change(f"{path}cancel/", {"reason": "Again."}, "post")
    assert (refused.status_code, bool(refused.json()["errors"])) == (422, True)


def test_a_contributor_works_on_what_is_theirs(contributor: User, obligation: Obligation) -> None:
    mine, other = obligation.occurrences.filter(state__in=["scheduled", "open"]).order_by("sequence")[:2]
    Occurrence.objects.filter(pk=mine.pk).update(assigned_to=contributor)
    program = Program(contributor)
    assert program.change(f"occurrences/{mine.pk}/start/", {}, "post").status_code == 200
    assert program.change(f"occurrences/{other.pk}/start/", {}, "post").status_code == 403


def test_evidence_goes_up_and_comes_back_whole(program: Program, obligation: Obligation) -> None:
    content = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    data = {"obligation": obligation.pk, "effective_on": str(obligation.project.today)}
    file = SimpleUploadedFile("bores.pdf", content)
    made = program.client.post(f"{WRL}evidence/", {**data, "file": file}, **program.headers)
    assert made.status_code == 201, made.content
    row = Evidence.objects.get(pk=made.json()["id"])
    assert made.json()["sha256"] == row.file.sha256
    sent = program.get(f"evidence/{row.pk}/file/")
    assert b"".join(sent.streaming_content) == content  # type: ignore[attr-defined]  # a file
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    program_file = SimpleUploadedFile("run.pdf", b"MZ\x90\x00" + b"\0" * 60)
    refused = program.client.post(f"{WRL}evidence/", {**data, "file": program_file}, **program.headers)
    assert list(refused.json()["errors"]) == ["file"]


def test_a_non_compliance_is_raised_told_mended_and_closed(program: Program, obligation: Obligation) -> None:
    today = str(obligation.project.today)
    told = {"obligation": obligation.pk, "kind": "non_compliant", "title": "Late sample", "aware_on": today}
    raised = program.send("non-compliances/", {**told, "description": "It was taken a week late."})
    assert raised.status_code == 201, raised.content
    path = f"non-compliances/{raised.json()['id']}/"
    notice = {"notified_on": today, "notified_how": "Portal", "notified_reference": "N-1"}
    assert program.change(f"{path}notify/", notice, "post").json()["notified_reference"] == "N-1"
    action = program.send(
        "corrective-actions/",
        {"non_compliance": raised.json()["id"], "description": "Train the crew.", "due_on": "2030-01-01"},
    ).json()
    assert program.change(f"{path}close/", {"closing_note": "Done."}, "post").status_code == 422
    where = f"corrective-actions/{action['id']}/"
    program.change(f"{where}complete/", {"completed_on": today, "completion_note": "Trained."}, "post")
    checked = {"check_on": today, "is_effective": True, "check_note": "No late sample since."}
    assert program.change(f"{where}check/", checked, "post").json()["closed_at"]
    assert program.change(f"{path}close/", {"closing_note": "Done."}, "post").json()["closed_at"]


def test_mechanisms_and_conditions_are_added_and_corrected(program: Program) -> None:
    made = program.send("mechanisms/", PERMIT)
    assert made.status_code == 201, made.content
    condition = program.send("conditions/", {"mechanism": made.json()["id"], "number": "1", "text": "Keep 50 m away."})
    assert condition.status_code == 201, condition.content
    path = f"conditions/{condition.json()['id']}/"
    corrected = program.change(path, {"text": "Keep 60 m away.", "reason": "Misread."})
    assert corrected.json()["text"] == "Keep 60 m away."
    renamed = program.change(f"mechanisms/{made.json()['id']}/", {"title": "Clearing permit"})
    assert renamed.json()["title"] == "Clearing permit"


def test_an_inspection_is_planned_moved_and_cancelled(program: Program, obligation: Obligation) -> None:
    made = program.send("inspections/", {"obligation": obligation.pk, "planned_on": "2030-01-01"})
    path = f"inspections/{made.json()['id']}/"
    assert program.change(path, {"planned_on": "2030-02-01"}).json()["planned_on"] == "2030-02-01"
    assert program.change(f"{path}cancel/", {"reason": "Flood."}, "post").json()["state"] == "cancelled"


def test_the_audit_trail_is_read_by_those_who_may(auditor: User, viewer: User, program: Program) -> None:
    program.send("mechanisms/", PERMIT)
    newest = Program(auditor).get("audit-events/").json()["results"][0]
    assert (newest["action"], newest["channel"]) == ("mechanism.add", "api")
    assert Program(viewer).get("audit-events/").status_code == 403


def test_words_and_people_are_found_by_their_keys(program: Program, project: Project, manager: User) -> None:
    aspects = program.get("terms/aspect/?size=200").json()["results"]
    assert {"id", "name", "is_retired"} == set(aspects[0])
    assert program.get("terms/colour/").status_code == 404
    assert manager.email in [one["email"] for one in program.get("people/").json()["results"]]


def test_a_hidden_project_and_object_are_not_there(stranger: User, program: Program, obligation: Obligation) -> None:
    away = Program(stranger)
    for path in ("", "obligations/", f"obligations/{obligation.pk}/", "audit-events/"):
        response = away.get(path)
        assert (response.status_code, response.json()["detail"]) == (404, "There is nothing here that you may see.")
    assert program.get(f"obligations/{2**64}/").status_code == 404
    nowhere = program.get("nothing/")
    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (404, "application/problem+json")


def test_each_problem_says_what_it_is(program: Program, manager: User) -> None:
    broken = program.client.post(f"{WRL}obligations/", "{", "application/json", **program.headers)
    form = program.client.post(f"{WRL}obligations/", {"number": "1"}, **program.headers)
    page = program.get("obligations/", HTTP_ACCEPT="text/html")
    verb = program.client.delete(f"{WRL}obligations/", **program.headers)
    assert [one.status_code for one in (broken, form, page, verb)] == [400, 415, 406, 405]
    for response in (broken, form, verb):
        assert response.headers["Content-Type"] == "application/problem+json"
        assert set(response.json()) == {"title", "status", "detail"}


def test_a_browser_is_asked_for_its_csrf_token(manager: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    assert client.get(WRL).status_code == 200
    response = client.post(f"{WRL}obligations/", "{}", "application/json")
    assert (response.status_code, "CSRF" in response.json()["detail"]) == (403, True)


def test_whoever_asks_too_often_is_told_when_to_come_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"asking": "3/min", "changing": "1/min"}
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", rates)
    assert program.send("obligations/", {}).status_code == 422
    assert program.send("obligations/", {}).status_code == 429
    assert program.get("").status_code == 200
    refused = program.get("")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
