"""Examine evidence: assess it, look for the hub's nonce, and ask after web shells of earlier assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from tocsin.assessment.assess import Knowledge, assess
from tocsin.assessment.server import load_knowledge
from tocsin.assessment.sight import unseen_rungs
from tocsin.assessment.verify import known_shells, urls_of, verify
from tocsin.detections.pipeline import Detections, detect
from tocsin.errors import TocsinError
from tocsin.evidence.custody import statements
from tocsin.evidence.limits import GIB, Limits
from tocsin.evidence.opening import open_evidence
from tocsin.hub.rules.handins import EXAMINED_FOR, shells_gone
from tocsin.model.verdicts import Assessment
from tocsin.model.verification import Overall
from tocsin.report.json_document import decode, encode

LIMITS = Limits(files=200_000, total_bytes=64 * GIB, seconds=EXAMINED_FOR)
_UNTOLD = "0" * 64


class Task(Struct, frozen=True, kw_only=True):
    """What to examine.

    Attributes:
        path: where the evidence lies.
        campaign: key of the pack.
        nonces: of which it should carry one; the newest first.
        earlier: assessments of the same server, whose web shells are looked for.
    """

    path: str
    campaign: str
    nonces: tuple[str, ...] = ()
    earlier: tuple[msgspec.Raw, ...] = ()


class Examined(Struct, frozen=True, kw_only=True):
    """What an examination gave.

    Attributes:
        fault: why there is no assessment, or nothing.
        assessment: the document; null where there is a fault.
        nonce: which of the nonces it carries, or nothing.
        window_covered: no mandatory step could have escaped the logs over the exposure window.
        shells_gone: every web shell of this and of the earlier assessments is shown to be gone.
    """

    fault: str = ""
    assessment: msgspec.Raw = msgspec.Raw(b"null")
    nonce: str = ""
    window_covered: bool = False
    shells_gone: bool = False


def run(task: bytes) -> bytes:
    """Examine a `Task`; give an `Examined`, both as JSON."""
    return msgspec.json.encode(examine(msgspec.json.decode(task, type=Task)))


def examine(task: Task) -> Examined:
    """Examine evidence; what cannot be read is a fault in words."""
    try:
        return _examined(task, load_knowledge())
    except TocsinError as fault:
        return Examined(fault=f"{fault.what} {fault.remedy}".strip()[:1_000])


def _examined(task: Task, knowledge: Knowledge) -> Examined:
    earlier = [decode(bytes(one)) for one in task.earlier]
    follow = tuple(dict.fromkeys(url for one in earlier for url in urls_of(one)))
    with open_evidence(Path(task.path), limits=LIMITS) as evidence:
        nonce = carried(statements(evidence.listed), task.nonces)
        found = detect(evidence, knowledge.packs, list(knowledge.products.values()), follow=follow)
    after = assess(found, knowledge, at=datetime.now(UTC))
    return Examined(
        assessment=msgspec.Raw(encode(after)),
        nonce=nonce,
        window_covered=_covered(knowledge, after, task.campaign),
        shells_gone=_gone(earlier, after, found),
    )


def carried(statements_of: Sequence[bytes], nonces: Sequence[str]) -> str:
    """Give the first nonce that stands in one of the statements, or nothing."""
    texts = [text.decode("utf-8", "replace") for text in statements_of]
    return next((one for one in nonces if any(one in text for text in texts)), "")


def _covered(knowledge: Knowledge, after: Assessment, campaign: str) -> bool:
    pack = next((one for one in knowledge.packs if one.file.id == campaign), None)
    verdict = next((one for one in after.verdicts if one.campaign == campaign), None)
    if pack is None or verdict is None:
        return False
    rows = {row.kind: row for row in after.coverage.artefacts}
    return not unseen_rungs(pack.file, rows, verdict.exposure_window)


def _gone(earlier: Sequence[Assessment], after: Assessment, found: Detections) -> bool:
    """Tell whether all are gone, in every campaign: a shell is a shell, whoever's pack names it."""
    if not _all_gone(after):
        return False
    told = (one for one in earlier if known_shells(one) and not _all_gone(one))
    answers = (verify(one, after, found, digest=_UNTOLD, attested=True) for one in told)
    return all(one.answer is Overall.REMOVED for one in answers)


def _all_gone(one: Assessment) -> bool:
    return all(shells_gone(verdict.webshells) for verdict in one.verdicts)
