"""Mechanisms and their conditions in the browser."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from registers.models import Condition, Mechanism, Project

from obligations.models import Obligation, Suspension
from obligations.services.rules import rule_set
from obligations.states import Lifecycle

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def statement(project: Project) -> Mechanism:
    return project.mechanisms.get(reference="MS 1234")


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def _fields(response: Response) -> dict[str, str]:
    """Return what a browser would send if the page's form were submitted as it stands."""
    sent = {}
    for bound in response.context["form"]:
        value = bound.value()
        if value not in (None, False):
            sent[bound.name] = str(value)
    hidden = re.findall(r'name="(initial-[\w-]+)"(?: value="([^"]*)")?', response.content.decode())
    return sent | dict(hidden)


def _says(response: Response, *texts: str) -> None:
    page = " ".join(response.content.decode().split())
    for text in texts:
        assert text in page


def _queries(client: Client, url: str, data: dict[str, str] | None = None) -> int:
    if not data:
        client.get(url)  # what is counted once for each state of the register
    with CaptureQueriesContext(connection) as queries:
        client.post(url, data) if data else client.get(url)
    return len(queries)


def test_plans_stand_below_the_approval_that_requires_them(editor: Client, project: Project) -> None:
    lines = editor.get(reverse("mechanism_list", args=["WRL"])).context["lines"]
    references = [(line.mechanism.reference, line.depth) for line in lines]
    place = references.index(("MS 1234", 0))
    assert references[place + 1] == ("WR-CEMP Rev 2", 1)
    assert sum(line.total for line in lines) == project.obligations.count()


def test_what_expires_within_twelve_months_is_flagged(editor: Client, project: Project, statement: Mechanism) -> None:
    Mechanism.objects.update(expires=None)
    Mechanism.objects.filter(pk=statement.pk).update(expires=project.today + timedelta(days=300))
    url = reverse("mechanism_list", args=["WRL"])
    lines = editor.get(url, {"show": "expiring"}).context["lines"]
    assert [line.mechanism for line in lines] == [statement]
    Mechanism.objects.filter(pk=statement.pk).update(status="surrendered")
    assert editor.get(url, {"show": "expiring"}).context["lines"] == []
    assert [line.mechanism for line in editor.get(url, {"show": "ended"}).context["lines"]] == [statement]


def test_conditions_stand_in_the_order_of_their_numbers_with_what_is_due_under_each(
    editor: Client, statement: Mechanism
) -> None:
    Condition.objects.create(mechanism=statement, number="10", text="Last")
    response = editor.get(reverse("mechanism_detail", args=["WRL", statement.pk]))
    tree = response.context["tree"]
    assert [node.condition.number for node in tree.nodes] == ["1", "3", "4", "5", "6-1", "6-2", "8", "10"]
    reporting = tree.nodes[2]
    assert [node.condition.number for node in reporting.children] == ["4-1", "4-5", "4-6"]
    assert [duty.number for duty, _ in reporting.children[2].obligations] == ["4-6"]
    _says(response, "Disturbance inside the development envelope", "WR-CEMP Rev 2")


def test_the_pages_ask_the_database_as_often_for_many_conditions_as_for_few(
    editor: Client, statement: Mechanism
) -> None:
    urls = [reverse("mechanism_detail", args=["WRL", statement.pk]), reverse("mechanism_list", args=["WRL"])]
    few = [_queries(editor, url) for url in urls]
    for number in range(30):
        condition = Condition.objects.create(mechanism=statement, number=f"20-{number}", text="Words")
        Obligation.objects.create(
            project=statement.project,
            mechanism=statement,
            condition=condition,
            number=f"20-{number}",
            requirement="Words",
        )
    assert [_queries(editor, url) for url in urls] == few


