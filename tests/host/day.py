"""A day of 25 people on a host of one core and 512 MB: what it costs, and what is left of a t2.nano's CPU credits.

Usage: day.py --address ADDRESS --hostname NAME --ssh-config FILE --ca FILE --email EMAIL --password FILE --totp FILE
              --guest NAME --results FILE

All that they ask for in a day is asked for, an hour's work as fast as the host answers. What the processor spent on it
is read from the guest's control group; the day is then reckoned minute by minute, with the night's work and what the
host does for itself. Prints the result as JSON and keeps it.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "molecule" / "default"))

from load import Visitor  # noqa: E402  its folder has to be known first

PEOPLE, HOURS = 25, (0.10, 0.14, 0.14, 0.12, 0.06, 0.12, 0.14, 0.12, 0.06)
FIRST_HOUR = 8
# What one of them does in a day.
DAY = {
    "register/": 20,
    "register/?state=overdue": 3,
    "register/?state=due_soon": 3,
    "register/?person=me": 4,
    "register/?q=dust": 3,
    "register/?page=2": 2,
    "obligation": 35,
    "save": 12,
    "": 6,
    "my-work/": 6,
    "calendar/": 3,
    "mechanisms/": 2,
    "non-compliance/": 3,
}
# A credit is a minute of one processor. AWS, "CPU credits and baseline utilization for burstable instances": a t2.nano
# earns 3 an hour and keeps at most 72; AWS, "Launch credits": it starts with 30 for its processor.
EARNED_AN_HOUR, MOST, AT_LAUNCH = 3.0, 72.0, 30.0
# Where the first and the second version of control groups say it.
KILLED = ("memory.oom_control", "memory.events")
IDLE_SECONDS = 60
SESSIONS = """
import json
from accounts.models import User
from accounts.roles import Role
from accounts.second_factor import PASSED
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from registers.models import Project, ProjectMembership
project = Project.objects.get(code="WRL")
cookies = []
for number in range(%d):
    user, _ = User.objects.get_or_create(email=f"day-{number}@enssol.test", defaults={"name": f"Person {number}"})
    ProjectMembership.objects.get_or_create(project=project, user=user, defaults={"role": Role.MANAGER})
    session = SessionStore()
    session[SESSION_KEY], session[PASSED] = str(user.pk), True
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookies.append({settings.SESSION_COOKIE_NAME: session.session_key})
print(json.dumps({"cookies": cookies, "obligations": list(project.obligations.values_list("pk", flat=True))}))
"""


class Host:
    """The guest, as its own machine and this one see it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.ssh = ["ssh", "-F", options.ssh_config, options.address]
        # One in each hierarchy, as the role local_guest makes them; what runs in them is counted in the unified one.
        mounts = [
            line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup" in line
        ]
        self.groups = [group for mount in mounts if (group := Path(mount, f"guest-{options.guest}")).exists()]
        self.unified = next(group for group in self.groups if (group / "cgroup.events").exists())

    def run(self, command: str, given: str = "") -> str:
        """Run a command as its root; return what it prints."""
        command = f"sudo sh -c {shlex.quote(command)}"
        return subprocess.run([*self.ssh, command], input=given, capture_output=True, text=True, check=True).stdout

    def used(self) -> float:
        """Return the CPU seconds of all its processes so far."""
        text = (self.unified / "cpu.stat").read_text()
        return int(text.split("usage_usec ")[1].split()[0]) / 1e6

    def memory(self) -> float:
        """Return the proportional share of memory of all its processes in MB."""
        total = 0
        for tasks in self.unified.rglob("cgroup.procs"):
            for pid in tasks.read_text().split():
                # It may have ended meanwhile.
                with suppress(OSError):
                    total += int(re.findall(r"^Pss: +(\d+)", Path("/proc", pid, "smaps_rollup").read_text(), re.M)[0])
        return total / 1024

    def out_of_memory(self) -> int:
        """Return how many of its processes were killed for want of memory."""
        texts = [(group / name).read_text() for group in self.groups for name in KILLED if (group / name).exists()]
        return sum(int(number) for text in texts for number in re.findall(r"^oom_kill (\d+)", text, re.M))


