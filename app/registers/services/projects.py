"""Making projects."""

from __future__ import annotations

from accounts.models import Organisation

from registers.models import Project


def project_create(*, organisation: Organisation, code: str, name: str) -> Project:
    """Create a project.

    Raises:
        ValidationError: the code is malformed or taken.
    """
    project = Project(organisation=organisation, code=code, name=name)
    project.full_clean()
    project.save()
    return project
