"""What the site serves when its certificate is replaced, and when the new one is no good."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_host import CA, NAME
from test_lockout import configure
from testinfra.host import Host


def served(host: Host) -> str:
    """The serial number of the certificate that a client meets, which must be one that the authority vouches for."""
    address = host.backend.get_hostname()
    command = ["openssl", "s_client", "-connect", f"{address}:443", "-servername", NAME, "-CAfile", str(CA)]
    met = subprocess.run([*command, "-verify_return_error"], input="", check=True, capture_output=True, text=True)
    read = ["openssl", "x509", "-noout", "-serial"]
    return subprocess.run(read, input=met.stdout, check=True, capture_output=True, text=True).stdout


def a_certificate(folder: Path, name: str, days: int) -> dict[str, str]:
    """Make a certificate that ends so many days from now as somebody would hand it over; return the role's input."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / "given.pem", folder / "given.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*encoding))
    return {"estate_tls_provider": "files", "tls_certificate_file": str(pem), "tls_key_file": str(key_file)}


@pytest.mark.parametrize("case", ["expired", "of another name", "unreadable"])
def test_a_certificate_that_cannot_serve_is_refused_in_one_line_and_the_old_one_serves(
    host: Host, tmp_path: Path, case: str
) -> None:
    before = served(host)
    given = a_certificate(
        tmp_path, "other.enssol.test" if case == "of another name" else NAME, -1 if case == "expired" else 9
    )
    if case == "unreadable":
        os.truncate(given["tls_certificate_file"], 100)
    done = configure("--tags=tls", f"--extra-vars={json.dumps(given)}")
    assert done.returncode != 0
    assert "The host keeps the certificate it has" in " ".join(done.stdout.split())
    assert served(host) == before


def test_a_renewed_certificate_is_served_at_once(host: Host) -> None:
    before = served(host)
    done = configure("--tags=tls", '--extra-vars={"tls_renew_days": 81}')
    assert done.returncode == 0, done.stdout
    assert served(host) != before
