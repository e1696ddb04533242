"""What proves a requirement of a directive, out of what the hub knows of a server or an organisation.

The grades decide: what a census saw from outside, and evidence that the hub holds or assessed, prove; an
uploaded verdict, a decision by hand and whatever an owner says are claims. Bad news is believed at any grade,
as everywhere (`rules.decisions`): signs of compromise need no better source than the one that names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase

from msgspec import Struct

from tocsin.hub.rules.directives import (
    BY_FINDING,
    BY_INCIDENT,
    Directive,
    Facts,
    Proof,
    Requirement,
    Standing,
    proof_name,
)
from tocsin.hub.rules.words import Compromise, Exposure, Grade

PROOFS = frozenset(
    {
        "assessed",
        "patched",
        "disconnected",
        "patched-or-disconnected",
        "evicted",
        "report-signed",
        "word",
        BY_FINDING,
        BY_INCIDENT,
    }
)
"""The names of all proofs. ``word`` is the proof of what no evidence can show: it stays a claim."""

PROVING = frozenset({Grade.OBSERVED, Grade.EVIDENCE_HELD, Grade.RE_ASSESSED})
"""Grades that prove good news. ``self-reported`` is an owner's word in a file."""

_HELD = frozenset({Grade.EVIDENCE_HELD, Grade.RE_ASSESSED})
_FIXED = frozenset({Exposure.PATCHED, Exposure.PATCH_VERIFIED, Exposure.NOT_AFFECTED})
_GONE = frozenset({Exposure.DISCONNECTED, Exposure.RETIRED})
_SIGNS = frozenset(
    {
        Compromise.SUSPECTED,
        Compromise.CONFIRMED,
        Compromise.CONTAINED,
        Compromise.REMOVED,
        Compromise.VERIFIED_CLEAN,
        Compromise.ACCEPTED_RISK,
    }
)
_NO_SIGNS = frozenset({"no-evidence", "targeted"})


class Found(Struct, frozen=True, kw_only=True):
    """One finding of an assessment: its rule, when, and where to look."""

    rule: str
    at: datetime | None
    locator: str
    summary: str = ""


class Assessed(Struct, frozen=True, kw_only=True):
    """One assessment of a server; ``at`` is when its evidence was collected."""

    at: datetime
    grade: Grade
    evidence: str
    compromise: str = ""
    findings: tuple[Found, ...] = ()


class ServerKnown(Struct, frozen=True, kw_only=True):
    """What the hub knows of one server in the campaign of a directive.

    Attributes:
        exposure: with its grade, day and reason.
        compromise: with the day since when; ``worst`` does not fade.
        update_released: when the build that was seen was released, if that is known exactly.
        update_seen: when that build was seen.
        where: what stands behind the exposure, to look at.
        last_seen: when a census saw it last.
    """

    exposure: Exposure
    grade: Grade
    since: date
    compromise: Compromise = Compromise.UNKNOWN
    worst: Compromise = Compromise.UNKNOWN
    compromise_since: date | None = None
    assessments: tuple[Assessed, ...] = ()
    update_released: date | None = None
    update_seen: datetime | None = None
    where: str = ""
    last_seen: datetime | None = None


class Signed(Struct, frozen=True, kw_only=True):
    """A report signed for an organisation; ``document`` is set once somebody here took it in."""

    requirement: str
    number: int
    at: datetime
    name: str
    document: str
    where: str


class Reported(Struct, frozen=True, kw_only=True):
    """An incident report that was linked to an organisation.

    Attributes:
        organisation: whose it is.
        at: when it came in.
        looked: somebody here has read it and took it for one.
        campaign: it was linked to a campaign of the directive.
        servers: those that it was linked to.
        where: its reference; empty where not even that may be told.
    """

    organisation: int
    at: datetime
    looked: bool
    campaign: bool
    servers: frozenset[int] = frozenset()
    where: str = ""


