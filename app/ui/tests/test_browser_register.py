"""Working in the register in Chromium: keys, rows mended where they stand, many changed at once."""

from __future__ import annotations

import pytest
from accounts.models import User
from obligations.models import Obligation
from obligations.services.obligations import obligation_update
from playwright.sync_api import Page, expect

from ui.tests.conftest import NewPage, inspect, sign_in, wait_until_alive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REGISTER = "/projects/WRL/register/"


@pytest.fixture
def page(new_page: NewPage, admin: User) -> Page:
    page = new_page()
    sign_in(page, admin.email)
    page.goto(REGISTER)
    wait_until_alive(page)
    return page


def _code(page: Page, row: int) -> str:
    return page.locator("tbody .code").nth(row).inner_text()


def _settled(page: Page) -> None:
    """Wait for the moment that htmx takes to make a new row its own."""
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)


def test_keys_walk_through_the_list_and_rest_while_somebody_types(page: Page) -> None:
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(page.locator("tbody .code").nth(row)).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("and/or jk e?")
    expect(search).to_have_value("and/or jk e?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(REGISTER)
    wait_until_alive(page)
    page.keyboard.press("j")
    page.keyboard.press("Control+e")
    expect(page.locator(".mending")).to_have_count(0)
    code = _code(page, 0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(code)


def test_the_keys_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet.get_by_role("button", name="Switch them off").click()
    wait_until_alive(page)
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    expect(sheet).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    sheet.get_by_role("button", name="Switch them on").click()
    wait_until_alive(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_a_row_is_mended_where_it_stands_and_the_focus_comes_back(page: Page, admin: User) -> None:
    first, second = page.locator("tbody tr").nth(0), page.locator("tbody tr").nth(1)
    code = _code(page, 0)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(first.get_by_label("Responsible person")).to_be_focused()
    _settled(page)
    page.keyboard.press("Escape")
    expect(first.locator(".edit-row")).to_be_focused()
    _settled(page)
    page.keyboard.press("Enter")
    expect(first.get_by_label("Responsible person")).to_be_focused()
    _settled(page)
    first.get_by_label("Risk").select_option("high")
    first.get_by_label("Tags").fill("bores")
    page.keyboard.press("Enter")
    expect(first.locator(".edit-row")).to_be_focused()
    expect(first).to_contain_text("High risk")
    expect(page.locator("#result-summary")).to_have_text(f"{code} is saved.")

    _settled(page)
    obligation = next(row for row in Obligation.objects.all() if row.code == _code(page, 1))
    second.locator(".edit-row").click()
    second.get_by_label("Risk").select_option("low")
    obligation_update(actor=admin, obligation=obligation, changes={"risk": "high"}, expected_version=obligation.version)
    second.get_by_role("button", name="Save").click()
    differences = page.get_by_role("region", name="Differences")
    expect(differences).to_contain_text("Both of you changed it")
    second.get_by_role("button", name="Save my changes").click()
    expect(second).to_contain_text("Low risk")


def test_many_are_chosen_changed_and_taken_back(page: Page) -> None:
    boxes = page.locator("tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    expect(page.locator("#chosen-number")).to_have_text("2 chosen")
    assert "?" not in page.url
    page.get_by_label("Choose all on this page").check()
    expect(page.locator("#chosen-number")).to_have_text("20 chosen")
    page.get_by_label("Choose all on this page").uncheck()
    boxes.nth(1).check()
    page.get_by_role("button", name="Change the chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 1 obligation")
    page.get_by_label("Risk").select_option("high")
    page.get_by_role("button", name="Check what this would do").click()
    page.get_by_role("button", name="Change 1 obligation").click()
    expect(page.get_by_text("1 obligation changed.")).to_be_visible()
    page.get_by_role("button", name="Take this change back").click()
    expect(page.get_by_text("The change of 1 obligation is taken back.")).to_be_visible()
    assert not Obligation.objects.filter(risk="high").exists()


def test_views_and_rows_work_without_a_script(new_page: NewPage, admin: User) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, admin.email)
    page.goto(f"{REGISTER}?state=overdue")
    page.get_by_role("link", name="Save this view").click()
    page.get_by_label("Name").fill("Late")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".views [aria-current]")).to_contain_text("Late")
    page.get_by_role("link", name="Rename, share or delete this view").click()
    page.get_by_role("button", name="Delete this view").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The view Late is back.")).to_be_visible()
    page.locator(".edit-row").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Edit")


def test_rows_and_changes_of_many_are_accessible_and_fit(new_page: NewPage, admin: User) -> None:
    page = new_page()
    sign_in(page, admin.email)
    page.goto(f"{REGISTER}?q=monitor&state=overdue")
    wait_until_alive(page)
    page.locator(".edit-row").first.click()
    expect(page.locator(".mending")).to_be_visible()
    inspect(page)
    page.locator(".cancel").click()
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Change the chosen").click()
    page.get_by_role("button", name="Check what this would do").click()
    expect(page.get_by_role("alert").first).to_contain_text("Choose what to change.")
    inspect(page)
    page.get_by_label("Risk").select_option("high")
    page.get_by_role("button", name="Check what this would do").click()
    inspect(page)
    page.get_by_role("button", name="Change 1 obligation").click()
    inspect(page)
    page.get_by_role("link", name="Back to the register").click()
    wait_until_alive(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect(page)
