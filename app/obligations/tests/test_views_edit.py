"""Changing an obligation in the browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from accounts.models import User
from django.test import Client
from registers.models import Aspect

from obligations.models import Obligation
from obligations.services.obligations import obligation_update

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@pytest.fixture
def obligation(manager: User) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def _url(obligation: Obligation) -> str:
    return f"{obligation.get_absolute_url()}edit/"


def _fields(response: Response) -> dict[str, str]:
    """Return what a browser would send if the page's form were submitted as it stands."""
    form = response.context["form"]
    sent: dict[str, str] = {}
    for bound in form:
        value = bound.value()
        if value not in (None, False, "False"):
            sent[bound.name] = str(value).replace("\r\n", "\n").replace("\n", "\r\n")
    hidden = re.findall(r'name="(initial-[\w-]+)"(?: value="([^"]*)")?', response.content.decode())
    return sent | {name: value.replace("\n", "\r\n") for name, value in hidden}


def _stored(obligation: Obligation) -> dict[str, Any]:
    fields = ("recurring", "inspection", "gap_analysis", "aspect")
    return {**Obligation.objects.values(*fields).get(pk=obligation.pk)}


def _save(client: Client, obligation: Obligation, opened: dict[str, str], **changes: Any) -> Response:
    return client.post(_url(obligation), opened | changes)


def test_what_is_changed_is_stored_and_nothing_else(editor: Client, obligation: Obligation) -> None:
    Obligation.objects.filter(pk=obligation.pk).update(general_comments="Line one\nline two")
    before: dict[str, Any] = {**Obligation.objects.values().get(pk=obligation.pk)}
    opened = _fields(editor.get(_url(obligation)))
    # When it is due and whether it is done its occurrences say, whatever a form sends.
    response = _save(
        editor, obligation, opened, title="Groundwater levels", action_due_date="2026-12-24", status="completed"
    )
    assert response.status_code == 302
    assert response.headers["Location"] == obligation.get_absolute_url()
    after = Obligation.objects.values().get(pk=obligation.pk)
    changed = {name for name, value in after.items() if value != before[name]}
    assert changed == {"title", "version", "updated_at"}
    assert "is saved" in editor.get(obligation.get_absolute_url()).content.decode()


def test_ticks_words_and_unknowns_can_be_set_and_taken_back(editor: Client, obligation: Obligation) -> None:
    aspect = Aspect.objects.get(name="Land")
    opened = _fields(editor.get(_url(obligation)))
    assert opened.pop("recurring") == "True"
    _save(editor, obligation, opened, inspection="on", aspect=str(aspect.pk), gap_analysis="true")
    assert _stored(obligation) == {"recurring": False, "inspection": True, "gap_analysis": True, "aspect": aspect.pk}
    _save(editor, obligation, _fields(editor.get(_url(obligation))), aspect="", gap_analysis="unknown")
    assert _stored(obligation) == {"recurring": False, "inspection": True, "gap_analysis": None, "aspect": None}


def test_lines_are_stored_as_the_register_has_them(editor: Client, obligation: Obligation) -> None:
    _save(editor, obligation, _fields(editor.get(_url(obligation))), general_comments="one\r\n\r\n- two")
    obligation.refresh_from_db()
    assert obligation.general_comments == "one\n\n- two"


