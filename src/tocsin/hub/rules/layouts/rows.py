"""Rows of a census, each a sighting or accounted for: every line gives at least one item.

A quoted value of a CSV may hold line ends; a quotation mark that is never closed may not swallow the file:
after `MOST_LINES` the first line is refused, and reading goes on with the second.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from tocsin.errors import CensusError
from tocsin.hub.rules.identity import address
from tocsin.hub.rules.layouts.layout import Layout
from tocsin.hub.rules.layouts.lines import Line
from tocsin.hub.rules.layouts.paths import getter
from tocsin.hub.rules.layouts.sighting import (
    MOST_REST,
    Blank,
    Item,
    Other,
    Refusal,
    clean,
    sighting,
)
from tocsin.model.expressions import compiled

MOST_LINES, MOST_TEXT = 50, 256 << 10
"""Lines and characters of one CSV row."""
MOST_ROWS = 5_000
"""Rows of one line of JSON."""
TOO_LONG = "the line is too long"
_DELIMITERS = ",;\t|"
csv.field_size_limit(MOST_TEXT + 1)


class Columns:
    """The header of a CSV, and where in a row each thing wanted stands."""

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        """Names are compared without case, with ``_`` for blanks and hyphens."""
        self.names = names
        self.plain = [plain(name) for name in names]
        self.at = {
            wanted: tuple(self.plain.index(name) for name in layout.places(wanted) if name in self.plain)
            for wanted in layout.fields
        }
        used = {place for places in self.at.values() for place in places}
        self.rest = [(place, name) for place, name in enumerate(self.plain) if place not in used and name]

    @property
    def unknown(self) -> list[str]:
        """Columns that the layout has no word for."""
        return [self.names[place] for place, _ in self.rest]


def plain(name: str) -> str:
    """Give a column's name as layouts spell it."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def delimiter(header: str) -> str:
    """Give the character that a header separates its names with."""
    return max(_DELIMITERS, key=header.count)


def header_names(text: str) -> list[str]:
    """Give the names of a header line."""
    return _parsed(text, delimiter(text)) or text.split(delimiter(text))


def read_rows(layout: Layout, lines: Iterable[Line], columns: Columns | None = None) -> Iterator[Item]:
    """Give every row of a census, in the order of lines.

    Args:
        layout: how it is written.
        lines: all of them, the header of a CSV included.
        columns: filled for the caller to ask for unknown columns later, or None.

    Raises:
        CensusError: a CSV without a header.
    """
    return _json_rows(layout, lines) if layout.form == "jsonl" else _csv_rows(layout, iter(lines), columns)


def _csv_rows(layout: Layout, lines: Iterator[Line], columns: Columns | None) -> Iterator[Item]:
    for line in lines:
        yield Blank(line=line.number)
        if line.text is None:
            raise CensusError("its header is too long.", where=f"line {line.number}")
        if line.text.strip():
            break
    else:
        return
    columns = columns or Columns(layout, header_names(line.text))
    about = compiled(layout.about.pattern) if layout.about else None
    places = [at for at, name in enumerate(columns.plain) if layout.about and name in layout.about.fields]
    for number, values in _records(lines, delimiter(line.text)):
        if isinstance(values, str):
            yield Refusal(line=number, why=values) if values else Blank(line=number)
        elif (why := _misfit(values, len(columns.names))) is not None:
            yield Refusal(line=number, why=why, ip=_address(columns, values))
        elif about and not any(about.search(values[at]) for at in places):
            yield Other(line=number)
        else:
            yield _csv_sighting(layout, columns, number, values)


def _csv_sighting(layout: Layout, columns: Columns, number: int, values: list[str]) -> Item:
    at = columns.at

    def wanted(name: str) -> list[str]:
        return [values[place] for place in at.get(name, ()) if values[place]]

    rest = {name: clean(values[place]) for place, name in columns.rest[:MOST_REST] if values[place]}
    return sighting(layout, number, wanted, rest)


def _address(columns: Columns, values: list[str]) -> str | None:
    """Give the address that a damaged row still names, if the columns up to it are whole."""
    places = [at for at in columns.at.get("ip", ()) if at < len(values)]
    return address(values[places[0]]) if places else None


