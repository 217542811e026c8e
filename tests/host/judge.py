"""Let outside judges look at a host, and hold what they find against tests/host/judges.yml.

Usage: judge.py --when before|after --address ADDRESS --hostname NAME --ssh-config FILE --results DIRECTORY
                [--ca-file FILE] [--outside "COMMAND"] [--guest DIRECTORY]

`before` measures; `after` also prints a table of both, and ends with 1 if a goal is missed. Nothing is installed on
the host: Lynis lives in a folder of /run for the time, and OpenSCAP reads the disk of a local guest (--guest).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT / ".venv" / "judges" / "bin"
CACHE = PROJECT / ".cache" / "judges"
SECONDS = 600
NO_POST_QUANTUM = "does not provide protection against post-quantum attacks"
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
Found = dict[str, Any]


class JudgeError(Exception):
    """A judge that could not be asked; the message says what to do."""


@dataclass(frozen=True)
class Case:
    """The host to be judged, and what is known about it."""

    address: str
    hostname: str
    ssh_config: Path
    ca_file: Path | None
    outside: list[str]
    guest: Path | None
    settings: dict[str, Any]


def run(
    *command: str | Path, accept: tuple[int, ...] = (0,), stdin: bytes = b"", environment: dict[str, str] | None = None
) -> str:
    """Return what a command says; an error with its last words when it fails otherwise than `accept` allows."""
    done = subprocess.run(
        list(map(str, command)),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=SECONDS,
        env=os.environ | (environment or {}),
    )
    if done.returncode not in accept:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-5:]
        raise JudgeError(f"{' '.join(map(str, command[:3]))} failed: {' | '.join(words)}")
    return done.stdout.decode(errors="replace")


def on_host(case: Case, command: str, stdin: bytes = b"") -> str:
    return run("ssh", "-F", case.ssh_config, case.address, command, stdin=stdin)


# --- Tools ------------------------------------------------------------------------------------------------------------
def check_versions(wanted: dict[str, str]) -> None:
    """Refuse judges of other versions: what they find cannot be held against these goals."""
    if not shutil.which("host"):
        raise JudgeError("testssl.sh wants Debian's package bind9-host")
    for package, version in wanted.items():
        found = run("dpkg-query", "--show", "--showformat=${Version}", package, accept=(0, 1))
        if not found.startswith(version):
            raise JudgeError(f"{package} is {found or 'missing'}, and judges.yml holds the goals for {version}")


def testssl_program(pin: dict[str, str]) -> Path:
    """Return testssl.sh out of the pinned package of Debian's archive, unpacked and never installed."""
    folder = CACHE / f"testssl.sh-{pin['version']}"
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    targets = run("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)").splitlines()
    mirror = next((line.split()[1] for line in targets if line.startswith("Debian ")), "")
    if not mirror:
        raise JudgeError("apt knows no Debian mirror on this machine")
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        scratch = Path(name)
        for place in ("lists/partial", "archives/partial", "unpacked"):
            (scratch / place).mkdir(parents=True)
        (scratch / "status").touch()
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (scratch / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {pin['suite']} main\n")
        (scratch / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{scratch}/sources.list"; Dir::Etc::sourceparts "-"; Dir::Cache "{scratch}";\n'
            f'Dir::State::lists "{scratch}/lists"; Dir::State::status "{scratch}/status"; APT::Sandbox::User "root";\n'
        )
        alone = {"APT_CONFIG": str(scratch / "apt.conf")}
        run("apt-get", "-qq", "update", environment=alone)
        shown = run("apt-cache", "show", f"testssl.sh={pin['version']}", environment=alone)
        if f"SHA256: {pin['sha256']}" not in shown:
            raise JudgeError(f"Debian's archive has another testssl.sh {pin['version']} than judges.yml")
        # Debian's signed index vouches for the digest; apt refuses a package that differs from it.
        run("sh", "-c", f"cd {scratch} && apt-get -qq download testssl.sh={pin['version']}", environment=alone)
        run("dpkg-deb", "--extract", next(scratch.glob("*.deb")), scratch / "unpacked")
        (scratch / "unpacked").rename(folder)
    return folder


def packed_lynis() -> bytes:
    """Lynis as this machine has it, with our script that starts it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for source, name in (
            ("/usr/share/lynis/include", "include"),
            ("/usr/share/lynis/db", "db"),
            ("/usr/sbin/lynis", "lynis"),
            ("/etc/lynis/default.prf", "default.prf"),
            ("/etc/lynis/plugins", "plugins"),
            (HERE / "lynis.sh", "lynis.sh"),
        ):
            tar.add(source, name)
    return archive.getvalue()


# --- Judges: each returns what it found, under the names of judges.yml ------------------------------------------------
def ssh_audit(case: Case) -> Found:
    # 2 and 3: it has warnings, failures.
    said = json.loads(run(TOOLS / "ssh-audit", "--json", case.address, accept=(0, 2, 3)))
    notes = [algorithm.get("notes", {}) for kind in ("kex", "key", "enc", "mac") for algorithm in said[kind]]
    policy = run(TOOLS / "ssh-audit", "--policy", HERE / "ssh-16.04.policy", case.address, accept=(0, 3))
    rate = re.search(r"([\d.]+) conns/sec; server must", " ".join(said["additional_notes"]))
    warnings = [[words for words in note.get("warn", []) if NO_POST_QUANTUM not in words] for note in notes]
    return {
        "ssh-audit": sum("fail" in note for note in notes),
        "ssh-audit warnings": sum(bool(words) for words in warnings),
        "ssh-audit policy": "pass" if "Passed" in policy else "fail",
        # It says nothing about a server that is slow enough.
        "ssh-audit rate": float(rate[1]) if rate else 0,
    }


def sslyze(case: Case) -> Found:
    trust = [f"--certinfo_ca_file={case.ca_file}"] if case.ca_file else []
    server = f"{case.hostname}:443{{{case.address}}}"
    said = run(TOOLS / "sslyze", "--mozilla_config=modern", *trust, server, accept=(0, 1))
    return {"sslyze": "pass" if "OK - Compliant" in said else "fail"}


def testssl(case: Case) -> Found:
    folder = testssl_program(case.settings["tools"]["testssl.sh"])
    trust = ["--add-ca", str(case.ca_file)] if case.ca_file else []
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results.json"
        options = ["--warnings=batch", "--color=0", "--quiet", "--nodns=min", f"--ip={case.address}"]
        # All that the grade is made of; the simulation of a hundred clients is not.
        parts = [
            "--protocols",
            "--std",
            "--fs",
            "--server-preference",
            "--server-defaults",
            "--headers",
            "--vulnerable",
        ]
        program = folder / "usr" / "bin" / "testssl"
        command = ["bash", str(program), *options, *trust, *parts, f"--jsonfile={results}", case.hostname]
        # Its exit is the number of findings.
        run(*command, accept=tuple(range(200)), environment={"TESTSSL_INSTALL_DIR": str(folder / "etc" / "testssl")})
        said = {entry["id"]: entry["finding"] for entry in json.loads(results.read_text())}
    return {"testssl grade": said.get("overall_grade", "none"), "testssl score": int(said.get("final_score", 0))}


def lynis(case: Case) -> Found:
    place = "/run/lynis-judges"
    prepare = f"rm -rf {place} && mkdir -m 700 {place} && tar -xC {place} --no-same-owner"
    script = f"trap 'rm -rf {place} /run/lynis.pid' EXIT; {prepare} && sh {place}/lynis.sh"
    report = on_host(case, f"sudo sh -c {shlex.quote(script)}", stdin=packed_lynis())
    index = re.search(r"^hardening_index=(\d+)$", report, re.MULTILINE)
    if not index:
        raise JudgeError(f"lynis came to no index: {' | '.join(report.splitlines()[-5:])}")
    suggestions = re.findall(r"^(?:suggestion|warning)\[\]=([^|]+)\|([^|]+)\|([^|]*)", report, re.MULTILINE)
    return {"lynis": int(index[1]), "lynis suggestions": [" ".join(words).strip(" -") for words in suggestions]}


def openscap(case: Case) -> Found:
    """Judge by the content for Ubuntu 16.04, whatever the guest is: it claims to be that."""
    if case.guest is None:
        raise JudgeError("OpenSCAP needs --guest: it reads the disk of a local guest")
    made_from = json.loads((case.guest / "guest.json").read_text())["rootfs"]
    found: Found = {}
    for short, profile in (("standard", "standard"), ("anssi", "anssi_np_nt28_high")):
        said = ElementTree.fromstring(run(HERE / "openscap.sh", case.guest.resolve(), made_from, profile))
        result = said.find(f"{XCCDF}TestResult")
        if result is None:
            raise JudgeError(f"OpenSCAP has no result of the profile {profile}")
        rules: dict[str, list[str]] = {}
        for rule in result.iter(f"{XCCDF}rule-result"):
            verdict = rule.findtext(f"{XCCDF}result", "")
            rules.setdefault(verdict, []).append(rule.attrib["idref"].rpartition("content_rule_")[2])
        if not rules.get("pass"):
            raise JudgeError("OpenSCAP applied no rule: does the view still claim to be 16.04?")
        failing = rules.get("fail", [])
        found |= {
            f"openscap {short}": round(float(result.findtext(f"{XCCDF}score", "0")), 1),
            f"openscap {short} fails": len([rule for rule in failing if rule not in case.settings["openscap_reasons"]]),
            f"openscap {short} rules": {"passed": len(rules["pass"]), "failed": failing},
        }
    return found


def systemd(case: Case) -> Found:
    found: Found = {}
    for name in (figure["name"] for figure in case.settings["figures"]):
        if name.startswith("systemd "):
            unit = name.removeprefix("systemd ")
            said = on_host(case, f"sudo systemd-analyze security --no-pager {unit}.service 2>&1 | tail -1")
            exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
            if exposure:
                found[name] = float(exposure[1])
    return found


def ports(case: Case) -> Found:
    scan = ["nmap", "-Pn", "-n", "-p-", "--min-rate=5000", "--max-retries=1", "-oG", "-", case.address]
    return {"ports": " ".join(re.findall(r"(\d+)/open/", run(*case.outside, *scan)))}


JUDGES: dict[str, tuple[Callable[[Case], Found], ...]] = {
    # A bare host serves no site, and has none of its units.
    "before": (lynis, ssh_audit, openscap, ports),
    "after": (testssl, lynis, ports, openscap, ssh_audit, sslyze, systemd),
}
# They count what one address is allowed: others from it would be in the way.
ALONE = (ssh_audit, sslyze)


# --- The verdict ------------------------------------------------------------------------------------------------------
def missed(goal: dict[str, Any], seen: Any) -> str:
    """Say in what way a figure misses its goal; nothing when it does not."""
    ((kind, wanted),) = goal.items()
    words = f"{kind.replace('_', ' ')} {wanted}"
    if seen is None:
        return f"not found, {words} is asked"
    met = {"at_least": lambda: seen >= wanted, "at_most": lambda: seen <= wanted, "is": lambda: seen == wanted}[kind]()
    return "" if met else words


def table(figures: list[dict[str, Any]], before: Found, after: Found) -> tuple[list[str], bool]:
    """Return the lines of the table, and whether every goal is met."""
    lines = [f"{'judge':<25}{'before':>9}{'after':>9}{'dev-sec':>9}  goal"]
    good = True
    for figure in figures:
        name = figure["name"]
        miss = missed(figure["goal"], after.get(name))
        good = good and not miss
        ((kind, wanted),) = figure["goal"].items()
        shown = [before.get(name, "-"), after.get(name, "-"), figure.get("dev_sec", "-")]
        goal = f"{'MISSED: ' if miss else ''}{kind.replace('_', ' ')} {wanted}: {figure['what']}"
        lines.append(f"{name:<25}{''.join(f'{value!s:>9}' for value in shown)}  {goal}")
    return lines, good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--when", choices=list(JUDGES), required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--outside", type=shlex.split, default=[], help="a command that runs another from elsewhere")
    for option in ("--ssh-config", "--results"):
        parser.add_argument(option, type=Path, required=True)
    for option in ("--ca-file", "--guest"):
        parser.add_argument(option, type=Path)
    options = parser.parse_args()
    given = {name: value for name, value in vars(options).items() if name not in ("when", "results")}
    case = Case(**given, settings=yaml.safe_load((HERE / "judges.yml").read_text()))
    found: Found = {}
    judges = JUDGES[options.when]
    try:
        check_versions(case.settings["tools"]["installed"])
        for judge in (judge for judge in judges if judge in ALONE):
            found |= judge(case)
        with ThreadPoolExecutor() as pool:
            for part in pool.map(lambda judge: judge(case), (judge for judge in judges if judge not in ALONE)):
                found |= part
    except JudgeError as error:
        print(error, file=sys.stderr)
        return 2
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{options.when}.json").write_text(json.dumps(found, indent=2) + "\n")
    if options.when == "before":
        return 0
    earlier = options.results / "before.json"
    lines, good = table(case.settings["figures"], json.loads(earlier.read_text()) if earlier.exists() else {}, found)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
