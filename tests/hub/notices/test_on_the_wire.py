"""Notices as a real mail server receives them: what may be read there tells nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.utils import timezone
from tests.hub import making
from tests.hub.notices import rows
from tests.hub.outbox.conftest import Box

from tocsin.hub.exposure.models import Standing
from tocsin.hub.notices import following
from tocsin.hub.notices.models import Notice
from tocsin.hub.notices.routes import Found
from tocsin.hub.outbox.sending import send_mail
from tocsin.hub.rules.words import Channel, Compromise

pytestmark = pytest.mark.django_db(transaction=True)
INJECTED = (
    'Evil\r\nBcc: everybody@contoso.example\r\n\r\n<script>alert(1)</script> {{ 7|add:"7" }} $link =cmd()'
)
TELLS = re.compile(
    rb"https?:|www\.|192\.0\.2\.|contoso\.example|15\.1\.2106|CVE-|proxylogon|web.?shell|Exchange",
    re.IGNORECASE,
)


def resolver(domain: str) -> Found:
    """Where mail of these owners goes: one elsewhere, one into its own network."""
    address = {"inside.example": "192.0.2.9"}.get(domain, "203.0.113.25")
    return Found(hosts=(f"mx.{domain}",), addresses=(address,))


def test_what_a_mail_server_receives(mail_server: Box) -> None:
    open_one = rows.owner(1, mail="security@outside.example", name=INJECTED)
    inside = rows.owner(2, mail="security@inside.example")
    grave = rows.owner(3, mail="security@grave.example")
    rows.server(open_one, 4)
    rows.server(inside, 8)
    rows.server(grave, 12, compromise=Compromise.SUSPECTED, shell_seen=making.DAY.date())
    rows.verified(grave, "+1 202 555 0100", Channel.PHONE)
    rows.released(rows.planned(resolver=resolver))
    rows.sent()
    later = timezone.now() + timedelta(hours=1)  # should the server have been slow to answer
    while send_mail() or send_mail(later):
        pass
    raws = {_to(raw): raw for raw in mail_server.kept()}
    assert set(raws) == {"security@outside.example", "security@inside.example", "security@grave.example"}
    for name in ("inside", "grave"):
        raw = raws[f"security@{name}.example"]
        got = message_from_bytes(raw, policy=default)
        decoded = got.get_body().get_content().encode()  # type: ignore[union-attr]  # it has one
        assert not list(got.iter_attachments())
        assert TELLS.search(decoded) is None
        kept = [
            f"{key}: {value}" for key, value in got.items() if key.lower() not in {"dkim-signature", "to"}
        ]
        assert TELLS.search("\n".join(kept).encode()) is None
        assert (
            Notice.objects.get(
                organisation__name=f"Contoso {2 if name == 'inside' else 3}"
            ).reference.encode()
            in decoded
        )
    _told_openly(raws["security@outside.example"])
    while following.follow_some(timezone.now() + following.EVERY * 2):
        pass
    assert Notice.objects.get(organisation=open_one).state == "no-answer-yet"


def test_suspected_while_it_waits_nothing_of_it_is_received(mail_server: Box) -> None:
    """No other chore has run in between: the sender itself looks once more."""
    owner = rows.owner(1, mail="security@outside.example")
    rows.server(owner, 4)
    rows.released(rows.planned(resolver=resolver))
    rows.sent()
    Standing.objects.update(compromise=Compromise.SUSPECTED)
    later = timezone.now() + timedelta(hours=1)
    while send_mail() or send_mail(later):
        pass
    assert mail_server.kept() == []
    rows.sent()
    while send_mail() or send_mail(later):
        pass
    [raw] = mail_server.kept()
    text = message_from_bytes(raw, policy=default).get_body().get_content()  # type: ignore[union-attr]  # it has one
    assert TELLS.search(text.encode()) is None
    assert Notice.objects.get().reference in text


def _to(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=default)["To"])


def _told_openly(raw: bytes) -> None:
    """The message that may tell does; a name that would be more than text is text."""
    got = message_from_bytes(raw, policy=default)
    text = got.get_body().get_content()  # type: ignore[union-attr]  # it has one
    assert "192.0.2.4" in text
    assert text.count("http") == 1
    assert [one.get_filename() for one in got.iter_attachments()] == ["xarf-1.json"]
    assert got["Bcc"] is None
    assert '<script>alert(1)</script> {{ 7|add:"7" }} $link =cmd()' in text.replace("\n", " ").replace(
        "  ", " "
    )
    assert "everybody@contoso.example" in text  # as text, in one line
