"""Examine evidence: look for the hub's nonce, assess it, and ask after every web shell that is known.

A web shell that an earlier assessment or a case names is asked after by itself: evidence that does not
mention it does not show it gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.assessment.assess import Knowledge, assess
from tocsin.assessment.removal import Known, judge
from tocsin.assessment.server import load_knowledge
from tocsin.assessment.sight import unseen_rungs
from tocsin.assessment.verify import Between, look_for, urls_of, verify
from tocsin.detections.pipeline import Detections, detect
from tocsin.errors import TocsinError
from tocsin.evidence.limits import GIB, Limits
from tocsin.evidence.opening import open_evidence
from tocsin.hub.owners.first_look import FirstLook, first_look
from tocsin.hub.rules.cases_identity import key_of
from tocsin.hub.rules.handins import EXAMINED_FOR, shells_gone
from tocsin.model.verdicts import Assessment
from tocsin.model.verification import Identity, Order, Overall, Removal
from tocsin.model.words import Presence, ShellContent
from tocsin.report.json_document import decode, encode

LIMITS = Limits(files=200_000, total_bytes=64 * GIB, seconds=EXAMINED_FOR)
_UNTOLD = "0" * 64


class Shell(Struct, frozen=True, kw_only=True):
    """A web shell that is known from elsewhere: its key, its file, and until when it was there."""

    key: str
    path: str = ""
    until: datetime | None = None


class Task(Struct, frozen=True, kw_only=True):
    """What to examine.

    Attributes:
        path: where the evidence lies.
        campaign: key of the pack.
        look: a first look only.
        nonces: of which it should carry one; the newest first.
        earlier: assessments of the same server, whose web shells are looked for.
        shells: known from elsewhere, looked for as well.
        whole: nothing that is known had to be left out of these two.
    """

    path: str
    campaign: str
    look: bool = False
    nonces: tuple[str, ...] = ()
    earlier: tuple[msgspec.Raw, ...] = ()
    shells: tuple[Shell, ...] = ()
    whole: bool = True


class Examined(Struct, frozen=True, kw_only=True):
    """What an examination gave.

    Attributes:
        fault: why there is no assessment, or nothing.
        look: it was a first look only.
        assessment: the document; null where there is a fault, or after a first look.
        nonce: which of the nonces it carries, or nothing.
        hosts: after a first look, what the server is called.
        addresses: that its logs give the server.
        custody: after a first look, when it was collected by its record of custody.
        window_covered: no mandatory step could have escaped the logs over the exposure window.
        shells_gone: every web shell of this and of the earlier assessments, and every known one, is shown to
            be gone.
        asked: of each web shell that was asked after, by key, what became of it (`Removal`).
    """

    fault: str = ""
    look: bool = False
    assessment: msgspec.Raw = msgspec.Raw(b"null")
    nonce: str = ""
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    custody: datetime | None = None
    window_covered: bool = False
    shells_gone: bool = False
    asked: dict[str, str] = {}


def run(task: bytes) -> bytes:
    """Examine a `Task`; give an `Examined`, both as JSON."""
    return msgspec.json.encode(examine(msgspec.json.decode(task, type=Task)))


def examine(task: Task) -> Examined:
    """Examine evidence; what cannot be read is a fault in words."""
    try:
        return _looked_at(task) if task.look else _examined(task, load_knowledge())
    except TocsinError as fault:
        return Examined(fault=f"{fault.what} {fault.remedy}".strip()[:1_000])


def _looked_at(task: Task) -> Examined:
    with open_evidence(Path(task.path), limits=LIMITS) as evidence:
        seen = first_look(evidence.listed, task.nonces)
    return Examined(
        look=True, nonce=seen.nonce, hosts=seen.hosts, addresses=seen.addresses, custody=seen.custody
    )


def _examined(task: Task, knowledge: Knowledge) -> Examined:
    earlier = [decode(bytes(one)) for one in task.earlier]
    shells = [_known(one, task.campaign) for one in task.shells]
    named = [*(url for one in earlier for url in urls_of(one)), *(one.url for one in shells if one.url)]
    with open_evidence(Path(task.path), limits=LIMITS) as evidence:
        seen: FirstLook = first_look(evidence.listed, task.nonces)
        products = list(knowledge.products.values())
        found = detect(evidence, knowledge.packs, products, follow=tuple(dict.fromkeys(named)))
    after = assess(found, knowledge, at=datetime.now(UTC))
    by_assessments, settled = _asked_after(earlier, after, found)
    asked = {**by_assessments, **dict(_asked(shells, by_assessments, found))}
    return Examined(
        assessment=msgspec.Raw(encode(after)),
        nonce=seen.nonce,
        addresses=seen.addresses,
        window_covered=_covered(knowledge, after, task.campaign),
        shells_gone=task.whole and settled and _all_gone(after) and all(map(_is_gone, asked.values())),
        asked=asked,
    )


def _covered(knowledge: Knowledge, after: Assessment, campaign: str) -> bool:
    pack = next((one for one in knowledge.packs if one.file.id == campaign), None)
    verdict = next((one for one in after.verdicts if one.campaign == campaign), None)
    if pack is None or verdict is None:
        return False
    rows = {row.kind: row for row in after.coverage.artefacts}
    return not unseen_rungs(pack.file, rows, verdict.exposure_window)


def _known(shell: Shell, campaign: str) -> Known:
    return Known(
        key=shell.key,
        url=shell.key if shell.key.startswith("/") else None,
        path=shell.path or None,
        campaigns=(campaign,),
        presence=Presence.PRESENT,
        content=ShellContent.UNKNOWN,
        sha256=None,
        there_until=shell.until,
    )


def _asked_after(
    earlier: Sequence[Assessment], after: Assessment, found: Detections
) -> tuple[dict[str, str], bool]:
    """What became of each web shell of earlier assessments, at worst; and whether all are shown to be gone.

    In every campaign: a shell is a shell, whoever's pack names it.
    """
    answers = [verify(one, after, found, digest=_UNTOLD, attested=True) for one in earlier]
    told: dict[str, str] = {}
    for shell in (shell for one in answers for shell in one.shells):
        for key in {key_of(shell.url, None), key_of(None, shell.path)} - {""}:
            if key not in told or _is_gone(told[key]):
                told[key] = shell.answer.value
    return told, all(one.answer is Overall.REMOVED for one in answers)


def _asked(shells: Sequence[Known], told: Mapping[str, str], found: Detections) -> Iterator[tuple[str, str]]:
    between = Between(identity=Identity.ATTESTED, identity_because="", order=Order.LATER, order_because="")
    for one in shells:
        if one.key not in told:
            yield one.key, judge(one, look_for(one, found, between)).answer.value


def _is_gone(answer: str) -> bool:
    return Removal(answer).gone


def _all_gone(one: Assessment) -> bool:
    return all(shells_gone(verdict.webshells) for verdict in one.verdicts)
