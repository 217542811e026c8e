"""Each page of signing in and of the account: ours from top to bottom, whichever allauth serves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from accounts.models import User
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from ui.tests.conftest import PASSWORD
from ui.tests.totp import totp_code

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

OUTSIDE = {
    "account_login": "Sign in",
    "account_reset_password": "Reset your password",
    "account_reset_password_done": "Look in your mail",
    "account_reset_password_from_key_done": "Password changed",
    "account_signup": "Accounts come by invitation",
    "account_inactive": "This account is closed",
    "account_email_verification_sent": "Confirm your email address",
}
INSIDE = {
    "account_email": "Email address",
    "account_change_password": "Change password",
    "account_logout": "Sign out?",
    "mfa_index": "Two-step sign-in",
}


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def _heading(response: Response) -> str:
    page = response.content.decode()
    assert '<html lang="en-AU">' in page
    assert 'class="skip"' in page
    assert "ui/css/tokens.css" in page
    found = re.findall(r"<h1>\s*(.*?)\s*</h1>", page)
    assert len(found) == 1, found
    return str(found[0])


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "heading"), OUTSIDE.items())
def test_a_page_before_signing_in(client: Client, name: str, heading: str) -> None:
    assert _heading(client.get(reverse(name))) == heading


@pytest.mark.parametrize(("name", "heading"), INSIDE.items())
def test_a_page_of_the_account(signed_in: Client, name: str, heading: str) -> None:
    assert _heading(signed_in.get(reverse(name))) == heading


def test_a_wrong_password_is_said_before_the_fields_and_the_address_stays(client: Client, person: User) -> None:
    response = client.post(reverse("account_login"), {"login": person.email, "password": "not this one"})
    page = response.content.decode()
    assert "There is a problem" in page
    assert person.email in page
    assert "not this one" not in page
    assert re.search(r"<title>\s*Error:", page)


def test_password_managers_and_phones_know_the_fields(client: Client, db: None) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert re.search(r'name="login"[^>]*autocomplete="username"', page)
    assert re.search(r'name="password"[^>]*autocomplete="current-password"', page)


def test_two_step_sign_in_from_set_up_to_turned_off(signed_in: Client, person: User) -> None:
    set_up = signed_in.get(reverse("mfa_activate_totp"))
    page = set_up.content.decode()
    assert _heading(set_up) == "Set up an authenticator app"
    assert 'src="data:image/svg+xml;base64,' in page
    assert set_up.context["form"].secret in page
    assert "There is a problem" in signed_in.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    activated = signed_in.post(
        reverse("mfa_activate_totp"), {"code": totp_code(set_up.context["form"].secret)}, follow=True
    )
    assert _heading(activated) == "Recovery codes"
    assert len(re.findall(r"<li>\d{8}</li>", activated.content.decode())) == 10
    assert "10 codes left" in re.sub(r"\s+", " ", signed_in.get(reverse("mfa_index")).content.decode())
    assert _heading(signed_in.get(reverse("mfa_generate_recovery_codes"))) == "Make new recovery codes?"
    assert _heading(signed_in.get(reverse("mfa_deactivate_totp"))) == "Turn off two-step sign-in?"
    signed_in.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=person, type="totp").exists()


def test_the_second_step_asks_for_the_code_and_takes_a_recovery_code(signed_in: Client, person: User) -> None:
    secret = signed_in.get(reverse("mfa_activate_totp")).context["form"].secret
    activated = signed_in.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)}, follow=True)
    codes = activated.context["unused_codes"]
    browser = Client()
    step = browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert _heading(step) == "Second step"
    assert re.search(r'name="code"[^>]*inputmode="numeric"', step.content.decode())
    browser.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert browser.get("/projects/").status_code == 200


def test_confirming_oneself_asks_for_password_or_code(signed_in: Client) -> None:
    secret = signed_in.get(reverse("mfa_activate_totp")).context["form"].secret
    signed_in.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    for name in ("account_reauthenticate", "mfa_reauthenticate"):
        assert _heading(signed_in.get(reverse(name))) == "Confirm that it is you"


def test_a_forgotten_password_is_replaced_through_the_mail(client: Client, person: User) -> None:
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1], follow=True)
    assert _heading(form) == "Choose a new password"
    page = client.post(form.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert "There is a problem" in page.content.decode()
    fine = {"password1": "wattle-and-daub-1926", "password2": "wattle-and-daub-1926"}
    assert _heading(client.post(form.request["PATH_INFO"], fine, follow=True)) == "Password changed"
    assert _heading(client.get("/accounts/password/reset/key/1-used/")) == "This link no longer works"


def test_signing_out_is_one_press_and_needs_no_script(signed_in: Client) -> None:
    page = signed_in.get("/projects/").content.decode()
    assert re.search(r'<form method="post" action="/accounts/logout/">', page)
    signed_in.post("/accounts/logout/")
    assert "_auth_user_id" not in signed_in.session
