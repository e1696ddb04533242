"""A mail server on loopback that demands STARTTLS and keeps what it takes: for measurements and tests.

    python benchmarks/hub_mail_server.py FOLDER [--keep]

Makes a certificate of its own in FOLDER (``ca.pem``), prints its port, and writes one line for each message
that it has taken to ``received``: Message-ID, return path, recipient. With ``--keep`` the messages themselves
go to ``kept``, numbered. A recipient that begins with ``no-`` is refused, with ``later-`` put off.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


class Taking:
    """Takes every message, and writes it down before it says so."""

    def __init__(self, folder: Path, *, keep: bool) -> None:
        """Write to a folder."""
        self._received = (folder / "received").open("ab", buffering=0)
        self._kept = folder / "kept" if keep else None
        self._number = 0
        if self._kept:
            self._kept.mkdir(exist_ok=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and parameters
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse and put off those who ask for it."""
        del server, session, options
        if address.startswith("no-"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later-"):
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take it."""
        del server, session
        content = bytes(envelope.original_content or b"")
        number = BytesHeaderParser().parsebytes(content)["Message-ID"]
        self._number += 1
        if self._kept:
            (self._kept / f"{self._number:06}.eml").write_bytes(content)
        self._received.write(f"{number}\t{envelope.mail_from}\t{envelope.rcpt_tos[0]}\n".encode())
        return "250 taken"


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate for loopback, and what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST)), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "server.key")
    return context


async def serve(folder: Path, *, keep: bool) -> None:
    """Serve until the process ends."""
    context, taking = certificate(folder), Taking(folder, keep=keep)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            taking,
            tls_context=context,
            require_starttls=True,
            hostname="loopback",
            loop=loop,
            data_size_limit=2**26,
        ),
        HOST,
        0,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), keep="--keep" in sys.argv))
