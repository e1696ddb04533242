r"""A stream sealed for somebody: AES-256-GCM in chunks, so that any size needs little memory.

::

    TOCSIN-SEALED-1\n
    {"for": [{"scrypt": …} or {"x25519": …}], "prefix": …}\n     one line of JSON
    chunk, chunk, … chunk                                     64 KiB and a tag each; the last is marked

A random key seals the chunks. It is itself sealed once for every recipient: by a passphrase (scrypt,
RFC 7914) or to a public key (X25519 and HKDF, as age does). Each chunk's nonce is a random prefix, a counter
and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár), and the header
is covered by all: nothing can be cut off, put in another order or taken from another file.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from typing import IO, Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tocsin.errors import EnvironmentFault, UsageFault

MAGIC = b"TOCSIN-SEALED-1\n"
CHUNK = 64 * 1024
TAG = 16
COST = 2**17  # 128 MB and half a second for each guess
COSTLIEST = 2**20
SHORTEST = 16
HEADER = 64 * 1024
RECIPIENT, IDENTITY = "tocsin-recipient-", "TOCSIN-IDENTITY-"
NO_KEY = "none of these keys opens it"


class Passphrase(msgspec.Struct, frozen=True):
    """Words that open what was sealed with them; at least 16 characters."""

    words: str


class Recipient(msgspec.Struct, frozen=True):
    """A public key: seals, and opens nothing."""

    key: bytes


class Identity(msgspec.Struct, frozen=True):
    """A private key: opens what was sealed to its public one."""

    key: bytes

    @property
    def recipient(self) -> str:
        """The public key as text, to give away."""
        return RECIPIENT + _text(
            X25519PrivateKey.from_private_bytes(self.key).public_key().public_bytes_raw()
        )


Key = Passphrase | Recipient | Identity


def new_identity() -> str:
    """A new private key as text."""
    return IDENTITY + _text(X25519PrivateKey.generate().private_bytes_raw())


def read_key(text: str) -> Key:
    """A key file's content: a recipient, an identity, or else a passphrase.

    Raises:
        UsageFault: it is too short, or damaged.
    """
    words = text.strip()
    for beginning, kind in ((RECIPIENT, Recipient), (IDENTITY, Identity)):
        if words.startswith(beginning):
            return kind(_key_of(words.removeprefix(beginning)))
    if len(words) < SHORTEST:
        raise UsageFault(f"the passphrase has fewer than {SHORTEST} characters", remedy="Use a longer one.")
    return Passphrase(words)


def _key_of(text: str) -> bytes:
    try:
        key = _bytes(text)
    except ValueError:
        key = b""
    if len(key) != 32:  # noqa: PLR2004 - X25519
        raise UsageFault("the key is damaged", remedy="Copy it once more, whole.")
    return key


class Sealer:
    """Writes sealed chunks to ``target``. Whole only after ``close``."""

    def __init__(self, target: IO[bytes], keys: Sequence[Key], *, cost: int = COST) -> None:
        """Write the header.

        Raises:
            UsageFault: nobody could open it.
        """
        if not keys:
            raise UsageFault("a backup needs a key", remedy="Give a passphrase file or a recipient.")
        secret = secrets.token_bytes(32)
        prefix = secrets.token_bytes(7)
        wrapped = [_wrap(secret, key, cost) for key in keys]
        self._header = MAGIC + msgspec.json.encode({"for": wrapped, "prefix": _text(prefix)}) + b"\n"
        self._box, self._prefix, self._number = AESGCM(secret), prefix, 0
        self._target, self._waiting = target, bytearray()
        target.write(self._header)

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk; the target stays open."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._target.write(self._box.encrypt(nonce, chunk, hashlib.sha256(self._header).digest()))
        self._number += 1


class Opener:
    """Reads what a `Sealer` wrote. Every byte it gives is authentic; the end is checked, too."""

    def __init__(self, source: IO[bytes], keys: Sequence[Key]) -> None:
        """Read the header.

        Raises:
            UsageFault: it is no such file, or none of the keys opens it.
        """
        header = _read_header(source)
        self._about = hashlib.sha256(header).digest()
        try:
            fields = msgspec.json.decode(header[len(MAGIC) :])
            self._prefix, wrapped = _bytes(fields["prefix"]), list(fields["for"])
        except (ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
            raise UsageFault("the head of the file is damaged") from error
        self._box = AESGCM(_unwrap_any(wrapped, keys))
        self._source, self._number, self._ended = source, 0, False
        self._ahead = source.read(CHUNK + TAG)
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """Some bytes; empty at the end.

        Raises:
            EnvironmentFault: something was changed or cut off.
        """
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._next()
        cut = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:cut], self._ready[cut:]
        return given

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._source.read(CHUNK + TAG)
        self._ended = not self._ahead
        nonce = _nonce(self._prefix, self._number, last=self._ended)
        self._number += 1
        try:
            return self._box.decrypt(nonce, chunk, self._about)
        except InvalidTag as error:
            raise EnvironmentFault(
                "the file was changed or cut off", where=f"chunk {self._number}", remedy="Use another copy."
            ) from error


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _read_header(source: IO[bytes]) -> bytes:
    if source.read(len(MAGIC)) != MAGIC:
        raise UsageFault("this is no sealed file of Tocsin")
    line = source.readline(HEADER)
    if not line.endswith(b"\n"):
        raise UsageFault("the head of the file is damaged")
    return MAGIC + line


def _wrap(secret: bytes, key: Key, cost: int) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    if isinstance(key, Passphrase):
        box = AESGCM(_stretched(key.words, salt, cost))
        return {"scrypt": {"salt": _text(salt), "n": cost, "key": _text(_sealed(box, secret))}}
    public = X25519PublicKey.from_public_bytes(_public(key))
    mine = X25519PrivateKey.generate()
    box = AESGCM(_agreed(mine.exchange(public), salt))
    sender = mine.public_key().public_bytes_raw()
    return {"x25519": {"salt": _text(salt), "from": _text(sender), "key": _text(_sealed(box, secret))}}


def _public(key: Recipient | Identity) -> bytes:
    return key.key if isinstance(key, Recipient) else _key_of(key.recipient.removeprefix(RECIPIENT))


def _sealed(box: AESGCM, secret: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + box.encrypt(nonce, secret, None)


def _stretched(words: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(words.encode())


def _agreed(shared: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"tocsin sealed file").derive(shared)


def _unwrap_any(wrapped: list[Any], keys: Sequence[Key]) -> bytes:
    for key in keys:
        for entry in wrapped[:100]:
            try:
                secret = _unwrap(entry, key)
            except (InvalidTag, KeyError, TypeError, ValueError):
                continue
            if secret and len(secret) == 32:  # noqa: PLR2004 - AES-256
                return secret
    raise UsageFault(NO_KEY, remedy="Give the passphrase or identity that it was sealed for.")


def _unwrap(entry: Any, key: Key) -> bytes | None:
    if isinstance(key, Passphrase) and "scrypt" in entry:
        fields = entry["scrypt"]
        cost = int(fields["n"])
        if not 1 < cost <= COSTLIEST:
            return None
        box = AESGCM(_stretched(key.words, _bytes(fields["salt"]), cost))
    elif isinstance(key, Identity) and "x25519" in entry:
        fields = entry["x25519"]
        public = X25519PublicKey.from_public_bytes(_bytes(fields["from"]))
        shared = X25519PrivateKey.from_private_bytes(key.key).exchange(public)
        box = AESGCM(_agreed(shared, _bytes(fields["salt"])))
    else:
        return None
    sealed = _bytes(fields["key"])
    return box.decrypt(sealed[:12], sealed[12:], None)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
