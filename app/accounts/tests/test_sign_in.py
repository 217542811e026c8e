from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import get_hasher
from django.test import Client, RequestFactory

from accounts.adapters import AccountAdapter, MFAAdapter
from accounts.hashers import PBKDF2PasswordHasher
from accounts.models import User

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
KIM = "kim@example.com"


@pytest.mark.parametrize(
    ("email", "right"),
    [
        ("kim@example.com", True),
        ("kim@example.com", False),
        ("invited@example.com", False),
        ("nobody@example.com", False),
    ],
)
def test_time_does_not_tell_who_has_an_account(email: str, right: bool) -> None:
    User.objects.create_user(KIM, "a-long-test-password")
    User.objects.create_user("invited@example.com")
    hasher = get_hasher()
    with patch.object(type(hasher), "encode", autospec=True, side_effect=type(hasher).encode) as hashed:
        user = authenticate(None, email=email, password="a-long-test-password" if right else "some-password")
    assert (user is not None) is right
    assert hashed.call_count == 1


def test_addresses_are_one_whatever_their_case() -> None:
    user = User.objects.create_user("Kim@Example.COM", "a-long-test-password")
    assert user.email == "kim@example.com"
    assert User.objects.get_by_natural_key("KIM@example.com") == user


def test_nobody_signs_up_without_an_invitation(client: Client) -> None:
    response = client.get("/accounts/signup/")
    assert b"password1" not in response.content
    fields = {"email": "new@example.com", "password1": "a-long-test-password", "password2": "a-long-test-password"}
    client.post("/accounts/signup/", fields)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("", 0, "10.0.0.9"),
        ("6.6.6.6", 0, "10.0.0.9"),
        ("6.6.6.6, 198.51.100.7", 1, "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 10.0.1.2", 2, "198.51.100.7"),
        ("", 1, "10.0.0.9"),
    ],
)
def test_the_clients_address_is_what_our_own_proxies_saw(
    settings: Settings, forwarded: str, proxies: int, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert AccountAdapter().get_client_ip(request) == address


def test_a_second_factors_secret_is_unreadable_in_the_database() -> None:
    stored = MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert MFAAdapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_with_a_second_factor_the_password_alone_does_not_sign_in(client: Client) -> None:
    user = User.objects.create_user("kim@example.com", "a-long-test-password")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")})
    response = client.post("/accounts/login/", {"login": "kim@example.com", "password": "a-long-test-password"})
    assert response.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_password_hashing_fits_half_a_gigabyte() -> None:
    assert PBKDF2PasswordHasher.iterations >= 600_000
