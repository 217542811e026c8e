"""The tls role run for real on this machine: what it makes, when it makes it again, and what it refuses to install."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent
HOSTNAME = "app.enssol.test"
PLAYBOOK = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "roles": ["tls"],
        "handlers": [{"name": "Listen", "ansible.builtin.meta": "noop", "listen": "TLS certificate changed"}],
    }
]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the installed file belongs to root")


@dataclass
class Outcome:
    """What a run of the role said and changed."""

    ok: bool
    changed: int
    output: str


class Controller:
    """A controller's state folder and the file that a host would get."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "state"
        self.installed = root / "etc" / "tls" / "site.pem"
        (root / "play.json").write_text(json.dumps(PLAYBOOK))

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.state / f"{HOSTNAME}.pem").read_bytes())

    def run(self, *arguments: str, **given: Any) -> Outcome:
        variables = {
            "tls_provider": "local_ca",
            "tls_hostname": HOSTNAME,
            "tls_ca_domain": "enssol.test",
            "tls_state_dir": str(self.state),
            "tls_installed_file": str(self.installed),
        } | given
        playbook = str(Path(sys.executable).with_name("ansible-playbook"))
        environment = {
            "ANSIBLE_ROLES_PATH": str(ROOT / "roles"),
            "ANSIBLE_STDOUT_CALLBACK": "json",
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }
        done = subprocess.run(
            [playbook, self.root / "play.json", "-e", json.dumps(variables), *arguments],
            env=os.environ | environment,
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )
        stats = json.loads(done.stdout)["stats"]["localhost"]
        return Outcome(done.returncode == 0, stats["changed"], done.stdout)

    def files(self, name: str = HOSTNAME, days: tuple[int, int] = (-1, 30), other_key: bool = False) -> dict[str, str]:
        """Write a certificate for the name, valid from and to so many days from now; return it as the role's input."""
        key, stranger = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = self.root / "given.pem"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pem.with_suffix(".key").write_bytes((stranger if other_key else key).private_bytes(*encoding))
        return {
            "tls_provider": "files",
            "tls_certificate_file": str(pem),
            "tls_key_file": str(pem.with_suffix(".key")),
        }


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(certificate: x509.Certificate) -> list[str]:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    )


def test_a_local_authority_makes_a_short_lived_leaf_once_and_shows_no_key(controller: Controller) -> None:
    made = controller.run("--diff")
    assert made.ok
    leaf = controller.leaf
    assert names(leaf) == [HOSTNAME]
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=80)
    authority = str(controller.state / "ca.pem")
    command = ["openssl", "verify", "-x509_strict", "-verify_hostname", HOSTNAME, "-CAfile", authority]
    subprocess.run([*command, str(controller.state / f"{HOSTNAME}.pem")], check=True)
    assert mode(controller.state) == 0o700
    assert {mode(key) for key in controller.state.glob("*.key")} == {0o600}
    assert mode(controller.installed) == 0o600
    assert (controller.state / f"{HOSTNAME}.key").read_text().splitlines()[1] not in made.output

    again = controller.run()
    assert again.ok
    assert again.changed == 0
    assert controller.leaf == leaf


def test_a_leaf_that_lacks_a_name_or_ends_soon_is_made_anew_by_the_same_authority(controller: Controller) -> None:
    controller.run()
    authority, first = (controller.state / "ca.pem").read_bytes(), controller.leaf

    both = [f"DNS:{HOSTNAME}", "DNS:www.enssol.test"]
    assert controller.run(tls_subject_alt_names=both).ok
    second = controller.leaf
    assert names(second) == [HOSTNAME, "www.enssol.test"]

    assert controller.run(tls_subject_alt_names=both, tls_renew_days=81).ok
    assert len({leaf.serial_number for leaf in (first, second, controller.leaf)}) == 3
    assert (controller.state / "ca.pem").read_bytes() == authority
    pem = controller.leaf.public_bytes(serialization.Encoding.PEM).strip()
    assert pem in controller.installed.read_bytes()


def test_the_local_authority_cannot_vouch_for_another_domain(controller: Controller) -> None:
    controller.run(tls_ca_domain="elsewhere.test")
    command = ["openssl", "verify", "-CAfile", str(controller.state / "ca.pem")]
    command += [str(controller.state / f"{HOSTNAME}.pem")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "permitted subtree violation" in done.stderr


def test_a_preview_makes_nothing_and_says_what_it_would(controller: Controller) -> None:
    preview = controller.run("--check")
    assert preview.ok
    assert preview.changed > 0
    assert not controller.state.exists()
    assert not controller.installed.exists()


def test_a_given_wildcard_is_installed_with_its_key_in_one_file(controller: Controller) -> None:
    given = controller.files(name="*.enssol.test")
    assert controller.run(**given).ok
    installed = controller.installed.read_text()
    assert Path(given["tls_certificate_file"]).read_text() in installed
    assert Path(given["tls_key_file"]).read_text() in installed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"days": (-90, -1)}, "not now"),
        ({"name": "www.enssol.test"}, f"do not cover {HOSTNAME}"),
        ({"other_key": True}, "is not its key"),
        ({"broken": ".pem"}, "given.pem cannot be read as PEM"),
        ({"broken": ".key"}, "given.key cannot be read as PEM"),
    ],
    ids=["expired", "other name", "other key", "unreadable certificate", "unreadable key"],
)
def test_what_cannot_serve_is_refused_and_the_old_certificate_kept(
    controller: Controller, given: dict[str, Any], message: str
) -> None:
    controller.installed.parent.mkdir(parents=True)
    controller.installed.write_text("the old one")
    broken = given.pop("broken", None)
    variables = controller.files(**given)
    if broken:
        (controller.root / f"given{broken}").write_text("-----BEGIN NOTHING-----\n")
    refused = controller.run(**variables)
    assert not refused.ok
    assert message in refused.output
    assert "The host keeps the certificate it has" in refused.output
    assert controller.installed.read_text() == "the old one"
