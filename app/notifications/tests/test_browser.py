"""Reminders and calendars in Chromium: pages with something on them, and the mails themselves."""

from __future__ import annotations

import re
from datetime import date
from io import StringIO

import pytest
from accounts.models import User
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import expect
from ui.tests.conftest import NewPage, admin, chromium, inspect, new_page, sign_in, watch

from notifications.models import Notice
from notifications.rehearsal import rehearse

__all__ = ["admin", "chromium", "new_page", "watch"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_somebody_subscribes_chooses_and_tries_a_mail_again(new_page: NewPage, admin: User) -> None:
    call_command("send_reminders", stdout=StringIO())
    Notice.objects.update(state="dead", reason="The mail server answered 550: 5.1.1 No such user here")
    page = new_page(viewport={"width": 320, "height": 640}, color_scheme="dark")
    sign_in(page, admin.email)
    page.goto("/accounts/calendar/")
    page.get_by_label("Where you will use it").fill("Phone")
    page.get_by_label("What it shows").select_option(label="All of Wandoo Ridge Lithium")
    page.get_by_role("button", name="Make the address").click()
    address = page.get_by_role("status").get_by_text(re.compile(r"/calendar/.+\.ics$"))
    expect(address).to_be_visible()
    inspect(page)
    page.goto("/accounts/notices/")
    page.get_by_label(re.compile("Your week")).uncheck()
    page.get_by_label("One mail a week instead of single ones").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    inspect(page)
    page.get_by_label(re.compile("Your week")).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your choices are saved.")).to_be_visible()
    page.goto("/projects/WRL/mail/")
    inspect(page)
    page.get_by_role("button", name=re.compile("Try again")).first.click()
    expect(page.get_by_text(re.compile("goes out with the next ones"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mails_are_readable_on_a_phone_and_their_way_out_works(new_page: NewPage, admin: User, scheme: str) -> None:
    mails = [letter for _, _, letter in rehearse(date(2026, 11, 30), date(2026, 11, 30))]
    page = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    # The longest of each sort.
    for is_week in (True, False):
        letter = max((one for one in mails if ("week" in str(one.subject)) == is_week), key=lambda one: len(one.body))
        page.set_content(str(letter.alternatives[0][0]))
        # A mail has no landmarks: the program that shows it has them.
        violations = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}).response["violations"]
        assert violations == []
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    link = re.search(r"/notices/off/\S+", str(letter.body))
    assert link
    inspect(page, link[0])
    page.get_by_role("button", name="Switch them off").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Switched off")
    assert mail.outbox == []
