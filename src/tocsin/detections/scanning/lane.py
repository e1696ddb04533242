"""The fast lane: a log of plain rows, of which only those are parsed that somebody has a question about.

Every line is accounted for: plain rows are counted and their times read all at once, any other line
goes through the reader. Of the plain rows those are parsed that a gate lets through and that their path,
method and status do not rule out; what all rows tell (the server's name, the build that wrote them)
is taken from where it changes. The result is the one that reading every line would give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct

from tocsin.detections.page_request import request_of
from tocsin.detections.page_requests import PageRequests
from tocsin.detections.scanning.columns import VERSION, Columns, Verdicts
from tocsin.detections.scanning.engines import Engine
from tocsin.detections.scanning.gates import ALWAYS
from tocsin.detections.scanning.row_values import RowValues
from tocsin.detections.scanning.scope import AGENT, NAME, PAGE, PATH, SIGHTS, SIGN, Scope
from tocsin.detections.served_names import ServedNames
from tocsin.evidence.block_rows import Lines, Rows, alike, lines_of, rows_of
from tocsin.evidence.blocks import blocks, line_at
from tocsin.evidence.lines import Line
from tocsin.evidence.row_shape import ReaderState, RowReader, RowShape
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Blank, Header, Item, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_BUILDS = 64
"""Builds that the rows of one block name and that are told apart at once; further rows one by one."""
_MOST_STRETCHES = 64
"""Stretches of one shape in a block; each looks at the rest of it, so further rows are read one by one."""
_HOUR = 3_600_000


class Plain(Struct, frozen=True, kw_only=True):
    """Plain rows of a block, counted: how many, the hours that hold one, the first and the last time."""

    records: int
    first: datetime
    last: datetime
    hours: frozenset[int]


class Taker(Protocol):
    """What the lane hands its finds to."""

    def item(self, item: Item) -> None:
        """Take a line that the reader has read, to be counted and asked everything."""
        ...

    def plain(self, kind: str, plain: Plain, last_line: int) -> None:
        """Take the count of plain rows of a kind up to a line."""
        ...

    def candidate(self, record: Record) -> None:
        """Take a plain row that a rule, an indicator or a sign may concern; it is counted elsewhere."""
        ...

    def unseen(self) -> bool:
        """Tell whether a product is still to be seen."""
        ...

    def sighting(self, record: Record) -> None:
        """Take a plain row that is the first or the last of those that name a build."""
        ...

    @property
    def asked(self) -> PageRequests:
        """Where requests for pages that are not known go."""
        ...

    @property
    def path(self) -> str:
        """The file's path in the evidence."""
        ...

    def named(self, value: str, times: int) -> None:
        """Take a name of the server that so many plain rows bear."""
        ...


class Log(Struct, frozen=True):
    """How one file is read.

    Attributes:
        kind: of its records.
        reader: of its lines.
        scope: gives the gates; asked anew for every block, since signs once seen are looked for no more.
        verdicts: of the kind.
        served: the names under which directories are served.
    """

    kind: str
    reader: RowReader
    scope: Callable[[], Scope]
    verdicts: Verdicts
    served: ServedNames


class SeenBlock(Struct, frozen=True):
    """What the first look told of a block.

    Attributes:
        size: bytes.
        lines: how many it holds.
        clear: every request in it is a plain row, none of them hidden by encoding.
        state: of the reader after it, if it is clear.
    """

    size: int
    lines: int
    clear: bool
    state: ReaderState


def scan_rows(source: Source, log: Log, taker: Taker, *, before: int = 0) -> tuple[SeenBlock, ...]:
    """Read a file in the fast lane, or a part of it that so many lines precede; tell of its blocks.

    Raises:
        ArtefactError: the file cannot be read to its end; what was read before has been taken.
    """
    lane = _Lane(log, taker, before)
    return tuple(lane.block(block) for block in blocks(source))


def scan_again(
    source: Source,
    log: Log,
    taker: Taker,
    *,
    seen: Sequence[SeenBlock],
    wanted: Engine,
    before: int = 0,
) -> None:
    """Do as ``scan_rows``, but leave out blocks that are clear and hold nothing of what is wanted.

    Raises:
        ArtefactError: the file cannot be read to its end; what was read before has been taken.
    """
    lane = _Lane(log, taker, before)
    for number, block in enumerate(blocks(source)):
        known = seen[number] if number < len(seen) else None
        if known and known.clear and known.size == len(block) and not wanted.scan(block)[0]:
            lane.leave(known)
        else:
            lane.block(block)


