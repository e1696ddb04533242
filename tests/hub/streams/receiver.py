"""A real receiver: HTTPS on loopback, with a certificate of an authority that is made for the test."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tocsin.hub.streams.outward import Answer, Way, post

NAME = "receiver.example"


class Receiver:
    """What came in, and what is answered."""

    def __init__(self, port: int, authorities: str) -> None:
        """Answer 204 to everything."""
        self.port, self.authorities = port, authorities
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answer = (204, {})
        self.silent = threading.Event()  # says nothing until it is set

    @property
    def url(self) -> str:
        """Where it listens, by name."""
        return f"https://{NAME}:{self.port}/events?x=1"

    def way(self, **rest: Any) -> Way:
        """How a test reaches it."""
        fields = {
            "private": True,
            "authorities": self.authorities,
            "resolve": lambda *_: ["127.0.0.1"],
            **rest,
        }
        return Way(**fields)

    def send(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """As the chore sends."""
        return post(url, body, headers, way=self.way())


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, receiver: Receiver, *args: Any) -> None:
        self.receiver = receiver
        super().__init__(*args)

    def do_POST(self) -> None:
        """Keep what came, and answer as told."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.got.append((self.path, dict(self.headers), body))
        status, headers = self.receiver.answer
        if status == 0:
            self.receiver.silent.wait(30)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def receiver(folder: Path) -> Iterator[Receiver]:
    """A receiver that listens until the end."""
    chain = certificate(folder)
    made = Receiver(0, str(chain))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is no news
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path) -> Path:
    """A certificate that signs itself, for the receiver's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "chain.pem").write_bytes(made.public_bytes(pem))
    return folder / "chain.pem"
