"""From a path to an assessment: what the command line, and later every other caller, runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from tocsin.assessment.assess import Knowledge, assess
from tocsin.assessment.verify import urls_of, verify
from tocsin.detections.crew.foreman import Crew, Told
from tocsin.detections.crew.plan import SMALLEST_PART
from tocsin.detections.crew.sizing import crew_of
from tocsin.detections.one_pass import Scanned
from tocsin.detections.pipeline import Detections, detect
from tocsin.detections.scanning.lanes import Scanning
from tocsin.evidence.limits import Limits
from tocsin.evidence.opening import Evidence, open_evidence
from tocsin.model.verdicts import Assessment
from tocsin.model.verification import Verification
from tocsin.packs.loading import data_folder, load_packs
from tocsin.packs.products import load_product

Watch = Callable[[Evidence], Told]
"""Called with the open evidence; gives what is told of the bytes that are read, for progress."""


class Request(Struct, frozen=True, kw_only=True):
    """What to assess, and with which bounds.

    Attributes:
        at: the moment of assessment; None for now.
        scanning: how logs of plain rows are read; the answer is the same.
        workers: how many processes read; the answer is the same. More than one only where the calling
            program can be started anew, because workers are spawned. None for as many as are worth it.
        memory: bytes that all processes together may hold, or None.
        part: bytes of the smallest part that a log is divided into.
    """

    evidence: Path
    limits: Limits = Limits()
    custody: Path | None = None
    at: datetime | None = None
    scanning: Scanning = Scanning()
    workers: int | None = 1
    memory: int | None = None
    part: int = SMALLEST_PART


class Used(Struct, frozen=True, kw_only=True):
    """How evidence of so many bytes was read."""

    crew: Crew
    scanned: Scanned
    bytes: int


def load_knowledge(packs: Sequence[Path] = (), campaigns: Collection[str] = ()) -> Knowledge:
    """Load the packs that came with the program and those of further folders, with their products.

    Raises:
        PackError: a pack or product is wrong, with ``file:line``.
        UsageFault: no pack has the name of a campaign asked for.
    """
    roots = [data_folder("campaigns"), *packs]
    loaded = load_packs(roots, only=campaigns)
    names = sorted({pack.product_id for pack in loaded if pack.product_id})
    products = {name: load_product(data_folder("products") / name) for name in names}
    return Knowledge(packs=loaded, products=products)


def assess_evidence(
    request: Request,
    knowledge: Knowledge,
    *,
    watch: Watch | None = None,
    used: Callable[[Used], None] | None = None,
) -> Assessment:
    """Read the evidence once and reach the verdicts. Nothing in it is written to or run.

    Args:
        request: what to assess.
        knowledge: what is looked for.
        watch: for progress.
        used: told, after everything was read, how that was done.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
        EnvironmentFault: a worker process came to its end before its work did.
    """
    found = _detected(request, knowledge, watch=watch, used=used)
    return assess(found, knowledge, at=request.at or datetime.now(tz=UTC))


def verify_evidence(
    request: Request,
    knowledge: Knowledge,
    before: Assessment,
    *,
    digest: str,
    attested: bool = False,
    watch: Watch | None = None,
) -> Verification:
    """Say what became of the web shells of an earlier assessment, by later evidence of the same server.

    Args:
        request: the later evidence.
        knowledge: what is looked for.
        before: the earlier assessment.
        digest: SHA-256 of its document.
        attested: somebody says that both are of one server, where the evidence does not tell.
        watch: for progress.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
        EnvironmentFault: a worker process came to its end before its work did.
    """
    found = _detected(request, knowledge, watch=watch, follow=urls_of(before))
    after = assess(found, knowledge, at=request.at or datetime.now(tz=UTC))
    return verify(before, after, found, digest=digest, attested=attested)


def _detected(
    request: Request,
    knowledge: Knowledge,
    *,
    watch: Watch | None = None,
    used: Callable[[Used], None] | None = None,
    follow: Sequence[str] = (),
) -> Detections:
    with open_evidence(request.evidence, limits=request.limits, custody_file=request.custody) as evidence:
        crew = crew_of(request.workers, request.memory, evidence.total_bytes, smallest=request.part)
        found = detect(
            evidence,
            knowledge.packs,
            list(knowledge.products.values()),
            told=watch(evidence) if watch else None,
            scanning=request.scanning,
            crew=crew,
            follow=follow,
        )
    if used:
        used(Used(crew=crew, scanned=found.scanned, bytes=found.evidence.bytes))
    return found
