"""The look from outside fails when what it looks for is missing, and does not claim what it cannot see."""

from __future__ import annotations

import http.client
from typing import Any

import pytest
from role_scripts import load

FORM = (
    '<form method="post"><input name="csrfmiddlewaretoken" type="hidden"><input name="password" type="password"></form>'
)
PAGE = f'<link rel="stylesheet" href="/static/site.0123456789ab.css"><script src="/static/htmx.js"></script>{FORM}'
POLICY = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Content-Type": "text/css",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Set-Cookie": "__Host-csrf=x; Path=/; Secure; HttpOnly; SameSite=Lax",
    "Server": "nginx",
}


verify = load("verify", "verify_site")
SITE = verify.Site("app.example.com", "198.51.100.9", None, [], 1000, 14, "/accounts/login/")


def look(monkeypatch: pytest.MonkeyPatch, check: str, *, status: int = 200, body: str = PAGE, **headers: str) -> Any:
    """Run one check on a site that answers every request in this way."""
    message = http.client.HTTPMessage()
    for name, value in (HEADERS | {key.replace("_", "-"): value for key, value in headers.items()}).items():
        message[name] = value
    monkeypatch.setattr(verify, "get", lambda *_, **__: verify.Answer(status, message, body))
    return verify.Verdict(getattr(verify, check)).reach(SITE)


OF_THE_PAGE = [
    "the_sign_in_page_has_its_form",
    "the_page_loads_nothing_from_elsewhere",
    "static_files_may_be_kept_for_ever",
    "the_content_security_policy_is_strict",
    "browsers_are_told_to_use_https_only",
    "other_security_headers_are_there",
    "cookies_are_protected",
]


@pytest.mark.parametrize("check", ["healthz_answers", "readyz_answers", *OF_THE_PAGE])
def test_a_sound_site_passes(monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    verdict = look(monkeypatch, check)
    assert verdict.mark == "ok", str(verdict)


@pytest.mark.parametrize("check", ["healthz_answers", "readyz_answers", *OF_THE_PAGE])
def test_an_error_page_passes_no_check(monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    verdict = look(monkeypatch, check, status=500)
    assert verdict.mark == "FAIL"
    assert "500" in verdict.text


@pytest.mark.parametrize(
    ("check", "difference"),
    [
        ("the_sign_in_page_has_its_form", {"body": PAGE.replace("csrfmiddlewaretoken", "other")}),
        ("the_sign_in_page_has_its_form", {"body": PAGE.replace('type="password"', "")}),
        ("the_page_loads_nothing_from_elsewhere", {"body": PAGE + '<img src="//cdn.example.net/a.png">'}),
        ("the_page_loads_nothing_from_elsewhere", {"body": PAGE.replace("/static/htmx", "https://cdn.example.net/x")}),
        ("static_files_may_be_kept_for_ever", {"Cache_Control": "no-cache"}),
        ("static_files_may_be_kept_for_ever", {"body": FORM}),
        ("the_content_security_policy_is_strict", {"Content_Security_Policy": ""}),
        ("the_content_security_policy_is_strict", {"Content_Security_Policy": POLICY + "; style-src 'unsafe-inline'"}),
        ("the_content_security_policy_is_strict", {"Content_Security_Policy": POLICY + "; img-src *"}),
        ("the_content_security_policy_is_strict", {"Content_Security_Policy": POLICY + "; img-src https:"}),
        ("the_content_security_policy_is_strict", {"Content_Security_Policy": "default-src 'self'"}),
        ("browsers_are_told_to_use_https_only", {"Strict_Transport_Security": "max-age=3600"}),
        ("browsers_are_told_to_use_https_only", {"Strict_Transport_Security": ""}),
        ("other_security_headers_are_there", {"X_Content_Type_Options": ""}),
        ("other_security_headers_are_there", {"Referrer_Policy": "unsafe-url"}),
        ("other_security_headers_are_there", {"Server": "nginx/1.10.3"}),
        ("cookies_are_protected", {"Set_Cookie": "csrf=x; Path=/; SameSite=Lax"}),
        ("cookies_are_protected", {"Set_Cookie": "csrf=x; Path=/; Secure"}),
    ],
)
def test_what_is_missing_fails(monkeypatch: pytest.MonkeyPatch, check: str, difference: dict[str, str]) -> None:
    assert look(monkeypatch, check, **difference).mark == "FAIL"  # type: ignore[arg-type]  # fields of one table each


@pytest.mark.parametrize("location", ["http://app.example.com/projects/?page=2", "https://app.example.com/", ""])
def test_a_redirect_elsewhere_fails(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    assert look(monkeypatch, "http_redirects_to_https", status=301, Location=location).mark == "FAIL"


def test_a_site_that_serves_any_name_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, "another_name_is_not_served").mark == "FAIL"


def test_without_an_outside_nothing_is_claimed_about_ssh() -> None:
    verdict = verify.Verdict(verify.ssh_is_closed_to_outsiders).reach(SITE)
    assert verdict.mark == "?"
    assert "verify_outside_command" in verdict.text


def test_an_outside_that_reaches_nothing_proves_nothing() -> None:
    site = verify.Site("app.example.com", "127.0.0.1", None, ["false"], 1000, 14, "/")
    assert verify.Verdict(verify.ssh_is_closed_to_outsiders).reach(site).mark != "ok"
