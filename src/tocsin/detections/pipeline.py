"""One pass over the evidence: every file identified, parsed, counted, matched.

This is the only place that catches broadly, and only around one artefact: whatever a parser does,
the other files are still read, and the failure becomes missing coverage. Lines that a failed parser
left are counted as unreadable and still searched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule, identify
from tocsin.detections.account import CoverageAccount, KindAccount
from tocsin.detections.builds import BuildCollector
from tocsin.detections.disk import DiskState
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher, Matches
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.pages import PageActivity, pages_named
from tocsin.detections.scanning.lane import Plain
from tocsin.detections.scanning.lanes import Lanes, Scanning
from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.exported_rows import record_of_line
from tocsin.evidence.opening import Evidence
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record, Unreadable
from tocsin.model.verdicts import EvidenceInfo
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product

OTHER_FILES = "file.other"
"""Kind under which files of no known kind are counted."""

Progress = Callable[[Source], None]
_AUTOMATIC = Scanning()


class Detections(Struct, frozen=True, kw_only=True):
    """All that one pass over the evidence gave; input of the assessment.

    Attributes:
        findings: per pack, in ``Finding.order``.
        folded: per pack and rule, how many further findings were counted and not kept.
        notices: what a reader should know of the evidence as such, and what matching left out.
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
    run = _Pass(packs, products, scanning)
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
        self._pages = PageActivity(_absent_statuses(packs))
        self._disk = DiskState()
        self._known = KnownFiles(products)
        self._identity = IdentityCollector()
        self._signs = ProductSigns({product.file.id: product.file.signs for product in products})
        self._builds = BuildCollector()
        self._mitigations = MitigationCollector()
        self._skipped: list[Skipped] = []

    def read(self, source: Source) -> None:
        """Identify, parse, count and match one file."""
        self._signs.observe_path(source.where)
        self._disk.observe_path(source.where)
        self._builds.see(source)
        tally = _FileTally(source)
        why = _fault_of(partial(self._parse, source, tally))
        if why:
            self._failed(source, tally, why)
        tally.close(self._account)

    def result(self, evidence: Evidence) -> Detections:
        """Close the pass: correlations, order, totals."""
        matches = self._matcher.finish()
        self._revisit(matches)
        info = evidence.info()  # hashes the rest, and compares the manifest: notes are complete after it
        return Detections(
            evidence=info,
            findings={pack: self._known.explain(found.findings) for pack, found in matches.items()},
            folded={pack: found.folded for pack, found in matches.items()},
            notices=(*evidence.notes, *_notices(matches, self._pages)),
            account=self._account,
            skipped=(*evidence.skipped, *self._skipped),
            pages=self._pages,
            disk=self._disk,
            identity=self._identity,
            products=frozenset(self._signs.seen),
            builds=self._builds,
            mitigations=self._mitigations,
            scanned=self._scanned,
        )

    def _revisit(self, matches: Mapping[str, Matches]) -> None:
        """Read the logs of the fast lane again for the pages that findings name."""
        urls = frozenset(url for found in matches.values() for url in pages_named(found.findings))
        for source, module in self._fast if urls else ():
            taker = _Visitor(self._pages, urls)
            why = _fault_of(partial(self._lanes.revisit, source, module, urls, taker))
            if why:
                self._skipped.append(Skipped(path=source.path, why=f"requests for pages in it were not followed: {why}"))

    def _take(self, item: Item, source: Source, *, pages: bool = True) -> None:
        self._builds.observe(item, source)
        self._mitigations.observe(item, source)
        if isinstance(item, Record):
            self._identity.observe(item)
            self._signs.observe(item)
            if pages:
                self._pages.observe(item)
            else:
                self._pages.note_nonsense(item)
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
            if pages:
                self._pages.observe(record)
            else:
                self._pages.note_nonsense(record)
            self._matcher.observe(record)

    def _parse(self, source: Source, tally: _FileTally) -> None:
        tally.module = module = identify(source)
        if module is not None and self._lanes.takes(source, module):
            self._fast.append((source, module))
            tally.fast = True
            if self._lanes.read(source, module, self._signs.texts, _RowTaker(self, source, tally)):
                self._scanned.files += 1
                return
            self._fast.pop()
            tally.fast = False
        for item in module.parse(source) if module else ():
            tally.count(item)
            self._take(item, source)

    def take_line(self, item: Item, source: Source) -> None:
        """Take what the reader of the fast lane read; pages are followed when it is known which."""
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

    def _failed(self, source: Source, tally: _FileTally, why: str) -> None:
        """Count what the parser left, all of it, and search it as far as that goes."""
        tally.account.errors += 1
        self._skipped.append(Skipped(path=source.path, why=why))
        if tally.module is None or not tally.module.LINES:
            return
        after = tally.last_line
        for item in _rest(source, tally.module.KIND, after):
            tally.count(item)
        again = _fault_of(partial(self._search_rest, source, tally.module.KIND, after))
        if again:
            unsearched = f"what was left of it could not be searched: {again}"
            self._skipped.append(Skipped(path=source.path, why=unsearched))

    def _search_rest(self, source: Source, kind: str, after: int) -> None:
        for item in _rest(source, kind, after):
            self._take(item, source)


