"""Numbers that are counted once for each state of a register, not once for each page.

Counting a register reads all of it. The numbers change when something in it changes or a day ends, and every change
appends to the organisation's audit trail: the end of that chain names the state of everything that it describes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from audit.models import AuditChain
from django.conf import settings
from django.core.cache import cache
from django.db.models import OuterRef, Subquery
from registers.models import Project

from obligations.models import Obligation

Numbers = TypeVar("Numbers")
# Bounds what the cache holds: no key is asked for again once its state has passed.
SECONDS = 60 * 60


def stamp_of(project: Project) -> str:
    """Return a word that differs after each change in the project or elsewhere in its organisation, in one query.

    What was put into the database without an event in the trail shows in the youngest key and the latest change.
    """
    chain = AuditChain.objects.filter(organisation=OuterRef("organisation")).values("hash")
    rows = Obligation.objects.filter(project=OuterRef("pk"))
    state = Project.objects.filter(pk=project.pk).values_list(
        "pk",
        Subquery(chain[:1]),
        Subquery(rows.order_by("-pk").values("pk")[:1]),
        Subquery(rows.order_by("-updated_at").values("updated_at")[:1]),
    )
    return " ".join(map(str, state.get()))


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
