"""Tokens: how they are made, what they open, and how that ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from accounts.models import Membership, User
from accounts.roles import Role
from accounts.tests.confirming import confirm_identity_of
from allauth.mfa.models import Authenticator
from audit.models import AuditEvent
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from registers.models import Project

from api.models import Token
from api.tokens import token_create, token_revoke

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

PROJECTS = "/api/v1/projects/"


def bearer(user: User, *, may_write: bool = True, project: Project | None = None, days: int = 30) -> dict[str, Any]:
    """Return the headers of a request with a new token of the person."""
    end = timezone.now() + timedelta(days=days)
    _, text = token_create(actor=user, name="Power BI", expires_at=end, may_write=may_write, project=project)
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def test_a_token_is_made_on_its_page_shown_once_and_stored_nowhere(client: Client, manager: User) -> None:
    client.force_login(manager)
    confirm_identity_of(client)
    last = timezone.localdate() + timedelta(days=5)
    made = client.post("/accounts/tokens/add/", {"name": "Power BI", "expires_on": str(last)})
    assert made.status_code == 201
    text = re.search(r"enssol_[\w-]{43}", made.content.decode())[0]  # type: ignore[index]  # else it fails
    assert text not in client.get("/accounts/tokens/").content.decode()
    token = Token.objects.get()
    assert text not in str(vars(token))
    assert (token.may_write, token.project, timezone.localdate(token.expires_at)) == (False, None, last + timedelta(1))
    found = Client().get(PROJECTS, HTTP_AUTHORIZATION=f"Bearer {text}").json()["results"]
    assert [one["code"] for one in found] == ["WRL"]
    event = AuditEvent.objects.get(action="token.add")
    assert event.actor == manager
    assert "Power BI" in str(event.changes)
    assert text not in str(event.changes)


def test_making_one_asks_again_who_it_is(client: Client, manager: User) -> None:
    client.force_login(manager)
    response = client.post("/accounts/tokens/add/", {"name": "Power BI", "expires_on": "2030-01-01"})
    assert "reauthenticate" in response.headers["Location"]
    assert not Token.objects.exists()


def test_an_end_that_is_past_or_far_is_refused(manager: User) -> None:
    for days in (-1, 400):
        with pytest.raises(ValidationError, match="within a year"):
            bearer(manager, days=days)


def test_nobody_without_a_second_factor_has_one(client: Client, manager: User, settings: Settings) -> None:
    headers = bearer(manager)
    settings.REQUIRE_SECOND_FACTOR = True
    with pytest.raises(ValidationError, match="two-step sign-in"):
        bearer(manager)
    # Whoever loses the second factor loses what stands for it, and setting up another does not bring it back.
    assert client.get(PROJECTS, **headers).status_code == 401
    Authenticator.objects.create(user=manager, type=Authenticator.Type.TOTP, data={})
    assert client.get(PROJECTS, **headers).status_code == 401
    assert client.get(PROJECTS, **bearer(manager)).status_code == 200


def test_a_fault_of_ours_is_told_to_programs_in_their_manner(
    client: Client, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("A secret of the inside.")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    client.raise_request_exception = False
    response = client.get(PROJECTS, **bearer(manager))
    assert (response.status_code, response.headers["Content-Type"]) == (500, "application/problem+json")
    assert set(response.json()) == {"title", "status", "detail"}
    assert b"secret" not in response.content
    page = client.get("/projects/")
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")


def test_what_opens_nothing_is_told_so_with_what_to_do(client: Client, manager: User) -> None:
    headers = bearer(manager, days=2)
    tried: list[dict[str, Any]] = [{}, {"HTTP_AUTHORIZATION": "Bearer enssol_no"}, {"HTTP_AUTHORIZATION": "Basic eDp5"}]
    for wrong in tried:
        response = client.get(PROJECTS, **wrong)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Enssol"')
        assert response.headers["Content-Type"] == "application/problem+json"
    assert client.get(PROJECTS, **headers).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert "expired" in client.get(PROJECTS, **headers).json()["detail"]
    token_revoke(actor=manager, token=Token.objects.get())
    assert client.get(PROJECTS, **headers).status_code == 401
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1


def test_a_token_that_reads_changes_nothing(client: Client, manager: User) -> None:
    headers = bearer(manager, may_write=False)
    response = client.post(f"{PROJECTS}WRL/obligations/", "{}", "application/json", **headers)
    assert response.status_code == 403
    assert response.json()["detail"] == "This token only reads: make one that may change things."


def test_a_token_of_one_project_opens_no_other(client: Client, project: Project, manager: User) -> None:
    other = Project.objects.create(organisation=project.organisation, code="OTH", name="Other")
    Membership.objects.create(organisation=project.organisation, user=manager, role=Role.MANAGER)
    assert len(client.get(PROJECTS, **bearer(manager)).json()["results"]) == 2
    headers = bearer(manager, project=project)
    assert [one["code"] for one in client.get(PROJECTS, **headers).json()["results"]] == ["WRL"]
    assert client.get(f"{PROJECTS}{other.code}/obligations/", **headers).status_code == 404
    with pytest.raises(ValidationError, match="one of your projects"):
        bearer(User.objects.create_user("new@example.com", "a-long-test-password"), project=project)


def test_who_manages_members_ends_tokens_of_others_and_nobody_else_does(
    client: Client, project: Project, manager: User, viewer: User
) -> None:
    headers = bearer(viewer)
    token = Token.objects.get()
    address = f"/projects/WRL/tokens/{token.pk}/revoke/"
    client.force_login(manager)
    assert client.post(address).status_code == 403
    assert client.post(f"/accounts/tokens/{token.pk}/revoke/").status_code == 404
    Membership.objects.create(organisation=project.organisation, user=manager, role=Role.ADMIN)
    page = client.get("/projects/WRL/tokens/").content.decode()
    assert "Power BI, of Viewer" in page
    assert client.post(address).status_code == 302
    assert Client().get(PROJECTS, **headers).status_code == 401


def test_its_person_ends_it(client: Client, manager: User) -> None:
    headers = bearer(manager)
    client.force_login(manager)
    assert "Power BI" in client.get("/accounts/tokens/").content.decode()
    client.post(f"/accounts/tokens/{Token.objects.get().pk}/revoke/")
    assert Client().get(PROJECTS, **headers).status_code == 401
    assert "You have none" in client.get("/accounts/tokens/").content.decode()


def test_its_last_use_is_shown(client: Client, manager: User) -> None:
    headers = bearer(manager)
    client.get(PROJECTS, **headers)
    assert Token.objects.get().last_used_at is not None
