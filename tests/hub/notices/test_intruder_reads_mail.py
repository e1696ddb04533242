"""The intruder reads the mail: no notice that he could read carries a finding or a link.

Over random nations: servers in every state, claims and contacts of every kind, mail exchangers inside,
outside and unknown, names that say too much, every kind of batch. Every message in the outbox is looked at.
"""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.hub import making
from tests.hub.notices import rows

from tocsin.hub.cases.services import Sighting, found
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Claim, Contact, Organisation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import following, guarding
from tocsin.hub.notices.models import Delivery, MailRoute, Notice
from tocsin.hub.notices.routes import Found
from tocsin.hub.outbox import by_hand
from tocsin.hub.outbox import services as outbox
from tocsin.hub.outbox.models import Message
from tocsin.hub.outbox.sending import last_look
from tocsin.hub.rules.cases import CaseKind, Source
from tocsin.hub.rules.mail import State as Sent
from tocsin.hub.rules.notices import Kind
from tocsin.hub.rules.words import Bounce, Channel, ClaimKind, Compromise, Exposure, Provenance

MAIL = (Channel.EMAIL, Channel.WEBHOOK)
NAMES = (
    "Contoso",
    "http://mail.contoso.example/x",
    "CVE-2021-26855 192.0.2.4",
    "Sehr geehrte",
    "T\r\nBcc: a@b.example",
)
DOMAINS = ("contoso.example", "mail.contoso.example", "fabrikam.example", "mailhouse.example", "isp.example")
EXCHANGERS = ("192.0.2.4", "192.0.2.6", "192.0.2.99", "203.0.113.25", "203.0.113.77")


def tells(message: Message, organisation: Organisation) -> list[str]:
    """What a message tells of an organisation's servers: independent of how the code under test looks."""
    parts = [message.subject, message.text, message.list_id, message.reply_to, str(message.headers)]
    parts += [str(message.purpose)] if message.channel == Channel.WEBHOOK else []  # it travels along
    parts += [bytes(one.content).decode() + one.name for one in message.enclosures.all()]
    whole = "\n".join(parts).lower()
    servers = Server.objects.filter(organisation=organisation)
    own = {
        str(text).lower()
        for row in servers.values_list("ip", "hostname", "name", "build")
        for text in row
        if text
    }
    found_there = [text for text in own if text in whole]
    found_there += re.findall(r"https?:|www\.|/o/|cve-\d|web.?shell|proxylogon|exchange|compromi", whole)
    if organisation.name.lower() in whole:
        found_there.append(organisation.name)
    return found_there


def is_inside(address: str, organisation: Organisation, exchangers: dict[str, str | None]) -> bool:
    """Whether a mail address may lie on an affected server, worked out plainly from the rows."""
    domain = address.rpartition("@")[2]
    servers = Server.objects.filter(organisation=organisation)
    names = {name for name in servers.values_list("hostname", flat=True) if name}
    names |= set(
        Claim.objects.filter(organisation=organisation, kind=ClaimKind.DOMAIN).values_list("value", flat=True)
    )
    if any(domain == name or domain.endswith(f".{name}") or name.endswith(f".{domain}") for name in names):
        return True
    exchanger = exchangers.get(domain)
    if exchanger is None:
        return True
    networks = Claim.objects.filter(organisation=organisation, kind=ClaimKind.CIDR).values_list(
        "value", flat=True
    )
    return exchanger in set(servers.values_list("ip", flat=True)) or any(
        ip_address(exchanger) in ip_network(network) for network in networks
    )


def is_suspected(organisation: Organisation) -> bool:
    calm = (Compromise.UNKNOWN, Compromise.TARGETED, Compromise.VERIFIED_CLEAN)
    return Standing.objects.filter(organisation=organisation).exclude(compromise__in=calm).exists()


