"""What an administrator decides for the organisation, and does for colleagues who cannot get in."""

from __future__ import annotations

import pytest
from accounts.models import Membership, Organisation, User
from accounts.tests.confirming import confirm_identity_of
from allauth.mfa.models import Authenticator
from audit.models import AuditEvent
from django.test import Client

from registers.models import Project, ProjectMembership

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
SETTINGS = "/projects/WRL/people/organisation/"


@pytest.fixture
def admin(project: Project) -> User:
    user = User.objects.create_user("admin@example.com", PASSWORD, name="Ada Admin")
    Membership.objects.create(organisation=project.organisation, user=user, role="admin")
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def of(user: User) -> str:
    return f"/projects/WRL/people/project/{ProjectMembership.objects.get(user=user).pk}"


def switched_on(project: Project) -> bool:
    project.organisation.refresh_from_db()
    return project.organisation.four_eyes


def test_an_administrator_has_two_people_sign_and_it_is_on_record(admin: User, project: Project) -> None:
    client = confirm_identity_of(signed_in(admin))
    assert client.post(SETTINGS, {"four_eyes": "on"}).status_code == 302
    assert switched_on(project)
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.changes) == ("organisation.change", {"four_eyes": [False, True]})
    client.post(SETTINGS, {"four_eyes": "on"})
    assert AuditEvent.objects.latest("sequence") == event
    client.post(SETTINGS, {})
    assert not switched_on(project)


def test_who_has_not_just_signed_in_is_asked_and_loses_nothing(admin: User, project: Project) -> None:
    """Without JavaScript: what was sent is kept, and done once the password is given."""
    client = signed_in(admin)
    asked = client.post(SETTINGS, {"four_eyes": "on"})
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not switched_on(project)
    page = client.get(asked.headers["Location"]).content.decode()
    assert "Confirm that it is you" in page
    assert f'value="{SETTINGS}"' in page
    wrong = client.post("/accounts/reauthenticate/", {"password": "not the password", "next": SETTINGS})
    assert not switched_on(project)
    assert "There is a problem" in wrong.content.decode()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": SETTINGS})
    assert switched_on(project)


def test_each_sensitive_act_asks(admin: User, viewer: User) -> None:
    client = signed_in(admin)
    for address, form in (
        (f"{of(viewer)}/", {"role": "auditor", "expires_on": ""}),
        (f"{of(viewer)}/remove/", {}),
        (f"{of(viewer)}/sign-out/", {}),
        (f"{of(viewer)}/second-factor/", {}),
        ("/projects/WRL/people/", {"email": "new@example.com", "role": "viewer", "expires_on": ""}),
        ("/accounts/email/", {"email": "new@example.com", "action_add": ""}),
        ("/accounts/2fa/totp/activate/", {}),
    ):
        to = client.post(address, form).headers.get("Location", "")
        assert to.startswith("/accounts/reauthenticate/"), address
    Authenticator.objects.create(user=admin, type="totp", data={"secret": ""})
    for address in ("/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/generate/"):
        to = client.post(address).headers.get("Location", "")
        assert to.startswith("/accounts/reauthenticate/"), address
    # Its own form asks for the old password.
    assert "oldpassword" in client.get("/accounts/password/change/").content.decode()


def test_a_form_that_was_wrong_can_be_sent_again(admin: User, viewer: User) -> None:
    """The page that comes after the password has forms that lead back to their own address."""
    page = signed_in(admin).get(f"{of(viewer)}/").content.decode()
    assert f'action="{of(viewer)}/"' in page


def test_a_colleague_is_signed_out_everywhere(admin: User, viewer: User) -> None:
    lost = signed_in(viewer)
    assert lost.get("/projects/WRL/register/").status_code == 200
    client = confirm_identity_of(signed_in(admin))
    answer = client.post(f"{of(viewer)}/sign-out/", follow=True)
    assert "Viewer is signed out: 1 session ended." in answer.content.decode()
    assert lost.get("/projects/WRL/register/").status_code == 302
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.subject_label, event.actor) == ("member.sign_out", "Viewer", admin)


def test_a_colleague_sets_up_another_second_factor(admin: User, viewer: User) -> None:
    Authenticator.objects.create(user=viewer, type="totp", data={})
    lost = signed_in(viewer)
    confirm_identity_of(signed_in(admin)).post(f"{of(viewer)}/second-factor/")
    assert not Authenticator.objects.exists()
    assert lost.get("/projects/WRL/register/").status_code == 302
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.subject_label, event.actor) == ("second_factor.reset", "Viewer", admin)


def test_nobody_does_it_to_themselves(admin: User, project: Project) -> None:
    """So an administrator is left who can still sign in."""
    ProjectMembership.objects.create(project=project, user=admin, role="manager")
    Authenticator.objects.create(user=admin, type="totp", data={})
    assert confirm_identity_of(signed_in(admin)).post(f"{of(admin)}/second-factor/").status_code == 403
    assert Authenticator.objects.exists()


def test_nor_to_somebody_of_another_organisation_as_well(admin: User, viewer: User) -> None:
    other = Organisation.objects.create(name="Brigalow Gas", slug="brigalow-gas")
    Membership.objects.create(organisation=other, user=viewer, role="admin")
    Authenticator.objects.create(user=viewer, type="totp", data={})
    answer = confirm_identity_of(signed_in(admin)).post(f"{of(viewer)}/second-factor/", follow=True)
    assert "also works for another organisation" in answer.content.decode()
    assert Authenticator.objects.exists()


def test_a_manager_of_a_project_does_neither(manager: User, viewer: User) -> None:
    client = confirm_identity_of(signed_in(manager))
    for act in ("sign-out", "second-factor"):
        assert client.post(f"{of(viewer)}/{act}/").status_code == 403
    assert "Reset the second factor" not in client.get(f"{of(viewer)}/").content.decode()


def test_everybody_reads_what_their_role_may_do(viewer: User) -> None:
    page = signed_in(viewer).get("/projects/WRL/people/roles/").content.decode()
    assert "Your role here: Viewer." in " ".join(page.split())
    assert "Close, or return for more work" in page
