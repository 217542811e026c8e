"""Making, finding and revoking tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from accounts.models import User
from allauth.mfa.models import Authenticator
from audit.services import Entry, changing, record
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from registers.models import Project
from registers.querysets import can

from api.models import Token

PREFIX = "enssol_"
LONGEST = timedelta(days=366)
# Writing down each use would be a write for each read.
NOTED = timedelta(minutes=1)


def has_second_factor(user: User, *, before: datetime | None = None) -> bool:
    """Return whether the person has an authenticator app, set up before some moment, where the site asks for one."""
    if not settings.REQUIRE_SECOND_FACTOR:
        return True
    apps = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    found: bool = (apps.filter(created_at__lte=before) if before else apps).exists()
    return found


def token_create(
    *, actor: User, name: str, expires_at: datetime, may_write: bool, project: Project | None = None
) -> tuple[Token, str]:
    """Make a token, and return it with the text that opens, which is stored nowhere.

    Args:
        actor: as whom it acts.
        name: what will use it.
        expires_at: until when it opens, at most a year from now.
        may_write: whether it may change what its person may change; else it only reads.
        project: the only project that it opens; None for all that its person sees.

    Raises:
        ValidationError: the person has no second factor, the end is past or too far, or the project is not theirs.
    """
    if not has_second_factor(actor):
        raise ValidationError("Set up two-step sign-in first: a token stands for somebody who has it.")
    now = timezone.now()
    if not now < expires_at <= now + LONGEST:
        raise ValidationError({"expires_on": "Choose a day after today, within a year."})
    if project and not Project.objects.visible_to(actor).filter(pk=project.pk).exists():
        raise ValidationError({"project": "Choose one of your projects."})
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token(user=actor, name=name, may_write=may_write, project=project, expires_at=expires_at)
    token.digest = _digest(text)
    token.full_clean()
    token.save()
    _note(actor, token, "token.add")
    return token, text


def token_of(text: str) -> Token | None:
    """Return the token that a text is, if it opens anything now; its use is noted."""
    now = timezone.now()
    found = Token.objects.filter(digest=_digest(text)).select_related("user", "project").first()
    if found is None or found.revoked_at or found.expires_at <= now or not found.user.is_active:
        return None
    # One that was made under another second factor went with that: who reset it may have had to.
    if not has_second_factor(found.user, before=found.created_at):
        return None
    if found.last_used_at is None or now - found.last_used_at > NOTED:
        Token.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def token_revoke(*, actor: User, token: Token) -> None:
    """End a token: its person may, and who manages the members of a project or organisation of theirs.

    Raises:
        PermissionDenied: the actor may not.
    """
    if token.user != actor and not any(manages(actor, project) for project in _projects_of(token.user)):
        raise PermissionDenied
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        _note(actor, token, "token.revoke")


def manages(actor: User, project: Project) -> bool:
    """Return whether the person manages all members of the project's organisation."""
    return can(actor, "member.manage.organisation", project)


def tokens_in(project: Project) -> list[Token]:
    """Return the tokens that open the project now, of everybody, the newest first."""
    people = project.people().order_by()
    tokens = Token.objects.filter(user__in=people, revoked_at=None, expires_at__gt=timezone.now())
    return [token for token in tokens.select_related("user", "project") if token.project_id in {None, project.pk}]


def _projects_of(user: User) -> list[Project]:
    return list(Project.objects.visible_to(user).select_related("organisation"))


def _note(actor: User, token: Token, action: str) -> None:
    """Record it in the trail of each organisation whose register the token opens."""
    projects = [token.project] if token.project else _projects_of(token.user)
    for organisation in {project.organisation for project in projects}:
        changes = {
            "name": (None, token.name),
            "may_write": (None, token.may_write),
            "expires_at": (None, token.expires_at),
        }
        with changing(organisation):
            record(organisation, actor, Entry(action, token, changes=changes if action == "token.add" else {}))


def _digest(text: str) -> str:
    # Of 256 random bits: nothing that slows guessing down is needed.
    return hashlib.sha256(text.encode()).hexdigest()