def _misfit(values: list[str], wanted: int) -> str | None:
    """Refuse a row with too few or too many values; empty ones too many do no harm."""
    if len(values) == wanted or (len(values) > wanted and not any(values[wanted:])):
        return None
    return f"{len(values)} values under {wanted} columns"


def _records(lines: Iterator[Line], separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Give rows with the number of their first line; a text instead of values says why there are none."""
    waiting: deque[Line] = deque()
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        if line.text is None or not line.text.strip():
            yield line.number, TOO_LONG if line.text is None else ""
        elif '"' not in line.text:
            yield line.number, line.text.split(separator)
        else:
            yield from _quoted(line, lines, waiting, separator)


def _quoted(
    line: Line, lines: Iterator[Line], waiting: deque[Line], separator: str
) -> Iterator[tuple[int, list[str] | str]]:
    taken, text = [line], line.text or ""
    while (values := _parsed(text, separator)) is None:
        more = (
            _next(waiting, lines, len(taken) - 1)
            if len(taken) < MOST_LINES and len(text) < MOST_TEXT
            else None
        )
        if more is None or more.text is None:
            waiting.extendleft(reversed([*taken[1:], *([more] if more else [])]))
            yield line.number, "a quotation mark is never closed"
            return
        taken.append(more)
        text = f"{text}\n{more.text}"
    yield line.number, values
    for one in taken[1:]:
        yield one.number, ""


def _next(waiting: deque[Line], lines: Iterator[Line], _: int) -> Line | None:
    return waiting.popleft() if waiting else next(lines, None)


def _parsed(text: str, separator: str) -> list[str] | None:
    try:
        return next(csv.reader([text.replace("\r", " ")], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _json_rows(layout: Layout, lines: Iterable[Line]) -> Iterator[Item]:
    reader = _JsonReader(layout)
    for line in lines:
        if line.text is None:
            yield Refusal(line=line.number, why=TOO_LONG)
        elif not line.text.strip():
            yield Blank(line=line.number)
        else:
            yield from reader.read(line.number, line.text)


class _JsonReader:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.getters = {wanted: [getter(path) for path in layout.places(wanted)] for wanted in layout.fields}
        self.each = getter(f"{layout.each}[]") if layout.each else None
        self.about = compiled(layout.about.pattern) if layout.about else None
        self.asked = [getter(path) for path in layout.about.fields] if layout.about else []
        self.mapped = {_head(path) for wanted in layout.fields for path in layout.places(wanted)}

    def read(self, number: int, text: str) -> Iterator[Item]:
        top = decoded(text)
        if not isinstance(top, dict):
            yield Refusal(line=number, why="no JSON object")
            return
        rows = self.each(top, top)[:MOST_ROWS] if self.each else [top]
        if not rows:
            yield Other(line=number)
        for row in rows:
            yield self._row(number, row, top)

    def _row(self, number: int, row: Any, top: dict[str, Any]) -> Item:
        if self.about and not any(
            isinstance(value, str) and self.about.search(value[:1_000])
            for ask in self.asked
            for value in ask(row, top)
        ):
            return Other(line=number)

        def wanted(name: str) -> list[Any]:
            found: list[Any] = []
            for get in self.getters.get(name, ()):
                found += get(row, top)
                if found and name != "tags":
                    break
            return found

        return sighting(self.layout, number, wanted, self._rest(row))

    def _rest(self, row: Any) -> dict[str, str]:
        """Keep plain members that no path names; what a source nests deeper is its own to keep."""
        if not isinstance(row, dict):
            return {}
        kept = (
            (name, value)
            for name, value in row.items()
            if name not in self.mapped and isinstance(value, str | int | float) and value != ""
        )
        return {
            clean(name, 100): clean(value) for (name, value), _ in zip(kept, range(MOST_REST), strict=False)
        }


def decoded(text: str) -> Any:
    """Give what a line of JSON says, or None if it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _head(path: str) -> str:
    return re.split(r"[.\[{]", path.removeprefix("^"), maxsplit=1)[0]
