"""The values of a plain row, as far as somebody asks for them."""

from __future__ import annotations

from tocsin.evidence.lines import decode
from tocsin.evidence.row_shape import RowShape


class RowValues:
    """The values of one row, split as far as they are asked for."""

    def __init__(self, shape: RowShape, raw: bytes) -> None:
        """Take the bytes of a plain row of this shape, without LF."""
        self._shape = shape
        self._raw = raw.rstrip(b"\r")
        self._parts: list[bytes] = []

    def text(self, place: int | None) -> str | None:
        """Give a value decoded, None where it is empty or there is no such column."""
        if place is None:
            return None
        if place >= len(self._parts) - 1:
            self._parts = self._raw.split(self._shape.delimiter, place + 1)
        value = decode(self._parts[place])
        return None if not value or (value == "-" and self._shape.dash) else value

    def joined(self, place: int, width: int) -> bytes:
        """Give how neighbouring values stand in the row, with the delimiter after them."""
        mark = self._shape.delimiter
        parts = self._raw.split(mark, place + width)
        return mark.join(parts[place : place + width]) + mark
