"""Each change of the database is soon in its bucket: Litestream itself, as the role sets it up, against moto's S3."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
import yaml
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from role_scripts import ROOT, load
from role_templates import render, variables
from test_release import KNOWN_TO_229, directives

METRICS = load("metrics", "publish_metrics")
PREFIX = "web/replica"
GIVEN = {
    "replica_destination": f"backups/{PREFIX}",
    "replica_files": "evidence/web",
    "replica_region": "ap-southeast-2",
}


@pytest.fixture(scope="session")
def program() -> Path:
    """The program that the role pins, fetched as the role fetches it."""
    (task,) = (
        task
        for task in yaml.safe_load((ROOT / "roles/replica/tasks/present.yml").read_text())
        if task["name"] == "Fetch the program to the controller"
    )
    folder = ROOT / ".cache/litestream/tested"
    values = {"replica_uv": ROOT / ".venv/uv/bin/uv", "replica_lock": ROOT / "requirements/litestream.txt"}
    values["__replica_program"] = folder
    argv = task["ansible.builtin.command"]["argv"]
    for name, value in values.items():
        argv = [word.replace(f"{{{{ {name} }}}}", str(value)) for word in argv]
    subprocess.run(argv, check=True)
    return folder / "bin/litestream"


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class Site:
    """A database that somebody writes to, its replica's bucket, and Litestream between the two."""

    def __init__(self, program: Path, folder: Path, server: ThreadedMotoServer) -> None:
        self.program, self.folder, self.server = program, folder, server
        self.database, self.settings = folder / "data/enssol.sqlite3", folder / "litestream.yml"
        self.database.parent.mkdir()
        self.kept_beside = self.database.parent / ".enssol.sqlite3-litestream"
        host, port = server.get_host_and_port()
        self.port, self.endpoint = port, f"http://{host}:{port}"
        given = GIVEN | {"replica_database": self.database, "replica_endpoint_url": self.endpoint}
        self.settings.write_text(render("replica", "litestream.yml.j2", **given))
        self.environment = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": "ap-southeast-2"}
        self.environment |= {"AWS_ACCESS_KEY_ID": "host", "AWS_SECRET_ACCESS_KEY": "host", "PATH": os.environ["PATH"]}
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="ap-southeast-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        self.s3.create_bucket(
            Bucket="backups",
            CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"},
        )
        self.s3.put_bucket_versioning(Bucket="backups", VersioningConfiguration={"Status": "Enabled"})
        with self.connected() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE written (number INTEGER PRIMARY KEY, filling BLOB)")

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.database, timeout=20)) as database, database:
            yield database

    def write(self, number: int) -> None:
        with self.connected() as database:
            database.execute("INSERT INTO written VALUES (?, randomblob(3000))", (number,))

    @contextmanager
    def replicating(self, sign: signal.Signals = signal.SIGTERM) -> Iterator[None]:
        command: list[str | Path] = [self.program, "replicate", "-config", self.settings]
        log = (self.folder / "log").open("a")
        with log, subprocess.Popen(command, env=self.environment, stdout=log, stderr=log) as running:
            try:
                yield
            finally:
                running.send_signal(sign)

    def restored(self, *options: str) -> list[int]:
        """Return what a host that never saw the database gets from the bucket."""
        target = self.folder / "restored.sqlite3"
        target.unlink(missing_ok=True)
        command: list[str | Path] = [
            self.program,
            "restore",
            "-config",
            self.settings,
            "-integrity-check",
            "full",
            *options,
        ]
        subprocess.run([*command, "-o", target, self.database], check=True, env=self.environment, capture_output=True)
        with closing(sqlite3.connect(target)) as database:
            return [number for (number,) in database.execute("SELECT number FROM written ORDER BY number")]

    def lag(self) -> float:
        return float(METRICS.replica_lag(self.s3, f"backups/{PREFIX}", self.database, datetime.now(UTC)))

    def holds(self, *numbers: int) -> bool:
        """Tell whether these can be had from the bucket, and nothing else."""
        try:
            return self.restored() == list(numbers)
        except subprocess.CalledProcessError:
            return False


@pytest.fixture
def site(program: Path, tmp_path: Path) -> Iterator[Site]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    made = Site(program, tmp_path, server)
    try:
        yield made
    finally:
        made.server.stop()
        s3_backends.reset()


def test_the_loss_of_the_disk_loses_less_than_two_seconds_of_writes(site: Site) -> None:
    written: dict[int, float] = {}
    with site.replicating(signal.SIGKILL):
        site.write(0)
        until(lambda: site.holds(0))
        began = time.monotonic()
        while time.monotonic() < began + 5:
            number = len(written) + 1
            site.write(number)
            written[number] = time.monotonic()
        lost_at = time.monotonic()
    shutil.rmtree(site.database.parent)
    found = site.restored()
    missing = [at for number, at in written.items() if number not in found]
    assert len(found) > 1
    assert all(lost_at - at < 2 for at in missing)
    assert found == list(range(len(found)))


