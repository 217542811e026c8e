"""What Django 4.1 and the current long-term release call by different names."""

from __future__ import annotations

from typing import Any

import django
from django.db.models import CheckConstraint, Q


def check_constraint(condition: Q, name: str) -> CheckConstraint:
    """Return a check constraint; Django 5.1 renamed its argument."""
    arguments: dict[str, Any] = {"condition" if django.VERSION >= (5, 1) else "check": condition}
    return CheckConstraint(name=name, **arguments)
