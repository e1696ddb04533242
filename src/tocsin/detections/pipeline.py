"""One pass over the evidence: every file read, counted, matched; and a second look at some logs.

Requests for the pages that findings name are followed over time. In logs of the fast lane they are looked
for once it is known which pages those are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule
from tocsin.detections.account import CoverageAccount
from tocsin.detections.behaviours import asked_of, with_behaviours
from tocsin.detections.builds import BuildCollector
from tocsin.detections.copies import Copies
from tocsin.detections.disk import DiskState
from tocsin.detections.event_interest import EventInterest
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher, Matches
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.page_requests import PageRequests
from tocsin.detections.pages import PageActivity, pages_named
from tocsin.detections.reading import FileTally, fault_of, read_file
from tocsin.detections.scanning.lane import Plain
from tocsin.detections.scanning.lanes import Lanes, Scanning
from tocsin.detections.served_names import ServedNames
from tocsin.evidence.exported_rows import record_of_line
from tocsin.evidence.opening import Evidence
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped
from tocsin.model.findings import Finding
from tocsin.model.records import Brief, Item, Record, Unreadable
from tocsin.model.verdicts import EvidenceInfo
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import WEB_KINDS
from tocsin.packs.products import Product

Progress = Callable[[Source], None]
_AUTOMATIC = Scanning()


class Detections(Struct, frozen=True, kw_only=True):
    """All that one pass over the evidence gave; input of the assessment.

    Attributes:
        findings: per pack, in ``Finding.order``.
        folded: per pack and rule, how many further findings were counted and not kept.
        notices: what a reader should know of the evidence as such, and what matching left out.
        strange_names: requests name directories of the product in a way that nothing read explains.
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


class Scanned(Struct, kw_only=True):
    """What the fast lane was spared: plain rows that were counted, and those among them that were parsed."""

    files: int = 0
    plain: int = 0
    parsed: int = 0


def detect(
    evidence: Evidence,
    packs: Sequence[Pack],
    products: Sequence[Product],
    *,
    progress: Progress | None = None,
    scanning: Scanning = _AUTOMATIC,
) -> Detections:
    """Read the whole of the evidence; logs that name a suspect page are read a second time for it.

    Args:
        evidence: what was collected.
        packs: what is looked for.
        products: what is known of products.
        progress: told of every file after it was read.
        scanning: how logs of plain rows are read; the result is the same.

    Raises:
        EvidenceError: the evidence as a whole cannot be read (limits, a broken container).
        UsageFault: the engine asked for is not installed.
    """
    with closing(_Pass(packs, products, scanning)) as run:
        for source in evidence.sources():
            run.read(source)
            if progress:
                progress(source)
        return run.result(evidence)


