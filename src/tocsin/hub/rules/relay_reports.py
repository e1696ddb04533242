"""Reports of what attackers run, to those who can end it: what may be reported, to whom, and what comes back.

Indicators are written so that nobody follows them by accident (``hxxp``, ``[.]``), and read in that form too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.claims import sound_claim
from tocsin.hub.rules.reach import LADDER
from tocsin.hub.rules.words import ClaimKind, ContactRole

LONGEST = 2_000
XARF = "4.2.0"
REGISTRIES = ("afrinic.net", "apnic.net", "arin.net", "lacnic.net", "ripe.net", "iana.org")
"""Their addresses stand in answers about networks that they gave away; they run none of them."""


class Kind(StrEnum):
    """What an attacker uses."""

    IP = "ip"
    DOMAIN = "domain"
    URL = "url"


class Use(StrEnum):
    """What for, in the words of STIX 2.1's ``infrastructure-type-ov`` where it has one."""

    COMMAND = "command-and-control"
    ATTACK = "attack"
    STAGING = "staging"
    EXFILTRATION = "exfiltration"
    HOSTING = "hosting-malware"
    RECONNAISSANCE = "reconnaissance"
    UNKNOWN = "unknown"


class Recipient(StrEnum):
    """To whom it is reported."""

    HOSTER = "hoster"
    REGISTRAR = "registrar"
    LAW = "law-enforcement"


class State(StrEnum):
    """Where a report stands. Silence is ``reported``, and nothing else."""

    QUEUED = "queued"
    REPORTED = "reported"
    ACKNOWLEDGED = "acknowledged"
    ACTED = "acted"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"
    WITHDRAWN = "withdrawn"


STEPS: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.REPORTED, State.UNDELIVERABLE, State.WITHDRAWN}),
    State.REPORTED: frozenset(
        {State.ACKNOWLEDGED, State.ACTED, State.REFUSED, State.UNDELIVERABLE, State.WITHDRAWN}
    ),
    State.ACKNOWLEDGED: frozenset({State.ACTED, State.REFUSED, State.WITHDRAWN}),
    State.ACTED: frozenset({State.REPORTED}),  # it came back: the same recipient is asked again
    State.REFUSED: frozenset({State.REPORTED, State.ACTED}),
    State.UNDELIVERABLE: frozenset({State.WITHDRAWN}),
    State.WITHDRAWN: frozenset(),
}
"""From each state, those that may follow."""
BY_HAND = frozenset(State) - {State.QUEUED}


def may(before: str, after: str) -> bool:
    """Whether one state may follow another."""
    return State(after) in STEPS[State(before)]


def sound(text: str) -> tuple[Kind, str]:
    """What somebody typed or pasted, undisguised and in one way of writing.

    Raises:
        UsageFault: it is neither an address nor a name nor a web address.
    """
    plain = undisguised(text)
    if not plain or len(plain) > LONGEST or re.search(r"[\s\x00-\x1f\x7f]", plain):
        raise UsageFault("this is neither an address nor a name", remedy="Write one address, name or URL.")
    if "://" in plain:
        return Kind.URL, _url(plain)
    try:
        return Kind.IP, ip_address(plain.strip("[]")).compressed
    except ValueError:
        return Kind.DOMAIN, sound_claim(ClaimKind.DOMAIN, plain)


def undisguised(text: str) -> str:
    """``hxxps://contoso[.]example`` as it was."""
    plain = text.strip().replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("[://]", "://")
    return re.sub(r"\Ahxxp", "http", plain, flags=re.IGNORECASE)


def disguised(value: str) -> str:
    """A value that no program makes a link of."""
    return re.sub(r"\Ahttp", "hxxp", value).replace(".", "[.]")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UsageFault("this is no web address") from error
    if parts.scheme.lower() not in {"http", "https", "ftp"} or not host:
        raise UsageFault("only http, https and ftp addresses are reported")
    kind, value = sound(host)
    written = f"[{value}]" if kind is Kind.IP and ":" in value else value
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{parts.scheme.lower()}://{written}{port}{path}"


