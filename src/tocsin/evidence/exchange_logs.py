"""Read the Exchange log family: ``#Software #Version #Log-type #Date #Fields`` and comma-separated rows.

Surprises: a header row without ``#`` may stand beside ``#Fields``; exports begin with ``#TYPE`` or with
other names for the columns, in other languages; retyped excerpts have a value that no name stands for.
Times are in UTC. Layout seen in logs of Exchange 2013 to 2019.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from tocsin.evidence.delimited import (
    EMPTY,
    MOST_COLUMNS,
    absorb,
    insert,
    score,
    skip,
    split_values,
    squeeze,
    unique_names,
    unquote,
)
from tocsin.evidence.heads import by_location, head_lines, is_text
from tocsin.evidence.line_items import RAW, begins_with_digit, blank, header, is_rule, unreadable
from tocsin.evidence.lines import Line
from tocsin.evidence.row_shape import Clock, ReaderState, RowReader, RowShape, path_comes_first
from tocsin.evidence.shapes import Shape, is_ip, is_moment, is_number
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Record, Unreadable
from tocsin.model.times import parse_utc
from tocsin.model.words import Confidence

Fields = dict[str, str | None]

_TIMES = ("datetime", "timestamp", "time", "timecreated", "starttime", "date")
_DELIMITERS = (",", ";", "\t", "|")
_IDENTIFIER = re.compile(r"[^\W\d][\w .()/-]{0,63}")
_LABEL = re.compile(r"\w{1,20}:\s+")
_LOOK = 40


class Layout(Struct, frozen=True, kw_only=True, eq=False):
    """What one log of the family is. There is one for a kind of log, and no other is equal to it.

    Attributes:
        kind: of its records.
        names: squeezed name or alias to the column's name in ``docs/reference/fields.md``.
        shapes: of its columns; if there are none they are told from the columns' names.
        unnamed: columns that excerpts leave without a name, in order of preference.
        free: columns whose text may hold commas of its own, the likeliest first; if none, the last ones.
        rest: a last column of this name takes the rest of the row, and no row is split without it.
        whole: ``finish`` keeps the whole line, so a row that had to be fitted is not weak for it.
        guess: names the values of a row without header, or gives None.
        finish: completes the fields in place; takes the line's text too.
        spelled: other names that ``finish`` gives to columns whose value it does not change.
    """

    kind: str
    names: Mapping[str, str] = {}
    shapes: Mapping[str, Shape] = {}
    unnamed: Mapping[str, Shape] = {}
    free: tuple[str, ...] = ()
    rest: str = ""
    whole: bool = False
    guess: Callable[[str], dict[str, str] | None]
    finish: Callable[[Fields, str], None]
    spelled: Mapping[str, str] = {}


class ExchangeHead(Struct, frozen=True, kw_only=True):
    """What the head of a file says: ``#Software``, ``#Log-type`` and the columns, squeezed."""

    native: bool
    log_type: str
    columns: frozenset[str]


@lru_cache(maxsize=64)
def _squeezed_columns(names: str) -> frozenset[str]:
    return frozenset(squeeze(part) for part in names.split(","))


@lru_cache(maxsize=16)
def exchange_head(head: bytes) -> ExchangeHead:
    """Read the header of the family from the head of a file."""
    native, log_type, columns = False, "", frozenset[str]()
    for line in head_lines(head) if is_text(head) else ():
        name, _, value = line.partition(":")
        match name.lower():
            case "#software":
                native = native or "Microsoft Exchange" in value
            case "#log-type":
                log_type = log_type or squeeze(value)
            case "#fields":
                columns |= _squeezed_columns(value)
            case _:
                pass
    return ExchangeHead(native=native, log_type=log_type, columns=columns)


def confidence(
    source: Source,
    found_at: tuple[str, ...],
    *,
    signed: Callable[[ExchangeHead], bool],
    shows: Callable[[str], bool],
) -> Confidence:
    """Say how sure a module is: its header, else a line that shows what it is, else the place."""
    if not is_text(source.head):
        return by_location(source, found_at)
    head = exchange_head(source.head)
    if signed(head):
        return Confidence.SIGNATURE
    if head.native:
        return by_location(source, found_at)  # its own header says that it is another log
    if any(shows(line) for line in head_lines(source.head)[:_LOOK]):
        return Confidence.SHAPE
    return by_location(source, found_at)


