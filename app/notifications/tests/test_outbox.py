"""Mails are neither lost nor doubled: senders that die, two at once, and mail servers that refuse."""

from __future__ import annotations

import re
import smtplib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from accounts.models import Organisation, User
from audit.models import AuditEvent
from config.tests.subprocesses import address_of_tests, python
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from obligations.models import Obligation
from registers.models import Project

from notifications import composing
from notifications.content import Content
from notifications.models import Notice
from notifications.outbox import WAITS
from notifications.planning import drafts
from notifications.tests.clocks import clock_at, sent_on

DAY = date(2026, 11, 30)
MOMENT = "2026-11-30T07:00:00+08:00"


def _sender(folder: Path, moment: str = MOMENT, *death: str) -> Any:
    """Start a sender in a process of its own; it waits for a line before it begins."""
    address = address_of_tests()
    connection.close()
    process = python(
        "-m",
        "notifications.tests.sender",
        moment,
        *death,
        ENSSOL_DATABASE_URL=address,
        ENSSOL_EMAIL_URL=f"file://{folder}",
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def _go(*processes: Any) -> list[int]:
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [(process.communicate(), process.returncode)[1] for process in processes]


def _names(folder: Path) -> Counter[str]:
    """Return the Message-IDs of the mails that the mail server was given."""
    text = "".join(path.read_text() for path in folder.glob("*.log"))
    return Counter(re.findall(r"^Message-ID: (\S+)$", text, re.MULTILINE))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("death", "doubled"), [("claimed", 0), ("handed-over", 1)])
def test_a_sender_that_dies_loses_nothing(
    project: Project, spill_kits: Obligation, tmp_path: Path, death: str, doubled: int
) -> None:
    assert _go(_sender(tmp_path, MOMENT, death)) == [9]
    assert Notice.objects.filter(state="claimed").exists()
    assert _go(_sender(tmp_path, "2026-11-30T07:05:00+08:00")) == [0]
    # While the lease runs nobody else touches what the dead one held.
    assert Notice.objects.filter(state="claimed").exists()
    assert _go(_sender(tmp_path, "2026-11-30T08:00:00+08:00")) == [0]
    sent = set(Notice.objects.filter(state="sent").values_list("message_id", flat=True))
    names = _names(tmp_path)
    assert set(names) == sent
    assert not Notice.objects.exclude(state__in=["sent", "dropped"]).exists()
    # Only what the mail server had taken already comes again, and the reader's mail program knows it by its name.
    assert sum(names.values()) - len(names) == doubled
    assert len(sent) > 5


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_mail_once(project: Project, spill_kits: Obligation, tmp_path: Path) -> None:
    assert _go(_sender(tmp_path), _sender(tmp_path)) == [0, 0]
    names = _names(tmp_path)
    assert set(names.values()) == {1}
    assert set(names) == set(Notice.objects.filter(state="sent").values_list("message_id", flat=True))
    assert not Notice.objects.exclude(state__in=["sent", "dropped"]).exists()


