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

from tocsin.hub.rules.words import Channel, Exposure

LONGEST_DAYS = 180
OPEN_FOR = timedelta(minutes=60)
"""After "Show me" the page stays open for so long, in the browser that asked."""

READABLE_FOR = timedelta(days=7)
"""What was shown stays to be read for so long; then the work of a link is done."""

NONCE_BYTES = 16
HIDDEN = "…"
SHORTEST_TOKEN = 32
"""Parts of an address that are as long as this open something; no other part is."""

_SEALED = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})")
_PURPOSE = b"tocsin owner link 1\0"
_SEAL_BYTES = 16


class Purpose(StrEnum):
    """What a link was given for."""

    NOTICE = "notice"
    COMPROMISE = "compromise"
    DIRECTIVE = "directive"
    CASE = "case"


ENDED_BY_TIME = frozenset({Purpose.DIRECTIVE})
"""An order may ask for reports again and again: no state of a server says that it is done."""

FIXED = frozenset(
    {
        Exposure.PATCHED,
        Exposure.PATCH_VERIFIED,
        Exposure.NOT_AFFECTED,
        Exposure.DISCONNECTED,
        Exposure.RETIRED,
    }
)
"""With a server that is verified clean and stands so, there is nothing left that its owner is asked for."""


class Answered(StrEnum):
    """What an owner may say. Silence is no answer: it stays "no answer yet"."""

    ACKNOWLEDGED = "acknowledged"
    HELP = "help"
    CHANGE_CHANNEL = "change-channel"
    OPT_OUT = "opt-out"
    NOT_OURS = "not-ours"
    DONE = "done"
    REMOVAL_CLAIMED = "removal-claimed"


OFFERED = (Channel.EMAIL, Channel.PHONE, Channel.LETTER)
"""By which an owner may ask to be reached."""

NEEDS_TEXT = frozenset({Answered.HELP, Answered.DONE, Answered.REMOVAL_CLAIMED, Answered.NOT_OURS})
LONGEST_TEXT, LONGEST_VALUE = 5_000, 500

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


class Said(Struct, frozen=True, kw_only=True):
    """An answer as it came: ``server`` None for all servers of the link."""

    kind: Answered
    text: str = ""
    server: int | None = None
    channel: str = ""
    value: str = ""


def refuse_answer(said: Said) -> str | None:
    """Give what is missing from an answer, or None."""
    if len(said.text) > LONGEST_TEXT or len(said.value) > LONGEST_VALUE:
        return f"at most {LONGEST_TEXT:,} characters, and {LONGEST_VALUE} for a contact"
    if "\0" in said.text or any(not each.isprintable() for each in said.value):
        return "characters that are no text"
    if said.kind is Answered.CHANGE_CHANNEL:
        known = said.channel in {channel.value for channel in OFFERED}
        return None if known and said.value.strip() else "say how you want to be reached, and where"
    if said.channel or said.value.strip():
        return "a contact goes with a change of channel alone"
    if said.kind in NEEDS_TEXT and not said.text.strip():
        return "say it in a few words"
    return None


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


def without_secrets(text: str, hub: str) -> str:
    """A text in which addresses of the hub's own pages have lost what opens them, as staff may read it.

    Args:
        text: of a message, or one of its headers.
        hub: the hub's own address, with which these begin.
    """
    ours = re.compile(rf"({re.escape(hub.rstrip('/'))}/\S*?/)[A-Za-z0-9_.:=-]{{{SHORTEST_TOKEN},}}")
    return ours.sub(rf"\g<1>{HIDDEN}", text)


def _seal(secret: str, key: str) -> str:
    whole = hmac.digest(key.encode(), _PURPOSE + secret.encode(), hashlib.sha256)
    return urlsafe_b64encode(whole[:_SEAL_BYTES]).decode().rstrip("=")


def stand(times: Times, now: datetime) -> Stand:
    """Tell whether a link opens now: withdrawing beats everything, work that is done beats time."""
    if times.withdrawn is not None:
        return Stand.WITHDRAWN
    if times.done is not None:
        return Stand.DONE
    return Stand.OPEN if now < times.expires else Stand.EXPIRED
