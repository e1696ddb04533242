"""One pass over the evidence: every file read, counted, matched; and a second look at some logs.

Requests for the pages that findings name are followed over time. In logs of the fast lane they are looked
for once it is known which pages those are. Several processes may share the work; what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

from msgspec import Struct

from tocsin.detections.account import CoverageAccount
from tocsin.detections.builds import BuildCollector
from tocsin.detections.crew.foreman import Crew, Foreman, NeedsOnePass, Told, may_share
from tocsin.detections.crew.messages import Setup
from tocsin.detections.disk import DiskState
from tocsin.detections.identity import IdentityCollector
from tocsin.detections.matching import Matches
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.one_pass import Pass, Scanned
from tocsin.detections.page_contents import PageContent
from tocsin.detections.page_findings import suspect_urls
from tocsin.detections.pages import PageActivity, pages_named
from tocsin.detections.scanning.lanes import Scanning
from tocsin.evidence.opening import Evidence, names_directories
from tocsin.model.coverage import Skipped
from tocsin.model.findings import Finding
from tocsin.model.verdicts import EvidenceInfo
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product

_AUTOMATIC = Scanning()
_ALONE = Crew(workers=1)


class Detections(Struct, frozen=True, kw_only=True):
    """All that one pass over the evidence gave; input of the assessment.

    Attributes:
        findings: per pack, in ``Finding.order``.
        folded: per pack and rule, how many further findings were counted and not kept.
        notices: what a reader should know of the evidence as such, and what matching left out.
        scanned: what the fast lane was spared.
        strange_names: requests name directories of the product in a way that nothing read explains.
        contents: of files, by path, in which something speaks for a shell or for what is left of one.
        clean: paths of files that were examined and in which nothing does.
    """

    evidence: EvidenceInfo
    findings: dict[str, tuple[Finding, ...]]
    folded: dict[str, dict[str, int]]
    notices: tuple[str, ...]
    account: CoverageAccount
    skipped: tuple[Skipped, ...]
    pages: PageActivity
    disk: DiskState
    identity: IdentityCollector
    products: frozenset[str]
    builds: BuildCollector
    mitigations: MitigationCollector
    scanned: Scanned
    strange_names: bool = False
    contents: Mapping[str, PageContent] = {}
    clean: frozenset[str] = frozenset()


def detect(  # noqa: PLR0913 - what to read, what to look for, and four ways of doing it
    evidence: Evidence,
    packs: Sequence[Pack],
    products: Sequence[Product],
    *,
    told: Told | None = None,
    scanning: Scanning = _AUTOMATIC,
    crew: Crew = _ALONE,
    follow: Iterable[str] = (),
) -> Detections:
    """Read the whole of the evidence; logs that name a suspect page are read a second time for it.

    Args:
        evidence: what was collected.
        packs: what is looked for.
        products: what is known of products.
        told: told of the bytes read, now and then.
        scanning: how logs of plain rows are read; the result is the same.
        crew: how many processes read; the result is the same. More than one only where the calling
            program can be started anew: processes are spawned.
        follow: URL paths of pages whose requests are followed whatever is found.

    Raises:
        EvidenceError: the evidence as a whole cannot be read (limits, a broken container).
        EnvironmentFault: a worker process came to its end before its work did.
        UsageFault: the engine asked for is not installed.
    """
    followed = frozenset(url.lower() for url in follow)
    if crew.workers > 1 and may_share(evidence, evidence.limits):
        setup = _setup(evidence, packs, products, scanning)
        try:
            with closing(Pass(packs, products, scanning)) as run:
                return _shared(evidence, run, Foreman(evidence, crew, told), setup, followed)
        except NeedsOnePass:
            with evidence.anew() as again, closing(Pass(packs, products, scanning)) as run:
                return _alone(again, run, None, followed)
    with closing(Pass(packs, products, scanning)) as run:
        return _alone(evidence, run, told, followed)


def _alone(evidence: Evidence, run: Pass, told: Told | None, followed: frozenset[str]) -> Detections:
    if told:
        evidence.watch(told)
    skipped: list[Skipped] = []
    for source in evidence.sources():
        skipped += run.read(source)
    matches, left_out = run.matches()
    skipped += _new(run.revisit(_pages(matches, run) | followed), skipped)
    return _result(evidence, run, matches, left_out, skipped)


def _setup(
    evidence: Evidence, packs: Sequence[Pack], products: Sequence[Product], scanning: Scanning
) -> Setup:
    return Setup(packs=tuple(packs), products=tuple(products), scanning=scanning, shared=evidence.shared)


def _shared(
    evidence: Evidence, run: Pass, foreman: Foreman, setup: Setup, followed: frozenset[str]
) -> Detections:
    """Read first what names directories, then have the rest read by workers."""
    entries = list(enumerate(evidence.in_turn()))
    skipped: list[Skipped] = []
    for entry in (entry for _, entry in entries if names_directories(entry)):
        for source in evidence.give(entry):
            skipped += run.read(source)
    rest = [pair for pair in entries if not names_directories(pair[1])]
    with foreman.workers(setup, run, rest) as workers:
        skipped += foreman.read(workers, run)
        evidence.check()
        matches, left_out = run.matches()
        urls = _pages(matches, run) | followed
        skipped += _new(foreman.revisit(workers, run, urls), skipped)
    return _result(evidence, run, matches, left_out, skipped)


def _new(again: Iterable[Skipped], skipped: Iterable[Skipped]) -> list[Skipped]:
    """Give what the second look could not read, but for files of which something was told before."""
    told = {one.path for one in skipped}
    return [one for one in again if one.path not in told]


def _pages(matches: Mapping[str, Matches], run: Pass) -> frozenset[str]:
    named = frozenset(url for found in matches.values() for url in pages_named(found.findings))
    return named | suspect_urls(run.contents.seen.settled())


def _result(
    evidence: Evidence,
    run: Pass,
    matches: Mapping[str, Matches],
    left_out: Iterable[str],
    skipped: Iterable[Skipped],
) -> Detections:
    contents = run.contents.seen.settled()
    known = {pack: run.known.explain(found.findings) for pack, found in matches.items()}
    info = evidence.info()  # hashes the rest, and compares the manifest: notes are complete after it
    return Detections(
        evidence=info,
        findings=run.with_contents(known, contents),
        folded={pack: found.folded for pack, found in matches.items()},
        notices=(*evidence.notes, *run.notices(matches, left_out)),
        account=run.account,
        skipped=(*evidence.skipped, *skipped),
        pages=run.pages,
        disk=run.disk,
        identity=run.identity,
        products=frozenset(run.signs.seen),
        builds=run.builds,
        mitigations=run.mitigations,
        scanned=run.scanned,
        strange_names=run.served.strange,
        contents=contents,
        clean=frozenset(run.contents.seen.clean),
    )
