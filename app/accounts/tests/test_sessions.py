"""Where somebody is signed in, and ending that."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.browsers import name_of
from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-test-password"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"


def person(email: str) -> User:
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def signed_in(email: str, browser: str) -> Client:
    client = Client(HTTP_USER_AGENT=browser)
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    return client


def test_somebody_sees_their_sessions_this_one_first_and_ends_another() -> None:
    person("kim@example.com")
    phone, desk = signed_in("kim@example.com", IPHONE), signed_in("kim@example.com", FIREFOX)
    page = desk.get("/accounts/sessions/").content.decode()
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")
    assert page.index("This one") < page.index("Safari on iPhone")
    other = UserSession.objects.get(session_key=phone.session.session_key)
    desk.post(f"/accounts/sessions/{other.pk}/end/")
    assert phone.get("/accounts/sessions/").status_code == 302
    assert "Signed out: Safari on iPhone" in desk.get("/accounts/sessions/").content.decode()
    assert "Safari on iPhone" not in desk.get("/accounts/sessions/").content.decode()


def test_all_others_end_at_once() -> None:
    person("kim@example.com")
    others = [signed_in("kim@example.com", IPHONE) for _ in range(3)]
    here = signed_in("kim@example.com", FIREFOX)
    here.post("/accounts/sessions/end-others/")
    assert [client.get("/accounts/sessions/").status_code for client in (*others, here)] == [302, 302, 302, 200]


def test_another_persons_session_is_not_there() -> None:
    person("kim@example.com")
    person("lee@example.com")
    kim, lee = signed_in("kim@example.com", IPHONE), signed_in("lee@example.com", FIREFOX)
    theirs = UserSession.objects.get(session_key=kim.session.session_key)
    assert lee.post(f"/accounts/sessions/{theirs.pk}/end/").status_code == 404
    assert kim.get("/accounts/sessions/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("curl/8.0", "Another browser"),
        ("", "Another browser"),
    ],
)
def test_a_browser_is_called_by_its_name(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name
