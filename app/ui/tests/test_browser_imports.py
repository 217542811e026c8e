"""An import in Chromium, from the upload to the register, at the width of a phone as well."""

from __future__ import annotations

import pytest
from accounts.models import User
from obligations.importing import worker
from obligations.models import ImportBatch
from playwright.sync_api import expect

from ui.tests.conftest import NewPage, inspect, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REGISTER = b"mechanism,obligation_number,obligation,due_date,note\nMS 9,1,Sweep,2027-01-31,a\nMS 9,2,Sow,2107-01-31,b\n"


@pytest.mark.parametrize("width", [1280, 360])
def test_a_register_is_looked_at_checked_and_accepted(
    new_page: NewPage, admin: User, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    # The process of its own reads the settings of production; its work is the same in this one.
    monkeypatch.setattr(worker, "start", worker.run)
    page = new_page(viewport={"width": width, "height": 800})
    sign_in(page, admin.email)
    inspect(page, "/projects/WRL/imports/")
    file = {"name": "register.csv", "mimeType": "text/csv", "buffer": REGISTER}
    page.get_by_label("Register").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("obligation_number")).to_have_value("number")
    inspect(page)
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("more than 50 years after today")).to_be_visible()
    inspect(page)
    page.get_by_role("button", name="Accept 1 row").click()
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible()
    inspect(page)
    ImportBatch.objects.update(state=ImportBatch.State.ACCEPTING)
    inspect(page, ImportBatch.objects.get().get_absolute_url())
    expect(page.get_by_role("heading", name="The work has stopped")).to_be_visible()
