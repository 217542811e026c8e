"""What the site serves when its certificate is replaced, and when the new one is no good."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
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
    """Make a certificate and its key as somebody would hand them over; return the role's input."""
    key, pem = folder / "given.key", folder / "given.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days)]
    subprocess.run([*command, "-keyout", str(key), "-out", str(pem)], check=True, capture_output=True)
    return {"estate_tls_provider": "files", "tls_certificate_file": str(pem), "tls_key_file": str(key)}


@pytest.mark.parametrize("case", ["expired", "of another name", "unreadable"])
def test_a_certificate_that_cannot_serve_is_refused_in_one_line_and_the_old_one_serves(
    host: Host, tmp_path: Path, case: str
) -> None:
    before = served(host)
    given = a_certificate(
        tmp_path, "other.enssol.test" if case == "of another name" else NAME, 0 if case == "expired" else 9
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