class _RowTaker:
    """Hands what the fast lane finds in one file to the pass."""

    def __init__(self, run: _Pass, source: Source, tally: _FileTally) -> None:
        self._run = run
        self._source = source
        self._tally = tally

    def item(self, item: Item) -> None:
        self._tally.count(item)
        self._run.take_line(item, self._source)

    def plain(self, kind: str, plain: Plain, last_line: int) -> None:
        self._tally.count_plain(kind, plain, last_line)
        self._run.take_plain(plain.records)

    def candidate(self, record: Record) -> None:
        self._run.take_candidate(record)

    def sighting(self, record: Record) -> None:
        self._run.take_sighting(record, self._source)

    def unseen(self) -> bool:
        return self._run.unseen()

    def named(self, value: str, times: int) -> None:
        self._run.take_name(value, times)


class _Visitor:
    """Takes the requests for some pages when a log is read again; all else was taken before."""

    def __init__(self, pages: PageActivity, urls: frozenset[str]) -> None:
        self._pages = pages
        self._urls = urls

    def item(self, item: Item) -> None:
        record = item if isinstance(item, Record) else None
        if isinstance(item, Unreadable):
            record = record_of_line(item.text, item.locator)
        if record is not None:
            self.candidate(record)

    def candidate(self, record: Record) -> None:
        self._pages.observe_only(record, self._urls)

    def plain(self, kind: str, plain: Plain, last_line: int) -> None: ...

    def unseen(self) -> bool:
        return False

    def sighting(self, record: Record) -> None: ...

    def named(self, value: str, times: int) -> None: ...


def _fault_of(step: Callable[[], None]) -> str:
    """Do something with one artefact; give in words why it failed, or an empty text."""
    try:
        step()
    except EvidenceError:
        raise
    except ArtefactError as error:
        return error.what
    except Exception as error:  # noqa: BLE001 - the one broad catch: a parser's fault is missing coverage
        return f"the parser failed: {type(error).__name__}: {error}"
    return ""


class _FileTally:
    """The account of one file, before it joins the account of its kind."""

    def __init__(self, source: Source) -> None:
        self.account = KindAccount()
        self.module: ArtefactModule | None = None
        self.last_line = 0
        self.fast = False
        self._source = source
        self._kinds: dict[str, KindAccount] = {}
        self._records: Counter[str] = Counter()

    def count(self, item: Item) -> None:
        """Add one item of the file."""
        self.account.count(item)
        if item.locator.line is not None:
            self.last_line = max(self.last_line, item.locator.line)
        self._of(item.kind).count(item)
        if isinstance(item, Record):
            self._records[item.kind] += 1

    def count_plain(self, kind: str, plain: Plain, last_line: int) -> None:
        """Add plain rows of the file."""
        for account in (self.account, self._of(kind)):
            account.count_plain(plain.records, plain.first, plain.last, plain.hours)
        self._records[kind] += plain.records
        self.last_line = max(self.last_line, last_line)

    def _of(self, name: str) -> KindAccount:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = KindAccount()
        return kind

    def close(self, total: CoverageAccount) -> None:
        """Join the account of the file's kind; an event log joins one account a channel."""
        main = self._main_kind()
        if self.module is not None and self.module.LINES:
            self.account.lines = self.last_line
            total.of(main).join(self.account)
        else:
            for kind, account in self._kinds.items():
                total.of(kind).join(account)
                total.of(kind).files += kind != main
            total.of(main).errors += self.account.errors
        total.of(main).files += 1
        total.of(main).bytes += self._source.size

    def _main_kind(self) -> str:
        module = self.module
        if module is None:
            return OTHER_FILES
        if self._records:
            return min(self._records.items(), key=lambda pair: (-pair[1], pair[0] != module.KIND, pair[0]))[0]
        return module.KIND


def _rest(source: Source, kind: str, after: int) -> Iterator[Unreadable]:
    """Give the lines that a failed parser did not reach."""
    try:
        for line in source.lines():
            if line.number > after:
                place = Locator(path=source.path, line=line.number)
                yield Unreadable(kind=kind, locator=place, why="the parser failed before", text=line.text)
    except (ArtefactError, OSError):
        return


def _notices(matches: Mapping[str, Matches], pages: PageActivity) -> Iterator[str]:
    yield from dict.fromkeys(notice for pack in sorted(matches) for notice in matches[pack].notices)
    if pages.overflow:
        yield f"{pages.overflow:,} requests for further server pages were matched but not followed over time."


def _as_text(item: Unreadable) -> Record:
    return Record(kind="text.unknown", locator=item.locator, time=None, fields={"Text": item.text}, weak=True)


def _absent_statuses(packs: Iterable[Pack]) -> frozenset[str]:
    return frozenset(str(status) for pack in packs for status in pack.file.absent_statuses)
