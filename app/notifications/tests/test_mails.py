"""What the mails look like to mail programs and to people."""

from __future__ import annotations

import re
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from accounts.models import User
from django.core import mail
from django.test import Client
from obligations.models import NonCompliance, Obligation
from obligations.services.comments import comment_add

from notifications.models import Choices
from notifications.tests.clocks import clock_at, sent_on

DAY = date(2026, 11, 30)
EVIL = "Kits\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\x0b\x85\u2028 é 水"


def _parsed(to: User, subject: str) -> EmailMessage:
    """Return what the person's mail program makes of their one mail with such a subject."""
    [one] = [one for one in mail.outbox if one.to == [to.email] and subject in str(one.subject)]
    parsed = message_from_bytes(one.message().as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    return str(part.get_content())


def test_a_mail_reads_well_as_text_and_as_html(spill_kits: Obligation, rob: User) -> None:
    sent_on(DAY)
    message = _parsed(rob, "Due today")
    text, html = _body(message, "plain"), _body(message, "html")
    assert text.startswith("Due today\n\nCEMP 9.3(b) Spill kits\n\nProject:   Wandoo Ridge Lithium\n")
    assert "\nDue:       Monday 30 November 2026\n" in text
    assert all(len(line) <= 78 or "http" in line for line in text.splitlines())
    page = f"http://testserver{spill_kits.occurrences.get(due_date=DAY).get_absolute_url()}"
    for body in (text, html):
        assert page in body
        assert "http://testserver/accounts/notices/" in body
        assert "You get this because you are responsible for it." in body
    assert 'lang="en-AU"' in html
    # Nothing is fetched: no picture, no style sheet, no script.
    assert not re.search(r"<(img|link|script|iframe)|url\(|@import", html)
    assert 'name="color-scheme" content="light dark"' in html


def test_headers_say_what_mail_programs_need(spill_kits: Obligation, rob: User) -> None:
    sent_on(DAY)
    message = _parsed(rob, "Due today")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"\s*<http://testserver/notices/off/[\w:-]+/>", message["List-Unsubscribe"])
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message["Message-ID"])


def test_a_title_cannot_write_headers_or_html(spill_kits: Obligation, rob: User, maya: User) -> None:
    Obligation.objects.filter(pk=spill_kits.pk).update(title=EVIL)
    User.objects.filter(pk=maya.pk).update(name="Maya\r\nBcc: thief@example.com")
    maya.refresh_from_db()
    with clock_at(DAY):
        comment_add(actor=maya, obligation=spill_kits, text="@Rob Nullagine <b>look</b>\n\nBcc: nobody")
    sent_on(DAY)
    for subject in ("Due today", "named you"):
        message = _parsed(rob, subject)
        assert message["Bcc"] is None
        assert message["To"] == rob.email
        assert "\n" not in message["Subject"]
        html = _body(message, "html")
        assert "<script>alert" not in html
        assert "<b>look" not in html
    assert "Kits Bcc: thief@example.com <script>alert(1)</script> é 水" in _parsed(rob, "Due today")["Subject"]


def test_one_click_switches_one_kind_off_and_only_a_click_does(
    spill_kits: Obligation, rob: User, client: Client
) -> None:
    sent_on(DAY)
    link = str(_parsed(rob, "Due today")["List-Unsubscribe"]).strip(" <>").removeprefix("http://testserver")
    # Programs that look at each link of a mail change nothing.
    assert client.get(link).status_code == 200
    assert not Choices.objects.filter(user=rob).exists()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Choices.objects.get(user=rob).off == ["due"]
    assert strict.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    kits = [one for one in mail.outbox if "Spill kits" in str(one.subject)]
    later = [one for one in sent_on(date(2026, 12, 1)) if one.to == rob.email]
    assert kits
    # What is late is another kind.
    assert [one.subject.partition(":")[0] for one in later] == ["1 day late"]


@pytest.mark.parametrize("change", [lambda link: link[:-3] + "A/", lambda link: "/notices/off/x/"])
def test_an_address_that_was_tampered_with_is_nothing(
    spill_kits: Obligation, rob: User, client: Client, change: object
) -> None:
    sent_on(DAY)
    link = str(_parsed(rob, "Due today")["List-Unsubscribe"]).strip(" <>").removeprefix("http://testserver")
    assert callable(change)
    assert client.post(change(link)).status_code == 404
    assert not Choices.objects.exists()


def test_a_clock_of_a_regulator_has_no_way_out_for_who_has_to_answer_it(
    spill_kits: Obligation, maya: User, ines: User
) -> None:
    sent_on(date(2026, 11, 26))
    row = NonCompliance.objects.get(number=2)
    assert row.raised_by == maya
    hers, others = _parsed(maya, "Tell the regulator"), _parsed(ines, "Tell the regulator")
    assert hers["List-Unsubscribe"] is None
    assert "cannot be switched off" in " ".join(_body(hers, "plain").split())
    assert others["List-Unsubscribe"]
    assert "Minister for Environment (WA)" in _body(hers, "plain")
