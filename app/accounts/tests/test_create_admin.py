from __future__ import annotations

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.models import Membership, Organisation, User

pytestmark = pytest.mark.django_db


def create_admin(monkeypatch: pytest.MonkeyPatch, secrets: str, **options: Any) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(secrets))
    out = io.StringIO()
    call_command("create_admin", "Kim@Example.com", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue().strip()


def test_an_administrator_can_sign_in_with_both_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert create_admin(monkeypatch, "a-long-test-password\nJBSWY3DPEHPK3PXP\n", organisation="Acme") == "created"
    user = User.objects.get(email="kim@example.com")
    assert user.check_password("a-long-test-password")
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    assert Membership.objects.get(user=user).role == "admin"


def test_running_it_again_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for expected in ("created", "unchanged", "unchanged"):
        assert create_admin(monkeypatch, "a-long-test-password\nJBSWY3DPEHPK3PXP\n", organisation="Acme") == expected


def test_a_new_password_or_organisation_is_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    create_admin(monkeypatch, "a-long-test-password\n", organisation="Acme")
    assert create_admin(monkeypatch, "another-long-password\n") == "updated"
    Organisation.objects.create(name="Other", slug="other")
    assert create_admin(monkeypatch, "another-long-password\n") == "updated"


@pytest.mark.parametrize(
    ("secrets", "remedy"), [("short\n", "at least 12 characters"), ("a-long-test-password\nJBSW!\n", "letters A-Z")]
)
def test_a_weak_secret_is_refused_and_nobody_is_made(
    monkeypatch: pytest.MonkeyPatch, secrets: str, remedy: str
) -> None:
    with pytest.raises(CommandError, match=remedy):
        create_admin(monkeypatch, secrets)
    assert not User.objects.exists()
