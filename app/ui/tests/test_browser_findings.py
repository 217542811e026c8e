"""Inspections, non-compliances and corrective actions in Chromium."""

from __future__ import annotations

import pytest
from accounts.models import User
from obligations.models import Inspection, NonCompliance
from playwright.sync_api import expect

from ui.tests.conftest import NewPage, inspect, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_refused_form_and_opened_acts_are_accessible_and_fit(new_page: NewPage, admin: User) -> None:
    planned = Inspection.objects.planned().get()
    potential = NonCompliance.objects.order_by("number")[1]
    page = new_page()
    sign_in(page, admin.email)
    page.goto(f"/projects/WRL/inspections/{planned.pk}/perform/")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    inspect(page)
    page.goto(f"/projects/WRL/non-compliance/{potential.pk}/")
    for part in page.locator("details.act > summary").all():
        part.click()
    inspect(page)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_inspection_on_a_phone_ends_in_a_non_compliance_told_in_time(
    new_page: NewPage, admin: User, script: bool
) -> None:
    planned = Inspection.objects.planned().get()
    page = new_page(java_script_enabled=script, viewport={"width": 390, "height": 760}, has_touch=True)
    sign_in(page, admin.email)
    page.goto(f"/projects/WRL/inspections/{planned.pk}/")
    page.get_by_role("link", name="Inspect", exact=True).click()
    questions = page.locator("fieldset.question")
    for number in range(3):
        questions.nth(number).get_by_label("Satisfactory").tap()
    page.get_by_role("button", name="Save, and go on later").tap()
    expect(page.get_by_text("3 of 6 answered: you can go on later.")).to_be_visible()
    questions.nth(3).get_by_label("Finding").tap()
    questions.nth(4).get_by_label("Not applicable").tap()
    questions.nth(5).get_by_label("Satisfactory").tap()
    page.get_by_role("button", name="Finish").tap()
    expect(page.get_by_text("Describe what you found.", exact=False).first).to_be_visible()
    expect(questions.nth(5).get_by_label("Satisfactory")).to_be_checked()
    questions.nth(3).get_by_label("Note").fill("A gully of 400 mm at peg 12.")
    page.get_by_role("button", name="Finish").tap()
    expect(page.get_by_text("The inspection is performed: its answers stand.")).to_be_visible()
    page.get_by_role("link", name="Raise a non-compliance").click()
    expect(page.get_by_label("What happened").last).to_have_value("A gully of 400 mm at peg 12.")
    page.get_by_label("Tell the regulator within").fill("7")
    page.get_by_label("Unit").select_option("days")
    page.get_by_role("button", name="Raise it").tap()
    expect(page.get_by_text("7 days left")).to_be_visible()
    page.get_by_text("Record the notification").first.tap()
    page.get_by_label("How", exact=True).fill("Email")
    page.get_by_role("button", name="Record the notification").tap()
    expect(page.get_by_text("Told in time")).to_be_visible()
