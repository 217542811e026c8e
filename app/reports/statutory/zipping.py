"""ZIP files that depend on nothing but their content."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from io import BytesIO

MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def with_fixed_dates(archive: bytes, when: datetime) -> bytes:
    """Return an Office file in which every date is that one, whenever it was written.

    Args:
        archive: a DOCX or XLSX file.
        when: in UTC.
    """
    made = BytesIO()
    stamp = (when.year, when.month, when.day, when.hour, when.minute, when.second)
    said = when.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = MODIFIED.sub(rb"\g<1>" + said + rb"\g<3>", content)
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(entry, content)
    return made.getvalue()
