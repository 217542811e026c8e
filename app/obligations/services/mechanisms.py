"""Changing a mechanism, and with it the dates of its obligations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from accounts.models import User
from audit.services import changing
from registers.models import Mechanism
from registers.services.changing import note, require, store
from registers.services.mechanisms import check_mechanism

from obligations.models import Obligation, Suspension
from obligations.services.moves import Moves, follow
from obligations.services.obligations import obligation_resume, obligation_suspend
from obligations.states import Lifecycle

# The fields that decide when its obligations fall due.
DECIDES_DATES = frozenset({"status", "expires", "roll_policy", "day_count", "anniversary_month", "anniversary_day"})
DAY = timedelta(days=1)


def mechanism_change(
    *, actor: User, mechanism: Mechanism, changes: Mapping[str, Any], opened: Mapping[str, Any] | None = None
) -> Moves:
    """Change a mechanism and bring its obligations' dates in line.

    While it is suspended, its obligations are; once it is surrendered, superseded or expired, nothing falls due.

    Args:
        actor: who changes it; needs `mechanism.change`, and `mechanism.publish` to change its status.
        mechanism: which.
        changes: new values by field name.
        opened: the values that the actor saw in those fields.

    Returns:
        what became of the due dates.

    Raises:
        PermissionDenied: the actor may not do that here.
        StaleRow: somebody else changed the same field meanwhile.
        ValidationError: a value is not allowed.
    """
    project = mechanism.project
    require(actor, "mechanism.change", project)
    if "status" in changes:
        require(actor, "mechanism.publish", project)
    with changing(project.organisation):
        rows = Mechanism.objects.select_for_update(of=("self",)).select_related("project__organisation", "parent")
        current = rows.get(pk=mechanism.pk)
        expired = current.expires
        said = store(current, changes, opened)
        check_mechanism(current)
        if not said:
            return Moves()
        moves = _follow_status(actor, current, said)
        if DECIDES_DATES & said.keys():
            today = project.today
            ends = [day + DAY for day in (expired, current.expires) if day and "expires" in said]
            moves += follow(Obligation.objects.filter(mechanism=current), today, since=min([today, *ends]))
        note(actor, project, "mechanism.change", current, changes=said)
    return moves


def _follow_status(actor: User, mechanism: Mechanism, said: Mapping[str, tuple[Any, Any]]) -> Moves:
    """Suspend the obligations with their mechanism, and resume with it those that were suspended so."""
    moves = Moves()
    before, after = said.get("status", (None, None))
    today, reason = mechanism.project.today, f"{mechanism} is suspended"
    if after == Mechanism.Status.SUSPENDED:
        for obligation in mechanism.obligations.filter(lifecycle=Lifecycle.ACTIVE):
            moves.add(obligation_suspend(actor=actor, obligation=obligation, starts_on=today, reason=reason))
    elif before == Mechanism.Status.SUSPENDED:
        suspended = Suspension.objects.filter(obligation__mechanism=mechanism, ends_on=None, reason=reason)
        for suspension in suspended.filter(obligation__lifecycle=Lifecycle.SUSPENDED).select_related("obligation"):
            on = max(today, suspension.starts_on + DAY)
            moves.add(obligation_resume(actor=actor, obligation=suspension.obligation, on=on))
    return moves
