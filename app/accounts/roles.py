"""Who may do what: the one table that permission checks, groups, documents and tests read.

A person holds a role in an organisation and may hold another in a project; what they may do is the union of the two.
"""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    ADMIN = "admin", "Organisation administrator"
    MANAGER = "manager", "Environment manager"
    ADVISOR = "advisor", "Environmental adviser"
    CONTRIBUTOR = "contributor", "Responsible person"
    APPROVER = "approver", "Approver"
    AUDITOR = "auditor", "Auditor"
    VIEWER = "viewer", "Viewer"


PERMISSIONS: dict[str, frozenset[Role]] = {
    "register.view": frozenset(Role),
    "obligation.change": frozenset({Role.ADMIN, Role.MANAGER, Role.ADVISOR}),
    "import.run": frozenset({Role.ADMIN, Role.MANAGER, Role.ADVISOR}),
    "export.run": frozenset(Role) - {Role.VIEWER},
}

# Members of the organisation who see all of its projects; the others see those that they belong to.
SEES_ALL_PROJECTS = frozenset({Role.ADMIN, Role.MANAGER})


def allowed(codename: str, roles: set[str]) -> bool:
    """Return whether any of the roles grants the permission; an unknown permission is a programming error."""
    return not PERMISSIONS[codename].isdisjoint(roles)
