"""Running the project as others run it: in a process of its own, with the settings of production."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

APP = Path(__file__).resolve().parent.parent.parent


def python(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start Python in the app's folder with these ENSSOL_ variables on top of the tests' own."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    return subprocess.Popen(  # noqa: S603 - the tests' own arguments
        [sys.executable, *arguments],
        cwd=APP,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of_tests() -> str:
    """Return the test database's address, as another process is given it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["ENSSOL_DATABASE_URL"])._replace(path=f"/{name}").geturl()
