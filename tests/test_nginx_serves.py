"""The rendered configuration, served for real by the nginx that is built, or by this machine's own.

`make test-nginx` builds it first: that takes minutes of a processor, so `make test` looks only where there is one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from role_templates import render
from test_nginx_conf import NGINX, error_pages, nginx_conf

ROOT = Path(__file__).resolve().parent.parent
NAME = NGINX["nginx_hostname"]
BUILT = sorted((ROOT / ".cache" / "nginx").glob("[0-9]*/nginx"), key=lambda path: path.stat().st_mtime)
PROGRAM = str(BUILT[-1]) if BUILT else shutil.which("nginx", path="/usr/sbin") or ""

pytestmark = pytest.mark.skipif(
    not PROGRAM, reason="no nginx here: make test-nginx builds one; Molecule asks the host's"
)


class App(BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: Any) -> None:
        return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Site:
    """A running nginx and how to ask it."""

    root: Path
    http: int
    https: int
    log: socket.socket

    def curl(self, path: str, *options: str, name: str = NAME) -> tuple[int, dict[str, str], str]:
        """Ask over HTTPS; return status (0: no answer), headers and body."""
        resolve = f"{name}:{self.https}:127.0.0.1"
        command = ["curl", "--silent", "--include", "--cacert", str(self.root / "site.pem"), "--resolve", resolve]
        done = subprocess.run(
            [*command, *options, f"https://{name}:{self.https}{path}"], check=False, capture_output=True, text=True
        )
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        if not head:
            return 0, {}, done.stderr
        first, *lines = head.splitlines()
        return (
            int(first.split()[1]),
            {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)},
            body,
        )

    def plain(self, path: str, *options: str) -> tuple[int, str]:
        """Ask over HTTP by address, as a load balancer's health check does."""
        command = ["curl", "--silent", "--output", str(self.root / "answer"), "--write-out", "%{http_code}"]
        done = subprocess.run(
            [*command, *options, f"http://127.0.0.1:{self.http}{path}"], check=False, capture_output=True, text=True
        )
        return int(done.stdout), done.stderr

    def logged(self) -> dict[str, Any]:
        """The next line of the access log."""
        while True:
            line = self.log.recv(65536).decode()
            if "nginx_access" in line:
                entry: dict[str, Any] = json.loads(line[line.index("{") :])
                return entry


def answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process that was started takes connections."""
    while True:
        assert process.poll() is None
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return


def openssl(root: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=root, check=True, capture_output=True)


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def self_signed(root: Path) -> None:
    """Make the files `key` and `certificate`."""
    name = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    openssl(root, "req", "-x509", *NEW_KEY, *name, "-keyout", "key", "-out", "certificate")


def start(root: Path, certify: Callable[[Path], None] | None = None, **given: Any) -> Generator[Site, None, None]:
    """Serve the configuration of a version on ports and paths of this test's own."""
    said = subprocess.run([PROGRAM, "-v"], check=True, capture_output=True, text=True).stderr
    version = re.search(r"nginx/([\d.]+)", said)
    assert version
    static = root / "static"
    static.mkdir()
    (static / "app.0123.css").write_text("body { color: black }\n" * 100)
    subprocess.run(["gzip", "--keep", "--best", static / "app.0123.css"], check=True)
    (root / "enssol" / "_errors").mkdir(parents=True)
    for page in error_pages():
        html = render("nginx", "error.html.j2", **NGINX, item=page)
        (root / "enssol" / "_errors" / f"{page['name']}.html").write_text(html)
    (certify or self_signed)(root)
    (root / "site.pem").write_text((root / "key").read_text() + (root / "certificate").read_text())

    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(str(root / "log"))
    (root / "log").chmod(0o666)
    log.settimeout(60)
    http, https = free_port(), free_port()
    media_types = Path(PROGRAM).with_name("mime.types") if BUILT else Path("/etc/nginx/mime.types")
    config = nginx_conf(version[1], nginx_ipv6=False, nginx_media_types=str(media_types), **given)
    for ours, theirs in {
        "listen 80": f"listen 127.0.0.1:{http}",
        "listen 443": f"listen 127.0.0.1:{https}",
        "/run/nginx.pid": f"{root}/pid",
        "/dev/log": f"{root}/log",
        "/usr/share/enssol": f"{root}/enssol",
        NGINX["nginx_tls_file"]: f"{root}/site.pem",
        NGINX["nginx_app_socket"]: f"{root}/app.sock",
        f"{NGINX['nginx_static_dir']}/": f"{static}/",
        "http {\n": "daemon off;\nhttp {\n"
        + "".join(f"    {kind}_temp_path {root}/{kind};\n" for kind in ("client_body", "proxy")),
    }.items():
        assert ours in config
        config = config.replace(ours, theirs)
    if os.geteuid():
        config = config.replace("user www-data;", "")
    # The worker is another user, and pytest's folders are closed to it.
    for folder in (root, *root.parents):
        if folder.owner() == root.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    (root / "nginx.conf").write_text(config)
    subprocess.run([PROGRAM, "-t", "-q", "-c", root / "nginx.conf"], check=True)
    app = ThreadingUnixStreamServer(str(root / "app.sock"), App)
    (root / "app.sock").chmod(0o666)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with subprocess.Popen([PROGRAM, "-c", root / "nginx.conf"]) as process:
        try:
            answers(https, process)
            yield Site(root, http, https, log)
        finally:
            process.terminate()
            app.shutdown()
            app.server_close()
            log.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from start(tmp_path_factory.mktemp("edge"))


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from start(tmp_path_factory.mktemp("behind"), nginx_trusted_proxies=["127.0.0.0/8", "10.0.0.0/16"])


