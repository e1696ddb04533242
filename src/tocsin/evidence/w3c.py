"""Read W3C extended logs (IIS, HTTP.SYS): columns by ``#Fields``, or by shape where there are none.

``#Fields`` may come again and change; a comment may stand anywhere; a row may have only a time, and
its date in the last ``#Date``. A row whose values do not fit its columns is fitted from both ends.
Format: https://www.w3.org/TR/WD-logfile.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from tocsin.evidence.delimited import EMPTY, MOST_COLUMNS, absorb, score, skip, split_values, unique_names
from tocsin.evidence.line_items import RAW, begins_with_digit, blank, header, is_rule, unreadable
from tocsin.evidence.lines import Line
from tocsin.evidence.row_shape import Clock, ReaderState, RowReader, RowShape, path_comes_first
from tocsin.evidence.shapes import Shape, is_clock, is_date, is_status
from tocsin.evidence.source import Source
from tocsin.evidence.web_rows import WEB_NAMES, web_name
from tocsin.model.places import Locator
from tocsin.model.records import Header, Item, Record, Unreadable
from tocsin.model.times import find_time, parse_offset, parse_utc

_DELIMITERS = (" ", "\t", ",", ";")
"""Between values; the first is what both servers write."""

_KNOWN = frozenset(WEB_NAMES)
_PREFIX = 300
_HALF_A_DAY = timedelta(hours=12)

Fields = dict[str, str | None]
Named = tuple[dict[str, str], datetime | None]


class Layout(Struct, frozen=True, kw_only=True):
    """What one W3C log is.

    Attributes:
        kind: of its records.
        shapes: of its columns, to fit rows that lost or gained a value.
        free: columns whose text may hold unencoded spaces, the likeliest first.
        infer: names the values of a row without header, or gives None.
        foreign: reads a row of another format that the server can log in, or gives None.
        finish: completes the fields in place.
    """

    kind: str
    shapes: Mapping[str, Shape]
    free: tuple[str, ...]
    infer: Callable[[Sequence[str]], dict[str, str] | None]
    foreign: Callable[[str], Named | None]
    finish: Callable[[Fields], None]


def read_w3c(source: Source, layout: Layout) -> Iterator[Item]:
    """Yield one item for each line."""
    reader = _Reader(layout, source.path)
    for line in source.lines():
        yield reader.item(line)


def w3c_reader(source: Source, layout: Layout) -> RowReader:
    """Give a reader of the file's lines, for those who do not want to read them all."""
    return _Reader(layout, source.path)


def header_names(text: str, known: frozenset[str] = _KNOWN) -> tuple[tuple[str, ...], str] | None:
    """Give columns and delimiter of a header row without ``#Fields``, or None if the line is none."""
    if len(text) > RAW or begins_with_digit(text):
        return None
    for delimiter in _DELIMITERS:
        names = [web_name(name) for name in text.strip().split(delimiter) if name.strip()]
        hits = sum(name in known for name in names)
        if hits >= 3 and names[0] in known and hits * 2 > len(names):  # noqa: PLR2004 - fewer are prose
            return unique_names(names), delimiter
    return None


