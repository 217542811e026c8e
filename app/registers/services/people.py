"""Who belongs to a project or an organisation, and with which role."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta

from accounts.models import Membership, Organisation, User, unexpired
from accounts.roles import Role, grantable
from allauth.account.models import EmailAddress
from audit.services import Entry, changing, record
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from registers.models import Invitation, Project, ProjectMembership
from registers.querysets import roles_in

VALID_FOR = timedelta(days=7)


def roles_to_give(actor: User, project: Project, *, everywhere: bool = False) -> list[Role]:
    """Return the roles that a person may give in the project, or everywhere in its organisation: none above theirs."""
    roles = roles_in(actor, project)
    if everywhere:
        theirs = project.organisation.memberships.filter(unexpired(), user=actor)
        roles = set(theirs.values_list("role", flat=True))
    return grantable("organisation" if everywhere else "project", roles)


def invitation_create(
    *, actor: User, project: Project, everywhere: bool, email: str, role: str, expires_on: date | None
) -> tuple[Invitation, str]:
    """Ask somebody into the project, or into its whole organisation; an earlier open invitation is replaced.

    Args:
        actor: who asks.
        project: where.
        everywhere: whether the role holds in the organisation rather than in the project.
        email: whom.
        role: as what.
        expires_on: the role's last day, if it has one.

    Returns:
        the invitation, and the token for the link, which is stored nowhere.

    Raises:
        PermissionDenied: the actor may not give that role.
        ValidationError: the address is malformed, or its person is a member already.
    """
    if role not in roles_to_give(actor, project, everywhere=everywhere):
        raise PermissionDenied
    address = User.objects.normalize_email(email)
    validate_email(address)
    _in_future(expires_on)
    members = project.organisation.memberships if everywhere else project.memberships
    if members.filter(user__email=address).exists():
        raise ValidationError({"email": f"{address} is a member already: change their role in the list."})
    with changing(project.organisation):
        here = Invitation.objects.filter(
            organisation=project.organisation, project=None if everywhere else project, email=address
        )
        here.filter(accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            organisation=project.organisation,
            project=None if everywhere else project,
            email=address,
            role=role,
            role_expires_on=expires_on,
            token_hash=_hashed(token),
            invited_by=actor,
            expires_at=timezone.now() + VALID_FOR,
        )
        changes = {"email": ("", address), "role": ("", role), "last day": (None, expires_on)}
        record(project.organisation, actor, Entry("invitation.send", invitation, project.pk, changes=changes))
    return invitation, token


def invitation_revoke(*, actor: User, project: Project, invitation: Invitation) -> None:
    """Let the link work no longer.

    Raises:
        PermissionDenied: the actor may not give the invitation's role.
    """
    if invitation.role not in roles_to_give(actor, project, everywhere=invitation.project is None):
        raise PermissionDenied
    with changing(project.organisation):
        if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            revoked_at=timezone.now()
        ):
            record(project.organisation, actor, Entry("invitation.revoke", invitation, project.pk))


def invitation_of(token: str) -> Invitation | None:
    """Return the open invitation with that token."""
    found = Invitation.objects.select_related("organisation", "project", "invited_by")
    invitation = found.filter(token_hash=_hashed(token)).first()
    return invitation if invitation and invitation.is_open else None


def invitation_accept(*, token: str, user: User | None = None, name: str = "", password: str = "") -> User:
    """Take the place: as somebody who has an account, or with a new one whose address the link has proved.

    Raises:
        ValidationError: the link no longer works, is another person's, or the password is too weak.
    """
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(token_hash=_hashed(token)).first()
        if invitation is None or not invitation.is_open:
            raise ValidationError("This invitation no longer works: ask for another one.")
        known = User.objects.filter(email=invitation.email).first()
        if known and known != user:
            raise ValidationError(f"{invitation.email} has an account: sign in with it first.")
        if user and user.email != invitation.email:
            raise ValidationError(f"The invitation is for {invitation.email}: sign in with that address.")
        person = known or _person(invitation.email, name, password)
        _join(invitation, person)
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        project = invitation.project
        changes = {"role": ("", invitation.role), "last day": (None, invitation.role_expires_on)}
        entry = Entry("invitation.accept", invitation, project.pk if project else None, changes=changes)
        record(invitation.organisation, person, entry)
    return person


def member_change(
    *, actor: User, project: Project, member: Membership | ProjectMembership, role: str, expires_on: date | None
) -> None:
    """Give a member another role, or another last day.

    Raises:
        PermissionDenied: the actor may not give the old or the new role.
        ValidationError: the day has passed, or the organisation would be without an administrator.
    """
    _require_over(actor, project, member, role)
    if expires_on != member.expires_on:
        _in_future(expires_on)
    with changing(project.organisation):
        changes = {"role": (member.role, role), "last day": (member.expires_on, expires_on)}
        member.role, member.expires_on = role, expires_on
        member.save()
        if isinstance(member, Membership):
            _keep_an_administrator(project.organisation)
        record(project.organisation, actor, Entry("member.change", member.user, project.pk, changes=changes))


def member_remove(*, actor: User, project: Project, member: Membership | ProjectMembership) -> None:
    """Take somebody's role away; what they did stays theirs on record.

    Raises:
        PermissionDenied: the actor may not give that role.
        ValidationError: the organisation would be without an administrator.
    """
    _require_over(actor, project, member, member.role)
    with changing(project.organisation):
        changes = {"role": (member.role, "")}
        member.delete()
        if isinstance(member, Membership):
            _keep_an_administrator(project.organisation)
        record(project.organisation, actor, Entry("member.remove", member.user, project.pk, changes=changes))


def _require_over(actor: User, project: Project, member: Membership | ProjectMembership, role: str) -> None:
    given = roles_to_give(actor, project, everywhere=isinstance(member, Membership))
    if member.role not in given or role not in given:
        raise PermissionDenied


def _keep_an_administrator(organisation: Organisation) -> None:
    admins = organisation.memberships.filter(unexpired(), role=Role.ADMIN, expires_on=None, user__is_active=True)
    if not admins.exists():
        raise ValidationError("Somebody must stay administrator without a last day: name another one first.")


def _join(invitation: Invitation, person: User) -> None:
    values = {"role": invitation.role, "expires_on": invitation.role_expires_on}
    if invitation.project:
        ProjectMembership.objects.update_or_create(user=person, project=invitation.project, defaults=values)
    else:
        Membership.objects.update_or_create(user=person, organisation=invitation.organisation, defaults=values)


def _person(email: str, name: str, password: str) -> User:
    if not name.strip():
        raise ValidationError({"name": "Write your name, as colleagues know you."})
    person = User(email=email, name=name.strip())
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    person.set_password(password)
    person.full_clean()
    person.save()
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def _in_future(day: date | None) -> None:
    if day and day < timezone.localdate():
        raise ValidationError({"expires_on": "Give a last day that has not passed, or none."})


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
