"""Incident reports: their words, their states, and whom it is safe to write to.

Words: functional and information impact and recoverability after CISA, "US-CERT Federal Incident Notification
Guidelines" (2017), which takes them from NIST SP 800-61 revision 2, section 3.2.6. Stages: Directive (EU)
2022/2555, Article 23(4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.identity import hostname

REFERENCE = re.compile(r"IR-[0-9]{4}-[A-HJ-NP-Z2-9]{8}")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without letters and digits that are taken for one another on the telephone."""


class State(StrEnum):
    """Where a report stands."""

    TO_CHECK = "to-check"  # came without proof of work: nobody has looked whether it is one
    RECEIVED = "received"
    TRIAGED = "triaged"
    IN_PROGRESS = "in-progress"
    CLOSED = "closed"
    MERGED = "merged"
    REFUSED = "refused"  # is none: nonsense, a test


class Proof(StrEnum):
    """What speaks for a report being a person's or a known program's."""

    WORK = "work"
    TOKEN = "token"  # noqa: S105 - a word
    NONE = "none"
    TRAP = "trap"  # a field was filled in that people do not see


class Functional(StrEnum):
    """What no longer works."""

    NONE = "none"
    MINIMAL = "minimal"
    SIGNIFICANT = "significant"
    DENIAL = "denial"
    UNKNOWN = "unknown"


class Information(StrEnum):
    """What was read, changed or lost."""

    NONE = "none"
    SUSPECTED = "suspected"
    PRIVACY = "privacy"
    PROPRIETARY = "proprietary"
    CREDENTIALS = "credentials"
    DESTRUCTION = "destruction"
    UNKNOWN = "unknown"


class Recoverability(StrEnum):
    """What getting over it takes."""

    REGULAR = "regular"
    SUPPLEMENTED = "supplemented"
    EXTENDED = "extended"
    NOT_RECOVERABLE = "not-recoverable"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """Yes, no, or not known yet: silence is none of them."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """What is handed in, in the order of Article 23(4)."""

    EARLY_WARNING = "early-warning"
    NOTIFICATION = "notification"
    INTERMEDIATE = "intermediate"
    FINAL = "final"
    PERSONAL_DATA = "personal-data"  # that the supervisory authority was told (GDPR, Article 33)
    OTHER = "other"


_NEXT = {
    State.TO_CHECK: {State.RECEIVED, State.TRIAGED, State.REFUSED, State.MERGED, State.CLOSED},
    State.RECEIVED: {State.TRIAGED, State.IN_PROGRESS, State.REFUSED, State.MERGED, State.CLOSED},
    State.TRIAGED: {State.IN_PROGRESS, State.REFUSED, State.MERGED, State.CLOSED},
    State.IN_PROGRESS: {State.TRIAGED, State.MERGED, State.CLOSED},
    State.CLOSED: {State.IN_PROGRESS},
    State.REFUSED: {State.RECEIVED},
    State.MERGED: set[State](),
}
OPEN = frozenset({State.TO_CHECK, State.RECEIVED, State.TRIAGED, State.IN_PROGRESS})
SAID = {
    State.TO_CHECK: "Received. Somebody will look whether it is complete.",
    State.RECEIVED: "Received. Nobody has worked on it yet.",
    State.TRIAGED: "Somebody has read it.",
    State.IN_PROGRESS: "It is being worked on.",
    State.CLOSED: "Closed.",
    State.MERGED: "Continued together with another report of the same incident.",
    State.REFUSED: "Closed: it was not taken for a report of an incident.",
}
"""What the reporter is told of each state."""


def following(state: str) -> list[State]:
    """The states that may come next, in the order of their words."""
    return [word for word in State if word in _NEXT[State(state)]]


def move(before: str, after: str) -> State:
    """The state after a change.

    Raises:
        UsageFault: this does not follow that.
    """
    if after not in set(State) or State(after) not in _NEXT[State(before)]:
        raise UsageFault(f"a report that is {before} does not become {after}")
    return State(after)


class Safe(Struct, frozen=True, kw_only=True):
    """What there is to say against a contact.

    Attributes:
        refused: why it cannot be taken, or an empty text.
        doubts: what the people who answer should know of it.
    """

    refused: str = ""
    doubts: tuple[str, ...] = ()


def safe_contact(contact: str, *, affected: Iterable[str], work_address: str = "") -> Safe:
    """Whether mail to a contact might be read by the intruder.

    Args:
        contact: a mail address, or a telephone number.
        affected: names and domains of what is affected, as the reporter wrote them.
        work_address: the reporter's address at the affected organisation.
    """
    domain = _domain(contact)
    if not domain:
        return Safe()
    names = {name for text in [*affected, _domain(work_address)] if (name := hostname(_bare(text)))}
    hit = min((name for name in names if _inside(domain, name) or _inside(name, domain)), default="")
    if hit:
        said = f"Mail to {domain} may be read by whoever is in {hit}."
        return Safe(refused=f"{said} Give an address elsewhere, or a telephone number.")
    near = sorted(name for name in names if _cousins(domain, name))
    return Safe(doubts=tuple(f"{domain} looks related to {name}, which is affected" for name in near))


def claimed(contact: str, domains: Iterable[str]) -> tuple[str, ...]:
    """What staff should know: the contact lies in a domain that the affected organisation claims.

    The form does not say so: it would tell strangers who is in the constituency.
    """
    domain = _domain(contact)
    return tuple(
        f"{domain} lies in {name}, which the affected organisation claims"
        for name in sorted(set(domains))
        if domain and _inside(domain, name)
    )


def _domain(contact: str) -> str:
    return hostname(contact.rpartition("@")[2]) if "@" in contact else ""


def _bare(text: str) -> str:
    """The host of what may be an address of the web, a mail address or a name."""
    return re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].rpartition("@")[2].split(":")[0]


def _inside(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _cousins(one: str, other: str) -> bool:
    """The same two last labels: related, unless they are a registry's, such as ``co.uk``."""
    return one.split(".")[-2:] == other.split(".")[-2:] and one.count(".") > 0


def servers_of(text: str, most: int = 50) -> list[str]:
    """Names and addresses that stand in a text, each once, in their order."""
    found = re.split(r"[\s,;]+", text)
    return list(dict.fromkeys(each.strip("()[]<>\"'") for each in found if "." in each or ":" in each))[:most]