class _Lane:
    """The state between blocks: how many lines there were."""

    def __init__(self, log: Log, taker: Taker, before: int) -> None:
        self._log = log
        self._reader = log.reader
        self._row_reader = log.reader
        self._before = before
        self._columns: Columns | None = None
        self._left: SeenBlock | None = None
        self._clear = True
        self.kind = log.kind
        self.verdicts = log.verdicts
        self.served = log.served
        self.taker = taker

    def leave(self, known: SeenBlock) -> None:
        """Go on behind a block that need not be read."""
        self._before += known.lines
        self._left = known

    def block(self, block: memoryview) -> SeenBlock:
        """Read one block."""
        if self._left is not None:
            self._reader.resume(self._left.state)
            self._left = None
        self._clear = True
        data = np.frombuffer(block, np.uint8)
        lines = lines_of(data)
        hits = self._hits(block, lines)
        at, count, left = 0, len(lines.ends), _MOST_STRETCHES
        while at < count:
            shape = self._reader.shape
            if shape is None or not left:
                at = self._one_by_one(block, lines, at, whole=not left)
            else:
                at = self._stretch(block, data, lines, at, shape, hits)
                left -= 1
        self._before += count
        clear = self._clear and self._reader.shape is not None
        return SeenBlock(len(block), count, clear, self._reader.state if clear else ())

    def _hits(self, block: memoryview, lines: Lines) -> dict[int, int]:
        """Give the lines that gates let through, each with the mask of what it may concern."""
        scope = self._log.scope()
        numbers, places = scope.engine.scan(block)
        self._clear = scope.hidden.isdisjoint(numbers)
        found: dict[int, int] = {}
        masks = scope.masks
        # what met a gate ends before its place, and may end in the LF of its line
        rows = np.searchsorted(lines.ends, np.array(places, np.int64) - 1).tolist()
        for number, row in zip(numbers, rows, strict=True):
            found[row] = found.get(row, 0) | masks[number]
        return found

    def _line(self, block: memoryview, lines: Lines, at: int) -> Line:
        return line_at(block, int(lines.starts[at]), int(lines.ends[at]), self._before + at + 1)

    def _read(self, line: Line) -> None:
        item = self._reader.item(line)
        self._clear = self._clear and isinstance(item, Header | Blank)
        self.taker.item(self.served.read(item))

    def _one_by_one(self, block: memoryview, lines: Lines, at: int, *, whole: bool) -> int:
        """Read lines until there is a shape, or all of them; give the line after them."""
        while at < len(lines.ends) and (whole or self._reader.shape is None):
            self._read(self._line(block, lines, at))
            at += 1
        return at

    def _stretch(
        self, block: memoryview, data: Bytes, lines: Lines, at: int, shape: RowShape, hits: dict[int, int]
    ) -> int:
        """Read lines until the shape changes; give the line after them."""
        here = Lines(lines.starts[at:], lines.ends[at:])
        rows = rows_of(data, here, shape)
        if self._columns is None or self._columns.shape is not shape:
            self._columns = Columns(shape)
            # lines after the rows may change the reader before the rows themselves are read
            self._row_reader = copy(self._reader)
        self._with_odd_names(block, here, at, rows, hits)
        stop = self._awkward(block, lines, at, rows, shape)
        plain = np.flatnonzero(rows.plain[: stop - at])
        if len(plain):
            self._count(rows.times[plain], self._before + at + int(plain[-1]) + 1)
            stretch = _Stretch(self, block, data, here, rows, plain, at)
            stretch.read(self._columns, {row - at: mask for row, mask in hits.items() if at <= row < stop})
        return stop

    def _with_odd_names(
        self, block: memoryview, here: Lines, at: int, rows: Rows, hits: dict[int, int]
    ) -> None:
        """Rows whose directory has an unusual name are no plain ones: reading puts the name right."""
        columns = self._columns
        for row, mask in hits.items():
            if columns and mask & NAME and row >= at and rows.plain[row - at]:
                start, end = int(here.starts[row - at]), int(here.ends[row - at])
                values = RowValues(columns.shape, bytes(block[start:end]))
                stem = (values.text(columns.stem) or "").lower()
                protocol = values.text(columns.protocol)
                if stem.startswith(self.served.names) or not self.served.explains(protocol, stem):
                    rows.plain[row - at] = False

    def _awkward(self, block: memoryview, lines: Lines, at: int, rows: Rows, shape: RowShape) -> int:
        """Let the reader read what is no plain row; give the line after which the shape is another."""
        for row in np.flatnonzero(~rows.plain).tolist():
            self._read(self._line(block, lines, at + row))
            if self._reader.shape is not shape:
                return at + row + 1
        return len(lines.ends)

    def _count(self, times: Numbers, last_line: int) -> None:
        hours = times // _HOUR
        changes = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
        self.taker.plain(
            self._log.kind,
            Plain(
                records=len(times),
                first=_moment(times.min()),
                last=_moment(times.max()),
                hours=frozenset(hours[changes].tolist()),
            ),
            last_line,
        )

    def locator(self, offset: int, row: int) -> Locator:
        """Give the place of a row."""
        return Locator(path=self.taker.path, line=self._before + offset + row + 1)

    def record(self, block: memoryview, here: Lines, offset: int, row: int) -> Record:
        """Parse a plain row.

        Raises:
            TypeError: the reader broke its promise: the row is no plain one.
        """
        line = line_at(block, int(here.starts[row]), int(here.ends[row]), self._before + offset + row + 1)
        item = self._row_reader.item(line)
        if not isinstance(item, Record) or item.weak:
            raise TypeError(f"line {line.number}: not the plain row that its shape promised")
        return item


