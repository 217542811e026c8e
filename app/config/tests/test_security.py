"""What an attacker tries first: forged forms, addresses and headers that lead elsewhere, fields that nobody offered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from accounts.models import Membership, User
from accounts.tests.confirming import confirm_identity_of
from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings
from registers.models import Project
from registers.services.people import invitation_create

from config.tests.addresses import addresses
from config.tests.permitted import RULES
from config.tests.permitted.rules import PUBLIC
from config.tests.permitted.world import World
from config.tests.subprocesses import python

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
# Mail programs post there without a session (RFC 8058): the signed address stands for it.
WITHOUT_TOKEN = {"notice_off"}
# What decides about transport and cookies, as it is on a host rather than on one's own machine.
TRANSPORT = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_")


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def kim(project: Project) -> User:
    user = User.objects.create_user("kim@example.com", PASSWORD, name="Kim")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.create(organisation=project.organisation, user=user, role="admin")
    return user


# --- Forged forms -----------------------------------------------------------------------------------------------------
def test_no_form_is_taken_without_its_token(kim: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(kim)
    acting = {name for name, rules in RULES.items() if any(rule.post for rule in rules)} - WITHOUT_TOKEN
    acting = {name for name in acting if not name.startswith("api")}
    asked = [address for address in addresses() if address.name in acting]
    assert len(asked) > 80
    assert [address.path for address in asked if client.post(address.path).status_code != 403] == []


# --- Addresses that lead elsewhere ------------------------------------------------------------------------------------
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "javascript:alert(1)",
    "https:evil.example",
)


@pytest.mark.parametrize("to", ELSEWHERE)
def test_nothing_leads_to_another_site(client: Client, kim: User, to: str) -> None:
    page = client.post(f"/accounts/login/?next={to}", {"login": kim.email, "password": PASSWORD, "next": to})
    assert page.headers["Location"] == "/"
    confirmed = client.post(f"/accounts/reauthenticate/?next={to}", {"password": PASSWORD, "next": to})
    assert "evil" not in confirmed.headers.get("Location", "")
    keys = client.post("/projects/WRL/register/keys/", {"back": to})
    assert keys.headers["Location"] == "/projects/WRL/register/"
    left = client.post(f"/accounts/logout/?next={to}", {"next": to})
    assert "evil" not in left.headers["Location"]


def test_another_hosts_name_is_refused(client: Client, kim: User) -> None:
    """So that no mail with a link is sent in its name."""
    assert client.post("/accounts/password/reset/", {"email": kim.email}, HTTP_HOST="evil.example").status_code == 400
    assert mail.outbox == []


# --- Headers ----------------------------------------------------------------------------------------------------------
def test_a_name_with_a_line_end_adds_no_header_to_a_mail(kim: User) -> None:
    User.objects.filter(pk=kim.pk).update(name="Kim\r\nBcc: everybody@example.com")
    client = confirm_identity_of(as_(User.objects.get(pk=kim.pk)))
    form = {"email": "new@example.com", "role": "viewer", "expires_on": ""}
    assert client.post("/projects/WRL/people/", form).status_code == 302
    message = mail.outbox[-1].message()
    assert message["Bcc"] is None
    assert "\n" not in mail.outbox[-1].subject
    form["email"] = "new@example.com\r\nBcc: everybody@example.com"
    assert client.post("/projects/WRL/people/", form).status_code == 422


@pytest.mark.parametrize("text", ["x%0d%0aSet-Cookie:%20a=b", "x\r\nSet-Cookie: a=b"])
def test_no_text_becomes_a_header(kim: User, text: str) -> None:
    client = as_(kim)
    answers = [
        client.get("/projects/WRL/register/", {"q": text}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results"),
        client.post("/projects/WRL/register/keys/", {"back": f"/{text}"}),
        client.get("/projects/WRL/register/export/csv/", {"q": text}),
        client.get("/accounts/login/", {"next": text}),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "a" not in answer.cookies
        assert not any("\n" in value or "\r" in value for value in answer.headers.values())


# --- Fields and keys that nobody offered ------------------------------------------------------------------------------
def test_who_joins_takes_no_more_than_was_offered(kim: User, project: Project) -> None:
    _, token = invitation_create(
        actor=kim, project=project, everywhere=False, email="new@example.com", role="viewer", expires_on=None
    )
    wished = {"email": "boss@example.com", "is_staff": "on", "is_superuser": "on", "role": "admin", "everywhere": "on"}
    Client().post(f"/invitations/{token}/", {"name": "Noor", "password": "a sentence that is long", **wished})
    user = User.objects.get(name="Noor")
    assert (user.email, user.is_staff, user.is_superuser) == ("new@example.com", False, False)
    assert [role for (role,) in user.project_memberships.values_list("role")] == ["viewer"]
    assert not user.memberships.exists()


@pytest.fixture
def register() -> World:
    return World()


FORMS = (
    ("obligations/{obligation}/edit/", "form"),
    ("obligations/add/", "form"),
    ("mechanisms/{mechanism}/edit/", "form"),
    ("conditions/{condition}/move/", "form"),
    ("inspections/{inspection}/edit/", "form"),
    ("corrective-actions/{corrective_action}/edit/", "form"),
    ("vocabulary/aspects/{aspect}/", "merge"),
)


def test_no_field_takes_what_is_anothers(register: World) -> None:
    """A key of another organisation's row is refused by each field, whatever its page offers."""
    user = User.objects.create_user("root@example.com", PASSWORD)
    Membership.objects.create(organisation=register.own.organisation, user=user, role="admin")
    client, tried = as_(user), []
    for path, name in FORMS:
        address = f"/projects/WRL/{path.format(**register.keys(register.own))}"
        for field, key in _foreign(client.get(address).context[name], register):
            answer: Response = client.post(address, {field: key})
            refused = answer.context[name].errors
            assert answer.status_code == 422, (address, field)
            assert "Select a valid choice" in str(refused[field]), (address, field)
            tried.append(field)
    assert {"mechanism", "aspect", "responsible_person", "procedure", "parent", "inspector", "owner", "into"} <= set(
        tried
    )


