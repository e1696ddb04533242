"""From an item to a row: known fields into columns, every other field kept under its name.

A row is a dictionary without nulls; ``time`` is ISO 8601 in UTC. A field is left out of ``fields`` only
where a column says the same, letter for letter: ``UrlStem`` beside an equal ``url``, ``DateTime`` beside
the ``time`` that was read from it, ``UrlQuery`` beside the ``query`` that lacks only its ``?``.
"""

from __future__ import annotations

import msgspec

from tocsin.model.records import Item, Lost, Record, Unreadable
from tocsin.timeline.columns import COLUMNS
from tocsin.timeline.summaries import summary

Row = dict[str, object]
Fields = dict[str, str | None]
Plan = tuple[tuple[str, tuple[str, ...]], ...]

_DIGITS = {"status": 9, "bytes": 18, "event_id": 9}
"""Columns that hold numbers, and the digits that surely fit."""
_HIGHEST = 2**63 - 1
_STATED = ("date", "time", "DateTime", "TimeStamp")
_WHOLE_URLS = frozenset({"cs-uri", "Url", "URL", "VirtualPath"})
_MOST_PLANS = 4096
_SOURCES = tuple((column.name, column.fields) for column in COLUMNS if column.fields)

_encoder = msgspec.json.Encoder()


class RowMaker:
    """Makes rows. What is known of a set of fields is worked out once."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._plans: dict[tuple[str, ...], Plan] = {}

    def row(self, item: Item) -> Row | None:
        """Give the item's row; None for headers and blank lines, which are no records."""
        if isinstance(item, Record):
            return self._of_record(item)
        if isinstance(item, Unreadable):
            return _row("unreadable", item) | {"message": f"unreadable: {item.why}", "raw": item.text}
        if isinstance(item, Lost):
            told = f"lost: {item.count:,} entries ({item.why})"
            return _row("lost", item) | {"message": told, "fields": {"Count": str(item.count)}}
        return None

    def _of_record(self, record: Record) -> Row:
        row = _row("record", record)
        rest = record.fields.copy()
        if record.time is not None:
            row["time"] = stamp = record.time.isoformat()
            _drop_stated(rest, stamp)
        for column, names in self._plan(tuple(rest)):
            if column == "url":
                _fill_url(row, rest, names)
            else:
                _fill(row, rest, column, names)
        if "record" in row and rest.get("EventRecordID") == str(row["record"]):
            del rest["EventRecordID"]
        row["message"] = summary(record, row)
        if record.weak:
            row["weak"] = True
            row["raw"] = record.raw
        row["fields"] = rest
        return row

    def _plan(self, names: tuple[str, ...]) -> Plan:
        """Give the columns that these fields fill, each with the fields that it may be taken from."""
        found = self._plans.get(names)
        if found is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            present = frozenset(names)
            possible = ((column, tuple(n for n in fields if n in present)) for column, fields in _SOURCES)
            found = self._plans[names] = tuple((column, fields) for column, fields in possible if fields)
        return found


def encode(row: Row) -> bytes:
    """Give the row as one JSON object, without line end; half characters, as odd names hold, spelt out."""
    try:
        return _encoder.encode(row)
    except UnicodeEncodeError:
        return _encoder.encode(_settled(row))


def _row(kind_of_item: str, item: Record | Unreadable | Lost) -> Row:
    place = item.locator
    row: Row = {"item": kind_of_item, "kind": item.kind, "path": place.path}
    for name, number in (("line", place.line), ("record", place.record), ("byte_offset", place.offset)):
        if number is not None and 0 <= number <= _HIGHEST:
            row[name] = number
    return row


def _drop_stated(rest: Fields, stamp: str) -> None:
    """Leave out what the time column says already."""
    for name in _STATED:
        text = rest.get(name)
        if text and (text in {stamp[:10], stamp[11:19]} if name in {"date", "time"} else _same(text, stamp)):
            del rest[name]


def _same(text: str, stamp: str) -> bool:
    """Whether a text is the ISO stamp in Exchange's spelling, with three decimals and ``Z``."""
    whole = stamp[19] != "."
    return text == (f"{stamp[:19]}.000Z" if whole else f"{stamp[:23]}Z")


def _fill(row: Row, rest: Fields, column: str, names: tuple[str, ...]) -> None:
    """Take the first value that there is; drop what repeats it."""
    taken = None
    for name in names:
        value = rest[name]
        if taken is None and value is not None:
            if column in _DIGITS and not _is_number(value, _DIGITS[column]):
                continue
            row[column] = int(value) if column in _DIGITS else value
            taken = value
            del rest[name]
        elif value == taken or (name == "UrlQuery" and value == f"?{taken}"):
            del rest[name]


def _fill_url(row: Row, rest: Fields, names: tuple[str, ...]) -> None:
    name = next((name for name in names if rest[name] is not None), None)
    if name is None or name not in _WHOLE_URLS:
        _fill(row, rest, "url", names)
        return
    stem, _, query = _path(rest[name] or "").partition("?")
    row["url"] = stem
    if query and "cs-uri-query" not in rest:
        row["query"] = query
    if rest[name] == stem:
        del rest[name]


def _path(url: str) -> str:
    scheme, found, after = url.partition("://")
    return f"/{after.partition('/')[2]}" if found and scheme.isalpha() else url


def _is_number(text: str, digits: int) -> bool:
    plain = text.isascii() and text.isdecimal() and len(text) <= digits
    return plain and (text[0] != "0" or text == "0")


def _settled(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_settled(key): _settled(each) for key, each in value.items()}
    return value
