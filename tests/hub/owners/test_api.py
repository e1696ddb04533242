"""Owners by the API: with a link's token, with a token of somebody here, and who gets what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.hub import making
from tests.hub.owners import rows

from tocsin.hub.accounts.services import make_token
from tocsin.hub.owners import deciding, services
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules.words import Compromise, Role

Ask = Callable[..., Any]


def asking(key: str) -> Ask:
    """A client that shows this key."""

    def ask(path: str, body: object = None, **rest: Any) -> Any:
        client, head = Client(), {"HTTP_AUTHORIZATION": f"Bearer {key}"}
        address = f"/api/owners/{path}"
        if body is None:
            return client.get(address, **head)
        return client.post(address, body, content_type="application/json", **head, **rest)

    return ask


def owner(path: str) -> Ask:
    return asking(path.split("/")[2])


def somebody(role: Role = Role.ANALYST, *scopes: str) -> Ask:
    person = making.person(role, name="A. Nalyst")
    return asking(make_token(person, "t", list(scopes), days=1, by=person)[1])


def test_a_link_tells_what_it_is_about_and_takes_answers() -> None:
    made, path = rows.link(rows.server())
    ask = owner(path)
    about = ask("link").json()
    assert about["nonce"] == rows.newest_nonce(made)
    assert [one["name"] for one in about["servers"]] == ["mail01.contoso.example"]
    assert ask("link/answers", {"kind": "help", "text": "please call"}).status_code == 201
    assert ask("link/answers", {"kind": "help"}).status_code == 400
    assert made.answers.count() == 1


def test_files_by_a_link() -> None:
    _, path = rows.link(rows.server())
    ask = owner(path)
    done = ask("link/reports?name=a.json", rows.as_file(rows.report()))
    assert (done.status_code, done.json()["state"], done.json()["new"]) == (201, "open", True)
    assert ask("link/reports", rows.as_file(rows.report())).json()["new"] is False
    assert ask("link/evidence?name=b.zip", b"PK").json()["state"] == "waiting"
    assert ask("link/reports", b"{}").status_code == 400
    assert ask("link/reports", b"x" * ((10 << 20) + 1)).status_code == 413
    assert ask("link/evidence", b"").status_code == 400
    assert HandIn.objects.count() == 2


def test_a_link_opens_nothing_else() -> None:
    made, path = rows.link(rows.server())
    ask = owner(path)
    for other in ("hand-ins", "answers", "hand-ins/1"):
        assert ask(other).status_code == 401, other
    for other in ("links", "reports", "hand-ins/1/confirm"):
        assert ask(other, {}).status_code == 401, other
    services.withdraw_link(made, by=making.person(), reason="x")
    answer = ask("link")
    assert answer.status_code == 403
    assert "withdrawn" in answer.json()["detail"]
    assert asking("A" * 43 + "." + "A" * 22)("link").status_code == 401


def test_a_token_brings_lists_and_decides() -> None:
    server = rows.server()
    ask = somebody(Role.ANALYST, "owners:read", "owners:write")
    where = f"?server={server.pk}&campaign=proxylogon"
    number = ask(f"reports{where}", rows.as_file(rows.report())).json()["id"]
    assert ask(f"evidence{where}", b"PK").status_code == 201
    assert ask("reports?server=999&campaign=proxylogon", b"{}").status_code == 404
    assert len(ask("hand-ins?state=open").json()["items"]) == 1
    one = ask(f"hand-ins/{number}").json()
    assert one["grade"] == "self-reported"
    assert any("only evidence closes" in each for each in one["objections"])
    assert one["report"]["schema"] == "tocsin/assessment/1"
    assert ask(f"hand-ins/{number}/confirm", {"close": True}).status_code == 400
    assert ask(f"hand-ins/{number}/confirm", {"reason": "read it"}).json()["state"] == "confirmed"
    assert ask(f"hand-ins/{number}/refuse", {"reason": "x"}).status_code == 400


def test_a_token_gives_and_withdraws_links() -> None:
    server = rows.server()
    ask = somebody(Role.ANALYST, "owners:write")
    wanted = {"organisation": server.organisation_id, "servers": [server.pk], "campaign": "proxylogon"}
    made = ask("links", wanted)
    assert made.status_code == 201
    path = made.json()["address"].partition("8000")[2]
    assert rows.inside(path).get(path).status_code == 200
    assert ask(f"links/{made.json()['id']}/withdraw", {"reason": "wrong address"}).status_code == 204
    assert Client().get(path).status_code == 410
    assert ask("links", {**wanted, "servers": [999]}).status_code == 400
    assert ask("links", {**wanted, "organisation": 999}).status_code == 400
    assert OwnerLink.objects.count() == 1


@pytest.mark.parametrize("scopes", [("owners:read",), ("exposure:write",)])
def test_scopes_hold(scopes: tuple[str, ...]) -> None:
    ask = somebody(Role.ANALYST, *scopes)
    assert ask("hand-ins/1/confirm", {}).status_code == 403
    assert ask("links", {}).status_code == 403
    assert ask("reports?server=1&campaign=proxylogon", b"{}").status_code == 403


def test_members_read_their_own() -> None:
    server, foreign = rows.server(), rows.server("mail02.contoso.example")
    for one in (server, foreign):
        link, _ = rows.link(one, now=rows.AT)
        rows.examined(link, rows.report(host=one.hostname))
    member = making.person(Role.MEMBER)
    member.memberships.create(organisation=server.organisation)
    ask = asking(make_token(member, "t", ["owners:read"], days=1, by=member)[1])
    assert [one["server_id"] for one in ask("hand-ins").json()["items"]] == [server.pk]
    other = HandIn.objects.get(server=foreign)
    assert ask(f"hand-ins/{other.pk}").status_code == 404


def test_closing_by_the_api_takes_evidence_and_a_name() -> None:
    server = rows.server()
    link, _ = rows.link(server, now=rows.AT)
    row = rows.examined(link, rows.clean_report(rows.later(30), compromise="targeted"))
    assert deciding.objections_to(row, making.person(name="X")) == []
    ask = somebody(Role.ANALYST, "owners:write")
    closed = ask(f"hand-ins/{row.pk}/confirm", {"close": True, "reason": "nothing left"})
    assert (closed.status_code, closed.json()["shown_clean"]) == (200, True)
    assert rows.state(server) is Compromise.VERIFIED_CLEAN
