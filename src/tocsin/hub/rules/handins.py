"""What owners hand in: an assessment, or the evidence itself, and how far each carries.

An assessment that somebody else made is ``self-reported``, whatever it says: it can raise an alarm and close
nothing. Evidence is ``evidence-held`` once a first look has found the hub's own nonce in the record of
custody or the manifest, and the server in it is the one meant; there it rests until its turn to be examined
comes. What the hub itself then reads out of it is ``re-assessed``.

When evidence was collected is told by the evidence, never by the upload: the record of custody and the last
record that was read, of which the earlier one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.rules.decisions import HEARD, CleanEvidence, objections
from tocsin.hub.rules.words import Compromise, Exposure, Grade
from tocsin.model.times import in_utc
from tocsin.model.verdicts import Assessment, Verdict, WebShell
from tocsin.model.words import Compromise as Shown
from tocsin.model.words import Presence, Residual
from tocsin.report.json_document import decode
from tocsin.report.redaction import redact

LARGEST_REPORT = 10 << 20
"""Bytes of an assessment that are taken."""

LARGEST_EVIDENCE = 4 << 30
"""Bytes of evidence that are taken; a month of one server packs to about one GiB."""

MOST_BY_LINK = 50
"""Hand-ins that one link may bring."""

MOST_BYTES_BY_LINK = 40 << 30
"""Bytes of all of them together: whoever has a link does not fill the hub's disk."""

EXAMINED_FOR = 15 * 60.0
"""Seconds for which the hub reads one piece of evidence; what is not reached then is a gap of coverage."""

TRIES = 3
"""Examinations of the same evidence before it counts as unreadable: a killed one may be another's fault."""


class Form(StrEnum):
    """What was handed in."""

    REPORT = "report"
    EVIDENCE = "evidence"


class State(StrEnum):
    """Where a hand-in stands. ``open`` is an analyst's turn, what comes before is the hub's.

    ``waiting``: nobody has looked at it. ``held``: whose it is and which nonce it carries is known, no more.
    """

    WAITING = "waiting"
    HELD = "held"
    EXAMINING = "examining"
    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNREADABLE = "unreadable"


DECIDED = frozenset({State.CONFIRMED, State.REFUSED})
SAME, DIFFERENT, UNKNOWN = "same", "different", "unknown"
GONE = frozenset({Presence.REMOVAL_EVIDENCED, Presence.ABSENT_ON_DISK})
_COMPROMISE = {
    Shown.COMPROMISED: Compromise.CONFIRMED,
    Shown.EXPLOITED: Compromise.SUSPECTED,
    Shown.TARGETED: Compromise.TARGETED,
}
_TOKEN = re.compile(r"(host|domain|internal)-\d+")
_BUILD = re.compile(r"\d+(\.\d+){2,3}")
_LEAST_PARTS = 3


class Reading(Struct, frozen=True, kw_only=True):
    """What an assessment says about one server in one campaign, in the hub's words.

    Attributes:
        document: the assessment, redacted, as plain values.
        exposure: None where it does not know.
        compromise: None where nothing was shown.
        residual: ``present``, ``none-seen`` or ``unknown``.
        answer: its one sentence.
        evidence: SHA-256 of what was assessed.
        pack: id, version and SHA-256 of the campaign's pack that was used.
        hosts: what the server is called in it, by its logs first; redacted names are none.
        builds: that it shows.
        custody: when the evidence was collected, by its record of custody.
        last_record: the last moment that its logs tell.
        shells_gone: every web shell in it is shown to be gone.
    """

    document: dict[str, Any]
    exposure: Exposure | None
    compromise: Compromise | None
    residual: str
    answer: str
    evidence: str
    pack: str
    hosts: tuple[str, ...]
    builds: tuple[str, ...]
    custody: datetime | None
    last_record: datetime | None
    shells_gone: bool


def parse(document: bytes, *, most: int = LARGEST_REPORT) -> Assessment:
    """Read an assessment that a stranger sent; it is data, and nothing in it is believed.

    Raises:
        UsageFault: it is too long, nested without reason, no JSON, or no assessment of this version.
    """
    if len(document) > most:
        raise UsageFault(f"longer than {most:,} bytes, the bound for an assessment")
    try:
        return decode(document)
    except RecursionError as fault:
        what = "not an assessment: it is nested without reason"
        raise UsageFault(what, remedy="Give a file that tocsin assess wrote.") from fault


