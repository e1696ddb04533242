"""E-mail to a real mail server: what arrives, what waits, what is in doubt, what a failing way out costs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import dkim
import pytest
from django.test import Client
from tests.hub import making as people
from tests.hub.advisories import making as advisories
from tests.hub.outbox import making
from tests.hub.outbox.conftest import Box

from tocsin.hub.accounts.models import User
from tocsin.hub.advisories import subscriptions
from tocsin.hub.advisories.models import Subscriber
from tocsin.hub.exposure.models import Event
from tocsin.hub.outbox import by_hand, lanes
from tocsin.hub.outbox.models import Message, Outage
from tocsin.hub.outbox.sending import send_mail
from tocsin.hub.outbox.surroundings import content, setup
from tocsin.hub.outbox.telling import tell
from tocsin.hub.rules.mail import Purpose, State
from tocsin.hub.rules.mail_dkim import read_key, record
from tocsin.hub.rules.words import Bounce

Set = Callable[..., None]
pytestmark = pytest.mark.django_db(transaction=True)


def send() -> int:
    """Send until nothing is due. Gives the number of pieces."""
    pieces = 0
    while send_mail():
        pieces += 1
        assert pieces < 100, "sending never ends"
    return pieces


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def test_what_is_queued_arrives_signed(mail_server: Box) -> None:
    row = making.message(
        subject="Grüße, Ihr Server", attachments=(making.attachment("größe.json", b'{"a": 1}'),)
    )
    assert send() == 1
    raw = mail_server.kept()[0]
    key = record(read_key(content(setup().dkim_key), "key"))
    assert dkim.verify(raw, dnsfunc=lambda *_, **__: key.encode())
    got = message_from_bytes(raw, policy=default)
    assert (got["Subject"], got["Message-ID"]) == ("Grüße, Ihr Server", row.message_id)
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_body().get_content().replace("\r\n", "\n") == row.text  # type: ignore[union-attr]  # it has one
    [attached] = got.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("größe.json", b'{"a": 1}')
    row.refresh_from_db()
    assert (row.state, row.tries) == (State.SENT, 1)
    assert row.sent is not None
    assert mail_server.received()[0][1].startswith(f"cert+{row.pk}-")


def test_an_advisory_arrives_with_its_way_out_signed(mail_server: Box) -> None:
    advisories.subscriber("reader@contoso.example")
    advisories.published()
    assert subscriptions.mail()
    send()
    [raw] = mail_server.kept()
    key = record(read_key(content(setup().dkim_key), "key"))
    assert dkim.verify(raw, dnsfunc=lambda *_, **__: key.encode())
    got = message_from_bytes(raw, policy=default)
    signed = re.sub(r"\s", "", re.search(r"h=([^;]+);", got["DKIM-Signature"])[1]).split(":")  # type: ignore[index]
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id"} <= set(signed)
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<http\S+(/advisories/\S+)>", got["List-Unsubscribe"])
    assert link is not None
    assert Client().post(link[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()


def test_a_message_that_cannot_be_written_holds_up_no_other(
    mail_server: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries raise what they like at a key that a stranger made."""
    broken, sound = making.message(urgency=0), making.message(urgency=1)
    written = lanes.envelope

    def envelope(row: Message, *rest: object, **more: object) -> object:
        if row.pk == broken.pk:
            raise RuntimeError("no such curve")
        return written(row, *rest, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(lanes, "envelope", envelope)
    send()
    assert states() == [State.HELD, State.SENT]
    assert [line[0] for line in mail_server.received()] == [sound.message_id]
    broken.refresh_from_db()
    assert "no such curve" in broken.fault


def test_several_connections_send_each_message_once(mail_server: Box, mail_settings: Set) -> None:
    mail_settings(MAIL_LANES="4")
    rows = [making.message(address=f"a@owner{number}.example") for number in range(60)]
    send()
    assert sorted(line[0] for line in mail_server.received()) == sorted(row.message_id for row in rows)
    assert set(states()) == {State.SENT}


def test_the_most_urgent_goes_first(mail_server: Box) -> None:
    rows = [making.message(urgency=urgency) for urgency in (5, 0, 9, 0)]
    send()
    order = [line[0] for line in mail_server.received()]
    assert order == [rows[at].message_id for at in (1, 3, 0, 2)]


def test_a_refused_address_marks_its_contact_and_stops_nobody_else(mail_server: Box) -> None:
    owner = people.organisation()
    contact = people.contact(owner, "no-such@contoso.example")
    making.message(address=contact.value, contact=contact.pk)
    making.message(address="later-maybe@contoso.example")
    making.message()
    send()
    assert states() == [State.REFUSED, State.QUEUED, State.SENT]
    contact.refresh_from_db()
    assert contact.bounce == Bounce.HARD
    later = Message.objects.get(address__startswith="later-")
    assert (later.tries, later.not_before - later.began) >= (1, timedelta(minutes=4))  # type: ignore[operator]  # it was tried
    assert len(mail_server.received()) == 1


def test_what_a_dead_worker_was_sending_is_in_doubt_and_never_sent_again(mail_server: Box) -> None:
    row = making.message(state=State.SENDING)
    assert send() == 1
    assert send() == 0
    row.refresh_from_db()
    assert row.state == State.IN_DOUBT
    assert mail_server.received() == []


def test_nothing_leaves_while_everything_is_held(mail_server: Box, person: Callable[..., User]) -> None:
    analyst = person()
    making.message()
    by_hand.hold_everything(held=True, reason="a template is wrong", by=analyst)
    assert send() == 0
    by_hand.hold_everything(held=False, reason="", by=analyst)
    assert send() == 1
    assert len(mail_server.received()) == 1


def test_a_domain_is_written_to_no_faster_than_set(mail_server: Box, mail_settings: Set) -> None:
    mail_settings(MAIL_PER_DOMAIN="3")
    for _ in range(8):
        making.message(address="a@contoso.example")
    making.message(address="a@fabrikam.example")
    send()
    assert states() == [State.SENT] * 3 + [State.QUEUED] * 5 + [State.SENT]
    began = Message.objects.filter(state=State.SENT).latest("began").began
    assert began is not None
    waits = Message.objects.filter(state=State.QUEUED).order_by("pk").values_list("not_before", flat=True)
    assert [round((at - began).total_seconds() / 60) for at in waits] == [1, 1, 1, 2, 2]
    assert len(mail_server.received()) == 4


def test_ordinary_mail_waits_for_the_morning(mail_server: Box, mail_settings: Set) -> None:
    mail_settings(MAIL_QUIET="22:00-06:00 Europe/London", MAIL_ZONES="DE=Europe/Berlin")
    london, berlin = people.organisation("A"), people.organisation("B", country="DE")
    night = making.NOW.replace(hour=5, minute=30)
    for owner in (london, berlin):
        making.message(organisation=owner.pk, not_before=night)
    making.message(organisation=london.pk, purpose=Purpose.COMPROMISE, not_before=night)
    assert send_mail(night)
    assert states() == [State.QUEUED, State.SENT, State.SENT]
    assert Message.objects.get(state=State.QUEUED).not_before == night.replace(hour=6, minute=0)
    assert len(mail_server.received()) == 2


def test_what_cannot_be_signed_as_it_should_be_is_held(mail_server: Box) -> None:
    making.message(sign="pgp")
    making.message()
    send()
    assert states() == [State.HELD, State.SENT]
    assert "no key to sign" in Message.objects.get(state=State.HELD).fault
    assert len(mail_server.received()) == 1


def test_a_server_without_tls_gets_nothing(loopback: None, mail_settings: Set) -> None:  # noqa: ARG001 - opens sockets
    with speaking([b"220 hello\r\n", b"250 plain.example\r\n"]) as port:
        mail_settings(SMTP=f"smtp+starttls://127.0.0.1:{port}")
        making.message()
        assert send_mail()
    assert states() == [State.QUEUED]
    assert "STARTTLS" in Outage.objects.get().fault


def test_settings_that_make_no_sense_shut_the_way_and_lose_nothing(
    mail_server: Box, mail_settings: Set, visitor: Callable[..., Client]
) -> None:
    making.message()
    mail_settings(MAIL_LANES="many")
    assert send_mail()
    assert send_mail() is False
    assert states() == [State.QUEUED]
    assert "TOCSIN_HUB_MAIL_LANES" in visitor().get("/outbox/").content.decode()
    mail_settings(DKIM_KEY="/nowhere/dkim.pem")
    Outage.objects.all().delete()
    assert send_mail()
    assert "/nowhere/dkim.pem" in Outage.objects.get().fault
    assert mail_server.received() == []


def test_a_certificate_that_is_not_trusted_ends_the_conversation(
    mail_server: Box, mail_settings: Set
) -> None:
    mail_settings(MAIL_CA="")
    making.message()
    assert send_mail()
    assert states() == [State.QUEUED]
    assert "CERTIFICATE_VERIFY_FAILED" in Outage.objects.get().fault
    assert send_mail() is False
    assert mail_server.received() == []


HELLO = [b"220 hello\r\n", b"250 loopback\r\n"]
TAKES = [b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"]


@pytest.mark.parametrize(
    ("answers", "state", "outage"),
    [
        ([*HELLO, *TAKES], State.IN_DOUBT, False),  # closes after the message
        ([*HELLO, *TAKES[:2]], State.QUEUED, False),  # closes at DATA
        ([*HELLO, *TAKES, b"554 5.7.1 looks like spam\r\n"], State.REFUSED, False),
        ([*HELLO, *TAKES, b"451 4.3.0 disk full\r\n"], State.QUEUED, False),
        ([*HELLO, *TAKES, b"550 \x00\x1b[31m\xff no\r\n"], State.REFUSED, False),
        ([*HELLO, b"530 5.7.0 authentication required\r\n"], State.QUEUED, True),
        ([*HELLO, b"421 4.3.2 too many connections\r\n"], State.QUEUED, False),
        ([b"554 go away\r\n"], State.QUEUED, True),
    ],
)
def test_how_far_it_got_says_what_it_becomes(
    loopback: None,  # noqa: ARG001 - opens sockets
    mail_settings: Set,
    answers: list[bytes],
    state: State,
    outage: bool,
) -> None:
    with speaking(answers) as port:
        mail_settings(SMTP=f"smtp://127.0.0.1:{port}")
        row = making.message()
        assert send_mail()
    row.refresh_from_db()
    assert row.state == state, row.fault
    assert row.fault.isprintable()
    assert Outage.objects.exists() == outage


@contextmanager
def speaking(answers: list[bytes]) -> Iterator[int]:
    """A server that answers line by line from a list and then closes; after 354 it reads to the lone dot."""

    class Speaker(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for at, answer in enumerate(answers):
                if at and not self._heard(answers[at - 1].startswith(b"354")):
                    return
                self.wfile.write(answer)
            self._heard(answers[-1].startswith(b"354"))

        def _heard(self, body: bool) -> bool:
            line = self.rfile.readline()
            while body and line not in {b".\r\n", b""}:
                line = self.rfile.readline()
            return bool(line)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Speaker) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_way_out_that_refuses_everybody_is_left_alone(
    mail_server: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.hub.outbox.lanes.REFUSED_IN_A_ROW", 5)
    for number in range(20):
        making.message(address=f"no-{number}@owner{number}.example")
    send()
    assert states().count(State.REFUSED) == 5
    assert states().count(State.QUEUED) == 15
    assert Outage.objects.get().tries == 1
    assert mail_server.received() == []


def test_the_chain_of_events_is_told_once(mail_server: Box) -> None:
    owner = people.organisation()
    row = making.message(organisation=owner.pk)
    send()
    while tell():
        pass
    [event] = Event.objects.filter(kind="message")
    assert (event.subject, event.after) == (f"organisation:{owner.pk}", State.SENT)
    assert event.detail["message_id"] == row.message_id
    assert row.address not in str(event.detail)
    assert len(mail_server.received()) == 1
