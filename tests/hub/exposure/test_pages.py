"""The pages of exposure: what a server's page shows to whom, and how decisions are made there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.browser.story import tell

from tocsin.hub.accounts.models import Reading, User
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.exposure import bulk
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.rules import days
from tocsin.hub.rules.words import Compromise, Exposure, Role

pytestmark = pytest.mark.django_db
LIST = "/campaigns/proxylogon/servers/"
DECIDE = f"{LIST}decide/"
Enter = Callable[[User], Client]


@pytest.fixture
def told() -> Server:
    """A server that patched, had a web shell, and is shown differently by two sources."""
    making.person(Role.ANALYST)
    own = making.organisation("Contoso", pk=1)
    server = making.server(owner=own, pk=1)
    making.standing(server, pk=1)
    making.snapshot(pk=1)
    tell()
    return server


def text_of(answer: Any) -> str:
    """The words of a page, without its tags."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.usefixtures("told")
def test_a_servers_page_tells_both_axes_and_who_says_what(enter: Enter) -> None:
    viewer = making.person(Role.VIEWER)
    page = text_of(enter(viewer).get("/servers/1/"))
    for words in (
        "Exposure patched since",
        "Compromise removed",
        "the worst ever shown: confirmed",
        "web shell last seen 2021-03-09",
        "disagree see below what each saw",
        "by cidr 192.0.2.0/24 (manual)",
        "vulnerable → patched",
        "suspected → removed",
        "proxylogon: exposure",
        "patched, 2021-03-12 to",
        "The owner removed the page and sent its digest.",
    ):
        assert words in page
    for build in ("15.1.2106.2", "15.1.2106.13", "15.1.2106"):
        assert build in page
    assert Reading.objects.filter(user=viewer, path="/servers/1/", rows=1).exists()


@pytest.mark.usefixtures("told")
def test_a_page_offers_decisions_to_those_who_may_decide(visitor: Callable[..., Client]) -> None:
    for role in (Role.ANALYST, Role.ADMINISTRATOR, Role.VIEWER):
        page = visitor(role).get("/servers/1/").content
        assert (b"/servers/1/decide/proxylogon/" in page) == (role != Role.VIEWER)
        assert (b"/decisions/1/withdraw/" in page) == (role != Role.VIEWER)


def test_members_see_their_own_servers_and_those_below(told: Server, enter: Enter) -> None:
    assert told.organisation
    above = making.organisation("Above")
    told.organisation.parent = above
    told.organisation.save()
    other = making.server("198.51.100.9", making.organisation("Fabrikam"))
    making.standing(other)
    for who, sees in ((making.member(above), True), (making.member(making.organisation("Third")), False)):
        client = enter(who)
        assert client.get("/servers/1/").status_code == (200 if sees else 404)
        assert client.get(f"/servers/{other.pk}/").status_code == 404
        listed = client.get(LIST).content
        assert (b"mail.contoso.example" in listed) == sees
        assert b"198.51.100.9" not in listed
    page = text_of(enter(making.member(above)).get("/servers/1/"))
    assert "vulnerable → patched" in page
    assert "Take back" not in page


def some(count: int = 5, **rest: Any) -> list[Standing]:
    return [making.standing(making.server(f"192.0.2.{number}"), **rest) for number in range(count)]


def test_about_many_only_what_was_confirmed(visitor: Callable[..., Client]) -> None:
    rows, client = some(), visitor(Role.ANALYST)
    for row in rows:
        seen(row.server)
    form = {"action": "retired", "chosen": [rows[0].pk, rows[1].pk], "kind": "retired"}
    asked = text_of(client.post(DECIDE, form))
    assert "This is about 2 servers in ProxyLogon" in asked
    assert not Decision.objects.exists()
    assert "This field is required" in text_of(client.post(DECIDE, {**form, "confirmed": "2"}))
    changed = text_of(client.post(DECIDE, {**form, "confirmed": "3", "reason": "scrapped"}))
    assert "Meanwhile the filter gives another number" in changed
    assert not Decision.objects.exists()
    done = client.post(DECIDE, {**form, "confirmed": "2", "reason": "scrapped"})
    assert done.headers["Location"] == LIST
    assert set(Decision.objects.values_list("server_id", "kind", "reason")) == {
        (row.server_id, "retired", "scrapped") for row in rows[:2]
    }
    assert Standing.objects.filter(exposure=Exposure.RETIRED).count() == 2


def test_all_that_a_filter_gives(visitor: Callable[..., Client]) -> None:
    some(3)
    making.standing(making.server("198.51.100.1"), exposure=Exposure.PATCHED)
    client = visitor(Role.ANALYST)
    form = {"action": "disconnected", "which": "all", "query": "?exposure=vulnerable", "kind": "disconnected"}
    assert "This is about 3 servers in ProxyLogon : all that the filter gives" in text_of(
        client.post(DECIDE, form)
    ).replace("ProxyLogon:", "ProxyLogon :")
    client.post(DECIDE, {**form, "confirmed": "3", "reason": "unplugged"})
    assert Decision.objects.count() == 3
    for query in ("?exposure=nonsense", "?sort=nonsense"):
        assert client.post(DECIDE, {**form, "query": query}).status_code == 400


