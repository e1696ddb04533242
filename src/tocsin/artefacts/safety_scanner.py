r"""``msert.log`` of Microsoft's Safety Scanner: what it found, where, and what it did with it.

The scanner removes what it finds, so this log is often all that is left of a web shell. Each file
that it names becomes a record of the kind of Defender's events, with the event number that Defender
gives the same occurrence (1116 found, 1117 acted on). A scan that ran to its end is one more record,
with the number of a scan that ended (1001), its mode, and how many threats it named. The log tells local
time without a zone: no record has a time. Usually ``%SystemRoot%\debug\msert.log``, in UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

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
_VERSION = re.compile(r"Microsoft Safety Scanner (?P<version>v\d[\w.]{0,20})")
_RESULTS = re.compile(r"^\s{0,8}(?P<mode>[A-Za-z]{1,20}) Scan Results:")
_FINISHED = re.compile(r"^\s{0,8}Microsoft Safety Scanner Finished On (?P<when>.{1,60})$")
_NOT = re.compile(r"\bnot\s", re.IGNORECASE)
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
        self._begin("")

    def _begin(self, version: str) -> None:
        self._version, self._mode, self._named = version, "", 0

    def item(self, line: Line) -> Item:
        text = line.text
        if not text or text.isspace():
            return blank(KIND, self._path, line)
        named = _FILE.match(text)
        if named and self._threat:
            return self._record(line, named["type"], named["path"].strip())
        if finished := _FINISHED.match(text):
            return self._run(line, finished["when"].strip())
        self._heading(text)
        return header(KIND, self._path, line)

    def _heading(self, text: str) -> None:
        threat, action = _THREAT.match(text), _ACTION.match(text)
        begun, results = _VERSION.search(text), _RESULTS.match(text)
        if threat:
            rest = threat["rest"]
            self._threat, self._action = threat["name"].rstrip(","), ""
            self._acted = _ACTED.search(rest) is not None and not _NOT.search(rest)
            self._named += 1
        elif action:
            self._action = action["action"].strip()
            done = _DONE.fullmatch(action["result"] or "") is not None
            self._acted = done and _ACTED.search(self._action) is not None
        elif results:
            self._mode = results["mode"]
        elif begun:
            self._begin(begun["version"])

    def _run(self, line: Line, when: str) -> Record:
        fields = {
            "EventID": "1001",
            "Provider_Name": "Microsoft Safety Scanner",
            "Version": self._version or None,
            "Scan Parameters": f"{self._mode} Scan" if self._mode else None,
            "Threats": str(self._named),
            "LocalTime": local_time(when),
        }
        return Record(
            kind=KIND,
            locator=Locator(path=self._path, line=line.number),
            time=None,
            fields=fields,
            weak=line.cut or line.padded,
            raw=line.text[:RAW],
        )

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


def local_time(text: str) -> str:
    """Give ``Thu Apr 01 08:30:00 2021`` as ``2021-04-01 08:30:00``; another spelling as it is."""
    try:
        moment = datetime.strptime(text, "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007 - the log names no zone
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M:%S}"
