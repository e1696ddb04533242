"""S/MIME and OpenPGP as the openssl and gpg programs see them: a thousand of each, whatever their text."""

from __future__ import annotations

import random
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pysequoia
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tocsin.errors import UsageFault
from tocsin.hub.rules.mail import Attachment, Purpose
from tocsin.hub.rules.mail_format import Mail, entity, whole
from tocsin.hub.rules.mail_sealing import Seal, encrypter, pgp_signer, smime_signer

THOUSAND = 1_000
WORDS = (
    "server",
    "Büro",
    "From here",
    "trailing ",
    "\t",
    "x" * 400,
    "=",
    "--",
    "-- ",
    "サーバ",
    "",
    ".",
    "..",
)
MAIL = Mail(
    name="National CERT",
    sender="cert@hub.example",
    to="security@contoso.example",
    subject="Your server",
    text="",
    message_id="<0123456789abcdef0123456789abcdef@hub.example>",
    date=datetime(2021, 3, 4, tzinfo=UTC),
    purpose=Purpose.NOTICE,
)


def mails(number: int) -> list[Mail]:
    """Mails of many texts, every tenth with an attachment."""
    chance = random.Random(20210304)  # noqa: S311 - the same texts each time
    made = []
    for at in range(number):
        text = "\n".join(" ".join(chance.choices(WORDS, k=4)) for _ in range(chance.randint(0, 12)))
        enclosed = (Attachment(name="ü.json", media_type="application/json", content=text.encode()),)
        made.append(msgspec.structs.replace(MAIL, text=text, attachments=enclosed if at % 10 == 0 else ()))
    return made


class Person:
    """A certificate and its key, as PEM files."""

    def __init__(self, folder: Path) -> None:
        """Make them."""
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "cert@hub.example")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.certificate, self.key = folder / "person.pem", folder / "person.key"
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))

    def seal(self) -> Seal:
        return smime_signer(self.certificate.read_bytes(), self.key.read_bytes(), "person")


def run(*command: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*map(str, command)], input=given, capture_output=True, check=False)


@pytest.mark.slow
def test_openssl_verifies_a_thousand(tmp_path: Path) -> None:
    person = Person(tmp_path)
    seal, checked = person.seal(), 0
    for mail in mails(THOUSAND):
        part = entity(mail)
        done = run("openssl", "cms", "-verify", "-CAfile", person.certificate, given=whole(mail, seal(part)))
        assert done.returncode == 0, done.stderr
        assert done.stdout == part
        checked += 1
    assert checked == THOUSAND


def test_openssl_refuses_what_was_changed(tmp_path: Path) -> None:
    person = Person(tmp_path)
    mail = msgspec.structs.replace(MAIL, text="pay nobody\n")
    raw = whole(mail, person.seal()(entity(mail)))
    assert run("openssl", "cms", "-verify", "-CAfile", person.certificate, given=raw).returncode == 0
    changed = raw.replace(b"pay nobody", b"pay me now")
    assert run("openssl", "cms", "-verify", "-CAfile", person.certificate, given=changed).returncode != 0


class Ring:
    """A key ring of gpg's own, and a key that is in it."""

    def __init__(self, folder: Path) -> None:
        """Make a key and let gpg take it in."""
        self.home = folder / "gnupg"
        self.home.mkdir(mode=0o700)
        self.key = pysequoia.Tsk.generate("National CERT <cert@hub.example>")
        assert self.gpg("--import", given=str(self.key).encode()).returncode == 0

    def gpg(self, *arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        always = (
            "gpg",
            "--homedir",
            self.home,
            "--batch",
            "--no-tty",
            "--trust-model",
            "always",
            "--status-fd",
            "2",
        )
        return run(*always, *arguments, given=given)

    def close(self) -> None:
        run("gpgconf", "--homedir", self.home, "--kill", "all")


@pytest.fixture
def ring(tmp_path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a generator of one
    made = Ring(tmp_path)
    yield made
    made.close()


def parted(raw: bytes) -> tuple[bytes, bytes, str]:
    """The signed part, the signature and its digest's name, cut out of the bytes by their boundary."""
    head, _, body = raw.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="([^"]+)"', head)
    digest = re.search(rb"micalg=([a-z0-9-]+)", head)
    assert boundary is not None
    assert digest is not None
    line = b"\r\n--" + boundary[1]
    _, part, signature, _ = (b"\r\n" + body).split(line)
    return part.removeprefix(b"\r\n"), signature.partition(b"\r\n\r\n")[2], digest[1].decode()


@pytest.mark.slow
def test_gpg_verifies_a_thousand(tmp_path: Path, ring: Ring) -> None:
    seal, checked = pgp_signer(str(ring.key).encode(), "key"), 0
    for mail in mails(THOUSAND):
        part, signature, digest = parted(whole(mail, seal(entity(mail))))
        (tmp_path / "part").write_bytes(part)
        (tmp_path / "signature").write_bytes(signature)
        done = ring.gpg("--verify", tmp_path / "signature", tmp_path / "part")
        assert b"GOODSIG" in done.stderr, done.stderr
        assert digest == "pgp-sha512"
        assert b" 10 00 " in next(line for line in done.stderr.splitlines() if b"VALIDSIG" in line)  # SHA-512
        checked += 1
    assert checked == THOUSAND


def test_gpg_refuses_what_was_changed(tmp_path: Path, ring: Ring) -> None:
    mail = msgspec.structs.replace(MAIL, text="pay nobody\n")
    part, signature, _ = parted(whole(mail, pgp_signer(str(ring.key).encode(), "key")(entity(mail))))
    (tmp_path / "signature").write_bytes(signature)
    for changed, word in ((part, b"GOODSIG"), (part.replace(b"nobody", b"me now"), b"BADSIG")):
        (tmp_path / "part").write_bytes(changed)
        assert word in ring.gpg("--verify", tmp_path / "signature", tmp_path / "part").stderr


def test_the_owner_of_a_key_reads_what_is_encrypted_to_it(tmp_path: Path, ring: Ring) -> None:
    person = Person(tmp_path)
    for mail in mails(10):
        part = person.seal()(entity(mail))
        sealed = encrypter(str(ring.key.extract_certificate()))(part)
        assert b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n" in sealed
        block = re.search(rb"-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----", sealed, re.DOTALL)
        assert block is not None
        assert ring.gpg("--decrypt", given=block[0]).stdout == part
        raw = whole(mail, encrypter(person.certificate.read_text())(part))
        opened = run(
            "openssl", "cms", "-decrypt", "-inkey", person.key, "-recip", person.certificate, given=raw
        )
        assert opened.stdout == part


@pytest.mark.parametrize("key", ["nonsense", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"])
def test_nothing_goes_out_in_the_clear_because_a_key_is_bad(key: str) -> None:
    with pytest.raises(UsageFault):
        encrypter(key)


def test_keys_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one, other = Person(tmp_path), Person(tmp_path / "a")
    with pytest.raises(UsageFault):
        smime_signer(one.certificate.read_bytes(), other.key.read_bytes(), "person")
    with pytest.raises(UsageFault):
        smime_signer(b"", one.key.read_bytes(), "person")
    with pytest.raises(UsageFault):
        pgp_signer(str(pysequoia.Tsk.generate("x").extract_certificate()).encode(), "key")