def signs_of(server: ServerKnown) -> bool | None:
    """Whether a server shows signs of compromise; None while nobody has looked well enough to say no."""
    if server.compromise in _SIGNS or server.worst in _SIGNS:
        return True
    looked = [one.compromise for one in server.assessments if one.grade in _HELD]
    return False if looked and set(looked) <= _NO_SIGNS else None


def of_server(
    directive: Directive,
    server: ServerKnown,
    *,
    answers: Mapping[str, bool],
    words: Mapping[str, Proof],
    exceptions: Mapping[str, tuple[str, date]],
    reports: Sequence[Proof] = (),
) -> Facts:
    """The facts of one server, as `rules.directives.answer` takes them; ``reports`` are by `reported`."""
    runs = {
        each.id: runs_of(each, server.assessments)
        for each in directive.requirements
        if each.proof == BY_FINDING
    }
    told = any(run.found for found in runs.values() for run in found) or any(
        word.found for word in words.values()
    )
    signs = True if told else signs_of(server)
    derived = {} if signs is None else {"compromise_signs": signs}
    return Facts(
        answers={**answers, **derived},
        proofs=proofs_of(directive, server),
        runs={**runs, **dict.fromkeys(_by_incident(directive), reports)},
        words=words,
        exceptions=exceptions,
        outside=_outside(directive, server, answers),
    )


def _by_incident(directive: Directive) -> list[str]:
    return [each.id for each in directive.requirements if each.proof == BY_INCIDENT]


def reported(reports: Iterable[Reported], organisation: int, server: int | None) -> list[Proof]:
    """What incident reports show for one server of an organisation, or (None) for the organisation itself.

    A report proves that it was made where somebody here read it, and linked it to the campaign and to the
    server. Of one that names no server it is a claim that this one is meant; one that names others is theirs.
    """
    found = []
    for one in reports:
        own = one.organisation == organisation
        about = own if server is None or not one.servers else server in one.servers
        if not about:
            continue
        named = server is None or server in one.servers
        proven = one.looked and one.campaign and named
        found.append(
            Proof(
                standing=Standing.PROVEN if proven else Standing.CLAIMED,
                reason=_how_reported(one, named=named),
                at=one.at,
                locators=(one.where,) if one.where else (),
            )
        )
    return found


def _how_reported(one: Reported, *, named: bool) -> str:
    doubts = [
        (not one.looked, "nobody here has read it yet"),
        (not one.campaign, "it is linked to no campaign"),
        (not named, "it names no server"),
    ]
    said = ", ".join(text for doubtful, text in doubts if doubtful)
    return f"an incident was reported; {said}" if said else "an incident was reported, and read here"


def proofs_of(directive: Directive, server: ServerKnown) -> dict[str, Proof]:
    """By `proof_name`, what is known; nothing for what nobody has looked at."""
    gone, patched = _disconnected(server), _patched(server)
    found = {
        "assessed": _assessed(server),
        "patched": patched,
        "disconnected": gone,
        "patched-or-disconnected": _better(patched, gone),
        "evicted": _evicted(server),
    }
    for each in directive.requirements:
        if each.fix_released:
            updated = _updated(server, each.fix_released)
            both = each.proof == "patched-or-disconnected"
            found[proof_name(each)] = _better(updated, gone) if both else updated
    return {name: proof for name, proof in found.items() if proof is not None}


def runs_of(requirement: Requirement, assessments: Iterable[Assessed]) -> list[Proof]:
    """What assessments show of a tool's runs: a proof for each finding of the rules that the order names."""
    found = []
    for one in assessments:
        standing = Standing.PROVEN if one.grade in _HELD else Standing.CLAIMED
        alarms = [each for each in one.findings if _alarms(requirement, each)]
        runs = [each for each in one.findings if each.rule in requirement.shows]
        for each in runs or alarms[:1]:
            places = (each.locator, *(alarm.locator for alarm in alarms if alarm != each))
            found.append(
                Proof(
                    standing=standing,
                    reason=each.summary or f"shown by the rule {each.rule}",
                    at=min(each.at or one.at, one.at),
                    locators=tuple(f"{one.evidence} {place}" for place in places),
                    found=bool(alarms),
                )
            )
    return found


