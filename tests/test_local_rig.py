"""The stand-ins of the local environment, piece by piece; that a whole guest works is what Molecule's scenarios use."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import ansible.module_utils
import boto3
import pytest
from moto import mock_aws
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.responses.general import General
from role_scripts import load

ROOT = Path(__file__).resolve().parent.parent
ROLES = ROOT / "roles"
HYBRID = """\
25 30 0:22 / {0}/memory rw - cgroup cgroup rw,memory
26 30 0:23 / {0}/systemd rw - cgroup cgroup rw,name=systemd
27 30 0:24 / {0}/cpu rw shared:9 - cgroup cgroup rw,cpu
28 30 0:25 / {0}/unified rw - cgroup2 cgroup2 rw
29 30 0:26 / /proc rw - proc proc rw
"""
UNIFIED = "28 30 0:25 / {0}/all rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def load_module(role: str, name: str) -> ModuleType:
    """Import an Ansible module of a role, which finds the role's module_utils as under Ansible."""
    shared = str(ROLES / role / "module_utils")
    if shared not in ansible.module_utils.__path__:
        ansible.module_utils.__path__.append(shared)
    spec = importlib.util.spec_from_file_location(name, ROLES / role / "library" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


nspawn_guest = load_module("local_guest", "nspawn_guest")
detached_process = load_module("local_process", "detached_process")
apt_proxy = load("local_guest", "apt_proxy")
load("local_aws", "aws_gaps")
aws_stand_in = load("local_aws", "aws_stand_in")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Guests -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "number"), [("512M", 512 * 1024**2), ("1g", 1024**3), ("64K", 65536), ("7", 7), (None, None)]
)
def test_memory_is_given_in_bytes_with_a_suffix(text: str | None, number: int | None) -> None:
    assert nspawn_guest.memory_bytes(text) == number


@pytest.mark.parametrize("text", ["", "M", "half", "512MB", "-1"])
def test_memory_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(nspawn_guest.GuestError, match="such as 512M"):
        nspawn_guest.memory_bytes(text)


@pytest.mark.parametrize(
    ("mounts", "folders", "limits"),
    [
        (
            HYBRID,
            ["cpu", "memory", "systemd", "unified"],
            {"memory/guest-x/memory.limit_in_bytes": "1024", "cpu/guest-x/cpu.cfs_quota_us": "50000"},
        ),
        (UNIFIED, ["all"], {"all/guest-x/memory.max": "1024", "all/guest-x/cpu.max": "50000"}),
    ],
    ids=["version 1", "version 2"],
)
def test_a_guest_has_groups_and_limits_in_either_version_of_control_groups(
    tmp_path: Path, mounts: str, folders: list[str], limits: dict[str, str]
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    groups = nspawn_guest.ControlGroups("x", mounts.format(tmp_path))
    entrances = groups.make(memory=1024, cpus=0.5)
    assert sorted(entrances) == [tmp_path / folder / "guest-x" / "cgroup.procs" for folder in folders]
    assert {name: (tmp_path / name).read_text() for name in limits} == limits


def test_a_machine_without_cgroup2_is_refused_with_a_remedy() -> None:
    with pytest.raises(nspawn_guest.GuestError, match="mount -t cgroup2"):
        nspawn_guest.ControlGroups("x", "").make(None, None)


def guest(directory: Path, **changes: Any) -> Any:
    parameters = {
        "name": "rig-test",
        "address": "198.51.100.9",
        "rootfs": "/nowhere",
        "user": "ubuntu",
        "authorized_key": "ssh-ed25519 AAAA",
        "apt_proxy": None,
        "directory": str(directory),
    }
    network = nspawn_guest.Network("rig-none0", IPv4Interface("198.51.100.1/24"), "rig-outside", "198.51.100.200")
    return nspawn_guest.Guest(parameters | changes, network, nspawn_guest.ControlGroups("rig-test", ""))


def test_an_existing_disk_is_not_made_again_for_other_parameters(tmp_path: Path) -> None:
    made = guest(tmp_path)
    made.record.write_text(json.dumps(made.parameters))
    made.check_disk()
    with pytest.raises(nspawn_guest.GuestError, match="another address, user; lower it first"):
        guest(tmp_path, address="198.51.100.8", user="admin").check_disk()


def test_a_guest_of_that_name_in_another_project_is_neither_taken_nor_ended(tmp_path: Path) -> None:
    words = ["systemd-nspawn", "--machine=rig-test", "--directory=/elsewhere/root"]
    command = [sys.executable, "-c", "input(1)", *words]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout
    assert other.stdout.read(1) == b"1"  # its command line can be read only a moment after its start
    try:
        with pytest.raises(nspawn_guest.GuestError, match="runs from /elsewhere/root"):
            guest(tmp_path).process()
    finally:
        other.communicate(b"\n")
    assert other.returncode == 0
    assert guest(tmp_path).process() is None


def test_a_guests_link_fits_the_kernels_fifteen_characters() -> None:
    network = guest(Path("/")).network
    assert network.port("198.51.100.254") == "rig-none0-254"
    assert len("enssol0-254") <= 15


def test_the_root_file_system_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    build = ROLES / "local_guest/files/rootfs/build"

    def name(*packages: str, mirror: str = "") -> str:
        command = [str(build), "--check", str(tmp_path), "bookworm", mirror, "ubuntu", *packages]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert re.fullmatch(rf"missing {tmp_path}/bookworm-[0-9a-f]{{12}}\n", name("sudo"))
    assert name("sudo") == name("sudo")
    assert name("sudo") != name("sudo", "cron")
    assert name("sudo") != name("sudo", mirror="http://mirror.example/debian")


def sources(suite: str, mirror: str) -> list[str]:
    """The lines of sources.list from which a suite is built."""
    command = [str(ROLES / "local_guest/files/rootfs/sources"), suite, mirror]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("mirror", "archive"),
    [("", "http://archive.ubuntu.com/ubuntu"), ("http://mirror.example/ubuntu", "http://mirror.example/ubuntu")],
)
def test_a_guest_of_ubuntu_16_04_is_built_from_its_own_archive_and_key(mirror: str, archive: str) -> None:
    key = "signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg"
    assert sources("xenial", mirror) == [
        f"deb [{key}] {archive} {pocket} main universe" for pocket in ("xenial", "xenial-updates", "xenial-security")
    ]
    # What the guest's apt then asks for passes the proxy.
    assert apt_proxy.archives("\n".join(sources("xenial", mirror))) == {archive.split("/")[2]}


