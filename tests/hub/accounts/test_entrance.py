"""How people get in and out: invitations, log-in, second factors, lockout, sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client, RequestFactory
from django.utils import timezone
from tests.hub import making

from tocsin.errors import UsageFault
from tocsin.hub.accounts import second_factor, services
from tocsin.hub.accounts.adapter import Sealed
from tocsin.hub.accounts.models import Act, Invitation, Membership, Refusal, Token, User
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
NEW = "another correct horse battery"


def log_in(client: Client, email: str, password: str = making.PASSWORD) -> int:
    return client.post("/account/login/", {"login": email, "password": password}).status_code


def test_an_invitation_opens_one_account_once(client: Client) -> None:
    invitation, key = services.invite("New@Hub.example", Role.ANALYST, by=making.person(Role.ADMINISTRATOR))
    assert key not in str(Invitation.objects.values())
    page = client.get(f"/account/enter/{key}/")
    assert page.status_code == 200
    assert Invitation.objects.get().used is None, "looking must change nothing"
    assert client.post(f"/account/enter/{key}/", {"password": NEW}).status_code == 302
    user = User.objects.get(email="new@hub.example")
    assert user.role == Role.ANALYST
    assert Client().post(f"/account/enter/{key}/", {"password": NEW}).status_code == 410
    assert Act.objects.filter(kind="entered by invitation", subject=f"user:{user.pk}").exists()
    assert invitation.expires > timezone.now()


def test_a_password_is_kept_as_it_is_typed(client: Client) -> None:
    _, key = services.invite("new@hub.example", Role.VIEWER, by=None)
    assert client.post(f"/account/enter/{key}/", {"password": f"{NEW} "}).status_code == 302
    assert User.objects.get().check_password(f"{NEW} ")


def test_an_invitation_ends(client: Client) -> None:
    long_ago = timezone.now() - services.INVITED_FOR - timedelta(seconds=1)
    _, key = services.invite("late@hub.example", Role.VIEWER, by=None, now=long_ago)
    assert client.post(f"/account/enter/{key}/", {"password": NEW}).status_code == 410
    assert not User.objects.filter(email="late@hub.example").exists()


def test_a_weak_password_is_refused_and_the_invitation_lives(client: Client) -> None:
    _, key = services.invite("weak@hub.example", Role.VIEWER, by=None)
    assert client.post(f"/account/enter/{key}/", {"password": "123456789012"}).status_code == 200
    assert not User.objects.exists()
    assert services.open_invitation(key)


def test_a_member_is_invited_into_an_organisation() -> None:
    contoso = making.organisation()
    with pytest.raises(UsageFault):
        services.invite("a@contoso.example", Role.MEMBER, by=None)
    _, key = services.invite("a@contoso.example", Role.MEMBER, by=None, organisation=contoso.pk)
    user = services.accept(key, NEW)
    assert Membership.objects.get().user == user


def test_keys_are_guessed_by_nobody(client: Client) -> None:
    codes = {client.get(f"/account/enter/invite_{n}/").status_code for n in range(25)}
    assert codes == {410, 429}


def test_log_in_by_mail_and_password(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    assert log_in(client, "V@hub.example") == 302
    assert client.get("/").status_code == 200


def test_five_wrong_passwords_lock_an_account_but_no_other(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    making.person(Role.VIEWER, "w@hub.example")
    for _ in range(5):
        log_in(client, "v@hub.example", "wrong")
    assert log_in(client, "v@hub.example") != 302
    assert log_in(Client(), "w@hub.example") == 302


def test_unknown_and_wrong_sound_the_same(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    texts = [
        re.sub(
            rb'value="[^"]*"', b"", client.post("/account/login/", {"login": who, "password": "x"}).content
        )
        for who in ("v@hub.example", "nobody@hub.example")
    ]
    assert texts[0] == texts[1]


def test_nobody_signs_up(client: Client) -> None:
    for path in ("/account/signup/", "/account/password/reset/", "/account/email/"):
        assert client.get(path).status_code == 404
    assert b"sign up" not in client.get("/account/login/").content.lower()


@pytest.mark.parametrize("role", list(Role))
def test_writers_need_a_second_factor_once_the_grace_is_over(
    role: Role, enter: Callable[[User], Client]
) -> None:
    user = making.person(role)
    client = enter(user)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=user.pk).exclude(grace_until=None).update(grace_until=timezone.now())
    answer = client.get("/")
    assert (answer.status_code == 302) == user.writes
    if user.writes:
        assert answer.headers["Location"] == "/account/second-factor/"
        assert client.get("/account/second-factor/").status_code == 200
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
        assert client.get("/").status_code == 200


def test_the_grace_is_given_once(enter: Callable[[User], Client]) -> None:
    user = making.person(Role.ANALYST, grace_until=timezone.now() - timedelta(days=1))
    enter(user)
    user.refresh_from_db()
    assert not second_factor.in_grace(user)


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def test_an_authenticator_app_is_asked_for_and_its_secret_is_sealed(client: Client) -> None:
    user = making.person(Role.ANALYST, "a@hub.example")
    secret = generate_totp_secret()
    row = Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": Sealed().encrypt(secret)}
    )
    assert secret not in str(row.data)
    answer = client.post("/account/login/", {"login": "a@hub.example", "password": making.PASSWORD})
    assert answer.headers["Location"].startswith("/account/2fa/authenticate/")
    assert client.get("/").status_code == 302, "the password alone opens nothing"
    assert client.post("/account/2fa/authenticate/", {"code": code(secret)}).status_code == 302
    assert client.get("/").status_code == 200


def test_an_authenticator_app_is_set_up_on_our_pages(client: Client) -> None:
    making.person(Role.ANALYST, "a@hub.example")
    log_in(client, "a@hub.example")
    client.post("/account/reauthenticate/", {"password": making.PASSWORD})
    page = client.get("/account/2fa/totp/activate/")
    assert page.status_code == 200
    secret = re.search(rb'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page.content)
    assert secret
    assert client.post("/account/2fa/totp/activate/", {"code": code(secret[1].decode())}).status_code == 302
    codes = client.get("/account/2fa/recovery-codes/")
    assert b"Unused codes" in codes.content
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 1


def test_a_reset_takes_factors_tokens_and_sessions(client: Client) -> None:
    user = making.person(Role.ANALYST, "a@hub.example")
    log_in(client, "a@hub.example")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    services.make_token(user, "t", ["census:read"], days=1, by=user)
    _, key = services.reset(user, by=None)
    assert client.get("/").status_code == 200, "asking for a link ends nothing yet"
    assert Client().post(f"/account/enter/{key}/", {"password": NEW}).status_code == 302
    assert client.get("/").status_code == 302
    assert not Authenticator.objects.exists()
    assert Token.objects.get().revoked
    assert log_in(Client(), "a@hub.example") != 302
    assert log_in(Client(), "a@hub.example", NEW) == 302


def test_sessions_are_seen_and_ended(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "v@hub.example")
    other = Client()
    log_in(other, "v@hub.example")
    assert client.get("/account/sessions/").content.count(b"127.0.0.1") == 2
    answer = client.post("/account/sessions/")
    assert answer.headers["Location"].startswith("/account/reauthenticate/"), "once more, please"
    client.post("/account/reauthenticate/", {"password": making.PASSWORD})
    client.post("/account/sessions/")
    assert other.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_closing_and_demoting_end_sessions_and_spare_the_last_administrator(client: Client) -> None:
    chief = making.person(Role.ADMINISTRATOR)
    user = making.person(Role.ANALYST, "a@hub.example")
    log_in(client, "a@hub.example")
    services.set_role(user, Role.VIEWER, by=chief)
    assert client.get("/").status_code == 302
    with pytest.raises(UsageFault):
        services.set_role(chief, Role.VIEWER, by=chief)
    with pytest.raises(UsageFault):
        services.close(chief, by=chief)
    services.close(user, by=chief)
    assert log_in(Client(), "a@hub.example") != 302 or Client().get("/").status_code == 302
    services.reopen(user, by=chief)
    assert log_in(Client(), "a@hub.example") == 302


def test_closing_ends_links_that_were_handed_out() -> None:
    chief, user = making.person(Role.ADMINISTRATOR), making.person(Role.ANALYST)
    _, key = services.reset(user, by=chief)
    services.close(user, by=chief)
    assert services.open_invitation(key) is None


def test_an_invitation_is_withdrawn(enter: Callable[[User], Client], client: Client) -> None:
    chief = making.person(Role.ADMINISTRATOR)
    invitation, key = services.invite("new@hub.example", Role.ANALYST, by=chief)
    path = f"/people/invitations/{invitation.pk}/withdraw"
    assert enter(making.person(Role.ANALYST)).post(path).status_code == 403
    assert enter(chief).post(path).status_code == 302
    assert client.post(f"/account/enter/{key}/", {"password": NEW}).status_code == 410
    assert Act.objects.get(kind="invitation withdrawn").detail["email"] == "new@hub.example"


@pytest.mark.parametrize("number", ["77", str(2**63 - 1), str(2**63), "9" * 40, "-1", "x"])
def test_an_organisation_that_is_not_there(number: str, enter: Callable[[User], Client]) -> None:
    client, user = enter(making.person(Role.ADMINISTRATOR)), making.person(Role.MEMBER)
    sent = {"email": "n@hub.example", "role": "member", "organisation": number}
    assert client.post("/people/", sent).status_code == 200
    for what in ("join", "leave"):
        assert client.post(f"/people/{user.pk}/{what}", {"organisation": number}).status_code == 302
    assert not Invitation.objects.exists()
    assert not Membership.objects.exists()


def test_one_network_of_ipv6_is_one_place() -> None:
    tries = [
        Client(REMOTE_ADDR=f"2001:db8:0:{net}::{n:x}").get("/account/enter/invite_x/").status_code
        for net, n in [*((1, n) for n in range(1, 25)), (2, 1)]
    ]
    assert tries[:20] == [410] * 20
    assert set(tries[20:24]) == {429}
    assert tries[24] == 410, "the network beside it is somebody else"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "::/64"),
    ],
)
def test_what_counts_as_one_place(address: str, place: str, rf: RequestFactory) -> None:
    assert services.place_of(rf.get("/", REMOTE_ADDR=address)) == place


def test_what_a_visitor_says_of_his_address_counts_for_nothing_without_a_proxy(client: Client) -> None:
    tries = [
        client.get("/account/enter/invite_x/", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(1, 23)
    ]
    assert tries[-1] == 429


def test_behind_a_proxy_its_own_word_counts_and_not_the_visitors(client: Client, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    tries = [
        client.get("/account/enter/invite_x/", headers={"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.7"})
        for n in range(1, 23)
    ]
    assert tries[-1].status_code == 429
    assert {row.address for row in Refusal.objects.all()} == {"198.51.100.7"}
