"""The one door of every page of a project: fetch it, or say that there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from accounts.roles import allowed
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from registers.models import Project
from registers.querysets import roles_in


@dataclass(frozen=True)
class Access:
    """A project that the person may see, and the roles that they hold in it."""

    project: Project
    roles: frozenset[str]

    def may(self, permission: str) -> bool:
        """Return whether the person holds the permission here."""
        return allowed(permission, set(self.roles))

    def require(self, permission: str) -> None:
        """Let only those through who hold the permission here.

        Raises:
            PermissionDenied: they do not.
        """
        if not self.may(permission):
            raise PermissionDenied


def access_or_404(user: User | AnonymousUser, code: str) -> Access:
    """Return the person's access to the project with that code.

    Raises:
        Http404: there is no such project, or the person may not know that there is.
    """
    project = Project.objects.select_related("organisation").filter(code=code).first()
    # Whoever sees a project holds a role that reaches it.
    roles = frozenset(roles_in(user, project)) if project else frozenset()
    if project is None or not roles:
        raise Http404("No such project")
    access = Access(project, roles)
    access.require("register.view")
    project.reader_roles = roles
    return access
