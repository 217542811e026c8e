"""Style sheets and scripts: for people as many files as make sense, for a browser one of each.

A request costs a phone on a mobile network a tenth of a second; twenty small files also compress worse than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.templatetags.static import static
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLE_SHEET, SCRIPT = "ui/css/enssol.css", "ui/js/enssol.js"
# In the order in which they take effect; the addresses within them are relative to the bundle's folder.
PARTS = {
    STYLE_SHEET: (
        "vendor/pico/pico.min.css",
        "ui/css/tokens.css",
        "ui/css/base.css",
        "ui/css/frame.css",
        "ui/css/navigation.css",
        "ui/css/components.css",
        "ui/css/tables.css",
        "ui/css/dashboard.css",
        "ui/css/register.css",
        "ui/css/working.css",
        "ui/css/registers.css",
        "ui/css/conditions.css",
        "ui/css/evidence.css",
        "ui/css/findings.css",
        "ui/css/planning.css",
        "ui/css/trail.css",
        "ui/css/obligation.css",
        "ui/css/notifications.css",
        "ui/css/entrance.css",
        "ui/css/print.css",
    ),
    SCRIPT: ("vendor/htmx/htmx.min.js", "vendor/hyperscript/_hyperscript.min.js"),
}
# A file of a bundle need not end its last statement.
BETWEEN = {STYLE_SHEET: "\n", SCRIPT: "\n;\n"}


class BundlingStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Collects static files with hashed names and compressed copies, and the bundles with them."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Write the bundles from what was collected, then let them be hashed and compressed as all files are."""
        for name, parts in PARTS.items():
            if not dry_run:
                text = BETWEEN[name].join(self.open(part).read().decode() for part in parts)
                self.delete(name)
                self.save(name, ContentFile(text))
                paths[name] = self, name
        yield from super().post_process(paths, dry_run, **options)


def addresses(bundle: str) -> list[str]:
    """Return the address of a bundle; of each of its parts where nothing was collected, as in tests."""
    collected = isinstance(staticfiles_storage, BundlingStorage)
    return [static(name) for name in ((bundle,) if collected else PARTS[bundle])]
