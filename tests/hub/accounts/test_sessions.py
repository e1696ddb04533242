"""How long a session lives, what a browser may keep of it, and that a changed factor ends the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.accounts.test_entrance import NEW, code, log_in

from tocsin.hub.accounts import services, sessions
from tocsin.hub.accounts.models import Act, Token, User
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def age(client: Client, **marks: int) -> None:
    """Let the marks of a session be so many seconds older."""
    session = client.session
    for name, seconds in marks.items():
        session[getattr(sessions, name)] -= seconds
    session.save()


def says(client: Client) -> str:
    return client.get("/account/login/").content.decode()


def test_a_session_that_nobody_uses_ends_and_says_so(enter: Enter) -> None:
    client = enter(making.person(Role.VIEWER))
    age(client, SEEN=settings.SESSION_IDLE_SECONDS - 5)
    assert client.get("/").status_code == 200
    age(client, SEEN=settings.SESSION_IDLE_SECONDS)
    answer = client.get("/servers/")
    assert answer.headers["Location"] == "/account/login/?next=/servers/"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "nobody used this session for 60 minutes" in says(client)


def test_use_keeps_a_session_and_is_noted_at_most_once_a_minute(enter: Enter) -> None:
    client = enter(making.person(Role.VIEWER))
    before = client.session[sessions.SEEN]
    age(client, SEEN=sessions.EVERY - 10)
    client.get("/")
    assert client.session[sessions.SEEN] < before
    age(client, SEEN=sessions.EVERY)
    client.get("/")
    assert client.session[sessions.SEEN] >= before


def test_a_session_in_use_ends_twelve_hours_after_log_in(enter: Enter) -> None:
    client = enter(making.person(Role.VIEWER))
    age(client, BEGAN=settings.SESSION_COOKIE_AGE - 60)
    assert client.get("/").status_code == 200
    age(client, BEGAN=60)
    assert client.get("/").status_code == 302
    assert "12 hours at most" in says(client)


def test_logging_in_anew_begins_anew(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "v@hub.example")
    age(client, BEGAN=settings.SESSION_COOKIE_AGE, SEEN=settings.SESSION_COOKIE_AGE)
    assert client.get("/").status_code == 302
    assert log_in(client, "v@hub.example") == 302
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/servers/", "/advisories/", "/data-protection/", "/nowhere/"])
def test_no_browser_keeps_a_page_of_somebody(path: str, enter: Enter) -> None:
    assert "no-store" in enter(making.person(Role.VIEWER)).get(path).headers["Cache-Control"]


def test_pages_of_everybody_may_be_kept_and_those_of_an_owner_not(client: Client) -> None:
    for path in ("/advisories/", "/data-protection/", "/api/openapi.json"):
        assert "no-store" not in client.get(path).headers.get("Cache-Control", ""), path
    for path in (f"/o/{'A' * 43}/", "/report/", "/report/status/", "/account/login/", "/api/organisations"):
        assert "no-store" in client.get(path).headers["Cache-Control"], path


def test_logging_out_clears_what_the_browser_kept(enter: Enter) -> None:
    client = enter(making.person(Role.VIEWER))
    assert "Clear-Site-Data" not in client.get("/").headers
    assert client.post("/account/logout/").headers["Clear-Site-Data"] == '"cache"'


def test_nothing_is_traced(client: Client) -> None:
    assert client.trace("/data-protection/").status_code == 405


def test_a_session_of_an_invitation_is_seen_and_ended_like_others(client: Client) -> None:
    _, key = services.invite("new@hub.example", Role.VIEWER, by=None)
    client.post(f"/account/enter/{key}/", {"password": NEW})
    assert UserSession.objects.get().session_key == client.session.session_key
    assert services.end_sessions(User.objects.get()) == 1
    assert client.get("/").status_code == 302


def test_a_new_factor_ends_other_sessions_and_is_on_record(
    client: Client, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    user = making.person(Role.ANALYST, "a@hub.example")
    other = Client()
    log_in(other, "a@hub.example")
    log_in(client, "a@hub.example")
    client.post("/account/reauthenticate/", {"password": making.PASSWORD})
    page = client.get("/account/2fa/totp/activate/")
    secret = re.search(rb'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page.content)
    assert secret
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post("/account/2fa/totp/activate/", {"code": code(secret[1].decode())})
    assert sent.status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    done = Act.objects.filter(kind="second factor added", by=user)
    assert sorted(act.detail["sessions_ended"] for act in done) == [0, 1]  # the app, and its recovery codes


def test_a_new_password_is_on_record(client: Client) -> None:
    user = making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "v@hub.example")
    sent = {"oldpassword": making.PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/account/password/change/", sent).status_code == 302
    assert Act.objects.get(kind="password changed").subject == f"user:{user.pk}"
    assert log_in(Client(), "v@hub.example", NEW) == 302


def test_who_lacks_a_second_factor_makes_no_token(enter: Enter) -> None:
    user = making.person(Role.ANALYST)
    client = enter(user)
    User.objects.filter(pk=user.pk).update(grace_until=timezone.now() - timedelta(minutes=1))
    answer = client.post("/account/tokens/", {"name": "t", "scopes": ["census:write"], "days": 90})
    assert answer.headers["Location"] == "/account/second-factor/"
    assert not Token.objects.exists()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client.post("/account/tokens/", {"name": "t", "scopes": ["census:write"], "days": 90})
    assert Token.objects.count() == 1
