"""One pass over files: each is read, counted, matched; and a second look at logs of the fast lane.

A pass may see only some of the files: passes over the others, in other processes, hand over what they
collected, and one pass merges it. The result is that of a single pass over everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from tocsin.artefacts.registry import ArtefactModule, identify
from tocsin.detections.account import CoverageAccount
from tocsin.detections.behaviours import asked_of, with_behaviours
from tocsin.detections.builds import BuildCollector
from tocsin.detections.copies import Copies
from tocsin.detections.disk import DiskState
from tocsin.detections.event_interest import EventInterest
from tocsin.detections.identity import IdentityCollector, ProductSigns
from tocsin.detections.known_good import KnownFiles
from tocsin.detections.matching import Matched, Matcher, Matches
from tocsin.detections.mitigations import MitigationCollector
from tocsin.detections.page_contents import PageContent, PageExaminer, PagesExamined
from tocsin.detections.page_findings import accused_urls, marked_by_dumps, own_pages_of, with_contents
from tocsin.detections.page_requests import PageRequests, PartAsked
from tocsin.detections.pages import PageActivity
from tocsin.detections.reading import Counted, FileTally, fault_of, read_file
from tocsin.detections.scanning.engines import engine_named
from tocsin.detections.scanning.lane import Plain
from tocsin.detections.scanning.lanes import FirstLook, Lanes, Scanning
from tocsin.detections.served_names import ServedNames
from tocsin.evidence.exported_rows import record_of_line
from tocsin.evidence.parts import Part
from tocsin.evidence.row_shape import ReaderState
from tocsin.evidence.source import Source
from tocsin.model.coverage import Skipped
from tocsin.model.findings import Finding
from tocsin.model.records import Briefs, Given, Item, Record, Unreadable
from tocsin.packs.loading import Pack
from tocsin.packs.logsources import WEB_KINDS
from tocsin.packs.products import Product


class Scanned(Struct, kw_only=True):
    """What the fast lane was spared: plain rows that were counted, and those among them that were parsed."""

    files: int = 0
    plain: int = 0
    parsed: int = 0

    def add(self, other: Scanned) -> None:
        """Add what was counted elsewhere."""
        self.files += other.files
        self.plain += other.plain
        self.parsed += other.parsed


class Collected(Struct, frozen=True, kw_only=True):
    """What a pass holds of the files that it read: all of it small, and fit for another process.

    Attributes:
        seen: products of which there were signs.
        known: files that are the vendor's own, each with the product's title.
        copies: files and events that shadow copies repeat.
        contents: of pages, what was found in them.
        unknown: requests whose directory nothing explains, by its usual name.
        asked: requests for server pages that are none of a product's own.
    """

    matched: Matched
    account: CoverageAccount
    pages: PageActivity
    asked: tuple[PartAsked, ...]
    disk: DiskState
    identity: IdentityCollector
    seen: frozenset[str]
    builds: BuildCollector
    mitigations: MitigationCollector
    known: Mapping[str, str]
    copies: tuple[int, int]
    contents: PagesExamined
    unknown: Mapping[str, int]
    scanned: Scanned


class PartRead(Struct, frozen=True, kw_only=True):
    """How the reading of a part of a log went.

    Attributes:
        counted: its lines.
        state: of the reader after them, or None.
        fault: why it was not read to its end, or an empty text.
    """

    counted: Counted
    state: ReaderState | None
    fault: str


class _Fast(Struct, frozen=True):
    """A log, or a part of one, that went through the fast lane."""

    source: Source
    module: ArtefactModule
    first: FirstLook | None = None
    part: Part | None = None
    index: int | None = None


class Pass:
    """The state of one pass.

    Attributes:
        matcher: of the packs.
        account, pages, asked, disk, identity, builds, mitigations: what was collected so far.
        known: the vendor's own files.
        signs: of products.
        copies: what shadow copies repeat.
        contents: examines pages.
        served: names of directories; whoever reads a part of the evidence sets what the whole says.
        scanned: what the fast lane was spared.
    """

    def __init__(self, packs: Sequence[Pack], products: Sequence[Product], scanning: Scanning) -> None:
        """Compile the packs.

        Raises:
            UsageFault: the engine asked for is not installed.
        """
        self._packs = tuple(packs)
        self._products = tuple(products)
        self.matcher = Matcher(packs)
        self._lanes = Lanes(self.matcher, packs, products, scanning)
        self._fast: list[_Fast] = []
        self.known = KnownFiles(products)
        self.signs = ProductSigns({product.file.id: product.file.signs for product in products})
        self.copies = Copies()
        self.contents = PageExaminer(products)
        self.served = ServedNames(products)
        make = engine_named(scanning.engine)
        self._interest = EventInterest(self.matcher, make, self.signs.texts) if make else None
        self._begin()

    def _begin(self) -> None:
        self.account = CoverageAccount()
        refusals = _absent_statuses(self._packs)
        self.pages = PageActivity(refusals)
        self.asked = asked_of(self._packs, self._products, refusals=refusals)
        self.disk = DiskState()
        self.identity = IdentityCollector()
        self.builds = BuildCollector()
        self.mitigations = MitigationCollector()
        self.scanned = Scanned()

    def close(self) -> None:
        """Let go of what stands outside memory."""
        self.asked.close()

    # --- several passes ---------------------------------------------------------------------------

    def take(self) -> Collected:
        """Give what was collected, and begin anew; what was compiled stays, and signs seen stay seen."""
        collected = Collected(
            matched=self.matcher.take(),
            account=self.account,
            pages=self.pages,
            asked=tuple(self.asked.parts()),
            disk=self.disk,
            identity=self.identity,
            seen=frozenset(self.signs.seen),
            builds=self.builds,
            mitigations=self.mitigations,
            known=self.known.paths,
            copies=self.copies.take(),
            contents=self.contents.take(),
            unknown=self.served.take_unknown(),
            scanned=self.scanned,
        )
        self.known.paths = {}
        self.close()
        self._begin()
        return collected

    def merge(self, other: Collected) -> None:
        """Add what a pass over other files collected."""
        self.matcher.merge(other.matched)
        self.account.merge(other.account)
        self.pages.merge(other.pages)
        for part in other.asked:
            self.asked.merge(part)
        self.disk.merge(other.disk)
        self.identity.merge(other.identity)
        self.signs.seen |= other.seen
        self.builds.merge(other.builds)
        self.mitigations.merge(other.mitigations)
        self.known.merge(other.known)
        self.copies.add(*other.copies)
        self.contents.seen.merge(other.contents)
        self.served.add_unknown(other.unknown)
        self.scanned.add(other.scanned)

    # --- files ------------------------------------------------------------------------------------

    def read(self, source: Source) -> list[Skipped]:
        """Identify, parse, count and match one file, unless a shadow copy holds it a second time.

        Raises:
            EvidenceError: the evidence as a whole cannot be read.
        """
        if self.copies.repeats(source):
            return []
        self.see(source)
        change = partial(self._changed, source=source)
        take = partial(self._take, source=source)
        skipped = read_file(
            source,
            take,
            self.account,
            change=change,
            shortcut=self._shortcut,
            interest=self._interest,
        )
        self.contents.look(source, self.known.paths)
        return skipped

    def see(self, source: Source) -> None:
        """Take what a file's place alone tells."""
        self.signs.observe_path(source.where)
        self.disk.observe_path(source.where, source.path)
        self.builds.see(source)

    def divisible(self, source: Source) -> ArtefactModule | None:
        """Give the module of a file whose parts can be read each by itself, or None."""
        module = identify(source)
        can = module is not None and self._lanes.takes(source, module) and self._lanes.can(module)
        return module if can else None

    def read_part(self, source: Source, module: ArtefactModule, part: Part, index: int) -> PartRead:
        """Read a part of a log.

        Args:
            source: holds the part alone.
            module: of the log.
            part: where it stands.
            index: by which the file is called, should the part have to be forgotten.
        """
        tally = FileTally(source.size)
        tally.module = module
        looks: list[FirstLook] = []
        taker = _RowTaker(self, source, tally)

        def read() -> None:
            looks.append(
                self._lanes.read(source, module, taker, served=self.served, signs=self.signs.texts, part=part)
            )

        fault = fault_of(read)
        first = looks[0] if looks else None
        self._fast.append(_Fast(source, module, first, part, index))
        self.scanned.files += part.start == 0
        return PartRead(counted=tally.counted, state=first.state if first else None, fault=fault)

    def _take(self, item: Given, source: Source, *, pages: bool = True) -> None:
        if isinstance(item, Briefs):
            self._take_briefs(item)
            return
        self.builds.observe(item, source)
        self.mitigations.observe(item, source)
        self.served.observe(item, source)
        self.contents.observe(item)
        if isinstance(item, Record):
            self.identity.observe(item)
            self.signs.observe(item)
            self._request(item, pages=pages)
            self.disk.observe(item, shadow_copy=source.shadow_copy)
            self.known.observe(item)
            self.matcher.observe(item)
        elif isinstance(item, Unreadable):
            self._second_hand(item, pages=pages)

    def _take_briefs(self, item: Briefs) -> None:
        for fields, times in item.by_fields():
            self.identity.take(fields, times)
            self.signs.take(item.kind, fields)

    def _second_hand(self, item: Unreadable, *, pages: bool) -> None:
        """Search what could not be parsed; a row of another log within it is read as such, weakly."""
        self.matcher.observe(_as_text(item))
        record = record_of_line(item.text, item.locator)
        if record is not None:
            self.signs.observe(record)
            self._request(record, pages=pages)
            self.matcher.observe(record)

    def _request(self, record: Record, *, pages: bool) -> None:
        """Follow the page, or leave that for the second look."""
        self.asked.observe(record)
        if pages:
            self.pages.observe(record)
        else:
            self.pages.note_nonsense(record)

    def _changed(self, item: Given, source: Source) -> Given | None:
        new = self.copies.new(item, source)
        return new if new is None or isinstance(new, Briefs) else self.served.read(new)

    def _shortcut(self, source: Source, module: ArtefactModule, tally: FileTally) -> bool:
        if not self._lanes.takes(source, module) or not self._lanes.can(module):
            return False
        taker = _RowTaker(self, source, tally)
        first = None
        try:
            first = self._lanes.read(source, module, taker, served=self.served, signs=self.signs.texts)
        finally:
            self._fast.append(_Fast(source, module, first))
        self.scanned.files += 1
        return True

    # --- what the fast lane finds -----------------------------------------------------------------

    def take_line(self, item: Item, source: Source) -> None:
        """Take what was read line by line in a log of the fast lane."""
        self._take(item, source, pages=False)

    def take_candidate(self, record: Record) -> None:
        """Take a plain row that somebody may have a question about."""
        self.scanned.parsed += 1
        self.signs.observe(record)
        self.pages.note_nonsense(record)
        self.matcher.observe(record)

    def take_sighting(self, record: Record, source: Source) -> None:
        """Take a plain row that names a build."""
        self.builds.observe(record, source)

    def unseen(self) -> bool:
        """Tell whether a product is still to be seen."""
        return bool(self.signs.texts())

    def take_name(self, value: str, times: int) -> None:
        """Take a name of the server that so many plain rows bear."""
        self.identity.add(value, times)

    def take_plain(self, records: int) -> None:
        """Count plain rows."""
        self.scanned.plain += records

    # --- the end ----------------------------------------------------------------------------------

    def matches(self) -> tuple[dict[str, Matches], tuple[str, ...]]:
        """Close matching: give what was found, by pack id, and what was left out, in plain words.

        Call it once, when everything was read or merged.
        """
        return with_behaviours(
            self._packs,
            self.matcher.finish(),
            self.asked,
            logs_begin=self.account.first_moment(WEB_KINDS),
            answers_anything=self.pages.answers_anything,
        )

    def with_contents(
        self, findings: Mapping[str, tuple[Finding, ...]], contents: Mapping[str, PageContent]
    ) -> dict[str, tuple[Finding, ...]]:
        """Give every pack's findings with those that the content of pages makes."""
        accused = accused_urls(findings)
        own_pages = own_pages_of(self._products)
        return {
            pack.id: with_contents(
                pack,
                findings[pack.id],
                contents,
                accused=accused,
                own_pages=own_pages,
                without_dumps=marked_by_dumps(self._packs),
            )
            for pack in self._packs
            if pack.id in findings
        }

    # --- the second look --------------------------------------------------------------------------

    def revisit(self, urls: frozenset[str], forget: frozenset[int] = frozenset()) -> list[Skipped]:
        """Read the logs of the fast lane again for the pages that findings name; give what could not be.

        Args:
            urls: paths of the pages.
            forget: files of whose parts none counts.
        """
        counted = self.served.take_unknown()
        wanted = [one for one in self._fast if urls and (one.index is None or one.index not in forget)]
        skipped = [skip for one in wanted for skip in self._revisited(one, urls)]
        self.served.take_unknown()  # the second look counts requests again
        self.served.add_unknown(counted)
        return skipped

    def _revisited(self, one: _Fast, urls: frozenset[str]) -> Iterator[Skipped]:
        visitor = _Visitor(self.pages, urls)
        look = partial(self._lanes.revisit, one.source, one.module, urls, visitor, served=self.served)
        why = fault_of(partial(look, part=one.part, first=one.first))
        if why:
            told = f"requests for suspect pages in it were not followed over time: {why}"
            yield Skipped(path=one.source.path, why=told)

    def notices(self, matches: Mapping[str, Matches], left_out: Iterable[str]) -> Iterator[str]:
        """Say what a reader should know of what was read and matched; both as ``matches`` gave them."""
        yield from dict.fromkeys(notice for pack in sorted(matches) for notice in matches[pack].notices)
        if self.pages.overflow:
            yield (
                f"{self.pages.overflow:,} requests for further server pages were matched but not followed"
                " over time."
            )
        yield from left_out
        yield from self.served.notices()
        yield from self.copies.notices()
        yield from self.contents.seen.notices()


class _RowTaker:
    """Hands what the fast lane finds in one file to the pass."""

    def __init__(self, run: Pass, source: Source, tally: FileTally) -> None:
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


def _as_text(item: Unreadable) -> Record:
    return Record(kind="text.unknown", locator=item.locator, time=None, fields={"Text": item.text}, weak=True)


def _absent_statuses(packs: Iterable[Pack]) -> frozenset[str]:
    return frozenset(str(status) for pack in packs for status in pack.file.absent_statuses)
