"""What comes back: reports as mail servers write them, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.hub.rules.dsn import NOTHING, Kind, read

NUMBER = "<0123456789abcdef0123456789abcdef@hub.example>"
REPORT = f"""Return-Path: <>
From: MAILER-DAEMON@mail.contoso.example (Mail Delivery System)
To: cert+17-abcdefghijklmnop@hub.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b/1"

--b/1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b/1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.contoso.example
Arrival-Date: Thu, 4 Mar 2021 10:00:00 +0000

Final-Recipient: rfc822; security@contoso.example
Original-Recipient: rfc822;security@contoso.example
Action: ACTION
Status: STATUS
Remote-MTA: dns; mx.contoso.example
Diagnostic-Code: smtp; 550 5.1.1 <security@contoso.example>:
    Recipient address rejected

--b/1
Content-Type: KIND

From: cert@hub.example
Message-ID: {NUMBER}
Subject: Your server

text
--b/1--
"""
PLAIN = f"""From: Mail Delivery Subsystem <postmaster@contoso.example>
To: cert@hub.example
Subject: failure notice
References: {NUMBER}

Hi. This is the qmail-send program at contoso.example.
<security@contoso.example>: 192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such user
"""
COMPLAINT = f"""From: feedback@contoso.example
To: cert@hub.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="x"

--x
Content-Type: text/plain

This is a complaint.

--x
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Contoso/1.0
Version: 1

--x
Content-Type: message/rfc822

Message-ID: {NUMBER}

text
--x--
"""


def report(
    action: str = "failed", status: str = "5.1.1", kind: str = "message/rfc822", ends: str = "\r\n"
) -> bytes:
    text = REPORT.replace("ACTION", action).replace("STATUS", status).replace("KIND", kind)
    return text.replace("\n", ends).encode()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "kind", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"]
)
def test_a_failure_says_whom_why_and_which(kind: str, ends: str) -> None:
    got = read(report(kind=kind, ends=ends))
    assert (got.kind, got.status, got.recipient) == (Kind.FAILED, "5.1.1", "security@contoso.example")
    assert got.says.startswith("550 5.1.1")
    assert "cert+17-abcdefghijklmnop@hub.example" in got.to
    if kind != "message/rfc822-headers":
        assert got.numbers == (NUMBER,)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("delayed", Kind.DELAYED),
        ("delivered", Kind.DELIVERED),
        ("Relayed (to mx)", Kind.DELIVERED),
        ("FAILED", Kind.FAILED),
    ],
)
def test_what_happened(action: str, kind: Kind) -> None:
    assert read(report(action=action)).kind == kind


def test_an_old_server_says_it_in_words() -> None:
    got = read(PLAIN.encode())
    assert (got.kind, got.status, got.numbers) == (Kind.FAILED, "5.1.1", (NUMBER,))


def test_a_complaint() -> None:
    got = read(COMPLAINT.encode())
    assert (got.kind, got.numbers) == (Kind.COMPLAINT, (NUMBER,))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Feedback-Type: Fraud", Kind.COMPLAINT),
        ("Feedback-Type: opt-out", Kind.COMPLAINT),
        ("Feedback-Type: not-spam", Kind.OTHER),
        ("Feedback-Type: auth-failure", Kind.OTHER),
        ("Feedback-Type: virus", Kind.OTHER),
        ("X-Feedback-Type: abuse", Kind.OTHER),
    ],
)
def test_only_what_a_reader_says_is_a_complaint(said: str, kind: Kind) -> None:
    assert read(COMPLAINT.replace("Feedback-Type: abuse", said).encode()).kind == kind


def test_out_of_office_is_no_failure() -> None:
    text = (
        f"From: a@contoso.example\nAuto-Submitted: auto-replied\nIn-Reply-To: {NUMBER}\n\nI am away. 5.1.1\n"
    )
    assert read(text.encode()).kind == Kind.AUTOMATIC


def test_a_person_who_answers_is_no_failure() -> None:
    text = f"From: a@contoso.example\nIn-Reply-To: {NUMBER}\n\nThank you, patched.\n"
    assert read(text.encode()).kind == Kind.OTHER


@given(st.binary(max_size=2_000))
def test_any_bytes_give_an_answer(content: bytes) -> None:
    assert read(content).kind in Kind


@given(st.data())
def test_any_damage_to_a_report_gives_an_answer(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([report(), PLAIN.encode(), COMPLAINT.encode()])))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
        whole = whole or bytearray(b"x")
    assert read(bytes(whole)).kind in Kind


def test_parts_within_parts_within_parts_are_left_unread() -> None:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="{at}"\n\n--{at}\n' for at in range(5_000))
    assert read(opened.encode()) == NOTHING
    nested = "".join("Content-Type: message/rfc822\n\n" for _ in range(5_000))
    assert read(nested.encode()).kind == Kind.OTHER
