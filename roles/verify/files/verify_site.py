"""Look at a site as a visitor and as an attacker do, from outside, and change nothing.

Usage: verify_site.py --hostname NAME --address ADDRESS [--ca-file FILE] [--outside "COMMAND"] [...]

Prints one line per check: `ok`, `FAIL` with what was seen, or `?` when the answer cannot be had from this machine.
Ends with 1 if any check failed.
"""

from __future__ import annotations

import argparse
import http.client
import re
import shlex
import socket
import ssl
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

TIMEOUT = 10.0
# What a packet to a closed port may take before the port counts as silent, seconds.
SILENCE = 2.0
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))"
YEAR = 365 * 24 * 3600
STRANGER = "stranger.invalid"


class CheckFailed(Exception):
    """What was seen instead of what was expected."""


class NotProvable(Exception):
    """What this machine would need to tell."""


@dataclass(frozen=True)
class Site:
    """The site to look at, and from where."""

    hostname: str
    address: str
    ca_file: str | None
    outside: list[str]
    scan_rate: int
    certificate_days: int
    sign_in: str


@dataclass(frozen=True)
class Answer:
    """A response; header names are looked up without regard to case."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get_all(name) or [])


def expect(condition: bool, seen: str) -> None:
    if not condition:
        raise CheckFailed(seen)


# --- Talking to the site ----------------------------------------------------------------------------------------------
def handshake(site: Site, context: ssl.SSLContext, name: str | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection((site.address, 443), TIMEOUT)
    return context.wrap_socket(plain, server_hostname=name or site.hostname)


def get(site: Site, path: str, *, tls: bool = True, host: str | None = None, trust: bool = True) -> Answer:
    """GET a path from the site's address, asking for the site's name or for another one."""
    connection = http.client.HTTPConnection(site.address, 80, timeout=TIMEOUT)
    if tls:
        context = ssl.create_default_context(cafile=site.ca_file)
        context.check_hostname = trust
        context.verify_mode = ssl.CERT_REQUIRED if trust else ssl.CERT_NONE
        connection.sock = handshake(site, context, host)
    try:
        connection.request("GET", path, headers={"Host": host or site.hostname, "Accept": "text/html"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode(errors="replace"))
    finally:
        connection.close()


def sign_in_page(site: Site) -> Answer:
    answer = get(site, site.sign_in)
    expect(answer.status == 200, f"{site.sign_in} answers {answer.status}")
    return answer


class Page(HTMLParser):
    """The forms and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.form_methods: list[str] = []
        self.fields: dict[str, str] = {}
        self.stylesheets: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form_methods.append(values.get("method", "get").lower())
        if tag == "input":
            self.fields[values.get("name", "")] = values.get("type", "text")
        if tag == "link" and "stylesheet" in values.get("rel", ""):
            self.stylesheets.append(values.get("href", ""))
        if tag == "link" and values.get("rel") != "canonical":
            self.loaded.append(values.get("href", ""))
        if "src" in values:
            self.loaded.append(values["src"])


# --- Checks: each has its name in its docstring and returns what it saw -----------------------------------------------
def tls_1_3_with_a_valid_certificate(site: Site) -> str:
    """TLS 1.3, with a certificate that is valid for the name."""
    context = ssl.create_default_context(cafile=site.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with handshake(site, context) as connection:
        certificate = connection.getpeercert() or {}
        cipher = connection.cipher()
    days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400)
    expect(days >= site.certificate_days, f"the certificate ends in {days} days; renew it")
    return f"{cipher[0] if cipher else '?'}, {days} days left"


def tls_1_2_and_older_are_refused(site: Site) -> str:
    """TLS 1.2 and older are refused."""
    context = ssl.create_default_context(cafile=site.ca_file)
    # Without this the machine's own policy would refuse the old versions, not the site.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with handshake(site, context) as connection:
            raise CheckFailed(f"the site accepts {connection.version()}")
    except ssl.SSLCertVerificationError as error:
        raise CheckFailed("the site answers an old version with its certificate") from error
    except ssl.SSLError as error:
        return error.reason or str(error)


def http_redirects_to_https(site: Site) -> str:
    """HTTP redirects to the same page over HTTPS."""
    answer = get(site, "/projects/?page=2", tls=False)
    wanted = f"https://{site.hostname}/projects/?page=2"
    expect(answer.status in {301, 308}, f"status {answer.status} instead of 301 or 308")
    expect(answer.header("Location") == wanted, f"to {answer.header('Location')!r} instead of {wanted!r}")
    return f"{answer.status} to the same page"


def healthz_answers(site: Site) -> str:
    """/healthz answers."""
    answer = get(site, "/healthz")
    expect(answer.status == 200, f"status {answer.status}: the web process does not answer")
    return "200"


