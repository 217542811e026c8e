"""A document as tagged PDF. Run as a program of its own: no Django and no database beside the typesetter's memory.

Usage: python typesetting.py < document.json > document.pdf
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typst

SOURCE = Path(__file__).with_name("report.typ")


def pdf(document: dict[str, Any]) -> bytes:
    """Return the document as PDF/UA-1; the same document gives the same bytes.

    Args:
        document: as `Document.plain` returns it.
    """
    made: bytes = typst.compile(
        str(SOURCE),
        format="pdf",
        root=str(SOURCE.parent),
        sys_inputs={"document": json.dumps(document)},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    return made


if __name__ == "__main__":
    sys.stdout.buffer.write(pdf(json.load(sys.stdin)))
