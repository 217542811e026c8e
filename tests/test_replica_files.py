"""Stored files leave the host as soon as they are there, and with the replica they bring a site back; S3 is moto's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from role_scripts import ROOT, load
from role_templates import render, variables
from test_release import KNOWN_TO_229, directives
from test_replica import program as program  # noqa: PLC0414  a fixture
from test_replica import until

METRICS = load("metrics", "publish_metrics")
load("enssol", "enssol_host")
enssol_replica = load("enssol", "enssol_replica")
Host, ReleaseError = enssol_replica.Host, enssol_replica.ReleaseError
PYTHON = ROOT / ".venv/app/bin/python"
SENDER = ROOT / "roles/replica/files/send_files.py"
SECRET = "a key of these tests alone, long enough to be taken for one"
GIVEN = {
    "replica_destination": "backups/web/replica",
    "replica_files": "evidence/web",
    "replica_region": "ap-southeast-2",
}
STORE = """
import sys
import django
django.setup()
from accounts.models import Organisation
from django.core.files.base import ContentFile
from files.services import store
content = ContentFile(b"%PDF-1.7 " + sys.argv[1].encode(), "seen.pdf")
somebodys, _ = Organisation.objects.get_or_create(name="Example")
print(store(organisation=somebodys, upload=content, actor=None).sha256)
"""
PEOPLE = """
import django
django.setup()
from accounts.models import User
print(*User.objects.values_list("email", flat=True))
"""


class Site:
    """A site on a host that replicates, as its roles set it up, and S3."""

    def __init__(self, program: Path, folder: Path, server: ThreadedMotoServer) -> None:
        self.program, self.server = program, server
        host, self.port = server.get_host_and_port()
        release, configuration = folder / "opt/releases/one", folder / "etc"
        self.host = Host(root=folder / "opt", configuration=configuration, data=folder / "data", user="root")
        self.data, self.work, self.unsent = self.host.data, folder / "work", self.host.data / "unsent"
        for made in (release, configuration, self.data, self.work, self.unsent):
            made.mkdir(parents=True)
        (release / "venv").symlink_to(ROOT / ".venv/app")
        (release / "app").symlink_to(ROOT / "app")
        self.host.current.symlink_to(release)
        given: dict[str, Any] = GIVEN | {"replica_database": self.data / "enssol.sqlite3"}
        given |= {"replica_endpoint_url": f"http://{host}:{self.port}"}
        self.litestream = configuration / "litestream.yml"
        self.litestream.write_text(render("replica", "litestream.yml.j2", **given))
        settings = render("replica", "replica.env.j2", **given)
        settings = settings.replace("/etc/litestream.yml", str(self.litestream))
        settings = settings.replace("/var/lib/enssol-backup/replica", str(self.work))
        (configuration / "replica.env").write_text(settings + "AWS_ACCESS_KEY_ID=x\nAWS_SECRET_ACCESS_KEY=x\n")
        (configuration / "enssol.env").write_text(
            f"ENSSOL_SECRET_KEY='{SECRET}'\n"
            f"ENSSOL_ALLOWED_HOSTS=app.example.com\nENSSOL_DATA_DIR={self.data}\nENSSOL_STATIC_ROOT={folder}\n"
            f"ENSSOL_EMAIL_URL=file://{folder}/mail\nDJANGO_SETTINGS_MODULE=config.settings\n"
        )
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{self.port}",
            region_name="ap-southeast-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        for name in ("backups", "evidence"):
            place = {"LocationConstraint": "ap-southeast-2"}
            self.s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)

    @property
    def environment(self) -> dict[str, str]:
        found: dict[str, str] = enssol_replica.settings(self.host)
        return found

    def run(self, *arguments: str, said: str = "", **given: str) -> str:
        done = subprocess.run(
            [PYTHON, *arguments],
            cwd=ROOT / "app",
            env=self.environment | given,
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def manage(self, *arguments: str, said: str = "", **given: str) -> str:
        return self.run("manage.py", *arguments, said=said, **given)

    def store(self, text: str) -> str:
        return self.run("-c", STORE, text)

    def begin_to_send(self) -> subprocess.Popen[bytes]:
        given = {"FILES_FOLDER": str(self.data), "FILES_DESTINATION": "s3://evidence/web", "FILES_WAITS": "0.1"}
        return subprocess.Popen([PYTHON, "-I", SENDER], env=self.environment | given, stderr=subprocess.PIPE)

    def send(self) -> None:
        with self.begin_to_send() as sending:
            assert sending.wait(60) == 0

    def kept(self) -> set[str]:
        return {one["Key"] for one in self.s3.list_objects_v2(Bucket="evidence").get("Contents", [])}

    def restored(self, folder: Path, backup: Path) -> dict[str, str]:
        """Restore a backup on a host that never saw the site; return its settings."""
        folder.mkdir()
        given = {"ENSSOL_DATA_DIR": str(folder)}
        self.manage("restore_backup", str(backup), **given)
        return given


def key(sha256: str) -> str:
    return f"web/{sha256[:2]}/{sha256[2:4]}/{sha256}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one person."""
    folder = tmp_path_factory.mktemp("database")
    given = {"ENSSOL_SECRET_KEY": SECRET, "ENSSOL_DATA_DIR": str(folder), "ENSSOL_ALLOWED_HOSTS": "app.example.com"}
    given |= {"ENSSOL_STATIC_ROOT": str(folder), "ENSSOL_EMAIL_URL": f"file://{folder}/mail"}
    for arguments in (("migrate", "--verbosity=0"), ("create_admin", "first@example.com")):
        command: list[str | Path] = [PYTHON, "manage.py", *arguments]
        said = "a sentence that is long enough"
        subprocess.run(command, cwd=ROOT / "app", env=given, input=said, capture_output=True, text=True, check=True)
    return folder / "enssol.sqlite3"


