"""Where and when: locators and time spans."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Locator(Struct, frozen=True, kw_only=True, omit_defaults=False, order=False):
    """A place in the evidence that a reader can go to.

    Attributes:
        path: the file as it is named in the evidence, forward slashes, relative to its root.
        line: 1-based line, for text.
        record: record number, for event logs.
        offset: byte offset, for anything else.
    """

    path: str
    line: int | None = None
    record: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        """``path:line``, ``path#record`` or ``path@offset``."""
        if self.line is not None:
            return f"{self.path}:{self.line}"
        if self.record is not None:
            return f"{self.path}#{self.record}"
        if self.offset is not None:
            return f"{self.path}@{self.offset}"
        return self.path

    @property
    def order(self) -> tuple[str, int]:
        """A key that sorts locators as a reader meets them."""
        return (self.path, self.line or self.record or self.offset or 0)


class TimeSpan(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "until"}):
    """From one moment to another, aware UTC, either end open (``None``)."""

    start: datetime | None = None
    end: datetime | None = None

    def widen(self, moment: datetime | None) -> TimeSpan:
        """Give the smallest span that also holds the moment."""
        if moment is None:
            return self
        start = moment if self.start is None else min(self.start, moment)
        end = moment if self.end is None else max(self.end, moment)
        return TimeSpan(start=start, end=end)
