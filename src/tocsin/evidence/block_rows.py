"""Find the plain rows of a block, all at once: line ends, values counted, times read.

Masks of bytes are packed into words of 64 bits, earlier bytes in higher bits, so that counting
the delimiters of a line is a difference of two ranks, and its last values lie in the low bits of one word.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from tocsin.evidence.lines import LONGEST_LINE
from tocsin.evidence.row_shape import Clock, RowShape
from tocsin.model.times import YEARS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Bytes = NDArray[np.uint8]
    Truths = NDArray[np.bool_]

_LF, _CR, _QUOTE, _SLASH = 10, 13, 34, 47
_WORD = 64
_ONE = np.uint64(1)
_HALVES = tuple(np.uint64(1 << power) for power in (5, 4, 3, 2, 1, 0))
_DAY_MS = 86_400_000
_LAYOUTS = {
    Clock.DATE_AND_TIME: "dddd-dd-dd_dd:dd:dd_",
    Clock.STAMP: "dddd-dd-ddTdd:dd:dd.dddZ_",
}
"""``d`` for a digit, ``_`` for the delimiter."""
_WORDS_AT = {Clock.DATE_AND_TIME: (0, 8, 12), Clock.STAMP: (0, 8, 16)}
_EPOCH = date(1970, 1, 1).toordinal()


class Lines(Struct, frozen=True):
    """The lines of a block: where each begins, and where its LF stands."""

    starts: Numbers
    ends: Numbers


class Rows(Struct, frozen=True):
    """The lines of a block against a shape.

    Attributes:
        plain: whether a line is a plain row.
        times: milliseconds since 1970 in UTC of the plain ones; anything for others.
    """

    plain: Truths
    times: Numbers
    _lines: Lines
    _marks: _Marks
    _width: int

    def begins(self, rows: Numbers, column: int) -> Numbers:
        """Give where the values of a column begin in plain rows."""
        starts = self._lines.starts[rows]
        return starts if column == 0 else self._marks.nth(starts, column) + 1

    def ends(self, rows: Numbers, column: int) -> Numbers:
        """Give where the values of a column end in plain rows; in the last column that may be behind a CR."""
        if column == self._width - 1:
            return self._lines.ends[rows]
        return self._marks.nth(self._lines.starts[rows], column + 1)


def lines_of(block: Bytes) -> Lines:
    """Find the lines of a block, which ends in LF."""
    ends = _places(block == _LF)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1] + 1
    return Lines(starts, ends)


def rows_of(block: Bytes, lines: Lines, shape: RowShape) -> Rows:
    """Tell which lines are plain rows of the shape."""
    marks = _Marks(block, shape.delimiter[0])
    plain = marks.between(lines) == shape.width - 1
    plain &= lines.ends - lines.starts <= LONGEST_LINE
    if not block.min(initial=1):
        _without(block, lines, plain, 0)
    if shape.quotes:
        _without(block, lines, plain, _QUOTE)
    times = _times(block, lines, plain, shape)
    if shape.status is not None:
        statuses = marks.last(lines.ends, shape.width - shape.status)
        _with_status(block, plain, statuses, lines.ends, shape.delimiter[0])
    if shape.path is not None:
        paths = marks.first(lines.starts, shape.path)
        plain &= (paths > 0) & (block[np.minimum(paths, len(block) - 1)] == _SLASH)
    return Rows(plain, times, lines, marks, shape.width)


def alike(block: Bytes, places: Numbers, text: bytes) -> Truths:
    """Tell at which places a text stands; it must not be empty."""
    fits = places + len(text) <= len(block)
    at, found = np.where(fits, places, 0), fits
    done = 0
    for size in (8, 4, 2, 1):
        while len(text) - done >= size and len(block) >= len(text):
            words = _loose(block, f"<u{size}")[at + done]
            found &= words == np.frombuffer(text, f"<u{size}", 1, done)[0]
            done += size
    return found


def _places(truths: Truths) -> Numbers:
    """Give the places that are true, in order; they are few and far between."""
    words = _packed(truths)
    filled = np.flatnonzero(words)
    values, found = words[filled], []
    while len(filled):
        lowest = values & (~values + _ONE)
        found.append(filled * _WORD + (_WORD - 1) - np.bitwise_count(lowest - _ONE).astype(np.int64))
        values = values ^ lowest
        more = np.flatnonzero(values)
        filled, values = filled[more], values[more]
    return np.sort(np.concatenate(found)) if len(found) > 1 else found[0] if found else filled


def _packed(truths: Truths) -> Words:
    """Pack truths into words, earlier ones into higher bits."""
    bits = np.packbits(truths)
    padded = np.zeros((len(bits) + 15) // 8 * 8, np.uint8)
    padded[: len(bits)] = bits
    return padded.view(">u8").astype(np.uint64)


def _without(block: Bytes, lines: Lines, plain: Truths, odd: int) -> None:
    """Rows that hold a certain byte are not plain."""
    places = _places(block == odd)
    plain[np.searchsorted(lines.ends, places)] = False


class _Marks:
    """Where one byte stands in a block."""

    def __init__(self, block: Bytes, byte: int) -> None:
        self._words: Words = _packed(block == byte)
        counts = np.bitwise_count(self._words)
        self._before = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=self._before[1:])

    def between(self, lines: Lines) -> Numbers:
        """Count the marks of every line."""
        ranks = self._rank(lines.ends)
        counts = np.diff(ranks, prepend=np.int64(0))
        return counts if not len(lines.starts) or lines.starts[0] == 0 else self._first(counts, lines)

    def _first(self, counts: Numbers, lines: Lines) -> Numbers:
        counts[0] -= self._rank(lines.starts[:1])[0]
        return counts

    def _rank(self, places: Numbers) -> Numbers:
        """Count the marks before each place."""
        word, bit = places >> 6, (places & 63).astype(np.uint64)
        above = self._words[word] & ~(np.uint64(0xFFFF_FFFF_FFFF_FFFF) >> bit)
        ranks: Numbers = self._before[word] + np.bitwise_count(above).astype(np.int64)
        return ranks

    def nth(self, starts: Numbers, nth: int) -> Numbers:
        """Give the place of the ``nth`` mark from each start on; there must be that many."""
        rank = self._rank(starts) + nth
        word = np.searchsorted(self._before, rank) - 1
        wanted, words = rank - self._before[word], self._words[word]
        below = np.full(len(words), _WORD, np.uint64)  # bits that have not been looked at
        for half in _HALVES:
            further = below - half
            below = np.where(np.bitwise_count(words >> further) < wanted, further, below)
        places: Numbers = (word + 1) * _WORD - below.astype(np.int64)
        return places

    def first(self, starts: Numbers, nth: int) -> Numbers:
        """Give the place after the ``nth`` mark from each start, if it is among the next 64 bytes; else 0."""
        word, bit = starts >> 6, (starts & 63).astype(np.uint64)
        later = self._words[np.minimum(word + 1, len(self._words) - 1)]
        rest = later >> (np.uint64(_WORD) - np.maximum(bit, _ONE))
        window = self._words[word] << bit | np.where(bit > 0, rest, np.uint64(0))
        for _ in range(nth - 1):
            window &= ~_highest(window)
        places = _WORD - np.bitwise_count(_below(_highest(window))).astype(np.int64)
        return np.where(window > 0, starts + places + 1, 0)

    def last(self, ends: Numbers, nth: int) -> Numbers:
        """Give the place after the ``nth`` mark before each end, if it is among the last 64 bytes; else 0."""
        word, bit = ends >> 6, (ends & 63).astype(np.uint64)
        earlier = np.where(word > 0, self._words[np.maximum(word - 1, 0)], np.uint64(0))
        window = np.where(
            bit > 0, self._words[word] >> (np.uint64(_WORD) - np.maximum(bit, _ONE)), np.uint64(0)
        )
        window |= np.where(bit > 0, earlier << bit, earlier)
        for _ in range(nth - 1):
            window &= window - (window > 0)
        lowest = window & (~window + _ONE)
        behind = np.bitwise_count(lowest - (lowest > 0)).astype(np.int64)
        return np.where(window > 0, ends - behind, 0)


def _highest(words: Words) -> Words:
    """Leave the highest bit of each word."""
    below = _below(words)
    return below ^ (below >> _ONE)


def _below(words: Words) -> Words:
    """Fill each word from its highest bit down."""
    filled = words.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        filled |= filled >> np.uint64(shift)
    return filled


def _with_status(block: Bytes, plain: Truths, places: Numbers, ends: Numbers, delimiter: int) -> None:
    """Rows whose status is not three digits, the first from 1 to 5, are not plain; unseen ones neither.

    A CR after them belongs to the line end only if nothing else follows.
    """
    at = np.minimum(places, max(0, len(block) - 4))
    words = _loose(block, "<u4")[at]
    digits = words ^ np.uint32(0x0030_3030)
    sound = ((digits + np.uint32(0x0076_767A)) | digits) & np.uint32(0x0080_8080) == 0
    sound &= (digits & np.uint32(0xFF)) > 0
    after = words >> np.uint32(24)
    sound &= (after == delimiter) | (after == _LF) | ((after == _CR) & (at + len("200\r") == ends))
    plain &= sound & (places > 0)


def _times(block: Bytes, lines: Lines, plain: Truths, shape: RowShape) -> Numbers:
    """Read the times; rows without a sound one are not plain."""
    layout = _LAYOUTS[shape.clock].replace("_", shape.delimiter.decode())
    plain &= lines.ends - lines.starts >= len(layout)
    chosen = np.flatnonzero(plain)
    starts = lines.starts[chosen]
    loose = _loose(block, "<u8")
    words = {at: loose[starts + at] for at in _WORDS_AT[shape.clock]}
    sound, digits = np.ones(len(chosen), np.bool_), {}
    for at, word in words.items():
        digits[at], fits = _digits(word, layout[at : at + 8])
        sound &= fits
    days, known = _days(words[0], words[8])
    pairs, late = _pairs(digits[8]), max(words)
    hours, minutes = _byte(pairs, 3), _byte(pairs, 6)
    pairs = _pairs(digits[late])
    seconds = _byte(pairs, 1 if shape.clock is Clock.STAMP else 5)
    sound &= known & (hours < 24) & (minutes < 60) & (seconds < 60)  # noqa: PLR2004 - of a day, an hour, a minute
    found = days * _DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000
    if shape.clock is Clock.STAMP:
        found += _byte(pairs, 4) * 10 + _byte(digits[late], 6)
        sound &= block[starts + 24] == shape.delimiter[0]
    plain[chosen] = sound
    times = np.zeros(len(plain), np.int64)
    times[chosen] = found
    return times


def _loose(block: Bytes, kind: str) -> NDArray[Any]:
    """Give a view of the words that begin at every byte."""
    size = np.dtype(kind).itemsize
    if len(block) < size:
        block = np.pad(block, (0, size))
    return np.ndarray((len(block) - size + 1,), kind, block.data, strides=(1,))


def _digits(words: Words, layout: str) -> tuple[Words, Truths]:
    """Give the digits of eight characters, one a byte, and whether all are as the layout says.

    A byte that is no digit, or not the character wanted, carries into its highest bit.
    """
    wanted = int.from_bytes(layout.replace("d", "0").encode(), "little")
    least = int.from_bytes(bytes(0x76 if one == "d" else 0x7F for one in layout), "little")
    digits = words ^ np.uint64(wanted)
    return digits, ((digits + np.uint64(least)) | digits) & np.uint64(0x8080_8080_8080_8080) == 0


def _pairs(digits: Words) -> Words:
    """Give at every byte the number that its digit and the next one make."""
    return digits * np.uint64(10) + (digits >> np.uint64(8))


def _byte(words: Words, at: int) -> Numbers:
    return (words >> np.uint64(8 * at) & np.uint64(0xFF)).astype(np.int64)


def _days(first: Words, second: Words) -> tuple[Numbers, Truths]:
    """Give days since 1970, and whether there is such a day: rows of one day stand together."""
    rest = second & np.uint64(0xFFFF)
    changes = np.flatnonzero((first[1:] != first[:-1]) | (rest[1:] != rest[:-1])) + 1
    changes = np.concatenate((np.zeros(min(1, len(first)), np.int64), changes))
    each = [_day(int(first[at]), int(rest[at])) for at in changes]
    lengths = np.diff(np.append(changes, len(first)))
    days = np.repeat(np.array([day or 0 for day in each], np.int64), lengths)
    return days, np.repeat(np.array([day is not None for day in each], np.bool_), lengths)


def _day(first: int, rest: int) -> int | None:
    text = (first.to_bytes(8, "little") + rest.to_bytes(2, "little")).decode("latin-1")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day.toordinal() - _EPOCH if day.year in YEARS else None
