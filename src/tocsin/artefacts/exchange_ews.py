"""EWS logs: requests to Exchange Web Services, with the SOAP action and who was impersonated."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.delimited import squeeze
from tocsin.evidence.exchange_logs import (
    ExchangeHead,
    Fields,
    Layout,
    confidence,
    header_row,
    read_exchange_log,
)
from tocsin.evidence.shapes import Shape, is_agent, is_guid, is_ip, is_moment, is_number, is_status, is_truth
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.words import Confidence

KIND = "exchange.ews"
LINES = True
FOUND_AT = ("**/logging/ews/**", "**/ews_2*.log")

_SHAPES: dict[str, Shape] = {
    "DateTime": is_moment,
    "RequestId": is_guid,
    "MajorVersion": is_number,
    "MinorVersion": is_number,
    "BuildVersion": is_number,
    "RevisionVersion": is_number,
    "IsAuthenticated": is_truth,
    "UserAgent": is_agent,
    "ClientIpAddress": is_ip,
    "HttpStatus": is_status,
    "RequestSize": is_number,
    "ResponseSize": is_number,
}
_OTHERS = (
    "AuthenticatedUser",
    "SoapAction",
    "ImpersonatedUser",
    "ActAsUser",
    "ProxyAsUser",
    "FrontEndServer",
)
_NAMES = {squeeze(name): name for name in (*_SHAPES, *_OTHERS)}
_FREE = ("UserAgent", "GenericInfo", "GenericErrors", "AuthenticationErrors", "ClientStatistics")


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type`` or columns; by shape if a header of the log stands in the head."""
    return confidence(source, FOUND_AT, signed=_signed, shows=_shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    return head.log_type.startswith("ews") or {"soapaction", "impersonateduser"} <= head.columns


def _shows(line: str) -> bool:
    found = header_row(line, _NAMES, strict=True)
    return found is not None and "SoapAction" in found[0]


def _guess(_: str) -> None:
    return None


def _finish(_: Fields, _text: str) -> None:
    """The columns are the fields."""


_LAYOUT = Layout(kind=KIND, names=_NAMES, shapes=_SHAPES, free=_FREE, guess=_guess, finish=_finish)
