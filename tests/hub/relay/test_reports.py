"""Reports of what attackers run: to whom, with what in them, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.hub import making
from tests.hub.relay.making import infrastructure, sender

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import OperatorText, User
from tocsin.hub.outbox.models import Message
from tocsin.hub.relay import offering, reporting, selectors
from tocsin.hub.relay.models import Authority, Infrastructure, Report
from tocsin.hub.rules.relay import Label
from tocsin.hub.rules.relay_reports import Recipient, State
from tocsin.hub.rules.words import Bounce, ContactRole, Provenance, Role

pytestmark = pytest.mark.django_db


def hoster(network: str = "203.0.113.0/24", address: str = "abuse@hoster.example", **rest: object) -> int:
    """Somebody who runs a network, as RDAP names him; gives the contact's number."""
    owner = making.organisation(f"Hoster of {network}")
    making.claim(owner, network, provenance=Provenance.RDAP)
    fields = {"role": ContactRole.ABUSE, "provenance": Provenance.RDAP, **rest}
    return making.contact(owner, address, **fields).pk


def test_the_nearest_claims_abuse_contact_comes_first() -> None:
    wide = hoster("203.0.0.0/16", "abuse@wide.example")
    near = hoster("203.0.113.0/24", "abuse@near.example")
    technical = hoster("203.0.113.0/25", "noc@nearest.example", role=ContactRole.TECHNICAL)
    hoster("198.51.100.0/24", "abuse@elsewhere.example")
    row = infrastructure(making.person())
    assert [one.contact for one in reporting.hosters(row)] == [technical, near, wide]


def test_who_cannot_be_written_to_is_left_out() -> None:
    hoster("203.0.113.0/24", "lost@hoster.example", bounce=Bounce.HARD)
    hoster("203.0.112.0/23", "abuse@lacnic.net")
    hoster("203.0.0.0/16", "silent@hoster.example", opted_out=timezone.now())
    assert reporting.hosters(infrastructure(making.person())) == []


def test_a_name_is_reported_to_who_claims_it_or_a_name_above() -> None:
    owner = making.organisation("Registrar")
    making.claim(owner, "contoso.example", kind="domain")
    contact = making.contact(owner, "abuse@registrar.example", role=ContactRole.ABUSE).pk
    by = making.person()
    sender()
    for text in ("c2.contoso[.]example", "hxxps://www.contoso.example:8443/a?b=c"):
        row = infrastructure(by, text)
        (made,) = reporting.report(row, by=by, contacts=[contact])
        assert made.recipient == Recipient.REGISTRAR


def test_a_report_says_what_was_seen_and_nothing_of_ours() -> None:
    by, contact = making.person(), hoster()
    sender()
    row = infrastructure(by, "hxxp://203.0.113[.]9/x", public="Answers with 200.", note="victim is Contoso")
    police = Authority.objects.create(name="Police", address="cyber@police.example")
    reporting.report(row, by=by, contacts=[contact], authorities=[police.pk])
    first, second = Message.objects.order_by("pk")
    assert (first.address, second.address) == ("abuse@hoster.example", "cyber@police.example")
    assert first.reply_to == "reports@cert.example"
    assert "hxxp://203[.]0[.]113[.]9/x" in first.text
    assert "http://" not in first.text
    assert "Answers with 200." in first.text
    attached = bytes(first.enclosures.get().content).decode()
    assert "Contoso" not in (first.text + first.subject + attached).replace("Contoso CERT", "")
    found = json.loads(attached)
    assert found["source_identifier"] == "203.0.113.9"
    assert found["report_id"] == str(Report.objects.get(recipient=Recipient.HOSTER).reference)
    assert found["report_id"] in first.text


def test_nobody_gets_the_same_twice() -> None:
    by, contact = making.person(), hoster()
    sender()
    row = infrastructure(by)
    assert len(reporting.report(row, by=by, contacts=[contact])) == 1
    assert reporting.report(row, by=by, contacts=[contact]) == []
    assert Message.objects.count() == 1