def test_many_conditions_are_shown_page_by_page(editor: Client, statement: Mechanism) -> None:
    Condition.objects.bulk_create(
        Condition(mechanism=statement, number=f"{number}", sort_key=f"99{number}") for number in range(100, 170)
    )
    url = reverse("mechanism_detail", args=["WRL", statement.pk])
    first, last = editor.get(url), editor.get(url, {"page": "2"})
    numbers = [node.condition.number for page in (first, last) for node in page.context["tree"].nodes]
    assert numbers == [*numbers[:7], *(f"{number}" for number in range(100, 170))]
    _says(first, "Page 1 of 2")
    assert editor.get(url, {"page": "x"}).status_code == 200


def test_a_mechanism_is_added_with_its_event(editor: Client, project: Project) -> None:
    url = reverse("mechanism_add", args=["WRL"])
    fields = _fields(editor.get(url)) | {"kind": "epbc", "reference": "EPBC 2026/1", "short": "EPBC26"}
    response = editor.post(url, fields | {"issued": "2026-02-01", "anniversary_day": "1", "anniversary_month": "2"})
    added = project.mechanisms.get(reference="EPBC 2026/1")
    assert response.headers["Location"] == reverse("mechanism_detail", args=["WRL", added.pk])
    assert (added.anniversary, added.holder) == ("1 February", "Karrawirra Minerals Pty Ltd")
    event = AuditEvent.objects.get(action="mechanism.add")
    assert event.changes["reference"] == ["", "EPBC 2026/1"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reference": "EPL 20999"}, "This project has a mechanism EPL 20999 already."),
        ({"issued": "2026-01-01", "expires": "2025-01-01"}, "It expires before it is issued on 1 January 2026"),
        ({"anniversary_day": "1"}, "Give both the month and the day of the anniversary, or neither."),
        ({"anniversary_day": "32", "anniversary_month": "1"}, "less than or equal to 31"),
    ],
)
def test_what_does_not_go_together_is_refused_at_its_field(
    editor: Client, project: Project, values: dict[str, str], message: str
) -> None:
    url = reverse("mechanism_add", args=["WRL"])
    number = project.mechanisms.count()
    fields = _fields(editor.get(url)) | {"kind": "epbc", "reference": "New", "short": "N"}
    response = editor.post(url, fields | values)
    assert response.status_code == 422
    _says(response, message, "There is a problem")
    assert project.mechanisms.count() == number


def test_a_plan_cannot_stand_under_itself(editor: Client, project: Project, statement: Mechanism) -> None:
    plan = project.mechanisms.get(reference="WR-CEMP Rev 2")
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    response = editor.post(url, _fields(editor.get(url)) | {"parent": str(plan.pk)})
    assert response.status_code == 422
    _says(response, "WR-CEMP Rev 2 stands under MS 1234 itself")


def test_an_expiry_takes_what_falls_due_after_it(editor: Client, statement: Mechanism) -> None:
    duty = statement.obligations.get(number="4-6")
    ends = statement.project.today + timedelta(days=60)
    assert duty.occurrences.filter(due_date__gt=ends).exists()
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    response = editor.post(url, _fields(editor.get(url)) | {"expires": f"{ends}"}, follow=True)
    assert not duty.occurrences.unfinished().filter(due_date__gt=ends).exists()
    _says(response, "MS 1234 is saved. Due dates of")
    editor.post(url, _fields(editor.get(url)) | {"expires": ""})
    assert duty.occurrences.filter(due_date__gt=ends).exists()


def test_a_roll_policy_moves_due_dates_off_weekends(editor: Client, manager: User, statement: Mechanism) -> None:
    saturday = statement.project.today + timedelta(days=60)
    saturday += timedelta(days=(5 - saturday.weekday()) % 7)
    duty = statement.obligations.get(number="5-1")
    rule_set(actor=manager, obligation=duty, values={"basis": "one_off", "anchor_date": saturday})
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    editor.post(url, _fields(editor.get(url)) | {"roll_policy": "previous_business_day"})
    moved = duty.occurrences.get(nominal_date=saturday)
    assert moved.due_date is not None
    assert moved.due_date < saturday
    assert moved.due_date.weekday() < 5


