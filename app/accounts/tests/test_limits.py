"""How often somebody may fail, whatever the process and the version of allauth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from ui.tests.totp import totp_code

from accounts.adapters import MFAAdapter
from accounts.limits import LIMITS, Attempt, code_use
from accounts.models import Failure, User

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
SECRET = "JBSWY3DPEHPK3PXP"
WRONG = "not-the-password"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-23T04:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def kim() -> User:
    return _user("kim@example.com")


def _user(email: str) -> User:
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def sign_in(email: str = "kim@example.com", *, password: str = WRONG, address: str = "198.51.100.7") -> str:
    """Try from a fresh browser; return where it led, or what the page said."""
    response = Client(REMOTE_ADDR=address).post("/accounts/login/", {"login": email, "password": password})
    return response.headers.get("Location") or response.content.decode()


def test_an_account_takes_five_wrong_passwords_from_wherever_they_come(
    kim: User, clock: time_machine.Traveller
) -> None:
    for number in range(LIMITS["password account"].failures):
        assert "Too many" not in sign_in(address=f"198.51.100.{number}")
    assert "Too many" in sign_in(password=PASSWORD, address="203.0.113.1")
    clock.shift(LIMITS["password account"].within + timedelta(seconds=1))
    assert sign_in(password=PASSWORD) == "/"


def test_the_limit_survives_a_restart_that_empties_the_cache(kim: User) -> None:
    for _ in range(LIMITS["password account"].failures):
        sign_in()
    cache.clear()
    assert "Too many" in sign_in(password=PASSWORD)


def test_signing_in_to_an_own_account_buys_no_tries_at_others(clock: time_machine.Traveller) -> None:
    _user("mallory@example.com")
    for number in range(LIMITS["password address"].failures):
        clock.shift(3)  # slow enough for allauth's own limit on an address
        sign_in(f"victim{number}@example.com")
        if number % 5 == 0:
            # Their own success, which allauth 0.63.6 would take for a clean slate of the whole address.
            Attempt("password", account="mallory@example.com", address="198.51.100.7").succeeded()
    assert "Too many" in sign_in("mallory@example.com", password=PASSWORD)
    assert sign_in("mallory@example.com", password=PASSWORD, address="198.51.100.8") == "/"


def test_a_success_forgets_the_accounts_own_failures(kim: User) -> None:
    for _ in range(LIMITS["password account"].failures - 1):
        sign_in()
    assert sign_in(password=PASSWORD) == "/"
    assert not Failure.objects.filter(scope="password account").exists()
    assert "Too many" not in sign_in()


def test_trying_on_while_refused_prolongs_nothing(kim: User, clock: time_machine.Traveller) -> None:
    for _ in range(LIMITS["password account"].failures + 20):
        sign_in()
    clock.shift(LIMITS["password account"].within + timedelta(seconds=1))
    assert sign_in(password=PASSWORD) == "/"


def second_step(kim: User, code: str) -> str:
    client = Client()
    client.post("/accounts/login/", {"login": kim.email, "password": PASSWORD})
    response = client.post("/accounts/2fa/authenticate/", {"code": code})
    return response.headers.get("Location") or response.content.decode()


def test_a_code_signs_in_once_though_the_cache_forgot_it(kim: User, clock: time_machine.Traveller) -> None:
    Authenticator.objects.create(user=kim, type="totp", data={"secret": MFAAdapter().encrypt(SECRET)})
    assert second_step(kim, totp_code(SECRET)) == "/"
    cache.clear()
    assert "Incorrect code" in second_step(kim, totp_code(SECRET))
    clock.shift(60)
    assert second_step(kim, totp_code(SECRET)) == "/"


def test_codes_are_guessed_five_times_only(kim: User) -> None:
    Authenticator.objects.create(user=kim, type="totp", data={"secret": MFAAdapter().encrypt(SECRET)})
    wrong = "000000" if totp_code(SECRET) != "000000" else "111111"
    for _ in range(LIMITS["code account"].failures):
        assert "Incorrect code" in second_step(kim, wrong)
    assert "Too many" in second_step(kim, totp_code(SECRET))


def test_a_code_is_used_once_by_one_person_and_may_come_again_later(kim: User, clock: time_machine.Traveller) -> None:
    assert code_use(kim, "123456")
    assert not code_use(kim, "123456")
    assert code_use(_user("lee@example.com"), "123456")
    clock.shift(300)
    assert code_use(kim, "123456")