def read_exchange_log(source: Source, layout: Layout) -> Iterator[Item]:
    """Yield one item for each line."""
    reader = _Reader(layout, source.path)
    for line in source.lines():
        yield reader.item(line)


def exchange_reader(source: Source, layout: Layout) -> RowReader:
    """Give a reader of the file's lines, for those who do not want to read them all."""
    return _Reader(layout, source.path)


def header_row(text: str, names: Mapping[str, str], *, strict: bool) -> tuple[tuple[str, ...], str] | None:
    """Give columns and delimiter of a header row without ``#Fields``, or None if the line is none.

    Half of the names must be known. Unless ``strict``, a first column for the time will do.
    """
    if begins_with_digit(text):
        return None
    label = _LABEL.match(text)
    body = text[label.end() :] if label else text
    for delimiter in _DELIMITERS if len(text) <= RAW else ():
        parts = [part.strip().strip("\"'") for part in body.split(delimiter)]
        hits = sum(squeeze(part) in names for part in parts)
        timed = squeeze(parts[0]) in _TIMES and not strict and all(map(_IDENTIFIER.fullmatch, parts))
        if len(parts) > 1 and (timed or (hits > 1 and hits * 2 >= len(parts))):
            return canonical(parts, names), delimiter
    return None


def canonical(parts: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Give columns their names of ``docs/reference/fields.md``; a second of a name keeps its own."""
    chosen: list[str] = []
    for part in parts:
        own = part.strip().strip("\"'")
        name = names.get(squeeze(own), own)
        chosen.append(own if name in chosen else name)
    return unique_names(chosen)


@lru_cache(maxsize=256)
def _columns_of(layout: Layout, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns' names once for all the files that begin with the same header."""
    return canonical(parts, layout.names)


class _Reader:
    """The state between lines: the columns and whether the log wrote them itself."""

    def __init__(self, layout: Layout, path: str) -> None:
        self._layout = layout
        self._path = path
        self._names: tuple[str, ...] = ()
        self._shapes: Mapping[str, Shape] = layout.shapes
        self._delimiter = ","
        self._native = False
        self._time: str | None = None
        self._takes_rest = False
        self._padded = False
        self._shape: RowShape | None = None

    @property
    def shape(self) -> RowShape | None:
        """The shape of the rows that follow; None unless the log's own header names the time first."""
        return self._shape

    @property
    def state(self) -> ReaderState:
        return (self._names, self._delimiter, self._native, self._padded)

    def resume(self, state: ReaderState) -> None:
        names, delimiter, self._native, self._padded = state
        self._columns(names, delimiter)
        self._shape = self._new_shape()

    def item(self, line: Line) -> Item:
        text = line.text
        if not text or text.isspace():
            return blank(self._layout.kind, self._path, line)
        if text[0] == "#":
            return self._directive(line)
        values = self._split(text)
        if len(values) == len(self._names):
            fields: Fields = {name: value or None for name, value in zip(self._names, values, strict=True)}
            stamp = fields[self._time] if self._time else None
            time = parse_utc(stamp) if stamp else None
            if time is not None:
                return self._record(line, fields, time)
        return self._awkward(line, values)

    def _record(self, line: Line, fields: Fields, time: datetime | None, *, weak: bool = False) -> Record:
        weak = weak or not self._native or line.cut or line.padded
        self._layout.finish(fields, line.text)
        return Record(
            kind=self._layout.kind,
            locator=Locator(path=self._path, line=line.number),
            time=time,
            fields=fields,
            weak=weak,
            raw=line.text[:RAW] if weak else None,
        )

    def _directive(self, line: Line) -> Header:
        name, _, value = line.text[1:].partition(":")
        if name.strip().lower() == "fields":
            delimiter = next((mark for mark in _DELIMITERS if mark in value), ",")
            self._columns(_columns_of(self._layout, tuple(value.strip().split(delimiter))), delimiter)
            self._padded = f"{delimiter} " in value
            self._native = True
            self._shape = self._new_shape()
        return header(self._layout.kind, self._path, line)

    def _columns(self, names: tuple[str, ...], delimiter: str) -> None:
        rest = self._layout.rest
        if len(names) > MOST_COLUMNS or (rest and rest not in names):
            names = ()
        self._names = names
        self._takes_rest = bool(rest) and names[-1:] == (rest,)
        self._delimiter = delimiter
        self._shapes = self._layout.shapes or _shapes_of(names)
        squeezed = {squeeze(name): name for name in reversed(names)}
        self._time = next((squeezed[name] for name in _TIMES if name in squeezed), None)

    def _new_shape(self) -> RowShape | None:
        names = self._names
        plain = self._native and not self._padded and not self._takes_rest and self._delimiter == ","
        if not plain or names[:1] != (self._time,) or not path_comes_first(names, "UrlStem"):
            return None
        columns = {name: at for at, name in enumerate(names)}
        columns |= {web: columns[own] for web, own in self._layout.spelled.items() if own in columns}
        found = RowShape(
            delimiter=b",",
            width=len(names),
            clock=Clock.STAMP,
            columns=columns,
            status=None,
            path=None,
            quotes=True,
            dash=False,
        )
        return self._shape if found == self._shape else found

    def _split(self, text: str) -> list[str]:
        if self._takes_rest:
            values = text.split(self._delimiter, len(self._names) - 1)
            return [unquote(value) for value in values] if '"' in text else values
        values = split_values(text, self._delimiter)
        if self._padded:
            return [value.strip() for value in values]
        if len(values) != len(self._names) and '"' in text:
            plain = text.split(self._delimiter)
            return plain if len(plain) == len(self._names) else values
        return values

    def _awkward(self, line: Line, values: Sequence[str]) -> Record | Header | Unreadable:
        """A line that is not as its header says: a separator, a header, a row that needs fitting."""
        text = line.text
        if is_rule(text) or self._is_own_header(values):
            return header(self._layout.kind, self._path, line)
        found = header_row(text, self._layout.names, strict=self._native)
        if found:
            self._native = self._native and found[0] == self._names
            self._columns(*found)
            self._padded = f"{found[1]} " in text
            self._shape = self._new_shape()
            return header(self._layout.kind, self._path, line)
        row = self._fitted(values) or self._layout.guess(text)
        if row is None:
            return unreadable(self._layout.kind, self._path, line, self._why())
        fields: Fields = {name: value or None for name, value in row.items()}
        stamp = next((row[name] for name in row if squeeze(name) in _TIMES), "")
        return self._record(line, fields, parse_utc(stamp), weak=not self._layout.whole)

    def _is_own_header(self, values: Sequence[str]) -> bool:
        possible = len(values) == len(self._names) and not begins_with_digit(values[0])
        return possible and _columns_of(self._layout, tuple(values)) == self._names

    def _why(self) -> str:
        if self._names:
            return f"not a row of the {len(self._names)} columns above, and its shape tells no columns"
        return "no header above, and its shape tells no columns"

    def _fitted(self, values: Sequence[str]) -> dict[str, str] | None:
        """Fit a row to the columns above it, if half of what can be checked agrees."""
        if not self._names:
            return None
        trailing = len(values) == len(self._names) + 1 and not values[-1].strip()
        fits = [*(self._fits(values[:-1]) if trailing else ()), *self._fits(values)]
        row, fit = max(fits, key=lambda candidate: candidate[1])
        checked = sum(name in self._shapes and value not in EMPTY for name, value in row.items())
        sure = len(row) == len(self._names) or (self._time in row and is_moment(row[self._time]))
        return row if fit >= (1 if sure else 3) and fit * 2 >= checked else None

    def _fits(self, values: Sequence[str]) -> list[tuple[dict[str, str], int]]:
        names, shapes = self._names, self._shapes
        if len(values) == len(names):
            return [(dict(zip(names, values, strict=True)), score(names, values, shapes))]
        if len(values) < len(names):
            return [skip(names, values, shapes)]
        free = self._layout.free or names[::-1]
        fits = [absorb(names, values, shapes, free=free, joiner=self._delimiter)]
        if len(values) == len(names) + 1:
            fits.append(insert(names, values, shapes, self._layout.unnamed))
        return fits


def _shapes_of(names: Sequence[str]) -> dict[str, Shape]:
    told = ((name, _shape_of(name)) for name in names)
    return {name: shape for name, shape in told if shape}


def _shape_of(name: str) -> Shape | None:
    """Tell a column's shape from its name, for logs whose columns are not known beforehand."""
    plain = squeeze(name)
    if plain in _TIMES:
        return is_moment
    if plain.endswith(("ip", "ipaddress", "endpoint")):
        return is_ip
    if plain.startswith("num") or plain.endswith(("count", "bytes", "size", "sequencenumber")):
        return is_number
    return None
