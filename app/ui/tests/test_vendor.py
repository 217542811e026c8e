"""What other people wrote stays as they published it, with its licence beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text())


def test_every_vendored_file_is_the_published_one() -> None:
    for entry in MANIFEST:
        for name, file in entry["files"].items():
            digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
            assert file["sha384"] == "sha384-" + base64.b64encode(digest).decode(), name


def test_nothing_is_vendored_without_an_entry_and_a_licence() -> None:
    listed = {name for entry in MANIFEST for name in entry["files"]}
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()} - {"MANIFEST.json"}
    assert present == listed
    assert all(entry["licence_file"] in entry["files"] and entry["version"] for entry in MANIFEST)
