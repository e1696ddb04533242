"""Tokens: shown once, scoped, ended, and never more than their person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.hub import making

from tocsin.hub.accounts import services
from tocsin.hub.accounts.models import Token, User
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
Call = Callable[..., Client]


def bearer(who: User, *scopes: str) -> Client:
    _, key = services.make_token(who, "test", list(scopes), days=1, by=who)
    return Client(headers={"authorization": f"Bearer {key}"})


def test_a_token_reaches_its_scope_and_no_other() -> None:
    client = bearer(making.person(Role.ANALYST), Scope.CONSTITUENCY_READ)
    assert client.get("/api/organisations").json() == {"items": [], "next": None}
    assert client.get("/api/campaigns").status_code == 403
    assert client.post("/api/organisations", {}, "application/json").status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer tocsin_wrong", "Basic x", "Bearer \xff"])
def test_no_key_no_entry(header: str) -> None:
    answer = Client(headers={"authorization": header} if header else {}).get("/api/organisations")
    assert answer.status_code == 401
    assert "detail" in answer.json()


def test_a_session_opens_no_api(visitor: Call) -> None:
    assert visitor(Role.ADMINISTRATOR).get("/api/organisations").status_code == 401


def test_keys_are_not_kept() -> None:
    who = making.person()
    token, key = services.make_token(who, "t", [Scope.CENSUS_READ], days=1, by=who)
    assert key not in str(Token.objects.values())
    assert len(token.digest) == 64


@pytest.mark.parametrize("end", ["expires", "revoked", "closed"])
def test_an_ended_token_opens_nothing(end: str) -> None:
    who = making.person()
    client = bearer(who, Scope.CONSTITUENCY_READ)
    now = timezone.now()
    if end == "closed":
        User.objects.update(is_active=False)
    else:
        Token.objects.update(**{end: now - timedelta(seconds=1)})
    assert client.get("/api/organisations").status_code == 401


def test_a_token_loses_what_its_person_loses() -> None:
    who = making.person(Role.ANALYST)
    client = bearer(who, Scope.CONSTITUENCY_WRITE)
    assert client.post("/api/organisations", {"name": "Contoso"}, "application/json").status_code == 201
    User.objects.update(role=Role.VIEWER)
    assert client.post("/api/organisations", {"name": "Fabrikam"}, "application/json").status_code == 403


def test_too_many_wrong_keys() -> None:
    client = Client(headers={"authorization": "Bearer tocsin_wrong"})
    assert {client.get("/api/organisations").status_code for _ in range(70)} == {401, 429}


def test_a_token_makes_no_stronger_one() -> None:
    client = bearer(making.person(Role.ANALYST), Scope.TOKENS_WRITE, Scope.CENSUS_READ)
    wanted = {"name": "x", "scopes": ["census:write"], "days": 1}
    assert client.post("/api/tokens", wanted, "application/json").status_code == 403
    wanted["scopes"] = ["census:read"]
    made = client.post("/api/tokens", wanted, "application/json")
    assert made.status_code == 201
    assert made.json()["key"].startswith("tocsin_")
    assert client.delete(f"/api/tokens/{made.json()['id']}").status_code == 204
    assert Token.objects.get(pk=made.json()["id"]).revoked


def test_members_see_their_own_through_the_api() -> None:
    mine, other = making.organisation("Mine"), making.organisation("Other")
    below = making.organisation("Below", parent=mine)
    client = bearer(making.member(mine), Scope.CONSTITUENCY_READ)
    assert [row["name"] for row in client.get("/api/organisations").json()["items"]] == ["Below", "Mine"]
    assert client.get(f"/api/organisations/{other.pk}").status_code == 404
    assert client.get(f"/api/organisations/{below.pk}/contacts").status_code == 200
    assert client.get(f"/api/organisations/{other.pk}/claims").status_code == 404


def test_pages_go_on_from_a_cursor() -> None:
    for name in "edcba":
        making.organisation(name)
    client = bearer(making.person(), Scope.CONSTITUENCY_READ)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        answer = client.get("/api/organisations", {"limit": 2, "cursor": cursor}).json()
        seen += [row["name"] for row in answer["items"]]
        cursor = answer["next"]
    assert seen == list("abcde")


def test_contacts_and_claims_by_api() -> None:
    client = bearer(making.person(), Scope.CONSTITUENCY_READ, Scope.CONSTITUENCY_WRITE)
    number = client.post("/api/organisations", {"name": "Contoso"}, "application/json").json()["id"]
    wanted = {"value": "security@Contoso.example"}
    made = client.post(f"/api/organisations/{number}/contacts", wanted, "application/json")
    assert made.json()["value"] == "security@contoso.example"
    assert client.post(f"/api/organisations/{number}/contacts", wanted, "application/json").status_code == 409
    marked = client.post(f"/api/organisations/contacts/{made.json()['id']}/mark?what=verified")
    assert marked.json()["verified"]
    assert client.post(f"/api/organisations/contacts/{made.json()['id']}/mark?what=x").status_code == 400
    claim = client.post(
        f"/api/organisations/{number}/claims", {"kind": "cidr", "value": "192.0.2.7/24"}, "application/json"
    )
    assert claim.json()["value"] == "192.0.2.0/24"
    bad = client.post(
        f"/api/organisations/{number}/claims", {"kind": "cidr", "value": "x"}, "application/json"
    )
    assert bad.status_code == 400
    assert (
        client.post(f"/api/organisations/claims/{claim.json()['id']}/end?last_day=2021-03-05").status_code
        == 200
    )


def test_the_description_is_open_and_whole(client: Client) -> None:
    description = client.get("/api/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert all(
        "401" in operation["responses"]
        for path in description["paths"].values()
        for operation in path.values()
    )
