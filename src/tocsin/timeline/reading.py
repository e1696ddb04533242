"""One pass over the evidence: every record, unreadable line and loss becomes a row of the timeline.

The files are identified, parsed and counted as for an assessment. What a filter leaves out is counted too.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tocsin import __version__
from tocsin.detections.account import CoverageAccount
from tocsin.detections.reading import read_file
from tocsin.errors import EnvironmentFault
from tocsin.evidence.limits import Limits
from tocsin.evidence.opening import Evidence, open_evidence
from tocsin.evidence.source import Source
from tocsin.model.coverage import ArtefactCoverage, Skipped
from tocsin.model.records import Briefs, Given, Item, Record
from tocsin.timeline.columns import SCHEMA
from tocsin.timeline.drafts import drafting
from tocsin.timeline.marks import Marks
from tocsin.timeline.rows import RowMaker
from tocsin.timeline.writing import Writer, open_writer

if TYPE_CHECKING:
    from tocsin.assessment.server import Watch


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows to write.

    Attributes:
        kinds: patterns of kinds, such as ``event.*``; none for all.
        start: no row before this moment, aware UTC.
        end: no row at this moment or after it.
    """

    kinds: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None

    def wants(self, item: Item) -> bool:
        """Whether the item is to be written. One without a time may lie in any span, and is."""
        if self.kinds and not any(fnmatchcase(item.kind, pattern) for pattern in self.kinds):
            return False
        time = item.time if isinstance(item, Record) else None
        if time is None:
            return True
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    @property
    def all(self) -> bool:
        """Whether nothing is left out."""
        return not self.kinds and self.start is None and self.end is None


class Request(Struct, frozen=True, kw_only=True):
    """What to read, with which bounds, and what to write."""

    evidence: Path
    target: Path
    limits: Limits = Limits()
    selection: Selection = Selection()


class Written(Struct, frozen=True, kw_only=True):
    """What was written, and what was not.

    Attributes:
        rows: in the file.
        left_out: records that the selection left out.
        unmet: places of findings that no row has met.
        skipped: files that were not read, or not to their end, and why.
        coverage: the account of what was read, a row a kind.
        notes: what a reader should know of the evidence as such.
    """

    rows: int
    left_out: int
    unmet: int
    skipped: tuple[Skipped, ...]
    coverage: tuple[ArtefactCoverage, ...]
    notes: tuple[str, ...]


def write_timeline(request: Request, *, marks: Marks | None = None, watch: Watch | None = None) -> Written:
    """Read the evidence once and write every row that is wanted, in the order in which it is read.

    Raises:
        EvidenceError: the evidence as a whole cannot be read.
        EnvironmentFault: the file cannot be written. Nothing is left then.
    """
    with (
        open_evidence(request.evidence, limits=request.limits) as evidence,
        drafting(request.target) as (draft, scratch),
        closing(open_writer(request.target.suffix, draft, scratch)) as writer,
    ):
        run = _Pass(writer, request.selection, marks or Marks())
        if watch:
            evidence.watch(watch(evidence))
        for source in evidence.sources():
            run.read(source)
        writer.finish(_about(evidence, request.selection))
        return run.result(evidence)


class _Pass:
    """The state of one pass."""

    def __init__(self, writer: Writer, selection: Selection, marks: Marks) -> None:
        self._writer = writer
        self._wants = None if selection.all else selection.wants
        self._marks = marks
        self._maker = RowMaker()
        self._account = CoverageAccount()
        self._skipped: list[Skipped] = []
        self._rows = self._left_out = 0

    def read(self, source: Source) -> None:
        self._skipped += read_file(source, self._take, self._account)

    def result(self, evidence: Evidence) -> Written:
        return Written(
            rows=self._rows,
            left_out=self._left_out,
            unmet=len(self._marks.unmet),
            skipped=(*evidence.skipped, *self._skipped),
            coverage=self._account.rows({}),
            notes=tuple(evidence.notes),
        )

    def _take(self, item: Given) -> None:
        if isinstance(item, Briefs):
            raise TypeError("records in brief come only to those who ask for something")
        row = self._maker.row(item)
        if row is None:
            return
        if self._wants is not None and not self._wants(item):
            self._left_out += 1
            return
        if self._marks.unmet:
            self._marks.mark(row)
        try:
            self._writer.write(row)
        except OSError as fault:  # the disk's fault must not be taken for the parser's
            raise EnvironmentFault(
                f"cannot write the timeline: {fault.strerror or fault}.",
                remedy="Check the room on the disk.",
            ) from fault
        self._rows += 1


def _about(evidence: Evidence, selection: Selection) -> dict[str, str]:
    """Say what the file is and whence; the digest is known once everything was read."""
    info = evidence.info()
    told = {
        "schema": SCHEMA,
        "tool": f"tocsin {__version__}",
        "evidence": info.name,
        "evidence_sha256": info.sha256,
        "kinds": " ".join(selection.kinds),
        "from": _iso(selection.start),
        "until": _iso(selection.end),
    }
    return {f"tocsin.{name}": value for name, value in told.items() if value}


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""
