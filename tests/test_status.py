"""The health of an environment on one screen: each line from the real thing, its limits those of the alarms."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from role_scripts import ROOT, load

STATUS = load("status", "host_status")
CLOUD = load("status", "cloud_status")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
ALARMS = yaml.safe_load((ROOT / "roles" / "aws_protection" / "vars" / "main.yml").read_text())["aws_protection_alarms"]
SECTIONS = {part.split("\n", 1)[0]: part for part in re.split(r"^## ", OPERATIONS, flags=re.MULTILINE)[1:]}


def suffix(alarm: dict[str, Any]) -> str:
    return str(alarm["name"]).rpartition("-")[2]


@pytest.fixture
def host(tmp_path: Path) -> Any:
    """A host with a release, and nothing else yet."""
    release = tmp_path / "opt" / "releases" / "aaaaaaaaaaaa"
    release.mkdir(parents=True)
    facts = {"release": "aaaaaaaaaaaa", "commit": "b" * 40, "dirty": False, "lock": "app"}
    (release / "RELEASE").write_text(json.dumps(facts))
    (release / "SERVED").touch()
    (tmp_path / "opt" / "current").symlink_to("releases/aaaaaaaaaaaa")
    (tmp_path / "data" / "backups").mkdir(parents=True)
    places = {name: tmp_path / name for name in ("data", "socket", "backups", "drill", "replica", "memory", "restart")}
    return STATUS.Host("app.example.test", root=tmp_path / "opt", **places)


# --- The host ---------------------------------------------------------------------------------------------------------
def test_the_release_that_serves_is_named(host: Any) -> None:
    seen = STATUS.release(host)
    assert (seen.says, seen.look) == ("aaaaaaaaaaaa of commit bbbbbbbbbbbb (app), for 0 s", False)
    (host.root / "current").unlink()
    assert STATUS.release(host).look


@pytest.mark.parametrize(("status", "word", "look"), [(200, "ok", False), (503, "database", True)])
def test_the_site_is_asked_as_nginx_asks(host: Any, status: int, word: str, look: bool) -> None:
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(host.socket))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                asked.append(connection.recv(1000))
                connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(word) + 1}\r\n\r\n{word}\n".encode())

        server = threading.Thread(target=answer)
        server.start()
        seen = STATUS.readiness(host)
        server.join()
    assert (seen.says, seen.look) == (f"/readyz answers {status} {word}", look)
    assert b"Host: app.example.test\r\nX-Forwarded-Proto: https" in asked[0]


def test_a_site_that_is_not_there_wants_a_look(host: Any) -> None:
    assert STATUS.readiness(host).look


def test_answers_are_counted_whatever_else_is_in_the_log() -> None:
    lines = [json.dumps({"status": status, "seconds": 0.25}) for status in (200, 404, 500, 503)]
    seen = STATUS.answers_of([*lines, "not JSON", "[]", "{}"])
    assert (seen.says, seen.look) == ("4 in 5 min, 2 of 500 and above, the slowest after 0.25 s", False)
    assert STATUS.answers_of(lines * 3).look


def test_little_memory_wants_a_look(host: Any) -> None:
    text = "MemTotal: 500000 kB\nMemAvailable: {} kB\nSwapTotal: 1000000 kB\nSwapFree: 900000 kB\n"
    host.memory.write_text(text.format(60000))
    seen = STATUS.memory(host)
    assert (seen.look, seen.values["enssol_swap_used_bytes"]) == (False, 100000 * 1024)
    host.memory.write_text(text.format(40000))
    assert STATUS.memory(host).look


def test_the_newest_backup_is_found_in_the_state_or_in_the_folder(host: Any) -> None:
    assert (STATUS.backup(host).says, STATUS.backup(host).look) == ("none is known", True)
    for hours in (50, 5):
        made = datetime.now(UTC) - timedelta(hours=hours)
        (host.data / "backups" / f"enssol-{made:%Y%m%dT%H%M%SZ}.tar").touch()
    assert (STATUS.backup(host).says, STATUS.backup(host).look) == ("5 hours old", False)
    kept = {"last_snapshot_at": (datetime.now(UTC) - timedelta(hours=40)).isoformat()}
    host.backups.write_text(json.dumps(kept))
    assert (STATUS.backup(host).says, STATUS.backup(host).look) == ("40 hours old", True)
    kept = {"last_snapshot_at": datetime.now(UTC).isoformat(), "last_failure": "no bucket"}
    host.backups.write_text(json.dumps(kept))
    assert STATUS.backup(host)[:2] == ("0 s old; the last try failed: no bucket", True)


def test_the_last_drill_is_told_and_its_failure_or_absence_wants_a_look(host: Any) -> None:
    # A host without a bucket tries none by itself.
    assert STATUS.drill(host)[:2] == ("none is known", False)
    host.backups.write_text("{}")
    assert STATUS.drill(host)[:2] == ("none is known", True)
    done = {"last_drill_at": (datetime.now(UTC) - timedelta(hours=5)).isoformat(), "recovery_seconds": 7.5}
    host.drill.write_text(json.dumps(done))
    assert STATUS.drill(host)[:2] == ("restored in 7.5 s, 5 hours ago", False)
    host.drill.write_text(json.dumps(done | {"last_failure": "it is cut short"}))
    assert STATUS.drill(host)[:2] == ("restored in 7.5 s, 5 hours ago; the last try failed: it is cut short", True)
    host.drill.write_text(json.dumps(done | {"last_drill_at": (datetime.now(UTC) - timedelta(hours=37)).isoformat()}))
    assert STATUS.drill(host).look


def test_a_replica_that_is_installed_has_to_run(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert STATUS.replica(host)[:2] == ("the database has none", False)
    host.replica.touch()
    said = "ActiveState=active\nNRestarts=0\n"
    monkeypatch.setattr(STATUS, "run", lambda *_: said)
    assert STATUS.replica(host)[:2] == ("active", False)
    # systemd 229 counts no restarts.
    said = "ActiveState=failed\n"
    assert STATUS.replica(host)[:2] == ("failed", True)
    said = "ActiveState=activating\nNRestarts=12\n"
    assert STATUS.replica(host)[:2] == ("activating, restarted 12 times", True)


def test_pending_updates_and_failed_units_are_named(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "apt-get": "Inst a [1] (2 Debian:12.1/stable [amd64])\nInst b [1] (2 Debian-Security:12/stable)\nConf a\n",
        "systemctl": "enssol-backup.service loaded failed failed Enssol: keep a backup\n",
    }
    monkeypatch.setattr(STATUS, "run", lambda command, *_: said[command])
    assert STATUS.updates(host)[:2] == ("2 pending, 1 of them for security", True)
    assert STATUS.units(host)[:2] == ("failed: enssol-backup.service", True)
    said.update({"apt-get": "", "systemctl": ""})
    assert STATUS.updates(host)[:2] == ("0 pending, 0 of them for security", False)
    assert STATUS.units(host)[:2] == ("none failed", False)
    host.restart.touch()
    assert STATUS.updates(host).look


def test_what_cannot_be_seen_is_said_and_hides_nothing(host: Any) -> None:
    found = STATUS.look_at(host, {"memory": STATUS.memory, "release": STATUS.release})
    lines = STATUS.screen(found).splitlines()
    assert re.match(r"\?     memory       .*No such file", lines[0])
    assert lines[1].startswith("ok    release      aaaaaaaaaaaa")


# --- AWS --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "stand-in")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    with mock_aws():
        yield boto3.client("cloudwatch")


def tell_credits(cloudwatch: Any, balance: float, minutes: int) -> None:
    point = {"MetricName": "CPUCreditBalance", "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]}
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[{**point, "Value": balance, "Timestamp": at}])


def test_the_newest_balance_of_credits_counts(cloudwatch: Any) -> None:
    assert CLOUD.credits_of(cloudwatch, "i-1") == ("?", "AWS told none in 30 min")
    tell_credits(cloudwatch, 5, 20)
    assert CLOUD.credits_of(cloudwatch, "i-1") == ("LOOK", "5 left")
    tell_credits(cloudwatch, 60, 8)
    assert CLOUD.credits_of(cloudwatch, "i-1") == ("ok", "60 left")


def test_alarms_that_ring_are_named_and_those_of_others_are_not(
    cloudwatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    CLOUD.main("i-1", "enssol-test-")
    assert capsys.readouterr().out.splitlines()[1] == "LOOK  alarms       there are none: provision"
    rule = {"Namespace": "x", "MetricName": "y", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0}
    rule |= {"Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold"}
    for name in ("enssol-test-disk", "enssol-test-errors", "enssol-production-disk"):
        cloudwatch.put_metric_alarm(AlarmName=name, **rule)
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")
    assert CLOUD.alarms_of(cloudwatch, "enssol-test-") == ("ok", "none of 2 rings")
    for name in ("enssol-test-disk", "enssol-production-disk"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    assert CLOUD.alarms_of(cloudwatch, "enssol-test-") == ("LOOK", "ringing: enssol-test-disk")


# --- One truth, and a page for it -------------------------------------------------------------------------------------
def test_the_limits_are_those_of_the_alarms() -> None:
    limits = {suffix(alarm): alarm["threshold"] for alarm in ALARMS}
    ours = {"disk": STATUS.DISK_PERCENT, "errors": STATUS.ERRORS, "certificate": STATUS.CERTIFICATE_DAYS}
    ours |= {"backup": STATUS.BACKUP_HOURS, "drill": STATUS.DRILL_HOURS, "credits": CLOUD.CREDITS}
    assert {name: limits[name] for name in ours} == ours


@pytest.mark.parametrize("name", sorted({*map(suffix, ALARMS), *STATUS.SUBJECTS, "credits", "alarms", "budget"}))
def test_each_alarm_and_each_line_has_its_section_with_a_command(name: str) -> None:
    assert re.search(r"^```\n\S.*?\n```$", SECTIONS[name], flags=re.MULTILINE | re.DOTALL)


def test_there_is_no_section_without_an_alarm_or_a_line() -> None:
    assert set(SECTIONS) <= {*map(suffix, ALARMS), *STATUS.SUBJECTS, "credits", "alarms", "budget"}


def test_each_playbook_and_page_that_the_page_names_exists() -> None:
    for name in re.findall(r"playbooks/(\w+\.yml)", OPERATIONS):
        assert (ROOT / "playbooks" / name).exists()
    for name in re.findall(r"\]\(([\w.]+)[#)]", OPERATIONS):
        assert (ROOT / "docs" / name).exists()
