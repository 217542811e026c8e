"""Every change of projects, mechanisms and vocabularies."""

from __future__ import annotations

from typing import TypeVar

from accounts.models import Organisation

from registers.models import Project, Term

AnyTerm = TypeVar("AnyTerm", bound=Term)


def term_ensure(vocabulary: type[AnyTerm], organisation: Organisation, name: str) -> AnyTerm:
    """Return the organisation's word of that name, adding it when it is new."""
    return vocabulary._default_manager.get_or_create(organisation=organisation, name=name)[0]


def project_create(*, organisation: Organisation, code: str, name: str) -> Project:
    """Create a project.

    Raises:
        ValidationError: the code is malformed or taken.
    """
    project = Project(organisation=organisation, code=code, name=name)
    project.full_clean()
    project.save()
    return project