def test_a_replica_that_is_killed_goes_on_where_it_was(site: Site) -> None:
    for number in range(5):
        with site.replicating(signal.SIGKILL):
            site.write(number)
            until(lambda: any(site.kept_beside.glob("ltx/0/*.ltx")))
    with site.replicating():
        site.write(5)
        until(lambda: site.holds(*range(6)))


def test_what_was_written_while_the_bucket_was_away_is_sent_when_it_is_back(site: Site) -> None:
    with site.replicating():
        site.write(0)
        until(lambda: site.holds(0))
        site.server.stop()
        for number in range(1, 20):
            site.write(number)
        site.server = ThreadedMotoServer(ip_address="127.0.0.1", port=site.port, verbose=False)
        site.server.start()
        until(lambda: site.holds(*range(20)), 60)


def test_a_moment_can_be_restored(site: Site) -> None:
    with site.replicating():
        site.write(0)
        until(lambda: site.holds(0))
        moment = datetime.now(UTC)
        # The names of moments have seconds in Litestream's lists of levels.
        until(lambda: (datetime.now(UTC) - moment).total_seconds() > 1.5)
        site.write(1)
        until(lambda: site.holds(0, 1))
    assert site.restored("-timestamp", moment.isoformat().replace("+00:00", "Z")) == [0]


def test_a_database_that_was_restored_from_elsewhere_is_replicated_on(site: Site) -> None:
    """A restore puts another file in place, while the replica is stopped and what it kept beside the former is away."""
    with site.replicating():
        site.write(0)
        until(lambda: site.holds(0))
        with closing(sqlite3.connect(site.database)) as live, closing(sqlite3.connect(site.folder / "night")) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        site.write(1)
        until(lambda: site.holds(0, 1))
    for left in site.database.parent.glob("enssol.sqlite3*"):
        left.unlink()
    (site.folder / "night").replace(site.database)
    with site.connected() as database:
        database.execute("PRAGMA journal_mode = WAL")
    with site.replicating():
        site.write(7)
        until(lambda: site.holds(0, 7), 60)


def test_nothing_in_the_bucket_is_deleted_or_written_over(site: Site) -> None:
    with site.replicating():
        site.write(0)
        until(lambda: site.holds(0))
        site.write(1)
        until(lambda: site.holds(0, 1))
    versions = site.s3.list_object_versions(Bucket="backups")
    keys = [one["Key"] for one in versions["Versions"]]
    assert versions.get("DeleteMarkers", []) == []
    assert len(keys) == len(set(keys)) > 1
    assert all(key.startswith(f"{PREFIX}/") for key in keys)


class Recorder(BaseHTTPRequestHandler):
    """An S3 that takes everything and remembers with which headers."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[Message]] = []

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers)
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_each_object_has_a_checksum_which_a_locked_bucket_demands(site: Site) -> None:
    """moto takes only the older headers for one, so it cannot tell: S3 says `Content-MD5 OR x-amz-checksum-`."""
    recorder = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=recorder.serve_forever, daemon=True).start()
    site.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{recorder.server_port}"
    with site.replicating(signal.SIGKILL):
        site.write(0)
        until(lambda: len(Recorder.seen) > 1)
    recorder.shutdown()
    recorder.server_close()
    assert all(headers["x-amz-checksum-crc32"] for headers in Recorder.seen)


def test_the_lag_is_that_of_the_oldest_change_which_is_not_in_the_bucket(site: Site) -> None:
    with pytest.raises(FileNotFoundError, match="Litestream has not begun"):
        site.lag()
    with site.replicating():
        site.write(0)
        until(lambda: site.holds(0))
        assert site.lag() == 0
    site.write(1)
    log = site.database.with_name("enssol.sqlite3-wal")
    later = time.time() + 600
    log.touch()
    os.utime(log, (later, later))
    now = datetime.fromtimestamp(later + 5, UTC)
    assert METRICS.replica_lag(site.s3, f"backups/{PREFIX}", site.database, now) == pytest.approx(605, abs=30)


def test_the_unit_uses_only_what_systemd_229_knows() -> None:
    known = KNOWN_TO_229 | {"Unit": KNOWN_TO_229["Unit"] | {"ConditionPathExists"}}
    known["Service"] = known["Service"] | {"Nice"}
    lines = directives(render("replica", "enssol-replica.service.j2", **GIVEN))
    assert [line for line in lines if line[1] not in known[line[0]]] == []


def test_on_aws_no_place_is_named_so_that_each_object_has_a_checksum() -> None:
    (database,) = yaml.safe_load(render("replica", "litestream.yml.j2", **GIVEN))["dbs"]
    assert database["path"] == variables("replica")["replica_database"]
    assert set(database["replica"]) == {"type", "bucket", "path", "region", "sync-interval"}
    assert (database["replica"]["bucket"], database["replica"]["path"]) == ("backups", PREFIX)
    assert "AWS_ENDPOINT_URL" not in render("replica", "enssol-replica.service.j2", **GIVEN)
