"""What artefact parsers yield: for every line or entry a record, or an account of why not.

The account is exact: for a line-oriented file, records + unreadable + headers + blank = lines.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tocsin.model.places import Locator


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """One parsed entry of an artefact.

    Attributes:
        kind: the record's kind, such as ``iis.w3c`` or ``event.security``.
        locator: where it stands.
        time: aware UTC, or None when the entry carries none that can be trusted.
        fields: column to value. A value that the log leaves empty (``-`` or nothing) is None;
            a column that the log does not have is not a key at all. The difference matters:
            an absent column matches ``null`` only weakly.
        weak: the entry comes from an excerpt, a retyped line or another second-hand form.
        raw: the original text where a reader may want it (cut at 4,096 characters), or None.
    """

    kind: str
    locator: Locator
    time: datetime | None
    fields: dict[str, str | None]
    weak: bool = False
    raw: str | None = None


class Brief(Record, frozen=True, kw_only=True, gc=False):
    """A record of which nobody asks more than its kind, its place, its time and these few fields.

    ``fields`` is shared by records that agree in it: not to be changed. What is looked for was looked
    for already, in the whole entry, and is not there: no rule, no indicator need see the record.
    """


class Unreadable(Struct, frozen=True, kw_only=True, gc=False):
    """A line or entry that could not be parsed; it is counted, kept and still searched as text."""

    kind: str
    locator: Locator
    why: str
    text: str


class Header(Struct, frozen=True, kw_only=True, gc=False):
    """A header or comment line; the text is kept because versions stand in it."""

    kind: str
    locator: Locator
    text: str


class Blank(Struct, frozen=True, kw_only=True, gc=False):
    """An empty line."""

    kind: str
    locator: Locator


class Lost(Struct, frozen=True, kw_only=True, gc=False):
    """Entries known to have existed that could not be recovered, such as damaged event records."""

    kind: str
    locator: Locator
    count: int
    why: str


Item = Record | Unreadable | Header | Blank | Lost
