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


_EDITORS = frozenset({Role.ADMIN, Role.MANAGER, Role.ADVISOR})
_MANAGERS = frozenset({Role.ADMIN, Role.MANAGER})
_ALL = frozenset(Role)

# `.own` permissions reach what is assigned to the person; those without it reach everything in the project.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "register.view": _ALL,
    "mechanism.add": _MANAGERS,
    "mechanism.change": _EDITORS,
    "mechanism.publish": _MANAGERS,
    "obligation.add": _EDITORS,
    "obligation.change": _EDITORS,
    "obligation.retire": _MANAGERS,
    "obligation.bulk_edit": _EDITORS,
    "comment.add": _ALL - {Role.VIEWER},
    "occurrence.update": _EDITORS,
    "occurrence.update.own": frozenset({Role.CONTRIBUTOR}),
    "occurrence.submit": _EDITORS,
    "occurrence.submit.own": frozenset({Role.CONTRIBUTOR}),
    "occurrence.close": _MANAGERS | {Role.APPROVER},
    "occurrence.extend": _MANAGERS,
    "occurrence.cancel": _MANAGERS,
    "occurrence.reopen": _MANAGERS | {Role.APPROVER},
    "evidence.view": _ALL,
    "evidence.upload": _EDITORS,
    "evidence.upload.own": frozenset({Role.CONTRIBUTOR}),
    "evidence.verify": _MANAGERS | {Role.APPROVER, Role.AUDITOR},
    "evidence.delete": _MANAGERS,
    "inspection.schedule": _EDITORS,
    "inspection.perform": _EDITORS | {Role.CONTRIBUTOR, Role.AUDITOR},
    "noncompliance.raise": _EDITORS | {Role.CONTRIBUTOR, Role.AUDITOR},
    "noncompliance.change": _EDITORS,
    "corrective_action.complete.own": frozenset({Role.CONTRIBUTOR}),
    "corrective_action.close": _EDITORS | {Role.APPROVER},
    "report.generate": _EDITORS | {Role.AUDITOR},
    "report.finalise": _MANAGERS,
    "report.sign": frozenset({Role.APPROVER}),
    "import.run": _EDITORS,
    "export.run": _ALL - {Role.VIEWER},
    "audit.view": _MANAGERS | {Role.APPROVER, Role.AUDITOR},
    "vocabulary.manage": _MANAGERS,
    "member.manage": _MANAGERS,
    "member.manage.organisation": frozenset({Role.ADMIN}),
    "organisation.manage": frozenset({Role.ADMIN}),
    "view.share": _EDITORS,
    "mail.manage": frozenset({Role.ADMIN}),
}

# Members of the organisation who see all of its projects; the others see those that they belong to.
SEES_ALL_PROJECTS = frozenset({Role.ADMIN, Role.MANAGER})


# Who gives which roles: nobody one that can do more than theirs.
GRANTED: dict[str, dict[Role, frozenset[Role]]] = {
    "organisation": {Role.ADMIN: _ALL},
    "project": {Role.ADMIN: _ALL - {Role.ADMIN}, Role.MANAGER: _ALL - {Role.ADMIN}},
}


def grantable(where: str, roles: set[str]) -> list[Role]:
    """Return the roles that somebody with those roles may give in the `organisation` or in the `project`."""
    given = {role for giver, granted in GRANTED[where].items() if giver in roles for role in granted}
    return [role for role in Role if role in given]


def allowed(codename: str, roles: set[str]) -> bool:
    """Return whether any of the roles grants the permission; an unknown permission is a programming error."""
    return not PERMISSIONS[codename].isdisjoint(roles)