def main() -> None:
    """Live through the day, reckon it and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("address", "hostname", "ssh-config", "ca", "email", "password", "totp", "guest", "results"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    host = Host(options)
    idle = _idle(host)
    seeded = json.loads(host.run("enssol-manage shell", SESSIONS % PEOPLE).splitlines()[-1])
    people = [somebody(options.hostname, options.address, options.ca, cookies) for cookies in seeded["cookies"]]
    with _watched(host) as memory:
        signed_in = _spent(host, _sign_in, options)
        hours = [_spent(host, _work, people, plan) for plan in _plans(seeded["obligations"])]
        reported = _spent(host, report, people[0])
    night = {}
    for name, times in _timers(host):
        night[name] = _spent(host, host.run, f"systemctl start {name}.service") * times
    work = dict(enumerate(hours, FIRST_HOUR))
    work[FIRST_HOUR] += signed_in * PEOPLE
    work[FIRST_HOUR + 1] += reported
    own = idle * 86_400 + sum(night.values())
    result = {
        "requests": PEOPLE * sum(DAY.values()) + PEOPLE * DAY["save"],
        "work": sum(work.values()),
        "own": own,
        "timers": night,
        "credits": _credits(work, own / 86_400),
        "memory": max(memory),
        "out_of_memory": host.out_of_memory(),
        "report": reported,
        "sign_in": signed_in,
    }
    Path(options.results).parent.mkdir(parents=True, exist_ok=True)
    Path(options.results).write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def somebody(hostname: str, address: str, ca: str, cookies: dict[str, str]) -> Visitor:
    """Return a person with a session in which their second factor was passed."""
    person = Visitor(hostname, address, ca)
    person.cookies |= cookies
    return person


def _spent(host: Host, do: Callable[..., object], *arguments: object) -> float:
    """Return the CPU seconds that the guest spent while something was done."""
    before = host.used()
    do(*arguments)
    return host.used() - before


def _idle(host: Host) -> float:
    """Return what share of a processor the host takes when nobody asks for anything."""
    time.sleep(5)
    return _spent(host, time.sleep, IDLE_SECONDS) / IDLE_SECONDS


def _sign_in(options: argparse.Namespace) -> None:
    visitor = Visitor(options.hostname, options.address, options.ca)
    visitor.sign_in(options.email, Path(options.password).read_text().strip(), Path(options.totp).read_text().strip())


def _plans(obligations: list[int]) -> list[list[tuple[int, str, int]]]:
    """Return for each hour who does what, in an order that is the same each time: person, deed, obligation."""
    chance = random.Random(1)  # noqa: S311 - the same day each time
    deeds = [
        (person, deed, chance.choice(obligations))
        for person in range(PEOPLE)
        for deed, times in DAY.items()
        for _ in range(times)
    ]
    chance.shuffle(deeds)
    ends = [round(len(deeds) * sum(HOURS[: hour + 1])) for hour in range(len(HOURS))]
    return [deeds[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _work(people: list[Visitor], plan: list[tuple[int, str, int]]) -> None:
    for person, deed, obligation in plan:
        page = f"/projects/WRL/obligations/{obligation}/"
        if deed == "save":
            people[person].fill(f"{page}edit/", general_comments=f"Seen on site, {time.monotonic_ns()}.")
            continue
        path = page if deed == "obligation" else f"/projects/WRL/{deed}"
        status, text, _ = people[person].ask(path)
        if status != 200:
            raise SystemExit(f"{path} answers {status}: {text[:500]}")


def report(person: Visitor) -> None:
    """Begin a report to the regulator, finalise it, and wait for its documents."""
    _, page, _ = person.ask("/projects/WRL/reports/begin/")
    mechanism = re.findall(r'<option value="(\d+)"[^>]*>\s*MS', page)[0]
    begun = person.fill(f"/projects/WRL/reports/begin/?mechanism={mechanism}")
    _, page, _ = person.ask(begun)
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
    status, text, _ = person.ask(f"{begun}finalise/", {"csrfmiddlewaretoken": token})
    if status != 302:
        raise SystemExit(f"finalise answers {status}: {text[:500]}")
    until = time.monotonic() + 300
    while ".pdf" not in person.ask(begun)[1]:
        if time.monotonic() > until:
            raise SystemExit("the report has no documents after five minutes")
        time.sleep(0.5)


@contextmanager
def _watched(host: Host) -> Iterator[list[float]]:
    """Look at the guest's memory every second; its measurements are in the list."""
    seen, ended = [host.memory()], threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            seen.append(host.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _timers(host: Host) -> list[tuple[str, int]]:
    """Return what the site's timers start, and how often in a day."""
    found = []
    for unit in host.run("systemctl list-unit-files --no-legend 'enssol-*.timer' | cut -d' ' -f1").split():
        calendar = host.run(f"systemctl cat {unit} | sed -n 's/^OnCalendar=//p'").strip()
        # As all of ours are written: once a day, or once an hour.
        found.append((unit.removesuffix(".timer"), 24 if calendar.startswith("*-*-* *:") else 1))
    return found


def _credits(work: dict[int, float], own: float) -> dict[str, float]:
    """Return the credits at the end of a first day and the fewest during it.

    Args:
        work: CPU seconds by the hour in which people work.
        own: CPU seconds a second that the host takes for itself.
    """
    left = fewest = AT_LAUNCH
    for minute in range(24 * 60):
        spent = own * 60 + work.get(minute // 60, 0) / 60
        left = min(MOST, left + EARNED_AN_HOUR / 60 - spent / 60)
        fewest = min(fewest, left)
    return {"end": left, "fewest": fewest}


if __name__ == "__main__":
    main()
