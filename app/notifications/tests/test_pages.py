"""What a person chooses, and the overdue count in the title of a project's pages."""

from __future__ import annotations

import re

from accounts.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from obligations.models import Obligation
from registers.models import Project

from notifications.models import Choices

CHOICES = "/accounts/notices/"


def test_choices_are_kept_and_shown_again(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get(CHOICES).content.decode()
    assert page.count(" checked") == 12
    answer = client.post(CHOICES, {"wanted": ["due", "digest"], "before": ["14", "1"]}, follow=True)
    assert "Your choices are saved." in answer.content.decode()
    kept = Choices.objects.get(user=viewer)
    assert sorted(kept.off) == ["action", "escalation", "inspection", "mention", "overdue", "regulator"]
    assert kept.before == [14, 1]
    assert client.get(CHOICES).content.decode().count(" checked") == 4


def test_the_weeks_mail_cannot_replace_the_others_while_it_is_off(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    answer = client.post(CHOICES, {"wanted": ["due"], "digest_only": "on"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There is a problem" in page
    assert 'href="#id_wanted"' in page
    assert 'id="id_wanted"' in page
    assert not Choices.objects.exists()


def test_what_is_no_choice_is_refused(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    for bad in ({"wanted": ["everything"]}, {"wanted": ["due"], "before": ["99"]}):
        assert client.post(CHOICES, bad).status_code == 422
    assert not Choices.objects.exists()


def test_who_has_not_signed_in_chooses_nothing(client: Client, db: None) -> None:
    assert client.get(CHOICES).status_code == 302
    assert client.post(CHOICES, {}).status_code == 302


def _title(client: Client, path: str) -> str:
    found = re.search(r"<title>(.*?)</title>", client.get(path).content.decode(), re.DOTALL)
    assert found
    return " ".join(found[1].split())


def test_the_title_of_a_projects_pages_counts_what_is_overdue(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    number = Obligation.objects.filter(project=project).overdue(project.today).count()
    assert number
    for path in ("/projects/WRL/register/", "/projects/WRL/", "/projects/WRL/mechanisms/"):
        assert _title(client, path).startswith(f"({number}) ")
    assert not _title(client, "/projects/").startswith("(")
    Obligation.objects.filter(project=project).update(status="completed")
    Obligation.objects.filter(project=project).first().save()  # type: ignore[union-attr]  # else it fails
    assert not _title(client, "/projects/WRL/register/").startswith("(")


def test_the_count_is_not_counted_again_for_each_page(client: Client, project: Project, manager: User) -> None:
    client.force_login(manager)
    path = "/projects/WRL/people/"
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    assert not [query for query in queries if "action_due_date" in query["sql"] and "COUNT" in query["sql"]]
