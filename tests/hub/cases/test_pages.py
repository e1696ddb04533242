"""Pages of cases: who sees what, raw posts that would close, bulk, and what is shown inert."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.hub import making as hub
from tests.hub.cases import making

from tocsin.hub.accounts.models import Act, User
from tocsin.hub.cases import selectors, services, work
from tocsin.hub.cases.exports import EXPORTS
from tocsin.hub.cases.models import Case
from tocsin.hub.rules.cases import CaseKind, CaseState
from tocsin.hub.rules.words import Role

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
NASTY = '<script>alert(1)</script>{{ 7|add:"1" }}=HYPERLINK("x")'


@pytest.fixture
def analyst() -> User:
    return hub.person(name="A. Analyst")


def claimed(by: User) -> Case:
    case = making.case()
    services.claim_removed([case.pk], by=by, reason="deleted", at=making.later(1))
    case.refresh_from_db()
    return case


def state(case: Case) -> str:
    return Case.objects.values_list("state", flat=True).get(pk=case.pk)


RAW: list[dict[str, Any]] = [
    {},
    {"evidence": ""},
    {"evidence": "1"},
    {"evidence": "999999999999999999999"},
    {"evidence": "-1"},
    {"hand_in": "1", "state": "verified-removed", "closed_by": "1"},
    {"evidence": "0", "reason": "x", "grade": "re-assessed", "gone": "on"},
]


@pytest.mark.parametrize("posted", RAW)
def test_no_raw_post_closes_without_evidence(enter: Enter, analyst: User, posted: dict[str, Any]) -> None:
    case, client = claimed(analyst), enter(analyst)
    answer = client.post(f"/cases/{case.pk}/close/", posted)
    assert answer.status_code == 422
    assert b"cannot be closed" in answer.content
    assert state(case) == CaseState.REMOVAL_CLAIMED
    for word in ("state", "verify", "verified", "close", "merged", "found", "seen"):
        fields = {"action": word, "state": "verified-removed", "reason": "x", **posted}
        assert client.post(f"/cases/{case.pk}/act/", fields).status_code == 400
        assert (
            client.post("/cases/act/", {**fields, "chosen": [case.pk], "confirmed": "1"}).status_code == 400
        )
    for word in ("claim", "due", "comment", "assign"):
        fields = {"action": word, "state": "verified-removed", "reason": "x", "text": "x", **posted}
        client.post(f"/cases/{case.pk}/act/", fields)
        assert state(case) == CaseState.REMOVAL_CLAIMED


def test_the_page_says_what_is_missing_and_closes_when_nothing_is(enter: Enter, analyst: User) -> None:
    case, client = claimed(analyst), enter(analyst)
    assert case.server
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "no evidence was handed in" in page
    assert "6 conditions not met" in page
    early = making.hand_in(case.server, 0.5)
    page = client.get(f"/cases/{case.pk}/?evidence={early.pk}").content.decode()
    assert "not after 2021-03-04 12:00" in page
    assert client.post(f"/cases/{case.pk}/close/", {"evidence": early.pk}).status_code == 422
    late = making.hand_in(case.server, 2)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "not met" not in page
    answer = client.post(f"/cases/{case.pk}/close/", {"evidence": late.pk, "reason": "looked"})
    assert (answer.status_code, state(case)) == (302, CaseState.VERIFIED_REMOVED)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert late.evidence_digest in page
    assert "A. Analyst" in page


def test_members_see_their_own_and_may_claim_no_more(enter: Enter, analyst: User) -> None:
    case = making.case(hub.server("192.0.2.9", making.own()))
    other = making.case(hub.server("192.0.2.10", making.own("Other")))
    work.comment([case.pk], by=analyst, text="between us")
    assert case.organisation
    client = enter(hub.member(case.organisation))
    listed = client.get("/cases/").content.decode()
    assert f"/cases/{case.pk}/" in listed
    assert f"/cases/{other.pk}/" not in listed
    assert "Assigned" not in listed
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "between us" not in page
    assert "Claim removal" in page
    assert "Accept risk" not in page
    assert client.get(f"/cases/{other.pk}/").status_code == 404
    assert client.post(f"/cases/{other.pk}/act/", {"action": "claim", "reason": "x"}).status_code == 404
    assert client.post(f"/cases/{case.pk}/act/", {"action": "comment", "text": "x"}).status_code == 403
    assert client.post(f"/cases/{case.pk}/close/", {"evidence": "1"}).status_code == 403
    assert client.post(f"/cases/{case.pk}/act/", {"action": "claim", "reason": "gone"}).status_code == 302
    assert state(case) == CaseState.REMOVAL_CLAIMED


def test_a_server_that_changed_hands_is_not_shown_to_its_old_owner(enter: Enter) -> None:
    case = making.case(hub.server("192.0.2.9", making.own()))
    assert case.organisation
    assert case.server
    client = enter(hub.member(case.organisation))
    case.server.organisation = making.own("Other")
    case.server.save()
    assert client.get(f"/cases/{case.pk}/").status_code == 404


def test_work_on_one(enter: Enter, analyst: User) -> None:
    case, client = making.case(), enter(analyst)
    other = hub.person(name="B. Other")
    viewer = hub.person(Role.VIEWER)
    address, today = f"/cases/{case.pk}/act/", timezone.now().date()
    assert client.post(address, {"action": "assign", "to": other.pk}).status_code == 302
    assert client.post(address, {"action": "assign", "to": viewer.pk}).status_code == 422
    assert client.post(address, {"action": "due", "day": "2021-03-20"}).status_code == 302
    assert client.post(address, {"action": "comment", "text": NASTY}).status_code == 302
    assert client.post(address, {"action": "comment", "text": " "}).status_code == 422
    assert client.post(address, {"action": "link", "label": NASTY, "place": NASTY}).status_code == 302
    assert client.post(address, {"action": "notify"}).status_code == 302
    assert client.post(address, {"action": "acknowledged", "reason": NASTY}).status_code == 302
    case.refresh_from_db()
    assert (case.assignee, case.due, case.overdue, case.notify) == (other, date(2021, 3, 20), True, True)
    assert case.state == CaseState.ACKNOWLEDGED
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4
    assert Act.objects.filter(subject=f"case:{case.pk}").count() == 5
    for fields in ({"reason": "x", "review": "2020-01-01"}, {"reason": "", "review": str(today)}):
        assert client.post(address, {"action": "accept", **fields}).status_code == 422
    review = str(today + timedelta(days=5))
    assert client.post(address, {"action": "accept", "reason": "x", "review": review}).status_code == 302
    assert state(case) == CaseState.ACCEPTED_RISK


def test_filters_views_and_export(enter: Enter, analyst: User) -> None:
    case, client = making.case(url="/=1+1.aspx"), enter(analyst)
    work.assign([case.pk], by=analyst, to=analyst)
    for query in (
        "state=found",
        "kind=webshell",
        f"campaign={case.campaign_id}",
        "sector=unknown",
        "open=yes",
        f"assignee={analyst.pk}",
        "unassigned=no",
        "overdue=no",
        "notify=no",
        "reappeared=no",
        f"server={case.server_id}",
        f"organisation={case.organisation_id}",
        "q=192.0.2.",
        "since=2021-03-01&until=2021-03-05&state=found",
    ):
        assert f"/cases/{case.pk}/" in client.get(f"/cases/?{query}").content.decode(), query
    for query in ("state=merged", "kind=compromise", "open=no", "overdue=yes", "cluster=1", "due=2021-03-01"):
        assert f"/cases/{case.pk}/" not in client.get(f"/cases/?{query}").content.decode(), query
    exported = b"".join(client.get("/cases/?export=csv").streaming_content).decode()
    assert "found" in exported
    assert "#" in exported


def test_bulk_says_how_many_and_asks_again(enter: Enter, analyst: User) -> None:
    made = [making.case(hub.server(f"198.51.100.{at}", None)) for at in range(3)]
    client = enter(analyst)
    asked = {"action": "claim", "which": "all", "query": "?state=found"}
    page = client.post("/cases/act/", asked).content.decode()
    assert "This is about 3 cases" in page
    answer = client.post("/cases/act/", {**asked, "confirmed": "2", "reason": "x"})
    assert b"another number of cases" in answer.content
    answer = client.post("/cases/act/", {**asked, "confirmed": "3", "reason": "rebuilt"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/cases/?state=found")
    assert {state(case) for case in made} == {CaseState.REMOVAL_CLAIMED}
    some = {"action": "due", "chosen": [made[0].pk], "confirmed": "1", "day": "2099-01-01"}
    assert client.post("/cases/act/", some).status_code == 302
    assert Case.objects.filter(due__isnull=False).count() == 1
    assert client.post("/cases/act/", {"action": "due", "chosen": ["x"]}).status_code == 400
    assert enter(hub.person(Role.VIEWER)).post("/cases/act/", some).status_code == 403


def test_a_case_without_a_path_turns_out_to_be_another(enter: Enter, analyst: User) -> None:
    owner = making.own()
    server = hub.server("192.0.2.9", owner)
    case = making.case(server)
    services.claim_removed([case.pk], by=analyst, reason="x", at=making.later(1))
    told = making.case(server=server, server_known=False, url="", at=making.later(2))
    client, address = enter(analyst), f"/cases/{told.pk}/act/"
    asked = {"action": "merge", "into": case.pk, "reason": "the same"}
    assert client.post(f"/cases/{case.pk}/act/", {**asked, "into": told.pk}).status_code == 422
    for wrong in ({"into": told.pk}, {"into": 999}, {"into": "x"}, {"reason": ""}):
        assert client.post(address, {**asked, **wrong}).status_code == 422, wrong
    assert client.post("/cases/act/", {**asked, "chosen": [told.pk], "confirmed": "1"}).status_code == 400
    assert client.post(address, asked).status_code == 302
    assert (state(told), state(case)) == (CaseState.MERGED, CaseState.REAPPEARED)
    assert Case.objects.get(pk=told.pk).merged_into == case
    page = client.get(f"/cases/{told.pk}/").content.decode()
    assert f'<a href="/cases/{case.pk}/">#{case.pk}</a>' in page
    assert client.post(address, asked).status_code == 422


def test_by_hand(enter: Enter, analyst: User) -> None:
    server, client = hub.server(owner=making.own()), enter(analyst)
    hub.campaign()
    fields = {"kind": "webshell", "campaign": "proxylogon", "server": server.pk, "reason": "a call"}
    assert b"no such server" in client.post("/cases/new/", {**fields, "server": 999}).content
    assert b"in the future" in client.post("/cases/new/", {**fields, "day": "2999-01-01"}).content
    first = client.post("/cases/new/", {**fields, "url": "C:\\inetpub\\wwwroot\\aspnet_client\\a.aspx"})
    again = client.post("/cases/new/", {**fields, "url": "/aspnet_client/a.aspx", "day": "2021-03-04"})
    assert first.headers["Location"] == again.headers["Location"]
    case = Case.objects.get()
    assert (case.key, case.facts.count()) == ("/aspnet_client/a.aspx", 2)


def test_the_bulk_export_holds_what_a_person_sees() -> None:
    case = making.case()
    making.case(hub.server("192.0.2.9", making.own("Other")))
    assert case.organisation
    rows = EXPORTS[0].rows
    assert len(list(rows(hub.person()))) == 2
    assert [
        dict(zip(EXPORTS[0].header, row, strict=True))["id"] for row in rows(hub.member(case.organisation))
    ] == [case.pk]


def test_numbers_on_the_first_page() -> None:
    case = making.case()
    making.case(hub.server("192.0.2.9", making.own("Other")), kind=CaseKind.COMPROMISE)
    services.claim_removed([case.pk], by=hub.person(name="A"), reason="x")
    tiles = {tile.name: (tile.number, tile.query) for tile in selectors.tiles(hub.person(), case.campaign_id)}
    of = f"&campaign={case.campaign_id}"
    assert tiles == {
        "Open cases": (2, f"?open=yes{of}"),
        "removal-claimed": (1, f"?state=removal-claimed{of}"),
        "reappeared": (0, f"?state=reappeared{of}"),
        "verified-removed": (0, f"?state=verified-removed{of}"),
        "accepted-risk": (0, f"?state=accepted-risk{of}"),
        "overdue": (0, f"?overdue=yes{of}"),
    }
    assert case.organisation
    assert selectors.tiles(hub.member(case.organisation))[0].number == 1


def test_boxes_on_other_pages(enter: Enter, analyst: User) -> None:
    case, client = making.case(), enter(analyst)
    for path in (f"/servers/{case.server_id}/", f"/organisations/{case.organisation_id}/"):
        assert f"/cases/{case.pk}/" in client.get(path).content.decode()
    assert case.organisation
    other = enter(hub.member(making.own("Other")))
    assert other.get("/cases/").status_code == 200
