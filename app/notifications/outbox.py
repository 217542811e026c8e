"""The outbox: what is due goes in once, each mail is held by one sender at a time, and what fails is tried again.

    waiting -> claimed -> sent            the mail server took it
                       -> waiting         it failed for now: tried again later, and later each time
                       -> dropped         it was no longer to be told when its turn came
                       -> dead            refused for good, or tried too often: an administrator may try it again

A sender holds a notice by a lease. One that is killed leaves it claimed; when the lease has run out the next sender
takes it. Killed between the mail server's yes and our note of it, the mail goes out again, under the same Message-ID.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from audit.services import Entry, changing, record_many
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from registers.models import Project
from registers.querysets import can

from notifications.models import Notice

State = Notice.State
# Longer than the mail server may take for one mail, over all of its steps.
LEASE = timedelta(minutes=10)
# After each failure; a notice that has failed once more than there are waits is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (10, 30, 120, 360, 720, 1440, 1440))
# Settled notices are kept so long: they say what was told.
KEPT = timedelta(days=730)


def unseen(notices: Iterable[Notice]) -> list[Notice]:
    """Keep the notices whose key is not in the outbox yet, in one query."""
    wanted = {notice.key: notice for notice in notices}
    stored = Notice.objects.filter(subject__in={notice.subject for notice in wanted.values()})
    fields = stored.values_list("person_id", "subject", "kind", "step", "due_date")
    for person, subject, kind, step, day in fields.iterator():
        wanted.pop((person, subject, kind, step, day.isoformat()), None)
    return list(wanted.values())


def put(notices: Iterable[Notice]) -> int:
    """Put the notices into the outbox that are not there yet; return how many."""
    new = unseen(notices)
    # Another sender may have put them there meanwhile: the constraint keeps one of each.
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def claim(number: int, now: datetime) -> list[Notice]:
    """Take up to so many notices whose time has come, so that no other sender takes them while the lease runs."""
    ready = Q(state=State.WAITING, next_try_at__lte=now) | Q(state=State.CLAIMED, claimed_until__lte=now)
    mine = uuid.uuid4().hex
    with transaction.atomic():
        rows = Notice.objects.select_for_update(skip_locked=True).filter(ready).order_by("next_try_at", "pk")
        keys = list(rows.values_list("pk", flat=True)[:number])
        Notice.objects.filter(pk__in=keys).update(
            state=State.CLAIMED, claim=mine, claimed_until=now + LEASE, attempts=F("attempts") + 1
        )
    return list(Notice.objects.filter(claim=mine).select_related("person", "project__organisation"))


def hold(notice: Notice, now: datetime) -> bool:
    """Renew the lease just before sending; False if another sender holds the notice by now."""
    return _mine(notice).update(claimed_until=now + LEASE) == 1


def settle(notice: Notice, state: Notice.State, now: datetime, reason: str = "") -> None:
    """Note that a notice was sent, dropped or given up."""
    _mine(notice).update(state=state, settled_at=now, reason=reason[:500], claim="", claimed_until=None)


def release(notice: Notice) -> None:
    """Give back a notice that was not tried."""
    _mine(notice).update(state=State.WAITING, attempts=F("attempts") - 1, claim="", claimed_until=None)


def put_off(notice: Notice, now: datetime, reason: str) -> None:
    """Let a notice that failed wait, longer each time; give it up when it has failed too often."""
    if notice.attempts > len(WAITS):
        settle(notice, State.DEAD, now, f"Tried {notice.attempts} times. {reason}")
        return
    next_try_at = now + WAITS[notice.attempts - 1]
    _mine(notice).update(
        state=State.WAITING, next_try_at=next_try_at, reason=reason[:500], claim="", claimed_until=None
    )


def is_worn_out(notice: Notice) -> bool:
    """Return whether senders have died over the notice more often than it may be tried."""
    return notice.attempts > len(WAITS) + 1


def clear_away(now: datetime) -> None:
    """Forget what was settled long ago."""
    settled = Notice.objects.filter(state__in=[State.SENT, State.DROPPED, State.DEAD])
    settled.filter(settled_at__lt=now - KEPT).delete()


def undelivered(project: Project) -> QuerySet[Notice]:
    """Return what was given up, and what waits after a failure."""
    failed = Q(state=State.DEAD) | (Q(state__in=[State.WAITING, State.CLAIMED]) & ~Q(reason=""))
    return Notice.objects.filter(failed, project=project).select_related("person", "project").order_by("-pk")


def notices_try_again(*, actor: User, project: Project, notice: int | None = None) -> int:
    """Let what was given up be sent again with the next ones; return how many mails that are.

    Args:
        actor: who says so.
        project: whose mails.
        notice: key of the only one that is meant; all of them if None, as after a mail server refused everything.

    Raises:
        PermissionDenied: the actor may not look after the project's mail.
        ValidationError: nothing was given up, or somebody was faster.
    """
    if not can(actor, "mail.manage", project):
        raise PermissionDenied
    dead = Notice.objects.filter(project=project, state=State.DEAD)
    with changing(project.organisation):
        rows = list((dead if notice is None else dead.filter(pk=notice)).select_related("person"))
        if not rows:
            raise ValidationError("It is not among the mails that were given up: somebody was faster.")
        dead.filter(pk__in=[row.pk for row in rows]).update(
            state=State.WAITING, attempts=0, next_try_at=timezone.now(), settled_at=None, reason="To be tried again."
        )
        entries = [Entry("notice.try_again", row, project.pk, reason=row.reason) for row in rows]
        record_many(project.organisation, actor, entries)
    return len(rows)


def _mine(notice: Notice) -> QuerySet[Notice]:
    return Notice.objects.filter(pk=notice.pk, state=State.CLAIMED, claim=notice.claim)
