"""Whom to tell: the contact ladder, by which channel, and what is said to each.

Own verified contact, then security.txt, then the domain's contact (own, not verified), then the abuse
contact of RDAP, then whoever holds the network around (provider or parent), then the national CERT. A
contact that asked not to be reached by one channel is reached by another: mail, then letter, then telephone.
For kinds that insist (compromise, web shells, directives) opting out never means silence: where nothing else
is left, the contact that opted out is told after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tocsin.hub.rules.notices import INSISTENT, Kind, Part
from tocsin.hub.rules.reach import ROLES, STALE
from tocsin.hub.rules.secrecy import Say, Verdict
from tocsin.hub.rules.words import Bounce, Channel, ContactRole, Provenance


class Rung(StrEnum):
    """Steps of the ladder, from the first to try."""

    OWN_VERIFIED = "own-verified"
    SECURITY_TXT = "security.txt"
    DOMAIN = "domain"
    RDAP = "rdap-abuse"
    PROVIDER = "provider"
    NATIONAL = "national-cert"


OWN = (Rung.OWN_VERIFIED, Rung.SECURITY_TXT, Rung.DOMAIN, Rung.RDAP)
"""Rungs of the organisation itself."""

CHANNELS = (Channel.EMAIL, Channel.LETTER, Channel.PHONE, Channel.WEBHOOK)
"""The order inside one rung; opting out moves a channel behind the others."""


class Standing(StrEnum):
    """Whose contact it is, as seen from the organisation that is told."""

    OWN = "own"
    PROVIDER = "provider"
    NATIONAL = "national"


class Candidate(Struct, frozen=True, kw_only=True):
    """A contact that might be told. Fields as in `constituency.models.Contact`.

    Attributes:
        contact: its number.
        organisation: whose it is.
        whose: how that organisation stands to the one that is told.
        near: of providers, how near: 0 is the narrowest network around.
    """

    contact: int
    organisation: int
    channel: Channel
    address: str
    language: str = "en"
    role: str = ContactRole.TECHNICAL
    provenance: str = Provenance.MANUAL
    verified: datetime | None = None
    opted_out: bool = False
    bounce: str = Bounce.NONE
    whose: Standing = Standing.OWN
    near: int = 0

    def sure(self, now: datetime) -> bool:
        """Whether somebody verified it within two years."""
        return self.verified is not None and self.verified > now - STALE

    def rung(self, now: datetime) -> Rung:
        """Its step of the ladder."""
        if self.whose is Standing.NATIONAL:
            return Rung.NATIONAL
        if self.whose is Standing.PROVIDER:
            return Rung.PROVIDER
        if self.sure(now):
            return Rung.OWN_VERIFIED
        by_source = {Provenance.SECURITY_TXT: Rung.SECURITY_TXT, Provenance.RDAP: Rung.RDAP}
        return by_source.get(Provenance(self.provenance), Rung.DOMAIN)


class Choice(Struct, frozen=True, kw_only=True):
    """One message to send: to whom, how much it says, and the reason of each choice."""

    part: Part
    candidate: Candidate
    rung: Rung
    say: Say
    why: tuple[str, ...]


class Ways(Struct, frozen=True, kw_only=True):
    """How one organisation is told: by one message, or by a call for attention and the details.

    No ``choices``: ``gap`` says why nobody can be reached. With choices it says that nobody can be told the
    details.
    """

    choices: tuple[Choice, ...] = ()
    gap: str = ""
    reasons: tuple[str, ...] = ()  # why mail may say no more


May = Callable[[Candidate], Verdict]


def climb(candidates: Iterable[Candidate], kind: Kind, now: datetime) -> list[Candidate]:
    """Everybody who may be told, from the first to try. Mail that came back for good is left out.

    Who opted out is left out where the kind does not insist, and comes last where it does.
    """
    alive = [one for one in candidates if one.bounce != Bounce.HARD]
    declined = {(one.organisation, one.channel) for one in alive if one.opted_out}
    asked = [one for one in alive if not one.opted_out]
    last = [one for one in alive if one.opted_out and kind in INSISTENT]
    return [*_ordered(asked, declined, now), *_ordered(last, set(), now)]


def _ordered(found: list[Candidate], declined: set[tuple[int, Channel]], now: datetime) -> list[Candidate]:
    def key(one: Candidate) -> tuple[object, ...]:
        rung = one.rung(now)
        step = list(Rung).index(rung)
        own = rung not in OWN
        turned = (one.organisation, one.channel) in declined
        return (own, turned, step, one.near, _place(one.role), CHANNELS.index(one.channel), one.address)

    return sorted(found, key=key)


def _place(role: str) -> int:
    order: Sequence[str] = ROLES
    return order.index(role) if role in order else len(order)


def ways(candidates: Iterable[Candidate], kind: Kind, may: May, now: datetime) -> Ways:
    """How one organisation is told; ``may`` says how much each candidate may be told.

    The first who can be reached gets the first message. Where that may hold a reference only, the details go
    to the first of the same organisation, and then of the ladder, who may be told everything.
    """
    everybody = list(candidates)
    found = climb(everybody, kind, now)
    if not found:
        return Ways(gap=_nobody(everybody))
    first, verdict = found[0], may(found[0])
    choices = [_choice(Part.FIRST, first, verdict, everybody, now)]
    if verdict.say is Say.EVERYTHING:
        return Ways(choices=tuple(choices))
    told = next((one for one in _nearest(found, first) if may(one).say is Say.EVERYTHING), None)
    if told is None:
        gap = "nobody can be told the details: verify a telephone number, or find a postal address"
        return Ways(choices=tuple(choices), gap=gap, reasons=verdict.reasons)
    details = _choice(Part.DETAILS, told, may(told), everybody, now)
    return Ways(choices=(choices[0], details), reasons=verdict.reasons)


def _nearest(found: list[Candidate], first: Candidate) -> list[Candidate]:
    return sorted(found[1:], key=lambda one: one.organisation != first.organisation)


def _nobody(everybody: list[Candidate]) -> str:
    if not everybody:
        return "no contact is known, and nobody stands above"
    if all(one.bounce == Bounce.HARD for one in everybody):
        return "mail to every contact came back for good"
    return "every contact that can be reached asked not to be"


def _choice(
    part: Part, one: Candidate, verdict: Verdict, everybody: list[Candidate], now: datetime
) -> Choice:
    rung = one.rung(now)
    why = [f"{RUNG_WORDS[rung]}", f"by {one.channel}, {one.role} contact", f"language {one.language}"]
    if one.opted_out:
        why.append("it opted out, but this kind of notice is never silenced and nothing else is left")
    elif any(other.opted_out and other.organisation == one.organisation for other in everybody):
        why.append("another contact opted out: the channel changed")
    return Choice(part=part, candidate=one, rung=rung, say=verdict.say, why=(*why, *verdict.reasons))


RUNG_WORDS = {
    Rung.OWN_VERIFIED: "their own contact, verified within two years",
    Rung.SECURITY_TXT: "from their security.txt",
    Rung.DOMAIN: "their own contact, not verified",
    Rung.RDAP: "the abuse contact of the address's registration",
    Rung.PROVIDER: "whoever holds the network around, or stands above them",
    Rung.NATIONAL: "the national CERT",
}


def reminder(
    candidates: Iterable[Candidate], kind: Kind, used: Iterable[tuple[str, str]], may: May, now: datetime
) -> Choice | None:
    """The next message to an owner who did not answer: by another channel, then to who stands above.

    Args:
        candidates: as for `ways`, as they are now.
        kind: of the notice.
        used: (channel, rung) of the messages that went out before.
        may: how much each may be told.
        now: the moment.

    Returns:
        None where every channel was used: the same one again is no treatment.
    """
    everybody = list(candidates)
    gone = list(used)
    channels = {channel for channel, rung in gone if rung in OWN}
    above = {rung for _, rung in gone}
    for one in climb(everybody, kind, now):
        rung = one.rung(now)
        new = one.channel not in channels if rung in OWN else rung not in above
        if new and not (one.opted_out and gone):
            return _choice(Part.REMINDER, one, may(one), everybody, now)
    return None
