"""Tell the columns of a web server's row that has no header, by the shape of its values.

W3C logs write their columns in one fixed order and only leave some out, so a few anchors (method and
path, the client's address, the status and the numbers after it) tell the rest. Column order: Microsoft
Learn, "W3C Extended Log File Format (IIS 6.0)" and "Error logging in HTTP APIs".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tocsin.evidence.delimited import split_values, squeeze
from tocsin.evidence.shapes import (
    is_clock,
    is_date,
    is_host,
    is_http_version,
    is_ip,
    is_ip_list,
    is_method,
    is_number,
    is_path,
    is_referer,
    is_status,
)
from tocsin.model.times import find_time

WEB_NAMES = (
    "date",
    "time",
    "date-local",
    "time-local",
    "s-sitename",
    "s-computername",
    "s-ip",
    "cs-method",
    "cs-uri",
    "cs-uri-stem",
    "cs-uri-query",
    "s-port",
    "cs-username",
    "c-ip",
    "c-port",
    "cs-version",
    "cs-user-agent",
    "cs-cookie",
    "cs-referer",
    "cs-host",
    "sc-status",
    "sc-substatus",
    "sc-win32-status",
    "sc-bytes",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "streamid",
    "streamid_ex",
    "s-siteid",
    "s-reason",
    "s-queuename",
    "transport",
)
"""Columns of IIS and HTTP.SYS logs, as ``docs/reference/fields.md`` names them."""

_BY_SQUEEZED = {squeeze(name): name for name in WEB_NAMES} | {
    "useragent": "cs-user-agent",
    "referer": "cs-referer",
    "referrer": "cs-referer",
    "csreferrer": "cs-referer",
    "cookie": "cs-cookie",
    "host": "cs-host",
    "csxforwardedfor": "x-forwarded-for",
    "xff": "x-forwarded-for",
    "clientip": "c-ip",
    "username": "cs-username",
    "computername": "s-computername",
}

_PREFIX = 300
_DELIMITERS = (" ", "\t", ",", ";")
_PORTS = frozenset({"443", "444"})
_TRANSPORTS = frozenset({"TCP", "QUIC", "UDP"})
_FURTHEST_METHOD = 7
_MIDDLE = ("cs-user-agent", "cs-cookie", "cs-referer", "cs-host")
_NUMBERS: dict[int, tuple[str, ...]] = {
    2: ("sc-substatus", "sc-win32-status"),
    3: ("sc-substatus", "sc-win32-status", "time-taken"),
    4: ("sc-substatus", "sc-win32-status", "extra-1", "time-taken"),
    5: ("sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"),
}
_ERROR_HEAD = ("date", "time", "c-ip", "c-port", "s-ip", "s-port", "cs-version", "cs-method")
_ERROR_TAIL = ("sc-status", "s-siteid", "s-reason", "s-queuename")


def web_name(name: str) -> str:
    """Give a column's name as the rules know it: ``cs(User-Agent)`` is ``cs-user-agent``."""
    plain = name.strip().strip('"').lower()
    known = _BY_SQUEEZED.get(squeeze(plain))
    if known:
        return known
    side, bracket, header = plain.partition("(")
    return f"{side}-{header[:-1]}" if bracket and header.endswith(")") else plain


def retyped_request(text: str) -> tuple[dict[str, str], datetime] | None:
    """Give the request that a line shows and its time, or None.

    What another tool put before the date is left out: a file's name and line, a quotation mark, a
    forwarder's head.
    """
    found = find_time(text, within=_PREFIX)
    if found is None:
        return None
    moment, start, end = found
    date, clock, rest = text[start : start + 10], text[start + 11 : end].rstrip("Z "), text[end:]
    values = split_values(rest[1:], rest[:1] if rest[:1] in _DELIMITERS else " ") if rest else []
    row = infer_request([date, clock, *values])
    return (row, moment) if row else None


def spell_agent(fields: dict[str, str | None]) -> None:
    """Give the user agent its spaces back, which IIS writes as ``+``; others write them as they are."""
    agent = fields.get("cs-user-agent")
    if agent and "+" in agent and " " not in agent:
        fields["cs-user-agent"] = agent.replace("+", " ")


def infer_request(values: Sequence[str]) -> dict[str, str] | None:
    """Name the values of an IIS row without header, or None if it shows no request."""
    if len(values) < 4 or not (is_date(values[0]) and is_clock(values[1])):  # noqa: PLR2004 - date time method path
        return None
    anchor = _method_at(values)
    if anchor is None:
        return None
    fields = {"date": values[0], "time": values[1], **_server(values[2:anchor])}
    fields |= {"cs-method": values[anchor], "cs-uri-stem": values[anchor + 1]}
    rest = values[anchor + 2 :]
    status = _status_at(rest)
    return fields | _client(rest[:status]) | _answer(rest[status:])


