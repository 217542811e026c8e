"""The deployed app on the host: who owns what, how it runs, and how an administrator reaches it."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from day import SESSIONS, report, somebody
from test_host import CA, NAME
from testinfra.host import Host

# As nginx asks: over the socket, in the site's name, on behalf of HTTPS.
READY = (
    "curl --silent --unix-socket /run/enssol/gunicorn.sock --header 'Host: {name}' --header 'X-Forwarded-Proto: https' "
    "--write-out %{{http_code}} http://enssol/readyz"
)


@pytest.fixture
def main_process(host: Host) -> str:
    with host.sudo():
        return str(host.check_output("systemctl show --property=MainPID --value enssol.service"))


def test_the_current_release_belongs_to_root_and_the_service_cannot_change_it(host: Host) -> None:
    current = host.file("/opt/enssol/current")
    assert current.is_symlink
    assert re.fullmatch(r"/opt/enssol/releases/[0-9a-f]{12}", current.linked_to)
    assert host.check_output(f"find {current.linked_to}/ ! -user root -o -perm /022 ! -type l") == ""


@pytest.mark.parametrize(
    ("path", "user", "group", "mode"),
    [
        ("/etc/enssol/enssol.env", "root", "enssol", 0o640),
        ("/etc/enssol/secret.env", "root", "enssol", 0o640),
        ("/var/lib/enssol", "enssol", "enssol", 0o750),
        ("/run/enssol/main.sock", "root", "www-data", 0o660),
        ("/usr/local/sbin/enssol-release", "root", "root", 0o755),
        ("/usr/local/bin/enssol-manage", "root", "root", 0o755),
    ],
)
def test_each_file_is_open_to_whom_it_must_be(host: Host, path: str, user: str, group: str, mode: int) -> None:
    with host.sudo():
        file = host.file(path)
        assert (file.user, file.group, file.mode) == (user, group, mode)


def test_the_database_is_readable_by_the_service_alone(host: Host) -> None:
    with host.sudo():
        database = host.file("/var/lib/enssol/enssol.sqlite3")
        assert (database.user, database.mode & 0o077) == ("enssol", 0)


@pytest.mark.parametrize("unit", ["enssol.socket", "enssol.service"])
def test_the_service_runs_now_and_after_a_reboot(host: Host, unit: str) -> None:
    assert host.service(unit).is_running
    assert host.service(unit).is_enabled


@pytest.mark.parametrize("name", ["occurrences", "evidence"])
def test_what_runs_by_itself_runs_daily_and_works(host: Host, name: str) -> None:
    assert host.service(f"enssol-{name}.timer").is_enabled
    assert host.service(f"enssol-{name}.timer").is_running
    with host.sudo():
        # A unit of type oneshot: systemctl waits for its end, and fails with it.
        host.check_output(f"systemctl start enssol-{name}.service")


def test_nginx_takes_the_largest_file_that_the_app_takes(host: Host) -> None:
    with host.sudo():
        limit = re.search(r"ENSSOL_MAX_UPLOAD_MB='(\d+)'", host.file("/etc/enssol/enssol.env").content_string)
        assert limit
        assert host.file("/etc/nginx/nginx.conf").contains(f"client_max_body_size {int(limit[1]) + 1}m;")


def test_the_service_answers_that_it_is_ready(host: Host) -> None:
    with host.sudo():
        name = re.search(r"ENSSOL_ALLOWED_HOSTS='([^',]+)", host.file("/etc/enssol/enssol.env").content_string)
        assert name
        assert host.check_output(READY.format(name=name[1])).endswith("200")


def test_the_service_has_no_privilege_left(host: Host, main_process: str) -> None:
    with host.sudo():
        status = host.file(f"/proc/{main_process}/status").content_string
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Uid"].split()[0] == str(host.user("enssol").uid)
    assert facts["CapBnd"].strip("0") == ""
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"


def test_systemd_calls_the_exposure_low(host: Host) -> None:
    with host.sudo():
        assert host.run("systemd-analyze security --no-pager --threshold=15 enssol.service").rc == 0


def test_no_process_shows_a_secret(host: Host) -> None:
    with host.sudo():
        secret = re.search(r"'(.+)'", host.file("/etc/enssol/secret.env").content_string)
        assert secret
        assert len(secret[1]) >= 50
        assert secret[1] not in host.check_output("ps -ww -eo args")


def test_an_administrator_runs_a_management_command_as_the_service(host: Host) -> None:
    told = host.check_output("enssol-manage shell --command 'import os; print(os.getuid(), os.getgroups())'")
    assert told == f"{host.user('enssol').uid} []"


def test_the_tool_lists_the_release_that_serves(host: Host) -> None:
    with host.sudo():
        lines = host.check_output("enssol-release list").splitlines()
    current = host.file("/opt/enssol/current").linked_to.rsplit("/", 1)[1]
    assert [line.split()[0] for line in lines if line.endswith(" current")] == [current]
    assert 1 <= len(lines) <= 5


def test_a_release_carries_its_own_environment_and_leaves_no_wheel(host: Host) -> None:
    assert (
        host.check_output("/opt/enssol/current/venv/bin/python -c 'import django; print(django.VERSION >= (4, 1))'")
        == "True"
    )
    assert host.file("/opt/enssol/current/wheels").listdir() == ["lock.txt"]


def test_the_demonstration_register_and_the_first_administrator_are_there(host: Host) -> None:
    assert host.check_output("enssol-manage seed_demo") == "unchanged"
    query = "from accounts.models import Membership as M; print('admin@enssol.test' in M.objects.filter(role='admin')"
    query += ".values_list('user__email', flat=True))"
    assert host.check_output(f'enssol-manage shell --command "{query}"') == "True"


def test_a_report_to_a_regulator_gets_its_documents_within_the_sandbox(host: Host) -> None:
    with host.sudo():
        said = host.check_output(f"echo {shlex.quote(SESSIONS % 1)} | enssol-manage shell")
    report(somebody(NAME, host.backend.get_hostname(), str(CA), json.loads(said.splitlines()[-1])["cookies"][0]))