def read(assessment: Assessment, campaign: str) -> Reading:
    """Give what an assessment says about a campaign.

    Raises:
        UsageFault: it says nothing about it.
    """
    verdict = next((one for one in assessment.verdicts if one.campaign == campaign), None)
    if verdict is None:
        what = f"this assessment says nothing about {campaign}"
        raise UsageFault(what, remedy="Assess the evidence with this campaign's pack.")
    return Reading(
        document=_plain(assessment),
        exposure=_exposure(verdict),
        compromise=_COMPROMISE.get(verdict.compromise),
        residual=verdict.residual.value,
        answer=_clean(assessment.answer)[:1_000],
        evidence=_clean(assessment.evidence.sha256)[:64],
        pack=_pack(assessment, campaign),
        hosts=tuple({name.lower(): name for name in _hosts(assessment)}.values()),
        builds=tuple(dict.fromkeys(_clean(one.build) for one in assessment.server.builds))[:50],
        custody=_moment(assessment.evidence.custody.collected_at),
        last_record=_last(assessment),
        shells_gone=shells_gone(verdict.webshells),
    )


def shells_gone(shells: Iterable[WebShell]) -> bool:
    """Tell whether every one is absent on the disk or its removal is evidenced: a 404 shows nothing."""
    return all(shell.presence in GONE for shell in shells)


def _exposure(verdict: Verdict) -> Exposure | None:
    word = verdict.exposure.value
    return None if word == Exposure.UNKNOWN else Exposure(word)


def _pack(assessment: Assessment, campaign: str) -> str:
    found = next((one for one in assessment.packs if one.id == campaign), None)
    return _clean(f"{found.id} {found.version} {found.sha256}")[:200] if found else ""


def _hosts(assessment: Assessment) -> Iterator[str]:
    for name in (assessment.server.name, assessment.evidence.custody.host or ""):
        plain = _clean(name).strip()[:255]
        if plain and not _TOKEN.fullmatch(plain.partition(".")[0].lower()):
            yield plain


def _last(assessment: Assessment) -> datetime | None:
    ends = (_moment(row.end) for row in assessment.coverage.artefacts)
    return max((one for one in ends if one is not None), default=None)


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else in_utc(value)


def _plain(assessment: Assessment) -> dict[str, Any]:
    """Redacted, and without characters that a database does not keep."""
    plain: dict[str, Any] = _kept(msgspec.to_builtins(redact(assessment)))
    return plain


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _kept(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(each) for each in value]
    return value


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "backslashreplace").decode()


# --- whose evidence is it -----------------------------------------------------------------------------


class Known(Struct, frozen=True, kw_only=True):
    """What the hub knows of a server.

    Attributes:
        hostname: by which it is reached.
        name: what it calls itself, as a census saw it.
        address: its address.
        build: as a census saw it.
        earlier: what confirmed evidence of it called it.
        others: what the owner's other servers are called.
        same_build: another server of the owner has this build, so that the build tells nothing.
    """

    hostname: str = ""
    name: str = ""
    address: str = ""
    build: str = ""
    earlier: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    same_build: bool = False


class Shows(Struct, frozen=True, kw_only=True):
    """What evidence shows of the server that it is of.

    Attributes:
        hosts: names; the first as its logs have it if they name it, those of the record of custody behind.
        addresses: that its logs give the server.
        builds: that it shows.
    """

    hosts: Sequence[str] = ()
    addresses: Sequence[str] = ()
    builds: Sequence[str] = ()


def identify(shows: Shows, known: Known) -> tuple[str, list[str]]:
    """Say whether evidence is of a server (``same``, ``different``, ``unknown``), and by what, in words.

    The first name decides: a record of custody, which anybody can write, does not outweigh logs that name
    the server. Where no name tells, its address does, or a build that no other server of the owner has.
    """
    by_name = [f"the name {host} is {what}" for host in shows.hosts[:1] for what in _names(host, known)]
    by_address = [
        f"the address {one} in its logs is the server's"
        for one in shows.addresses
        if known.address and one == known.address
    ]
    itself = [one for one in (known.name, *known.earlier) if one]
    if shows.hosts and itself and not by_name:
        against = f"the evidence is of {shows.hosts[0]}, the server calls itself {itself[0]}"
        return (UNKNOWN, [against, *by_address[:1]]) if by_address else (DIFFERENT, [against])
    if not by_name and (other := _another(shows.hosts, known)):
        return UNKNOWN, [other, *by_address[:1]]
    found = [*by_name, *by_address[:1]]
    build = next((one for one in shows.builds if same_build(one, known.build)), None)
    if build is not None and (found or not known.same_build):
        alone = "" if found else ", and no other server of this owner has it"
        found.append(f"the build {build} is what a census saw ({known.build}){alone}")
    return (SAME, list(dict.fromkeys(found))) if found else (UNKNOWN, [])


def _another(hosts: Sequence[str], known: Known) -> str:
    """Say that evidence may be of another server of the owner, or nothing. One machine may have two names."""
    if any(same_name(host, one) for host in hosts[:1] for one in known.others):
        return f"the evidence is of {hosts[0]}, which is what another server of this owner is called"
    return ""


def _names(host: str, known: Known) -> Iterator[str]:
    if same_name(host, known.name):
        yield "what the server calls itself"
    if same_name(host, known.hostname):
        yield "its host name"
    if any(same_name(host, one) for one in known.earlier):
        yield "that of earlier evidence"


