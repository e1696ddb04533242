"""Text of no known kind: every line counts and is searched, none is understood.

Analysts' notes, console output and logs of other products end up here. A time is taken only from the
beginning of a line, and only if it can be read in one way.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.heads import is_text
from tocsin.evidence.line_items import RAW, blank
from tocsin.evidence.lines import Line
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.times import leading_time
from tocsin.model.words import Confidence

KIND = "text.unknown"
LINES = True
FOUND_AT: tuple[str, ...] = ()


def recognise(source: Source) -> Confidence:
    """The least that can be said of a text; other modules that know the place go first."""
    return Confidence.LOCATION if is_text(source.head) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a weak record with ``Text`` for each line that is not blank."""
    for line in source.lines():
        text = line.text
        yield _record(source.path, line) if text and not text.isspace() else blank(KIND, source.path, line)


def _record(path: str, line: Line) -> Record:
    return Record(
        kind=KIND,
        locator=Locator(path=path, line=line.number),
        time=leading_time(line.text),
        fields={"Text": line.text},
        weak=True,
        raw=line.text[:RAW],
    )
