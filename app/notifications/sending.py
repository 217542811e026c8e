"""Putting into the outbox what is due, and sending what waits there."""

from __future__ import annotations

import logging
import smtplib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from registers.models import Project

from notifications import outbox
from notifications.composing import Letter, compose
from notifications.models import Kind, Notice
from notifications.planning import drafts, is_awake

logger = logging.getLogger(__name__)
BATCH = 50
TOLD_AT_ANY_HOUR = frozenset({Kind.REGULATOR, Kind.MENTION})
State = Notice.State


class MailServerUnreachable(Exception):
    """Nothing can be sent; everything waits as it is."""


@dataclass
class Sent:
    """How many mails were sent, are no longer needed, wait for another try, or were given up."""

    sent: int = 0
    dropped: int = 0
    put_off: int = 0
    dead: int = 0


def fill(now: datetime) -> tuple[int, list[Project]]:
    """Put into the outbox what is due at each site by its own clock.

    Returns:
        how many are new, and the projects whose register could not be read: they do not keep the others waiting.
    """
    number, failed = 0, []
    for project in Project.objects.select_related("organisation").order_by("pk"):
        try:
            awake = is_awake(project, now)
            for batch in drafts(project, timezone.localdate(now, ZoneInfo(project.timezone))):
                number += outbox.put(one for one in batch if awake or one.kind in TOLD_AT_ANY_HOUR)
        except Exception:  # said in full in the log, and again by the command
            logger.exception("The register of %s cannot be read", project.code)
            failed.append(project)
    return number, failed


def send_waiting() -> Sent:
    """Send what waits; whatever happens to one mail, the others go on.

    Raises:
        MailServerUnreachable: the mail server does not answer or does not let us in.
    """
    done = Sent()
    connection = get_connection()
    try:
        while batch := outbox.claim(BATCH, timezone.now()):
            letters = compose(batch)
            for place, (notice, letter) in enumerate(letters):
                try:
                    _deal_with(notice, letter, connection, done)
                except MailServerUnreachable:
                    for untried, _ in letters[place:]:
                        outbox.release(untried)
                    raise
    finally:
        connection.close()
    outbox.clear_away(timezone.now())
    return done


def _deal_with(notice: Notice, letter: Letter, connection: BaseEmailBackend, done: Sent) -> None:
    now = timezone.now()
    if isinstance(letter, str):
        outbox.settle(notice, State.DROPPED, now, letter)
        done.dropped += 1
        return
    if outbox.is_worn_out(notice):
        outbox.settle(notice, State.DEAD, now, f"The sender stopped {notice.attempts - 1} times while it was at it.")
        done.dead += 1
        return
    if isinstance(letter, Exception):
        _later(notice, now, f"It could not be written. {type(letter).__name__}: {letter}", done)
        return
    _connect(connection)
    if not outbox.hold(notice, now):
        return
    try:
        connection.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        _refused(notice, code, text, now, done)
    except smtplib.SMTPResponseException as error:
        connection.close()
        _refused(notice, error.smtp_code, error.smtp_error, now, done)
    except Exception as error:  # whatever is wrong with one mail must not keep the others
        connection.close()
        logger.warning("Notice %s was not sent: %s", notice.pk, error)
        _later(notice, now, f"{type(error).__name__}: {error}", done)
    else:
        outbox.settle(notice, State.SENT, timezone.now())
        done.sent += 1


def _connect(connection: BaseEmailBackend) -> None:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerUnreachable(f"{type(error).__name__}: {error}") from error


def _refused(notice: Notice, code: int, text: bytes | str, now: datetime, done: Sent) -> None:
    """Give up what the mail server refuses for good (5xx, RFC 5321), try the rest again."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    reason = f"The mail server answered {code}: {' '.join(said.split())}"
    if 500 <= code < 600:
        outbox.settle(notice, State.DEAD, now, reason)
        done.dead += 1
    else:
        _later(notice, now, reason, done)


def _later(notice: Notice, now: datetime, reason: str, done: Sent) -> None:
    outbox.put_off(notice, now, reason)
    done.put_off += 1
