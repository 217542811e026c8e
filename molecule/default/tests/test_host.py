"""The configured host: what it is, who gets in, and what the world sees of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from testinfra.host import Host

NAME = "app.enssol.test"
STRANGER = "198.51.100.200"
CA = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "state" / "tls" / "ca.pem"
SECURITY_HEADERS = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "content-security-policy",
]


@pytest.fixture
def address(host: Host) -> str:
    return str(host.backend.get_hostname())


def local(*command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command on this machine: the host seen from outside."""
    return subprocess.run(command, input=stdin, check=False, capture_output=True, errors="replace", timeout=60)


class Web:
    """The site as a client on this machine meets it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, url: str, *options: str) -> tuple[int, list[tuple[str, str]], str]:
        """Fetch a URL; return status, headers (names in lower case) and body. Status 0: no answer."""
        resolve = [option for port in (80, 443) for option in ("--resolve", f"{NAME}:{port}:{self.address}")]
        done = local("curl", "--silent", "--include", "--cacert", str(CA), *resolve, *options, url)
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        if not head:
            return 0, [], done.stderr
        first, *lines = head.splitlines()
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return int(first.split()[1]), headers, body

    def handshake(self, *options: str) -> str:
        """Shake hands by openssl s_client and return what it says."""
        command = ["openssl", "s_client", "-connect", f"{self.address}:443", "-CAfile", str(CA), "-verify_return_error"]
        done = local(*command, *options)
        return done.stdout + done.stderr


@pytest.fixture
def web(address: str) -> Web:
    return Web(address)


@pytest.fixture
def without_app(host: Host) -> Iterator[None]:
    units = "enssol.socket enssol.service"
    with host.sudo():
        host.run(f"systemctl stop {units}")
    yield
    with host.sudo():
        host.run(f"systemctl cat {units} >/dev/null 2>&1 && systemctl start {units}")


# --- base -------------------------------------------------------------------------------------------------------------
def test_the_host_knows_its_name(host: Host) -> None:
    assert host.check_output("hostname") == "enssol-local"
    assert host.addr("enssol-local").is_resolvable


def test_time_is_utc_and_synchronised_with_amazon(host: Host) -> None:
    assert host.check_output("date +%Z") == "UTC"
    assert host.service("systemd-timesyncd").is_enabled
    assert "NTP=169.254.169.123" in host.check_output("systemd-analyze cat-config systemd/timesyncd.conf")


def test_security_updates_are_installed_every_day(host: Host) -> None:
    assert host.package("unattended-upgrades").is_installed
    assert host.service("apt-daily-upgrade.timer").is_enabled
    assert 'APT::Periodic::Unattended-Upgrade "1";' in host.check_output("apt-config dump APT::Periodic")


def test_the_journal_is_kept_and_bounded(host: Host) -> None:
    config = host.check_output("systemd-analyze cat-config systemd/journald.conf")
    assert {"Storage=persistent", "SystemMaxUse=200M"} <= set(config.splitlines())
    assert host.file("/var/log/journal").is_directory


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net.ipv4.tcp_syncookies", 1),
        ("net.ipv4.conf.all.accept_redirects", 0),
        ("net.ipv4.conf.all.send_redirects", 0),
    ],
)
def test_kernel_parameters_are_in_effect(host: Host, name: str, value: int) -> None:
    with host.sudo():
        assert host.sysctl(name) == value


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/etc/ssh/sshd_config", 0o600),
        ("/etc/enssol", 0o755),
        ("/etc/enssol/tls", 0o700),
        ("/etc/enssol/tls/site.pem", 0o600),
        ("/etc/nginx/nginx.conf", 0o644),
    ],
)
def test_configuration_belongs_to_root_and_keys_to_root_alone(host: Host, path: str, mode: int) -> None:
    with host.sudo():
        file = host.file(path)
        assert (file.user, file.group, file.mode) == ("root", "root", mode)


def test_nothing_was_left_behind_by_the_rollbacks(host: Host) -> None:
    with host.sudo():
        assert host.run("ls /etc/ssh/*~ /etc/*~").stdout == ""
        assert host.check_output("systemctl --failed --no-legend") == ""


# --- hardening --------------------------------------------------------------------------------------------------------
def test_kernel_parameters_of_the_hardening_are_written_and_those_of_the_network_in_effect(host: Host) -> None:
    with host.sudo():
        assert "kernel.kptr_restrict = 2" in host.file("/etc/sysctl.d/99-zz-hardening.conf").content_string
        assert host.sysctl("net.ipv4.conf.all.rp_filter") == 1
        assert host.sysctl("net.ipv4.conf.all.log_martians") == 1


def test_a_program_in_shared_memory_does_not_run(host: Host) -> None:
    assert {"noexec", "nosuid", "nodev"} <= set(host.mount_point("/dev/shm").options)  # noqa: S108 - the path meant
    assert host.run("cp /bin/true /dev/shm/true && /dev/shm/true").rc == 126


def test_a_core_is_not_dumped(host: Host) -> None:
    assert host.check_output("sh -c 'ulimit -Hc'") == "0"
    assert host.check_output("systemctl show --property=LimitCORE --value nginx") == "0"


def test_users_see_no_processes_of_others_and_an_idle_prompt_ends(host: Host) -> None:
    with host.sudo():
        assert set(host.check_output("runuser -u nobody -- ps -eo user=").split()) == {"nobody"}
    assert host.check_output("bash --login -c 'echo $TMOUT'") == "900"


def test_logs_are_rotated_each_day(host: Host) -> None:
    lines = host.file("/etc/logrotate.conf").content_string.splitlines()
    assert {"daily", "rotate 28"} <= set(lines)
    assert "weekly" not in lines


def test_su_is_for_administrators(host: Host) -> None:
    with host.sudo():
        assert host.run("runuser -u nobody -- su --command true root </dev/null").rc != 0
        assert "pam_wheel.so use_uid group=sudo" in host.file("/etc/pam.d/su").content_string


def test_what_root_installs_stays_readable(host: Host) -> None:
    with host.sudo():
        assert host.check_output("umask") == "0022"
        assert host.check_output("visudo --check | grep -vc 'parsed OK' || true") == "0"


def test_cron_and_the_home_of_the_administrator_are_closed(host: Host) -> None:
    with host.sudo():
        modes = {path: host.file(path).mode for path in ("/etc/crontab", "/etc/cron.d", "/home/ubuntu")}
    assert modes == {"/etc/crontab": 0o600, "/etc/cron.d": 0o700, "/home/ubuntu": 0o750}


def test_unattended_upgrades_read_our_origins_and_window(host: Host) -> None:
    found = host.check_output("apt-config dump Unattended-Upgrade")
    assert "${distro_id}ESM:${distro_codename}-infra-legacy-security" in found
    assert 'Automatic-Reboot-Time "17:00"' in found


# --- ssh --------------------------------------------------------------------------------------------------------------
def sshd(host: Host, source: str) -> dict[str, str]:
    """What sshd would apply to a login of ubuntu from an address."""
    with host.sudo():
        lines = host.check_output(f"/usr/sbin/sshd -T -C user=ubuntu,host=x,addr={source}").splitlines()
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def test_sshd_wants_a_key_of_a_member_of_one_group(host: Host) -> None:
    found = sshd(host, "198.51.100.1")
    wanted = {
        "allowgroups": "ssh-login",
        "authenticationmethods": "publickey",
        "passwordauthentication": "no",
        "kbdinteractiveauthentication": "no",
        "permitrootlogin": "no",
        "usepam": "yes",
        "hostkey": "/etc/ssh/ssh_host_ed25519_key",
        "allowtcpforwarding": "no",
        "x11forwarding": "no",
    }
    assert {name: found[name] for name in wanted} == wanted
    assert "denyusers" not in found


def test_sshd_denies_sources_outside_the_list_even_without_the_firewall(host: Host) -> None:
    assert sshd(host, STRANGER)["denyusers"] == "*"


def test_sshd_offers_a_post_quantum_key_exchange_and_no_weak_one(host: Host) -> None:
    offered = sshd(host, "198.51.100.1")["kexalgorithms"].split(",")
    assert offered[0].startswith(("sntrup761x25519", "mlkem768x25519"))
    assert not [name for name in offered if "sha1" in name or "nistp" in name]


def test_no_small_diffie_hellman_group_is_left(host: Host) -> None:
    with host.sudo():
        sizes = host.check_output("awk '!/^#/ {print $5}' /etc/ssh/moduli | sort -nu").split()
    assert sizes
    assert int(sizes[0]) >= 3071


def test_a_password_is_not_even_asked_for(address: str) -> None:
    options = ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "PubkeyAuthentication=no"]
    done = local("ssh", "-F", "none", "-o", "NumberOfPasswordPrompts=0", *options, f"ubuntu@{address}", "true")
    assert "Permission denied (publickey)" in done.stderr


# --- firewall ---------------------------------------------------------------------------------------------------------
def knock(address: str, port: int, *where: str) -> bool:
    """Whether a TCP connection to the port opens within two seconds, from this machine or another place."""
    return local(*where, "timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}").returncode == 0


def test_the_web_is_open_to_a_stranger_and_ssh_is_not(address: str) -> None:
    stranger = ("ip", "netns", "exec", "enssol-outside")
    assert {port: knock(address, port, *stranger) for port in (22, 80, 443)} == {22: False, 80: True, 443: True}
    assert knock(address, 22)


def test_the_firewall_drops_what_nobody_allowed(host: Host, address: str) -> None:
    listener = "python3 -c 'import socket; s = socket.create_server((\"\", 8080)); s.settimeout(20); s.accept()'"
    with host.sudo():
        assert "policy drop" in host.check_output("nft list chain inet filter input")
        host.check_output(f"systemd-run --quiet --unit=listener {listener}")
        host.check_output("timeout 5 sh -c 'until ss -Htln sport = 8080 | grep -q 8080; do :; done'")
    try:
        assert not knock(address, 8080)
    finally:
        with host.sudo():
            host.check_output("systemctl stop listener")


def test_the_firewall_comes_back_with_a_reboot(host: Host) -> None:
    assert host.service("nftables").is_enabled


def test_nothing_listens_for_the_network_but_ssh_and_the_web(host: Host) -> None:
    lines = host.check_output("ss -Htuln").splitlines()
    heard = {line.split()[4].rpartition(":")[2] for line in lines if not re.search(r" (127\.|\[::1\])", line)}
    assert heard == {"22", "80", "443"}


# --- tls and nginx ----------------------------------------------------------------------------------------------------
def test_tls_1_3_is_spoken_with_a_certificate_of_our_authority(web: Web) -> None:
    said = web.handshake("-servername", NAME, "-verify_hostname", NAME, "-alpn", "h2")
    assert "Verify return code: 0 (ok)" in said
    assert "TLSv1.3" in said
    assert "ALPN protocol: h2" in said
    assert re.search(r"Server Temp Key: X25519", said)


@pytest.mark.parametrize("option", ["-tls1_2", "-tls1_1", "-groups=P-521"])
def test_older_protocols_and_other_curves_are_refused(web: Web, option: str) -> None:
    assert re.search(
        r"alert (protocol version|handshake failure)", web.handshake("-servername", NAME, *option.split("="))
    )


def test_a_handshake_for_another_name_or_for_none_is_rejected(web: Web) -> None:
    assert "unrecognized name" in web.handshake("-servername", "other.example")
    assert "unrecognized name" in web.handshake("-noservername")


def test_http_leads_to_https_under_our_name_only(web: Web) -> None:
    status, headers, _ = web.get(f"http://{NAME}/projects/?page=2")
    assert status == 301
    assert dict(headers)["location"] == f"https://{NAME}/projects/?page=2"
    assert web.get(f"http://{web.address}/")[0] == 0
    assert web.get(f"http://{NAME}/", "--header", "Host: other.example")[0] == 0


def test_a_request_for_another_name_on_our_connection_is_misdirected(web: Web) -> None:
    assert web.get(f"https://{NAME}/", "--header", "Host: other.example")[0] == 421


@pytest.mark.usefixtures("without_app")
def test_without_the_app_a_page_of_our_own_says_so(web: Web) -> None:
    status, headers, body = web.get(f"https://{NAME}/projects/")
    assert status == 502
    assert "<h1>Enssol will be back in a moment</h1>" in body
    assert dict(headers)["retry-after"] == "30"
    assert dict(headers)["cache-control"] == "no-store"
    assert web.get(f"https://{NAME}/_errors/errors.css")[0] == 200


def test_a_file_that_is_too_large_gets_a_page_of_our_own(web: Web, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(28_000_000))
    status, _, body = web.get(f"https://{NAME}/", "--data-binary", f"@{tmp_path}/file")
    assert status == 413
    assert "<h1>That file is too large</h1>" in body


def test_too_many_sign_ins_get_a_page_of_our_own(web: Web) -> None:
    answers = [web.get(f"https://{NAME}/accounts/login/", "--data", "x=1") for _ in range(14)]
    status, headers, body = answers[-1]
    assert status == 429
    assert "<h1>Too many requests</h1>" in body
    assert dict(headers)["retry-after"] == "30"


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/static/nothing.css", "/_errors/errors.css"])
def test_each_security_header_comes_once_whoever_answers(web: Web, path: str) -> None:
    names = [name for name, _ in web.get(f"https://{NAME}{path}")[1]]
    assert {name: names.count(name) for name in SECURITY_HEADERS} == dict.fromkeys(SECURITY_HEADERS, 1)


def test_static_files_come_compressed_and_may_be_kept_for_ever(web: Web) -> None:
    page = web.get(f"https://{NAME}/accounts/login/")[2]
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert sheet
    status, fields, _ = web.get(f"https://{NAME}{sheet[1]}", "--head", "--header", "Accept-Encoding: gzip")
    headers = dict(fields)
    assert status == 200
    assert headers["content-type"].startswith("text/css")
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"]
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


def test_nginx_does_not_tell_its_version(web: Web) -> None:
    assert dict(web.get(f"https://{NAME}/")[1])["server"] == "nginx"


def test_requests_are_logged_as_json_without_what_was_asked_or_mailed(host: Host, web: Web) -> None:
    _, headers, _ = web.get(f"https://{NAME}/accounts/password/reset/key/1-secret-token/?q=private")
    request = dict(headers)["x-request-id"]
    with host.sudo():
        line = host.check_output(f"journalctl --identifier=nginx_access --output=cat --grep={request}")
    entry = json.loads(line)
    assert (entry["path"], entry["request_id"]) == ("/accounts/password/reset/key/...", request)
    assert "secret-token" not in line
    assert "private" not in line
