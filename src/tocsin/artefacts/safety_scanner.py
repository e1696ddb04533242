r"""``msert.log`` of Microsoft's Safety Scanner: what it found, where, and what it did with it.

The scanner removes what it finds, so this log is often all that is left of a web shell. Each file
that it names becomes a record of the kind of Defender's events, with the event number that Defender
gives the same occurrence (1116 found, 1117 acted on). The log tells local time without a zone: no
record has a time. Usually ``%SystemRoot%\debug\msert.log``, in UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.evidence.globs import fits
from tocsin.evidence.heads import head_lines, is_text
from tocsin.evidence.line_items import RAW, blank, header
from tocsin.evidence.lines import Line
from tocsin.evidence.source import Source
from tocsin.model.places import Locator
from tocsin.model.records import Item, Record
from tocsin.model.words import Confidence

KIND = "event.defender"
LINES = True
FOUND_AT = ("**/debug/msert.log", "**/msert*.log", "**/msert*.txt")

_MARK = re.compile(r"Microsoft Safety Scanner v\d")
_THREAT = re.compile(r"^\s{0,8}(?:->)?\s{0,4}Threat [Dd]etected:\s{0,4}(?P<name>\S{1,200})(?P<rest>.*)$")
_ACTION = re.compile(
    r"^\s{0,8}Action:\s{0,4}(?P<action>[^,]{1,40})(?:,\s{0,4}Result:\s{0,4}(?P<result>\S{1,20}))?"
)
_FILE = re.compile(r"^\s{0,8}(?:->)?\s{0,4}(?P<type>[a-z]{2,20})://(?P<path>.{1,1000})$")
_ACTED = re.compile(r"remov|quarantin|clean", re.IGNORECASE)
_DONE = re.compile(r"0x0+|-|")


def recognise(source: Source) -> Confidence:
    """SIGNATURE for the scanner's own head line."""
    if not is_text(source.head):
        return Confidence.NO
    if any(_MARK.search(line) for line in head_lines(source.head)):
        return Confidence.SIGNATURE
    return Confidence.LOCATION if fits(source.where, FOUND_AT) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for every file that the scanner names; all other lines are its headings."""
    reader = _Reader(source.path)
    for line in source.lines():
        yield reader.item(line)


class _Reader:
    """The threat and the action that the lines above name."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threat = ""
        self._action = ""
        self._acted = False

    def item(self, line: Line) -> Item:
        text = line.text
        if not text or text.isspace():
            return blank(KIND, self._path, line)
        named = _FILE.match(text)
        if named and self._threat:
            return self._record(line, named["type"], named["path"].strip())
        threat, action = _THREAT.match(text), _ACTION.match(text)
        if threat:
            self._threat, self._action = threat["name"], ""
            self._acted = _ACTED.search(threat["rest"]) is not None
        elif action:
            self._action = action["action"].strip()
            done = _DONE.fullmatch(action["result"] or "") is not None
            self._acted = done and _ACTED.search(self._action) is not None
        return header(KIND, self._path, line)

    def _record(self, line: Line, kind: str, path: str) -> Record:
        return Record(
            kind=KIND,
            locator=Locator(path=self._path, line=line.number),
            time=None,
            fields={
                "EventID": "1117" if self._acted else "1116",
                "Provider_Name": "Microsoft Safety Scanner",
                "Threat Name": self._threat,
                "Path": f"{kind}:_{path}",
                "Action Name": self._action or ("Remove" if self._acted else None),
            },
            weak=line.cut or line.padded,
            raw=line.text[:RAW],
        )
