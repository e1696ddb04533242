"""Contacts: written in one way, ranked, and counted: which sectors cannot be reached, before the crisis.

A contact counts as usable unless its owner opted out of notices or mail to it came back for good. Verified
means that somebody made sure within two years.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from tocsin.errors import UsageFault
from tocsin.hub.rules.words import Bounce, Channel, ContactRole, Provenance

STALE = timedelta(days=730)
MAIL = re.compile(r"[^@\s<>,;:\"\\]{1,64}@[^@\s<>,;:\"\\]{1,253}\Z")
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,30}\Z")
LONGEST = 500
LADDER = (Provenance.MANUAL, Provenance.SECURITY_TXT, Provenance.CSV, Provenance.DOTGOV, Provenance.RDAP)
ROLES = (ContactRole.NOTIFICATIONS, ContactRole.TECHNICAL, ContactRole.ABUSE, ContactRole.ADMINISTRATIVE)


class ContactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contact as the rules see it."""

    channel: str
    value: str
    role: str = ContactRole.TECHNICAL
    provenance: str = Provenance.MANUAL
    verified: datetime | None = None
    opted_out: datetime | None = None
    bounce: str = Bounce.NONE


class Reach(msgspec.Struct, kw_only=True):
    """Organisations of one sector, and how many of them can be reached."""

    sector: str
    organisations: int = 0
    usable: int = 0
    verified: int = 0

    @property
    def unreachable(self) -> int:
        """Those with no usable contact."""
        return self.organisations - self.usable


def sound_contact(channel: str, value: str) -> str:
    """The contact's value in one way of writing.

    Raises:
        UsageFault: it is no address of that channel.
    """
    text = " ".join(value.split()) if channel != Channel.LETTER else value.strip()
    if not text or len(text) > LONGEST or not _fits(channel, text):
        raise UsageFault(f"{text[:80]!r} is no {channel}")
    if channel == Channel.EMAIL:
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    return text


def _fits(channel: str, text: str) -> bool:
    if channel == Channel.EMAIL:
        return bool(MAIL.match(text))
    if channel == Channel.PHONE:
        return bool(PHONE.match(text))
    if channel == Channel.WEBHOOK:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname)
    return channel == Channel.LETTER


def usable(contact: ContactRow) -> bool:
    """Whether a notice would arrive."""
    return contact.opted_out is None and contact.bounce != Bounce.HARD


def verified(contact: ContactRow, now: datetime) -> bool:
    """Usable, and somebody made sure within two years."""
    return usable(contact) and contact.verified is not None and contact.verified > now - STALE


def ranked(contacts: Iterable[ContactRow]) -> list[ContactRow]:
    """From the first to try: usable, then manual before imported (by the ladder), then by role."""
    return sorted(
        contacts,
        key=lambda row: (not usable(row), _place(LADDER, row.provenance), _place(ROLES, row.role), row.value),
    )


def _place(order: tuple[str, ...], word: str) -> int:
    return order.index(word) if word in order else len(order)


def reach(rows: Iterable[tuple[str, bool, bool]]) -> list[Reach]:
    """Count organisations, each given as (sector, has a usable contact, has a verified one), by sector.

    The least reachable sector comes first; of equals the one with more organisations.
    """
    found: dict[str, Reach] = defaultdict(lambda: Reach(sector=""))
    for sector, has_usable, has_verified in rows:
        row = found[sector]
        row.sector = sector
        row.organisations += 1
        row.usable += has_usable
        row.verified += has_verified
    return sorted(
        found.values(), key=lambda row: (row.usable / row.organisations, -row.organisations, row.sector)
    )