class _Stretch:
    """Plain rows of one shape within a block."""

    def __init__(  # noqa: PLR0913, PLR0917 - the block in all its views
        self,
        lane: _Lane,
        block: memoryview,
        data: Bytes,
        here: Lines,
        rows: Rows,
        plain: Numbers,
        offset: int,
    ) -> None:
        self._lane = lane
        self._block = block
        self._data = data
        self._here = here
        self._rows = rows
        self._plain = plain
        self._offset = offset
        self._sights: dict[tuple[str, str], tuple[tuple[int, int], tuple[int, int]]] = {}

    def read(self, columns: Columns, hits: dict[int, int]) -> None:
        """Decide every row that met a gate, then take what all rows tell."""
        met = np.array(list(hits), np.int64)
        met = met[self._rows.plain[met]]
        starts, ends = self._here.starts[met].tolist(), self._here.ends[met].tolist()
        for row, start, end in zip(met.tolist(), starts, ends, strict=True):
            self._decide(columns, row, hits[row], bytes(self._block[start:end]))
        self._versions(columns)
        self._names(columns)
        for early, late in self._sights.values():
            for row in dict.fromkeys((early[1], late[1])):
                self._lane.taker.sighting(self._record(row))

    def _record(self, row: int) -> Record:
        return self._lane.record(self._block, self._here, self._offset, row)

    def _raw(self, row: int) -> bytes:
        return bytes(self._block[int(self._here.starts[row]) : int(self._here.ends[row])])

    def _decide(self, columns: Columns, row: int, mask: int, raw: bytes) -> None:
        rules, verdicts = mask >> SIGHTS, self._lane.verdicts
        if (
            mask == ALWAYS
            or (
                rules and rules & columns.left_by_path(raw, verdicts) and columns.leaves(raw, rules, verdicts)
            )
            or (mask & SIGN and self._lane.taker.unseen())
        ):
            self._lane.taker.candidate(self._record(row))
        if mask & AGENT:
            self._sight("agent", columns.probed(raw), row)
        if mask & PATH:
            self._sight("path", columns.named(raw), row)
        if mask & PAGE and self._lane.taker.asked.wanted:
            self._asked(columns, row, raw)

    def _asked(self, columns: Columns, row: int, raw: bytes) -> None:
        """Keep a request for a page that is not known."""
        asked = self._lane.taker.asked
        values = RowValues(columns.shape, raw)
        stem = values.text(columns.stem)
        page = asked.page(stem) if stem else None
        if not raw.isascii():  # a line is decoded as a whole, and a value alone may read otherwise
            asked.observe(self._record(row))
        elif page is not None:
            self._take(columns, row, page, values)

    def _take(self, columns: Columns, row: int, page: str, values: RowValues) -> None:
        lane = self._lane
        answered = lane.taker.asked.answered(values.text(columns.status))
        if answered is not None:
            request = request_of(
                page,
                client=values.text(columns.client),
                method=values.text(columns.method),
                query=columns.query(values),
                answered=answered,
                weak=False,
                time=int(self._rows.times[row]) * 1_000,
                kind=lane.kind,
                locator=lane.locator(self._offset, row),
            )
            lane.taker.asked.take(request)

    def _sight(self, what: str, build: str | None, row: int) -> None:
        if build is not None:
            place = (int(self._rows.times[row]), row)
            early, late = self._sights.get((what, build), (place, place))
            self._sights[what, build] = (min(early, place), max(late, place))

    def _versions(self, columns: Columns) -> None:
        """Sight every build that the rows' own columns name."""
        if columns.version is None:
            return
        left = self._plain
        begins = self._rows.begins(left, columns.version)
        for _ in range(_MOST_BUILDS):
            if not len(left):
                return
            text = RowValues(columns.shape, self._raw(int(left[0]))).joined(columns.version, len(VERSION))
            same = alike(self._data, begins, text)
            times = self._rows.times[left[same]]
            for row in (int(times.argmin()), len(times) - 1 - int(times[::-1].argmax())):
                self._sight("version", text.decode("latin-1"), int(left[same][row]))
            left, begins = left[~same], begins[~same]
        for row in left.tolist():
            self._sight("row", str(row), row)

    def _names(self, columns: Columns) -> None:
        """Name the server as the first row does, and those that bear another name one by one."""
        for place in columns.names:
            values = RowValues(columns.shape, self._raw(int(self._plain[0])))
            begins = self._rows.begins(self._plain, place)
            same = alike(self._data, begins, values.joined(place, 1))
            others = self._plain[~same].tolist()
            named = Counter(RowValues(columns.shape, self._raw(row)).text(place) for row in others)
            named[values.text(place)] += len(self._plain) - len(others)
            for name, times in named.items():
                if name and times:
                    self._lane.taker.named(name, times)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(milliseconds))
