"""Plans: one notice per organisation, whom it goes to, what it says, and nothing twice."""

from __future__ import annotations

import pytest
from tests.hub import making
from tests.hub.notices import rows

from tocsin.errors import UsageFault
from tocsin.hub.cases.models import Case
from tocsin.hub.notices import planning
from tocsin.hub.notices.models import Delivery, Notice
from tocsin.hub.outbox.models import Message
from tocsin.hub.rules.notices import BatchState, Kind, State
from tocsin.hub.rules.secrecy import Say
from tocsin.hub.rules.words import Channel, Compromise, Exposure

pytestmark = pytest.mark.django_db


def test_all_servers_of_an_organisation_stand_in_one_notice_the_gravest_first() -> None:
    first, second = rows.owner(1), rows.owner(2)
    rows.server(first, 5, Exposure.PARTLY_MITIGATED)
    rows.server(first, 4)
    rows.server(second, 8)
    rows.server(second, 9, Exposure.PATCHED)
    batch = rows.planned()
    assert batch.state == BatchState.PLANNED
    assert {n.organisation_id: n.servers.count() for n in batch.notices.all()} == {first.pk: 2, second.pk: 1}
    text = Delivery.objects.get(notice__organisation=first).text
    assert text.index("192.0.2.4") < text.index("192.0.2.5")
    assert "192.0.2.8" not in text
    assert "seen on 2021-03-03 by scan" in text
    assert "15.1.2106.2" in text


def test_a_first_message_has_one_link_and_machine_readable_reports() -> None:
    rows.server(rows.owner())
    rows.released(rows.planned())
    rows.sent()
    message = Message.objects.get()
    assert message.text.count("http") == 1
    assert "/o/" in message.text
    assert [one.name for one in message.enclosures.all()] == ["xarf-1.json"]
    assert Notice.objects.get().state == State.SENDING


def test_the_same_is_planned_and_queued_once() -> None:
    rows.server(rows.owner())
    batch = rows.planned()
    keys = list(Delivery.objects.values_list("key", flat=True))
    planning.plan_again(batch)
    while planning.plan_some(rows.elsewhere):
        pass
    batch.refresh_from_db()
    assert list(Delivery.objects.values_list("key", flat=True)) == keys
    rows.released(batch)
    rows.sent()
    rows.sent()
    again = rows.planned()
    assert again.notices.count() == 0
    assert again.counts["told_already"] == 1
    assert Message.objects.count() == 1


def test_who_cannot_be_reached_is_a_gap() -> None:
    nobody = making.organisation("Nobody")
    bounced = rows.owner(2)
    bounced.contacts.update(bounce="hard")
    rows.server(nobody, 4)
    rows.server(bounced, 8)
    orphan = making.server("203.0.113.9")
    making.standing(orphan, rows.campaign())
    batch = rows.planned()
    assert batch.notices.count() == 0
    assert {gap.organisation_id: gap.reason for gap in batch.gaps.all()} == {
        nobody.pk: "no contact is known, and nobody stands above",
        bounced.pk: "mail to every contact came back for good",
        None: "no claim covers them: nobody knows whose they are",
    }


def test_where_nobody_knows_where_mail_goes_it_holds_a_reference() -> None:
    owner = rows.owner()
    rows.verified(owner, "+1 202 555 0100", Channel.PHONE)
    rows.server(owner)
    batch = rows.planned(resolver=None)
    mail, call = Delivery.objects.order_by("id")
    assert (mail.channel, mail.say, call.channel, call.say) == (
        Channel.EMAIL,
        Say.REFERENCE,
        Channel.PHONE,
        Say.EVERYTHING,
    )
    assert batch.counts["reference_only"] == 1
    assert "192.0.2.4" in call.text


def test_language_and_rung_come_with_the_contact() -> None:
    owner = rows.owner()
    owner.contacts.update(language="de-AT", verified=None)
    rows.server(owner)
    rows.planned()
    delivery = Delivery.objects.get()
    assert "Sehr geehrte" in delivery.text
    assert delivery.rung == "domain"
    assert any("not verified" in why for why in delivery.why)


def test_the_holder_of_the_network_around_is_told_where_the_owner_has_no_contact() -> None:
    provider = rows.owner(9, mail="abuse@isp.example")
    making.claim(provider, "192.0.2.0/24")
    customer = making.organisation("Customer")
    rows.server(customer, 4)
    rows.planned(resolver=rows.at("203.0.113.25"))
    delivery = Delivery.objects.get()
    assert (delivery.address, delivery.rung) == ("abuse@isp.example", "provider")
    assert "Customer" in delivery.text


@pytest.mark.parametrize("kind", [Kind.COMPROMISE, Kind.DIRECTIVE, Kind.WEBSHELL])
def test_who_opted_out_of_mail_is_told_by_another_channel_where_it_matters(kind: Kind) -> None:
    owner = rows.owner()
    owner.contacts.update(opted_out=making.DAY)
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner, compromise=Compromise.SUSPECTED, shell_seen=making.DAY.date())
    rows.planned(kind=kind)
    assert [(row.channel, row.say) for row in Delivery.objects.all()] == [(Channel.LETTER, Say.EVERYTHING)]


@pytest.mark.parametrize("kind", [Kind.COMPROMISE, Kind.DIRECTIVE, Kind.WEBSHELL])
def test_who_opted_out_of_everything_is_told_all_the_same_where_it_matters(kind: Kind) -> None:
    owner = rows.owner()
    owner.contacts.update(opted_out=making.DAY)
    rows.server(owner, compromise=Compromise.SUSPECTED, shell_seen=making.DAY.date())
    rows.planned(kind=kind)
    assert Delivery.objects.get().say == Say.REFERENCE


def test_who_opted_out_of_everything_is_left_alone_otherwise() -> None:
    owner = rows.owner()
    owner.contacts.update(opted_out=making.DAY)
    rows.server(owner)
    batch = rows.planned()
    assert batch.notices.count() == 0
    assert batch.gaps.get().reason == "every contact that can be reached asked not to be"


def test_a_batch_is_about_the_servers_of_cases() -> None:
    first, second = rows.owner(1), rows.owner(2)
    marked = rows.server(first, 4, compromise=Compromise.CONFIRMED)
    rows.server(second, 8, compromise=Compromise.CONFIRMED)
    Case.objects.create(
        kind="compromise", campaign=rows.campaign(), server=marked, organisation=first, notify=True
    )
    batch = rows.planned(kind=Kind.COMPROMISE, query="cases=to-notify")
    assert [notice.organisation_id for notice in batch.notices.all()] == [first.pk]
    with pytest.raises(UsageFault, match="to-notify"):
        planning.preview(rows.campaign(), Kind.COMPROMISE, "cases=all")


def test_a_filter_narrows_a_batch() -> None:
    rows.server(rows.owner(1), 4, sector="health")
    rows.server(rows.owner(2), 8, sector="energy")
    batch = rows.planned(query="?sector=health")
    assert batch.notices.count() == 1
    assert planning.preview(rows.campaign(), Kind.VULNERABLE, "?sector=health") == {
        "servers": 1,
        "organisations": 1,
        "without_owner": 0,
        "told_already": 1,
    }
