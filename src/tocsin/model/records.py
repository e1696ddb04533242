"""What artefact parsers yield: for every line or entry a record, or an account of why not.

The account is exact: for a line-oriented file, records + unreadable + headers + blank = lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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


class Briefs(Struct, frozen=True, kw_only=True, gc=False):
    """Records in a row, of one file and kind, of which nobody asks more than what stands here.

    What is looked for was looked for already, in each whole entry, and is not there: no rule, no
    indicator need see them.

    Attributes:
        kind: of all of them.
        locator: of the first.
        numbers: the records' own, in their order; never empty.
        times: of each, aware UTC, or None.
        fields: the few fields of each; records that agree in them share them: not to be changed.
    """

    kind: str
    locator: Locator
    numbers: tuple[int, ...]
    times: tuple[datetime | None, ...]
    fields: tuple[Mapping[str, str | None], ...]

    def only(self, places: Sequence[int]) -> Briefs:
        """Give those at these places, of which there must be one."""
        numbers = tuple(self.numbers[at] for at in places)
        return Briefs(
            kind=self.kind,
            locator=Locator(path=self.locator.path, record=numbers[0]),
            numbers=numbers,
            times=tuple(self.times[at] for at in places),
            fields=tuple(self.fields[at] for at in places),
        )

    def by_fields(self) -> Iterator[tuple[Mapping[str, str | None], int]]:
        """Yield the fields, and how many records share them."""
        different = {id(fields): fields for fields in self.fields}
        for shared, times in Counter(map(id, self.fields)).items():
            yield different[shared], times


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
Given = Item | Briefs
"""What a parser yields that was told what is asked."""