def _alarms(requirement: Requirement, finding: Found) -> bool:
    name = re.split(r"[/\\\\]", finding.locator.rpartition(":")[0] or finding.locator)[-1].lower()
    return finding.rule in requirement.finds or any(fnmatchcase(name, glob) for glob in requirement.found_in)


def signed(requirement: Requirement, number: int, reports: Sequence[Signed]) -> Proof | None:
    """What stands behind a report that has to be signed: proven once somebody here took in the document."""
    mine = [each for each in reports if each.requirement == requirement.id and each.number == number]
    mine.sort(key=lambda each: (not each.document, each.at))
    if not mine:
        return None
    best = mine[0]
    taken = f", taken in as {best.document}" if best.document else "; nobody here has taken it in yet"
    return Proof(
        standing=Standing.PROVEN if best.document else Standing.CLAIMED,
        reason=f"signed by {best.name}{taken}",
        at=best.at,
        locators=(best.where,),
    )


def _assessed(server: ServerKnown) -> Proof | None:
    best = min(server.assessments, key=lambda one: (one.grade not in _HELD, one.at), default=None)
    if best is None:
        return None
    held = best.grade in _HELD
    return Proof(
        standing=Standing.PROVEN if held else Standing.CLAIMED,
        reason=f"assessed from evidence ({best.grade})" if held else "a verdict was uploaded (self-reported)",
        at=best.at,
        locators=(best.evidence,),
    )


def _patched(server: ServerKnown) -> Proof | None:
    if server.exposure not in _FIXED:
        return None
    return Proof(
        standing=Standing.PROVEN if server.grade in PROVING else Standing.CLAIMED,
        reason=f"{server.exposure} since {server.since} ({server.grade})",
        at=_day(server.since),
        locators=(server.where,) if server.where else (),
    )


def _updated(server: ServerKnown, asked: date) -> Proof | None:
    """A fix of this campaign is not the later one that a supplement asks for: the build's own day counts."""
    if server.update_released is None or server.update_released < asked:
        return None
    return Proof(
        standing=Standing.PROVEN if server.grade in PROVING else Standing.CLAIMED,
        reason=f"a build of {server.update_released} was seen",
        at=server.update_seen,
        locators=(server.where,) if server.where else (),
    )


def _disconnected(server: ServerKnown) -> Proof | None:
    """No census can show that a cable is out: it is somebody's word, recorded as a decision."""
    if server.exposure not in _GONE:
        return None
    return Proof(
        standing=Standing.CLAIMED,
        reason=f"{server.exposure} since {server.since}, by decision",
        at=_day(server.since),
        locators=(server.where,) if server.where else (),
    )


def _evicted(server: ServerKnown) -> Proof | None:
    at = _day(server.compromise_since) if server.compromise_since else None
    where = (server.where,) if server.where else ()
    if server.compromise is Compromise.VERIFIED_CLEAN:
        return Proof(standing=Standing.PROVEN, reason="verified clean", at=at, locators=where)
    if server.compromise is Compromise.REMOVED:
        return Proof(standing=Standing.CLAIMED, reason="removal is claimed", at=at, locators=where)
    return None


def _better(one: Proof | None, other: Proof | None) -> Proof | None:
    if one is None or other is None:
        return one or other
    return one if one.standing is Standing.PROVEN else other


def _day(day: date) -> datetime:
    """A day whose hour is unknown counts from its beginning: nobody is late for a census's hour."""
    return datetime.combine(day, time(), UTC)


def _outside(directive: Directive, server: ServerKnown, answers: Mapping[str, bool]) -> dict[str, str]:
    found = {}
    for part in directive.parts:
        scope = part.applies
        unseen = scope.connected_since and (
            server.last_seen is None or server.last_seen.date() < scope.connected_since
        )
        if unseen and scope.question and answers.get(scope.question) is False:
            found[part.id] = f"the owner says so, and no census saw it since {scope.connected_since}"
    return found