class _Pass:
    """The state of one pass."""

    def __init__(self, packs: Sequence[Pack], products: Sequence[Product], scanning: Scanning) -> None:
        self._matcher = Matcher(packs)
        self._lanes = Lanes(self._matcher, packs, products, scanning)
        self._scanned = Scanned()
        self._fast: list[tuple[Source, ArtefactModule]] = []
        self._account = CoverageAccount()
        self._packs = tuple(packs)
        self._pages = PageActivity(_absent_statuses(packs))
        self._asked = asked_of(packs, products, refusals=_absent_statuses(packs))
        self._disk = DiskState()
        self._known = KnownFiles(products)
        self._identity = IdentityCollector()
        self._signs = ProductSigns({product.file.id: product.file.signs for product in products})
        self._builds = BuildCollector()
        self._mitigations = MitigationCollector()
        self._copies = Copies()
        self._served = ServedNames(products)
        self._skipped: list[Skipped] = []
        self._interest = EventInterest(self._matcher, self._signs.asked_fields)

    def close(self) -> None:
        """Let go of what stands outside memory."""
        self._asked.close()

    def read(self, source: Source) -> None:
        """Identify, parse, count and match one file, unless a shadow copy holds it a second time."""
        if self._copies.repeats(source):
            return
        self._signs.observe_path(source.where)
        self._disk.observe_path(source.where)
        self._builds.see(source)
        change = partial(self._changed, source=source)
        take = partial(self._take, source=source)
        self._skipped += read_file(
            source,
            take,
            self._account,
            change=change,
            shortcut=self._shortcut,
            interest=self._interest,
        )

    def result(self, evidence: Evidence) -> Detections:
        """Close the pass: correlations, order, totals."""
        served = tuple(self._served.notices())  # before the second look, which would count requests again
        matches, left_out = with_behaviours(
            self._packs,
            self._matcher.finish(),
            self._asked,
            logs_begin=self._account.first_moment(WEB_KINDS),
            answers_anything=self._pages.answers_anything,
        )
        self._revisit(matches)
        info = evidence.info()  # hashes the rest, and compares the manifest: notes are complete after it
        return Detections(
            evidence=info,
            findings={pack: self._known.explain(found.findings) for pack, found in matches.items()},
            folded={pack: found.folded for pack, found in matches.items()},
            notices=(
                *evidence.notes,
                *_notices(matches, self._pages),
                *left_out,
                *served,
                *self._copies.notices(),
            ),
            account=self._account,
            skipped=(*evidence.skipped, *self._skipped),
            pages=self._pages,
            disk=self._disk,
            identity=self._identity,
            products=frozenset(self._signs.seen),
            builds=self._builds,
            mitigations=self._mitigations,
            scanned=self._scanned,
            strange_names=self._served.strange,
        )

    def _take(self, item: Item, source: Source, *, pages: bool = True) -> None:
        if isinstance(item, Brief):
            self._identity.observe(item)
            self._signs.observe(item)
            return
        self._builds.observe(item, source)
        self._mitigations.observe(item, source)
        self._served.observe(item, source)
        if isinstance(item, Record):
            self._identity.observe(item)
            self._signs.observe(item)
            self._request(item, pages=pages)
            self._disk.observe(item, shadow_copy=source.shadow_copy)
            self._known.observe(item)
            self._matcher.observe(item)
        elif isinstance(item, Unreadable):
            self._second_hand(item, pages=pages)

    def _second_hand(self, item: Unreadable, *, pages: bool) -> None:
        """Search what could not be parsed; a row of another log within it is read as such, weakly."""
        self._matcher.observe(_as_text(item))
        record = record_of_line(item.text, item.locator)
        if record is not None:
            self._signs.observe(record)
            self._request(record, pages=pages)
            self._matcher.observe(record)

    def _request(self, record: Record, *, pages: bool) -> None:
        """Follow the page, or leave that for the second look."""
        self._asked.observe(record)
        if pages:
            self._pages.observe(record)
        else:
            self._pages.note_nonsense(record)

    def _changed(self, item: Item, source: Source) -> Item | None:
        return None if self._copies.repeated(item, source) else self._served.read(item)

    def _shortcut(self, source: Source, module: ArtefactModule, tally: FileTally) -> bool:
        if not self._lanes.takes(source, module):
            return False
        taker = _RowTaker(self, source, tally)
        if not self._lanes.can(module):
            return False
        self._fast.append((source, module))
        self._lanes.read(source, module, taker, served=self._served, signs=self._signs.texts)
        self._scanned.files += 1
        return True

    # --- what the fast lane finds -----------------------------------------------------------------

    @property
    def asked(self) -> PageRequests:
        """The requests for server pages so far."""
        return self._asked

    def take_line(self, item: Item, source: Source) -> None:
        """Take what was read line by line in a log of the fast lane."""
        self._take(item, source, pages=False)

    def take_candidate(self, record: Record) -> None:
        """Take a plain row that somebody may have a question about."""
        self._scanned.parsed += 1
        self._signs.observe(record)
        self._pages.note_nonsense(record)
        self._matcher.observe(record)

    def take_sighting(self, record: Record, source: Source) -> None:
        """Take a plain row that names a build."""
        self._builds.observe(record, source)

    def unseen(self) -> bool:
        """Tell whether a product is still to be seen."""
        return bool(self._signs.texts())

    def take_name(self, value: str, times: int) -> None:
        """Take a name of the server that so many plain rows bear."""
        self._identity.add(value, times)

    def take_plain(self, records: int) -> None:
        """Count plain rows."""
        self._scanned.plain += records

    def _revisit(self, matches: Mapping[str, Matches]) -> None:
        """Read the logs of the fast lane again for the pages that findings name."""
        urls = frozenset(url for found in matches.values() for url in pages_named(found.findings))
        told_before = {one.path for one in self._skipped}
        for source, module in self._fast if urls else ():
            visitor = _Visitor(self._pages, urls)
            why = fault_of(partial(self._lanes.revisit, source, module, urls, visitor, served=self._served))
            if why and source.path not in told_before:
                told = f"requests for suspect pages in it were not followed over time: {why}"
                self._skipped.append(Skipped(path=source.path, why=told))


class _RowTaker:
    """Hands what the fast lane finds in one file to the pass."""

    def __init__(self, run: _Pass, source: Source, tally: FileTally) -> None:
        self._run = run
        self._source = source
        self._tally = tally
        self.candidate = run.take_candidate
        self.unseen = run.unseen
        self.named = run.take_name
        self.asked = run.asked
        self.path = source.path

    def item(self, item: Item) -> None:
        self._tally.count(item)
        self._run.take_line(item, self._source)

    def plain(self, kind: str, plain: Plain, last_line: int) -> None:
        self._tally.count_plain(kind, plain, last_line)
        self._run.take_plain(plain.records)

    def sighting(self, record: Record) -> None:
        self._run.take_sighting(record, self._source)


class _Visitor:
    """Takes the requests for some pages when a log is read again; all else was taken before."""

    def __init__(self, pages: PageActivity, urls: frozenset[str]) -> None:
        self._pages = pages
        self._urls = urls
        self.asked = PageRequests((), (), most_clients=0)
        self.path = ""

    def item(self, item: Item) -> None:
        record = record_of_line(item.text, item.locator) if isinstance(item, Unreadable) else item
        if isinstance(record, Record):
            self.candidate(record)

    def candidate(self, record: Record) -> None:
        self._pages.observe_only(record, self._urls)

    def unseen(self) -> bool:
        return False

    def plain(self, kind: str, plain: Plain, last_line: int) -> None: ...

    def sighting(self, record: Record) -> None: ...

    def named(self, value: str, times: int) -> None: ...


def _notices(matches: Mapping[str, Matches], pages: PageActivity) -> Iterator[str]:
    yield from dict.fromkeys(notice for pack in sorted(matches) for notice in matches[pack].notices)
    if pages.overflow:
        yield f"{pages.overflow:,} requests for further server pages were matched but not followed over time."


def _as_text(item: Unreadable) -> Record:
    return Record(kind="text.unknown", locator=item.locator, time=None, fields={"Text": item.text}, weak=True)


def _absent_statuses(packs: Iterable[Pack]) -> frozenset[str]:
    return frozenset(str(status) for pack in packs for status in pack.file.absent_statuses)
