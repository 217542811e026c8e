"""What people say about obligations."""

from __future__ import annotations

import pytest
from accounts.models import User
from audit.models import AuditEvent
from django.core.exceptions import PermissionDenied
from django.test import Client

from obligations.models import Comment, Obligation
from obligations.services.comments import comment_add, mentioned


@pytest.fixture
def obligation(manager: User) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


def test_it_stands_in_the_timeline_as_text(client: Client, manager: User, obligation: Obligation) -> None:
    client.force_login(manager)
    text = "<script>alert(1)</script> see javascript:alert(1) and https://records.example.org/9"
    response = client.post(f"{obligation.get_absolute_url()}comment/", {"text": text})
    assert response.status_code == 302
    page = client.get(obligation.get_absolute_url()).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert 'href="javascript' not in page
    assert '<a href="https://records.example.org/9" rel="nofollow">' in page
    event = AuditEvent.objects.get(action="comment.add")
    assert (event.topic, event.actor) == (f"obligation:{obligation.pk}", manager)


def test_only_people_of_the_project_are_mentioned(
    manager: User, viewer: User, stranger: User, obligation: Obligation
) -> None:
    text = f"@Viewer, @{manager.email} and @{stranger.email}: look. Not user@viewer.example nor @Viewers."
    comment = comment_add(actor=manager, obligation=obligation, text=text)
    assert set(comment.mentions.all()) == {manager, viewer}
    assert list(manager.mentioned_in.all()) == [comment]


def test_the_longer_name_counts() -> None:
    short, long = (
        User(pk=1, email="a@example.com", name="Kim Lee"),
        User(pk=2, email="b@example.com", name="Kim Lee Wong"),
    )
    assert mentioned("Ask @kim lee wong today", [short, long]) == [long]
    assert mentioned("Ask @Kim Lee today", [short, long]) == [short]
    assert mentioned("Nobody here", [short, long]) == []


def test_a_viewer_reads_and_a_stranger_finds_nothing(
    client: Client, viewer: User, stranger: User, obligation: Obligation
) -> None:
    address = f"{obligation.get_absolute_url()}comment/"
    client.force_login(viewer)
    assert client.post(address, {"text": "Hello"}).status_code == 403
    client.force_login(stranger)
    assert client.post(address, {"text": "Hello"}).status_code == 404
    with pytest.raises(PermissionDenied):
        comment_add(actor=viewer, obligation=obligation, text="Hello")
    assert not Comment.objects.exists()


def test_nothing_is_no_comment_and_too_much_is_not_lost(client: Client, manager: User, obligation: Obligation) -> None:
    client.force_login(manager)
    address = f"{obligation.get_absolute_url()}comment/"
    assert client.post(address, {"text": "  "}).status_code == 422
    response = client.post(address, {"text": "Keep me. " + "x" * 10_000})
    assert response.status_code == 422
    assert "Keep me." in response.content.decode()


def test_an_occurrence_of_another_obligation_is_not_found(
    client: Client, manager: User, obligation: Obligation
) -> None:
    client.force_login(manager)
    other = Obligation.objects.exclude(pk=obligation.pk).filter(occurrences__isnull=False).first()
    assert other is not None
    occurrence = other.occurrences.first()
    assert occurrence is not None
    address = f"{obligation.get_absolute_url()}comment/?occurrence={occurrence.pk}"
    assert client.post(address, {"text": "Hello"}).status_code == 404
