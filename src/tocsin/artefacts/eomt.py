r"""Microsoft's one-click mitigation tool, EOMT: its summary (``EOMTSummary.txt``) and its log (``EOMT.log``).

The summary is the same text whatever was done, but for the words "This attempt was unsuccessful."; that a
mitigation works is shown by the web server's configuration, not by this. The log's times are local ones
without a zone: no record has a time. Layout: microsoft/CSS-Exchange, Security/src/EOMT.ps1.
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

KIND = "vendor.eomt"
LINES = True
FOUND_AT = ("**/eomtsummary*.txt", "**/eomt.log", "**/eomt*.log")

TOOL = "EOMT"
_SUMMARY = re.compile(r"(?P<cve>CVE-\d{4}-\d{4,7}) mitigation summary\s*$", re.IGNORECASE)
_MESSAGE = re.compile(r"^Message: .{0,200}(?P<cve>CVE-\d{4}-\d{4,7})")
_MORE = re.compile(r"^For more information on these vulnerabilities")
_FAILED = re.compile(r"This attempt was unsuccessful")
_LOG = re.compile(
    r"^\ufeff?(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<level>Info|Error|Warning): (?P<message>.*)$"
)


def recognise(source: Source) -> Confidence:
    """SIGNATURE for the summary's title, or a log that names the tool; else by name and place."""
    if not is_text(source.head):
        return Confidence.NO
    lines = head_lines(source.head)
    if any(_SUMMARY.search(line[:RAW]) for line in lines[:3]):
        return Confidence.SIGNATURE
    rows = [found for line in lines[:3] if (found := _LOG.match(line[:RAW]))]
    if any("EOMT" in row["message"] for row in rows):
        return Confidence.SIGNATURE
    return Confidence.LOCATION if fits(source.where, FOUND_AT) else Confidence.NO


def parse(source: Source) -> Iterator[Item]:
    """Yield a record for the summary's outcome, and for each line of the log; the rest is advice."""
    cve: str | None = None
    for line in source.lines():
        text = line.text[:RAW]
        found = _LOG.match(text)
        named = _SUMMARY.search(text) or _MESSAGE.match(text)
        cve = named["cve"].upper() if named else cve
        if not text or text.isspace():
            yield blank(KIND, source.path, line)
        elif found:
            yield _record(source.path, line, _logged(found))
        elif _MORE.match(text):
            outcome = "unsuccessful" if _FAILED.search(text) else "finished"
            yield _record(source.path, line, {"What": "summary", "Outcome": outcome, "Cve": cve})
        else:
            yield header(KIND, source.path, line)


def _logged(found: re.Match[str]) -> dict[str, str | None]:
    return {
        "What": "log",
        "LocalTime": found["time"],
        "Level": found["level"],
        "Message": found["message"].strip() or None,
    }


def _record(path: str, line: Line, fields: dict[str, str | None]) -> Record:
    return Record(
        kind=KIND,
        locator=Locator(path=path, line=line.number),
        time=None,
        fields={"Tool": TOOL, **fields},
        weak=line.cut or line.padded,
        raw=line.text[:RAW],
    )