def readyz_answers(site: Site) -> str:
    """/readyz answers."""
    answer = get(site, "/readyz")
    expect(answer.status == 200, f"status {answer.status}: {answer.body[:200].strip()}")
    return "200"


def a_stranger_is_sent_to_sign_in(site: Site) -> str:
    """Who is not signed in is sent to the sign-in page."""
    answer = get(site, "/projects/")
    target = urlsplit(urljoin(f"https://{site.hostname}/", answer.header("Location")))
    expect(answer.status == 302 and target.path == site.sign_in, f"{answer.status} to {target.path}")
    return f"302 to {target.path}"


def the_sign_in_page_has_its_form(site: Site) -> str:
    """The sign-in page has its form."""
    page = Page(sign_in_page(site).body)
    expect("post" in page.form_methods, "no form with method=post")
    expect("csrfmiddlewaretoken" in page.fields, "no CSRF token in the form")
    expect("password" in page.fields.values(), "no password field")
    return f"fields {', '.join(sorted(page.fields.keys() - {''}))}"


def the_page_loads_nothing_from_elsewhere(site: Site) -> str:
    """The sign-in page loads nothing from elsewhere."""
    page = Page(sign_in_page(site).body)
    base = f"https://{site.hostname}{site.sign_in}"
    origins = {urlsplit(urljoin(base, address))[:2] for address in page.loaded if not address.startswith("data:")}
    foreign = origins - {("https", site.hostname)}
    expect(not foreign, f"it loads from {sorted(host for _, host in foreign)}")
    return f"{len(page.loaded)} addresses, all its own"


def static_files_may_be_kept_for_ever(site: Site) -> str:
    """Static files may be kept for ever."""
    page = Page(sign_in_page(site).body)
    expect(bool(page.stylesheets), "the sign-in page names no stylesheet")
    answer = get(site, page.stylesheets[0])
    expect(answer.status == 200, f"{page.stylesheets[0]}: status {answer.status}")
    expect("text/css" in answer.header("Content-Type"), f"served as {answer.header('Content-Type')!r}")
    expect("immutable" in answer.header("Cache-Control"), f"Cache-Control is {answer.header('Cache-Control')!r}")
    return page.stylesheets[0]


def the_content_security_policy_is_strict(site: Site) -> str:
    """The content security policy is strict."""
    policy = sign_in_page(site).header("Content-Security-Policy")
    expect(bool(policy), "there is none")
    rules = {rule.split()[0]: set(rule.split()[1:]) for rule in policy.split(";") if rule.strip()}
    sources = set().union(*rules.values())
    loose = {source for source in sources if source.startswith("'unsafe") or re.match(r"\*|https?:", source)}
    expect(not loose, f"it allows {', '.join(sorted(loose))}")
    expect(rules.get("default-src") in ({"'none'"}, {"'self'"}), "default-src is neither 'none' nor 'self'")
    for name in ("base-uri", "form-action", "frame-ancestors"):
        expect(rules.get(name) in ({"'none'"}, {"'self'"}), f"{name} is missing or loose")
    return f"{len(rules)} directives"


def browsers_are_told_to_use_https_only(site: Site) -> str:
    """Browsers are told to use HTTPS only."""
    value = sign_in_page(site).header("Strict-Transport-Security")
    age = re.search(r"max-age=(\d+)", value)
    expect(age is not None and int(age[1]) >= YEAR, f"Strict-Transport-Security is {value!r}; a year is the least")
    return value


def other_security_headers_are_there(site: Site) -> str:
    """The other security headers are there."""
    answer = sign_in_page(site)
    wanted = {
        "X-Content-Type-Options": r"nosniff",
        "X-Frame-Options": r"DENY|SAMEORIGIN",
        "Referrer-Policy": r"no-referrer|same-origin|strict-origin(-when-cross-origin)?",
        "Cross-Origin-Opener-Policy": r"same-origin",
    }
    for name, pattern in wanted.items():
        expect(re.fullmatch(pattern, answer.header(name)) is not None, f"{name} is {answer.header(name)!r}")
    expect(not re.search(r"\d", answer.header("Server")), f"Server tells its version: {answer.header('Server')!r}")
    return ", ".join(wanted)


def cookies_are_protected(site: Site) -> str:
    """Cookies are protected."""
    cookies = sign_in_page(site).headers.get_all("Set-Cookie") or []
    expect(bool(cookies), "the sign-in page sets none")
    for cookie in cookies:
        name = cookie.split("=")[0]
        for attribute in ("Secure", "SameSite="):
            expect(attribute.lower() in cookie.lower(), f"{name} lacks {attribute.rstrip('=')}")
    return ", ".join(cookie.split("=")[0] for cookie in cookies)