@st.composite
def owners(draw: st.DrawFn) -> dict[str, object]:
    server = st.fixed_dictionaries(
        {
            "exposure": st.sampled_from([Exposure.VULNERABLE, Exposure.MITIGATED, Exposure.PATCHED]),
            "compromise": st.sampled_from(list(Compromise)),
            "shell": st.booleans(),
            "host": st.sampled_from(["", "mail", "owa.mail"]),
            "domain": st.sampled_from(DOMAINS),
            "other": st.booleans(),
        }
    )
    contact = st.fixed_dictionaries(
        {
            "channel": st.sampled_from(
                [Channel.EMAIL, Channel.EMAIL, Channel.PHONE, Channel.LETTER, Channel.WEBHOOK]
            ),
            "domain": st.sampled_from(DOMAINS),
            "verified": st.booleans(),
            "opted_out": st.booleans(),
            "provenance": st.sampled_from(list(Provenance)),
            "bounce": st.sampled_from([Bounce.NONE, Bounce.NONE, Bounce.HARD]),
            "language": st.sampled_from(["en", "de", "fr", "xx"]),
        }
    )
    return {
        "name": draw(st.sampled_from(NAMES)),
        "servers": draw(st.lists(server, min_size=1, max_size=3)),
        "contacts": draw(st.lists(contact, max_size=4)),
        "claims": draw(st.lists(st.sampled_from(DOMAINS), max_size=2, unique=True)),
        "parent": draw(st.booleans()),
    }


VALUES = {
    Channel.EMAIL: "security{n}@{domain}",
    Channel.WEBHOOK: "https://hooks{n}.{domain}/in",
    Channel.PHONE: "+1 202 555 {n:04}",
    Channel.LETTER: "{n} Example Street\n12345 Town",
}


def build(nation: list[dict[str, object]]) -> None:
    above = None
    for number, drawn in enumerate(nation, start=1):
        owner = making.organisation(str(drawn["name"]), parent=above if drawn["parent"] else None)
        making.claim(owner, f"192.0.2.{number * 4}/30")
        for domain in drawn["claims"]:
            making.claim(owner, domain, ClaimKind.DOMAIN)
        for at, one in enumerate(drawn["servers"]):
            host = f"{one['host']}.{one['domain']}" if one["host"] else ""
            server = making.server(f"192.0.2.{number * 4 + at}", owner, hostname=host, build="15.1.2106.2")
            seen = making.DAY.date() if one["shell"] else None
            where = making.campaign("other") if one["other"] else rows.campaign()
            making.standing(
                server, where, exposure=one["exposure"], compromise=one["compromise"], shell_seen=seen
            )
        for at, one in enumerate(drawn["contacts"]):
            value = VALUES[one["channel"]].format(n=number * 10 + at, domain=one["domain"])
            Contact.objects.create(
                organisation=owner,
                channel=one["channel"],
                value=value,
                provenance=one["provenance"],
                verified=timezone.now() if one["verified"] else None,
                opted_out=timezone.now() if one["opted_out"] else None,
                bounce=one["bounce"],
                language=one["language"],
            )
        above = owner