def test_more_than_may_be_decided_at_once(
    visitor: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    some(4)
    form = {"action": "retired", "which": "all", "kind": "retired", "confirmed": "3", "reason": "scrapped"}
    for action in ("retired", bulk.REMATCH):
        answer = visitor(Role.ANALYST).post(DECIDE, {**form, "action": action})
        assert "servers are meant. Narrow the filter" in text_of(answer)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("rows", [["x"], ["-1"], ["1" * 19], ["１"]])  # noqa: RUF001 - a digit, and none of ours
def test_rows_that_are_none_are_refused(visitor: Callable[..., Client], rows: list[str]) -> None:
    making.campaign()
    assert visitor(Role.ANALYST).post(DECIDE, {"chosen": rows, "action": "retired"}).status_code == 400


def test_nothing_chosen_is_said(visitor: Callable[..., Client]) -> None:
    making.campaign()
    for chosen in ([], ["777"]):
        answer = visitor(Role.ANALYST).post(DECIDE, {"chosen": chosen, "action": "retired"})
        assert "No servers were chosen" in text_of(answer)


def test_rows_of_another_campaign_are_not_meant() -> None:
    rows = some(1)
    other = making.standing(rows[0].server, making.campaign("proxyshell"))
    posted = QueryDict(f"chosen={other.pk}&chosen={rows[0].pk}")
    found = bulk.chosen(making.person(), making.campaign(), posted)
    assert list(found.servers) == [rows[0].server_id]
    assert bulk.chosen(making.person(), other.campaign, QueryDict(f"chosen={rows[0].pk}")).servers == []


def test_owners_are_matched_again(visitor: Callable[..., Client]) -> None:
    rows, client = some(2), visitor(Role.ANALYST)
    owner = making.organisation("Contoso", sector="energy")
    making.claim(owner)
    seen(rows[0].server)
    form = {"action": bulk.REMATCH, "chosen": [row.pk for row in rows]}
    assert "Match owners again" in text_of(client.post(DECIDE, form))
    assert not Server.objects.filter(organisation=owner).exists()
    assert client.post(DECIDE, {**form, "confirmed": "2"}).status_code == 302
    rows[0].refresh_from_db()
    assert (rows[0].organisation_id, rows[0].sector) == (owner.pk, "energy")
    assert list(Server.objects.filter(organisation=owner)) == [rows[0].server]


def seen(server: Server) -> None:
    """Somebody saw it: what is folded anew begins with that."""
    Observation.objects.create(
        server=server,
        source=making.source(),
        content="1" * 32,
        ip=server.ip,
        tags=["cve-2021-26855"],
        days=days.pack(days.bits([making.DAY.date()])),
        first_seen=making.DAY,
        last_seen=making.DAY,
        count=1,
    )


def test_one_decision_and_what_is_objected_to(visitor: Callable[..., Client]) -> None:
    row, client = some(1)[0], visitor(Role.ANALYST)
    address = f"/servers/{row.server_id}/decide/proxylogon/"
    far = date.fromordinal(timezone.now().date().toordinal() + 3)
    for form, words in (
        ({"kind": "retired"}, "This field is required"),
        ({"kind": "retired", "reason": "x", "at": far}, "cannot be about the future"),
        ({"kind": "false-positive", "reason": "x"}, "needs the day on which it ends"),
        ({"kind": "assessment", "reason": "x"}, "not one of the available choices"),
    ):
        assert words in text_of(client.post(address, form))
    assert not Decision.objects.exists()
    past = timezone.now().date() - timedelta(days=9)
    answer = client.post(address, {"kind": "contained", "reason": "shut off", "at": past, "evidence": "T-1"})
    assert answer.headers["Location"] == f"/servers/{row.server_id}/"
    made = Decision.objects.get()
    assert (made.kind, made.at.date(), made.evidence) == ("contained", past, "T-1")
    row.refresh_from_db()
    assert row.compromise in {Compromise.CONTAINED, Compromise.UNKNOWN}


def test_taking_back_needs_a_reason(visitor: Callable[..., Client]) -> None:
    row, client = some(1)[0], visitor(Role.ANALYST)
    client.post(f"/servers/{row.server_id}/decide/proxylogon/", {"kind": "retired", "reason": "scrapped"})
    address = f"/decisions/{Decision.objects.get().pk}/withdraw/"
    for form, count in (({}, 1), ({"reason": " "}, 1), ({"reason": "the wrong one"}, 2)):
        assert client.post(address, form).status_code == 302
        assert Decision.objects.count() == count
    assert visitor(Role.VIEWER).post(address, {"reason": "x"}).status_code == 403
    member = visitor(Role.MEMBER).post(address, {"reason": "x"})
    assert member.status_code == 403
    assert "taken back" in text_of(client.get(f"/servers/{row.server_id}/"))