def _foreign(form: forms.BaseForm, register: World) -> Iterator[tuple[str, int]]:
    """Return the fields that name a row, each with the key of a row that the person does not see."""
    for name, field in form.fields.items():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            model: Any = field.queryset.model
            offered = field.queryset.values("pk")
            foreign = model._default_manager.exclude(pk__in=offered)
            if model is not User:
                rows = (register.objects[register.foreign.pk]).values()
                foreign = foreign.filter(pk__in=[row.pk for row in rows if isinstance(row, model)])
            if key := foreign.order_by("pk").values_list("pk", flat=True).first():
                yield name, key


# --- Headers of every answer ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def on_a_host() -> dict[str, Any]:
    """The settings of transport and cookies as a host has them."""
    script = (
        "import json, config.settings as s; "
        f"print(json.dumps({{n: getattr(s, n) for n in dir(s) if n.startswith({TRANSPORT})}}))"
    )
    output, errors = python("-c", script, ENSSOL_INSECURE_HTTP="false").communicate()
    assert output, errors
    found: dict[str, Any] = json.loads(output)
    return found


def test_the_headers_are_worth_an_a_plus(on_a_host: dict[str, Any], kim: User) -> None:
    """The rules of Mozilla's HTTP Observatory, as far as they concern a site that is not yet on the preload list.

    https://github.com/mdn/mdn-http-observatory, modifiers of its scoring; A+ begins at 100.
    """
    with override_settings(**on_a_host):
        assert Client().get("/").headers["Location"] == "https://testserver/"
        client = Client()
        client.force_login(kim)
        for address in (
            "/accounts/login/",
            "/projects/WRL/register/",
            "/nowhere/",
            "/projects/WRL/register/export/csv/",
        ):
            answer = (Client() if "login" in address else client).get(address, secure=True)
            assert _score(answer) >= 100, (address, dict(answer.headers))


def _score(answer: Response) -> int:
    headers, score = answer.headers, 100
    policy = {
        name: set(rest) for name, *rest in (part.split() for part in headers["Content-Security-Policy"].split(";"))
    }
    unsafe = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}
    score += -25 if any(sources & unsafe for sources in policy.values()) else 5
    score += 5 if policy.get("default-src") == {"'none'"} else 0
    score += 5 if policy.get("frame-ancestors") == {"'none'"} else -20
    age = int(headers["Strict-Transport-Security"].split(";")[0].removeprefix("max-age="))
    score += 0 if age >= 15_768_000 else -10
    score += 0 if headers.get("X-Content-Type-Options") == "nosniff" else -5
    score += 5 if headers.get("Referrer-Policy") in {"same-origin", "no-referrer", "strict-origin"} else 0
    score += 10 if headers.get("Cross-Origin-Resource-Policy") == "same-origin" else 0
    score += -50 if "Access-Control-Allow-Origin" in headers else 0
    for cookie in answer.cookies.values():
        score += 0 if cookie["secure"] else -40
        score += 0 if cookie["httponly"] else -30
        score += 0 if cookie["samesite"] else -5
    return score


def test_the_cookies_are_the_hosts_own(on_a_host: dict[str, Any]) -> None:
    """`__Host-`: no other host of the domain, and no page over HTTP, can set them."""
    for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
        assert on_a_host[f"{name}_NAME"].startswith("__Host-")
        assert on_a_host[f"{name}_SECURE"]
    assert on_a_host["CSRF_COOKIE_HTTPONLY"]


def test_public_addresses_are_few() -> None:
    """What answers somebody who has not signed in; another one has to be meant."""
    public = {name for name, rules in RULES.items() if any(PUBLIC in {rule.get, rule.post} for rule in rules)}
    assert public - {name for name in public if name.startswith("account_")} <= {
        "healthz",
        "readyz",
        "invitation_join",
        "mfa_authenticate",
        "calendar_feed",
        "notice_off",
    }


def test_what_had_holes_is_not_installed() -> None:
    """allauth's change of the only address (until 65.12.1), its headless sign-out (64.1), what nobody here needs."""
    assert not app_settings.CHANGE_EMAIL
    assert not {"allauth.headless", "allauth.socialaccount", "django.contrib.admin"} & set(settings.INSTALLED_APPS)
