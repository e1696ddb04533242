"""Put it together: one verdict per campaign, one assessment per server.

Read from the top to learn why Tocsin said what it said: exposure, then what was done, then what is
left, then what now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tocsin import __version__
from tocsin.assessment.advice import circumstances, next_steps
from tocsin.assessment.answer import answer, exit_status
from tocsin.assessment.clusters import clusters
from tocsin.assessment.compromise import judge
from tocsin.assessment.exposure import Exposed, expose
from tocsin.assessment.impact import impact
from tocsin.assessment.ladder import Ladder
from tocsin.assessment.shell_contents import Contents
from tocsin.assessment.shells import in_shadow_copy, residual_of, web_shells
from tocsin.assessment.sight import exposure_window, unseen_rungs
from tocsin.assessment.voices import (
    answered_anyway,
    explained_pages,
    general_last,
    heard,
    in_one_voice,
    other_way_in,
    shells_taken_over,
    taken_over,
)
from tocsin.detections.build_exposure import follow
from tocsin.detections.pipeline import Detections
from tocsin.model.coverage import ArtefactCoverage, Coverage, Missing, Skipped
from tocsin.model.findings import Finding
from tocsin.model.places import TimeSpan
from tocsin.model.verdicts import Assessment, KeyDate, NextStep, PackInfo, ServerInfo, ToolInfo, Verdict
from tocsin.model.words import Compromise, Means
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product
from tocsin.packs.schema import PackFile


class Knowledge(Struct, frozen=True, kw_only=True):
    """The body of knowledge used: packs, and products by id."""

    packs: tuple[Pack, ...]
    products: Mapping[str, Product]


def assess(found: Detections, knowledge: Knowledge, *, at: datetime) -> Assessment:
    """Give the assessment of one server. ``at`` is the moment of assessment, aware UTC."""
    rows = found.account.rows(_wanted(knowledge.packs))
    verdicts = _verdicts(found, knowledge, rows)
    return Assessment(
        tool=ToolInfo(name="tocsin", version=__version__),
        packs=tuple(
            PackInfo(id=pack.file.id, version=pack.file.version, sha256=pack.sha256)
            for pack in knowledge.packs
        ),
        assessed_at=at,
        evidence=found.evidence,
        server=_server(found, knowledge),
        verdicts=verdicts,
        coverage=Coverage(
            artefacts=rows,
            missing=_missing(knowledge.packs, rows),
            skipped=_sorted_skips(found),
            notes=found.notices,
        ),
        exit_status=exit_status(verdicts),
        answer=answer(verdicts),
    )


def _verdicts(
    found: Detections, knowledge: Knowledge, rows: Sequence[ArtefactCoverage]
) -> tuple[Verdict, ...]:
    explained: dict[str, str] = {}
    other_way = other_way_in(knowledge.packs, found.findings)
    verdicts = []
    for pack in general_last(knowledge.packs):
        if _concerns(pack, found, rows):
            own = found.findings.get(pack.file.id, ())
            taken = (
                *taken_over(pack, own, found.findings),
                *shells_taken_over(pack, own, knowledge.packs, found.findings),
            )
            told = sorted((*own, *taken), key=lambda finding: finding.order)
            findings = heard(pack, told, explained=explained, other_way=other_way)
            if found.pages.answers_anything:
                findings = answered_anyway(findings)
            verdict = _verdict(pack, found, knowledge, rows, findings)
            explained |= explained_pages(pack, verdict)
            explained |= {finding.id: pack.file.title for finding in taken}
            verdicts.append(verdict)
    return in_one_voice(verdicts)


def _concerns(pack: Pack, found: Detections, rows: Sequence[ArtefactCoverage]) -> bool:
    """A pack speaks about servers that show signs of its product, or of any artefact that it wants."""
    if pack.file.product is not None:
        return pack.file.product in found.products
    wanted = {one.kind for one in pack.file.wanted}
    read = any(row.kind in wanted and row.records for row in rows)
    return read or bool(found.findings.get(pack.file.id))


def _verdict(
    pack: Pack,
    found: Detections,
    knowledge: Knowledge,
    rows: Sequence[ArtefactCoverage],
    findings: tuple[Finding, ...],
) -> Verdict:
    folded = found.folded.get(pack.file.id, {})
    ladder = Ladder(pack.file.ladder)
    exposed = expose(pack, found, knowledge.products, findings=findings, ladder=ladder)
    window = exposure_window(pack.file, patched_at=exposed.patched_at, ends=_evidence_ends(found))
    unseen = unseen_rungs(pack.file, {row.kind: row for row in rows}, window)
    judgement = judge(findings, unseen=unseen, folded=folded)
    shells = web_shells(
        findings,
        ladder=ladder,
        pages=found.pages,
        disk=found.disk,
        contents=Contents(pages=found.contents, clean=found.clean),
    )
    compromised = judgement.word is Compromise.COMPROMISED
    times = _times(findings)
    draft = Verdict(
        campaign=pack.file.id,
        title=pack.file.title,
        cves=tuple(cve.id for cve in pack.file.cves),
        dates=_dates(pack.file),
        exposure=exposed.word,
        exposure_because=exposed.because,
        fix=exposed.fix,
        exposure_window=window,
        mitigations=exposed.mitigations,
        compromise=judgement.word,
        compromise_because=judgement.because,
        residual=residual_of(
            shells,
            compromised=compromised,
            looked=_looked(rows) and found.disk.looked,
            besides=_besides(findings),
        ),
        attempts=judgement.attempts,
        rung=ladder.highest(findings),
        first_seen=times.start,
        last_seen=times.end,
        ladder=ladder.account(findings, rows, strange=found.strange_names),
        clusters=clusters(findings, ladder=ladder, actors=pack.file.actors, sources=pack.file.sources),
        webshells=shells,
        findings=findings,
        folded=dict(folded),
        impact=impact(findings, ladder=ladder),
        next_steps=(),
    )
    return replace(draft, next_steps=_steps(pack, draft, exposed))


def _steps(pack: Pack, draft: Verdict, exposed: Exposed) -> tuple[NextStep, ...]:
    given = circumstances(draft, patch_incomplete=exposed.patch_incomplete)
    return next_steps(pack.file.steps, pack.advice, given)


def _times(findings: Sequence[Finding]) -> TimeSpan:
    span = TimeSpan()
    for finding in findings:
        if finding.means is not Means.CONTEXT:
            span = span.widen(finding.time)
    return span


def _dates(pack: PackFile) -> tuple[KeyDate, ...]:
    named = {
        "first-exploited": pack.first_exploited,
        "disclosed": pack.disclosed,
        "patch-available": pack.patch_available,
    }
    return tuple(
        KeyDate(what=what, day=cited.date, source=pack.sources.get(cited.source, cited.source))
        for what, cited in named.items()
        if cited
    )


def _evidence_ends(found: Detections) -> datetime | None:
    return found.evidence.custody.collected_at or found.account.last_moment


def _looked(rows: Sequence[ArtefactCoverage]) -> bool:
    """Server pages were collected, so that what is on disk could be looked at."""
    return any(row.kind == "web.file" and row.records and not row.errors for row in rows)


def _besides(findings: Sequence[Finding]) -> bool:
    """What an intruder left stands in a file that is no page: an export of the settings, a ransom note."""
    kinds = {"exchange.vdir-dump", "web.file"}
    return any(
        one.kind in kinds
        and one.means is Means.COMPROMISED
        and "shell_path" not in one.details
        and not in_shadow_copy(one)
        for one in findings
    )


def _wanted(packs: Sequence[Pack]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for one in (one for pack in packs for one in pack.file.wanted):
        wanted[one.kind] = min(one.quiet_hours, wanted.get(one.kind, one.quiet_hours))
    return wanted


def _missing(packs: Sequence[Pack], rows: Sequence[ArtefactCoverage]) -> tuple[Missing, ...]:
    read = {row.kind for row in rows if row.records}
    reasons: dict[str, str] = {}
    for one in (one for pack in packs for one in pack.file.wanted):
        if one.kind not in read:
            reasons.setdefault(one.kind, one.why)
    return tuple(Missing(kind=kind, why_wanted=reasons[kind]) for kind in sorted(reasons))


def _sorted_skips(found: Detections) -> tuple[Skipped, ...]:
    return tuple(sorted(found.skipped, key=lambda skip: (skip.path, skip.why)))


def _server(found: Detections, knowledge: Knowledge) -> ServerInfo:
    product = next((one for name, one in sorted(knowledge.products.items()) if name in found.products), None)
    builds = found.builds.result(product) if product else None
    followed = follow(builds.seen) if builds else None
    title = product.file.title if product else ""
    return ServerInfo(
        name=found.identity.name() or found.evidence.custody.host or "",
        product=followed.label if followed and followed.label else title,
        utc_offset=found.identity.utc_offset(),
        builds=builds.seen if builds else (),
        conflicts=builds.conflicts if builds else (),
    )
