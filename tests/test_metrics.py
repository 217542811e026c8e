"""What a host tells CloudWatch of itself: each measure taken from the real thing, and the whole against moto."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from role_scripts import ROOT, load
from role_templates import render
from test_release import KNOWN_TO_229, directives

METRICS = load("metrics", "publish_metrics")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[int]:
    """The port of a site whose certificate ends in ten days."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=app.example.test",
        "-days",
        "10",
    ]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True) as secured:
                secured.recv(1)

        server = threading.Thread(target=serve)
        server.start()
        yield int(listening.getsockname()[1])
        server.join()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    with mock_aws():
        where = {"LocationConstraint": "ap-southeast-2"}
        boto3.client("s3").create_bucket(Bucket="backups", CreateBucketConfiguration=where)
        yield


def test_the_certificate_that_the_site_serves_is_measured(site: int) -> None:
    assert METRICS.certificate_days("app.example.test", site, datetime.now(UTC)) == pytest.approx(10, abs=0.1)


def test_answers_of_500_and_above_are_counted_whatever_else_is_in_the_log() -> None:
    lines = [json.dumps({"status": status}) for status in (200, 404, 499, 500, 503)]
    assert METRICS.server_errors([*lines, "not JSON", "[]", '{"status": "?"}', "{}"]) == 2


def test_the_disk_is_measured_as_df_does() -> None:
    said = subprocess.run(["/usr/bin/df", "--output=pcent", "/var/lib"], check=True, capture_output=True, text=True)
    # df rounds up, and others write meanwhile.
    assert METRICS.disk_used() == pytest.approx(float(said.stdout.split()[1].rstrip("%")), abs=2)


def test_the_newest_backup_of_the_hosts_own_is_measured(account: None) -> None:
    s3 = boto3.client("s3")
    assert METRICS.backup_hours(s3, "backups/web") == METRICS.NO_BACKUP_HOURS
    s3.put_object(Bucket="backups", Key="another/1", Body=b"x")
    assert METRICS.backup_hours(s3, "backups/web") == METRICS.NO_BACKUP_HOURS
    s3.put_object(Bucket="backups", Key="web/1", Body=b"x")
    later = datetime.now(UTC) + timedelta(hours=40)
    assert METRICS.backup_hours(s3, "backups/web", later) == pytest.approx(40, abs=0.1)


def test_the_last_drill_counts_unless_a_later_one_failed(tmp_path: Path) -> None:
    state, now = tmp_path / "drill.json", datetime.now(UTC)
    assert METRICS.drill_hours(state, now) == METRICS.NO_BACKUP_HOURS
    done = {"last_drill_at": (now - timedelta(hours=7)).isoformat(), "last_failure": None}
    state.write_text(json.dumps(done))
    assert METRICS.drill_hours(state, now) == pytest.approx(7)
    state.write_text(json.dumps(done | {"last_failure": "it is cut short"}))
    assert METRICS.drill_hours(state, now) == METRICS.NO_BACKUP_HOURS


@pytest.fixture
def host(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"NAMESPACE": "enssol-test", "HOSTNAME": "app.example.test", "BACKUPS": "backups/web"}
    for name, value in given.items():
        monkeypatch.setenv(f"METRICS_{name}", value)
    monkeypatch.setattr(METRICS, "access_log", lambda: ['{"status": 502}'])
    monkeypatch.setattr(METRICS, "certificate_days", lambda _: 80.0)


def test_all_of_it_is_told_in_the_hosts_own_namespace(host: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert METRICS.main() == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"DiskUsed", "ServerErrors", "CertificateDays", "BackupHours", "DrillHours"}
    assert (told["ServerErrors"], told["CertificateDays"], told["BackupHours"]) == (1, 80, METRICS.NO_BACKUP_HOURS)
    metrics = boto3.client("cloudwatch").list_metrics(Namespace="enssol-test")["Metrics"]
    site = {"Name": "Site", "Value": "app.example.test"}
    assert {one["MetricName"]: one["Dimensions"] for one in metrics} == {name: [site] for name in told}


def test_what_cannot_be_measured_is_said_and_does_not_silence_the_rest(
    host: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: str) -> float:
        raise ConnectionRefusedError("no site")

    monkeypatch.setattr(METRICS, "certificate_days", refused)
    assert METRICS.main() == 1
    printed = capsys.readouterr()
    assert printed.err == "CertificateDays could not be measured: no site\n"
    assert set(json.loads(printed.out)) == {"DiskUsed", "ServerErrors", "BackupHours", "DrillHours"}


def test_the_wait_for_the_replica_is_told_where_there_is_one(
    host: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("METRICS_REPLICA", "backups/web/replica")
    monkeypatch.setattr(METRICS, "DATABASE", tmp_path / "enssol.sqlite3")
    assert METRICS.main() == 1
    assert "ReplicaLag could not be measured: Litestream has not begun" in capsys.readouterr().err
    numbered = tmp_path / ".enssol.sqlite3-litestream/ltx/0"
    numbered.mkdir(parents=True)
    (numbered / "0000000000000001-0000000000000001.ltx").write_bytes(b"x")
    boto3.client("s3").put_object(
        Bucket="backups", Key="web/replica/0000/0000000000000001-0000000000000001.ltx", Body=b"x"
    )
    assert METRICS.main() == 0
    assert json.loads(capsys.readouterr().out)["ReplicaLag"] == 0


@pytest.mark.parametrize(("replica", "capability"), [("", ""), ("backups/web/replica", "CAP_DAC_READ_SEARCH")])
def test_what_measures_reads_what_is_not_its_own_for_the_replica_only(replica: str, capability: str) -> None:
    given = {"metrics_namespace": "x", "metrics_hostname": "x", "metrics_backups": "x/y", "metrics_region": "x"}
    lines = directives(render("metrics", "enssol-metrics.service.j2", metrics_replica=replica, **given))
    assert ("Service", "CapabilityBoundingSet", capability) in lines


@pytest.mark.parametrize("unit", ["enssol-metrics.service", "enssol-metrics.timer"])
def test_a_unit_uses_only_what_systemd_229_knows(unit: str) -> None:
    known = KNOWN_TO_229 | {"Timer": {"OnCalendar"}}
    known["Unit"] |= {"ConditionPathExists"}
    known["Service"] |= {"Nice", "IOSchedulingClass"}
    text = (ROOT / "roles" / "metrics" / "templates" / f"{unit}.j2").read_text()
    assert [line for line in directives(text) if line[1] not in known[line[0]]] == []
