"""Numbers that are counted once for each state of a register, not once for each page.

Counting a register reads all of it. The numbers change when something in it changes or a day ends, and every change
appends to the organisation's audit trail: the end of that chain names the state of everything that it describes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from registers.models import Project

# Every page asks this; to put it together from querysets would take six times as long as the database takes.
STATE = """
    SELECT (SELECT hash FROM audit_auditchain WHERE organisation_id = %s),
           (SELECT MAX(id) FROM obligations_obligation WHERE project_id = %s),
           (SELECT MAX(updated_at) FROM obligations_obligation WHERE project_id = %s)
"""

Numbers = TypeVar("Numbers")
# Bounds what the cache holds: no key is asked for again once its state has passed.
SECONDS = 60 * 60


def stamp_of(project: Project) -> str:
    """Return a word that differs after each change in the project or elsewhere in its organisation, in one query.

    What was put into the database without an event in the trail shows in the youngest key and the latest change.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATE, [project.organisation_id, project.pk, project.pk])
        return " ".join(map(str, cursor.fetchone()))


def counted(
    name: str, *, stamp: str, on: date, count: Callable[[], Numbers], final: Callable[[Numbers], bool] = lambda _: True
) -> Numbers:
    """Return numbers as they were counted in this state of the register; count them if nobody did yet.

    Args:
        name: which numbers, with everything that they depend on beside the register and the day.
        stamp: from `stamp_of`, asked for before anything was counted.
        on: the day for which they hold.
        count: counts them; the result must be such as `pickle` takes, and not None.
        final: whether a result is to be kept, or may be another one the next time.
    """
    # Another release, which lies in another folder, may count otherwise.
    key = "counted-" + hashlib.sha256(f"{settings.BASE_DIR} {stamp} {on} {name}".encode()).hexdigest()
    kept: Numbers | None = cache.get(key)
    if kept is None:
        kept = count()
        if final(kept):
            cache.set(key, kept, SECONDS)
    return kept
