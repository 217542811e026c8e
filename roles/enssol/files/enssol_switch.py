"""Let another release serve so that nobody at the site notices, or put everything back.

Two services can serve. While the main one restarts, people meet the spare, which runs the new release already: nginx
connects to a link, and the link leads to the socket of one or of the other.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enssol_host import (
    MAIN,
    SPARE,
    Host,
    ReleaseError,
    Service,
    installed,
    last_words,
    manage,
    met,
    run,
    served_before,
    wait_ready,
)

# Seconds that a page may take that somebody waits for: gunicorn ends what takes longer.
PATIENCE = 30
CHECK = "app/obligations/management/commands/check_schema.py"


def point(link: Path, target: str) -> None:
    """Let a link lead elsewhere, in one step for everyone who follows it."""
    new = link.with_name(f".{link.name}")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def switch(host: Host, release: Path, service: Service = MAIN) -> None:
    """Choose the release that a service starts from, which for the main one is the current release."""
    point(host.root / service.link, f"releases/{release.name}")


def restart(host: Host, timeout: float, service: Service = MAIN) -> None:
    """Restart a service that nobody meets, and its socket if the unit has changed; wait until it is ready."""
    unit, path = service.unit, host.sockets / service.socket
    run("systemctl", "daemon-reload")
    if not path.exists() or (host.units / f"{unit}.socket").stat().st_mtime > path.stat().st_mtime:
        run("systemctl", "stop", f"{unit}.service", f"{unit}.socket")
    try:
        run("systemctl", "start", f"{unit}.socket")
        run("systemctl", "restart", f"{unit}.service")
        wait_ready(host, path, timeout)
    except ReleaseError as error:
        said = run("journalctl", f"_SYSTEMD_UNIT={unit}.service", "--lines=3", "--output=cat", "--no-pager")
        # Without this, systemd counts the failed starts against the release that is put back.
        run("systemctl", "reset-failed", f"{unit}.service", f"{unit}.socket")
        raise ReleaseError(f"{error} ({last_words(said)})") from error


def stop_spare(host: Host) -> None:
    run("systemctl", "stop", f"{SPARE.unit}.service", f"{SPARE.unit}.socket")


def connections(path: Path) -> int:
    """Return how many connections a socket has, those that nobody has accepted yet among them."""
    accepting = 0x10000
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    return sum(line[7:] == [str(path)] and not int(line[3], 16) & accepting for line in lines)


def meet(host: Host, service: Service) -> None:
    """Let nginx connect to a service, and wait until the other has answered whom it has, but not for ever."""
    host.sockets.mkdir(exist_ok=True)
    point(host.socket, service.socket)
    other = host.sockets / (SPARE if service == MAIN else MAIN).socket
    deadline = time.monotonic() + PATIENCE
    while True:
        # First, since one that followed the link as it was may be about to connect.
        time.sleep(0.05)
        if not connections(other) or time.monotonic() > deadline:
            break


def come_home(host: Host, timeout: float) -> None:
    """Let the main service take over from the spare, should a run have been interrupted between the two."""
    if met(host) == SPARE:
        try:
            run("systemctl", "start", f"{MAIN.unit}.socket", f"{MAIN.unit}.service")
            wait_ready(host, host.sockets / MAIN.socket, timeout)
        except ReleaseError:
            return
        meet(host, MAIN)
    stop_spare(host)


def rehearse(host: Host, release: Path, timeout: float) -> None:
    """Start a release as the spare, and see that it is ready, while the main service serves."""
    switch(host, release, SPARE)
    try:
        restart(host, timeout, SPARE)
    except ReleaseError:
        if met(host) != SPARE:
            stop_spare(host)
        raise


def share_static(host: Host, release: Path) -> None:
    """Let a release serve the static files of the others too: who got a page from one of them asks for its files now.

    A file's name holds a hash of its content, so none is in the way of another.
    """
    for other in installed(host):
        index = other / "static/staticfiles.json"
        names = json.loads(index.read_text())["paths"].values() if index.exists() and other != release else ()
        for name in (f"{name}{packed}" for name in names for packed in ("", ".gz")):
            source, target = other / "static" / name, release / "static" / name
            if source.exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.hardlink_to(source)


def put(host: Host, release: Path, fallback: Path | None, timeout: float) -> None:
    """Let a release that has been rehearsed serve; if it does not, let the fallback serve again and say so."""
    share_static(host, release)
    switch(host, release)
    meet(host, SPARE)
    failure = ""
    try:
        restart(host, timeout)
    except ReleaseError as error:
        if fallback is None:
            raise ReleaseError(f"{release.name} does not serve and there is none to go back to: {error}") from error
        failure = f"{release.name} does not serve, so {fallback.name} serves again: {error}"
        switch(host, fallback)
        try:
            restart(host, timeout)
        except ReleaseError as second:
            raise ReleaseError(f"neither {release.name} nor {fallback.name} serves: {error}; {second}") from error
    meet(host, MAIN)
    stop_spare(host)
    if failure:
        raise ReleaseError(failure)
    (release / "SERVED").touch()


@contextmanager
def copied(host: Host, release: Path) -> Iterator[dict[str, str]]:
    """Copy the database while people work; yield the settings that lead to the copy, which then goes again."""
    account = pwd.getpwnam(host.user)
    for leftover in host.data.glob("rehearsal-*"):
        shutil.rmtree(leftover)
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=host.data) as folder:
        os.chown(folder, account.pw_uid, account.pw_gid)
        url = manage(host, release, "copy_database", folder).splitlines()[-1]
        given = {"ENSSOL_DATABASE_URL": url, "ENSSOL_DATA_DIR": folder, "ENSSOL_EVIDENCE_URL": ""}
        host.rehearsal.touch(0o600)
        host.rehearsal.write_text("".join(f"{name}='{value}'\n" for name, value in given.items()))
        try:
            yield given
        finally:
            host.rehearsal.unlink()
            manage(host, release, "copy_database", folder, "--remove")


def try_migrations(host: Host, release: Path, before: Path, timeout: float) -> None:
    """Migrate a copy of the database, and see that both the running release and the new one can work with it."""
    with copied(host, release) as given:
        manage(host, release, "migrate", "--noinput", given=given)
        try:
            # A release from before there was this check cannot be asked.
            if (before / CHECK).exists():
                manage(host, before, "check_schema", given=given)
        except ReleaseError as error:
            raise ReleaseError(f"{before.name}, which runs meanwhile, cannot work with its tables: {error}") from error
        rehearse(host, release, timeout)
        stop_spare(host)


def is_migrated(host: Host, release: Path) -> bool:
    """Whether the database has all the migrations of a release."""
    try:
        manage(host, release, "migrate", "--check")
    except ReleaseError:
        return False
    return True


def activate(host: Host, release: Path, before: Path | None, timeout: float) -> None:
    """Check, try on a copy, migrate, rehearse, switch.

    Until the real database is migrated, nothing has been changed. After that nothing is undone in it, since people have
    gone on writing: the release before has been seen to work with its tables as they are now.
    """
    stays = f"{before.name} goes on" if before else "nothing serves yet"
    try:
        manage(host, release, "check", "--deploy", "--fail-level", "WARNING")
        if not is_migrated(host, release):
            if before:
                try_migrations(host, release, before, timeout)
            manage(host, release, "migrate", "--noinput")
        rehearse(host, release, timeout)
    except ReleaseError as error:
        raise ReleaseError(f"{release.name} was not activated, {stays}: {error}") from error
    only_restarted = before == release and (release / "SERVED").exists()
    put(host, release, None if only_restarted else served_before(host, release), timeout)


def roll_back(host: Host, release: Path, before: Path | None, timeout: float) -> None:
    """Return to a release; the one left behind counts as not having served, so nothing returns to it unasked."""
    rehearse(host, release, timeout)
    if before == release:
        before = None
    put(host, release, before, timeout)
    if before:
        (before / "SERVED").unlink(missing_ok=True)
