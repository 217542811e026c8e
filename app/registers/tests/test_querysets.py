from __future__ import annotations

import pytest
from accounts.models import Membership, User
from accounts.roles import PERMISSIONS, Role
from django.contrib.auth.models import AnonymousUser

from registers.models import Project, ProjectMembership
from registers.querysets import can

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_project_role_allows_what_the_table_says(project: Project, role: Role, permission: str) -> None:
    user = User.objects.create_user("somebody@example.com")
    ProjectMembership.objects.create(project=project, user=user, role=role)
    assert can(user, permission, project) is (role in PERMISSIONS[permission])


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_stranger_and_nobody_are_allowed_nothing(project: Project, stranger: User, permission: str) -> None:
    assert not can(stranger, permission, project)
    assert not can(AnonymousUser(), permission, project)


@pytest.mark.parametrize(("role", "sees"), [(Role.ADMIN, True), (Role.MANAGER, True), (Role.ADVISOR, False)])
def test_a_role_in_the_organisation_reaches_its_projects_only_for_those_who_run_it(
    project: Project, role: Role, sees: bool
) -> None:
    user = User.objects.create_user("somebody@example.com")
    Membership.objects.create(organisation=project.organisation, user=user, role=role)
    assert Project.objects.visible_to(user).exists() is sees
    assert can(user, "register.view", project) is sees


def test_roles_of_organisation_and_project_add_up(project: Project) -> None:
    user = User.objects.create_user("somebody@example.com")
    Membership.objects.create(organisation=project.organisation, user=user, role=Role.ADVISOR)
    ProjectMembership.objects.create(project=project, user=user, role=Role.VIEWER)
    assert can(user, "obligation.change", project)
    assert Project.objects.visible_to(user).count() == 1