def same_name(one: str, other: str) -> bool:
    """Tell whether two names of hosts agree: whole, or by the first label where one has no domain."""
    first, second = (name.strip(". ").lower() for name in (one, other))
    if not first or not second:
        return False
    short = "." not in first or "." not in second
    return first == second or (short and first.partition(".")[0] == second.partition(".")[0])


def same_build(one: str, other: str) -> bool:
    """Tell whether two builds agree as far as both tell, three parts at least."""
    if not (_BUILD.fullmatch(one) and _BUILD.fullmatch(other)):
        return False
    first, second = one.split("."), other.split(".")
    length = min(len(first), len(second))
    return length >= _LEAST_PARTS and first[:length] == second[:length]


# --- when, and how far it carries ---------------------------------------------------------------------


def collected(
    custody: datetime | None, last_record: datetime | None, *, received: datetime
) -> datetime | None:
    """Give up to when evidence shows anything: the earlier of what is written and what was recorded.

    A clock that is ahead shows nothing later than the moment at which the file came.
    """
    told = [one for one in (custody, last_record) if one is not None]
    return min(*told, received) if told else None


def grade_of(form: Form, *, nonce: bool, identity: str, assessed: bool) -> Grade:
    """Give how far a hand-in carries."""
    if form is not Form.EVIDENCE or not nonce or identity != SAME:
        return Grade.SELF_REPORTED
    return Grade.RE_ASSESSED if assessed else Grade.EVIDENCE_HELD


def news(grade: Grade, exposure: Exposure | None) -> Exposure | None:
    """Give what of an exposure is believed at a grade: all that is re-assessed, else bad news alone."""
    return exposure if grade is Grade.RE_ASSESSED or exposure in HEARD else None


class Alarm(Struct, frozen=True, kw_only=True):
    """The bad news of an assessment."""

    exposure: Exposure | None
    compromise: Compromise | None
    present: bool


def alarm(compromise: str, exposure: str, residual: str) -> Alarm | None:
    """Give what is believed at any grade, or None where there is no bad news."""
    open_ = Exposure(exposure) if exposure in HEARD else None
    shown = Compromise(compromise) if compromise in set(_COMPROMISE.values()) else None
    present = residual == Residual.PRESENT
    if open_ is None and shown is None and not present:
        return None
    return Alarm(exposure=open_, compromise=shown, present=present)


# --- what stands against closing ----------------------------------------------------------------------


class Brought(Struct, frozen=True, kw_only=True):
    """What a hand-in brings towards ``verified-clean``, and what it meets.

    Attributes:
        form: what was handed in.
        grade: how far it carries.
        identity: whether it is this server's.
        nonce: when the nonce in it was given; None where it carries none.
        collected: up to when it shows anything.
        window_covered: its logs cover the exposure window.
        residual: what it shows to be left.
        shells_gone: every known web shell is shown to be gone.
        analyst: who answers for it, by name.
        claimed: the last claim of removal, or None.
        shell_seen: the last day on which a census saw a web shell, or None.
        standing: where the server stands.
    """

    form: Form
    grade: Grade
    identity: str
    nonce: datetime | None
    collected: datetime | None
    window_covered: bool
    residual: str
    shells_gone: bool
    analyst: str
    claimed: datetime | None
    shell_seen: date | None
    standing: Compromise


def against_clean(one: Brought) -> list[str]:
    """Say everything that stands between a hand-in and ``verified-clean``; nothing where it may enter."""
    evidence = CleanEvidence(
        grade=one.grade,
        window_covered=one.window_covered,
        residual_none=one.residual == Residual.NONE_SEEN,
        shells_gone=one.shells_gone,
        analyst=one.analyst,
    )
    return [*_about_grade(one), *objections(evidence), *_about_time(one)]


def _about_grade(one: Brought) -> Iterator[str]:
    if one.form is Form.REPORT:
        yield "it is a report that somebody else made: only evidence closes"
        return
    if one.nonce is None:
        yield "the hub's nonce is neither in its record of custody nor in its manifest"
    if one.identity != SAME:
        said = "it is of another server" if one.identity == DIFFERENT else "nothing in it shows whose it is"
        yield said


def _about_time(one: Brought) -> Iterator[str]:
    if one.standing in {Compromise.CONFIRMED, Compromise.CONTAINED}:
        yield "nobody has claimed the removal of what was found"
    if one.collected is None:
        yield "when it was collected is not known: give custody.json"
        return
    if one.claimed is not None and one.collected <= one.claimed:
        yield (
            f"it shows the server until {one.collected:%Y-%m-%d %H:%M} UTC,"
            f" before the removal was claimed ({one.claimed:%Y-%m-%d %H:%M} UTC)"
        )
    if one.claimed is not None and one.nonce is not None and one.nonce < one.claimed:
        yield "it carries a nonce that was given before the removal was claimed"
    if one.shell_seen is not None and one.collected.date() <= one.shell_seen:
        yield f"a census saw a web shell on {one.shell_seen}, not before it was collected"
