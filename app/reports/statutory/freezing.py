"""Snapshots: canonical JSON under its SHA-256, so that whoever has both can tell that nothing was changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reports.statutory.models import StatutoryReport


class TamperedSnapshot(Exception):
    """A stored snapshot no longer has the hash under which it was frozen."""


def canonical(content: dict[str, Any]) -> str:
    """Return JSON with sorted keys and no spaces, in which equal contents are equal letter by letter."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Return the SHA-256 of the text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def frozen(report: StatutoryReport) -> dict[str, Any]:
    """Return what a finalised report says.

    Raises:
        TamperedSnapshot: its stored text was changed.
    """
    if digest(report.snapshot) != report.sha256:
        raise TamperedSnapshot(f"{report}: the snapshot is not what was finalised")
    content: dict[str, Any] = json.loads(report.snapshot)
    return content