class TestNations(TestCase):
    """Random nations; each example in a transaction of its own."""

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller nation takes minutes to find
    )
    @given(
        nation=st.lists(owners(), min_size=1, max_size=3),
        exchangers=st.fixed_dictionaries({name: st.none() | st.sampled_from(EXCHANGERS) for name in DOMAINS}),
        kind=st.sampled_from(list(Kind)),
    )
    def test_nothing_that_an_intruder_reads_tells_anything(
        self, nation: list[dict[str, object]], exchangers: dict[str, str | None], kind: Kind
    ) -> None:
        build(nation)

        def resolver(domain: str) -> Found:
            name = domain.removeprefix("=").partition(".")[2] if domain.startswith("=") else domain
            address = exchangers.get(name)
            return Found(hosts=("mx.relay.example",), addresses=(address,)) if address else Found()

        rows.released(rows.planned(kind=kind, resolver=resolver))
        rows.sent()
        later = timezone.now() + timedelta(days=40)
        while following.follow_some(later):
            pass
        rows.sent(later)
        for row in Delivery.objects.filter(message__isnull=False).select_related(
            "notice__organisation", "message"
        ):
            self._check(row, exchangers, kind)
        self._nobody_is_forgotten(kind)

    def _check(self, row: Delivery, exchangers: dict[str, str | None], kind: Kind) -> None:
        if row.channel not in MAIL or row.message is None:
            return
        organisation = row.notice.organisation
        grave = kind in {Kind.COMPROMISE, Kind.WEBSHELL} or is_suspected(organisation)
        if grave or (row.channel == Channel.EMAIL and is_inside(row.address, organisation, exchangers)):
            assert tells(row.message, organisation) == []
            assert not row.message.enclosures.exists()

    def _nobody_is_forgotten(self, kind: Kind) -> None:
        """Everybody that the batch is about has a notice, or stands among the gaps."""
        from tocsin.hub.notices.models import Batch, Gap  # noqa: PLC0415 - of this check alone
        from tocsin.hub.notices.planning import standings  # noqa: PLC0415 - as above

        batch = Batch.objects.get()
        meant = set(standings(batch.campaign, kind, "").values_list("organisation_id", flat=True))
        told = set(Notice.objects.values_list("organisation_id", flat=True))
        assert meant <= told | set(Gap.objects.values_list("organisation_id", flat=True))


@pytest.mark.django_db
def test_mail_that_may_say_everything_does() -> None:
    """The property above would also hold for a hub that never says anything."""
    owner = rows.owner()
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    assert tells(Message.objects.get(), owner)


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["192.0.2.6", "192.0.2.4"])
def test_a_mail_exchanger_inside_the_claim_gets_a_reference(where: str) -> None:
    owner = rows.owner()
    rows.server(owner)
    rows.released(rows.planned(resolver=rows.at(where)))
    rows.sent()
    message = Message.objects.get()
    assert tells(message, owner) == []
    assert Notice.objects.get().reference in message.text


@pytest.mark.django_db
def test_a_mail_exchanger_that_is_somebody_elses_affected_server_gets_a_reference() -> None:
    owner, hoster = rows.owner(1), rows.owner(30)
    rows.server(owner)
    rows.server(hoster, 120)
    rows.planned(resolver=rows.at("192.0.2.120"))
    assert {row.say for row in Delivery.objects.all()} == {"reference-only"}


@pytest.mark.django_db
def test_suspected_after_approval_the_mail_says_less() -> None:
    owner = rows.owner()
    server = rows.server(owner)
    batch = rows.planned()
    assert Delivery.objects.get().say == "everything"
    Standing.objects.filter(server=server).update(compromise=Compromise.SUSPECTED)
    rows.released(batch)
    rows.sent()
    assert tells(Message.objects.get(), owner) == []


@pytest.mark.django_db
def test_suspected_after_queueing_the_mail_is_called_back() -> None:
    owner = rows.owner()
    server = rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    Standing.objects.filter(server=server).update(compromise=Compromise.CONFIRMED)
    assert guarding.guard(timezone.now()) == 1
    assert guarding.guard(timezone.now()) == 0
    rows.sent()
    first, second = Message.objects.order_by("id")
    assert first.state == "cancelled"
    assert tells(second, owner) == []


def queued() -> Message:
    """A message with findings that waits in the outbox; its owner has a postal address, too."""
    owner = rows.owner()
    rows.verified(owner, "1 Example Street\n12345 Town", Channel.LETTER)
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    message = Message.objects.get()
    assert tells(message, owner)
    return message


