"""Who may do what to an obligation or an occurrence."""

from __future__ import annotations

from accounts.models import User
from accounts.roles import PERMISSIONS, allowed
from django.core.exceptions import PermissionDenied
from registers.querysets import roles_in

from obligations.models import Obligation, Occurrence


def concerns(user: User, obligation: Obligation, occurrence: Occurrence | None = None) -> bool:
    """Return whether the duty is the person's own: the occurrence is assigned to them, or else the obligation."""
    if occurrence is not None and occurrence.assigned_to_id is not None:
        return occurrence.assigned_to_id == user.pk
    return user.pk in {obligation.responsible_person_id, obligation.backup_person_id}


def may(user: User, codename: str, obligation: Obligation, occurrence: Occurrence | None = None) -> bool:
    """Return whether the person holds the permission here, everywhere in the project or for what is their own."""
    return holds(user, roles_in(user, obligation.project), codename, obligation, occurrence)


def holds(
    user: User, roles: set[str], codename: str, obligation: Obligation, occurrence: Occurrence | None = None
) -> bool:
    """Return the same for somebody whose roles in the project are known already."""
    if allowed(codename, roles):
        return True
    own = f"{codename}.own"
    return own in PERMISSIONS and allowed(own, roles) and concerns(user, obligation, occurrence)


def require(user: User, codename: str, obligation: Obligation, occurrence: Occurrence | None = None) -> None:
    """Let only those through who hold the permission here.

    Raises:
        PermissionDenied: they do not.
    """
    if not may(user, codename, obligation, occurrence):
        raise PermissionDenied
