"""Cases for programs: the same rules as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.hub import making as hub
from tests.hub.cases import making

from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import make_token
from tocsin.hub.cases import services, work
from tocsin.hub.cases.models import Case
from tocsin.hub.rules.cases import CaseState
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpResponse]


def program(of: User, *scopes: Scope) -> Ask:
    """A client with a token of a person."""
    key = make_token(of, "program", [str(scope) for scope in scopes], days=1, by=of)[1]
    client = Client(headers={"Authorization": f"Bearer {key}"})

    def ask(path: str, posted: dict[str, Any] | None = None) -> HttpResponse:
        if posted is None:
            return client.get(f"/api/cases{path}")
        return client.post(f"/api/cases{path}", posted, content_type="application/json")

    return ask


@pytest.fixture
def analyst() -> User:
    return hub.person(name="A. Analyst")


@pytest.fixture
def ask(analyst: User) -> Ask:
    return program(analyst, Scope.CASES_READ, Scope.CASES_WRITE)


def test_closing_is_judged_as_on_the_page(ask: Ask, analyst: User) -> None:
    case = making.case()
    assert case.server
    address = f"/{case.pk}/verify"
    early = making.hand_in(case.server, -1)
    refused = ask(address, {"hand_in": early.pk})
    assert refused.status_code == 400
    assert "nobody claims it yet" in refused.json()["detail"]
    services.claim_removed([case.pk], by=analyst, reason="gone", at=making.later(1))
    for posted in (
        {"hand_in": early.pk},
        {"hand_in": 999},
        {"hand_in": early.pk, "state": "verified-removed"},
    ):
        assert ask(address, posted).status_code == 400
    for posted in ({}, {"hand_in": None}, {"hand_in": "x"}, {"hand_in": 0}):
        assert ask(address, posted).status_code == 422
    case.refresh_from_db()
    assert case.state == CaseState.REMOVAL_CLAIMED
    late = making.hand_in(case.server, 2)
    whole = ask(f"/{case.pk}").json()
    assert all(one["met"] for one in whole["conditions"])
    closed = ask(address, {"hand_in": late.pk})
    assert (closed.status_code, closed.json()["case"]["state"]) == (200, "verified-removed")
    assert [one["kind"] for one in closed.json()["facts"]] == ["seen", "claimed", "verified"]


def test_open_and_act(ask: Ask, analyst: User) -> None:
    server = hub.server(owner=making.own())
    new = {"kind": "webshell", "campaign": hub.campaign().key, "server": server.pk, "reason": "a call"}
    first = ask("", {**new, "url": "/owa/auth/a.aspx", "at": "2021-03-03T04:00:00Z"})
    assert first.status_code == 201
    number = first.json()["id"]
    assert ask("", {**new, "url": "/OWA/auth/a.aspx"}).json()["id"] == number
    assert ask("", {**new, "at": "2999-01-01T00:00:00Z"}).status_code == 400
    assert ask("", {**new, "server": 999}).status_code == 404
    acts: list[dict[str, Any]] = [
        {"act": "assign", "to": analyst.pk},
        {"act": "due", "day": "2099-01-01"},
        {"act": "comment", "text": "a word"},
        {"act": "notify"},
        {"act": "link", "text": "ticket 7"},
        {"act": "acknowledged", "text": "by telephone"},
        {"act": "claim", "text": "deleted"},
    ]
    for act in acts:
        assert ask("/act", {"cases": [number], **act}).json() == {"cases": 1}, act
    case = Case.objects.get(pk=number)
    assert (case.state, case.assignee, case.notify) == (CaseState.REMOVAL_CLAIMED, analyst, True)
    assert ask("/act", {"cases": [number], "act": "verified"}).status_code == 422
    assert ask("/act", {"cases": [number], "act": "accept", "text": "x"}).status_code == 400
    assert ask("/act", {"cases": [number, 999], "act": "claim", "text": "x"}).status_code == 403
    assert ask("/act", {"cases": [number], "act": "claim", "text": ""}).status_code == 400


def test_filters(ask: Ask) -> None:
    case = making.case()
    for query in (
        "",
        "state=found",
        "kind=webshell",
        "open=true",
        "overdue=false",
        f"server={case.server_id}",
        f"organisation={case.organisation_id}",
        "campaign=proxylogon",
    ):
        assert [one["id"] for one in ask(f"?{query}").json()["items"]] == [case.pk], query
    for query in ("state=merged", "kind=compromise", "open=false", "overdue=true", "cluster=9", "campaign=x"):
        assert ask(f"?{query}").json()["items"] == [], query


def test_who_may(ask: Ask) -> None:
    case = making.case()
    assert case.organisation
    member = program(hub.member(case.organisation), Scope.CASES_READ)
    stranger = program(hub.member(making.own("Other")), Scope.CASES_READ)
    viewer = program(hub.person(Role.VIEWER), Scope.CASES_READ)
    assert [len(who("").json()["items"]) for who in (ask, member, stranger, viewer)] == [1, 1, 0, 1]
    assert [who(f"/{case.pk}").status_code for who in (member, stranger, viewer)] == [200, 404, 200]
    claim = {"cases": [case.pk], "act": "claim", "text": "x"}
    assert [who("/act", claim).status_code for who in (member, stranger, viewer)] == [403, 403, 403]


def test_members_claim_their_own_and_do_nothing_else() -> None:
    case = making.case()
    assert case.organisation
    member, stranger = (
        program(hub.member(of), Scope.CASES_WRITE) for of in (case.organisation, making.own("Other"))
    )
    claim = {"cases": [case.pk], "act": "claim", "text": "deleted", "day": "2021-03-04"}
    assert stranger("/act", claim).status_code == 403
    assert member("/act", {**claim, "day": "2999-01-01"}).status_code == 400
    for act in ("assign", "due", "comment", "notify", "link", "acknowledged", "accept"):
        assert member("/act", {**claim, "act": act}).status_code == 403, act
    assert member(f"/{case.pk}/verify", {"hand_in": 1}).status_code == 403
    assert member("", {"kind": "webshell", "campaign": "x", "server": 1, "reason": "x"}).status_code == 403
    assert member("/act", claim).json() == {"cases": 1}
    case.refresh_from_db()
    assert case.claimed
    assert (case.state, case.claimed.date().isoformat()) == (CaseState.REMOVAL_CLAIMED, "2021-03-04")


def test_orders(ask: Ask, analyst: User) -> None:
    late, soon, never = (making.case(url=f"/owa/auth/{name}.aspx") for name in "abc")
    for case, day in ((late, date(2099, 2, 1)), (soon, date(2099, 1, 1))):
        work.set_due([case.pk], by=analyst, day=day)
    services.claim_removed([late.pk], by=analyst, reason="x", at=making.later(1))
    Case.objects.filter(pk=never.pk).update(risk=60)
    wanted = {"due": [soon, late, never], "state": [soon, never, late], "risk": [never, soon, late]}
    for order, cases in wanted.items():
        found, cursor = [], ""
        while cursor is not None:
            page = ask(f"?order={order}&limit=1&cursor={cursor}").json()
            found, cursor = [*found, *(one["id"] for one in page["items"])], page["next"]
        assert found == [one.pk for one in cases], order
