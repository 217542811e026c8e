"""nginx's configuration as it is rendered for each version, and what the role refuses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from role_templates import ROLES, passes_guard, render, variables

NGINX = {
    "nginx_hostname": "app.example.test",
    "nginx_tls_file": "/etc/enssol/tls/site.pem",
    "nginx_app_socket": "/run/enssol/gunicorn.sock",
    "nginx_static_dir": "/opt/enssol/current/static",
}
NGINX_SOURCES = yaml.safe_load((ROLES / "nginx" / "files" / "sources.yml").read_text())
BEHIND_A_PROXY: dict[str, Any] = {"nginx_trusted_proxies": ["10.0.0.0/24", "10.0.1.0/24"]}
# What nginx 1.10 does not know, and the release that brought it (nginx's own list of changes).
NGINX_AFTER_1_10 = {
    "http2 on;": (1, 25, 1),
    "keepalive_time ": (1, 19, 10),
    "ssl_reject_handshake": (1, 19, 4),
    "ssl_conf_command": (1, 19, 4),
    "proxy_cookie_flags": (1, 19, 3),
    "limit_req_dry_run": (1, 17, 1),
    "auth_delay": (1, 17, 10),
    "ssl_early_data": (1, 15, 3),
    "keepalive_requests ": (1, 15, 3),
    "TLSv1.3": (1, 13, 0),
    "http2_push": (1, 13, 9),
    "absolute_redirect": (1, 11, 8),
    "escape=json": (1, 11, 8),
    "worker_shutdown_timeout": (1, 11, 11),
    "max_conns=": (1, 11, 5),
    "$ssl_ciphers": (1, 11, 7),
    "$ssl_curves": (1, 11, 7),
    "$request_id": (1, 11, 0),
    "proxy_bind transparent": (1, 11, 0),
    "ssl_ecdh_curve X25519:": (1, 11, 0),
}


def nginx_conf(version: str = "1.22.1", **given: Any) -> str:
    return render("nginx", "nginx.conf.j2", **(NGINX | given), nginx_version=version)


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("nginx version: nginx/1.10.3 (Ubuntu)\nbuilt with OpenSSL 1.0.2g  1 Mar 2016\n", False),
        ("nginx:\n  Installed: (none)\n  Candidate: 1.10.3-0ubuntu0.16.04.5\nOpenSSL 1.0.2g  1 Mar 2016\n", False),
        ("nginx version: nginx/1.18.0\nbuilt with OpenSSL 1.1.1f  31 Mar 2020\n", False),
        ("nginx:\n  Installed: (none)\n  Candidate: 1.22.1-9+deb12u11\nOpenSSL 3.0.15 3 Sep 2024\n", True),
        ("nginx version: nginx/1.28.0\nbuilt with OpenSSL 3.5.1 1 Jul 2025\n", True),
        ("nginx:\n  Installed: (none)\n  Candidate: (none)\nOpenSSL 3.0.15 3 Sep 2024\n", False),
    ],
)
def test_an_nginx_that_cannot_do_tls_1_3_is_refused(said: str, accepted: bool) -> None:
    assert passes_guard("nginx", nginx_measured={"stdout": said}, nginx_sources={}) is accepted


@pytest.mark.parametrize(("machine", "accepted"), [("x86_64", True), ("aarch64", False)])
def test_a_built_nginx_does_tls_1_3_on_ubuntu_16_04_and_on_no_other_machine(machine: str, accepted: bool) -> None:
    said = f"nginx version: nginx/1.10.3 (Ubuntu)\nbuilt with OpenSSL 1.0.2g  1 Mar 2016\nmachine {machine}\n"
    given = {"nginx_provider": "built", "nginx_measured": {"stdout": said}, "nginx_sources": NGINX_SOURCES}
    assert passes_guard("nginx", **given) is accepted


@pytest.mark.parametrize(
    ("release", "provider"),
    [("xenial", "built"), ("focal", "built"), ("jammy", "distribution"), ("bookworm", "distribution")],
)
def test_a_release_whose_nginx_is_too_old_gets_one_that_is_built(release: str, provider: str) -> None:
    said = "nginx version: nginx/1.10.3 (Ubuntu)\nbuilt with OpenSSL 1.0.2g  1 Mar 2016\nmachine x86_64\n"
    given = {
        "ansible_distribution_release": release,
        "nginx_measured": {"stdout": said},
        "nginx_sources": NGINX_SOURCES,
    }
    assert passes_guard("nginx", **given) is (provider == "built")


@pytest.mark.parametrize("version", ["1.19.4", "1.22.1", "1.25.0", "1.25.1", "1.30.6"])
@pytest.mark.parametrize("given", [{}, BEHIND_A_PROXY], ids=["edge", "behind a proxy"])
def test_no_nginx_that_is_accepted_meets_what_it_does_not_know(version: str, given: dict[str, Any]) -> None:
    config = nginx_conf(version, **given)
    release = tuple(map(int, version.split(".")))
    assert [word for word, since in NGINX_AFTER_1_10.items() if since > release and word in config] == []
    # What went: 1.25.1 took the parameter of `listen` back.
    assert not (release >= (1, 25, 1) and "ssl http2" in config)


def test_the_nginx_of_16_04_would_meet_what_it_does_not_know_so_it_is_refused() -> None:
    config = nginx_conf("1.19.4")
    unknown = {word: since for word, since in NGINX_AFTER_1_10.items() if word in config}
    assert {"TLSv1.3", "ssl_reject_handshake", "escape=json"} <= unknown.keys()
    assert max(unknown.values()) == tuple(map(int, variables("nginx")["nginx_oldest_version"].split(".")))


def test_only_our_own_load_balancer_is_asked_who_the_client_is() -> None:
    assert "set_real_ip_from" not in nginx_conf()
    config = nginx_conf(**BEHIND_A_PROXY)
    assert re.findall(r"set_real_ip_from (\S+);", config) == BEHIND_A_PROXY["nginx_trusted_proxies"]


def test_ocsp_answers_are_stapled_where_the_authority_has_a_responder() -> None:
    assert "ssl_stapling" not in nginx_conf()
    config = nginx_conf(nginx_ocsp_stapling=True)
    assert "ssl_stapling on;" in config
    assert "resolver 169.254.169.253 " in config


def test_sources_of_a_built_nginx_are_pinned_and_of_supported_series() -> None:
    for source in NGINX_SOURCES.values():
        assert all(re.fullmatch(r"[0-9a-f]{64}", archive["sha256"]) for archive in source["archives"])
        assert re.match(source.get("series", ""), source["version"])


@pytest.mark.parametrize(("version", "on_listen", "directive"), [("1.22.1", True, False), ("1.28.0", False, True)])
def test_http_2_is_asked_for_as_the_version_knows_it(version: str, on_listen: bool, directive: bool) -> None:
    config = nginx_conf(version)
    assert ("listen 443 ssl http2" in config) is on_listen
    assert ("http2 on;" in config) is directive


def test_no_protocol_but_tls_1_3_is_offered() -> None:
    assert re.findall(r"ssl_protocols (.*);", nginx_conf()) == ["TLSv1.3"]


def test_no_location_drops_the_headers_of_the_site() -> None:
    config = nginx_conf()
    names = re.findall(r"^( *)add_header (\S+)", config, flags=re.MULTILINE)
    assert {indent for indent, _ in names} == {" " * 8}, "add_header in a location discards those of its server"
    assert len({name for _, name in names}) == len(names)


def test_what_a_client_claims_about_its_address_is_replaced() -> None:
    config = nginx_conf()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in config
    assert "proxy_add_x_forwarded_for" not in config


def test_static_files_come_from_the_current_release() -> None:
    assert "alias /opt/enssol/current/static/;" in nginx_conf()


def error_pages() -> list[dict[str, Any]]:
    templar = Templar(loader=DataLoader(), variables=variables("nginx", **NGINX))
    return list(templar.template("{{ nginx_error_pages }}"))


@pytest.mark.parametrize("page", error_pages(), ids=lambda page: page["name"])
def test_an_error_page_keeps_to_the_strict_policy(page: dict[str, Any]) -> None:
    html = render("nginx", "error.html.j2", **NGINX, item=page)
    assert re.search(r"<style|<script|\sstyle=|\son\w+=", html) is None
    assert re.findall(r'(?:src|href)="([^"]+)"', html) == ["/_errors/errors.css", "/"]
    assert f"/_errors/{page['name']}.html" in nginx_conf()


@pytest.mark.skipif(not Path("/etc/nginx/mime.types").exists(), reason="no nginx here; Molecule asks the host's own")
def test_nginx_itself_accepts_the_file(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=app.example.test"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    pem = tmp_path / "site.pem"
    pem.write_text(key.read_text() + certificate.read_text())
    said = subprocess.run(["nginx", "-v"], check=True, capture_output=True, text=True).stderr
    config = tmp_path / "nginx.conf"
    config.write_text(nginx_conf(said.strip().rpartition("/")[2]).replace(NGINX["nginx_tls_file"], str(pem)))
    subprocess.run(["nginx", "-t", "-c", config], check=True)
