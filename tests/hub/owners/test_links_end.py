"""What becomes of links: they end when their work is done, and tell nothing of others' servers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.cases import making as cases
from tests.hub.owners import rows

from tocsin.errors import UsageFault
from tocsin.hub.cases import services, taking_in
from tocsin.hub.cases.models import Case
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.exposure.services import Ruling, decide
from tocsin.hub.owners import answering, handing, selectors
from tocsin.hub.owners.answering import Reply
from tocsin.hub.owners.ending import end_links, renew_nonces
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.links import READABLE_FOR, Answered
from tocsin.hub.rules.words import Compromise, Role

LONG_AGO = READABLE_FOR + timedelta(days=1)


def clean(server: Server, *, ago: timedelta = LONG_AGO) -> HandIn:
    """A server that was shown clean so long ago, and stands so."""
    Standing.objects.filter(server=server).update(exposure="patched")
    return cases.hand_in(server, campaign=rows.proxylogon(), decided=timezone.now() - ago)


def test_a_link_ends_when_its_owner_could_read_that_all_is_shown_clean() -> None:
    server = rows.server()
    link, path = rows.link(server)
    assert not end_links()
    row = clean(server, ago=timedelta(days=1))
    assert not end_links()  # the owner is to read it
    HandIn.objects.filter(pk=row.pk).update(decided=timezone.now() - LONG_AGO)
    assert end_links()
    assert not end_links()
    link.refresh_from_db()
    assert (link.done is not None, link.stand) == (True, "done")
    gone = Client().get(path)
    assert gone.status_code == 410
    assert "What it was for is done" in gone.content.decode()


@pytest.mark.parametrize("left", ["vulnerable", "mitigated", "removed", "accepted-risk", "second"])
def test_a_link_goes_on_while_anything_is_left(left: str) -> None:
    server = rows.server()
    link, _ = rows.link(server)
    clean(server)
    if left == "second":
        assert server.organisation
        other = making.server("192.0.2.252", server.organisation)
        making.standing(other, rows.proxylogon())
        link.servers.add(other)
    elif left in {"vulnerable", "mitigated"}:
        Standing.objects.update(exposure=left)
    else:
        Standing.objects.update(compromise=left)
    assert not end_links()


def test_a_link_about_an_order_ends_by_its_time() -> None:
    server = rows.server()
    rows.link(server, purpose="directive")
    clean(server)
    assert not end_links()


def test_a_server_that_is_anothers_is_gone_from_a_link(client: Client) -> None:
    server = rows.server()
    link, path = rows.link(server)
    browser = rows.inside(path)
    assert server.ip in browser.get(path).content.decode()
    Server.objects.filter(pk=server.pk).update(organisation=making.organisation("Fabrikam"))
    assert server.ip not in browser.get(path).content.decode()
    token = {"Authorization": f"Bearer {path.split('/')[2]}"}
    assert client.get("/api/owners/link", headers=token).json()["servers"] == []
    with pytest.raises(UsageFault, match="not about that server"):
        answering.answer(link, Reply(kind=Answered.REMOVAL_CLAIMED, text="x", server=server.pk))
    with pytest.raises(UsageFault, match="not about that server"):
        handing.take_evidence([b"x"], Given(server=server.pk, campaign=link.campaign, name="", link=link))
    answering.answer(link, Reply(kind=Answered.REMOVAL_CLAIMED, text="x"))
    assert not Decision.objects.exists()


def test_members_do_not_see_what_a_former_owner_handed_in() -> None:
    server = rows.server()
    link, _ = rows.link(server, now=rows.AT)
    rows.examined(link, rows.report())
    new = making.organisation("Fabrikam")
    Server.objects.filter(pk=server.pk).update(organisation=new)
    assert server.organisation
    for member in (making.member(new), making.member(server.organisation)):
        assert not selectors.visible_to(member).exists()
    assert selectors.visible_to(making.person(Role.VIEWER)).exists()


def test_a_claim_by_whomever_gives_a_new_nonce() -> None:
    server, analyst = rows.server(compromise="confirmed"), making.person()
    link, _ = rows.link(server)
    before = rows.newest_nonce(link)
    assert not renew_nonces()
    ruling = Ruling(kind=Kind.REMOVED, reason="by telephone")
    decide(by=analyst, campaign=rows.proxylogon(), servers=[server.pk], ruling=ruling)
    assert renew_nonces()
    assert not renew_nonces()
    assert rows.newest_nonce(link) != before


def shells(server: Server, *names: str) -> list[Case]:
    """Cases of web shells on a server that a census calls suspected."""
    Decision.objects.create(
        server=server,
        campaign=rows.proxylogon(),
        kind="assessment",
        compromise="confirmed",
        at=cases.DAY,
        reason="x",
    )
    Standing.objects.filter(server=server).update(compromise="confirmed")
    return [cases.case(server, url=f"/owa/auth/{name}.aspx") for name in names]


def states(*of: Case) -> set[str]:
    return set(Case.objects.filter(pk__in=[one.pk for one in of]).values_list("state", flat=True))


def test_an_owners_claim_is_one_of_server_and_cases_at_once() -> None:
    server = rows.server()
    link, _ = rows.link(server)
    found = shells(server, "a", "b")
    answering.answer(link, Reply(kind=Answered.REMOVAL_CLAIMED, text="deleted"))
    assert states(*found) == {"removal-claimed"}
    assert rows.state(server) is Compromise.REMOVED
    assert not taking_in.from_owners()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MEMBER])
def test_a_claim_of_the_last_case_is_one_of_the_server(role: Role) -> None:
    server = rows.server()
    assert server.organisation
    by = making.member(server.organisation) if role is Role.MEMBER else making.person(role)
    first, second = shells(server, "a", "b")
    services.claim_removed([first.pk], by=by, reason="deleted", at=cases.later(1))
    assert rows.state(server) is Compromise.CONFIRMED  # the other one is still there
    services.claim_removed([second.pk], by=by, reason="deleted", at=cases.later(2))
    assert rows.state(server) is Compromise.REMOVED
    claim = Decision.objects.get(kind="removed")
    assert (claim.at, claim.by) == (cases.later(2), by if by.writes else None)


def test_an_analysts_decision_is_a_claim_of_the_cases() -> None:
    server, analyst = rows.server(), making.person()
    found = shells(server, "a", "b")
    ruling = Ruling(kind=Kind.REMOVED, reason="by telephone", at=cases.later(1))
    decide(by=analyst, campaign=rows.proxylogon(), servers=[server.pk], ruling=ruling)
    assert taking_in.from_decisions()
    assert not taking_in.from_decisions()
    assert states(*found) == {"removal-claimed"}
    assert Decision.objects.filter(kind="removed").count() == 1


def test_an_owner_reads_by_the_api_what_became_of_a_file() -> None:
    link, path = rows.link(rows.server())
    token = {"Authorization": f"Bearer {path.split('/')[2]}"}
    number = handing.take_evidence(
        [b"x"], Given(server=link.servers.get().pk, campaign=link.campaign, name="x", link=link)
    ).hand_in
    row = HandIn.objects.get(pk=number)
    HandIn.objects.filter(pk=number).update(reason="a word among staff")
    ask = Client(headers=token)
    (told,) = ask.get(f"/api/owners/link/hand-ins?digest={row.digest}").json()
    assert (told["id"], told["state"], told["reason"]) == (number, "waiting", "")
    assert ask.get(f"/api/owners/link/hand-ins?digest={'0' * 64}").json() == []
    assert ask.get("/api/owners/link/hand-ins?digest=x").status_code == 422
    other, elsewhere = rows.link(rows.server("mail02.contoso.example"))
    stranger = Client(headers={"Authorization": f"Bearer {elsewhere.split('/')[2]}"})
    assert other.pk != link.pk
    assert stranger.get("/api/owners/link/hand-ins").json() == []
    assert OwnerLink.objects.count() == 2
