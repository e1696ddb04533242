"""DKIM signatures (RFC 6376, RFC 8463): relaxed in header and body, RSA or Ed25519.

dkimpy verifies what this signs, and the tests do so with it. It is not used to sign, because it counts RSA in
Python: 6.3 ms a message were measured, of which OpenSSL needs 0.24.
"""

from __future__ import annotations

import base64
import hashlib
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tocsin.errors import UsageFault

SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "in-reply-to",
    "references",
)
"""Headers that are signed when they are there: both of RFC 8058 among them, which demands it."""

ONCE = (*SIGNED[:6], "content-type", "list-id", "list-unsubscribe", "list-unsubscribe-post")
"""Named once more than they stand there: none can be added, such as another place to unsubscribe."""

SHORTEST = 2048
BLANKS = re.compile(rb"[ \t]+")
FOLDED = re.compile(rb"\r\n(?=[ \t])")
Key = RSAPrivateKey | Ed25519PrivateKey


class Signer:
    """Signs for one domain with one key, which is read once."""

    def __init__(self, *, domain: str, selector: str, key: Key) -> None:
        """``key`` is what `read_key` gave."""
        self._key = key
        self._algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        self._start = f"v=1; a={self._algorithm}; c=relaxed/relaxed; d={domain}; s={selector};"

    def sign(self, message: bytes, now: int) -> bytes:
        """The message with its signature before it. Its lines end in CRLF; ``now`` is Unix time."""
        head, _, body = message.partition(b"\r\n\r\n")
        fields = [_relaxed(field) for field in FOLDED.sub(b"", head).split(b"\r\n")]
        chosen = [pair for name in SIGNED for pair in fields if pair[0] == name.encode()]
        names = [*(name.decode() for name, _ in chosen), *ONCE]
        digest = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        parts = [self._start, f"t={now};", *_wrapped(names), f"bh={digest};", "b="]
        value = "\r\n ".join(parts)
        own = b"dkim-signature:" + BLANKS.sub(b" ", FOLDED.sub(b"", value.encode()))
        told = b"".join(name + b":" + text + b"\r\n" for name, text in chosen) + own
        signature = base64.b64encode(self._signed(told)).decode()
        lines = "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return f"DKIM-Signature: {value}{lines}\r\n".encode() + message

    def _signed(self, told: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(told, PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(told).digest())  # RFC 8463, 3: the hash is what is signed


def _relaxed(field: bytes) -> tuple[bytes, bytes]:
    name, _, text = field.partition(b":")
    return name.strip().lower(), BLANKS.sub(b" ", text).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    body = BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" \r\n")
    return body + b"\r\n" if body else b""


def _wrapped(names: list[str]) -> list[str]:
    """The names of the signed headers, a few on each line; there are always more than fit on one."""
    rows = [":".join(names[at : at + 5]) for at in range(0, len(names), 5)]
    return [f"h={rows[0]}:", *(f"{row}:" for row in rows[1:-1]), f"{rows[-1]};"]


def read_key(pem: bytes, where: str) -> Key:
    """A private key in PEM, without a passphrase.

    Raises:
        UsageFault: it is none, or too short to count.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise UsageFault(
            "no private key without a passphrase", where=where, remedy="tocsin hub mail keys"
        ) from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey) or key.key_size < SHORTEST:
        raise UsageFault(f"DKIM needs RSA of {SHORTEST} bits or more, or Ed25519", where=where)
    return key


def new_key() -> bytes:
    """A new RSA key of 2048 bits in PEM: what every receiver can verify."""
    return generate_private_key(65537, SHORTEST).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def record(key: Key) -> str:
    """The text of the DNS record that publishes the key's public half."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        kind, form = "rsa", serialization.PublicFormat.SubjectPublicKeyInfo
        told = public.public_bytes(serialization.Encoding.DER, form)
    else:
        kind = "ed25519"
        told = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(told).decode()}"
