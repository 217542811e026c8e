"""What an organisation's administrator decides for all of it, and does for those who cannot get in."""

from __future__ import annotations

from accounts.models import Membership, Organisation, User, unexpired
from accounts.roles import allowed
from accounts.services import second_factor_reset, sessions_end
from audit.services import Entry, changing, record
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q

from registers.models import Project, ProjectMembership


def four_eyes_set(*, actor: User, organisation: Organisation, wanted: bool) -> None:
    """Say whether somebody else has to close what a person submits; what was submitted before follows at once.

    Raises:
        PermissionDenied: the actor does not administer the organisation.
    """
    _require(actor, organisation, "organisation.manage")
    with changing(organisation):
        stored = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if stored.four_eyes == wanted:
            return
        changes = {"four_eyes": (stored.four_eyes, wanted)}
        stored.four_eyes = wanted
        stored.save(update_fields=["four_eyes"])
        record(stored, actor, Entry("organisation.change", stored, changes=changes))


def member_sign_out(*, actor: User, project: Project, member: Membership | ProjectMembership) -> int:
    """End a colleague's sessions everywhere, as when a telephone is lost; return how many there were.

    Raises:
        PermissionDenied: the actor does not administer the organisation.
        ValidationError: it is the actor's own account, or the colleague also works elsewhere.
    """
    _require_colleague(actor, project, member)
    with changing(project.organisation):
        number = sessions_end(member.user)
        entry = Entry("member.sign_out", member.user, project.pk, changes={"sessions": (number, 0)})
        record(project.organisation, actor, entry)
    return number


def member_second_factor_reset(*, actor: User, project: Project, member: Membership | ProjectMembership) -> None:
    """Take the second factor of a colleague who lost it, so that they set up another one when they sign in.

    Whoever does it still administers the organisation afterwards: nobody does it to themselves.

    Raises:
        PermissionDenied: the actor does not administer the organisation.
        ValidationError: it is the actor's own account, or the colleague also works elsewhere.
    """
    _require_colleague(actor, project, member)
    with changing(project.organisation):
        second_factor_reset(user=member.user, actor=actor)


def may_help(actor: User, project: Project, member: Membership | ProjectMembership) -> bool:
    """Return whether the person may do these things to that colleague."""
    return _administers(actor, project.organisation, "member.manage.organisation") and member.user_id != actor.pk


def _require_colleague(actor: User, project: Project, member: Membership | ProjectMembership) -> None:
    _require(actor, project.organisation, "member.manage.organisation")
    if member.user_id == actor.pk:
        raise ValidationError("This is your own account: its pages are below “Your account”.")
    # An administrator answers for their own organisation, not for another one's doors.
    elsewhere = Q(memberships__user=member.user_id) | Q(projects__memberships__user=member.user_id)
    if Organisation.objects.filter(elsewhere).exclude(pk=project.organisation_id).exists():
        text = f"{member.user} also works for another organisation: ask whoever runs this site to do it."
        raise ValidationError(text)


def _require(actor: User, organisation: Organisation, permission: str) -> None:
    if not _administers(actor, organisation, permission):
        raise PermissionDenied


def _administers(actor: User, organisation: Organisation, permission: str) -> bool:
    roles = organisation.memberships.filter(unexpired(), user=actor).values_list("role", flat=True)
    return allowed(permission, set(roles))
