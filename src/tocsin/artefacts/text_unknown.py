"""Text of no known kind: every line counts and is searched, and what it shows of a known log is read.

Analysts' notes, console output and logs of other products end up here. A retyped request, a command
of the control panel and an object that PowerShell printed become weak records of their own kind;
nothing else is understood. A time is taken only from the beginning of a line, and only if it can be
read in one way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocsin.evidence.exported_rows import record_of_line
from tocsin.evidence.heads import is_text
from tocsin.evidence.line_items import RAW, blank, header
from tocsin.evidence.lines import Line
from tocsin.evidence.printed_objects import pieces
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
    """Yield one item for each line: a weak record with ``Text``, or of the log that the line shows.

    Of an object that was printed over many lines the first line carries the record, and the others
    count as its headings.
    """
    for lines, record in pieces(source.lines(), source.path):
        if record is None:
            yield _line(source.path, lines[0])
        else:
            yield from _object(source.path, lines, record)


def _object(path: str, lines: Sequence[Line], record: Record) -> Iterator[Item]:
    yield record
    for line in lines[1:]:
        yield header(record.kind, path, line) if line.text.strip() else blank(record.kind, path, line)


def _line(path: str, line: Line) -> Item:
    text = line.text
    if not text or text.isspace():
        return blank(KIND, path, line)
    place = Locator(path=path, line=line.number)
    return record_of_line(text, place) or _text(line, place)


def _text(line: Line, place: Locator) -> Record:
    return Record(
        kind=KIND,
        locator=place,
        time=leading_time(line.text),
        fields={"Text": line.text},
        weak=True,
        raw=line.text[:RAW],
    )
