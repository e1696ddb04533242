"""Whoever is refused leaves a row that administrators read: without what was typed, and not without end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.test import Client
from tests.hub import making
from tests.hub.accounts.test_entrance import log_in

from tocsin.hub.accounts import refusals
from tocsin.hub.accounts.adapter import Sealed
from tocsin.hub.accounts.models import Refusal, User
from tocsin.hub.rules.words import Role
from tocsin.hub.site import retention

pytestmark = pytest.mark.django_db
SLIP = "my-real-password-in-the-wrong-field"


def rows() -> list[tuple[str, User | None, str | None, str, int]]:
    return [(row.kind, row.user, row.address, row.place, row.times) for row in Refusal.objects.order_by("id")]


def test_a_wrong_password_names_the_account_and_nothing_that_was_typed(client: Client) -> None:
    user = making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "V@hub.example", SLIP)
    log_in(client, "v@hub.example", SLIP)
    log_in(client, f"{SLIP}@hub.example", SLIP)
    assert rows() == [
        ("password", user, "127.0.0.1", "", 2),
        ("password", None, "127.0.0.1", "", 1),
    ]
    assert SLIP not in str(list(Refusal.objects.values()))


def test_log_ins_that_are_held_back_are_rows_of_their_own(client: Client) -> None:
    user = making.person(Role.VIEWER, "v@hub.example")
    for _ in range(7):
        log_in(client, "v@hub.example", "wrong")
    assert rows() == [("password", user, "127.0.0.1", "", 5), ("locked", user, "127.0.0.1", "", 2)]


def test_a_wrong_code_is_a_row(client: Client) -> None:
    user = making.person(Role.ANALYST, "a@hub.example")
    secret = Sealed().encrypt(generate_totp_secret())
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})
    log_in(client, "a@hub.example")
    client.post("/account/2fa/authenticate/", {"code": "no code"})
    assert rows() == [("code", user, "127.0.0.1", "", 1)]


def test_wrong_keys_and_links_are_rows_without_the_key(client: Client) -> None:
    client.get("/account/enter/invite_wrong/")
    client.get("/api/organisations", headers={"Authorization": "Bearer tocsin_wrong"})
    assert rows() == [("link", None, "127.0.0.1", "", 1), ("key", None, "127.0.0.1", "", 1)]


def test_a_page_that_is_not_for_somebody_is_a_row_with_his_name(enter: Callable[[User], Client]) -> None:
    viewer = making.person(Role.VIEWER)
    client = enter(viewer)
    assert client.get("/retention/").status_code == 403
    assert client.get("/").status_code == 200
    assert rows() == [("page", viewer, "127.0.0.1", "/retention/", 1)]


def test_an_hour_later_it_is_another_row(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "v@hub.example", "wrong")
    Refusal.objects.update(first=Refusal.objects.get().first - timedelta(hours=1))
    log_in(client, "v@hub.example", "wrong")
    assert [row[-1] for row in rows()] == [1, 1]


def test_a_flood_from_everywhere_leaves_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST", 3)
    for number in range(1, 21):
        Client(REMOTE_ADDR=f"192.0.2.{number}").get("/account/enter/invite_wrong/")
    assert [row[2:] for row in rows()] == [(f"192.0.2.{n}", "", 1) for n in (1, 2, 3)] + [(None, "", 17)]


def test_administrators_read_it_and_others_do_not(enter: Callable[[User], Client], client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example", name="Viola")
    log_in(client, "v@hub.example", "wrong")
    text = enter(making.person(Role.ADMINISTRATOR)).get("/record/refusals/").content.decode()
    assert "wrong password" in text
    assert "Viola" in text
    assert enter(making.person(Role.ANALYST)).get("/record/refusals/").status_code == 403


def test_rows_end_in_their_time(client: Client) -> None:
    making.person(Role.VIEWER, "v@hub.example")
    log_in(client, "v@hub.example", "wrong")
    assert retention.dry_run()["refusals"] == 0
    Refusal.objects.update(last=Refusal.objects.get().last - timedelta(days=91))
    assert retention.dry_run()["refusals"] == 1
