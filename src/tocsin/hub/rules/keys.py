"""Keys that are shown once: of invitations and of programs. The hub keeps their digest alone.

A key carries 256 random bits, so that a plain SHA-256 is as good as a slow hash: nobody guesses it. The
prefix lets a scanner for leaked secrets recognise it.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN, INVITATION = "tocsin_", "invite_"
LONGEST = 200


def new_key(prefix: str) -> str:
    """A new key, such as ``tocsin_mR…``."""
    return prefix + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What the hub keeps of a key: 64 hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
