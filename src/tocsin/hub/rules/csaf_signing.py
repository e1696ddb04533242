"""OpenPGP signatures beside CSAF documents, and the key that checks them (CSAF 2.0, 7.1.19 and 7.1.20)."""

from __future__ import annotations

from collections.abc import Callable

import pysequoia
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.mail_sealing import PGP_FAULTS

Json = dict[str, str]
FOLDER = "/.well-known/csaf/openpgp/"


class Signer(Struct, frozen=True, kw_only=True):
    """A secret key: its fingerprint, its public part in ASCII armour, and what signs a document with it."""

    fingerprint: str
    certificate: str
    sign: Callable[[bytes], str]


def read_signer(key: bytes, where: str) -> Signer:
    """Give what signs with this secret key, which has no passphrase.

    Raises:
        UsageFault: it is no such key.
    """
    try:
        secret = pysequoia.Tsk.from_bytes(key)
        certificate, signer = secret.extract_certificate(), secret.signer()
        _signed(signer, b"")
    except PGP_FAULTS as error:
        raise UsageFault(f"no OpenPGP key that signs: {error}", where=where) from error
    return Signer(
        fingerprint=str(certificate.fingerprint).upper(),
        certificate=str(certificate),
        sign=lambda data: _signed(signer, data),
    )


def _signed(signer: pysequoia.PySigner, data: bytes) -> str:
    return pysequoia.sign(signer, data, mode=pysequoia.SignatureMode.DETACHED).decode("ascii")


def key_file(fingerprint: str) -> str:
    """The name of the file with the public key."""
    return f"{fingerprint.lower()}.asc"


def listed(fingerprint: str, site: str) -> Json:
    """A key as ``provider-metadata.json`` names it; ``site`` without a slash at its end."""
    return {"fingerprint": fingerprint, "url": f"{site}{FOLDER}{key_file(fingerprint)}"}
