"""Asking people in, and their roles: through the pages, as those who use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from accounts.models import Membership, User
from accounts.tests.confirming import confirm_identity_of
from audit.models import AuditEvent
from django.core import mail
from django.test import Client

from registers.models import Invitation, Project, ProjectMembership
from registers.querysets import can

pytestmark = pytest.mark.django_db
PASSWORD = "a sentence that is long"
NEW = "noor@example.com"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def admin(project: Project) -> User:
    user = User.objects.create_user("admin@example.com", name="Ada Admin")
    Membership.objects.create(organisation=project.organisation, user=user, role="admin")
    return user


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return confirm_identity_of(client)


def invite(actor: User, **fields: str) -> int:
    form = {"email": NEW, "role": "advisor", "expires_on": "", **fields}
    return as_(actor).post("/projects/WRL/people/", form).status_code


def link() -> str:
    found = re.search(r"http://testserver(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_somebody_is_asked_in_makes_an_account_and_has_the_role(manager: User, project: Project) -> None:
    assert invite(manager) == 302
    assert mail.outbox[-1].to == [NEW]
    browser = Client()
    assert "Manager asks noor@example.com in" in browser.get(link()).content.decode()
    response = browser.post(link(), {"name": "Noor Haddad", "password": PASSWORD})
    assert response.headers["Location"] == "/accounts/login/"
    noor = User.objects.get(email=NEW)
    assert can(noor, "obligation.change", project)
    assert not can(noor, "member.manage", project)
    browser.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert browser.get("/projects/WRL/register/").status_code == 200


def test_a_link_works_once_and_for_seven_days(manager: User, clock: time_machine.Traveller) -> None:
    invite(manager)
    clock.shift(7 * 24 * 3600 + 1)
    assert Client().get(link()).status_code == 410
    invite(manager)
    Client().post(link(), {"name": "Noor", "password": PASSWORD})
    assert Client().get(link()).status_code == 410
    assert Client().post(link(), {"name": "Mallory", "password": PASSWORD}).status_code == 410
    assert User.objects.get(email=NEW).name == "Noor"


def test_the_token_is_stored_nowhere(manager: User) -> None:
    invite(manager)
    token = link().strip("/").rpartition("/")[2]
    assert token not in str(Invitation.objects.values())
    assert token not in str(AuditEvent.objects.values())


def test_an_invitation_taken_back_or_replaced_no_longer_works(manager: User) -> None:
    invite(manager)
    first = link()
    invite(manager, role="viewer")
    assert Client().get(first).status_code == 410
    as_(manager).post(f"/projects/WRL/people/invitations/{Invitation.objects.get(role='viewer').pk}/revoke/")
    assert Client().get(link()).status_code == 410


def test_who_has_an_account_joins_with_it_and_nobody_else_does(manager: User, viewer: User, project: Project) -> None:
    lee = User.objects.create_user("lee@example.com", PASSWORD, name="Lee")
    invite(manager, email=lee.email)
    assert Client().get(link()).headers["Location"] == f"/accounts/login/?next={link()}"
    assert "for another address" in as_(viewer).get(link()).content.decode()
    assert as_(viewer).post(link()).status_code == 422
    assert not ProjectMembership.objects.filter(user=lee).exists()
    as_(lee).post(link())
    assert ProjectMembership.objects.get(user=lee, project=project).role == "advisor"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "no address"}, "Enter a valid email address"),
        ({"role": ""}, "This field is required"),
        ({"role": "admin"}, "Select a valid choice"),
        ({"expires_on": "2026-11-22"}, "has not passed"),
        ({"email": "viewer@example.com"}, "is a member already"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused_and_keeps_what_was_typed(
    manager: User, viewer: User, fields: dict[str, str], said: str
) -> None:
    form = {"email": NEW, "role": "advisor", "expires_on": "", **fields}
    response = as_(manager).post("/projects/WRL/people/", form)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert form["email"] in response.content.decode()
    assert not mail.outbox


@pytest.mark.parametrize(("password", "name"), [("short", "Noor"), (PASSWORD, "")])
def test_an_account_needs_a_name_and_a_good_password(manager: User, password: str, name: str) -> None:
    invite(manager)
    assert Client().post(link(), {"name": name, "password": password}).status_code == 422
    assert not User.objects.filter(email=NEW).exists()


@pytest.mark.parametrize("who", ["contributor", "approver", "auditor", "viewer"])
def test_others_see_the_people_and_change_nothing(who: str, manager: User, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(who)
    page = as_(user).get("/projects/WRL/people/").content.decode()
    assert "Manager" in page
    assert "Invite somebody" not in page
    assert invite(user) == 403
    member = ProjectMembership.objects.get(user=manager)
    assert as_(user).get(f"/projects/WRL/people/project/{member.pk}/").status_code == 403
    assert as_(user).post(f"/projects/WRL/people/project/{member.pk}/remove/").status_code == 403


def test_a_stranger_finds_nothing(stranger: User, manager: User) -> None:
    member = ProjectMembership.objects.get(user=manager)
    for address in ("people/", f"people/project/{member.pk}/"):
        assert as_(stranger).get(f"/projects/WRL/{address}").status_code == 404


def test_a_projects_manager_gives_no_role_above_theirs(manager: User, admin: User) -> None:
    assert invite(manager, everywhere="on") == 302
    assert Invitation.objects.get().project is not None
    member = Membership.objects.get(user=admin)
    assert as_(manager).get(f"/projects/WRL/people/organisation/{member.pk}/").status_code == 403


def test_an_administrator_asks_in_for_all_projects(admin: User, project: Project) -> None:
    invite(admin, everywhere="on", role="manager")
    Client().post(link(), {"name": "Noor", "password": PASSWORD})
    assert Membership.objects.get(user__email=NEW).role == "manager"
    other = Project.objects.create(organisation=project.organisation, code="OTHER", name="Another")
    assert can(User.objects.get(email=NEW), "obligation.change", other)


def test_a_role_ends_with_its_last_day(
    manager: User, auditor: User, project: Project, clock: time_machine.Traveller
) -> None:
    member = ProjectMembership.objects.get(user=auditor)
    form = {"role": "auditor", "expires_on": "2026-11-24"}
    assert as_(manager).post(f"/projects/WRL/people/project/{member.pk}/", form).status_code == 302
    clock.shift(24 * 3600)
    assert as_(auditor).get("/projects/WRL/register/").status_code == 200
    clock.shift(24 * 3600)
    assert as_(auditor).get("/projects/WRL/register/").status_code == 404
    assert auditor not in project.people()


def test_somebody_stays_administrator(admin: User) -> None:
    Membership.objects.exclude(user=admin).filter(role="admin").delete()
    member = Membership.objects.get(user=admin)
    address = f"/projects/WRL/people/organisation/{member.pk}/"
    for form in ({"role": "viewer", "expires_on": ""}, {"role": "admin", "expires_on": "2027-01-01"}):
        response = as_(admin).post(address, form)
        assert "Somebody must stay administrator" in response.content.decode()
    as_(admin).post(f"{address}remove/")
    member.refresh_from_db()
    assert (member.role, member.expires_on) == ("admin", None)


def test_a_changed_and_a_removed_role_are_on_record(manager: User, viewer: User) -> None:
    member = ProjectMembership.objects.get(user=viewer)
    address = f"/projects/WRL/people/project/{member.pk}/"
    as_(manager).post(address, {"role": "approver", "expires_on": "2027-06-30"})
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.changes["role"]) == ("member.change", ["viewer", "approver"])
    assert ProjectMembership.objects.get(user=viewer).expires_on == date(2027, 6, 30)
    as_(manager).post(f"{address}remove/")
    assert AuditEvent.objects.latest("sequence").action == "member.remove"
    assert as_(viewer).get("/projects/WRL/register/").status_code == 404