def test_obligations_are_suspended_and_resumed_with_their_mechanism(
    editor: Client, manager: User, statement: Mechanism
) -> None:
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    editor.post(url, _fields(editor.get(url)) | {"status": "suspended"})
    assert set(statement.obligations.values_list("lifecycle", flat=True)) == {Lifecycle.SUSPENDED}
    assert not Suspension.objects.filter(obligation__mechanism=statement).exclude(ends_on=None).exists()
    editor.post(url, _fields(editor.get(url)) | {"status": "active"})
    assert set(statement.obligations.values_list("lifecycle", flat=True)) == {Lifecycle.ACTIVE}


def test_an_adviser_changes_a_mechanism_but_not_its_status(client: Client, project: Project, advisor: User) -> None:
    statement = project.mechanisms.get(reference="MS 1234")
    client.force_login(advisor)
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    opened = _fields(client.get(url))
    assert "status" not in opened
    client.post(url, opened | {"title": "Renamed", "status": "surrendered"})
    statement.refresh_from_db()
    assert (statement.title, statement.status) == ("Renamed", "active")


def test_two_people_change_different_fields_and_both_are_kept(editor: Client, statement: Mechanism) -> None:
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    mine, theirs = _fields(editor.get(url)), _fields(editor.get(url))
    editor.post(url, theirs | {"title": "Theirs"})
    assert editor.post(url, mine | {"holder": "Mine"}).status_code == 302
    statement.refresh_from_db()
    assert (statement.title, statement.holder) == ("Theirs", "Mine")


def test_the_second_of_two_who_change_one_field_is_told_and_can_still_save(
    editor: Client, statement: Mechanism
) -> None:
    url = reverse("mechanism_edit", args=["WRL", statement.pk])
    opened = _fields(editor.get(url))
    editor.post(url, opened | {"title": "Theirs", "issued": "2025-03-13"})
    response = editor.post(url, opened | {"title": "Mine", "issued": "2025-03-14"})
    assert response.status_code == 409
    _says(response, "Somebody else changed this to “Theirs” while you had the page open.")
    statement.refresh_from_db()
    assert statement.title == "Theirs"
    assert editor.post(url, _fields(response)).status_code == 302
    statement.refresh_from_db()
    assert (statement.title, statement.issued) == ("Mine", date(2025, 3, 14))


def test_the_document_is_kept_and_sent_only_to_those_who_may_see_it(
    editor: Client, statement: Mechanism, stranger: User, viewer: User
) -> None:
    upload = SimpleUploadedFile("MS 1234.pdf", PDF, "application/pdf")
    editor.post(reverse("version_document_add", args=["WRL", statement.pk]), {"document": upload})
    version = statement.versions.get()
    assert (version.label, version.document_name) == ("As issued", "MS 1234.pdf")
    url = reverse("version_document", args=["WRL", version.pk])
    editor.force_login(viewer)
    response = editor.get(url)
    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    assert "attachment" in response.headers["Content-Disposition"]
    editor.force_login(stranger)
    assert editor.get(url).status_code == 404


def test_a_program_is_no_document(editor: Client, statement: Mechanism) -> None:
    upload = SimpleUploadedFile("MS.pdf", b"MZ\x90\x00program", "application/pdf")
    url = reverse("version_document_add", args=["WRL", statement.pk])
    _says(editor.post(url, {"document": upload}, follow=True), "programs and scripts are not taken")
    _says(editor.post(url, {}, follow=True), "Choose the document&#x27;s file first.")
    assert not statement.versions.exists()


