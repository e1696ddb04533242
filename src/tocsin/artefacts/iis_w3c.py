"""IIS logs: W3C extended, with NCSA and native IIS rows read too; times in UTC.

Surprises: IIS writes ``+`` for a space within a value and for a plus sign alike; a username may begin
with a space, so a row can have a value too many; cookies are not logged by default, so a request
forgery through one shows only in path and agent.
Format: Microsoft Learn, "W3C Extended Log File Format (IIS 6.0)", "IIS Log File Format (IIS 6.0)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tocsin.evidence.delimited import by_shape
from tocsin.evidence.heads import by_location, head_lines, is_text
from tocsin.evidence.row_shape import RowReader
from tocsin.evidence.shapes import (
    Shape,
    is_agent,
    is_clock,
    is_date,
    is_http_version,
    is_ip,
    is_ip_list,
    is_method,
    is_number,
    is_path,
    is_referer,
    is_status,
)
from tocsin.evidence.source import Source
from tocsin.evidence.w3c import Layout, Named, header_names, read_w3c, w3c_reader
from tocsin.evidence.web_rows import infer_request, retyped_request, spell_agent
from tocsin.model.records import Item
from tocsin.model.times import leading_time
from tocsin.model.words import Confidence

KIND = "iis.w3c"
LINES = True
DELIMITER = " "
"""Between the values of plain rows (see ``reader``)."""
FOUND_AT = (
    "**/logfiles/w3svc*/*",
    "**/logfiles/**/u_ex*.log*",
    "**/logfiles/**/u_in*.log*",
    "**/logfiles/**/u_nc*.log*",
    "**/w3svc*/*.log*",
    "**/u_ex*.log*",
)

_SHAPES: dict[str, Shape] = {
    "date": is_date,
    "time": is_clock,
    "date-local": is_date,
    "time-local": is_clock,
    "s-ip": is_ip,
    "cs-method": is_method,
    "cs-uri-stem": is_path,
    "s-port": is_number,
    "c-ip": is_ip,
    "cs-version": is_http_version,
    "cs-user-agent": is_agent,
    "cs-referer": is_referer,
    "sc-status": is_status,
    "sc-substatus": is_number,
    "sc-win32-status": is_number,
    "sc-bytes": is_number,
    "cs-bytes": is_number,
    "time-taken": is_number,
    "x-forwarded-for": is_ip_list,
}
_FREE = (
    "cs-uri-stem",
    "cs-uri-query",
    "cs-username",
    "cs-user-agent",
    "cs-cookie",
    "cs-referer",
    "x-forwarded-for",
)
_LOOSE: dict[str, Shape] = {
    "date": is_date,
    "time": is_clock,
    "cs-method": is_method,
    "cs-referer": is_referer,
    "cs-uri-stem": is_path,
    "c-ip": is_ip,
    "sc-status": is_status,
    "cs-version": is_http_version,
    "cs-user-agent": is_agent,
}
_NCSA = re.compile(
    r"(?P<ip>\S{1,64}) \S{1,255} (?P<user>.{0,255}?) "
    r"\[(?P<date>\d\d/[A-Z][a-z]{2}/\d{4}:[\d:]{8} [+-]\d{4})\] "
    r'"(?P<method>[A-Z_-]{2,24}) (?P<stem>[^ ?"]*)(?:\?(?P<query>[^ "]*))?(?: (?P<version>HTTP/[\d.]+))?" '
    r"(?P<status>[1-5]\d\d) (?P<bytes>\d+|-)"
    r'(?: "(?P<referer>[^"]*)" "(?P<agent>[^"]*)")?'
)
_NCSA_NAMES = {
    "ip": "c-ip",
    "user": "cs-username",
    "method": "cs-method",
    "stem": "cs-uri-stem",
    "query": "cs-uri-query",
    "version": "cs-version",
    "status": "sc-status",
    "bytes": "sc-bytes",
    "referer": "cs-referer",
    "agent": "cs-user-agent",
}
_NATIVE = (
    "c-ip",
    "cs-username",
    "date-local",
    "time-local",
    "s-sitename",
    "s-computername",
    "s-ip",
    "time-taken",
    "cs-bytes",
    "sc-bytes",
    "sc-status",
    "sc-win32-status",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
)
_LOOK = 400


def recognise(source: Source) -> Confidence:
    """Sure by ``#Fields`` or ``#Software``; by shape if a row without header shows a request."""
    lines = head_lines(source.head)[:_LOOK] if is_text(source.head) else ()
    if any(_is_native_header(line) for line in lines):
        return Confidence.SIGNATURE
    if any(_shows_request(line) for line in lines):
        return Confidence.SHAPE
    return by_location(source, FOUND_AT)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line. ``+`` stays as logged, but in ``cs-user-agent`` it is a space."""
    return read_w3c(source, _LAYOUT)


def reader(source: Source) -> RowReader:
    """Give a reader of the file's lines, one at a time."""
    return w3c_reader(source, _LAYOUT)


def _is_native_header(line: str) -> bool:
    if line.startswith("#Software:"):
        return "Internet Information Services" in line or "IIS Advanced Logging" in line
    return (
        line.startswith("#Fields:")
        and ("cs-method" in line or "cs-uri-stem" in line)
        and "s-reason" not in line
    )


def _shows_request(line: str) -> bool:
    if line.startswith("#"):
        return False
    names = header_names(line)
    if names:
        return "cs-uri-stem" in names[0]
    return retyped_request(line) is not None


def _infer(values: Sequence[str]) -> dict[str, str] | None:
    """Name a row's values; one that lost its method is still a request if it has a path and more."""
    row = infer_request(values)
    if row is None and len(values) > 2 and is_date(values[0]) and is_clock(values[1]):  # noqa: PLR2004 - date, time, more
        loose = by_shape(values, _LOOSE)
        row = loose if "cs-uri-stem" in loose and {"c-ip", "sc-status", "cs-method"} & loose.keys() else None
    return row


def _foreign(text: str) -> Named | None:
    return _ncsa(text) or _native(text)


def _ncsa(text: str) -> Named | None:
    """``192.0.2.1 - user [08/Apr/2001:17:39:04 -0800] "GET /x HTTP/1.0" 200 3401``."""
    found = _NCSA.match(text)
    if found is None:
        return None
    row = {
        _NCSA_NAMES[name]: value for name, value in found.groupdict().items() if name in _NCSA_NAMES and value
    }
    return row, leading_time(found["date"])


def _native(text: str) -> Named | None:
    """Comma-separated IIS format: its times are local and its dates as the country writes them."""
    values = [value.strip() for value in text.split(",")]
    if len(values) < len(_NATIVE) or not (is_ip(values[0]) and is_clock(values[3]) and is_method(values[12])):
        return None
    return dict(zip(_NATIVE, values, strict=False)), None


_LAYOUT = Layout(kind=KIND, shapes=_SHAPES, free=_FREE, infer=_infer, foreign=_foreign, finish=spell_agent)
