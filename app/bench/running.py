"""Measurements in processes of their own, each with a site of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

APP = Path(__file__).resolve().parents[1]


def settings_in(folder: Path) -> dict[str, str]:
    """Return the environment of a process whose site keeps all that it has in a folder."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENSSOL_SECRET_KEY": "bench-only-" + "0123456789" * 4,
        "ENSSOL_DATA_DIR": str(folder),
        "ENSSOL_STATIC_ROOT": str(folder / "static"),
        "ENSSOL_ALLOWED_HOSTS": "testserver",
        "ENSSOL_INSECURE_HTTP": "true",
    }


def measured(folder: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Run a measurement in a new folder; what it prints on its last line is the result."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(  # noqa: S603 - our own measurements
        command, env=settings_in(folder), cwd=APP, stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
