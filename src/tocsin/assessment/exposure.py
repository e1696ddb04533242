"""Whether the door is open: builds, then mitigations, then the proof that somebody walked through.

A success of the exploit proves that the flaw was open at that moment, whatever a build says; only
later or stronger evidence of the build (file versions at collection, logs after that moment) makes
the server patched again. Patched is not clean: that is another question, answered elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.assessment.ladder import Ladder
from tocsin.detections.build_exposure import LOG_RANK, BuildExposure, exposure_of
from tocsin.detections.pipeline import Detections
from tocsin.detections.standings import Status, standing
from tocsin.model.findings import Finding
from tocsin.model.times import spoken
from tocsin.model.verdicts import BuildSeen, MitigationSeen
from tocsin.model.words import Exposure, Means, MitigationStatus
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product

NO_FLAW = "This pack names no flaw: it asks what was done, whatever way was open."
_UPDATE = (
    "The build is not known: find it, then install the security update for its cumulative update, "
    "or a later one."
)


class Exposed(Struct, frozen=True, kw_only=True):
    """The exposure word with its reasons; ``patched_at`` ends the exposure window if known."""

    word: Exposure
    because: str
    fix: str | None = None
    mitigations: tuple[MitigationSeen, ...] = ()
    patched_at: datetime | None = None
    patch_incomplete: bool = False


def expose(
    pack: Pack,
    found: Detections,
    products: Mapping[str, Product],
    *,
    findings: Sequence[Finding],
    ladder: Ladder,
) -> Exposed:
    """Say whether the campaign's flaw is open on this server."""
    product = products.get(pack.file.product or "")
    entry = [cve.id for cve in pack.file.cves if cve.entry]
    if product is None or not entry:
        return Exposed(word=Exposure.NOT_AFFECTED, because=NO_FLAW)
    evidence = found.builds.result(product)
    built = exposure_of(product, entry, evidence.seen)
    proof = last_proof(findings, ladder)
    mitigations = _relevant(found.mitigations.judge(product), [cve.id for cve in pack.file.cves])
    by_build = _with_proof(built, proof)
    word, mitigated = _with_mitigations(by_build.word, mitigations, entry)
    return Exposed(
        word=word,
        because=f"{by_build.because}{mitigated}",
        fix=by_build.fix,
        mitigations=mitigations,
        patched_at=built.patched_at or _first_fixed(product, entry, evidence.seen, built),
        patch_incomplete=evidence.patch_incomplete,
    )


def last_proof(findings: Sequence[Finding], ladder: Ladder) -> Finding | None:
    """Give the last finding that proves the flaw open, or None."""
    proofs = _proofs(findings, ladder)
    return max(proofs, key=lambda finding: (finding.time is not None, finding.order), default=None)


def first_proof(findings: Sequence[Finding], ladder: Ladder) -> Finding | None:
    """Give the first finding that proves the flaw open, or None; one without a time comes last."""
    return min(_proofs(findings, ladder), key=lambda finding: finding.order, default=None)


def _proofs(findings: Sequence[Finding], ladder: Ladder) -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.means in {Means.EXPLOITED, Means.COMPROMISED}
        and (rung := ladder.rung_of(finding)) is not None
        and rung.proves_open
    ]


def _with_proof(built: BuildExposure, proof: Finding | None) -> Exposed:
    if proof is None:
        return Exposed(word=built.exposure, because=built.because, fix=built.fix)
    moment = f" at {spoken(proof.time)}" if proof.time else ""
    shown = f"Exploitation succeeded{moment}, which proves that the flaw was open then ({proof.locator})."
    if built.exposure is Exposure.PATCHED and _after(built.followed, proof):
        because = (
            f"{built.because} {shown} Patched since: that closes the door, it does not remove an intruder."
        )
        return Exposed(word=Exposure.PATCHED, because=because, fix=None)
    return Exposed(word=Exposure.VULNERABLE, because=f"{shown} {built.because}", fix=built.fix or _UPDATE)


def _after(followed: BuildSeen | None, proof: Finding) -> bool:
    """Tell whether the build was stated at collection, or in a log after the proof."""
    if followed is None or followed.rank > LOG_RANK:
        return False
    if followed.rank < LOG_RANK or proof.time is None:
        return True
    return followed.end is not None and followed.end > proof.time


def _with_mitigations(
    word: Exposure, mitigations: Sequence[MitigationSeen], entry: Sequence[str]
) -> tuple[Exposure, str]:
    if word not in {Exposure.VULNERABLE, Exposure.UNKNOWN}:
        return word, ""
    guarding = [one for one in mitigations if set(entry) <= set(one.protects)]
    effective = [one for one in guarding if one.status is MitigationStatus.EFFECTIVE]
    if effective:
        title = effective[0].title
        return Exposure.MITIGATED, f" Mitigated by {title}: not a remedy, nor full protection."
    partial = [one for one in guarding if one.status is MitigationStatus.PARTIAL]
    if partial:
        return Exposure.PARTIALLY_MITIGATED, f" Only partly mitigated by {partial[0].title}: {partial[0].why}"
    return word, ""


def _relevant(mitigations: Sequence[MitigationSeen], cves: Sequence[str]) -> tuple[MitigationSeen, ...]:
    """Keep those of the campaign, and others only where something of them was found."""
    silent = {MitigationStatus.ABSENT, MitigationStatus.UNKNOWN}
    ours = [one for one in mitigations if set(one.protects) & set(cves)]
    others = [one for one in mitigations if one not in ours and one.status not in silent]
    return (*ours, *others)


def _first_fixed(
    product: Product, entry: Sequence[str], seen: Sequence[BuildSeen], built: BuildExposure
) -> datetime | None:
    """Give the first moment at which a log shows a fixed build, where no log shows an open one."""
    if built.exposure is not Exposure.PATCHED or built.open_until is not None:
        return None
    fixed = {Status.FIXED, Status.NOT_AFFECTED}
    return min(
        (
            one.start
            for one in seen
            if one.rank == LOG_RANK
            and one.start
            and all(standing(product, cve, one.build).status in fixed for cve in entry)
        ),
        default=None,
    )