@pytest.fixture
def site(program: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    monkeypatch.setattr(enssol_replica, "LITESTREAM", str(program))
    made = Site(program, tmp_path, server)
    shutil.copy(database, made.data)
    try:
        yield made
    finally:
        made.server.stop()
        s3_backends.reset()


@pytest.fixture
def replicated(site: Site) -> Iterator[Site]:
    command: list[str | Path] = [site.program, "replicate", "-config", site.litestream]
    with subprocess.Popen(
        command, env=site.environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as running:
        yield site
        running.terminate()


def in_the_bucket(site: Site, *people: str) -> bool:
    """Tell whether a backup of the replica holds these people."""
    try:
        backup = enssol_replica.assemble(site.host, "")
    except ReleaseError:
        return False
    folder = site.work.with_name("looked")
    shutil.rmtree(folder, ignore_errors=True)
    given = site.restored(folder, backup)
    return set(site.run("-c", PEOPLE, **given).split()) == set(people)


def test_a_stored_file_is_sent_at_once_and_what_arrives_meanwhile_too(site: Site) -> None:
    names = [site.store("one"), site.store("two")]
    assert {path.name for path in site.unsent.iterdir()} == set(names)
    site.send()
    assert site.kept() == {key(name) for name in names}
    body = site.s3.get_object(Bucket="evidence", Key=key(names[0]))["Body"].read()
    assert hashlib.sha256(body).hexdigest() == names[0]
    assert list(site.unsent.iterdir()) == []
    # The same bytes again are stored already.
    site.store("one")
    assert list(site.unsent.iterdir()) == []


def test_what_could_not_be_sent_waits_for_its_bucket(site: Site) -> None:
    name = site.store("one")
    site.server.stop()
    sending = site.begin_to_send()
    assert sending.stderr
    assert b"Trying again" in sending.stderr.readline()
    assert (site.unsent / name).exists()
    site.server = ThreadedMotoServer(ip_address="127.0.0.1", port=site.port, verbose=False)
    site.server.start()
    assert sending.wait(60) == 0
    assert site.kept() == {key(name)}


def test_files_that_were_there_before_are_sent_when_all_are_asked_for(site: Site) -> None:
    site.unsent.rmdir()
    names = [site.store("one"), site.store("two")]
    site.unsent.mkdir()
    site.s3.put_object(Bucket="evidence", Key=key(names[1]), Body=b"there already")
    (site.unsent / "all").touch()
    site.send()
    assert site.kept() == {key(name) for name in names}
    assert site.s3.get_object(Bucket="evidence", Key=key(names[1]))["Body"].read() == b"there already"
    assert list(site.unsent.iterdir()) == []


def test_a_lost_host_comes_back_with_its_newest_people_and_files_and_at_a_moment_without_them(
    replicated: Site, tmp_path: Path
) -> None:
    site = replicated
    first = site.store("one")
    site.send()
    until(lambda: in_the_bucket(site, "first@example.com"))
    moment = datetime.now(UTC)
    until(lambda: datetime.now(UTC) - moment > timedelta(seconds=1.5))
    second = site.store("two")
    site.manage("create_admin", "second@example.com", said="a sentence that is long enough")
    site.send()
    until(lambda: in_the_bucket(site, "first@example.com", "second@example.com"))
    backup = enssol_replica.assemble(site.host, "")
    assert [path.name for path in sorted(site.work.glob("[!.]*"))] == [backup.name, f"{backup.name}.sha256"]
    said = site.manage("check_backup", str(backup))
    assert "2 stored files" in said
    given = site.restored(tmp_path / "other", backup)
    assert site.manage("verify_evidence", **given) == "2 files are what was uploaded"
    assert {path.name for path in (tmp_path / "other/evidence").glob("*/*/*")} == {first, second}

    earlier = enssol_replica.assemble(site.host, moment.isoformat())
    given = site.restored(tmp_path / "earlier", earlier)
    assert site.manage("verify_evidence", **given) == "1 files are what was uploaded"


def test_a_replica_whose_file_did_not_arrive_is_no_backup_and_says_which(replicated: Site) -> None:
    name = replicated.store("never sent")
    said = []

    def refused() -> bool:
        try:
            enssol_replica.assemble(replicated.host, "")
        except ReleaseError as error:
            said.append(str(error))
        return "stored file" in said[-1]

    until(refused)
    assert name in said[-1]
    assert list(replicated.work.glob("[!.]*")) == []
    assert said[-1].endswith("or give an earlier moment, or -e restore_from=backups")


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("yesterday", "'yesterday' is no moment: write it as 2026-11-20T09:30"),
        ("2026-11-20T09:30", "no offset: write it as 2026-11-20T09:30[+]08:00"),
        ("2001-01-01T00:00Z", "the replica begins after 2001-01-01T00:00Z: restore a backup of the night"),
    ],
)
def test_a_moment_that_cannot_be_had_is_refused_in_words(replicated: Site, at: str, says: str) -> None:
    until(lambda: in_the_bucket(replicated, "first@example.com"))
    with pytest.raises(ReleaseError, match=says):
        enssol_replica.assemble(replicated.host, at)


