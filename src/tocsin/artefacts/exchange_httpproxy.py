"""HttpProxy logs: every request that came through the front end, with the mailbox or server it asked for.

``AnchorMailbox`` shows the forged target that no web server log holds. The number of columns differs by
build (54, 70, 74 seen), so they are addressed by name; commas in user agents were made spaces
by the log itself. Times are those of the end of the request, in UTC.
Columns: header of Exchange 2016 (15.01.2375).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tocsin.evidence.delimited import by_shape, score, split_values, squeeze
from tocsin.evidence.exchange_logs import (
    ExchangeHead,
    Layout,
    confidence,
    exchange_reader,
    header_row,
    read_exchange_log,
)
from tocsin.evidence.globs import fits
from tocsin.evidence.proxy_rows import COLUMNS, PROXY_NAMES, TELLING, WEB_SPELLINGS, spell_request
from tocsin.evidence.row_shape import RowReader
from tocsin.evidence.shapes import (
    Shape,
    is_agent,
    is_guid,
    is_host,
    is_ip,
    is_method,
    is_moment,
    is_number,
    is_path,
    is_status,
    is_time_like,
    is_truth,
)
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.times import find_time
from tocsin.model.words import Confidence

KIND = "exchange.httpproxy"
LINES = True
DELIMITER = ","
"""Between the values of plain rows (see ``reader``)."""
FOUND_AT = ("**/logging/httpproxy/**", "**/httpproxy/*/*.log", "**/httpproxy*.log")

_SHARED = 33
"""Columns up to ``ResponseBytes``, which all known layouts begin with."""
_WITHOUT_HEADER = frozenset({len(COLUMNS), 70})

_ANCHOR = re.compile(
    r"(?:ServerInfo|ServerVersion|Server|Database|MailboxGuid(?:WithDomain)?|Smtp|Sid|Upn|UserAD\w*|Organization|Domain)~"
    r"|(?:Unknown|Anonymous)~",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"X-\w+-Cookie|X-BEResource\w*|X-AnonResource\w*|ExchClientVer\w*|WindowsIdentity|MailboxGuid\w*"
)


def _is_anchor(value: str) -> bool:
    return _ANCHOR.match(value) is not None


def _is_hint(value: str) -> bool:
    return _HINT.match(value) is not None


def _is_query(value: str) -> bool:
    return value.startswith("?")


_SHAPES: dict[str, Shape] = {
    "DateTime": is_time_like,
    "RequestId": is_guid,
    "MajorVersion": is_number,
    "MinorVersion": is_number,
    "BuildVersion": is_number,
    "RevisionVersion": is_number,
    "UrlStem": is_path,
    "IsAuthenticated": is_truth,
    "UserAgent": is_agent,
    "ClientIpAddress": is_ip,
    "HttpStatus": is_status,
    "BackEndStatus": is_status,
    "Method": is_method,
    "RequestBytes": is_number,
    "ResponseBytes": is_number,
    "UrlQuery": _is_query,
    "AnchorMailbox": _is_anchor,
}
_UNNAMED: dict[str, Shape] = {
    "DateTime": is_moment,
    "ClientIpAddress": is_ip,
    "HttpStatus": is_status,
    "AnchorMailbox": _is_anchor,
    "RequestId": is_guid,
    "UrlQuery": _is_query,
    "UrlStem": is_path,
    "UserAgent": is_agent,
    "Method": is_method,
    "UrlHost": is_host,
}
_LOOSE: dict[str, Shape] = {
    "DateTime": is_moment,
    "RequestId": is_guid,
    "ClientIpAddress": is_ip,
    "HttpStatus": is_status,
    "BackEndStatus": is_status,
    "AnchorMailbox": _is_anchor,
    "RoutingHint": _is_hint,
    "UrlQuery": _is_query,
    "UrlStem": is_path,
    "UserAgent": is_agent,
    "Method": is_method,
    "UrlHost": is_host,
}
_FREE_TEXT = """
UserAgent GenericErrors GenericInfo UrlQuery AnchorMailbox UrlStem BackEndGenericInfo ErrorCode
AuthenticatedUser RoutingHint BackEndCookie ClientRequestId ProtocolAction
"""
_FREE = tuple(_FREE_TEXT.split())
_BETWEEN = re.compile(r"[,;\t|]")
_PREFIX = 300


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type`` or columns; by shape if a row or header of the log stands in the head.

    A row that any proxy could have written counts only where HttpProxy logs stand: a wrong guess would
    be a sign of Exchange where there is none.
    """
    at_home = fits(source.where, FOUND_AT)

    def shows(line: str) -> bool:
        if header_row(line, PROXY_NAMES, strict=True):
            return at_home or not TELLING.isdisjoint(map(squeeze, _BETWEEN.split(line)))
        row = _guess(line)
        return row is not None and (at_home or "ProxyAction" in row or "AnchorMailbox" in row)

    return confidence(source, FOUND_AT, signed=_signed, shows=shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line, the web names of its columns among the fields."""
    return read_exchange_log(source, _LAYOUT)


def reader(source: Source) -> RowReader:
    """Give a reader of the file's lines, one at a time."""
    return exchange_reader(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    return head.log_type.startswith("httpproxy") or {"urlstem", "anchormailbox"} <= head.columns


def _guess(text: str) -> dict[str, str] | None:
    """Name the values of a row without header; what another tool put before its time is left out."""
    found = find_time(text, within=_PREFIX)
    if found is None:
        return None
    _, start, end = found
    quoted = text[start - 1 : start] == '"'
    after = text[end + quoted : end + quoted + 1]
    values = split_values(text[start - quoted :], after if after in {";", "\t", "|"} else ",")
    return _native(values) or _loose(values)


def _native(values: Sequence[str]) -> dict[str, str] | None:
    """A row in the log's own order: named by place, and past the shared columns by place or shape."""
    if len(values) <= _SHARED or score(COLUMNS[:_SHARED], values, _SHAPES) < 7:  # noqa: PLR2004 - of 16 shapes
        return None
    if len(values) in _WITHOUT_HEADER:
        return dict(zip(COLUMNS, values, strict=False))
    row = dict(zip(COLUMNS[:_SHARED], values, strict=False))
    for place, value in enumerate(values[_SHARED:], start=_SHARED + 1):
        named = "UrlQuery" if _is_query(value) else "GenericInfo" if value.startswith("BeginRequest=") else ""
        row[named if named and named not in row else f"Column{place}"] = value
    return row


def _loose(values: Sequence[str]) -> dict[str, str] | None:
    row = by_shape(values, _LOOSE)
    request = "UrlStem" in row and bool({"HttpStatus", "ClientIpAddress", "Method"} & row.keys())
    return row if "DateTime" in row and (request or "AnchorMailbox" in row) else None


_LAYOUT = Layout(
    kind=KIND,
    names=PROXY_NAMES,
    shapes=_SHAPES,
    unnamed=_UNNAMED,
    free=_FREE,
    guess=_guess,
    finish=spell_request,
    spelled=WEB_SPELLINGS,
)