def another_name_is_not_served(site: Site) -> str:
    """Another name is not served."""
    seen = []
    for scheme, path in (("http", "/"), ("https", site.sign_in)):
        try:
            answer = get(site, path, tls=scheme == "https", host=STRANGER, trust=False)
        except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
            seen.append(f"{scheme} refused")
            continue
        expect(400 <= answer.status < 500, f"{scheme}://{STRANGER}{path} gets {answer.status} from this address")
        seen.append(f"{scheme} {answer.status}")
    return ", ".join(seen)


def ssh_is_closed_to_outsiders(site: Site) -> str:
    """SSH is closed to a source off the list."""
    if not site.outside:
        raise NotProvable("set verify_outside_command to a command that runs its arguments at an address off the list")
    expect(outsider_connects(site, 443), f"`{' '.join(site.outside)}` does not even reach port 443")
    expect(not outsider_connects(site, 22), "port 22 answers a source that is not on the list")
    return f"port 443 answers there, port 22 is silent for {SILENCE:.0f} s"


def outsider_connects(site: Site, port: int) -> bool:
    command = [*site.outside, sys.executable, "-c", CONNECT, site.address, str(port), str(SILENCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode == 0:
        return True
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    if not re.match(r"TimeoutError|ConnectionRefusedError|OSError|PermissionError", last):
        raise NotProvable(f"`{' '.join(site.outside)}` failed: {last}")
    return False


def nothing_else_is_open(site: Site) -> str:
    """Nothing but the web is open."""
    # From here SSH may answer: the controller is on the list.
    allowed = {80, 443} if site.outside else {22, 80, 443}
    scan = ["nmap", "-n", "-Pn", "-p-", "--open", "--max-retries=1", f"--min-rate={site.scan_rate}", "-oG", "-"]
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            [*site.outside, *scan, site.address], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise NotProvable("nmap is not installed here: apt-get install nmap") from error
    if done.returncode != 0:
        raise NotProvable(f"nmap failed: {done.stderr.strip()[-200:]}")
    found = {int(port) for port in re.findall(r"(\d+)/open/tcp", done.stdout)}
    expect(found >= {80, 443}, f"the scan sees {sorted(found)} and misses 80 or 443: lower verify_scan_rate")
    expect(found <= allowed, f"open besides {sorted(allowed)}: {sorted(found - allowed)}")
    return f"of 65535 TCP ports only {sorted(found)} answer {'an outsider' if site.outside else 'this machine'}"


CHECKS: tuple[Callable[[Site], str], ...] = (
    tls_1_3_with_a_valid_certificate,
    tls_1_2_and_older_are_refused,
    http_redirects_to_https,
    another_name_is_not_served,
    healthz_answers,
    readyz_answers,
    a_stranger_is_sent_to_sign_in,
    the_sign_in_page_has_its_form,
    the_page_loads_nothing_from_elsewhere,
    static_files_may_be_kept_for_ever,
    the_content_security_policy_is_strict,
    browsers_are_told_to_use_https_only,
    other_security_headers_are_there,
    cookies_are_protected,
    ssh_is_closed_to_outsiders,
    nothing_else_is_open,
)


@dataclass
class Verdict:
    """One line of the result."""

    check: Callable[[Site], str]
    mark: str = field(init=False)
    text: str = field(init=False)

    def reach(self, site: Site) -> Verdict:
        try:
            self.mark, self.text = "ok", self.check(site)
        except CheckFailed as failure:
            self.mark, self.text = "FAIL", str(failure)
        except NotProvable as reason:
            self.mark, self.text = "?", f"not provable from here: {reason}"
        except (OSError, http.client.HTTPException) as error:
            self.mark, self.text = "FAIL", f"{type(error).__name__}: {error}"
        return self

    def __str__(self) -> str:
        return f"{self.mark:4}  {(self.check.__doc__ or '').rstrip('.')}: {self.text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--ca-file", help="certificate authority to trust instead of this machine's")
    parser.add_argument("--outside", type=shlex.split, default=[], help="command prefix that runs off the list")
    parser.add_argument("--scan-rate", type=int, default=2000, help="packets a second")
    parser.add_argument("--certificate-days", type=int, default=14, help="least days that the certificate must last")
    parser.add_argument("--sign-in", default="/accounts/login/")
    site = Site(**vars(parser.parse_args()))
    if site.ca_file and not Path(site.ca_file).is_file():
        parser.error(f"there is no certificate authority in {site.ca_file}")
    with ThreadPoolExecutor() as pool:
        verdicts = list(pool.map(lambda check: Verdict(check).reach(site), CHECKS))
    print("\n".join(map(str, verdicts)))
    return 1 if any(verdict.mark == "FAIL" for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
