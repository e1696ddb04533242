"""Messages as bytes: they say what the draft says, start no header of their own; signatures hold."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import dkim
import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageFault
from tocsin.hub.rules import mail_dkim, mail_returns
from tocsin.hub.rules.mail import CONTROL, CONTROL_IN_TEXT, Attachment, Draft, Purpose, objection
from tocsin.hub.rules.mail_format import Mail, entity, plain_address, whole
from tocsin.hub.rules.mail_setup import MailSetup, read_setup
from tocsin.hub.rules.words import Channel

KEY = mail_dkim.read_key(mail_dkim.new_key(), "key")
SIGNER = mail_dkim.Signer(domain="hub.example", selector="tocsin", key=KEY)
LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).filter(
    lambda text: not CONTROL.search(text)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=2_000).filter(
    lambda text: not CONTROL_IN_TEXT.search(text)
)
MAIL = Mail(
    name="National CERT",
    sender="cert@hub.example",
    to="security@contoso.example",
    subject="Your server",
    text="What to do.\n",
    message_id="<0123456789abcdef0123456789abcdef@hub.example>",
    date=datetime(2021, 3, 4, tzinfo=UTC),
    purpose=Purpose.NOTICE,
    list_id="notices.hub.example",
    headers={"List-Unsubscribe": "<https://hub.example/" + "u" * 200 + ">"},
)


def read(raw: bytes) -> EmailMessage:
    got = message_from_bytes(raw, policy=default)
    assert isinstance(got, EmailMessage)
    return got


@given(subject=LINES, name=LINES, text=TEXTS, language=st.sampled_from(["en", "de", "ja"]))
def test_what_is_written_is_what_is_read(subject: str, name: str, text: str, language: str) -> None:
    mail = msgspec.structs.replace(MAIL, subject=subject, name=name[:60], text=text, language=language)
    raw = whole(mail, entity(mail))
    got = read(raw)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert set(map(str.lower, got.keys())) == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "list-id",
        "auto-submitted",
        "list-unsubscribe",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "content-language",
    }
    written = got.get_content().replace("\r\n", "\n")
    assert written.rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")
    assert "".join(str(got["Subject"]).split()) == "".join(subject.split())


@given(LINES, st.binary(max_size=500))
def test_attachments_arrive_as_they_are(name: str, content: bytes) -> None:
    draft = Draft(
        key="k",
        channel=Channel.EMAIL,
        address="a@contoso.example",
        purpose=Purpose.NOTICE,
        subject="s",
        text="t",
        attachments=(Attachment(name=name, media_type="application/json", content=content),),
    )
    if objection(draft) is not None:
        return
    got = read(whole(MAIL, entity(msgspec.structs.replace(MAIL, attachments=draft.attachments))))
    [attached] = got.iter_attachments()
    assert attached.get_content() == content
    assert attached.get_content_disposition() == "attachment"


@given(TEXTS, LINES)
def test_dkim_holds_for_dkimpy(text: str, subject: str) -> None:
    mail = msgspec.structs.replace(MAIL, subject=subject, text=text)
    raw = SIGNER.sign(whole(mail, entity(mail)), 1_614_816_000)
    published = mail_dkim.record(KEY).encode()
    assert dkim.verify(raw, dnsfunc=lambda *_, **__: published)
    assert not dkim.verify(raw.replace(b"cert@", b"dert@", 1), dnsfunc=lambda *_, **__: published)
    added = raw.replace(b"\r\nTo:", b"\r\nSubject: another\r\nTo:", 1)
    assert not dkim.verify(added, dnsfunc=lambda *_, **__: published)


LEAVE = {
    "List-Unsubscribe": "<https://hub.example/end/1>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


@pytest.mark.parametrize("name", sorted(LEAVE))
def test_how_to_unsubscribe_is_signed(name: str) -> None:
    """RFC 8058, 3.1: both headers are covered. Changed, taken away or set beside another, nothing holds."""
    mail = msgspec.structs.replace(MAIL, headers=LEAVE)
    raw = SIGNER.sign(whole(mail, entity(mail)), 1_614_816_000)
    published = mail_dkim.record(KEY).encode()
    line = f"\r\n{name}: {LEAVE[name]}".encode()
    another = line.replace(b"hub.example", b"evil.example").replace(b"One-Click", b"Two-Click")
    assert another != line
    assert raw.count(line) == 1
    assert dkim.verify(raw, dnsfunc=lambda *_, **__: published)
    for changed in (another, b"", line + another, another + line):
        assert not dkim.verify(raw.replace(line, changed), dnsfunc=lambda *_, **__: published)


def test_dkim_holds_by_the_letter_of_the_standard() -> None:
    """RFC 6376, 3.4.2, 3.4.4 and 3.7 written out once more, with nothing of dkimpy or of the signer."""
    assert isinstance(KEY, RSAPrivateKey)
    raw = SIGNER.sign(whole(MAIL, entity(MAIL)), 1_614_816_000)
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")
    tags = dict(part.split(b"=", 1) for part in re.sub(rb"\s", b"", fields[0].split(b":", 1)[1]).split(b";"))
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    assert tags[b"bh"] == base64.b64encode(hashlib.sha256(b"\r\n".join(lines) + b"\r\n").digest())
    told = b""
    left = list(fields[1:])
    for name in tags[b"h"].split(b":"):
        at = next(
            (at for at in range(len(left) - 1, -1, -1) if left[at].lower().startswith(name + b":")), None
        )
        if at is not None:
            told += _relaxed(left.pop(at)) + b"\r\n"
    told += re.sub(rb"b=[A-Za-z0-9+/= ]+$", b"b=", _relaxed(fields[0]))
    KEY.public_key().verify(base64.b64decode(tags[b"b"]), told, PKCS1v15(), hashes.SHA256())


def _relaxed(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ", value).strip()


def test_ed25519_signs_too() -> None:
    key = Ed25519PrivateKey.generate()
    signed = mail_dkim.Signer(domain="hub.example", selector="s", key=key).sign(whole(MAIL, entity(MAIL)), 1)
    assert b"a=ed25519-sha256" in signed
    assert mail_dkim.record(key).startswith("v=DKIM1; k=ed25519; p=")


@pytest.mark.parametrize(
    "pem", [b"", b"none", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_said_to_be_none(pem: bytes) -> None:
    with pytest.raises(UsageFault):
        mail_dkim.read_key(pem, "key.pem")


@pytest.mark.parametrize(
    ("written", "plain"),
    [("a.b+c@Contoso.example", "a.b+c@contoso.example"), ("a@büro.example", "a@xn--bro-hoa.example")],
)
def test_addresses_of_the_envelope_are_ascii(written: str, plain: str) -> None:
    assert plain_address(written) == plain


@pytest.mark.parametrize(
    "text", ["a..b@x.example", "ä@x.example", "a@", "@x.example", "a b@x.example", "a@-\x00"]
)
def test_addresses_that_need_more_are_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        plain_address(text)


@given(st.integers(min_value=1, max_value=10**17), st.text(min_size=1), st.text(min_size=1))
def test_only_the_hub_makes_return_paths(number: int, secret: str, other: str) -> None:
    path = mail_returns.return_path("returns@hub.example", number, secret)
    assert mail_returns.number_in(f"<{path.upper()}>", secret) == number
    if other.encode("utf-8", "replace") != secret.encode("utf-8", "replace"):
        assert mail_returns.number_in(path, other) is None
    assert mail_returns.number_in(path.replace(f"+{number}-", f"+{number + 1}-"), secret) is None


def test_settings_are_read() -> None:
    given = read_setup(
        {
            "TOCSIN_HUB_SMTP": "smtp+starttls://hub%40x@mail.hub.example",
            "TOCSIN_HUB_MAIL_FROM": "National CERT <cert@hub.example>",
            "TOCSIN_HUB_MAIL_QUIET": "22:00-06:00 Europe/London",
            "OTHER": "left alone",
        }
    )
    assert given.server is not None
    assert (given.server.port, given.server.user, given.server.tls) == (587, "hub@x", "starttls")
    assert (given.name, given.returns, given.list_domain) == (
        "National CERT",
        "cert@hub.example",
        "hub.example",
    )
    assert read_setup({}) == MailSetup()


@pytest.mark.parametrize(
    "wrong",
    [
        {"SMTP": "smtp://mail.hub.example"},  # no TLS, and not this machine
        {"SMTP": "smtp+starttls://user:password@mail.hub.example"},
        {"SMTP": "https://mail.hub.example"},
        {"SMTP": "smtps://mail.hub.example:99999"},
        {"SMTP": "smtps://mail.hub.example", "MAIL_FROM": ""},
        {"MAIL_FROM": "nobody"},
        {"MAIL_FROM": "A\x0bB <cert@hub.example>"},
        {"MAIL_RETURNS": "r" * 40 + "@hub.example"},
        {"MAIL_SIGN": "smime"},
        {"MAIL_SIGN": "rot13"},
        {"MAIL_LANES": "0"},
        {"MAIL_LANES": "99"},
        {"MAIL_QUIET": "22:00"},
        {"MAIL_QUIET": "22:00-22:00"},
        {"MAIL_QUIET": "22:00-06:00 Nowhere/Atall"},
        {"MAIL_QUIET": "22:00-06:00", "MAIL_ZONES": "Germany=Europe/Berlin"},
        {"DKIM_SELECTOR": "a b"},
        {"WEBHOOK_NETWORKS": "everything"},
    ],
    ids="-".join,
)
def test_settings_that_make_no_sense_name_their_variable(wrong: dict[str, str]) -> None:
    given = {"MAIL_FROM": "cert@hub.example", **wrong}
    with pytest.raises(UsageFault, match="TOCSIN_HUB_"):
        read_setup({f"TOCSIN_HUB_{name}": text for name, text in given.items()})
