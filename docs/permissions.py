"""Write docs/permissions.md, what each role may do, from the table that the app checks.

python docs/permissions.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
DOCUMENT = DOCS / "permissions.md"

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.tests.settings")
    sys.path.insert(0, str(DOCS.parent / "app"))

    import django

    django.setup()

    from accounts.permissions import as_markdown

    DOCUMENT.write_text(as_markdown(), encoding="utf-8")