class Server:
    """A mail server that refuses what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses: dict[str, tuple[int, bytes]] = {}
        self.is_down = False
        self.breaks_for = ""
        deliver = EmailBackend.send_messages

        def open_(backend: EmailBackend) -> bool:
            if self.is_down:
                raise ConnectionRefusedError(111, "Connection refused")
            return True

        def send(backend: EmailBackend, letters: Sequence[Any]) -> int:
            to = letters[0].to[0]
            if to == self.breaks_for:
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            if to in self.refuses:
                raise smtplib.SMTPRecipientsRefused({to: self.refuses[to]})
            return int(deliver(backend, letters))

        monkeypatch.setattr(EmailBackend, "open", open_)
        monkeypatch.setattr(EmailBackend, "send_messages", send)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


@pytest.fixture
def refused(spill_kits: Obligation, server: Server, rob: User) -> Notice:
    """A mail of the day that the mail server refuses for good."""
    server.refuses[rob.email] = (550, b"5.1.1 No such user\r\nhere")
    sent_on(DAY)
    return Notice.objects.get(person=rob, step=0, kind="due")


def test_a_refused_address_is_given_up_and_blocks_nobody(refused: Notice, rob: User, maya: User) -> None:
    to = {one.to[0] for one in mail.outbox}
    assert maya.email in to
    assert rob.email not in to
    assert (refused.state, refused.reason) == ("dead", "The mail server answered 550: 5.1.1 No such user here")


def test_an_administrator_sees_what_was_given_up_and_tries_it_again(
    refused: Notice, server: Server, maya: User, boss: User, client: Client
) -> None:
    number = Notice.objects.filter(state="dead").count()
    address = f"/projects/WRL/mail/{refused.pk}/try-again/"
    server.refuses.clear()
    with clock_at(DAY, 8):
        client.force_login(maya)
        assert client.get("/projects/WRL/mail/").status_code == 403
        assert client.post(address).status_code == 403
        client.force_login(boss)
        page = client.get("/projects/WRL/mail/").content.decode()
        assert page.count("5.1.1 No such user here") == page.count("Try again") == number
        assert f"Try all {number} again" in page
        assert "goes out with the next ones" in client.post(address, follow=True).content.decode()
        assert "somebody was faster" in client.post(address, follow=True).content.decode()
    assert AuditEvent.objects.filter(action="notice.try_again", actor=boss).count() == 1
    again = [one.subject for one in sent_on(DAY, 9) if one.to == refused.person.email]
    assert again == ["Due today: CEMP 9.3(b) Spill kits"]
    refused.refresh_from_db()
    assert refused.state == "sent"
    with clock_at(DAY, 10):
        answer = client.post("/projects/WRL/mail/try-again/", follow=True)
    assert f"{number - 1} mails go out with the next ones." in answer.content.decode()
    sent_on(DAY, 11)
    assert not Notice.objects.filter(state__in=["dead", "waiting"]).exists()


def test_what_fails_for_now_is_tried_again_later_each_time_and_given_up_in_the_end(
    project: Project, spill_kits: Obligation, server: Server, rob: User
) -> None:
    server.refuses[rob.email] = (451, b"4.7.1 Greylisted")
    sent_on(DAY)
    mine = Notice.objects.get(person=rob, step=0, kind="due")
    waits = []
    while mine.state == "waiting":
        with clock_at(DAY):
            waits.append(mine.next_try_at - timezone.now())
            Notice.objects.filter(pk=mine.pk).update(next_try_at=timezone.now())
            call_command("send_reminders", stdout=StringIO())
        mine.refresh_from_db()
    assert tuple(waits) == WAITS
    assert (mine.state, mine.attempts) == ("dead", len(WAITS) + 1)
    assert mine.reason == f"Tried {len(WAITS) + 1} times. The mail server answered 451: 4.7.1 Greylisted"


def test_each_wait_is_longer_than_the_one_before() -> None:
    assert list(WAITS) == sorted(WAITS)
    assert timedelta(days=2) < sum(WAITS, timedelta()) < timedelta(days=4)


def test_a_mail_server_that_is_down_costs_no_try(project: Project, spill_kits: Obligation, server: Server) -> None:
    server.is_down = True
    for hour in (7, 8, 9):
        with clock_at(DAY, hour), pytest.raises(CommandError, match="everything waits for the next run"):
            call_command("send_reminders", stdout=StringIO())
    waiting = Notice.objects.filter(state="waiting")
    assert set(waiting.values_list("attempts", flat=True)) == {0}
    number = waiting.count()
    server.is_down = False
    assert number >= len(sent_on(DAY, 10)) > 0
    assert not Notice.objects.filter(state__in=["waiting", "claimed", "dead"]).exists()


def test_a_mail_that_breaks_the_connection_blocks_no_other(
    project: Project, spill_kits: Obligation, server: Server, rob: User, maya: User
) -> None:
    server.breaks_for = rob.email
    assert maya.email in {one.to for one in sent_on(DAY)}
    broken = Notice.objects.filter(person=rob, state="waiting")
    assert set(broken.values_list("attempts", flat=True)) == {1}
    assert "SMTPServerDisconnected" in broken.first().reason  # type: ignore[union-attr]  # else it fails
    server.breaks_for = ""
    assert {one.to for one in sent_on(DAY, 8)} == {rob.email}


def test_a_mail_over_which_senders_keep_dying_is_given_up(project: Project, spill_kits: Obligation, rob: User) -> None:
    with clock_at(DAY):
        call_command("send_reminders", stdout=StringIO())
        Notice.objects.filter(person=rob).update(
            state="claimed", claim="gone", claimed_until=timezone.now(), attempts=len(WAITS) + 1
        )
        mail.outbox.clear()
        call_command("send_reminders", stdout=StringIO())
    assert rob.email not in {one.to[0] for one in mail.outbox}
    assert set(Notice.objects.filter(person=rob).values_list("state", flat=True)) == {"dead"}


def test_the_database_itself_refuses_a_second_notice_of_the_same(project: Project, spill_kits: Obligation) -> None:
    sent_on(DAY)
    assert sent_on(DAY, 8) == []
    told = Notice.objects.filter(state="sent").count()
    # Another sender has planned the same and comes second.
    same = [one for batch in drafts(project, DAY) for one in batch]
    Notice.objects.bulk_create(same, ignore_conflicts=True)
    assert Notice.objects.filter(state="sent").count() == told
    assert not Notice.objects.filter(state="waiting").exists()


def test_a_mail_that_cannot_be_written_blocks_no_other(
    project: Project, spill_kits: Obligation, rob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = composing.message

    def fail(notice: Notice, content: Content) -> Any:
        if notice.person == rob:
            raise ValueError("A template is broken")
        return say(notice, content)

    monkeypatch.setattr(composing, "message", fail)
    assert sent_on(DAY)
    waiting = Notice.objects.filter(person=rob, state="waiting")
    assert set(waiting.values_list("attempts", "reason")) == {
        (1, "It could not be written. ValueError: A template is broken")
    }
    monkeypatch.undo()
    assert {one.to for one in sent_on(DAY, 8)} == {rob.email}


def test_a_project_that_cannot_be_read_keeps_no_other_waiting(
    project: Project, spill_kits: Obligation, stranger: User
) -> None:
    other = Organisation.objects.get(slug="brigalow-gas")
    Project.objects.create(organisation=other, code="AAA", name="Broken", timezone="Nowhere/Nothing")
    with clock_at(DAY), pytest.raises(CommandError, match="could not be read of AAA"):
        call_command("send_reminders", stdout=StringIO())
    assert Notice.objects.filter(state="sent").exists()
