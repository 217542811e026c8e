"""When something is wrong, the page says what, whether anything was lost, and where to go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from config.urls import urlpatterns as ours
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.defaults import bad_request, permission_denied, server_error


def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret in the message")


urlpatterns = [path("broken", _broken), *ours]


@pytest.mark.django_db
def test_an_address_that_leads_nowhere(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here for you" in response.content.decode()
    assert 'href="/"' in response.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_ours_tells_nothing_of_its_cause(client: Client) -> None:
    client.raise_request_exception = False
    response = client.get("/broken")
    page = response.content.decode()
    assert response.status_code == 500
    assert "Something broke on our side" in page
    assert "secret" not in page
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize(
    ("view", "heading"),
    [
        (bad_request, "This request was not understood"),
        (permission_denied, "You may look, but not change this"),
    ],
)
def test_a_refusal_has_a_page_of_its_own(rf: RequestFactory, view: Callable[..., HttpResponse], heading: str) -> None:
    assert heading in view(rf.get("/"), Exception("why")).content.decode()


def test_the_page_for_a_fault_needs_nothing_that_may_be_broken(rf: RequestFactory) -> None:
    assert "Something broke" in server_error(rf.get("/")).content.decode()
