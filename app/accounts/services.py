"""Every change of people and who they work for."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from audit.services import Entry, record
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import cipher
from accounts.models import Membership, Organisation, User
from accounts.roles import Role

logger = logging.getLogger(__name__)


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


@transaction.atomic
def second_factor_reset(*, user: User, actor: User | None) -> int:
    """Take a person's second factor and end their sessions, so that they set up another one; recorded.

    Args:
        user: who lost theirs.
        actor: who resets it; None for a command.

    Returns:
        how many authenticators were removed.
    """
    number: int = Authenticator.objects.filter(user=user).delete()[0]
    sessions_end(user)
    entry = Entry("second_factor.reset", user, changes={"authenticators": (number, 0)})
    # Where they work: in the whole of it, or in some of its projects.
    works = Q(memberships__user=user) | Q(projects__memberships__user=user)
    for organisation in Organisation.objects.filter(works).distinct():
        record(organisation, actor, entry)
    transaction.on_commit(partial(_tell_of_reset, user))
    return number


def _tell_of_reset(user: User) -> None:
    """Tell a person that their second factor is gone, in case it was not they who asked."""
    text = render_to_string("accounts/second_factor_reset.txt", {"user": user})
    try:
        send_mail("Your second factor was reset", text, None, [user.email])
    except OSError:
        # It is reset all the same; errors of the mail server are of this kind.
        logger.exception("Nobody could be told that a second factor was reset")


def sessions_end(user: User) -> int:
    """Sign a person out everywhere; return how many sessions ended."""
    theirs = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if session.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()
    return len(theirs)


@transaction.atomic
def secrets_renew() -> tuple[int, int]:
    """Encrypt second-factor secrets under the newest key; return how many were not, and how many were."""
    renewed = kept = 0
    for authenticator in Authenticator.objects.select_for_update():
        tokens = {name: authenticator.data[name] for name in ("secret", "seed") if name in authenticator.data}
        fresh = {name: cipher.renewed(token) for name, token in tokens.items()}
        renewed += tokens != fresh
        kept += tokens == fresh
        if tokens != fresh:
            authenticator.data |= fresh
            authenticator.save(update_fields=["data"])
    return renewed, kept


def _ensure(model: type[EmailAddress] | type[Membership], key: dict[str, Any], values: dict[str, Any]) -> bool:
    if model._default_manager.filter(**key, **values).exists():
        return False
    model._default_manager.update_or_create(**key, defaults=values)
    return True


def _totp_ensure(user: User, secret: str) -> bool:
    stored = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if stored and cipher.decrypt(stored.data["secret"]) == secret:
        return False
    Authenticator.objects.update_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": cipher.encrypt(secret)}}
    )
    return True
