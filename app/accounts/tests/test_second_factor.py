"""Without a second factor a session reaches enrolment and the way out, and nothing else.

That it holds at every address, `config/tests/test_permissions.py` shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from audit.models import AuditEvent
from cryptography.fernet import InvalidToken
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from registers.models import Project
from ui.tests.totp import totp_code

from accounts import cipher
from accounts.models import Membership, User

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from pytest_django import DjangoCaptureOnCommitCallbacks
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
SECRET = "JBSWY3DPEHPK3PXP"
ENROLMENT = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.REQUIRE_SECOND_FACTOR = True
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def kim(project: Project) -> User:
    user = User.objects.create_user("kim@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.create(organisation=project.organisation, user=user, role="admin")
    return user


def enrol(user: User) -> Authenticator:
    authenticator: Authenticator = Authenticator.objects.create(
        user=user, type="totp", data={"secret": cipher.encrypt(SECRET)}
    )
    return authenticator


def with_password(client: Client, user: User) -> Client:
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def test_a_fragment_and_an_address_that_is_nowhere_lead_there_too(client: Client, kim: User) -> None:
    client.force_login(kim)
    response = client.get("/projects/WRL/register/", HTTP_HX_REQUEST="true")
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, ENROLMENT)
    assert client.get("/nowhere/").headers["Location"] == ENROLMENT


@pytest.mark.django_db(transaction=True)  # allauth 65 tells of it once it is committed
def test_enrolment_opens_the_session_at_once(client: Client, kim: User) -> None:
    with_password(client, kim)
    page = client.get(ENROLMENT, follow=True)
    if page.redirect_chain:
        client.post(page.redirect_chain[-1][0], {"password": PASSWORD})
        page = client.get(ENROLMENT)
    assert "<svg" in page.content.decode() or "data:image/svg+xml" in page.content.decode()
    code = totp_code(client.session["mfa.totp.secret"])
    assert client.post(ENROLMENT, {"code": code}).status_code == 302
    assert client.get("/projects/WRL/register/").status_code == 200


def test_the_code_opens_it_and_the_password_alone_does_not(client: Client, kim: User) -> None:
    enrol(kim)
    with_password(client, kim)
    assert client.get("/projects/").headers["Location"].startswith("/accounts/login/")
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(SECRET)})
    assert client.get("/projects/").status_code == 200


def test_a_code_is_taken_until_the_app_has_shown_the_next_one_through_and_only_once(
    client: Client, kim: User, clock: time_machine.Traveller
) -> None:
    enrol(kim)
    code = totp_code(SECRET)
    clock.shift(59)
    with_password(client, kim).post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/projects/").status_code == 200
    again = with_password(Client(), kim)
    again.post("/accounts/2fa/authenticate/", {"code": code})
    assert again.get("/projects/").status_code == 302


@pytest.mark.parametrize("seconds", [-1, 60])
def test_a_code_from_another_time_is_refused(
    client: Client, kim: User, clock: time_machine.Traveller, seconds: int
) -> None:
    enrol(kim)
    code = totp_code(SECRET)
    clock.shift(seconds)
    with_password(client, kim).post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/projects/").status_code == 302


def test_a_session_from_before_enrolment_ends(client: Client, kim: User) -> None:
    client.force_login(kim)
    enrol(kim)
    assert client.get("/projects/").headers["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in client.session


def test_the_way_out_is_open(client: Client, kim: User) -> None:
    client.force_login(kim)
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_turning_it_off_leads_back_to_enrolment(client: Client, kim: User) -> None:
    enrol(kim)
    with_password(client, kim)
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(SECRET)})
    # allauth 65 asks for the password once more, 0.63.6 within five minutes of signing in does not.
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get("/projects/").headers["Location"] == ENROLMENT


def test_who_lost_theirs_is_let_in_to_set_up_another_and_it_is_on_record(
    client: Client,
    kim: User,
    capsys: pytest.CaptureFixture[str],
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    enrol(kim)
    with_password(client, kim)
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(SECRET)})
    with django_capture_on_commit_callbacks(execute=True):
        call_command("mfa_reset", "Kim@Example.com")
    assert "1 authenticators removed" in capsys.readouterr().out
    assert not Session.objects.filter(session_key=client.session.session_key).exists()
    assert client.get("/projects/").headers["Location"].startswith("/accounts/login/")
    event = AuditEvent.objects.latest("sequence")
    assert (event.action, event.subject_label, event.channel) == ("second_factor.reset", "kim@example.com", "command")
    (mail,) = mailoutbox
    assert mail.to == ["kim@example.com"]
    assert "tell an administrator" in mail.body
    assert with_password(Client(), kim).get("/projects/").headers["Location"] == ENROLMENT


def test_nobody_of_that_address_is_said_so() -> None:
    with pytest.raises(CommandError, match="check its spelling"):
        call_command("mfa_reset", "nobody@example.com")


# --- Keys -------------------------------------------------------------------------------------------------------------
OLD, NEW = "old-" + "0123456789" * 4, "new-" + "0123456789" * 4


def test_a_new_key_takes_over_without_anybody_noticing(
    settings: Settings, kim: User, capsys: pytest.CaptureFixture[str]
) -> None:
    authenticator = enrol(kim)
    settings.ENCRYPTION_KEYS = [NEW, settings.SECRET_KEY]
    call_command("rotate_encryption")
    call_command("rotate_encryption")
    assert capsys.readouterr().out.splitlines() == [
        "1 secrets encrypted anew, 0 were under the newest key already.",
        "0 secrets encrypted anew, 1 were under the newest key already.",
    ]
    settings.ENCRYPTION_KEYS = [NEW]
    authenticator.refresh_from_db()
    assert cipher.decrypt(authenticator.data["secret"]) == SECRET


def test_without_its_key_a_secret_says_nothing(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = cipher.encrypt(SECRET)
    assert SECRET not in token
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(InvalidToken):
        cipher.decrypt(token)