def test_a_guest_of_debian_comes_from_the_mirror_that_is_named() -> None:
    lines = sources("trixie", "http://mirror.example/debian")
    assert lines[:2] == [f"deb http://mirror.example/debian {pocket} main" for pocket in ("trixie", "trixie-updates")]
    assert not [line for line in lines if "ubuntu" in line]


def test_an_old_systemd_is_left_to_find_its_control_groups(tmp_path: Path) -> None:
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    for version, modern in {"229-4ubuntu21.31": False, "237-3ubuntu10.57": True, "252.38-1~deb12u1": True}.items():
        status.write_text(f"Package: sudo\nVersion: 1.9\n\nPackage: systemd\nStatus: x\nVersion: {version}\n\n")
        assert nspawn_guest.knows_unified_groups(tmp_path) is modern


# --- Processes that outlive the run -----------------------------------------------------------------------------------
@pytest.fixture
def log(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "served.log")
    yield path
    detached_process.stop(path, 10)


def serve(log: str, port: int) -> int:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    started = detached_process.start(command, {}, log, address="127.0.0.1", port=port, seconds=20)
    assert isinstance(started, int)
    return started


def test_a_process_is_known_by_its_mark_and_ends_for_good(log: str) -> None:
    port = free_port()
    pid = serve(log, port)
    assert list(detached_process.marked(log)) == [pid]
    assert detached_process.marked(log + ".other") == {}
    detached_process.stop(log, 10)
    assert detached_process.marked(log) == {}
    assert not detached_process.accepts("127.0.0.1", port)


