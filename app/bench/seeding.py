"""The two sites that `bench.served` asks: a register of the app, and the yardstick's table, each with somebody in it.

Usage: python -m bench.seeding app OBLIGATIONS | reference
Prints the session's cookie and the pages to ask for as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from typing import Any

import django

START = date(2026, 1, 1)


def main(what: str, number: int) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - Django has to be set up

    call_command("migrate", run_syncdb=True, verbosity=0)
    print(json.dumps(_app(number) if what == "app" else _reference()))


def _reference() -> dict[str, Any]:
    from django.contrib.auth.models import User  # noqa: PLC0415 - as above

    from bench.reference.models import Row  # noqa: PLC0415  after setup

    Row._default_manager.bulk_create(
        Row(number=f"R-{n}", name=f"What is done about {n}", owner="Kim", due=START + timedelta(n), state="Open")
        for n in range(280)
    )
    user = User.objects.create_user("kim@example.com")
    return {"cookie": f"sessionid={_session(user)}", "pages": {"yardstick": "/"}}


def _app(number: int) -> dict[str, Any]:
    from accounts.models import Organisation  # noqa: PLC0415 - as above
    from accounts.second_factor import PASSED  # noqa: PLC0415  after setup
    from django.conf import settings  # noqa: PLC0415  after setup
    from django.db import connection  # noqa: PLC0415  after setup
    from django.utils.crypto import get_random_string  # noqa: PLC0415  after setup
    from registers.models import Project  # noqa: PLC0415  after setup

    from bench.generating import owner, register  # noqa: PLC0415  after setup

    organisation = Organisation.objects.create(name="Bench", slug="bench")
    project = Project.objects.create(organisation=organisation, code="BENCH", name="Bench")
    register(project, number, 5)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    middle = project.obligations.order_by("pk")[number // 2]
    base = "/projects/BENCH"
    pages = {
        "sign-in page": "/accounts/login/",
        "register of 50 rows": f"{base}/register/",
        "obligation page": f"{base}/obligations/{middle.pk}/",
        "obligation page, made anew": f"{base}/obligations/{middle.pk}/",
        "register of 50 rows, made anew": f"{base}/register/",
        "dashboard": f"{base}/",
        "search": f"{base}/register/?q=groundwater+survey",
    }
    name, secret = settings.SESSION_COOKIE_NAME, get_random_string(32)
    cookie = f"{name}={_session(owner(organisation), **{PASSED: True})}; {settings.CSRF_COOKIE_NAME}={secret}"
    save = {"address": f"{pages['obligation page']}edit/", "fields": _fields(middle) | {"csrfmiddlewaretoken": secret}}
    return {"cookie": cookie, "pages": pages, "save": save}


def _fields(obligation: Any) -> dict[str, Any]:
    """Return what a browser sends of an obligation's form that nobody has touched."""
    from obligations.forms.obligation import ObligationForm  # noqa: PLC0415  after setup

    values = {field.name: field.value() for field in ObligationForm(None, obligation=obligation)}
    told = {
        name: "on" if value is True else "" if value in (None, False) else str(value) for name, value in values.items()
    }
    return told | {f"initial-{name}": value for name, value in told.items()} | {"version": obligation.version}


def _typed(value: object) -> str:
    return "on" if value is True else "" if value is None or value is False else str(value)


def _session(user: Any, **more: Any) -> str:
    """Return the key of a session in which somebody is signed in."""
    from django.conf import settings  # noqa: PLC0415 - as above
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415  after setup
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415  after setup

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(more)
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
