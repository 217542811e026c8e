"""What a browser gets of style sheets and scripts once they are collected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from config.tests.subprocesses import python

from ui.bundles import PARTS, SCRIPT, STYLE_SHEET

PAGE = """
import django
from django.core.management import call_command
django.setup()
call_command("collectstatic", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
from django.template.loader import render_to_string
print(render_to_string("404.html"))
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Collect static files, twice, into a folder; return it, and a page."""
    root = tmp_path_factory.mktemp("static")
    page, errors = python("-c", PAGE, ENSSOL_STATIC_ROOT=str(root)).communicate()
    assert not errors
    return root, page


@pytest.mark.parametrize(("bundle", "link"), [(STYLE_SHEET, r'stylesheet" href="'), (SCRIPT, r'script defer src="')])
def test_a_page_asks_for_one_file_that_holds_all_parts(collected: tuple[Path, str], bundle: str, link: str) -> None:
    root, page = collected
    (address,) = re.findall(link + r'/static/([^"]+)"', page)
    stem, _, ending = bundle.rpartition(".")
    assert re.fullmatch(rf"{stem}\.[0-9a-f]{{12}}\.{ending}", address)
    text = (root / address).read_text()
    beginnings = [(root / part).read_text()[:150] for part in PARTS[bundle]]
    places = [text.find(beginning) for beginning in beginnings]
    assert -1 not in places
    assert places == sorted(places)
    assert (root / f"{address}.gz").exists()


def test_addresses_within_a_bundle_lead_to_files(collected: tuple[Path, str]) -> None:
    root, _ = collected
    sheet = next(root.glob("ui/css/enssol.????????????.css"))
    relative = [found for found in re.findall(r'url\("?([^")]+)', sheet.read_text()) if not found.startswith("data:")]
    assert relative
    for address in relative:
        assert (sheet.parent / address).resolve().is_file(), address


def test_every_style_sheet_is_in_the_bundle() -> None:
    folder = Path(__file__).resolve().parents[1] / "static"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.css")} == set(PARTS[STYLE_SHEET])
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.js")} == set(PARTS[SCRIPT])