def test_a_port_that_is_taken_is_left_to_its_owner(log: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        with pytest.raises(detached_process.ProcessError, match=f"port {port} of 127.0.0.1 is taken"):
            serve(log, port)
        assert detached_process.marked(log) == {}


def test_a_process_that_ends_at_once_is_reported_with_its_last_words(log: str) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such image')"]
    with pytest.raises(detached_process.ProcessError, match="ended at once: no such image"):
        detached_process.start(command, {}, log, address="127.0.0.1", port=free_port(), seconds=20)


# --- The guests' way to packages --------------------------------------------------------------------------------------
class Archive(BaseHTTPRequestHandler):
    """A package archive that counts, and whose pool/short.deb breaks off."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = f"{self.path} {len(self.asked)}".encode()
        self.send_response(404 if "absent" in self.path else 200)
        self.send_header("Content-Length", str(len(body) + (5 if "short" in self.path else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the name that http.server gives it


@contextlib.contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that asks the proxy for a path of the archive, or for a URL, and returns status and body."""
    monkeypatch.setattr(Archive, "asked", [])
    monkeypatch.setattr(apt_proxy.Handler, "log_message", lambda *_: None)
    monkeypatch.setattr(apt_proxy.Handler, "cache", tmp_path / "packages", raising=False)
    monkeypatch.setattr(apt_proxy.Handler, "archives", frozenset(["127.0.0.1"]), raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    archive = ThreadingHTTPServer(("127.0.0.1", 0), Archive)
    with served(archive) as upstream, served(apt_proxy.Server(("127.0.0.1", 0), apt_proxy.Handler)) as port:

        def ask_for(target: str) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", target if "://" in target else f"http://127.0.0.1:{upstream}{target}")
            answer = connection.getresponse()
            try:
                return answer.status, answer.read()
            except http.client.IncompleteRead as cut:
                return answer.status, cut.partial
            finally:
                connection.close()

        yield ask_for


def test_a_package_is_fetched_once_and_an_index_each_time(ask: Any) -> None:
    assert ask("/pool/a_1.deb") == ask("/pool/a_1.deb") == (200, b"/pool/a_1.deb 1")
    assert ask("/dists/InRelease") == (200, b"/dists/InRelease 2")
    assert ask("/dists/InRelease") == (200, b"/dists/InRelease 3")
    assert Archive.asked == ["/pool/a_1.deb", "/dists/InRelease", "/dists/InRelease"]


def test_a_package_cut_short_is_not_kept(ask: Any, tmp_path: Path) -> None:
    ask("/pool/short.deb")
    ask("/pool/short.deb")
    assert len(Archive.asked) == 2
    assert [path for path in (tmp_path / "packages").rglob("*") if path.is_file()] == []


def test_the_archives_refusal_reaches_apt(ask: Any) -> None:
    assert ask("/pool/absent.deb")[0] == 404


@pytest.mark.parametrize("url", ["http://pypi.example/simple/", "https://127.0.0.1/", "ftp://127.0.0.1/", "file:///"])
def test_nothing_but_the_archive_is_reached_through_the_proxy(ask: Any, url: str) -> None:
    assert ask(url)[0] == 403


@pytest.mark.parametrize("path", ["/../../etc/shadow.deb", "/pool/%2e%2e/%2e%2e/x.deb"])
def test_a_package_is_kept_below_the_cache_only(path: str) -> None:
    assert apt_proxy.kept(Path("/cache"), f"http://archive.example{path}") is None


# --- AWS --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """EC2 as the stand-in serves it, with consoles below the test's folder."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "stand-in")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # Set to themselves, so that they are put back in the end.
    monkeypatch.setattr(ElasticAddressBackend, "allocate_address", ElasticAddressBackend.allocate_address)
    monkeypatch.setattr(General, "get_console_output", General.get_console_output)
    with mock_aws():
        aws_stand_in.hand_out_addresses(IPv4Address("198.51.100.10"))
        aws_stand_in.show_consoles(tmp_path)
        yield boto3.client("ec2", region_name="ap-southeast-2")


def test_elastic_addresses_are_handed_out_in_order_and_again_when_released(ec2: Any) -> None:
    first, second = (ec2.allocate_address(Domain="vpc") for _ in range(2))
    assert (first["PublicIp"], second["PublicIp"]) == ("198.51.100.10", "198.51.100.11")
    ec2.release_address(AllocationId=first["AllocationId"])
    assert ec2.allocate_address(Domain="vpc")["PublicIp"] == "198.51.100.10"


def test_no_two_regions_are_given_the_same_address(ec2: Any) -> None:
    elsewhere = boto3.client("ec2", region_name="us-east-1")
    assert ec2.allocate_address()["PublicIp"] != elsewhere.allocate_address()["PublicIp"]


def test_the_console_is_that_of_the_guest_with_the_instances_address(ec2: Any, tmp_path: Path) -> None:
    for name, address in (("a", "198.51.100.10"), ("b", "198.51.100.11")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "guest.json").write_text(json.dumps({"address": address}))
        (tmp_path / name / "console.log").write_text(f"{'.' * 65536}\r\nssh-ed25519 {name} …\r\n")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert "Output" not in ec2.get_console_output(InstanceId=instance)
    ec2.associate_address(InstanceId=instance, AllocationId=ec2.allocate_address()["AllocationId"])
    console = ec2.get_console_output(InstanceId=instance)["Output"]
    assert console.endswith("\r\nssh-ed25519 a …\r\n")
    assert len(console.encode()) == 65536


def test_the_one_image_is_the_specifications() -> None:
    image = json.loads((ROLES / "local_aws/files/amis.json").read_text())[0]
    assert image["owner_id"] == "099720109477"
    assert image["name"].startswith("ubuntu-pro-server/images/hvm-ssd/ubuntu-xenial-16.04-amd64-pro-server-")
