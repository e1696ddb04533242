"""Return paths that say which message came back, and that nobody can make up (a keyed VERP address)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

TOKEN = re.compile(r"\+(\d{1,18})-([a-z2-7]{16})@")
BYTES = 10


def return_path(address: str, number: int, secret: str) -> str:
    """``returns+4711-abcdefghijklmnop@hub.example``: where mail goes that cannot be delivered."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{number}-{_proof(number, secret)}@{domain}"


def _proof(number: int, secret: str) -> str:
    told = hmac.new(secret.encode(), f"outbox return {number}".encode(), hashlib.sha256).digest()
    return base64.b32encode(told[:BYTES]).decode().lower()


def number_in(text: str, secret: str) -> int | None:
    """The number of the message in a return path, if the hub made it."""
    for number, proof in TOKEN.findall(text.lower()):
        if hmac.compare_digest(proof, _proof(int(number), secret)):
            return int(number)
    return None