class _Reader:
    """The state between lines: columns, the last date, the zone."""

    def __init__(self, layout: Layout, path: str) -> None:
        self._layout = layout
        self._path = path
        self._names: tuple[str, ...] = ()
        self._delimiter = " "
        self._native = False
        self._quoted = False
        self._date = ""
        self._zone: tzinfo | None = None
        self._clock: Callable[[Fields], datetime | None] = _no_time
        self._stamp: tuple[str | None, str | None] = (None, None)
        self._moment: datetime | None = None
        self._shape: RowShape | None = None

    @property
    def shape(self) -> RowShape | None:
        """The shape of the rows that follow; None unless the header names a date and a time first."""
        return self._shape

    @property
    def state(self) -> ReaderState:
        return (self._names, self._delimiter, self._native, self._quoted, self._date, self._zone)

    def resume(self, state: ReaderState) -> None:
        names, delimiter, self._native, self._quoted, self._date, self._zone = state
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
            fields: Fields = {
                name: None if value == "-" or not value else value
                for name, value in zip(self._names, values, strict=True)
            }
            if _is_plausible(fields):
                return self._record(line, fields, self._clock(fields))
        return self._awkward(line)

    def _record(self, line: Line, fields: Fields, time: datetime | None, *, weak: bool = False) -> Record:
        weak = weak or not self._native or line.cut or line.padded
        self._layout.finish(fields)
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
        match name.strip().lower():
            case "fields":
                delimiter = next((mark for mark in ("\t", ",", ";") if mark in value), " ")
                self._columns(tuple(web_name(part) for part in value.strip().split(delimiter)), delimiter)
                self._native = True
                self._shape = self._new_shape()
            case "date":
                self._date = value.strip()[:10] if is_date(value.strip()[:10]) else ""
                self._stamp = (None, None)
            case "gmt-offset":
                self._zone = parse_offset(value)
            case "software":
                self._quoted = "advanced logging" in value.lower()
                self._shape = self._new_shape()
            case _:
                pass
        return header(self._layout.kind, self._path, line)

    def _columns(self, names: tuple[str, ...], delimiter: str) -> None:
        if len(names) > MOST_COLUMNS:
            names = ()
        self._names = unique_names([name for name in names if name or delimiter != " "])
        self._delimiter = delimiter
        self._stamp = (None, None)
        if self._clock != self._time_only:
            self._moment = None  # rows that state their date tell nothing of those that do not
        if "time" in names:
            self._clock = self._time_utc if "date" in names else self._time_only
        else:
            self._clock = self._time_local if {"date-local", "time-local"} <= {*names} else _no_time

    def _new_shape(self) -> RowShape | None:
        names = self._names
        plain = self._native and not self._quoted and self._delimiter == " " and _query_follows(names)
        if not plain or names[:2] != ("date", "time") or not path_comes_first(names, "cs-uri-stem"):
            return None
        columns = {name: at for at, name in enumerate(names)}
        found = RowShape(
            delimiter=b" ",
            width=len(names),
            clock=Clock.DATE_AND_TIME,
            columns=columns,
            status=columns.get("sc-status"),
            path=columns["cs-uri-stem"],
            quotes=False,
            dash=True,
        )
        return self._shape if found == self._shape else found

    def _time_utc(self, fields: Fields) -> datetime | None:
        return self._at(fields["date"], fields["time"])

    def _at(self, date: str | None, clock: str | None) -> datetime | None:
        """Rows of one second share one moment: logs are busy."""
        if self._stamp != (date, clock):
            self._stamp = (date, clock)
            self._moment = _moment(date, clock)
        return self._moment

    def _time_only(self, fields: Fields) -> datetime | None:
        """The day is that of ``#Date``, and the next one once the clock falls back by half a day."""
        before = self._moment
        moment = self._at(self._date, fields["time"])
        if moment and before and before - moment > _HALF_A_DAY:
            self._date = (before + timedelta(days=1)).strftime("%Y-%m-%d")
            moment = self._at(self._date, fields["time"])
        return moment

    def _time_local(self, fields: Fields) -> datetime | None:
        moment = _moment(fields["date-local"], fields["time-local"])
        if moment is None or self._zone is None:
            return None
        try:
            return moment - (self._zone.utcoffset(None) or timedelta())
        except OverflowError:
            return None

    def _awkward(self, line: Line) -> Record | Header | Unreadable:
        """A line that is not as its header says: a separator, a header, a row that needs fitting."""
        text = line.text
        if is_rule(text):
            return header(self._layout.kind, self._path, line)
        found = header_names(text)
        if found:
            self._columns(*found)
            self._native = False
            self._quoted = found[1] != " "
            self._shape = None
            return header(self._layout.kind, self._path, line)
        named = self._fitted(text) or self._inferred(text) or self._layout.foreign(text)
        if named is None:
            return unreadable(self._layout.kind, self._path, line, self._why())
        fields: Fields = {name: None if value in EMPTY else value for name, value in named[0].items()}
        return self._record(line, fields, named[1], weak=True)

    def _why(self) -> str:
        if self._names:
            return f"not a row of the {len(self._names)} columns above, and its shape shows no request"
        return "no header above, and its shape shows no request"

    def _fitted(self, text: str) -> Named | None:
        """Fit a row to the columns above it, if half of what can be checked agrees."""
        if not self._names:
            return None
        values = self._split(text.strip())
        if len(values) == len(self._names):
            row, fit = dict(zip(self._names, values, strict=True)), self._score(values)
        elif len(values) > len(self._names):
            row, fit = self._longer(values)
        else:
            row, fit = skip(self._names, values, self._layout.shapes)
        checked = sum(name in self._layout.shapes and value not in EMPTY for name, value in row.items())
        if fit < 2 or fit * 2 < checked:  # noqa: PLR2004 - one value that fits is chance
            return None
        time = self._clock({name: row.get(name) for name in self._names})
        return (row, time) if time or self._clock is _no_time else None

    def _longer(self, values: Sequence[str]) -> tuple[dict[str, str], int]:
        """Fit a row of too many values: a free text holds delimiters, or the header lacks its last names."""
        shapes, free = self._layout.shapes, self._layout.free
        absorbed = absorb(self._names, values, shapes, free=free, joiner=self._delimiter)
        fit = self._score(values)
        if fit <= absorbed[1]:
            return absorbed
        count = len(self._names)
        surplus = {f"extra-{place}": value for place, value in enumerate(values[count:], 1)}
        return {**surplus, **dict(zip(self._names, values[:count], strict=True))}, fit

    def _split(self, text: str) -> list[str]:
        values = text.split(self._delimiter)
        if '"' not in text or (len(values) == len(self._names) and not self._quoted):
            return values
        quoted = split_values(text, self._delimiter)
        return quoted if self._quoted or len(quoted) == len(self._names) else values

    def _score(self, values: Sequence[str]) -> int:
        return score(self._names, values, self._layout.shapes)

    def _inferred(self, text: str) -> Named | None:
        """Name the values by shape; what another tool put before the date is left out."""
        found = find_time(text, within=_PREFIX)
        if found is None:
            return None
        moment, start, end = found
        date, clock, rest = text[start : start + 10], text[start + 11 : end].rstrip("Z "), text[end:]
        values = split_values(rest[1:], rest[:1] if rest[:1] in _DELIMITERS else " ") if rest else []
        row = self._layout.infer([date, clock, *values])
        return (row, moment) if row else None


def _query_follows(names: Sequence[str]) -> bool:
    """Tell whether the query, if there is one, stands next to the path, as in all logs that IIS writes.

    Whoever looks for a whole address in a line relies on it.
    """
    return "cs-uri-query" not in names or names[names.index("cs-uri-query") - 1] == "cs-uri-stem"


def _moment(date: str | None, clock: str | None) -> datetime | None:
    if not date or not clock:
        return None
    moment = parse_utc(f"{date}T{clock}Z")
    return moment or parse_utc(f"{date[:10]}T{clock.rpartition(' ')[2]}Z")


def _no_time(_: Fields) -> None:
    return None


def _is_plausible(fields: Fields) -> bool:
    """The columns that tell at once whether a row slipped."""
    status = fields.get("sc-status")
    if status is not None and not is_status(status):
        return False
    date, clock = fields.get("date"), fields.get("time")
    return (date is None or is_date(date)) and (clock is None or is_clock(clock))
