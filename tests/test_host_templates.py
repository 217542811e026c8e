"""What the host roles write, rendered as Ansible renders it, for versions of software that cannot run here.

Undefined variables are errors. What Ubuntu 16.04 does not know is checked against lists; what this machine has
(nft, sshd) judges the same text itself, as the Molecule scenario does on a real host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from role_templates import passes_guard, render, variables

CIDRS = ["198.51.100.1/32", "203.0.113.0/24", "2001:db8::/48"]
# Keywords of sshd_config that OpenSSH 7.2p2 knows (its servconf.c), those it only tolerates left out.
OPENSSH_7_2 = set((Path(__file__).parent / "data" / "sshd_config-7.2.txt").read_text().split())
# ssh-audit's policy "Hardened Ubuntu Server 16.04 LTS (version 4)".
POLICY_16_04 = {
    "KexAlgorithms": "curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256",
    "Ciphers": "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
    "aes256-ctr,aes192-ctr,aes128-ctr",
    "MACs": "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com",
}
# Words of rulesets that came after nftables 0.5.
NFT_AFTER_0_5 = [
    "priority filter",
    "auto-merge",
    "typeof",
    "flowtable",
    "ct count",
    "th dport",
    "destroy",
    "$",
    "define",
]


# --- bootstrap: the shell script runs here, with an archive, an apt-get and a clock of the test's own -----------------
class Host:
    """A folder that stands in for the parts of a host that the script touches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lists = root / "lists"
        self.calls = root / "calls"
        self.preview = root / "preview"
        for folder in (root / "bin", self.lists):
            folder.mkdir()
        self.program("sleep", "exit 0")
        self.program("apt-get", f"echo $* >>{self.calls}")
        self.program("uname", "echo 4.4.0-1128-aws")

    def program(self, name: str, body: str) -> Path:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def bootstrap(self, release: str, **given: Any) -> subprocess.CompletedProcess[str]:
        identifier, _, version = release.partition("-")
        (self.root / "os-release").write_text(f'ID={identifier}\nVERSION_ID="{version}"\n')
        script = render("bootstrap", "bootstrap.sh.j2", **given)
        for real, ours in {
            "/etc/os-release": str(self.root / "os-release"),
            "/var/lib/apt/lists": str(self.lists),
            "/var/cache/bootstrap-preview": str(self.preview),
            "/usr/bin/python": f"{self.root}/bin/python",
        }.items():
            script = script.replace(real, ours)
        path = {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        return subprocess.run(["sh", "-c", script], env=path, check=False, capture_output=True, text=True)

    def asked(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("release", "python", "packages"),
    [
        ("ubuntu-16.04", "python2.7", "python-minimal python-apt"),
        ("ubuntu-24.04", "python3", "python3 python3-apt"),
        ("debian-12", "python3", "python3 python3-apt"),
    ],
)
def test_each_release_gets_its_own_python(host: Host, release: str, python: str, packages: str) -> None:
    outcome = yaml.safe_load(host.bootstrap(release).stdout)
    assert outcome["python"].endswith(f"/{python}")
    assert outcome["outcome"] == "installed"
    assert host.asked() == ["-q update", f"-qy --no-install-recommends install {packages}"]


def test_a_host_that_has_its_python_is_left_alone(host: Host) -> None:
    host.program("python3", "exit 0")
    (host.lists / "archive_main_Packages.lz4").touch()
    assert yaml.safe_load(host.bootstrap("debian-12").stdout)["outcome"] == "present"
    assert host.asked() == []


def test_a_preview_installs_nothing_and_says_what_it_would(host: Host) -> None:
    outcome = yaml.safe_load(host.bootstrap("ubuntu-16.04", ansible_check_mode=True).stdout)
    assert outcome["outcome"] == "pending"
    assert outcome["packages"] == "python-minimal python-apt"
    assert host.asked() == []


def test_a_preview_fetches_missing_lists_beside_the_hosts_own_and_leaves_old_ones(host: Host) -> None:
    host.program("python3", "exit 0")
    host.program("apt-get", f'echo $* "$APT_CONFIG" >>{host.calls}')
    (host.preview / "left").mkdir(parents=True)
    assert yaml.safe_load(host.bootstrap("debian-12", ansible_check_mode=True).stdout)["preview"] is True
    assert host.asked() == [f"-q update {host.preview}/apt.conf"]
    assert list(host.lists.iterdir()) == []
    configured = ["apt-config", "shell", "LISTS", "Dir::State::lists/d", "CACHE", "Dir::Cache/d"]
    told = subprocess.run(
        configured, env={"APT_CONFIG": str(host.preview / "apt.conf")}, check=True, capture_output=True, text=True
    )
    assert told.stdout == f"LISTS='{host.preview}/lists/'\nCACHE='{host.preview}/cache/'\n"
    assert not (host.preview / "left").exists()

    (host.lists / "archive_main_Packages").touch()
    os.utime(host.lists, (0, 0))
    assert yaml.safe_load(host.bootstrap("debian-12", ansible_check_mode=True).stdout)["preview"] is False
    assert len(host.asked()) == 1
    assert not host.preview.exists()


def test_who_only_needs_the_interpreter_changes_nothing(host: Host) -> None:
    assert yaml.safe_load(host.bootstrap("ubuntu-16.04", bootstrap_installs=False).stdout)["outcome"] == "pending"
    host.program("python2.7", "exit 0")
    assert yaml.safe_load(host.bootstrap("ubuntu-16.04", bootstrap_installs=False).stdout)["outcome"] == "present"
    assert host.asked() == []


@pytest.mark.parametrize(
    ("kernel", "accepted"),
    [
        ("3.13.0-170-generic", False),
        ("4.3.6", False),
        ("4.4.0-1128-aws", True),
        ("4.15.0-1151-aws", True),
        ("6.1", True),
    ],
)
def test_a_kernel_older_than_that_of_16_04_is_refused_before_any_change(
    host: Host, kernel: str, *, accepted: bool
) -> None:
    host.program("uname", f"echo {kernel}")
    found = yaml.safe_load(host.bootstrap("ubuntu-16.04").stdout)
    assert (found["outcome"] == "installed") is accepted
    assert found["kernel"] == kernel
    assert bool(host.asked()) is accepted


def test_package_lists_of_yesterday_are_fetched_again(host: Host) -> None:
    host.program("python3", "exit 0")
    (host.lists / "archive_main_Packages").touch()
    os.utime(host.lists, (0, 0))
    host.bootstrap("debian-12")
    host.bootstrap("debian-12")
    assert host.asked() == ["-q update"]


def test_the_lock_of_a_first_boot_is_waited_for(host: Host) -> None:
    lock = "E: Could not get lock /var/lib/dpkg/lock - open (11: Resource temporarily unavailable)"
    held = host.root / "held"
    held.write_text("xx")
    host.program("apt-get", f'[ -s {held} ] || exit 0; truncate -s -1 {held}; echo "{lock}" >&2; exit 100')
    assert yaml.safe_load(host.bootstrap("ubuntu-16.04").stdout)["outcome"] == "installed"
    assert held.read_text() == ""


def test_a_lock_that_is_never_released_ends_in_its_message(host: Host) -> None:
    lock = "E: Could not get lock /var/lib/apt/lists/lock"
    host.program("apt-get", f'echo "{lock}" >&2; exit 100')
    done = host.bootstrap("ubuntu-16.04", bootstrap_lock_seconds=0)
    assert done.returncode != 0
    assert done.stderr.strip() == lock


def test_an_archive_that_fails_is_not_taken_for_a_lock(host: Host) -> None:
    host.program("apt-get", f'echo x >>{host.calls}; echo "E: Unable to locate package python-apt" >&2; exit 100')
    done = host.bootstrap("ubuntu-16.04")
    assert done.returncode != 0
    assert "Unable to locate" in done.stderr
    assert len(host.asked()) == 1


# --- sshd -------------------------------------------------------------------------------------------------------------
def sshd_config(version: str) -> str:
    return render("ssh", "sshd_config.j2", ssh_version=version, ssh_allowed_cidrs=CIDRS, ssh_users=["ubuntu"])


def keywords(config: str) -> dict[str, str]:
    lines = [line.strip().partition(" ") for line in config.splitlines() if line.strip() and not line.startswith("#")]
    assert len({keyword.lower() for keyword, _, _ in lines}) == len(lines), "sshd takes the first of two"
    return {keyword: value for keyword, _, value in lines if not keyword.startswith("#")}


def test_sshd_of_16_04_meets_no_keyword_that_it_does_not_know() -> None:
    assert {keyword.lower() for keyword in keywords(sshd_config("7.2"))} <= OPENSSH_7_2


def test_sshd_of_16_04_offers_exactly_the_hardened_policy() -> None:
    found = keywords(sshd_config("7.2"))
    assert {name: found[name] for name in POLICY_16_04} == POLICY_16_04


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        ("7.2", "PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms"),
        ("8.4", "ChallengeResponseAuthentication", "KbdInteractiveAuthentication"),
        ("8.9", "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"),
        ("9.2", "KbdInteractiveAuthentication", "ChallengeResponseAuthentication"),
        ("9.2", "PerSourceMaxStartups", "UsePrivilegeSeparation"),
    ],
)
def test_a_keyword_that_changed_its_name_is_written_as_the_version_knows_it(
    version: str, known: str, unknown: str
) -> None:
    found = keywords(sshd_config(version))
    assert known in found
    assert unknown not in found