# --- What was built ---------------------------------------------------------------------------------------------------
@pytest.mark.skipif(not BUILT, reason="make test-nginx builds one")
def test_what_is_built_needs_no_library_of_the_host_and_says_what_it_is_made_of() -> None:
    with Path(PROGRAM).open("rb") as handle:
        program = ELFFile(handle)
        assert program.get_machine_arch() == "x64"
        assert {segment["p_type"] for segment in program.iter_segments()} & {"PT_INTERP", "PT_DYNAMIC"} == set()
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=Path(PROGRAM).parent, check=True)
    versions = json.loads(Path(PROGRAM).with_name("versions.json").read_text())
    said = subprocess.run([PROGRAM, "-V"], check=True, capture_output=True, text=True).stderr
    assert f"nginx/{versions['nginx']}" in said
    assert f"built with OpenSSL {versions['openssl']} " in said


# --- TLS --------------------------------------------------------------------------------------------------------------
def test_tls_1_3_with_http_2_is_spoken_and_nothing_older(site: Site) -> None:
    status, headers, _ = site.curl("/", "--http2")
    assert status == 200
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    context = ssl.create_default_context(cafile=str(site.root / "certificate"))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", site.https)) as raw,
        context.wrap_socket(raw, server_hostname=NAME) as tls,
    ):
        assert (tls.version(), tls.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    assert site.curl("/", "--tls-max", "1.2")[0] == 0


def test_a_handshake_for_another_name_or_none_is_rejected(site: Site) -> None:
    assert site.curl("/", "--insecure", name="other.test")[0] == 0
    context = ssl._create_unverified_context()  # noqa: S323 - no name can be verified here
    with pytest.raises(ssl.SSLError):
        HTTPSConnection("127.0.0.1", site.https, context=context).request("GET", "/")


def test_the_answer_of_the_authoritys_responder_is_stapled(tmp_path: Path) -> None:
    port = free_port()

    def certify(root: Path) -> None:
        """Make an authority, and a certificate of it that names its responder."""
        openssl(root, "req", "-x509", *NEW_KEY, "-subj", "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem")
        openssl(root, "req", *NEW_KEY, "-subj", f"/CN={NAME}", "-keyout", "key", "-out", "request")
        (root / "extensions").write_text(
            f"subjectAltName=DNS:{NAME}\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\n"
        )
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "0x1234", "-days", "9")
        openssl(root, "x509", "-req", "-in", "request", *signing, "-extfile", "extensions", "-out", "leaf")
        (root / "certificate").write_text((root / "leaf").read_text() + (root / "ca.pem").read_text())
        (root / "index").write_text(f"V\t491231235959Z\t\t1234\tunknown\t/CN={NAME}\n")

    served = start(tmp_path, certify, nginx_ocsp_stapling=True, nginx_trusted_certificates=str(tmp_path / "ca.pem"))
    site = next(served)
    responder = ["openssl", "ocsp", "-index", "index", "-port", str(port), "-CA", "ca.pem", "-ndays", "1"]
    responder += ["-rsigner", "ca.pem", "-rkey", "ca.key"]
    client = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.https}", "-servername", NAME, "-status"]
    deadline = time.monotonic() + 60
    with subprocess.Popen(
        responder, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        # It serves one connection after the other, so a knock would keep it.
        while "waiting" not in process.stdout.readline():
            assert process.poll() is None
        # nginx asks when a client first does, and answers that one without it.
        said = ""
        while "Cert Status: good" not in said:
            assert time.monotonic() < deadline, said
            said = subprocess.run(client, input="Q\n", check=False, capture_output=True, text=True, timeout=60).stdout
        process.terminate()
    served.close()


# --- Static files -----------------------------------------------------------------------------------------------------
def test_static_files_are_sent_as_they_were_compressed_and_kept_for_ever(site: Site) -> None:
    status, headers, _ = site.curl("/static/app.0123.css", "--head", "--header", "Accept-Encoding: gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == (site.root / "static" / "app.0123.css.gz").stat().st_size
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert site.curl("/static/none.css")[1].get("cache-control") != headers["cache-control"]


# --- Who the client is ------------------------------------------------------------------------------------------------
CLAIM = ("--header", "X-Forwarded-For: 203.0.113.9, 198.51.100.7", "--header", "X-Request-ID: forged")


def test_at_the_edge_what_a_client_claims_about_itself_is_dropped(site: Site) -> None:
    _, headers, body = site.curl("/", *CLAIM)
    seen = json.loads(body)
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-request-id"] != "forged"
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])


