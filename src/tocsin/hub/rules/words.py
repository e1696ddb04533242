"""The words of the hub's two axes, of evidence and of people.

Values are stable: they stand in databases and in the API.
"""

from __future__ import annotations

from enum import StrEnum


class Exposure(StrEnum):
    """Can the server be broken into? In the order in which two answers of one day yield to the worse."""

    UNKNOWN = "unknown"
    VULNERABLE = "vulnerable"
    PARTLY_MITIGATED = "partially-mitigated"
    MITIGATED = "mitigated"
    PATCHED = "patched"
    PATCH_VERIFIED = "patch-verified"
    NOT_AFFECTED = "not-affected"
    DISCONNECTED = "disconnected"
    UNREACHABLE = "unreachable"
    RETIRED = "retired"
    FALSE_POSITIVE = "false-positive"


class Compromise(StrEnum):
    """Was somebody inside, and is that shown to be over? No scan can enter ``verified-clean``."""

    UNKNOWN = "unknown"
    TARGETED = "targeted"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CONTAINED = "contained"
    REMOVED = "removed"
    VERIFIED_CLEAN = "verified-clean"
    ACCEPTED_RISK = "accepted-risk"


class Grade(StrEnum):
    """How far a piece of evidence carries, from the least."""

    OBSERVED = "observed"  # seen from outside: a census row
    SELF_REPORTED = "self-reported"  # an uploaded verdict
    EVIDENCE_HELD = "evidence-held"  # raw evidence with the hub's nonce and a matching server
    RE_ASSESSED = "re-assessed"  # assessed by the hub or an accredited responder


class Role(StrEnum):
    """What a person may do, from the most."""

    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    VIEWER = "viewer"
    MEMBER = "member"  # of an organisation: sees that organisation and nothing else


class ClaimKind(StrEnum):
    """What an organisation says is its own."""

    CIDR = "cidr"
    ASN = "asn"
    DOMAIN = "domain"
    HOST = "host"


class Provenance(StrEnum):
    """Where a contact or a claim comes from. Manual entries beat imported ones."""

    MANUAL = "manual"
    CSV = "csv"
    DOTGOV = "dotgov"
    RDAP = "rdap"
    SECURITY_TXT = "security.txt"


class ContactRole(StrEnum):
    """What a contact is for, by RFC 9116 and RDAP usage."""

    TECHNICAL = "technical"
    ABUSE = "abuse"
    NOTIFICATIONS = "notifications"
    ADMINISTRATIVE = "administrative"


class Channel(StrEnum):
    """How a contact is reached."""

    EMAIL = "email"
    PHONE = "phone"
    LETTER = "letter"
    WEBHOOK = "webhook"


class Bounce(StrEnum):
    """What became of mail to a contact."""

    NONE = "none"
    SOFT = "soft"
    HARD = "hard"


OPEN = frozenset(
    {
        Exposure.UNKNOWN,
        Exposure.VULNERABLE,
        Exposure.PARTLY_MITIGATED,
        Exposure.MITIGATED,
        Exposure.UNREACHABLE,
    }
)
"""States that still want somebody's work. ``unreachable`` is one: not seen is not fixed."""

CLOSED = frozenset(set(Exposure) - OPEN)
"""States in which an exposure rests until evidence reopens it."""
