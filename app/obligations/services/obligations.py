"""Every change of an obligation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from registers.querysets import can

from obligations.models import Obligation


class StaleObligation(Exception):
    """Somebody saved since the page was opened; `current` is what is stored now."""

    def __init__(self, current: Obligation) -> None:
        super().__init__(f"{current} was changed to version {current.version}")
        self.current = current


def obligation_update(
    *, actor: User, obligation: Obligation, changes: Mapping[str, Any], expected_version: int
) -> Obligation:
    """Store the changed fields, unless somebody else stored a newer version.

    Args:
        actor: who changes it; needs `obligation.change` in the project.
        obligation: the row as it was read.
        changes: new values by field name.
        expected_version: the version that the actor saw.

    Raises:
        PermissionDenied: the actor may not change obligations here.
        StaleObligation: the stored version is another one; nothing was written.
        ValidationError: a value is not allowed; nothing was written.
    """
    if not can(actor, "obligation.change", obligation.project):
        raise PermissionDenied
    with transaction.atomic():
        current: Obligation = (
            Obligation.objects.select_for_update().select_related("project", "mechanism").get(pk=obligation.pk)
        )
        if current.version != expected_version:
            raise StaleObligation(current)
        for name, value in changes.items():
            setattr(current, name, value)
        current.full_clean()
        current.version += 1
        current.save()
    return current
