"""Evidence in Chromium: uploading with progress, and looking at files in their box."""

from __future__ import annotations

import io
import re

import pytest
from accounts.models import User
from matplotlib.figure import Figure
from obligations.models import Evidence, Obligation
from playwright.sync_api import FilePayload, expect

from ui.tests.conftest import NewPage, inspect, sign_in, wait_until_alive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def drawn(name: str) -> FilePayload:
    """Return a real file of the kind that the name says."""
    into, figure = io.BytesIO(), Figure(figsize=(4, 3))
    figure.text(0.2, 0.5, "Dust in June")
    figure.savefig(into, format=name.rpartition(".")[2])
    return {"name": name, "mimeType": "", "buffer": into.getvalue()}


def test_files_go_up_with_progress_and_are_looked_at_in_a_box(new_page: NewPage, admin: User) -> None:
    page = new_page()
    sign_in(page, admin.email)
    duty = Obligation.objects.get(mechanism__short="MS1234", number="8-4")
    page.goto(f"/projects/WRL/obligations/{duty.pk}/evidence/")
    wait_until_alive(page)
    page.evaluate(
        "new MutationObserver(all => all.forEach(one => (window.shown ??= []).push(one.target.value)))"
        ".observe(document.querySelector('progress'), {attributes: true, attributeFilter: ['value']})"
    )
    files = page.get_by_label("Files")
    too_much = page.get_by_text("more than 25 MB together")
    files.set_input_files({"name": "all.csv", "mimeType": "", "buffer": b"day,PM10\n" * 3_000_000})
    expect(too_much).to_be_visible()
    many: list[FilePayload] = [{"name": f"{number}.csv", "mimeType": "", "buffer": b"1"} for number in range(101)]
    files.set_input_files(many[:100])
    expect(too_much).to_be_hidden()
    files.set_input_files(many)
    expect(too_much).to_be_visible()
    program: FilePayload = {"name": "run.exe", "mimeType": "", "buffer": b"MZ\0"}
    files.set_input_files([drawn("report.pdf"), drawn("map.png"), program])
    expect(too_much).to_be_hidden()
    page.get_by_label("Description").fill("Dust in June")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("report.pdf, map.png are kept as evidence.")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="run.exe is a program")).to_be_focused()
    expect(page.get_by_label("Description")).to_have_value("Dust in June")
    assert page.evaluate("window.shown.at(-1)") == 1
    inspect(page)

    page.get_by_role("link", name="map.png", exact=True).click()
    picture = page.get_by_role("img", name="Dust in June")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    page.go_back()
    with page.expect_response(re.compile("/preview/$")) as preview:
        page.get_by_role("link", name="report.pdf", exact=True).click()
    assert preview.value.headers["content-type"] == "application/pdf"
    inspect(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.suggested_filename == "report.pdf"
    assert Evidence.objects.count() == 2