def infer_error(values: Sequence[str]) -> dict[str, str] | None:
    """Name the values of an HTTP.SYS error row without header, or None if it is none."""
    width = len(_ERROR_HEAD)
    if len(values) < width + len(_ERROR_TAIL) or not _is_error_head(values):
        return None
    tail: list[str] = list(_ERROR_TAIL)
    start = len(values) - len(tail)
    if not is_status(values[start]) and values[-1] in _TRANSPORTS and start > width:
        tail.append("transport")
        start -= 1
    elif values[-1] in _TRANSPORTS:
        tail[-1] = "transport"
    fields = dict(zip(_ERROR_HEAD, values[:width], strict=True))
    return fields | _target(values[width:start]) | dict(zip(tail, values[start:], strict=True))


def _is_error_head(values: Sequence[str]) -> bool:
    dated = is_date(values[0]) and is_clock(values[1])
    ends = is_number(values[3]) and (is_number(values[5]) or values[5] == "-")
    return dated and ends and (is_http_version(values[6]) or values[6] == "-")


def _target(tokens: Sequence[str]) -> dict[str, str]:
    """An unencoded target may hold spaces; a stream number may follow it."""
    last = len(tokens)
    while last > 1 and (tokens[last - 1] == "-" or is_number(tokens[last - 1])):
        last -= 1
    fields = {"cs-uri": " ".join(tokens[:last])}
    return fields | dict(zip(("streamid", "streamid_ex"), tokens[last:], strict=False))


def _method_at(values: Sequence[str]) -> int | None:
    for place in range(2, min(_FURTHEST_METHOD, len(values) - 1)):
        if is_method(values[place]) and is_path(values[place + 1]):
            return place
    return None


def _server(head: Sequence[str]) -> dict[str, str]:
    """What stands before the method: site, computer, address. A single value is the address."""
    fields: dict[str, str] = {}
    if head:
        fields["s-ip"] = head[-1]
    for value in head[:-1]:
        is_site = value.upper().startswith("W3SVC") or "s-computername" in fields
        fields["s-sitename" if is_site else "s-computername"] = value
    return fields


def _status_at(rest: Sequence[str]) -> int:
    """Give the place of the status, or the length if there is none."""
    for place, value in enumerate(rest):
        after = rest[place + 1 : place + 3]
        is_port = place == 1 and value in _PORTS
        if place and not is_port and is_status(value) and all(map(is_number, after)):
            return place
    return len(rest)


def _client(before: Sequence[str]) -> dict[str, str]:
    """Query, port, user, address, and what the client said of itself."""
    fields: dict[str, str] = {}
    if before:
        fields["cs-uri-query"] = before[0]
    place = 1
    if len(before) > 1 and is_number(before[1]):
        fields["s-port"] = before[1]
        place = 2
    rest = before[place:]
    client = next((at for at, value in enumerate(rest[:3]) if is_ip(value)), None)
    if client is None:
        client = 1 if len(rest) == 4 else None  # noqa: PLR2004 - user, hidden address, agent, referer
    if client is None:
        return fields | _middle(rest)
    if client:
        fields["cs-username"] = " ".join(rest[:client])
    fields["c-ip"] = rest[client]
    return fields | _middle(rest[client + 1 :])


def _middle(values: Sequence[str]) -> dict[str, str]:
    """Version, agent, cookie, referer and host, of which some are left out."""
    fields: dict[str, str] = {}
    if values and is_http_version(values[0]):
        fields["cs-version"] = values[0]
        values = values[1:]
    names: tuple[str, ...] = _MIDDLE
    if len(values) == 2 or (len(values) == 3 and _ends_in_host(values)):  # noqa: PLR2004 - which are left out
        names = ("cs-user-agent", "cs-referer", "cs-host")
    if len(values) > len(names):
        last = -1 if values[-1] == "-" or is_referer(values[-1]) else len(values)
        values = [" ".join(values[:last]), *values[last:]]
        names = ("cs-user-agent", "cs-referer")
    return fields | dict(zip(names, values, strict=False))


def _ends_in_host(values: Sequence[str]) -> bool:
    return is_host(values[2]) and (values[1] == "-" or is_referer(values[1]))


def _answer(after: Sequence[str]) -> dict[str, str]:
    """Status, the numbers that follow it, and what a site adds at the end."""
    if not after:
        return {}
    run = 0
    while run < max(_NUMBERS) and run + 1 < len(after) and is_number(after[run + 1]):
        run += 1
    numbers = zip(_NUMBERS.get(run, ("extra-1",)), after[1 : run + 1], strict=False)
    return {"sc-status": after[0], **dict(numbers), **_added(after[run + 1 :])}


def _added(extras: Sequence[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for place, value in enumerate(extras, start=2):
        if "x-forwarded-for" not in fields and is_ip_list(value):
            fields["x-forwarded-for"] = value
        elif "x-forwarded-for" in fields and "c-port" not in fields and is_number(value):
            fields["c-port"] = value
        else:
            fields[f"extra-{place}"] = value
    return fields
