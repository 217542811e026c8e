"""Run a command beside a PostgreSQL server of its own, and end both together.

The server is Debian's package on an empty temporary folder. It listens on a Unix socket inside that folder alone, and
runs as `postgres` when root starts it, because it refuses to run as root. The command finds it through
ENSSOL_TEST_DATABASE_URL.

Usage: with_postgres.py COMMAND [ARGUMENT ...]
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = Path("/usr/lib/postgresql")
# Nothing here outlives the tests, so nothing waits for a disk.
SETTINGS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def server() -> Iterator[str]:
    """Yield the address of an empty database."""
    versions = sorted(PACKAGES.glob("*/bin"), key=lambda path: float(path.parent.name))
    if not versions:
        sys.exit("PostgreSQL is missing: apt-get install postgresql")
    # Short, because the path of a socket may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="enssol-pg-", dir="/tmp"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(versions[-1] / program), *arguments]
        subprocess.run(command, cwd=folder, user=user, group=user, check=True, stdout=subprocess.DEVNULL)

    data, log = str(folder / "data"), folder / "log"
    options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
    try:
        run(
            "initdb",
            "--no-sync",
            "--auth=trust",
            "--username=enssol",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            f"--pgdata={data}",
        )
        run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={log}", f"--options=-k {folder} {options}")
        try:
            run("createdb", f"--host={folder}", "--username=enssol", "enssol")
            yield f"postgresql://enssol@/enssol?host={folder}"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={data}")
    finally:
        shutil.rmtree(folder)


def main(command: list[str]) -> int:
    # Ended by somebody, it still ends the server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with server() as address:
        environment = {**os.environ, "ENSSOL_TEST_DATABASE_URL": address}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
