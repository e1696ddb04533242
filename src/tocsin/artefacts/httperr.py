"""HTTP.SYS error logs: requests that never reached a site, and why.

A stopped application pool shows here (``503 ... Disabled MSExchangeECPAppPool``), and so do requests
that a rewrite rule cancelled. Layouts differ by Windows version (``streamid``, ``streamid_ex``,
``transport``): columns are read from ``#Fields``. Targets are logged unencoded and may hold spaces.
Format: Microsoft Learn, "Error logging in HTTP APIs".
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.heads import by_location, head_lines, is_text
from tocsin.evidence.shapes import Shape, is_clock, is_date, is_http_version, is_ip, is_number, is_status
from tocsin.evidence.source import Source
from tocsin.evidence.w3c import Fields, Layout, header_names, read_w3c
from tocsin.evidence.web_rows import infer_error
from tocsin.model.records import Item
from tocsin.model.words import Confidence

KIND = "http.err"
LINES = True
FOUND_AT = ("**/httperr/*", "**/httperr*.log*")

_SHAPES: dict[str, Shape] = {
    "date": is_date,
    "time": is_clock,
    "c-ip": is_ip,
    "c-port": is_number,
    "s-ip": is_ip,
    "s-port": is_number,
    "cs-version": is_http_version,
    "sc-status": is_status,
    "s-siteid": is_number,
    "streamid": is_number,
}
_LOOK = 40


def recognise(source: Source) -> Confidence:
    """Sure by ``#Software`` or ``#Fields``; by shape if a row without header is one of these."""
    lines = head_lines(source.head)[:_LOOK] if is_text(source.head) else ()
    if any(_is_native_header(line) for line in lines):
        return Confidence.SIGNATURE
    if any(_is_row(line) for line in lines):
        return Confidence.SHAPE
    return by_location(source, FOUND_AT)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; times are in UTC."""
    return read_w3c(source, _LAYOUT)


def _is_native_header(line: str) -> bool:
    if line.startswith("#Software:"):
        return "Microsoft HTTP API" in line
    return line.startswith("#Fields:") and "s-reason" in line


def _is_row(line: str) -> bool:
    names = header_names(line)
    return infer_error(line.split(" ")) is not None or bool(names and "s-reason" in names[0])


def _no_other(_: str) -> None:
    return None


def _finish(_: Fields) -> None:
    """The columns are the fields."""


_LAYOUT = Layout(
    kind=KIND,
    shapes=_SHAPES,
    free=("cs-uri",),
    infer=infer_error,
    foreign=_no_other,
    finish=_finish,
)
