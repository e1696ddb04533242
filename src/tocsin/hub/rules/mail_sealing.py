"""S/MIME (RFC 8551) and OpenPGP in MIME (RFC 3156) around an entity: signatures, encryption to a key.

An entity comes in and goes out as bytes with CRLF; what is signed is exactly what is sent.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

import pysequoia
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import pkcs7

from tocsin.errors import UsageFault

Seal = Callable[[bytes], bytes]
PGP_FAULTS = (RuntimeError, ValueError, OSError, TypeError)
DETACHED = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
SIGNED_HEAD = (
    'Content-Type: multipart/signed; protocol="{protocol}";\r\n micalg={digest}; boundary="{boundary}"\r\n'
)
SIGNATURE_HEAD = (
    'Content-Type: {kind}; name="{name}"\r\n{more}Content-Disposition: attachment; filename="{name}"\r\n\r\n'
)
BASE64 = "Content-Transfer-Encoding: base64\r\n"


def smime_signer(certificates: bytes, key: bytes, where: str) -> Seal:
    """What signs an entity with the first certificate; the others go along.

    Raises:
        UsageFault: the files are no certificate and its key.
    """
    try:
        own, *others = x509.load_pem_x509_certificates(certificates)
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise UsageFault(f"no certificate and key in PEM: {error}", where=where) from error
    if not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey) or _der(private) != _der(own):
        raise UsageFault("the key is not this certificate's", where=where)

    def sign(part: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(part).add_signer(own, private, hashes.SHA256())
        for one in others:
            builder = builder.add_certificate(one)
        signature = builder.sign(serialization.Encoding.DER, DETACHED)
        head = SIGNATURE_HEAD.format(kind="application/pkcs7-signature", name="smime.p7s", more=BASE64)
        return _signed("application/pkcs7-signature", "sha-256", part, head.encode() + _base64(signature))

    return sign


def _der(of: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    told: bytes = of.public_key().public_bytes(serialization.Encoding.DER, form)
    return told


def pgp_signer(key: bytes, where: str) -> Seal:
    """What signs an entity with this secret key, which has no passphrase.

    Raises:
        UsageFault: it is no such key.
    """
    try:
        signer = pysequoia.Tsk.from_bytes(key).signer()
        pysequoia.sign(signer, b"", mode=pysequoia.SignatureMode.DETACHED)
    except PGP_FAULTS as error:
        raise UsageFault(f"no OpenPGP key that signs: {error}", where=where) from error

    def sign(part: bytes) -> bytes:
        signature = pysequoia.sign(signer, part, mode=pysequoia.SignatureMode.DETACHED)
        digest = pysequoia.Sig.from_bytes(signature).hash_algorithm
        name = f"pgp-{str(digest).rpartition('.')[2].lower()}"  # HashAlgorithm.Sha512
        head = SIGNATURE_HEAD.format(kind="application/pgp-signature", name="signature.asc", more="")
        return _signed("application/pgp-signature", name, part, head.encode() + _crlf(signature))

    return sign


def _signed(protocol: str, digest: str, part: bytes, signature: bytes) -> bytes:
    boundary = f"=-{secrets.token_hex(16)}"
    head = SIGNED_HEAD.format(protocol=protocol, digest=digest, boundary=boundary)
    return b"\r\n".join(
        (
            head.encode(),
            _line(boundary),
            part,
            _line(boundary),
            signature,
            _end(boundary),
        )
    )


def _line(boundary: str) -> bytes:
    return f"--{boundary}".encode()


def _end(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


def _base64(content: bytes) -> bytes:
    return _crlf(base64.encodebytes(content))


def _crlf(text: bytes) -> bytes:
    return b"\r\n".join(text.strip().splitlines())


def encrypter(key: str) -> Seal:
    """What encrypts an entity to a contact's key: an OpenPGP certificate, or an X.509 one (RSA).

    Raises:
        UsageFault: nothing can be encrypted to it.
    """
    text = key.strip()
    if "BEGIN CERTIFICATE" in text:
        return _smime_encrypter(text.encode())
    try:
        certificate = pysequoia.Cert.from_bytes(text.encode())
        pysequoia.encrypt(b"", [certificate])
    except PGP_FAULTS as error:
        raise UsageFault(f"nothing can be encrypted to the contact's key: {error}"[:300]) from error
    return lambda part: _pgp_encrypted(pysequoia.encrypt(part, [certificate]))


def _pgp_encrypted(content: bytes) -> bytes:
    boundary = f"=-{secrets.token_hex(16)}"
    head = (
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n'
        f' boundary="{boundary}"\r\n'
    )
    version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    data = b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n' + _crlf(content)
    return b"\r\n".join((head.encode(), _line(boundary), version, _line(boundary), data, _end(boundary)))


def _smime_encrypter(pem: bytes) -> Seal:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise UsageFault(f"the contact's key is no certificate: {error}"[:300]) from error
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise UsageFault("the contact's certificate has no RSA key: nothing can be encrypted to it")

    def encrypt(part: bytes) -> bytes:
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(part).add_recipient(certificate)
        options = [pkcs7.PKCS7Options.Binary]
        sealed = builder.set_content_encryption_algorithm(AES256).encrypt(serialization.Encoding.DER, options)
        head = (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n"
            f' name="smime.p7m"\r\n{BASE64}'
            'Content-Disposition: attachment; filename="smime.p7m"\r\n\r\n'
        )
        return head.encode() + _base64(sealed) + b"\r\n"

    return encrypt
