"""Mechanisms, their versions, procedures, vocabularies and the project's calendar in Chromium."""

from __future__ import annotations

import pytest
from accounts.models import User
from playwright.sync_api import expect
from registers.models import Mechanism

from ui.tests.conftest import NewPage, inspect, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_version_is_published_with_a_script_and_without(new_page: NewPage, admin: User, script: bool) -> None:
    plan = Mechanism.objects.get(reference="WR-CEMP Rev 2")
    page = new_page(java_script_enabled=script)
    sign_in(page, admin.email)
    page.goto(f"/projects/WRL/mechanisms/{plan.pk}/")
    page.get_by_role("link", name="Publish a new version").click()
    page.get_by_label("Name of the version").fill("Rev 3")
    page.get_by_label("In force from").fill(f"{plan.project.today}")
    reworded = page.get_by_role("group", name="Condition 9.3(b)", exact=True)
    expect(reworded.get_by_role("textbox", name="New words")).to_be_hidden()
    reworded.get_by_label("Continues with new words").check()
    reworded.get_by_role("textbox", name="New words").fill("Spill kits must be serviced each fortnight.")
    page.get_by_role("group", name="Condition 8.1.2", exact=True).get_by_label("Ends").check()
    page.get_by_role("button", name="Add a new condition").click()
    page.get_by_label("Number as printed").fill("9.4")
    page.get_by_label("Text, word for word").fill("Spill kits must be listed.")
    page.get_by_role("button", name="Preview", exact=True).click()
    preview = page.get_by_role("region", name="What publishing Rev 3 does")
    expect(preview).to_contain_text("CEMP 9.3(b) goes on with the new words.")
    if script:
        inspect(page)
    preview.get_by_role("button", name="Publish Rev 3").click()
    expect(page.get_by_text("Rev 3 of WR-CEMP Rev 2 is published.")).to_be_visible()
    expect(page.get_by_text("Spill kits must be serviced each fortnight.")).to_be_visible()
    expect(page.get_by_text("Spill kits must be listed.")).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("ins").filter(has_text="fortnight")).to_be_visible()
