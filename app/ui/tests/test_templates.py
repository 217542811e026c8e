"""What no template may contain, because the content security policy forbids it or htmx would not enforce it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path for folder in ("templates", "jinja2") for path in APP.glob(f"*/{folder}/**/*") if path.is_file()
)

BANNED = {
    "inline style": re.compile(r"\sstyle\s*=|<style", re.IGNORECASE),
    "inline handler": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "htmx handler, which needs eval": re.compile(r"hx-on"),
    "JavaScript in an attribute": re.compile(r"\bjs:|javascript:", re.IGNORECASE),
    # Without eval htmx ignores the condition and fires always.
    "htmx trigger filter": re.compile(r"""hx-trigger\s*=\s*["'][^"']*\["""),
    "hyperscript's js block": re.compile(r"""\b_\s*=\s*["'][^"']*\bjs\b"""),
    "another site": re.compile(r"""(?:src|srcset|href|action)\s*=\s*["'](?:https?:)?//"""),
    "text passed off as safe": re.compile(r"\|\s*safe\b|autoescape\s+off"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(APP)))
def test_a_template_obeys_the_content_security_policy(path: Path) -> None:
    text = path.read_text()
    # A mail has no policy and no file to take its style from.
    allowed = {"inline style"} if "mail" in path.parts else set()
    assert [name for name, pattern in BANNED.items() if pattern.search(text) and name not in allowed] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">',
        '<a onclick="go()">',
        "<script>go()</script>",
        '<p hx-on:click="go()">',
        "<p hx-vals='js:{a: 1}'>",
        '<p hx-trigger="click[ctrlKey]">',
        '<p _="on click js go() end">',
        '<img src="//elsewhere.example/x.png">',
        "{{ text|safe }}",
    ],
)
def test_the_ban_catches_what_it_is_for(bad: str) -> None:
    assert any(pattern.search(bad) for pattern in BANNED.values())


def test_style_sheets_fetch_nothing_from_elsewhere() -> None:
    for path in (APP / "ui" / "static" / "ui" / "css").glob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", path.read_text()), path.name
