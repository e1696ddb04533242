"""Messages to webhooks: signed, to public addresses alone, and nowhere that an answer sends them."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import importlib.util
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.utils import timezone
from tests.hub import making as people
from tests.hub.outbox import making
from tests.hub.outbox.conftest import SERVER

from tocsin.errors import UsageFault
from tocsin.hub.constituency.models import Contact
from tocsin.hub.outbox.models import Message, Outage
from tocsin.hub.outbox.webhooks import send_webhooks
from tocsin.hub.rules.mail import State
from tocsin.hub.rules.mail_web import key_of, permitted, signature, target
from tocsin.hub.rules.words import Bounce, Channel

Set = Callable[..., None]
PRIVATE = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "192.0.2.1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_the_hub_posts_to_no_inner_address(address: str) -> None:
    assert not permitted(address, ())


def test_the_hub_posts_to_the_internet_and_to_what_is_allowed() -> None:
    assert permitted("8.8.8.8", ())
    assert permitted("2606:4700::1111", ())
    assert permitted("10.1.2.3", [ip_network("10.1.0.0/16"), ip_network("fc00::/7")])


@pytest.mark.parametrize(
    "url",
    [
        "http://contoso.example/",
        "https://user@contoso.example/",
        "https:///path",
        "https://contoso.example:99999/",
        "https://contoso.example/a b",
        "https://contoso.example/\r\nX: y",
        "file:///etc/passwd",
        "https://büro.example/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageFault):
        target(url)


@contextmanager
def hook(folder: Path, status: int = 204) -> Iterator[tuple[int, list[tuple[dict[str, str], bytes]]]]:
    """An https server that keeps what it is sent and answers with a status."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Location", "https://127.0.0.1/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    spec = importlib.util.spec_from_file_location("hub_mail_server", SERVER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = module.certificate(folder).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1], got
        server.shutdown()


@pytest.fixture
def _allowed(mail_settings: Set, tmp_path: Path, loopback: None) -> None:  # noqa: ARG001 - opens sockets
    mail_settings(WEBHOOK_NETWORKS="127.0.0.0/8", MAIL_CA=str(tmp_path / "ca.pem"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_allowed")
def test_a_message_is_posted_signed(tmp_path: Path) -> None:
    with hook(tmp_path) as (port, got):
        url = f"https://127.0.0.1:{port}/hook?a=1"
        row = making.message(channel=Channel.WEBHOOK, address=url, attachments=(making.attachment(),))
        assert send_webhooks()
        assert not send_webhooks()
    [(headers, body)] = got
    fields = msgspec.json.decode(body)
    assert (fields["id"], fields["text"], len(fields["attachments"])) == (row.message_id, row.text, 1)
    moment, _, told = headers["Tocsin-Signature"].removeprefix("t=").partition(",v1=")
    key = key_of(url, settings.SECRET_KEY)
    assert hmac.compare_digest(
        told, hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    )
    assert signature(key, int(moment), body) == headers["Tocsin-Signature"]
    row.refresh_from_db()
    assert (row.state, row.sent is not None) == (State.DELIVERED, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_allowed")
@pytest.mark.parametrize(
    ("status", "state", "bounce"),
    [
        (302, State.REFUSED, Bounce.SOFT),
        (410, State.REFUSED, Bounce.HARD),
        (429, State.QUEUED, Bounce.NONE),
        (503, State.QUEUED, Bounce.NONE),
    ],
)
def test_what_an_answer_means(tmp_path: Path, status: int, state: State, bounce: Bounce) -> None:
    with hook(tmp_path, status) as (port, got):
        url = f"https://127.0.0.1:{port}/"
        contact = people.contact(people.organisation(), url, channel=Channel.WEBHOOK)
        row = making.message(channel=Channel.WEBHOOK, address=url, contact=contact.pk)
        assert send_webhooks()
    row.refresh_from_db()
    assert (row.state, Contact.objects.get().bounce, len(got)) == (state, bounce, 1)
    if state == State.QUEUED:
        assert row.not_before > timezone.now() + timedelta(minutes=4)


@pytest.mark.django_db(transaction=True)
def test_an_inner_address_gets_nothing(tmp_path: Path, mail_settings: Set, loopback: None) -> None:  # noqa: ARG001 - as above
    with hook(tmp_path) as (port, got):
        mail_settings(MAIL_CA=str(tmp_path / "ca.pem"))
        row = making.message(channel=Channel.WEBHOOK, address=f"https://localhost:{port}/")
        assert send_webhooks()
    row.refresh_from_db()
    assert (row.state, got) == (State.HELD, [])
    assert "no public address" in row.fault
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_settings_that_make_no_sense_shut_this_way(mail_settings: Set) -> None:
    mail_settings(DKIM_KEY="/nowhere/dkim.pem")
    row = making.message(channel=Channel.WEBHOOK, address="https://contoso.example/hook")
    assert send_webhooks()
    assert not send_webhooks()
    row.refresh_from_db()
    assert row.state == State.QUEUED
    assert "/nowhere/dkim.pem" in Outage.objects.get(way="webhooks").fault