def test_behind_our_load_balancer_the_last_address_that_is_not_ours_is_the_client(behind: Site) -> None:
    _, _, body = behind.curl("/", "--header", "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.3.4")
    assert json.loads(body)["x-forwarded-for"] == "198.51.100.7"
    entry = behind.logged()
    assert (entry["address"], entry["peer"], entry["status"]) == ("198.51.100.7", "127.0.0.1", 200)


def test_our_load_balancer_asks_by_address_whether_the_host_serves_and_nothing_else(behind: Site, site: Site) -> None:
    assert behind.plain("/readyz")[0] == 200
    assert json.loads((behind.root / "answer").read_text())["host"] == NAME
    assert behind.plain("/readyz", "--header", "X-Forwarded-For: 203.0.113.9")[0] == 403
    assert behind.plain("/")[0] == 0
    assert site.plain("/readyz")[0] == 0


def test_behind_a_load_balancer_a_handshake_needs_no_name_and_a_request_ours(behind: Site) -> None:
    context = ssl._create_unverified_context()  # noqa: S323 - as a load balancer connects
    for name, status in ((NAME, 200), ("other.test", 421)):
        connection = HTTPSConnection("127.0.0.1", behind.https, context=context)
        connection.request("GET", "/", headers={"Host": name})
        assert connection.getresponse().status == status
        connection.close()


# --- Limits -----------------------------------------------------------------------------------------------------------
def test_one_address_that_asks_too_often_is_told_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    served = start(tmp_path_factory.mktemp("busy"), nginx_requests_per_second=1, nginx_requests_burst=2)
    site = next(served)
    answers = [site.curl("/") for _ in range(5)]
    assert {status for status, _, _ in answers} == {200, 429}
    assert answers[0][0] == 200
    _, headers, body = next(answer for answer in answers if answer[0] == 429)
    assert headers["retry-after"] == "30"
    assert "Too many requests" in body
    served.close()