def test_the_same_again_widens_when_it_was_seen() -> None:
    by, now = making.person(), timezone.now()
    row = infrastructure(by, first=now - timedelta(days=3), last=now - timedelta(days=2))
    again = infrastructure(by, "203.0.113[.]9", first=now - timedelta(days=1), last=now)
    assert (again.pk, again.first_seen, again.last_seen) == (row.pk, now - timedelta(days=3), now)


def test_the_same_again_may_narrow_who_is_told_and_never_widens_it() -> None:
    by = making.person()
    row = infrastructure(by)
    assert infrastructure(by, "203.0.113[.]9", label=Label.RED).label == Label.RED
    assert infrastructure(by, "203.0.113[.]9", label=Label.CLEAR).pk == row.pk
    row.refresh_from_db()
    assert row.label == Label.RED


def test_what_stops_a_report() -> None:
    by, contact = making.person(), hoster()
    row = infrastructure(by)
    with pytest.raises(UsageFault, match="name and address"):
        reporting.report(row, by=by, contacts=[contact])
    sender()
    with pytest.raises(UsageFault, match="at least one"):
        reporting.report(row, by=by)
    with pytest.raises(UsageFault, match="none of this place"):
        reporting.report(row, by=by, contacts=[hoster("198.51.100.0/24", "abuse@elsewhere.example")])
    with pytest.raises(PermissionDenied):
        reporting.report(row, by=making.person(Role.VIEWER), contacts=[contact])
    secret = infrastructure(by, "203.0.113.77", label=Label.AMBER_STRICT)
    with pytest.raises(UsageFault, match="told to nobody"):
        reporting.report(secret, by=by, contacts=[contact])
    assert Message.objects.count() == 0


def test_a_victims_server_is_not_reported_by_mistake(enter: Callable[[User], Client]) -> None:
    by, contact = making.person(), hoster()
    sender()
    making.server("203.0.113.9", making.organisation("Victim"))
    row = infrastructure(by)
    client = enter(by)
    assert b"is a victim" in client.get(f"/relay/infrastructure/{row.pk}/").content
    posted = {"contacts": contact}
    client.post(f"/relay/infrastructure/{row.pk}/report", posted)
    assert Report.objects.count() == 0
    client.post(f"/relay/infrastructure/{row.pk}/report", {**posted, "confirmed": "yes"})
    assert Report.objects.count() == 1


def made(by: User) -> Report:
    """A report that is queued."""
    sender()
    contact = hoster()
    return reporting.report(infrastructure(by), by=by, contacts=[contact])[0]


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("sent", State.REPORTED),
        ("delivered", State.REPORTED),
        ("bounced", State.UNDELIVERABLE),
        ("refused", State.UNDELIVERABLE),
        ("cancelled", State.WITHDRAWN),
        ("queued", State.QUEUED),
        ("in-doubt", State.QUEUED),
    ],
)
def test_a_report_follows_its_message(state: str, after: State) -> None:
    row = made(making.person())
    at = timezone.now() - timedelta(hours=1)
    Message.objects.update(state=state, sent=at if state == "sent" else None)
    assert reporting.follow() == (after is not State.QUEUED)
    assert not reporting.follow()
    row.refresh_from_db()
    assert row.state == after
    if state == "sent":
        assert row.reported == at
    Message.objects.filter(state="sent").update(state="bounced")
    reporting.follow()
    row.refresh_from_db()
    assert row.state == (State.UNDELIVERABLE if state == "sent" else after)


def test_what_came_of_it_is_kept_step_by_step(enter: Callable[[User], Client]) -> None:
    by = making.person()
    row = made(by)
    client = enter(by)
    address = f"/relay/reports/{row.pk}/step"
    for state in ("acted", "nonsense", "queued"):
        client.post(address, {"state": state})
    row.refresh_from_db()
    assert row.state == State.QUEUED
    for state in ("reported", "acknowledged", "acted"):
        client.post(address, {"state": state, "note": "by phone"})
    row.refresh_from_db()
    assert row.state == State.ACTED
    assert [step.after for step in row.steps.order_by("pk")] == [
        "queued",
        "reported",
        "acknowledged",
        "acted",
    ]
    assert row.reported
    assert row.acknowledged
    assert row.acted