def test_a_host_without_a_replica_says_what_to_take_instead(site: Site) -> None:
    (site.host.configuration / "replica.env").unlink()
    with pytest.raises(ReleaseError, match="this host has no replica: restore a backup of the night"):
        enssol_replica.assemble(site.host, "")


def test_a_file_that_waits_is_a_change_that_lags(site: Site, tmp_path: Path) -> None:
    kept = site.data / ".enssol.sqlite3-litestream/ltx/0"
    kept.mkdir(parents=True)
    (kept / "0000000000000001-0000000000000001.ltx").touch()
    site.s3.put_object(Bucket="backups", Key="web/replica/0000/0000000000000001-0000000000000001.ltx", Body=b"")
    waiting = site.unsent / "a"
    waiting.touch()
    os.utime(waiting, (1_000_000, 1_000_000))
    now = datetime.fromtimestamp(1_000_500, UTC)
    assert METRICS.replica_lag(site.s3, "backups/web/replica", site.data / "enssol.sqlite3", now) == 500


@pytest.mark.parametrize("unit", ["enssol-unsent.service", "enssol-unsent.path"])
def test_the_units_use_only_what_systemd_229_knows(unit: str) -> None:
    known = KNOWN_TO_229 | {"Unit": KNOWN_TO_229["Unit"] | {"ConditionPathExists"}, "Path": {"DirectoryNotEmpty"}}
    known["Service"] = known["Service"] | {"Nice"}
    lines = directives(render("replica", f"{unit}.j2", **GIVEN))
    assert [line for line in lines if line[1] not in known[line[0]]] == []


@pytest.mark.parametrize(
    ("holds", "anew", "waits"),
    [
        (None, False, False),
        ("[]", False, False),
        ("null", False, False),
        ('[{"level": 0}]', False, True),
        ('[{"level": 0}]', "false", True),
        ('[{"level": 0}]', "true", False),
    ],
)
def test_a_host_in_the_place_of_a_lost_one_waits_for_its_restore(holds: str | None, anew: object, waits: bool) -> None:
    """What was asked of the bucket only where this host never replicated; extra variables come as text."""
    known = {"skipped": True} if holds is None else {"stdout": holds}
    given = variables("replica", __replica_known=known, replica_begin_anew=anew)
    assert Templar(loader=DataLoader(), variables=given).template(given["__replica_waits"]) is waits


@pytest.mark.parametrize(
    ("restored", "ran_before", "replicates"), [(0, False, True), (0, True, True), (1, True, True), (1, False, False)]
)
def test_a_restore_that_failed_starts_no_replica_that_waited_for_it(
    restored: int, ran_before: bool, replicates: bool
) -> None:
    done = {"rc": restored, "failed": restored != 0}
    known = {
        "__enssol_restore_replica": {"stat": {"exists": True}},
        "__enssol_restore_stopped": {"changed": ran_before},
    }
    given = variables("enssol", __enssol_restore_done=done, **known)
    assert Templar(loader=DataLoader(), variables=given).template(given["__enssol_restore_replicates"]) is replicates