def test_a_mistake_is_named_and_everything_typed_is_still_there(editor: Client, obligation: Obligation) -> None:
    opened = _fields(editor.get(_url(obligation)))
    response = _save(
        editor,
        obligation,
        opened,
        requirement="",
        recurring_forecast_date="31/31/2026",
        general_comments="Do not lose me",
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert re.search(r"<title>\s*Error:", page)
    assert "There is a problem" in page
    assert 'href="#id_requirement"' in page
    assert 'aria-describedby="id_recurring_forecast_date-error"' in page
    assert "31/31/2026" in page
    assert "Do not lose me" in page
    again = _save(editor, obligation, _fields(response), requirement="Report.", recurring_forecast_date="2026-12-31")
    assert again.status_code == 302
    obligation.refresh_from_db()
    assert (obligation.general_comments, obligation.version) == ("Do not lose me", 2)


def test_two_obligations_of_a_mechanism_share_no_number(editor: Client, obligation: Obligation) -> None:
    response = _save(editor, obligation, _fields(editor.get(_url(obligation))), number="4-6")
    assert response.status_code == 422
    assert "MS 1234 already has an obligation 4-6: choose another number." in response.content.decode()


def test_a_word_of_another_organisation_cannot_be_chosen(
    editor: Client, obligation: Obligation, stranger: User
) -> None:
    other = Aspect.objects.create(organisation=stranger.memberships.get().organisation, name="Theirs")
    response = _save(editor, obligation, _fields(editor.get(_url(obligation))), aspect=str(other.pk))
    assert response.status_code == 422


def test_saving_over_somebody_elses_change_shows_both_and_stores_neither(
    editor: Client, manager: User, obligation: Obligation
) -> None:
    opened = _fields(editor.get(_url(obligation)))
    obligation_update(
        actor=manager,
        obligation=obligation,
        changes={"title": "Theirs", "general_comments": "Their comment"},
        expected_version=1,
    )
    response = _save(editor, obligation, opened, title="Mine", evidence_notes="My evidence")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else saved this obligation while you had it open" in page
    differences = {row.label: row for row in response.context["differences"]}
    assert set(differences) == {"Title", "General comments", "Evidence"}
    assert (differences["Title"].stored, differences["Title"].yours) == ("Theirs", "Mine")
    assert differences["Title"].by_both
    assert not differences["General comments"].by_both
    assert differences["General comments"].yours == "Their comment"
    obligation.refresh_from_db()
    assert (obligation.title, obligation.version) == ("Theirs", 2)


def test_saving_the_conflict_keeps_their_fields_and_mine(editor: Client, manager: User, obligation: Obligation) -> None:
    opened = _fields(editor.get(_url(obligation)))
    obligation_update(
        actor=manager,
        obligation=obligation,
        changes={"title": "Theirs", "general_comments": "Their comment", "inspection": True, "recurring": False},
        expected_version=1,
    )
    conflict = _save(editor, obligation, opened, title="Mine", evidence_notes="My evidence")
    assert editor.post(_url(obligation), _fields(conflict)).status_code == 302
    obligation.refresh_from_db()
    assert obligation.title == "Mine"
    assert obligation.evidence_notes == "My evidence"
    assert obligation.general_comments == "Their comment"
    assert (obligation.inspection, obligation.recurring) == (True, False)
    assert obligation.version == 3


def test_a_mistake_after_the_page_went_stale_still_ends_in_the_conflict(
    editor: Client, manager: User, obligation: Obligation
) -> None:
    opened = _fields(editor.get(_url(obligation)))
    obligation_update(actor=manager, obligation=obligation, changes={"title": "Theirs"}, expected_version=1)
    wrong = _save(editor, obligation, opened, requirement="")
    assert wrong.status_code == 422
    assert _save(editor, obligation, _fields(wrong), requirement="Report.").status_code == 409


def test_the_way_back_keeps_the_filters(editor: Client, obligation: Obligation) -> None:
    url = _url(obligation) + "?state=overdue&at=1"
    response = editor.post(url, _fields(editor.get(url)) | {"title": "x"})
    assert response.headers["Location"] == obligation.get_absolute_url() + "?state=overdue&at=1"


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_only_look_is_refused_and_who_may_not_know_finds_nothing(
    client: Client, viewer: User, stranger: User, obligation: Obligation, method: str
) -> None:
    url = _url(obligation)
    assert getattr(client, method)(url).headers["Location"].startswith("/accounts/login/")
    client.force_login(viewer)
    refused = getattr(client, method)(url)
    assert refused.status_code == 403
    assert "You may look, but not change this" in refused.content.decode()
    client.force_login(stranger)
    assert getattr(client, method)(url).status_code == 404


def test_a_forged_form_is_refused(manager: User, obligation: Obligation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    response = client.post(_url(obligation), {"title": "Forged"})
    assert response.status_code == 403
    assert "This page had been open too long" in response.content.decode()
