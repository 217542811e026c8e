"""Ask a site for pages at a constant rate, as somebody who has signed in, and count what fails.

Usage: load.py --hostname NAME --address ADDRESS --ca FILE --email EMAIL --password FILE --totp FILE --phase FILE

Requests begin when they are due, whether or not earlier ones have been answered, each over a TLS connection of its own:
nothing is asked twice. What the phase file says when a request begins is the phase it counts for; `end` ends the run.
Standard output is JSON: for each phase its requests sent and failed, and how long they and the phase took.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import html
import http.client
import http.cookies
import itertools
import json
import re
import socket
import ssl
import struct
import sys
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

RATE = 20  # requests a second
# A page may be late; somebody who waits longer has gone.
PATIENCE = 60.0
# One request in so many writes.
WRITES = 60
NOTICES = "/accounts/notices/"
INPUT = re.compile(r"<input([^>]*)>")
# HTML drops a line end right behind the tag.
TEXT = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
OPTION = re.compile(r'<select[^>]* name="([^"]+)"(.*?)</select>', re.DOTALL)


@dataclass
class Phase:
    """What came of the requests that began in a phase."""

    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    took: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def report(self) -> dict[str, object]:
        longest = sorted(self.took)
        return {
            "sent": len(longest),
            "failed": len(self.failures),
            "failures": self.failures[:5],
            "seconds": round(self.ended - self.began, 1),
            "median_ms": round(longest[len(longest) // 2] * 1000) if longest else 0,
            "longest_ms": round(longest[-1] * 1000) if longest else 0,
        }


class Visitor:
    """Somebody with a browser."""

    def __init__(self, hostname: str, address: str, ca: str) -> None:
        self.hostname = hostname
        self.address = address
        self.tls = ssl.create_default_context(cafile=ca)
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """GET a path, or POST a form to it; return the status, the body and where it leads."""
        connection = http.client.HTTPConnection(self.hostname)
        plain = socket.create_connection((self.address, 443), PATIENCE)
        connection.sock = self.tls.wrap_socket(plain, server_hostname=self.hostname)
        known = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": self.hostname, "Cookie": known, "Referer": f"https://{self.hostname}/"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            body = None if form is None else urlencode(form)
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: found.value for name, found in http.cookies.SimpleCookie(line).items()}
        return answer.status, page, answer.headers.get("Location", "")

    def fill(self, path: str, **given: str) -> str:
        """Send a page's form back as it stands, with what is given; return where it leads."""
        _, page, _ = self.ask(path)
        status, page, target = self.ask(path, filled(page) | given)
        if status != 302:
            raise SystemExit(f"POST {path} answers {status}: {page[:2000]}")
        return target

    def sign_in(self, email: str, password: str, secret: str) -> None:
        target = self.fill("/accounts/login/", login=email, password=password)
        self.fill(target, code=totp_code(secret))


def filled(page: str) -> dict[str, str]:
    """Return what a browser would send of a page's forms, were they one."""
    fields = {}
    for attributes in INPUT.findall(page):
        values = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
        is_box = values.get("type") in {"checkbox", "radio"}
        if "name" in values and (not is_box or " checked" in attributes):
            fields[values["name"]] = html.unescape(values.get("value", "on" if is_box else ""))
    fields |= {name: html.unescape(text) for name, text in TEXT.findall(page)}
    for name, options in OPTION.findall(page):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def totp_code(secret: str) -> str:
    """Return the one-time code of now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def addresses(visitor: Visitor) -> list[str]:
    """Return the pages to ask for: of everybody, of somebody who has signed in, and what they are drawn with."""
    _, page, _ = visitor.ask("/projects/")
    project = re.search(r'href="(/projects/[^/"]+/)"', page)
    if not project:
        raise SystemExit("signed in, and there is no project: has the demo register been loaded?")
    _, page, _ = visitor.ask(project[1])
    below = sorted(set(re.findall(rf'href="({project[1]}[a-z]+/)"', page)))
    drawn = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)))
    return ["/readyz", "/accounts/login/", "/projects/", "/my-work/", project[1], *below, *drawn[:2]]


def run(visitor: Visitor, paths: list[str], phase_file: Path) -> dict[str, Phase]:
    """Send requests until the phase file says `end`."""
    phases: dict[str, Phase] = defaultdict(Phase)
    notices = filled(visitor.ask(NOTICES)[1])

    def one(phase: Phase, number: int) -> None:
        writes = number % WRITES == 0
        path = NOTICES if writes else paths[number % len(paths)]
        began = time.monotonic()
        try:
            status, body, target = visitor.ask(path, notices if writes else None)
            expected = 302 if writes or path == "/accounts/login/" else 200
            why = "" if status == expected and "/login" not in target else f"{status} {target} {body[:200]}"
        except (OSError, http.client.HTTPException) as error:
            why = f"{type(error).__name__}: {error}"
        phase.took.append(time.monotonic() - began)
        if why:
            phase.failures.append(f"{time.strftime('%H:%M:%S')} {path}: {why}")

    began = time.monotonic()
    waiting: list[Future[None]] = []
    previous = ""
    with ThreadPoolExecutor(RATE * 20) as pool:
        for number in itertools.count():
            name = phase_file.read_text().strip() or previous
            if name != previous and previous:
                phases[previous].ended = time.monotonic()
            if name == "end":
                break
            waiting.append(pool.submit(one, phases[name], number))
            previous = name
            time.sleep(max(0.0, began + (number + 1) / RATE - time.monotonic()))
    for future in waiting:
        future.result()
    return phases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("hostname", "address", "ca", "email"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("password", "totp", "phase"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    visitor = Visitor(options.hostname, options.address, options.ca)
    visitor.sign_in(options.email, options.password.read_text().strip(), options.totp.read_text().strip())
    phases = run(visitor, addresses(visitor), options.phase)
    json.dump({name: phase.report() for name, phase in phases.items()}, sys.stdout)


if __name__ == "__main__":
    main()
