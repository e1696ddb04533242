"""Binary XML as event records hold it: templates with substitutions, written once a chunk.

A record names a template and gives the values that go into it. The first record of a chunk that
uses a template holds it, and so it is with every name; later records refer to that place, so
that damage to one record reaches others, as it does in real logs. Layout after libevtx and libfwevt,
"Windows XML Event Log (EVTX) format" and "Windows Event Viewer binary XML".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tocsin.exercise.written_event import Element, Number, Value

NAME_BUCKETS = 64
TEMPLATE_BUCKETS = 32
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_STRING, _FILETIME = 0x01, 0x11
_NUMBERS = {8: (0x04, "<B"), 16: (0x06, "<H"), 64: (0x0A, "<Q")}
_FRAGMENT = b"\x0f\x01\x01\x00"
_INSTANCE = 10
"""Bytes of a template instance before the template itself."""
_DEFINITION = 24
"""Bytes of a template before its elements."""
_LONGEST_VALUE = 0xFFFF

Shape = tuple[object, ...]


class TooLong(ValueError):
    """A value or an event is longer than the format can hold."""


class Places:
    """Where a chunk holds its names and templates, and the heads of the lists that lead to them."""

    def __init__(self, before: Places | None = None) -> None:
        """Start empty, or with what ``before`` has; that one is left as it is."""
        self.names: dict[str, int] = dict(before.names) if before else {}
        self.templates: dict[Shape, tuple[int, int]] = dict(before.templates) if before else {}
        self.name_heads: list[int] = list(before.name_heads) if before else [0] * NAME_BUCKETS
        self.template_heads: list[int] = list(before.template_heads) if before else [0] * TEMPLATE_BUCKETS

    def copy(self) -> Places:
        """Give the same, to be changed on trial."""
        return Places(self)


def filetime(moment: datetime) -> int:
    """Give a time as Windows counts it: units of 100 nanoseconds since 1601."""
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 10


def document(root: Element, base: int, places: Places) -> bytes:
    """Give the binary XML of one record.

    Args:
        root: the event.
        base: where it will stand in the chunk.
        places: of the chunk; new names and templates are added.

    Raises:
        TooLong: a value is.
    """
    shape = _shape(root)
    known = places.templates.get(shape)
    start = base + len(_FRAGMENT)
    new = b"" if known else _definition(root, shape, start + _INSTANCE, places)
    ident, place = places.templates[shape]
    head = _FRAGMENT + struct.pack("<BBII", 0x0C, 1, ident, place)
    return head + new + _substitutions(root) + b"\x00"


def _definition(root: Element, shape: Shape, here: int, places: Places) -> bytes:
    """Give a template, and enter it among the places."""
    ident = zlib.crc32(repr(shape).encode("utf-8", "backslashreplace")) or 1
    writer = _TemplateWriter(here + _DEFINITION, places)
    body = writer.template(root)
    bucket = ident % TEMPLATE_BUCKETS
    head = struct.pack("<IIIIII", places.template_heads[bucket], ident, ident, ident, ident, len(body))
    places.template_heads[bucket] = here
    places.templates[shape] = (ident, here)
    return head + body


def _shape(element: Element) -> Shape:
    """Give what a template fixes of an element: all but texts and times."""
    attributes = tuple(
        (name, value if isinstance(value, str) else None) for name, value in element.attributes.items()
    )
    kind = None if element.text is None else _encoded(element.text)[0]
    return (element.name, attributes, kind, tuple(_shape(child) for child in element.children))


def _substitutions(root: Element) -> bytes:
    values = [_encoded(value) for value in _values(root)]
    if any(len(data) > _LONGEST_VALUE for _, data in values):
        raise TooLong("a value is longer than an event can hold")
    table = b"".join(struct.pack("<HBB", len(data), kind, 0) for kind, data in values)
    return struct.pack("<I", len(values)) + table + b"".join(data for _, data in values)


def _values(element: Element) -> list[Value]:
    """Give what goes into the template, in the order in which the template asks for it."""
    found: list[Value] = [value for value in element.attributes.values() if isinstance(value, datetime)]
    for child in element.children:
        found += _values(child)
    if element.text is not None:
        found.append(element.text)
    return found


def _encoded(value: Value) -> tuple[int, bytes]:
    if isinstance(value, Number):
        kind, layout = _NUMBERS[value.bits]
        return kind, struct.pack(layout, value.value)
    if isinstance(value, datetime):
        return _FILETIME, struct.pack("<Q", filetime(value))
    return _STRING, _wide(value)


def _wide(text: str) -> bytes:
    """UTF-16; half a surrogate pair, which no text may hold, becomes a question mark."""
    return text.encode("utf-16-le", "replace")


class _TemplateWriter:
    """The elements of one template, at a known place of a chunk."""

    def __init__(self, base: int, places: Places) -> None:
        self.out = bytearray()
        self.base = base
        self.places = places
        self.count = 0

    def template(self, root: Element) -> bytes:
        self.out += _FRAGMENT
        self._element(root)
        self.out += b"\x00"
        return bytes(self.out)

    def _element(self, element: Element) -> None:
        self.out += bytes([0x41 if element.attributes else 0x01]) + b"\xff\xff"
        size_at = self._reserve()
        self._name(element.name)
        if element.attributes:
            self._attributes(element.attributes)
        if element.children or element.text is not None:
            self._content(element)
        else:
            self.out += b"\x03"
        self._fill(size_at)

    def _content(self, element: Element) -> None:
        self.out += b"\x02"
        for child in element.children:
            self._element(child)
        if element.text is not None:
            self._substitution(_encoded(element.text)[0])
        self.out += b"\x04"

    def _attributes(self, attributes: Mapping[str, str | datetime]) -> None:
        size_at = self._reserve()
        for left, (name, value) in zip(range(len(attributes) - 1, -1, -1), attributes.items(), strict=True):
            self.out += bytes([0x46 if left else 0x06])
            self._name(name)
            if isinstance(value, str):
                self._literal(value)
            else:
                self._substitution(_FILETIME)
        self._fill(size_at)

    def _substitution(self, kind: int) -> None:
        self.out += struct.pack("<BHB", 0x0D, self.count, kind)
        self.count += 1

    def _literal(self, text: str) -> None:
        wide = _wide(text)
        if len(wide) > _LONGEST_VALUE:
            raise TooLong("an attribute is longer than an event can hold")
        self.out += b"\x05\x01" + struct.pack("<H", len(wide) // 2) + wide

    def _name(self, name: str) -> None:
        here = self.base + len(self.out) + 4
        known = self.places.names.setdefault(name, here)
        self.out += struct.pack("<I", known)
        if known == here:
            wide, value = _wide(name), _name_hash(name)
            bucket = value % NAME_BUCKETS
            self.out += struct.pack("<IHH", self.places.name_heads[bucket], value, len(wide) // 2)
            self.out += wide + b"\0\0"
            self.places.name_heads[bucket] = here

    def _reserve(self) -> int:
        self.out += bytes(4)
        return len(self.out) - 4

    def _fill(self, place: int) -> None:
        struct.pack_into("<I", self.out, place, len(self.out) - place - 4)


def _name_hash(name: str) -> int:
    value = 0
    for letter in name:
        value = value * 65_599 + ord(letter)
    return value & 0xFFFF
