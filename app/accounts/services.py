"""Every change of people and who they work for."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.models import Membership, Organisation, User
from accounts.roles import Role


@transaction.atomic
def administrator_ensure(*, email: str, password: str, totp_secret: str = "") -> str:
    """Make sure that a person can sign in and administers every organisation.

    Args:
        email: their address; it counts as verified.
        password: their password from now on.
        totp_secret: the base32 secret of their authenticator app; empty leaves the second factor as it is.

    Returns:
        `created`, `updated` or `unchanged`.

    Raises:
        ValidationError: the address is malformed or the password too weak.
    """
    address = User.objects.normalize_email(email)
    user = User.objects.filter(email=address).first() or User(email=address)
    is_new = user.pk is None
    validate_password(password, user)
    changed = is_new or not user.check_password(password) or not user.is_active
    if changed:
        user.is_active = True
        user.set_password(password)
        user.full_clean()
        user.save()
    verified = {"verified": True, "primary": True}
    changed |= _ensure(EmailAddress, {"user": user, "email": address}, verified)
    for organisation in Organisation.objects.all():
        changed |= _ensure(Membership, {"user": user, "organisation": organisation}, {"role": Role.ADMIN})
    if totp_secret:
        changed |= _totp_ensure(user, totp_secret)
    if is_new:
        return "created"
    return "updated" if changed else "unchanged"


def _ensure(model: type[EmailAddress] | type[Membership], key: dict[str, Any], values: dict[str, Any]) -> bool:
    if model._default_manager.filter(**key, **values).exists():
        return False
    model._default_manager.update_or_create(**key, defaults=values)
    return True


def _totp_ensure(user: User, secret: str) -> bool:
    stored = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if stored and decrypt(stored.data["secret"]) == secret:
        return False
    Authenticator.objects.update_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": encrypt(secret)}}
    )
    return True