def test_time_to_action_counts_those_who_have_not_acted() -> None:
    by, now = making.person(), timezone.now()
    sender()
    contact = hoster()
    began = now - timedelta(days=20)
    for number, acted in ((1, 1), (2, 4), (3, None)):
        row = reporting.report(infrastructure(by, f"203.0.113.{number}"), by=by, contacts=[contact])[0]
        reporting.step(row, State.REPORTED, by=by, now=began)
        if acted:
            reporting.step(row, State.ACTED, by=by, now=began + timedelta(days=acted))
    (told,) = selectors.acting(by)
    assert (told.recipient, told.acted.asked, told.acted.came, told.acted.median) == ("hoster", 3, 2, 4.0)
    assert told.acknowledged.came == 2  # who acted has answered
    assert selectors.acting(making.member(making.organisation())) == []


def test_infrastructure_is_written_down_by_form(enter: Callable[[User], Client]) -> None:
    client = enter(making.person())
    day = timezone.now().date().isoformat()
    wanted = {"text": "hxxp://203.0.113[.]9/", "use": "attack", "first": day, "last": day, "label": "amber"}
    assert (
        b"neither an address" in client.post("/relay/infrastructure/new/", {**wanted, "text": "a b"}).content
    )
    answer = client.post("/relay/infrastructure/new/", wanted)
    row = Infrastructure.objects.get()
    assert answer["Location"] == f"/relay/infrastructure/{row.pk}/"
    assert row.value == "http://203.0.113.9/"
    assert b"hxxp://203[.]0[.]113[.]9/" in client.get("/relay/infrastructure/").content


def test_what_a_pack_knows_is_taken_over_and_not_typed(enter: Callable[[User], Client]) -> None:
    campaign, who = making.campaign(), making.person()
    rows = {one.value: one for one in offering.offers(campaign)}
    assert "yolkish.com" in rows
    assert not any("/" in value and "://" not in value for value in rows)  # no network
    address, day = "/relay/infrastructure/offered/", timezone.now().date()
    client = enter(who)
    page = client.get(f"{address}?campaign={campaign.key}").content.decode()
    assert "yolkish[.]com" in page
    wanted = {"chosen": ["yolkish.com"], "first": str(day - timedelta(days=2)), "last": str(day)}
    assert enter(making.person(Role.VIEWER)).post(address, wanted).status_code == 403
    for wrong in ({"chosen": []}, {"chosen": ["192.0.2.1"]}, {"first": ""}, {"first": "2100-01-01"}):
        assert client.post(address, {**wanted, **wrong}).status_code == 200
    assert not Infrastructure.objects.exists()
    assert client.post(address, wanted).status_code == 302
    row = Infrastructure.objects.get()
    assert (row.kind, row.value, row.campaign_id, row.by) == ("domain", "yolkish.com", campaign.pk, who)
    assert row.origin.startswith(f"indicator of {campaign.key}")
    assert row.public == "Named by eset/malware-ioc on 2021-03-10."
    assert "yolkish.com" not in {one.value for one in offering.offers(campaign)}
    assert client.get(f"{address}?campaign=none").status_code == 404


def test_administrators_say_who_reports_and_to_which_authority(enter: Callable[[User], Client]) -> None:
    client = enter(making.person(Role.ADMINISTRATOR))
    client.post("/relay/authorities/", {"sender-name": "CERT", "sender-address": "no address"})
    assert OperatorText.objects.count() == 0
    client.post("/relay/authorities/", {"sender-name": "CERT", "sender-address": "reports@cert.example"})
    assert reporting.sender() is not None
    wanted = {"name": "Police", "address": "cyber@police.example", "country": "GB", "active": "on"}
    client.post("/relay/authorities/", wanted)
    row = Authority.objects.get(active=True)
    client.post(f"/relay/authorities/{row.pk}/end")
    assert not Authority.objects.filter(active=True).exists()