@pytest.mark.parametrize(("version", "first"), [("8.4", "curve25519"), ("9.2", "sntrup761"), ("10.0", "mlkem768")])
def test_a_newer_sshd_prefers_the_best_key_exchange_it_knows(version: str, first: str) -> None:
    assert keywords(sshd_config(version))["KexAlgorithms"].startswith(first)


@pytest.mark.parametrize("version", ["7.2", "9.2"])
def test_sources_outside_the_list_are_denied(version: str) -> None:
    match = sshd_config(version).partition("Match ")[2]
    assert match.split() == ["Address", "*," + ",".join(f"!{cidr}" for cidr in CIDRS), "DenyUsers", "*"]


@pytest.mark.skipif(not Path("/usr/sbin/sshd").exists(), reason="no sshd here; Molecule asks the host's own")
def test_sshd_itself_accepts_the_file_and_applies_the_list(tmp_path: Path) -> None:
    version = subprocess.run(["/usr/sbin/sshd", "-V"], check=False, capture_output=True, text=True).stderr
    measured = re.search(r"OpenSSH_(\d+\.\d+)", version)
    assert measured
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    config = tmp_path / "sshd_config"
    config.write_text(sshd_config(measured[1]).replace("/etc/ssh/ssh_host_ed25519_key", str(tmp_path / "key")))
    denied = {
        address: "denyusers *"
        in subprocess.run(
            ["/usr/sbin/sshd", "-T", "-f", config, "-C", f"user=ubuntu,host=x,addr={address}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for address in ("198.51.100.1", "198.51.100.200", "2001:db8::7", "2001:db9::7")
    }
    assert denied == {"198.51.100.1": False, "198.51.100.200": True, "2001:db8::7": False, "2001:db9::7": True}


# --- firewall ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def ruleset() -> str:
    return render("firewall", "nftables.conf.j2", firewall_ssh_cidrs=CIDRS)


def test_only_the_listed_networks_reach_ssh(ruleset: str) -> None:
    rules = [line.strip() for line in ruleset.splitlines() if re.search(r"\b22\b", line)]
    assert rules == [
        "tcp dport 22 ip saddr 198.51.100.1/32 limit rate 10/second accept",
        "tcp dport 22 ip saddr 203.0.113.0/24 limit rate 10/second accept",
        "tcp dport 22 ip6 saddr 2001:db8::/48 limit rate 10/second accept",
    ]
    assert "hook input priority 0; policy drop;" in ruleset


def test_nftables_of_16_04_meets_no_word_that_it_does_not_know(ruleset: str) -> None:
    text = "\n".join(line for line in ruleset.splitlines() if not line.lstrip().startswith("#"))
    assert [word for word in NFT_AFTER_0_5 if word in text] == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="needs root and nft; Molecule loads it")
def test_nft_itself_loads_the_ruleset(ruleset: str, tmp_path: Path) -> None:
    (tmp_path / "rules").write_text(ruleset)
    subprocess.run(["unshare", "--net", "nft", "--file", tmp_path / "rules"], check=True)


# --- python_runtime ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "provider", "accepted"),
    [
        ("Python 3.8.10\nglibc 2.31\nmachine x86_64", "distribution", True),
        ("Python 3.11.2\nglibc 2.36\nmachine x86_64", "distribution", True),
        ("Python 3.11.2\nglibc 2.36\nmachine aarch64", "distribution", True),
        ("Python 3.5.2\nglibc 2.23\nmachine x86_64", "standalone", True),
        ("Python 3.12.3\nglibc 2.39\nmachine x86_64", "standalone", True),
        ("glibc 2.23\nmachine x86_64", "standalone", True),
        ("Python 3.4.3\nglibc 2.16\nmachine x86_64", "standalone", False),
        ("Python 3.12.3\nglibc 2.39\nmachine aarch64", "standalone", False),
        ("machine x86_64", "standalone", False),
    ],
)
def test_the_distributions_python_serves_or_else_the_standalone_one_where_it_runs(
    said: str, provider: str, accepted: bool
) -> None:
    given = {"python_runtime_measured": {"stdout": said}}
    templar = Templar(loader=DataLoader(), variables=variables("python_runtime", **given))
    assert templar.template("{{ python_runtime_provider }}") == provider
    assert passes_guard("python_runtime", **given) is accepted
