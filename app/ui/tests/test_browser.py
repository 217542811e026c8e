"""The site in Chromium, as people use it: with a script and without, by sight and by screen reader."""

from __future__ import annotations

import re

import pytest
from accounts.models import User
from obligations.models import Obligation
from obligations.services.obligations import obligation_update
from playwright.sync_api import Page, expect

from ui.tests.conftest import LOOKS, NewPage, confirm, inspect, sign_in, wait_until_alive
from ui.tests.pages import ALSO, REGISTER, pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PUBLIC = ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/signup/")
ACCOUNT = (
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/reauthenticate/",
    "/accounts/notices/",
    "/accounts/calendar/",
)


@pytest.fixture
def obligation(admin: User) -> Obligation:
    return Obligation.objects.get(mechanism__short="MS1234", number="8-4")


def _codes(page: Page) -> list[str]:
    return page.locator("tbody .code").all_inner_texts()


def test_somebody_signs_in_with_password_and_code(new_page: NewPage, admin: User) -> None:
    page = new_page()
    page.goto(REGISTER)
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    sign_in(page, admin.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Wandoo Ridge Lithium")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.draws
def test_the_dashboards_numbers_lead_to_lists_of_that_length(new_page: NewPage, admin: User) -> None:
    page = new_page()
    sign_in(page, admin.email)
    tile = page.get_by_role("link", name="Overdue").first
    number = int(tile.locator("strong").inner_text())
    # Drawn beside the page, which looks again by itself; a slow machine only takes longer.
    pictures = page.locator(".figure img")
    expect(pictures).to_have_count(page.locator(".figure").count(), timeout=300_000)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    tile.click()
    expect(page).to_have_url(re.compile(r"/register/\?state=overdue$"))
    expect(page.locator("tbody .code")).to_have_count(number)


def test_filters_follow_each_change_and_the_address_keeps_them(new_page: NewPage, admin: User) -> None:
    page = new_page()
    sign_in(page, admin.email)
    page.goto(REGISTER)
    summary = page.locator("#result-summary")
    wait_until_alive(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("report")
    expect(page).to_have_url(re.compile(r"\?q=report$"))
    expect(summary).to_have_text(re.compile(rf"^\s*{len(_codes(page))} obligations"))
    page.get_by_text("More filters").click()
    page.get_by_label("Aspect", exact=True).select_option(label="Reporting")
    expect(page).to_have_url(re.compile(r"\?q=report&aspect=\d+$"))
    page.get_by_role("link", name="Upcoming").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"state=upcoming$"))
    expect(page.get_by_role("link", name="Upcoming")).to_be_focused()
    narrowed = _codes(page)
    expect(page.locator(".tabs [aria-current]")).to_have_text(re.compile(rf"Upcoming\s+{len(narrowed)}"))
    page.reload()
    assert _codes(page) == narrowed
    expect(page.get_by_role("searchbox")).to_have_value("report")
    page.get_by_role("link", name="Remove the filter Aspect").click()
    expect(page).to_have_url(re.compile(r"\?q=report&state=upcoming$"))
    expect(page.locator("#results")).to_be_focused()
    expect(page.get_by_label("Aspect", exact=True)).to_have_value("")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("tbody .code")).to_have_count(20)
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("report")


def test_sorting_and_paging_need_no_new_page(new_page: NewPage, admin: User, obligation: Obligation) -> None:
    for number in range(20):
        Obligation.objects.create(
            project=obligation.project,
            mechanism=obligation.mechanism,
            number=f"77-{number}",
            requirement="One of many.",
        )
    page = new_page()
    sign_in(page, admin.email)
    page.goto(REGISTER)
    page.evaluate("window.stillHere = true")
    page.get_by_label("Rows").select_option("25")
    expect(page).to_have_url(re.compile(r"\?size=25$"))
    page.get_by_role("link", name="Number").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Number"))
    first = _codes(page)
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator("tbody .code")).to_have_count(15)
    assert set(first).isdisjoint(_codes(page))
    assert page.evaluate("window.stillHere")


def test_an_obligation_is_changed_and_a_second_editor_sees_both_versions(
    new_page: NewPage, admin: User, obligation: Obligation
) -> None:
    page = new_page()
    sign_in(page, admin.email)
    page.goto(REGISTER)
    page.get_by_role("link", name="MS1234 8-4", exact=True).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Title").fill("Groundwater levels")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("MS1234 8-4 is saved.")).to_be_visible()
    page.get_by_role("button", name="Close this message").click()
    expect(page.get_by_text("MS1234 8-4 is saved.")).to_have_count(0)

    page.get_by_role("link", name="Edit").click()
    obligation_update(
        actor=admin, obligation=obligation, changes={"title": "Theirs", "evidence_notes": "A map"}, expected_version=2
    )
    page.get_by_label("Title").fill("Mine")
    page.get_by_role("button", name="Save").click()
    differences = page.get_by_role("region", name="Differences")
    expect(differences).to_contain_text("Theirs")
    expect(differences).to_contain_text("Mine")
    expect(page.get_by_label("Evidence")).to_have_value("A map")
    page.get_by_role("button", name="Save my changes").click()
    expect(page.get_by_text("MS1234 8-4 is saved.")).to_be_visible()
    obligation.refresh_from_db()
    assert (obligation.title, obligation.evidence_notes, obligation.version) == ("Mine", "A map", 4)


def test_everything_works_without_a_script(new_page: NewPage, admin: User, obligation: Obligation) -> None:
    page = new_page(java_script_enabled=False)
    sign_in(page, admin.email)
    page.get_by_role("link", name="Register").click()
    page.get_by_role("searchbox").fill("groundwater")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody .code")).to_have_text(["MS1234 8-4"])
    page.get_by_role("link", name="Remove the filter Search").click()
    page.get_by_text("More filters").click()
    page.get_by_label("Recurring").select_option("yes")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Overdue").click()
    page.get_by_role("link", name="Number").click()
    expect(page.locator("tbody .code")).to_have_text(["CEMP 4.2", "MS1234 6-2(3)", "MS1234 8-4"])
    page.get_by_role("link", name="MS1234 6-2(3)", exact=True).click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("MS1234 8-4")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Requirement").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("There is a problem")
    page.get_by_label("Requirement").fill("Report every quarter.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Report every quarter.", exact=True)).to_be_visible()
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.draws
def test_every_page_is_accessible_and_fits(new_page: NewPage, admin: User, person: User) -> None:
    """Every address that shows a page, by light, in the dark and on the narrowest screen, with a silent console."""
    page = new_page()
    for address in PUBLIC:
        inspect(page, address)
    sign_in(page, person.email, code=False)
    confirm(page)
    inspect(page, "/accounts/2fa/totp/activate/")
    page = new_page()
    sign_in(page, admin.email)
    confirm(page)
    page.goto("/accounts/2fa/recovery-codes/generate/")
    page.get_by_role("button", name="Make new codes").click()
    shown = [address for address in pages() if "accounts" not in address]
    wrong = []
    for address in (*shown, *ALSO, *ACCOUNT):
        try:
            inspect(page, address)
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)
    page.goto(REGISTER)
    page.get_by_text("More filters").click()
    page.locator(".account summary").click()
    inspect(page)
    print(f"{len(shown) + len(ALSO) + len(ACCOUNT) + len(PUBLIC) + 2} pages in {len(LOOKS)} looks")
