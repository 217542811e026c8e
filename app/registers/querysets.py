"""Which projects a person may see, and with which roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from accounts.models import Membership, User, unexpired
from accounts.roles import SEES_ALL_PROJECTS, allowed
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q, Value

if TYPE_CHECKING:
    from registers.models import Project, Term

AnyTerm = TypeVar("AnyTerm", bound="Term")


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """Keep the projects that the person belongs to, directly or by a role that sees the whole organisation."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        organisation = Q(organisation__memberships__user=user, organisation__memberships__role__in=SEES_ALL_PROJECTS)
        through_organisation = organisation & unexpired("organisation__memberships__")
        directly = Q(memberships__user=user) & unexpired("memberships__")
        return self.filter(through_organisation | directly).distinct()


def offered(words: models.QuerySet[AnyTerm], chosen: int | None = None) -> models.QuerySet[AnyTerm]:
    """Keep the words that may be chosen: those that are not retired, and the one that is chosen already."""
    return words.filter(~words.model.RETIRED | Q(pk=chosen))


def roles_in(user: User | AnonymousUser, project: Project) -> set[str]:
    """Return the person's roles in the project: their own there, and the one in its organisation if it reaches here."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    here = project.memberships.filter(unexpired(), user=user).values_list("role", Value(True))
    theirs = user.memberships.filter(unexpired(), organisation=project.organisation_id)
    held = list(here.union(theirs.values_list("role", Value(False))))
    roles = {role for role, direct in held if direct}
    organisation_roles = {role for role, direct in held if not direct}
    if roles or organisation_roles & SEES_ALL_PROJECTS:
        roles |= organisation_roles
    return roles


def roles_by_project(user: User, projects: Iterable[Project]) -> dict[int, set[str]]:
    """Return the person's roles in each of the projects by its key, as `roles_in` does for one, in two queries."""
    rows = list(projects)
    roles: dict[int, set[str]] = {project.pk: set() for project in rows}
    theirs = user.project_memberships.filter(unexpired(), project__in=rows)
    for key, role in theirs.values_list("project_id", "role"):
        roles[key].add(role)
    everywhere: dict[int, set[str]] = {}
    for key, role in user.memberships.filter(unexpired()).values_list("organisation_id", "role"):
        everywhere.setdefault(key, set()).add(role)
    for project in rows:
        organisation = everywhere.get(project.organisation_id, set())
        if roles[project.pk] or organisation & SEES_ALL_PROJECTS:
            roles[project.pk] |= organisation
    return roles


def people_by_project(projects: Iterable[Project]) -> dict[int, dict[User, set[str]]]:
    """Return for each of the projects by its key who belongs to it, with their roles, as `roles_in` says of one person.

    Takes two queries.
    """
    rows = list(projects)
    found: dict[int, dict[User, set[str]]] = {project.pk: {} for project in rows}
    members = apps.get_model("registers", "ProjectMembership")._default_manager
    for member in members.filter(unexpired(), project__in=rows, user__is_active=True).select_related("user"):
        found[member.project_id].setdefault(member.user, set()).add(member.role)
    organisations = {project.organisation_id for project in rows}
    theirs = Membership.objects.filter(unexpired(), organisation__in=organisations, user__is_active=True)
    everywhere: dict[int, list[Membership]] = {}
    for membership in theirs.select_related("user"):
        everywhere.setdefault(membership.organisation_id, []).append(membership)
    for project in rows:
        people = found[project.pk]
        for one in everywhere.get(project.organisation_id, []):
            if one.user in people or one.role in SEES_ALL_PROJECTS:
                people.setdefault(one.user, set()).add(one.role)
    return found


def can(user: User | AnonymousUser, codename: str, project: Project) -> bool:
    """Return whether the person holds the permission in the project."""
    return allowed(codename, roles_in(user, project))
