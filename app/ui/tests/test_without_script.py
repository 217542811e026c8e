"""Without a script every page does what it does with one: nothing on it waits for a script to be reached or sent."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from accounts.models import User
from django.test import Client

from ui.tests.pages import ALSO, pages

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ASKS = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
# What asks by itself, again and again or once: beside it the page says how to look again.
BY_ITSELF = ("every", "load", "intersect")


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element] = []
        if parent:
            parent.children.append(self)

    def within(self, tag: str) -> Element | None:
        """Return the closest element of that tag that holds this one."""
        above = self.parent
        while above and above.tag != tag:
            above = above.parent
        return above

    def is_within(self, has: Callable[[Element], bool]) -> bool:
        """Return whether it, or one that holds it, is such an element."""
        return has(self) or bool(self.parent and self.parent.is_within(has))

    def all(self) -> list[Element]:
        return [self, *(below for child in self.children for below in child.all())]

    def __str__(self) -> str:
        said = " ".join(f'{name}="{value}"' for name, value in self.attributes.items())
        return f"<{self.tag} {said}>"


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = self.open = Element("page", {}, None)
        self.feed(text)
        self.elements = self.root.all()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        closed: Element | None = self.open
        while closed and closed.tag != tag:
            closed = closed.parent
        if closed and closed.parent:
            self.open = closed.parent

    def wanting(self) -> list[str]:
        """Return what nobody could use without a script."""
        asking = [f"asks for nothing by itself: {one}" for one in self.elements if self._asks_only_by_script(one)]
        forms = [form for form in self.elements if form.tag == "form"]
        unsent = [f"cannot be sent: {form}" for form in forms if not self._is_sent(form)]
        buttons = [one for one in self.elements if one.attributes.get("type") == "button"]
        idle = [f"does nothing: {button}" for button in buttons if not button.is_within(_is_shown_by_scripts)]
        return asking + unsent + idle

    def _asks_only_by_script(self, element: Element) -> bool:
        if not any(name in element.attributes for name in ASKS):
            return False
        if element.tag == "a":
            return not element.attributes.get("href")
        if element.attributes.get("hx-trigger", "").startswith(BY_ITSELF):
            return not any(one.tag in {"a", "noscript", "table"} for one in element.all())
        form = element if element.tag == "form" else element.within("form") or self._named(element)
        return form is None or not self._is_sent(form)

    def _named(self, element: Element) -> Element | None:
        """Return the form elsewhere on the page whose fields are sent."""
        name = element.attributes.get("hx-include", "").removeprefix("#")
        return next((one for one in self.elements if one.tag == "form" and one.attributes.get("id") == name), None)

    def _is_sent(self, form: Element) -> bool:
        inside = {id(one) for one in form.all()}
        return any(
            one.tag in {"button", "input"}
            and one.attributes.get("type", "submit" if one.tag == "button" else "text") == "submit"
            and (id(one) in inside or one.attributes.get("form") == form.attributes.get("id"))
            for one in self.elements
        )


def _is_shown_by_scripts(element: Element) -> bool:
    shown = element.attributes.get("class", "").split()
    return "with-script" in shown or "hidden" in element.attributes or element.tag == "dialog"


@pytest.mark.every_address
@pytest.mark.django_db(transaction=True)
def test_no_page_waits_for_a_script(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    wrong = {}
    addresses = [*pages(), *ALSO]
    for address in addresses:
        if found := Page(client.get(address).content.decode()).wanting():
            wrong[address] = found
    assert wrong == {}
    assert len(addresses) > 90


@pytest.mark.parametrize(
    "wanting",
    [
        '<form><input name="q"></form>',
        '<form><button type="button">Send</button></form>',
        '<button type="button">Close</button>',
        '<a hx-get="/more">More</a>',
        '<div hx-get="/state" hx-trigger="every 2s"><p>At work</p></div>',
        '<p hx-post="/save"></p>',
    ],
)
def test_what_only_a_script_can_use_is_found(wanting: str) -> None:
    assert Page(wanting).wanting()
