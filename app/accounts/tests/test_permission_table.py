"""What is said of roles is what holds."""

from __future__ import annotations

from pathlib import Path

from accounts.permissions import WORDS, as_markdown
from accounts.roles import PERMISSIONS

ROOT = Path(__file__).resolve().parents[3]


def test_each_permission_is_in_words_once() -> None:
    named = [name for lines in WORDS.values() for name in lines]
    assert len(named) == len(set(named))
    assert set(named) == {name.removesuffix(".own") for name in PERMISSIONS}


def test_the_page_of_the_documents_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert written == as_markdown(), "Run `make docs`."
