"""Chromium with somebody at it, and an eye on what no page may do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest
from accounts.models import User
from accounts.services import administrator_ensure
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from registers.models import Project

from ui.tests.totp import totp_code

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

PASSWORD = "a-long-test-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

NewPage = Callable[..., Page]


@dataclass
class Watch:
    """What pages said on the console and whom else they asked for something."""

    origin: str
    console: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", lambda message: self._said(page.url, message.text))
        page.on("pageerror", lambda error: self.console.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, url: str, text: str) -> None:
        # Chromium notes each answer of 400 and more, and these two show a form again, as they should; and that it left
        # the focus alone where a test was quicker than `autofocus`.
        if not re.search(r"status of (409|422)|^Autofocus processing was blocked", text):
            self.console.append(f"{url}: {text}")

    def _asked(self, url: str) -> None:
        # Chromium's viewer of PDFs is an extension, inside the browser.
        if urlsplit(url).scheme not in {"data", "chrome", "chrome-extension"} and not url.startswith(self.origin):
            self.elsewhere.append(url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, beside which Django would refuse its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def admin(project: Project) -> User:
    """Somebody who signs in with password and code, and may do everything in the demo project."""
    administrator_ensure(email="admin@example.com", password=PASSWORD, totp_secret=SECRET)
    return User.objects.get(email="admin@example.com")


@pytest.fixture
def person(viewer: User) -> User:
    """Somebody who signs in with a password alone, and may look."""
    EmailAddress.objects.create(user=viewer, email=viewer.email, verified=True, primary=True)
    return viewer


@pytest.fixture
def watch(live_server: LiveServer) -> Iterator[Watch]:
    """Watch every page of the test; none may say a word on the console or ask another site for anything."""
    watch = Watch(live_server.url)
    yield watch
    assert watch.console == []
    assert watch.elsewhere == []


@pytest.fixture
def new_page(chromium: Browser, live_server: LiveServer, watch: Watch) -> Iterator[NewPage]:
    """Open a browser window of its own, with the settings of a Playwright context."""
    contexts = []

    def open_window(**settings: Any) -> Page:
        contexts.append(chromium.new_context(base_url=live_server.url, locale="en-AU", **settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(
            "addEventListener('hyperscript:ready', () => document.documentElement.classList.add('is-alive'), true)"
        )
        watch.follow(page)
        return page

    yield open_window
    for context in contexts:
        context.close()


def sign_in(page: Page, email: str, *, code: bool = True) -> None:
    """Sign in as a person does."""
    page.goto("/accounts/login/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if code:
        page.get_by_label("Code").fill(totp_code(SECRET))
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/projects/**")


def confirm(page: Page) -> None:
    """Give the password once more, as pages that protect the account ask for."""
    page.goto("/accounts/reauthenticate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (1280, "dark"), (320, "light"))


def wait_until_alive(page: Page) -> None:
    """Wait for hyperscript to have read the page; `wait_for_function` would need `eval`, which our CSP forbids."""
    expect(page.locator("html.is-alive")).to_have_count(1, timeout=30_000)


def inspect(page: Page, address: str = "") -> None:
    """Look at a page as axe does, by light, in the dark and on the narrowest screen, where nothing may stick out."""
    if address:
        page.goto(address)
    # What a click leads to has begun by now, but a document begins without even its root.
    page.wait_for_load_state()
    before = page.viewport_size
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations = Axe().run(page, options=RULES).response["violations"]
        found = [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in violations]
        assert not found, f"{page.url}, {width} px, {scheme}: {found}"
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{page.url}, {width} px"
    page.emulate_media(color_scheme="null", reduced_motion="null")
    if before:
        page.set_viewport_size(before)
