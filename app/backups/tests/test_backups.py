"""A backup is proved when it is made and before it is restored; what cannot be restored changes nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from django.db import connection

from backups.tests.site import Site

STORE = """
from django.core.files.base import ContentFile
from files.services import store
from accounts.models import Organisation
file = store(organisation=Organisation.objects.first(), upload=ContentFile(b"%PDF-1.7 seen", "seen.pdf"), actor=None)
print(file.sha256)
"""
STATE = """
from accounts.models import User
from obligations.models import Obligation
print(Obligation.objects.count(), *sorted(user.email for user in User.objects.all()))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.manage("migrate", "--verbosity", "0")
    site.manage("seed_demo")
    site.manage("create_admin", "kim@example.com", said="a-long-test-password\nJBSWY3DPEHPK3PXP\n")
    return site


@pytest.fixture(scope="module")
def sha256(site: Site) -> str:
    """The hash of a file that the site stores."""
    return site.script(STORE).strip()


@pytest.fixture(scope="module")
def backup(site: Site, sha256: str) -> Path:
    return site.back_up()


def _evidence(site: Site, sha256: str) -> Path:
    return site.data / "evidence" / sha256[:2] / sha256[2:4] / sha256


def _content(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    assert member
    return member.read()


def test_a_disk_without_room_is_said_and_left_as_it_was(site: Site, sha256: str) -> None:
    script = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    call_command("backup", sys.argv[1])
except CommandError as error:
    print(error)
"""
    folder = site.data / "full"
    said = site.script(script, str(folder))
    assert said.startswith("no backup was made: ")
    assert connection.vendor != "sqlite" or said.endswith("see that its disk has room for it twice\n")
    assert [path.name for path in folder.iterdir()] == [".backup.lock"]


def test_a_backup_opens_without_enssol(backup: Path, sha256: str, tmp_path: Path) -> None:
    digest, name = backup.with_name(f"{backup.name}.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(backup.read_bytes()).hexdigest(), backup.name)
    with tarfile.open(backup) as tar:
        manifest = json.loads(_content(tar, "manifest.json"))
        for name, expected in manifest["files"].items():
            assert hashlib.sha256(_content(tar, name)).hexdigest() == expected
    assert f"evidence/{sha256[:2]}/{sha256[2:4]}/{sha256}" in manifest["files"]
    assert manifest["counts"]["obligations_obligation"] > 10
    assert (backup.stat().st_mode & 0o077, manifest["site"]) == (0, "app.example.com")


def test_it_says_what_it_holds_and_that_it_can_be_restored(site: Site, backup: Path) -> None:
    said = site.manage("check_backup", str(backup))
    assert f"{backup.name} can be restored: of app.example.com" in said
    assert "1 stored files" in said


def test_a_copy_to_try_migrations_on_holds_what_the_database_holds(site: Site, tmp_path: Path) -> None:
    copy = site.manage("copy_database", str(tmp_path)).strip()
    assert site.script(STATE, ENSSOL_DATABASE_URL=copy) == site.script(STATE)
    answers = "a-long-test-password\nJBSWY3DPEHPK3PXP\n"
    site.manage("create_admin", "copy@example.com", said=answers, ENSSOL_DATABASE_URL=copy)
    assert "copy@example.com" not in site.script(STATE)
    site.manage("copy_database", str(tmp_path), "--remove")
    site.manage("copy_database", str(tmp_path))
    site.manage("copy_database", str(tmp_path), "--remove")


def test_what_was_there_is_back_and_what_came_after_is_kept_aside(site: Site, backup: Path, sha256: str) -> None:
    before = site.script(STATE)
    site.manage("create_admin", "later@example.com", said="a-long-test-password\nJBSWY3DPEHPK3PXP\n")
    _evidence(site, sha256).unlink()
    assert site.script(STATE) != before
    said = site.manage("restore_backup", str(backup))
    assert site.script(STATE) == before
    assert _evidence(site, sha256).read_bytes() == b"%PDF-1.7 seen"
    aside = Path(said.rsplit("before: ", maxsplit=1)[1].strip())
    assert {path.name for path in aside.iterdir()} >= {
        "evidence",
        "enssol.sqlite3" if connection.vendor == "sqlite" else "database.dump",
    }
    site.manage("verify_audit_trail")


CHECK = """
for file in sys.argv[1:]:
    try:
        call_command("check_backup", file, stdout=io.StringIO())
        print("fine")
    except CommandError as error:
        print(error)
"""


def test_what_is_damaged_cut_short_or_no_backup_is_refused_in_one_line(
    site: Site, backup: Path, tmp_path: Path
) -> None:
    content = backup.read_bytes()
    middle = content.index(b"%PDF-1.7")
    wrong = {
        "evidence": content[:middle] + b"X" + content[middle + 1 :],
        "database": content[:2000] + bytes([content[2000] ^ 1]) + content[2001:],
        "cut": content[: len(content) // 2],
        "unfinished": content[: content.rindex(b"manifest.json")],
        "empty": b"",
        "text": b"Dear Sir or Madam\n" * 100,
    }
    for name, damaged in wrong.items():
        (tmp_path / name).write_bytes(damaged)
    said = site.script(CHECK, *(str(tmp_path / name) for name in wrong)).splitlines()
    assert len(said) == len(wrong)
    for name, line in zip(wrong, said, strict=True):
        assert line.startswith(f"{name} cannot be restored: "), line
        assert "take an older one" in line


def test_a_file_outside_the_backups_own_places_is_not_unpacked(site: Site, backup: Path, tmp_path: Path) -> None:
    path = tmp_path / "planted.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(__file__, arcname="evidence/../../../../outside")
    assert "which no backup of Enssol does" in site.manage("check_backup", str(path), status=1)
    assert not (site.data.parent / "outside").exists()


def test_what_is_kept_is_found_by_its_time_and_a_bad_one_gives_way_to_an_older_one(
    site: Site, backup: Path, tmp_path: Path
) -> None:
    kept = f"file://{tmp_path}"
    first = Path(site.manage("backup", str(tmp_path)).strip())
    newer = first.with_name("enssol-29990101T000000Z.tar")
    newer.write_bytes(first.read_bytes()[:-10_000])
    first.with_name("enssol-20200101T000000Z.tar").write_bytes(b"old")
    assert f"{first.name} can be restored" in site.manage("check_backup", ENSSOL_BACKUP_URL=kept)
    said = site.manage("check_backup", "--at", "2020-06-01T09:30+08:00", status=1, ENSSOL_BACKUP_URL=kept)
    assert "enssol-20200101T000000Z.tar cannot be restored" in said
    assert "no backup made until 2020-06-01T09:30:00+08:00 can be restored" in said


def test_another_sites_backup_is_refused_unless_meant(site: Site, backup: Path) -> None:
    name = "other.example.com"
    said = site.manage("check_backup", str(backup), status=1, ENSSOL_ALLOWED_HOSTS=name)
    assert "it is of app.example.com, not of other.example.com" in said
    meant = ("check_backup", str(backup), "--site", "app.example.com")
    assert "can be restored" in site.manage(*meant, ENSSOL_ALLOWED_HOSTS=name)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the file is altered by hand")
def test_what_a_newer_release_migrated_is_backed_up_and_restored_by_that_release_alone(
    site: Site, tmp_path: Path
) -> None:
    with sqlite3.connect(site.data / "enssol.sqlite3") as live:
        live.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999_newer', '2030-01-01')")
    try:
        made = site.manage("backup", str(tmp_path)).strip()
        said = site.manage("check_backup", made, status=1)
    finally:
        with sqlite3.connect(site.data / "enssol.sqlite3") as live:
            live.execute("DELETE FROM django_migrations WHERE name = '9999_newer'")
    assert "a newer release made it (audit.9999_newer): deploy that release, then restore" in said


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a dump is looked into only by the server that loads it")
def test_a_backup_under_another_key_is_refused(site: Site, backup: Path) -> None:
    said = site.manage("check_backup", str(backup), status=1, ENSSOL_SECRET_KEY="another-" + "0123456789" * 4)
    assert "add the former key to ENSSOL_ENCRYPTION_KEYS" in said


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the file is altered by hand")
def test_an_altered_trail_is_not_backed_up(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path)
    with sqlite3.connect(site.data / "enssol.sqlite3") as live, sqlite3.connect(other.data / "enssol.sqlite3") as copy:
        live.backup(copy)
    with sqlite3.connect(other.data / "enssol.sqlite3") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            if "audit" in trigger:
                database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE audit_auditevent SET reason = 'forged' WHERE sequence = 2")
    assert "the audit trail is broken" in other.manage("backup", str(other.backups), status=1)
    assert list(other.backups.glob("*.tar")) == []


KILLED = """
from unittest.mock import patch
def die(*arguments): os.kill(os.getpid(), signal.SIGKILL)
with patch(sys.argv[1], die):
    call_command(*sys.argv[2:])
"""


def test_a_backup_killed_in_the_middle_leaves_none_and_the_next_one_is_whole(site: Site, tmp_path: Path) -> None:
    site.script(KILLED, "backups.archive.Writer.end", "backup", str(tmp_path), status=-9)
    assert list(tmp_path.glob("*.tar")) == []
    whole = site.manage("backup", str(tmp_path)).strip()
    assert [path.name for path in tmp_path.glob(".backup-*")] == []
    site.manage("check_backup", whole)


def test_a_restore_killed_in_the_middle_is_run_again(site: Site, backup: Path) -> None:
    before = site.script(STATE)
    site.script(KILLED, "backups.services._exchange_evidence", "restore_backup", str(backup), status=-9)
    site.manage("restore_backup", str(backup))
    assert site.script(STATE) == before