def test_a_condition_is_added_below_another_one(editor: Client, statement: Mechanism) -> None:
    above = statement.conditions.get(number="8")
    url = f"{reverse('condition_add', args=['WRL', statement.pk])}?parent={above.pk}"
    opened = _fields(editor.get(url))
    assert opened["parent"] == str(above.pk)
    response = editor.post(url, opened | {"number": "8-10", "text": "Fence it.\r\nTwice.", "another": "1"})
    added = statement.conditions.get(number="8-10")
    assert response.headers["Location"].endswith(f"?parent={above.pk}")
    assert (added.parent, added.text) == (above, "Fence it.\nTwice.")
    again = editor.post(url, opened | {"number": "8-10", "text": "x"})
    assert again.status_code == 422
    _says(again, "MS 1234 already has a condition 8-10.")


def test_a_correction_needs_its_reason(editor: Client, statement: Mechanism) -> None:
    condition = statement.conditions.get(number="8-4")
    url = reverse("condition_edit", args=["WRL", condition.pk])
    opened = _fields(editor.get(url))
    assert editor.post(url, opened | {"text": "Corrected."}).status_code == 422
    assert editor.post(url, opened | {"text": "Corrected.", "reason": "A typing error"}).status_code == 302
    condition.refresh_from_db()
    assert condition.text == "Corrected."
    event = AuditEvent.objects.get(action="condition.correct")
    assert event.reason == "A typing error"
    assert event.changes["text"][1] == "Corrected."


def test_a_condition_moves_with_what_is_below_it_but_not_below_itself(editor: Client, statement: Mechanism) -> None:
    above, below = statement.conditions.get(number="4"), statement.conditions.get(number="4-6")
    target = statement.conditions.get(number="8")
    url = reverse("condition_move", args=["WRL", above.pk])
    response = editor.post(url, {"parent": str(below.pk)})
    assert response.status_code == 422
    _says(response, "MS1234 4-6 stands below MS1234 4 itself: choose another place.")
    assert editor.post(url, {"parent": str(target.pk)}).status_code == 302
    above.refresh_from_db()
    assert above.parent == target
    editor.post(url, {"parent": ""})
    above.refresh_from_db()
    assert above.parent is None


def test_earlier_words_stay_readable_with_their_dates(editor: Client, project: Project) -> None:
    old = Condition.objects.get(mechanism__short="CEMP", number="9.3(b)", ended_on__isnull=False)
    response = editor.get(reverse("condition_detail", args=["WRL", old.pk]))
    _says(response, "Until 1 April 2026", "Spill kits must be serviced each quarter.", "<ins>", "<del>quarter</del>")
    assert editor.get(reverse("condition_edit", args=["WRL", old.pk])).status_code == 200
    url = reverse("condition_edit", args=["WRL", old.pk])
    refused = editor.post(url, _fields(editor.get(url)) | {"text": "x", "reason": "y"})
    assert refused.status_code == 422
    _says(refused, "ended on 1 April 2026: its words stay as they were.")


PAGES = ("mechanism_detail", "mechanism_edit", "version_add", "condition_add", "version_compare")


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_finds_nothing_and_a_viewer_changes_nothing(
    client: Client, project: Project, viewer: User, stranger: User, name: str
) -> None:
    plan = project.mechanisms.get(reference="WR-CEMP Rev 2")
    url = reverse(name, args=["WRL", plan.pk])
    assert client.get(url).headers["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    client.force_login(viewer)
    assert client.get(url).status_code == (200 if name in {"mechanism_detail", "version_compare"} else 403)
    if name not in {"mechanism_detail", "version_compare"}:
        assert client.post(url, {}).status_code == 403


def test_nothing_of_another_project_is_found_under_ones_own(editor: Client, stranger: User) -> None:
    other = Project.objects.create(
        organisation=stranger.memberships.get().organisation, code="OTHER", name="Somewhere else"
    )
    theirs = Mechanism.objects.create(project=other, kind="epbc", short="X", reference="X")
    condition = Condition.objects.create(mechanism=theirs, number="1")
    assert editor.get(reverse("mechanism_detail", args=["WRL", theirs.pk])).status_code == 404
    assert editor.get(reverse("condition_detail", args=["WRL", condition.pk])).status_code == 404
