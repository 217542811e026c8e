"""What stops `make demo`, each in one line with its remedy, and what the demo's driver says and does."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from role_scripts import load

ROOT = Path(__file__).resolve().parent.parent
preflight = load("local_demo", "preflight")
demo = load("local_demo", "demo")

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
enssol0\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
*\t006433C6\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def variables(*paths: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in paths:
        found |= yaml.safe_load((ROOT / path).read_text())
    return found


# --- Before anything is changed ---------------------------------------------------------------------------------------
def test_without_root_the_first_line_says_so_and_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert demo.main("up") == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "This needs root, to boot a host and to give it a network: run it as root (sudo make demo).\n"


@pytest.mark.parametrize(
    ("here", "remedy"),
    [
        ({"system": "Darwin"}, "This needs Linux on x86_64, and this is Darwin on x86_64: use a Debian 12 machine."),
        ({"machine": "aarch64"}, "This needs Linux on x86_64, and this is Linux on aarch64: use a Debian 12 machine."),
        ({"path": "/nowhere"}, "This installs what it needs with apt-get, which is not here: use a Debian 12 machine."),
        ({"version": (3, 9)}, "apt-get install python3.11 python3.11-venv"),
    ],
    ids=["system", "machine", "apt", "python"],
)
def test_a_machine_that_cannot_run_it_is_named_with_one_that_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, here: dict[str, Any], remedy: str
) -> None:
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(preflight.platform, "system", lambda: here.get("system", "Linux"))
    monkeypatch.setattr(preflight.platform, "machine", lambda: here.get("machine", "x86_64"))
    monkeypatch.setattr(preflight.sys, "version_info", here.get("version", (3, 11)))
    monkeypatch.setenv("PATH", here.get("path", str(tmp_path)))
    (found,) = preflight.problems(tmp_path)
    assert found.endswith(remedy)


def test_too_little_room_is_told_in_gigabytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight, "_error_of", lambda *_: "")
    monkeypatch.setattr(preflight, "FREE_BYTES", 1 << 60)
    assert [line for line in preflight._kernel(tmp_path) if "make room for 1073741824 GB" in line]


def test_a_refusal_of_the_kernel_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight, "_error_of", lambda *command: "not permitted" if "--net" in command else "")
    assert any("forbids namespaces (not permitted): use a virtual" in line for line in preflight._kernel(tmp_path))


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port at which this process listens and where the preflight expects the AWS API."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(preflight, "AWS_PORT", server.getsockname()[1])
        monkeypatch.setattr(preflight, "guest_directory", lambda: None)
        yield preflight.AWS_PORT


def port_problems(project: Path) -> list[str]:
    return [line for line in preflight._neighbours(project) if line.startswith("Port")]


def test_a_port_taken_by_a_stranger_is_named_with_its_process_and_how_to_end_it(listening: int, tmp_path: Path) -> None:
    (found,) = port_problems(tmp_path)
    assert f"Port {listening} is taken by " in found
    assert found.endswith(f"process {os.getpid()}: end it (kill {os.getpid()}) and try again.")


def test_a_port_taken_by_another_clones_demo_is_freed_there(
    listening: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    monkeypatch.setattr(preflight, "owner", lambda pid: other if pid == os.getpid() else None)
    (found,) = port_problems(tmp_path / "mine")
    assert found.endswith(f"run make demo-down in {other} and try again.")
    assert port_problems(other) == []


def test_a_process_left_running_is_traced_to_its_project(tmp_path: Path) -> None:
    environment = {"ENSSOL_DETACHED": f"{tmp_path}/.local/aws.log"}
    process = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], env=environment, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert process.stdout
    process.stdout.readline()
    assert preflight.owner(process.pid) == tmp_path
    process.communicate("\n")
    assert preflight.owner(os.getpid()) is None


def test_a_free_port_has_no_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert preflight.listener(port) is None


@pytest.mark.parametrize(
    ("line", "interfaces"),
    [
        ("", []),
        ("eth1\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", ["eth1"]),
        ("tun0\t000033C6\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n", ["tun0"]),
        ("tun0\t806433C6\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0\n", ["tun0"]),
        ("tun0\t007233CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", []),
    ],
    ids=["ours alone", "the same", "a wider one", "a part", "another"],
)
def test_a_network_that_is_in_use_elsewhere_is_found(line: str, interfaces: list[str]) -> None:
    assert preflight.routes_into(IPv4Network("198.51.100.0/24"), ROUTES + line) == interfaces


def test_what_is_looked_for_is_what_the_inventory_says() -> None:
    estate = variables("group_vars/all/estate.yml", "inventories/local/group_vars/all/estate.yml")
    rig = variables("inventories/local/group_vars/all/rig.yml")
    defaults = variables(*(f"roles/local_{name}/defaults/main.yml" for name in ("guest", "aws")))
    endpoint = estate["estate_aws_endpoint_url"]
    assert demo.STAND_IN["AWS_ENDPOINT_URL"] == endpoint == f"http://127.0.0.1:{defaults['local_aws_port']}"
    assert f"{estate['estate_name']}-{estate['estate_environment']}" == preflight.GUEST
    assert estate["estate_hostname"] == preflight.HOSTNAME
    assert IPv4Address(rig["local_demo_address"]) in preflight.NETWORK
    assert IPv4Interface(defaults["local_guest_gateway"]).network == preflight.NETWORK
    assert (defaults["local_guest_suite"], defaults["local_guest_user"]) == (demo.SUITE, demo.USER)
    assert estate["estate_ssh_user"] == demo.USER


# --- The driver -------------------------------------------------------------------------------------------------------
@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    monkeypatch.setattr(demo, "PROJECT", tmp_path)
    monkeypatch.setattr(demo, "LOCAL", tmp_path / ".local")
    monkeypatch.setattr(demo, "LOG", tmp_path / ".local/demo.log")
    monkeypatch.setattr(demo, "REPORT", tmp_path / ".local/demo.json")
    monkeypatch.setattr(demo.preflight, "problems", lambda _: [])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


@pytest.mark.parametrize("verb", ["up", "down"])
def test_a_second_run_at_once_is_refused_in_one_line_that_names_the_first(
    project: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    with demo.alone():
        assert demo.main(verb) == 1
    wanted = f"Another make demo or demo-down is at work here: wait, or kill {os.getpid()}\n"
    assert capsys.readouterr().err == wanted
    assert sorted(path.name for path in project.iterdir()) == ["playbooks"]


def test_what_a_killed_run_left_at_work_is_waited_for(project: Path) -> None:
    left = os.open(project / "playbooks", os.O_RDONLY)
    fcntl.flock(left, fcntl.LOCK_EX)
    entered = threading.Event()

    def next_run() -> None:
        with demo.alone():
            entered.set()

    thread = threading.Thread(target=next_run)
    thread.start()
    assert not entered.wait(0.3)
    os.close(left)
    assert entered.wait(10)
    thread.join()


def test_a_failed_command_ends_the_run_with_its_last_words(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with demo.alone() as lock, demo.running(demo.Run(1, lock)) as run:
        with pytest.raises(demo.DemoError, match="no space left") as failure:
            run.call("sh", "-c", "echo 'dpkg: no space left' >&2; exit 2")
        assert "The whole log: .local/demo.log" in str(failure.value)
    assert (project / ".local/demo.log").read_text() == "dpkg: no space left\n"


def test_a_run_that_ends_ends_what_it_started(project: Path) -> None:
    with demo.alone() as lock, demo.running(demo.Run(1, lock)) as run:
        child = run.start("sh", "-c", "tail -f /dev/null & wait")
    assert child.poll() is not None


def test_an_installation_is_not_stopped_halfway(project: Path) -> None:
    script = "trap 'echo stopped' TERM; read _ < gate; echo done"
    os.mkfifo(project / "gate")
    with demo.alone() as lock, demo.running(demo.Run(1, lock)) as run:
        run.whole.append(run.start("sh", "-c", script))
        threading.Timer(0.2, (project / "gate").write_text, ["\n"]).start()
    assert (project / ".local/demo.log").read_text() == "done\n"


def test_of_ansibles_log_the_failure_is_shown_and_nothing_else() -> None:
    log = "PLAY [x] ***\nok: [a]\nfatal: [a]: FAILED! => \n    msg: no key\n\nPLAY RECAP ***\na : ok=1 failed=1\n"
    assert demo.last_words(log) == "fatal: [a]: FAILED! => \n    msg: no key"


def test_no_command_sees_credentials_of_the_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_EC2"):
        monkeypatch.setenv(name, "real")
    given = {name: value for name, value in demo.environment().items() if name.startswith("AWS_")}
    assert given == demo.STAND_IN


def test_packages_that_are_there_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.shutil, "which", lambda command, path: None if command in {"nmap", "ip"} else path)
    assert demo.missing_packages() == ["iproute2", "nmap"]


def test_the_file_system_that_the_demo_builds_is_the_one_that_the_role_looks_for() -> None:
    role = variables("roles/local_guest/defaults/main.yml")
    packages = (ROOT / "roles/local_guest/files/rootfs/packages.txt").read_text().splitlines()
    named = [role[f"local_guest_{name}"] for name in ("suite", "mirror", "user")]
    assert demo.rootfs_contents() == [*named, *packages]


def test_the_code_is_rfc_6238s() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of the RFC's appendix B, as are the codes
    assert [demo.totp(secret, at) for at in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]


def test_the_code_of_a_demo_that_is_not_up_is_how_to_bring_it_up(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.main("code") == 1
    assert capsys.readouterr().err == "The demo is not up: make demo\n"
    assert not (project / ".local").exists()
