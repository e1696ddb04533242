"""Links that owners are given: a secret that nobody guesses, sealed so that forged ones cost no look.

A link's token is ``<secret>.<seal>``: 256 random bits, and 128 bits of an HMAC-SHA-256 over them with the
hub's key. The hub keeps the secret's digest alone (`rules.keys.digest`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

LONGEST_DAYS = 180
OPEN_FOR = timedelta(minutes=60)
"""After "Show me" the page stays open for so long, in the browser that asked."""

NONCE_BYTES = 16
_SEALED = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})")
_PURPOSE = b"tocsin owner link 1\0"
_SEAL_BYTES = 16


class Purpose(StrEnum):
    """What a link was given for."""

    NOTICE = "notice"
    COMPROMISE = "compromise"
    DIRECTIVE = "directive"
    CASE = "case"


class Answered(StrEnum):
    """What an owner may say. Silence is no answer: it stays "no answer yet"."""

    ACKNOWLEDGED = "acknowledged"
    HELP = "help"
    CHANGE_CHANNEL = "change-channel"
    OPT_OUT = "opt-out"
    NOT_OURS = "not-ours"
    DONE = "done"
    REMOVAL_CLAIMED = "removal-claimed"


NO_ANSWER = "no answer yet"
"""What silence is called, everywhere."""


class Stand(StrEnum):
    """Whether a link still opens."""

    OPEN = "open"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DONE = "done"


class Times(Struct, frozen=True, kw_only=True):
    """The moments that decide about a link."""

    expires: datetime
    withdrawn: datetime | None = None
    done: datetime | None = None


def new_secret() -> str:
    """Give a new secret: 256 bits, 43 characters."""
    return secrets.token_urlsafe(32)


def new_nonce() -> str:
    """Give a new nonce for evidence: 128 bits, easily copied (``tocsin-nonce-…``)."""
    return f"tocsin-nonce-{secrets.token_hex(NONCE_BYTES)}"


def sealed(secret: str, key: str) -> str:
    """Give the token of a secret under the hub's key."""
    return f"{secret}.{_seal(secret, key)}"


def unsealed(token: str, key: str) -> str | None:
    """Give the secret of a token, or None where its seal is not of this key."""
    found = _SEALED.fullmatch(token)
    if found is None or not hmac.compare_digest(_seal(found[1], key), found[2]):
        return None
    return found[1]


def _seal(secret: str, key: str) -> str:
    whole = hmac.digest(key.encode(), _PURPOSE + secret.encode(), hashlib.sha256)
    return urlsafe_b64encode(whole[:_SEAL_BYTES]).decode().rstrip("=")


def stand(times: Times, now: datetime) -> Stand:
    """Tell whether a link opens at this moment: withdrawing beats everything, work that is done beats time."""
    if times.withdrawn is not None:
        return Stand.WITHDRAWN
    if times.done is not None:
        return Stand.DONE
    return Stand.OPEN if now < times.expires else Stand.EXPIRED