@pytest.mark.django_db
@pytest.mark.parametrize("state", [Sent.IN_DOUBT, Sent.HELD, Sent.QUEUED])
def test_however_a_message_comes_to_go_it_is_looked_at_once_more(state: Sent) -> None:
    """A person settles a doubt, or lets go what was held, after compromise came to be suspected."""
    message, analyst = queued(), making.person()
    Message.objects.update(state=state)
    Standing.objects.update(compromise=Compromise.SUSPECTED)
    if state is not Sent.QUEUED:
        assert guarding.guard(timezone.now()) == 0  # nothing that a person has in hand is taken from him
    if state is Sent.IN_DOUBT:
        outbox.settle(message, sent=False, by=analyst)
    if state is Sent.HELD:
        by_hand.let_go([message.pk], by=analyst)
    last_look([Message.objects.get(state=Sent.QUEUED)])
    message.refresh_from_db()
    assert message.state == Sent.CANCELLED


@pytest.mark.django_db
def test_a_shell_alone_calls_mail_back() -> None:
    queued()
    Standing.objects.update(shell_seen=making.DAY.date(), compromise=Compromise.TARGETED)
    assert guarding.guard(timezone.now()) == 1
    rows.sent()
    assert guarding.guard(timezone.now()) == 0  # what goes instead may go


@pytest.mark.django_db
def test_a_provider_whose_own_server_is_broken_into_reads_no_finding_about_others() -> None:
    provider, owner = rows.owner(30), making.organisation("Contoso")
    making.claim(owner, "192.0.2.4/32")
    owner.parent = provider
    owner.save()
    rows.server(owner)
    rows.released(rows.planned())
    rows.sent()
    assert tells(Message.objects.get(), owner)
    making.standing(making.server("192.0.2.120", provider), rows.campaign(), compromise=Compromise.CONFIRMED)
    assert guarding.guard(timezone.now()) == 1
    rows.sent()
    assert tells(Message.objects.get(state="queued"), owner) == []


@pytest.mark.django_db
def test_the_details_that_mail_may_no_longer_tell_go_by_letter_at_once() -> None:
    queued()
    Standing.objects.update(compromise=Compromise.SUSPECTED)
    guarding.guard(timezone.now())
    rows.sent()
    assert not Notice.objects.get().detailed
    while following.follow_some(timezone.now() + following.EVERY * 2):
        pass
    rows.sent(timezone.now() + timedelta(hours=1))
    mail, letter = Message.objects.filter(state="queued").order_by("id")
    assert (mail.channel, letter.channel) == ("email", "letter")
    assert tells(mail, Organisation.objects.get()) == []
    assert "192.0.2.4" in letter.text
    assert "we told you" not in letter.text
    assert Notice.objects.get().detailed


@pytest.mark.django_db
def test_where_mail_goes_is_looked_up_anew_before_it_leaves() -> None:
    """Between plan and approval, or until a reminder, a mail exchanger may have moved into the claim."""
    owner = rows.owner()
    rows.server(owner)
    batch = rows.planned()
    assert Delivery.objects.get().say == "everything"
    rows.released(batch)
    MailRoute.objects.update(looked=timezone.now() - timedelta(days=2))
    rows.sent(resolver=rows.at("192.0.2.6"))
    assert tells(Message.objects.get(), owner) == []


@pytest.mark.django_db
def test_an_open_case_makes_mail_unsafe() -> None:
    owner = rows.owner()
    server = rows.server(owner)
    analyst = making.person()
    seen = Sighting(
        kind=CaseKind.WEBSHELL,
        server=server.pk,
        campaign=rows.campaign().pk,
        at=making.DAY,
        source=Source.HAND,
        path="/x.aspx",
    )
    found([seen], by=analyst)
    rows.planned()
    assert Delivery.objects.get().say == "reference-only"


@pytest.mark.django_db
def test_a_template_that_tells_too_much_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes a template with a link in it sends nothing."""
    from tocsin.hub.notices import operator  # noqa: PLC0415 - of this test alone

    rows.server(rows.owner())
    words = operator.words()
    monkeypatch.setitem(
        words.texts, ("en", "reference"), "Subject: Look\n\nhttps://hub.example/ $reference\n"
    )
    batch = rows.planned(resolver=None)
    assert Delivery.objects.get().state == Delivery.HELD
    assert batch.counts["held"] == 1
    rows.released(batch)
    rows.sent()
    assert not Message.objects.exists()
