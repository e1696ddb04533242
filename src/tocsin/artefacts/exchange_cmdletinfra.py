"""CmdletInfra logs (``Rps_Cmdlet``): every remote PowerShell command, by whom and from which process.

A second witness beside the MSExchange Management event log, which holds hours on a busy server.
Columns: header of Exchange 2016 (15.01.2375).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.evidence.delimited import by_shape, split_values, squeeze
from tocsin.evidence.exchange_logs import (
    ExchangeHead,
    Fields,
    Layout,
    confidence,
    header_row,
    read_exchange_log,
)
from tocsin.evidence.shapes import Shape, is_guid, is_ip, is_moment, is_number, is_truth
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.times import find_time
from tocsin.model.words import Confidence

KIND = "exchange.cmdletinfra"
LINES = True
FOUND_AT = ("**/logging/cmdletinfra/**/cmdlet/**", "**/rps_cmdlet*.log", "**/cmdlet/*_cmdlet_*.log")

_HEAD_TEXT = """
DateTime StartTime RequestId ClientRequestId MajorVersion MinorVersion BuildVersion RevisionVersion
ServerHostName ProcessId ProcessName ThreadId CultureInfo Organization AuthenticatedUser
ExecutingUserSid EffectiveOrganization UserServicePlan IsAdmin ClientApplication Cmdlet Parameters
"""
_HEAD: tuple[str, ...] = tuple(_HEAD_TEXT.split())
_NAMES = {squeeze(name): name for name in _HEAD} | {"timestamp": "DateTime", "time": "DateTime"}
_CMDLET = re.compile(r"[A-Z][A-Za-z]{1,30}-[A-Z][A-Za-z0-9]{1,80}")
_PARAMETERS = re.compile(r"-[A-Z]\w{1,60} ")
_FEWEST = 22
_PREFIX = 300


def _is_cmdlet(value: str) -> bool:
    return _CMDLET.fullmatch(value) is not None


def _are_parameters(value: str) -> bool:
    return _PARAMETERS.match(value) is not None


_SHAPES: dict[str, Shape] = {
    "DateTime": is_moment,
    "StartTime": is_moment,
    "RequestId": is_guid,
    "MajorVersion": is_number,
    "BuildVersion": is_number,
    "ProcessId": is_number,
    "IsAdmin": is_truth,
    "Cmdlet": _is_cmdlet,
    "Parameters": _are_parameters,
    "ClientIpAddress": is_ip,
}
_FREE = ("Parameters", "GenericErrors", "GenericInfo", "NonPiiParameters", "ErrorType")
_LOOSE = {name: _SHAPES[name] for name in ("DateTime", "Cmdlet", "Parameters")}


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type`` or columns; by shape if a header of the log stands in the head."""
    return confidence(source, FOUND_AT, signed=_signed, shows=_shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; ``User`` is who ran the command. Times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    if head.columns:
        return head.native and {"cmdlet", "parameters"} <= head.columns
    return head.log_type.startswith("rpscmdlet")


def _shows(line: str) -> bool:
    found = header_row(line, _NAMES, strict=True)
    return found is not None and {"Cmdlet", "Parameters"} <= set(found[0])


def _guess(text: str) -> dict[str, str] | None:
    """Name the values of a row without header: by place if the row is whole, else by shape."""
    found = find_time(text, within=_PREFIX)
    if found is None:
        return None
    start = found[1] - (text[found[1] - 1 : found[1]] == '"')
    values = split_values(text[start:])
    if len(values) > _FEWEST and _is_cmdlet(values[_HEAD.index("Cmdlet")]):
        names = (*_HEAD, *(f"Column{place}" for place in range(_FEWEST + 1, len(values) + 1)))
        return dict(zip(names, values, strict=True))
    row = by_shape(values, _LOOSE)
    return row if {"DateTime", "Cmdlet"} <= row.keys() else None


def _finish(fields: Fields, _text: str) -> None:
    if "AuthenticatedUser" in fields:
        fields["User"] = fields["AuthenticatedUser"]


_LAYOUT = Layout(kind=KIND, names=_NAMES, shapes=_SHAPES, free=_FREE, guess=_guess, finish=_finish)
