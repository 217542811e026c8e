"""`tls_provider: acme` against Let's Encrypt's own test server, which looks the names up in a stand-in for Route 53."""

from __future__ import annotations

import json
import os
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto.server import ThreadedMotoServer
from test_tls_role import HOSTNAME, Controller, Outcome, mode, names

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("pebble"), reason="needs root and Debian's package pebble"
)
AWS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "ap-southeast-2",
    "AWS_DEFAULT_REGION": "ap-southeast-2",
}


class Zone:
    """The hosted zone in the stand-in, and what it holds."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = boto3.client(
            "route53", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.id = self.client.create_hosted_zone(Name="enssol.test", CallerReference="test")["HostedZone"]["Id"]

    def texts(self) -> dict[str, list[str]]:
        """The TXT records, by name."""
        records = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return {
            record["Name"].lower(): [entry["Value"].strip('"') for entry in record["ResourceRecords"]]
            for record in records
            if record["Type"] == "TXT"
        }


class Answer(socketserver.BaseRequestHandler):
    """Answers a DNS query by what stands in the zone (RFC 1035): a resolver that knows one zone."""

    zone: Zone
    asked: list[str]
    blind = False

    def handle(self) -> None:
        query, reply_to = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
            at += query[at] + 1
        kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
        name = ".".join(labels) + "."
        self.asked.append(name)
        texts = self.zone.texts().get(name, []) if kind == 16 and not self.blind else []
        header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(texts), 0, 0)
        answers = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIHB", 16, 1, 1, len(text) + 1, len(text)) + text.encode() for text in texts
        )
        reply_to.sendto(header + query[12 : at + 5] + answers, self.client_address)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listener_certificate(folder: Path) -> Path:
    """Make what the authority's own address is served with."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "pebble.key").write_bytes(key.private_bytes(*encoding))
    path = folder / "pebble.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


class Authority:
    """A running pebble, the zone that it looks into, and what it asked."""

    def __init__(self, folder: Path, port: int, management: int, resolver: type[Answer]) -> None:
        self.trust = listener_certificate(folder)
        self.directory = f"https://localhost:{port}/dir"
        self.roots = f"https://localhost:{management}/roots/0"
        self.resolver = resolver
        self.zone = resolver.zone
        self.asked = resolver.asked
        self.configuration = folder / "pebble.json"
        settings = {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(self.trust),
            "privateKey": str(folder / "pebble.key"),
            "httpPort": 5002,
            "tlsPort": 5001,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        self.configuration.write_text(json.dumps({"pebble": settings}))

    def root(self) -> bytes:
        """The certificate that this authority signs with, made anew at each start."""
        trust = ssl.create_default_context(cafile=self.trust)
        with urllib.request.urlopen(self.roots, context=trust) as answer:  # noqa: S310 - our own https address
            content: bytes = answer.read()
        return content


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    zone = Zone(f"http://{host}:{port}")
    handler = type("Resolver", (Answer,), {"zone": zone, "asked": []})
    resolver = socketserver.ThreadingUDPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=resolver.serve_forever, daemon=True).start()
    authority = Authority(tmp_path_factory.mktemp("authority"), free_port(), free_port(), handler)
    command = ["pebble", "-config", str(authority.configuration), "-strict"]
    command += ["-dnsserver", f"127.0.0.1:{resolver.server_address[1]}"]
    quick = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    with subprocess.Popen(command, env=os.environ | quick, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        # It says where it listens once it does.
        while "ACME directory available" not in process.stdout.readline():
            assert process.poll() is None
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield authority
        process.terminate()
    resolver.shutdown()
    resolver.server_close()
    moto.stop()


class Site:
    """A site that orders its certificate."""

    def __init__(self, controller: Controller, authority: Authority) -> None:
        self.controller = controller
        self.authority = authority

    def run(self, *arguments: str, **given: Any) -> Outcome:
        variables = {
            "tls_provider": "acme",
            "tls_acme_directory": self.authority.directory,
            "tls_acme_email": "operators@enssol.test",
            "tls_acme_zone": "enssol.test",
            "tls_acme_environment": AWS | {"AWS_ENDPOINT_URL": self.authority.zone.endpoint},
            # The test authority's certificates are valid for five years.
            "tls_renew_days": 30,
        }
        self.authority.asked.clear()
        return self.controller.run(*arguments, **(variables | given))


@pytest.fixture
def site(tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))
    return Site(Controller(tmp_path), authority)


def test_a_certificate_is_ordered_once_proven_in_the_zone_and_renewed_and_given_further_names(site: Site) -> None:
    controller, zone = site.controller, site.authority.zone

    first = site.run()
    assert first.ok, first.output
    leaf = controller.leaf
    assert names(leaf) == [HOSTNAME]
    assert set(site.authority.asked) == {f"_acme-challenge.{HOSTNAME}."}
    assert zone.texts() == {}
    (controller.root / "root.pem").write_bytes(site.authority.root())
    installed = controller.installed
    command = ["openssl", "verify", "-verify_hostname", HOSTNAME, "-CAfile", str(controller.root / "root.pem")]
    subprocess.run([*command, "-untrusted", str(installed), str(installed)], check=True, capture_output=True)
    assert {mode(key) for key in controller.state.glob("*.key")} == {0o600}
    assert mode(installed) == 0o600

    again = site.run()
    assert (again.ok, again.changed, site.authority.asked) == (True, 0, [])

    renewed = site.run(tls_renew_days=3000)
    assert renewed.ok, renewed.output
    assert controller.leaf.serial_number != leaf.serial_number
    assert site.authority.asked

    # Both are proven by one record with two values.
    wider = site.run(tls_subject_alt_names=[f"DNS:{HOSTNAME}", f"DNS:*.{HOSTNAME}"])
    assert wider.ok, wider.output
    assert set(names(controller.leaf)) == {HOSTNAME, f"*.{HOSTNAME}"}
    assert controller.leaf.public_bytes(serialization.Encoding.PEM).strip() in installed.read_bytes()
    assert zone.texts() == {}


def test_an_order_that_fails_leaves_the_old_certificate_and_nothing_in_the_zone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = site.controller
    controller.installed.parent.mkdir(parents=True)
    controller.installed.write_text("the old one")
    monkeypatch.setattr(site.authority.resolver, "blind", True)
    refused = site.run()
    assert not refused.ok
    assert "unauthorized" in refused.output
    assert site.authority.asked
    assert controller.installed.read_text() == "the old one"
    assert site.authority.zone.texts() == {}


def test_a_preview_orders_nothing(site: Site) -> None:
    preview = site.run("--check")
    assert (preview.ok, preview.changed > 0, site.authority.asked) == (True, True, [])
    assert not site.controller.state.exists()
