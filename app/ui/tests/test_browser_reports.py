"""A report to a regulator in Chromium: written with autosave, judged, finalised, and its documents taken away."""

from __future__ import annotations

import pytest
from accounts.models import User
from playwright.sync_api import expect
from reports.statutory import worker
from reports.statutory.models import Narrative, StatutoryReport

from ui.tests.conftest import NewPage, inspect, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_report_is_written_saved_by_itself_and_finalised(
    new_page: NewPage, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The process of its own reads the settings of production; its work is the same in this one.
    monkeypatch.setattr(worker, "start", worker.run)
    page = new_page(viewport={"width": 360, "height": 800})
    sign_in(page, admin.email)
    inspect(page, "/projects/WRL/reports/")
    page.get_by_role("link", name="Begin a report").click()
    inspect(page)
    page.get_by_label("Mechanism that it reports on").select_option(label="MS 1234, Wandoo Ridge Lithium Project")
    page.get_by_role("button", name="Next").click()
    inspect(page)
    page.get_by_role("button", name="Begin").click()
    report = StatutoryReport.objects.get()
    page.get_by_label("Introduction").fill("It is about the year.")
    part = page.locator("#introduction")
    expect(part.get_by_role("status")).to_contain_text("Saved on")
    inspect(page)
    Narrative.objects.update(text="Somebody else's.", version=7)
    page.get_by_label("Introduction").fill("It is about two years.")
    expect(part.get_by_text("Somebody else's.")).to_be_visible()
    inspect(page)
    part.get_by_role("button", name="Store mine instead").click()
    expect(page.get_by_text("Introduction is saved.")).to_be_visible()
    assert Narrative.objects.get().text == "It is about two years."
    for below in ("lines/", "preview/", f"lines/{report.mechanism.obligations.earliest('pk').pk}/"):
        inspect(page, report.get_absolute_url() + below)
    page.goto(report.get_absolute_url())
    page.get_by_role("button", name="Finalise revision 0").click()
    expect(page.get_by_role("link", name=f"{report.file_stem}.pdf")).to_be_visible()
    inspect(page)


def test_without_a_script_it_is_the_same(new_page: NewPage, admin: User) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, admin.email)
    page.goto("/projects/WRL/reports/begin/")
    page.get_by_label("Mechanism that it reports on").select_option(label="EPBC 2024/01234, Wandoo Ridge Lithium Mine")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Activities in the reporting period").fill("Nothing yet.")
    page.get_by_role("button", name="Save Activities in the reporting period").click()
    expect(page.get_by_label("Activities in the reporting period")).to_have_value("Nothing yet.")
