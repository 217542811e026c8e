"""What a host does with a backup: kept in its bucket with its checksum, tried again, said in its state file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws
from role_scripts import ROOT, load
from test_release import KNOWN_TO_229, directives

BACKUP = load("backup", "keep_backup")

MANAGE = """
import hashlib, pathlib, sys
file = pathlib.Path(sys.argv[2], "enssol-20261120T013000Z.tar")
file.write_bytes(b"proved")
file.with_name(file.name + ".sha256").write_text(hashlib.sha256(b"proved").hexdigest() + "  " + file.name)
print(file)
"""
REFUSES = "import sys; sys.exit('CommandError: no backup was made: the audit trail was altered')"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder with an app that backs up, and the account with the locked bucket."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "stand-in")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    given = {"DESTINATION": "backups/web/snapshots", "WORK": tmp_path / "work", "STATE": tmp_path / "state.json"}
    for name, value in (given | {"WAITS": "0 0"}).items():
        monkeypatch.setenv(f"BACKUP_{name}", str(value))
    (tmp_path / "manage.py").write_text(MANAGE)
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        place = {"LocationConstraint": "ap-southeast-2"}
        boto3.client("s3").create_bucket(
            Bucket="backups", CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True
        )
        yield tmp_path


def state(host: Path) -> dict[str, object]:
    known: dict[str, object] = json.loads((host / "state.json").read_text())
    return known


def kept() -> dict[str, bytes]:
    s3 = boto3.client("s3")
    names = [one["Key"] for one in s3.list_objects_v2(Bucket="backups").get("Contents", [])]
    return {name: s3.get_object(Bucket="backups", Key=name)["Body"].read() for name in names}


def test_a_backup_is_kept_under_the_hosts_prefix_with_its_checksum_and_nothing_stays_here(host: Path) -> None:
    assert BACKUP.main() == 0
    name = "web/snapshots/enssol-20261120T013000Z.tar"
    objects = kept()
    assert set(objects) == {name, f"{name}.sha256"}
    assert objects[f"{name}.sha256"].decode().split()[0] == hashlib.sha256(objects[name]).hexdigest()
    known = state(host)
    assert (known["last_snapshot"], known["bytes"], known["last_failure"]) == (name, len(b"proved"), None)
    assert list((host / "work").iterdir()) == []


def test_a_bucket_that_comes_back_gets_its_backup(
    host: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    upload, away = BACKUP.upload, [EndpointConnectionError(endpoint_url="s3")] * 2

    def often_away(*arguments: object) -> str:
        if away:
            raise away.pop()
        return str(upload(*arguments))

    monkeypatch.setattr(BACKUP, "upload", often_away)
    assert BACKUP.main() == 0
    assert capsys.readouterr().err.count("Trying again") == len(["first", "second"])
    assert len(kept()) == len(["backup", "checksum"])


def test_what_failed_is_said_and_the_newest_that_is_kept_stays_known(host: Path) -> None:
    assert BACKUP.main() == 0
    before = state(host)
    (host / "manage.py").write_text(REFUSES)
    assert BACKUP.main() == 1
    after = state(host)
    assert after["last_snapshot_at"] == before["last_snapshot_at"]
    assert after["last_failure"] == "CommandError: no backup was made: the audit trail was altered"
    assert len(kept()) == len(["backup", "checksum"])


def test_what_a_killed_run_left_does_not_fill_the_disk(host: Path) -> None:
    (host / "work").mkdir()
    (host / "work" / "enssol-20261119T013000Z.tar").write_bytes(b"half")
    (host / "manage.py").write_text(REFUSES)
    assert BACKUP.main() == 1
    assert list((host / "work").iterdir()) == []
    assert kept() == {}


@pytest.mark.parametrize("unit", ["enssol-backup.service", "enssol-backup.timer"])
def test_a_unit_uses_only_what_systemd_229_knows(unit: str) -> None:
    known = KNOWN_TO_229 | {"Timer": {"OnCalendar", "Persistent"}}
    known["Unit"] |= {"ConditionPathExists"}
    known["Service"] |= {"Nice", "IOSchedulingClass"}
    text = (ROOT / "roles" / "backup" / "templates" / f"{unit}.j2").read_text()
    assert [line for line in directives(text) if line[1] not in known[line[0]]] == []
