"""Restore the newest backup into a throw-away folder, serve it there, and tell in a file how that went.

Everything comes from the environment:
  DRILL_FOLDER  folder with room for what a backup holds, twice; empty again when this ends.
  DRILL_STATE   file that says when the last drill was, how long it took, and what failed.
The rest is the service's own: settings, where the backups are, credentials. Run from the folder of manage.py. Ends with
1 when the newest backup could not be restored and served, even where an older one could.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

READY_SECONDS = 120.0


class Failed(Exception):
    """Why the newest backup does not bring the site back, in words."""


def throw_away(folder: Path, given: dict[str, str]) -> dict[str, str]:
    """Return the settings of a site of its own in a folder: nothing that serves is reached by them.

    Raises:
        Failed: the site has a database that a folder cannot hold.
    """
    if given.get("ENSSOL_DATABASE_URL", "sqlite:").partition(":")[0] != "sqlite":
        raise Failed("only a site on SQLite can be restored into a folder: restore a copy of the RDS instance instead")
    own = {"ENSSOL_DATA_DIR": str(folder), "ENSSOL_DATABASE_URL": f"sqlite://{folder}/enssol.sqlite3"}
    return {name: value for name, value in given.items() if name != "ENSSOL_EVIDENCE_URL"} | own


def manage(settings: dict[str, str], *arguments: str) -> tuple[str, str]:
    """Run a management command; return what it said, and what it said of errors.

    Raises:
        Failed: it failed.
    """
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"manage.py {arguments[0]} ended with {done.returncode}"]
        raise Failed(said[-1])
    return done.stdout.strip(), done.stderr.strip()


def serve(settings: dict[str, str], folder: Path, seconds: float = READY_SECONDS) -> None:
    """Start the site on a socket of its own, and see that it calls itself ready.

    Raises:
        Failed: it does not within that many seconds.
    """
    path = folder / "gunicorn.sock"
    options = ["--config", "python:config.gunicorn", "--worker-tmp-dir", str(folder), "--bind", f"unix:{path}"]
    command = [sys.executable, "-m", "gunicorn", *options, "config.wsgi"]
    deadline = time.monotonic() + seconds
    with subprocess.Popen(command, env=settings) as gunicorn:  # noqa: S603 - no shell
        try:
            while said := unready(path, settings["ENSSOL_ALLOWED_HOSTS"].split(",")[0]):
                if gunicorn.poll() is not None or time.monotonic() > deadline:
                    raise Failed(f"what was restored does not serve: {said}")
                time.sleep(0.2)
        finally:
            gunicorn.terminate()


def unready(path: Path, name: str) -> str:
    """Ask for /readyz as nginx would; return why it is not ready, or nothing if it is."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(10)
    try:
        connection.sock.connect(str(path))
        connection.request("GET", "/readyz", headers={"Host": name, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        reason = answer.read(300).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error})"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/readyz answers {answer.status} ({reason})"


def drill(folder: Path, given: dict[str, str]) -> dict[str, Any]:
    """Restore, verify and serve; return what was restored and how long that took.

    Raises:
        Failed: the newest backup does not bring the site back.
    """
    began = time.monotonic()
    settings = throw_away(folder, given)
    restored, refused = manage(settings, "restore_backup")
    if refused:
        raise Failed(refused.splitlines()[0])
    trail, _ = manage(settings, "verify_audit_trail")
    evidence, _ = manage(settings, "verify_evidence")
    serve(settings, folder)
    age = re.search(r"as of (\S+), (\d+) s ago", restored)
    return {
        "restored_as_of": age[1] if age else None,
        "recovery_point_seconds": int(age[2]) if age else None,
        "recovery_seconds": round(time.monotonic() - began, 1),
        "audit_trail": trail,
        "evidence": evidence,
    }


def tell(state: Path, **changes: Any) -> None:
    """Change the state file, at once for whoever reads it."""
    try:
        known = json.loads(state.read_text())
    except (OSError, ValueError):
        known = {}
    part = state.with_name(f".{state.name}")
    part.write_text(json.dumps({**known, **changes}, indent=2) + "\n")
    part.chmod(0o644)
    part.replace(state)


def main() -> int:
    given = dict(os.environ)
    state = Path(given["DRILL_STATE"])
    try:
        with TemporaryDirectory(dir=given["DRILL_FOLDER"], prefix="site-") as folder:
            found = drill(Path(folder), given)
    except (Failed, OSError) as error:
        tell(state, last_failure_at=datetime.now(UTC).isoformat(), last_failure=str(error))
        print(f"The drill failed: {error}", file=sys.stderr)
        return 1
    done = {"last_drill_at": datetime.now(UTC).isoformat(), **found}
    tell(state, **done, last_failure_at=None, last_failure=None)
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
