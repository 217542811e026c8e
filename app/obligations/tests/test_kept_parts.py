"""What a page keeps from one look to the next: nothing that has changed, and nothing that somebody may not see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from accounts.models import User
from accounts.roles import Role
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from registers.models import Project, ProjectMembership

from obligations.models import Obligation
from obligations.services.obligations import obligation_update

REGISTER = "/projects/WRL/register/"
# The session, the person, the project, the roles, the state of the register.
AGAIN = 5


@pytest.fixture
def duty(project: Project) -> Obligation:
    return Obligation.objects.filter(project=project).earliest("pk")


@pytest.fixture(params=["register", "results", "obligation"])
def address(request: pytest.FixtureRequest, duty: Obligation) -> tuple[str, dict[str, Any]]:
    """Return an address that keeps what it shows, and what it is asked with."""
    if request.param == "obligation":
        return duty.get_absolute_url(), {}
    return REGISTER, {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"} if request.param == "results" else {}


def _signed_in(user: User, headers: dict[str, Any] | None = None) -> Client:
    client = Client(enforce_csrf_checks=True, **headers or {})
    client.force_login(user)
    return client


def _without_tokens(text: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"\w+"', r"\1", text)


def test_a_page_that_is_opened_again_is_the_same_and_asks_little(
    address: tuple[str, dict[str, Any]], manager: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    url, headers = address
    client = _signed_in(manager, headers)
    first = client.get(url)
    with django_assert_max_num_queries(AGAIN):
        again = client.get(url)
    assert _without_tokens(again.content.decode()) == _without_tokens(first.content.decode())
    assert again.headers.get("HX-Push-Url") == first.headers.get("HX-Push-Url")


def test_what_somebody_else_changes_is_there_at_the_next_look(
    address: tuple[str, dict[str, Any]], manager: User, viewer: User, duty: Obligation
) -> None:
    url, headers = address
    client = _signed_in(viewer, headers)
    assert "Dust of the new road" not in client.get(url).content.decode()
    obligation_update(
        actor=manager, obligation=duty, changes={"title": "Dust of the new road"}, expected_version=duty.version
    )
    assert "Dust of the new road" in client.get(url).content.decode()


def test_who_may_do_less_is_offered_less_at_once(
    address: tuple[str, dict[str, Any]], manager: User, project: Project
) -> None:
    url, headers = address
    client = _signed_in(manager, headers)
    assert "/edit/" in client.get(url).content.decode()
    # Not through the service: without an event in the trail, nothing says that the organisation has changed.
    membership = ProjectMembership.objects.filter(project=project, user=manager)
    membership.update(role=Role.VIEWER)
    assert "/edit/" not in client.get(url).content.decode()
    membership.delete()
    assert client.get(url).status_code == 404


def test_each_person_has_their_own(
    address: tuple[str, dict[str, Any]], manager: User, viewer: User, duty: Obligation
) -> None:
    url, headers = address
    assert "/edit/" in _signed_in(manager, headers).get(url).content.decode()
    assert "/edit/" not in _signed_in(viewer, headers).get(url).content.decode()


def test_the_token_of_a_kept_form_is_that_of_the_person_and_of_the_answer(manager: User, duty: Obligation) -> None:
    client, other = _signed_in(manager), _signed_in(manager)
    other.get(duty.get_absolute_url())
    told = [client.get(duty.get_absolute_url()).content.decode() for _ in range(2)]
    first, again = ({*re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', text)} for text in told)
    assert first.isdisjoint(again)
    for token in first | again:
        said = client.post(
            f"/projects/WRL/obligations/{duty.pk}/comment/", {"text": "Seen.", "csrfmiddlewaretoken": token}
        )
        assert said.status_code == 302
