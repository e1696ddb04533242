"""What a reader of rows says of the plain rows of its log, so that most of them need not be parsed.

A row is plain when it has as many values as the header has names, and a time that the clock of
the shape tells. A reader promises that it makes of every plain row one record that is not weak, and
that no plain row changes how it reads the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct

from tocsin.evidence.lines import Line
from tocsin.model.records import Item

ReaderState = tuple[Any, ...]
"""Plain values, to be compared, and to be handed to another process."""


class Clock(Enum):
    """Where a plain row states its time, always in UTC."""

    DATE_AND_TIME = "2021-03-03 06:49:42"
    """The first two columns, with the delimiter between them."""
    STAMP = "2021-03-03T06:49:42.162Z"
    """The first column, to the millisecond."""


class RowShape(Struct, frozen=True, kw_only=True):
    """The plain rows of one stretch of a log.

    Attributes:
        delimiter: one byte between values; a plain row holds it nowhere else.
        width: values of a row.
        clock: where the time stands.
        columns: index of every column, by each name that rules know it by.
        status: index of the column that must hold a status of three digits, or None.
        path: index of the column that must begin with ``/``, or None.
        quotes: whether a row with a quotation mark is no plain one.
        dash: whether ``-`` stands for an empty value.
    """

    delimiter: bytes
    width: int
    clock: Clock
    columns: Mapping[str, int]
    status: int | None
    path: int | None
    quotes: bool
    dash: bool


def path_comes_first(names: Sequence[str], path: str) -> bool:
    """Tell whether there is a column for the path, and what says more of the request stands behind it."""
    if path not in names:
        return False
    behind = (name for name in names[: names.index(path)] if name in _BEHIND)
    return not any(behind)


_BEHIND = frozenset({"cs-uri-query", "UrlQuery", "cs-user-agent", "UserAgent", "cs-cookie", "cs-referer"})


class RowReader(Protocol):
    """Reads a log line by line. It keeps the state between lines: columns, the last date."""

    @property
    def shape(self) -> RowShape | None:
        """The shape of the rows that follow; None: none of them is plain.

        It is the same object as long as nothing changes.
        """
        ...

    @property
    def state(self) -> ReaderState:
        """What earlier lines left behind for later ones, while there is a shape."""
        ...

    def resume(self, state: ReaderState) -> None:
        """Go on as a reader that came to this state."""
        ...

    def item(self, line: Line) -> Item:
        """Read one line, whatever it is."""
        ...
