"""Publishing a version of a mechanism in the browser, by plain forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from accounts.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from registers.models import Condition, Mechanism, Project

from obligations.comparing import pieces

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
NEW_WORDS = "Groundwater levels must be reported within two months of the end of each quarter."


@pytest.fixture
def statement(project: Project) -> Mechanism:
    return project.mechanisms.get(reference="MS 1234")


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def url(statement: Mechanism) -> str:
    return reverse("version_add", args=["WRL", statement.pk])


def _fields(response: Response) -> dict[str, str]:
    form = response.context["form"]
    sent = {bound.name: str(bound.value()) for bound in form if bound.value() is not None}
    return sent | {"looked_at": response.context["looked_at"]}


def _key(statement: Mechanism, number: str) -> int:
    return statement.conditions.get(number=number, ended_on=None).pk


def _decided(editor: Client, url: str, statement: Mechanism, **more: str) -> dict[str, str]:
    """Return the form in which 8-4 gets new words and 4-1 ends, in force from today."""
    reworded, ended = _key(statement, "8-4"), _key(statement, "4-1")
    return _fields(editor.get(url)) | {
        "label": "Amendment 1",
        "effective_on": f"{statement.project.today}",
        f"fate-{reworded}": "reword",
        f"text-{reworded}": NEW_WORDS,
        f"fate-{ended}": "end",
        "action": "look",
        **more,
    }


def _queries(client: Client, url: str, data: dict[str, str] | None = None) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.post(url, data) if data else client.get(url)
    return len(queries)


def test_looking_changes_nothing_and_publishing_does_what_was_seen(
    editor: Client, url: str, statement: Mechanism
) -> None:
    seen = editor.post(url, _decided(editor, url, statement))
    page = " ".join(seen.content.decode().split())
    assert seen.status_code == 200
    assert "What publishing Amendment 1 does" in page
    assert "goes on with the new words" in page
    assert not statement.versions.exists()
    upload = SimpleUploadedFile("amendment.pdf", PDF, "application/pdf")
    response = editor.post(url, _fields(seen) | {"action": "publish", "document": upload})
    assert response.headers["Location"] == reverse("mechanism_detail", args=["WRL", statement.pk])
    version = statement.versions.get(label="Amendment 1")
    assert version.document_name == "amendment.pdf"
    assert statement.conditions.get(number="8-4", ended_on=None).text == NEW_WORDS
    assert statement.conditions.get(number="4-1").ended == version
    assert statement.obligations.get(number="8-4").requirement == NEW_WORDS
    detail = editor.get(response.headers["Location"]).content.decode()
    assert "Groundwater levels must be reported within one month of the end of each quarter.</s>" in detail
    assert "1 condition that ended" in " ".join(detail.split())


def test_what_was_changed_since_it_was_looked_at_is_shown_again_first(
    editor: Client, url: str, statement: Mechanism
) -> None:
    seen = _fields(editor.post(url, _decided(editor, url, statement)))
    again = editor.post(url, seen | {"action": "publish", f"fate-{_key(statement, '3-1')}": "end"})
    assert again.status_code == 200
    assert not statement.versions.exists()
    assert editor.post(url, _decided(editor, url, statement, action="publish")).status_code == 200
    assert not statement.versions.exists()


def test_new_conditions_are_added_one_by_one_and_keep_what_was_typed(
    editor: Client, url: str, statement: Mechanism
) -> None:
    more = editor.post(url, _decided(editor, url, statement, action="more"))
    typed = _fields(more) | {
        "new-0-number": "8-5",
        "new-0-text": "Fence it.",
        "new-0-parent": str(_key(statement, "8")),
    }
    more = editor.post(url, typed | {"action": "more"})
    assert len(more.context["form"].new_rows) == 2
    assert "Fence it." in more.content.decode()
    seen = editor.post(url, _fields(more) | {"action": "look"})
    editor.post(url, _fields(seen) | {"action": "publish"})
    added = statement.conditions.get(number="8-5")
    assert (added.parent, added.text) == (statement.conditions.get(number="8"), "Fence it.")


def test_a_new_condition_needs_its_number(editor: Client, url: str, statement: Mechanism) -> None:
    more = editor.post(url, _decided(editor, url, statement, action="more"))
    response = editor.post(url, _fields(more) | {"action": "look", "new-0-text": "Fence it."})
    assert response.status_code == 422
    assert "Give the new condition its number as printed." in response.content.decode()


def test_decisions_that_do_not_go_together_are_named(editor: Client, url: str, statement: Mechanism) -> None:
    wrong = {f"fate-{_key(statement, '4')}": "end"}
    response = editor.post(url, _decided(editor, url, statement, **wrong))
    assert response.status_code == 422
    page = response.content.decode()
    assert "Condition 4 ends but 4-5 below it goes on: end it too, or move it." in page
    assert NEW_WORDS in page


def test_who_decided_about_conditions_that_changed_meanwhile_looks_again(
    editor: Client, url: str, statement: Mechanism
) -> None:
    seen = _fields(editor.post(url, _decided(editor, url, statement)))
    Condition.objects.filter(mechanism=statement, number="1-1").update(text="Corrected meanwhile.")
    response = editor.post(url, seen | {"action": "publish"})
    assert response.status_code == 409
    assert "Somebody else changed the conditions" in response.content.decode()
    assert not statement.versions.exists()
    looked = editor.post(url, _fields(response) | {"action": "look"})
    assert editor.post(url, _fields(looked) | {"action": "publish"}).status_code == 302


def test_versions_are_compared_word_by_word(editor: Client, url: str, statement: Mechanism) -> None:
    seen = _fields(editor.post(url, _decided(editor, url, statement)))
    editor.post(url, seen | {"action": "publish"})
    compare = reverse("version_compare", args=["WRL", statement.pk])
    response = editor.get(compare, {"from": "2", "to": "1"})
    kinds = {(one.after or one.before).number: one.kind for one in response.context["compared"]}
    assert kinds == {"4-1": "ended", "8-4": "changed"}
    page = response.content.decode()
    assert "<del>one</del>" in page
    assert "<ins>two</ins>" in page
    assert editor.get(compare, {"from": "x", "to": "99"}).status_code == 200


def test_a_mechanism_with_one_version_has_nothing_to_compare(editor: Client, statement: Mechanism) -> None:
    assert editor.get(reverse("version_compare", args=["WRL", statement.pk])).status_code == 404


def test_the_preview_asks_the_database_as_often_for_many_obligations_as_for_few(
    editor: Client, url: str, statement: Mechanism
) -> None:
    decided = _decided(editor, url, statement)
    few = _queries(editor, url, decided)
    ends = {f"fate-{row.pk}": "end" for row in statement.conditions.all()}
    assert _queries(editor, url, decided | ends) == few


def test_what_makes_one_text_into_another_is_told_in_whole_words() -> None:
    assert pieces("each quarter.", "each month.") == [
        ("same", "each "),
        ("del", "quarter"),
        ("ins", "month"),
        ("same", "."),
    ]
    assert pieces("", "new") == [("ins", "new")]
    assert pieces("same", "same") == [("same", "same")]