def host_of(kind: str, value: str) -> str:
    """The address or name on which it runs."""
    return (urlsplit(value).hostname or "") if kind == Kind.URL else value


class Known(Struct, frozen=True, kw_only=True):
    """A contact of somebody who claims the place: how near the claim is, and what the contact is.

    ``nearness`` is 0 for the host itself; the wider the claim, the greater.
    """

    organisation: int
    name: str
    contact: int
    address: str
    role: str
    provenance: str
    nearness: int
    usable: bool


def recipients(known: Iterable[Known]) -> list[Known]:
    """Whom to write to, the best first: the nearest claim, its abuse contact, and manual before imported.

    Each address once. Registries are left out: their mailboxes stand in many answers and end nothing.
    """
    sound_ones = (one for one in known if one.usable and not _registry(one.address))
    found: dict[str, Known] = {}
    for one in sorted(sound_ones, key=_rank):
        found.setdefault(one.address.lower(), one)
    return list(found.values())


def _rank(one: Known) -> tuple[int, bool, int, str]:
    place = list(LADDER).index(one.provenance) if one.provenance in LADDER else len(LADDER)  # type: ignore[arg-type]  # a word
    return (one.nearness, one.role != ContactRole.ABUSE, place, one.address)


def _registry(address: str) -> bool:
    domain = address.rpartition("@")[2].lower()
    return any(domain == name or domain.endswith(f".{name}") for name in REGISTRIES)


class Sighting(Struct, frozen=True, kw_only=True):
    """What is reported. Nothing of a victim stands in it.

    ``public`` is what may be told; ``reference`` is the report's UUID.
    """

    kind: str
    value: str
    use: str
    first: datetime
    last: datetime
    campaign: str
    public: str
    reference: str


class Sender(Struct, frozen=True, kw_only=True):
    """Who reports: name, address, and the address's domain."""

    name: str
    address: str

    @property
    def as_xarf(self) -> dict[str, str]:
        """As X-ARF's ``contact_info`` has it."""
        return {"org": self.name, "contact": self.address, "domain": self.address.rpartition("@")[2]}


def xarf(seen: Sighting, sender: Sender) -> dict[str, Any]:
    """The report for programs, as X-ARF 4 (`reputation/threat_intelligence`; xarf/xarf-spec on GitHub)."""
    host = host_of(seen.kind, seen.value)
    found: dict[str, Any] = {
        "xarf_version": XARF,
        "report_id": seen.reference,
        "timestamp": _moment(seen.last),
        "reporter": sender.as_xarf,
        "sender": sender.as_xarf,
        "source_identifier": host,
        "category": "reputation",
        "type": "threat_intelligence",
        "threat_type": seen.use,
        "evidence_source": "researcher_analysis",
        "first_seen": _moment(seen.first),
        "last_seen": _moment(seen.last),
        "description": seen.public[:1_000],
    }
    if seen.kind == Kind.URL:
        found["url"] = seen.value
    if seen.campaign:
        found["tags"] = [f"campaign:{seen.campaign}"]
    return found


def letter(seen: Sighting, sender: Sender) -> tuple[str, str]:
    """The report for people: subject and text, with the indicator disguised."""
    subject = f"Abuse report {seen.reference[:8]}: {seen.use} at {disguised(host_of(seen.kind, seen.value))}"
    lines = [
        "This was used in attacks from your network or under your name:",
        "",
        f"  {seen.kind}: {disguised(seen.value)}",
        f"  used for: {seen.use}",
        f"  seen from {_moment(seen.first)} to {_moment(seen.last)} (UTC)",
        *([f"  campaign: {seen.campaign}"] if seen.campaign else []),
        "",
        *([seen.public.strip(), ""] if seen.public.strip() else []),
        "Please preserve what shows who used it, end the use, and answer this message with what you did.",
        "If it is a customer's server that was broken into, please tell the customer.",
        "",
        f"Reference: {seen.reference}",
        sender.name,
        sender.address,
        "",
    ]
    return subject, "\n".join(lines)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
