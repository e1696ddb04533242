"""One pass over the evidence: every file identified, parsed, counted, matched.

This is the only place that catches broadly, and only around one artefact: whatever a parser does,
the other files are still read, and the failure becomes missing coverage. Lines that a failed parser
left are counted as unreadable and still searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule, AskedModule, identify
from tocsin.detections.account import CoverageAccount, KindAccount
from tocsin.detections.builds import BuildCollector
from tocsin.detections.disk import DiskState
from tocsin.detections.event_interest import EventInterest
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matcher, Matches
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.pages import PageActivity
from tocsin.errors import ArtefactError, EvidenceError
from tocsin.evidence.exported_rows import record_of_line
from tocsin.evidence.opening import Evidence
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped
from tocsin.model.findings import Finding
from tocsin.model.places import Locator
from tocsin.model.records import Brief, Item, Record, Unreadable
from tocsin.model.verdicts import EvidenceInfo
from tocsin.packs.loading import Pack
from tocsin.packs.products import Product

OTHER_FILES = "file.other"
"""Kind under which files of no known kind are counted."""

Progress = Callable[[Source], None]


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


def detect(
    evidence: Evidence,
    packs: Sequence[Pack],
    products: Sequence[Product],
    *,
    progress: Progress | None = None,
) -> Detections:
    """Read the whole of the evidence once.

    Raises:
        EvidenceError: the evidence as a whole cannot be read (limits, a broken container).
    """
    run = _Pass(packs, products)
    for source in evidence.sources():
        run.read(source)
        if progress:
            progress(source)
    return run.result(evidence)


class _Pass:
    """The state of one pass."""

    def __init__(self, packs: Sequence[Pack], products: Sequence[Product]) -> None:
        self._matcher = Matcher(packs)
        self._account = CoverageAccount()
        self._pages = PageActivity(_absent_statuses(packs))
        self._disk = DiskState()
        self._known = KnownFiles(products)
        self._identity = IdentityCollector()
        self._signs = ProductSigns({product.file.id: product.file.signs for product in products})
        self._builds = BuildCollector()
        self._mitigations = MitigationCollector()
        self._skipped: list[Skipped] = []
        self._interest = EventInterest(self._matcher, self._signs.asked_fields)

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
        )

    def _items(self, module: ArtefactModule, source: Source) -> Iterator[Item]:
        if isinstance(module, AskedModule):
            return module.parse_asked(source, self._interest)
        return module.parse(source)

    def _take(self, item: Item, source: Source) -> None:
        if isinstance(item, Brief):
            self._identity.observe(item)
            self._signs.observe(item)
            return
        self._builds.observe(item, source)
        self._mitigations.observe(item, source)
        if isinstance(item, Record):
            self._identity.observe(item)
            self._signs.observe(item)
            self._pages.observe(item)
            self._disk.observe(item, shadow_copy=source.shadow_copy)
            self._known.observe(item)
            self._matcher.observe(item)
        elif isinstance(item, Unreadable):
            self._second_hand(item)

    def _second_hand(self, item: Unreadable) -> None:
        """Search what could not be parsed; a row of another log within it is read as such, weakly."""
        self._matcher.observe(_as_text(item))
        record = record_of_line(item.text, item.locator)
        if record is not None:
            self._signs.observe(record)
            self._pages.observe(record)
            self._matcher.observe(record)

    def _parse(self, source: Source, tally: _FileTally) -> None:
        tally.module = identify(source)
        for item in self._items(tally.module, source) if tally.module else ():
            tally.count(item)
            self._take(item, source)

    def _failed(self, source: Source, tally: _FileTally, why: str) -> None:
        """Count what the parser left, all of it, and search it as far as that goes."""
        tally.errors += 1
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
        self.module: ArtefactModule | None = None
        self.last_line = 0
        self.errors = 0
        self._source = source
        self._kinds: dict[str, KindAccount] = {}

    def count(self, item: Item) -> None:
        """Add one item of the file."""
        line = item.locator.line
        if line is not None and line > self.last_line:
            self.last_line = line
        kind = self._kinds.get(item.kind)
        if kind is None:
            kind = self._kinds[item.kind] = KindAccount()
        kind.count(item)

    def close(self, total: CoverageAccount) -> None:
        """Join the account of the file's kind; an event log joins one account a channel."""
        main = self._main_kind()
        for name, account in self._kinds.items():
            kind = main if self._by_lines else name
            total.of(kind).join(account)
            total.of(kind).files += kind != main
        if self._by_lines:
            total.of(main).lines += self.last_line
        total.of(main).errors += self.errors
        total.of(main).files += 1
        total.of(main).bytes += self._source.size

    @property
    def _by_lines(self) -> bool:
        return self.module is not None and self.module.LINES

    def _main_kind(self) -> str:
        module = self.module
        if module is None:
            return OTHER_FILES
        counts = [
            (-one.records, kind != module.KIND, kind) for kind, one in self._kinds.items() if one.records
        ]
        return min(counts)[2] if counts else module.KIND


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
