"""Rows of a log that another program took apart and wrote out again under the log's names.

Search engines give IIS rows as JSON objects, PowerShell prints them as lists and tables, event viewers
save events as CSV. The names are the log's own in other spellings (``cs_uri_stem``, ``csUriStem``) or
those of the Elastic Common Schema. Whatever it was, it is second-hand: the records are weak.
Names: Elastic Common Schema 8 and filebeat's iis module; Azure Monitor, table W3CIISLog.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from tocsin.errors import ArtefactError
from tocsin.evidence.delimited import squeeze
from tocsin.evidence.event_data import event_pairs, finish_event, guess_event
from tocsin.evidence.event_objects import event_from_object
from tocsin.evidence.events import record_of
from tocsin.evidence.proxy_rows import COLUMNS, TELLING, spell_request
from tocsin.evidence.shapes import is_status
from tocsin.evidence.web_rows import WEB_NAMES, retyped_request, spell_agent, web_name
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.times import parse_utc

Fields = dict[str, str | None]

_PROXY = {squeeze(name): name for name in COLUMNS}
_WEB = frozenset(WEB_NAMES)
_SCHEMA = {
    "http.request.method": "cs-method",
    "url.path": "cs-uri-stem",
    "url.query": "cs-uri-query",
    "url.original": "cs-uri",
    "url.domain": "cs-host",
    "source.ip": "c-ip",
    "source.address": "c-ip",
    "client.ip": "c-ip",
    "user_agent.original": "cs-user-agent",
    "http.response.status_code": "sc-status",
    "http.request.referrer": "cs-referer",
    "user.name": "cs-username",
    "destination.port": "s-port",
    "destination.ip": "s-ip",
    "host.name": "s-computername",
    "iis.access.method": "cs-method",
    "iis.access.url": "cs-uri-stem",
    "iis.access.query_string": "cs-uri-query",
    "iis.access.remote_ip": "c-ip",
    "iis.access.response_code": "sc-status",
    "iis.access.user_name": "cs-username",
    "iis.access.agent": "cs-user-agent",
}
_RAW = frozenset({"message", "original", "raw", "log", "line", "text", "rawdata", "fullmessage"})
_STAMPS = ("timestamp", "timegenerated", "time", "datetime", "eventtime", "timecreated")
_ASKED = frozenset({"cs-method", "sc-status", "c-ip"})
_BEFORE_PATH = (" /", "\t/", ",/", ";/", '"/', " http")
_DEEPEST = 12
_MOST_NAMES = 1_000
_FEWEST = 3
_KEPT = 4096


def request_of_object(given: Mapping[str, object], locator: Locator, raw: str) -> Record | None:
    """Give the request that a decoded JSON object holds, or None."""
    row = dict(_leaves(given, "", 0))
    return _told_whole(row, locator) or request_of_row(row, locator, raw)


def request_of_row(row: Mapping[str, str | None], locator: Locator, raw: str) -> Record | None:
    """Give the request that a row holds under a log's names, or None.

    Args:
        row: column to value; names of nested objects are joined by dots.
        locator: of the record.
        raw: the row as it stands in the file.
    """
    proxied = {_PROXY[name]: value for name, value in _squeezed(row) if name in _PROXY}
    if len(proxied) >= _FEWEST and not TELLING.isdisjoint(map(squeeze, proxied)):
        spell_request(proxied)
        return _record("exchange.httpproxy", proxied, locator, parse_utc(proxied.get("DateTime") or ""), raw)
    asked = dict(_web_fields(row))
    if "cs-uri-stem" not in asked or not _ASKED & {name for name, value in asked.items() if value}:
        return None
    if asked.get("sc-status") and not is_status(asked["sc-status"] or ""):
        return None
    spell_agent(asked)
    return _record("iis.w3c", asked, locator, _moment(row, asked), raw)


def event_of_row(row: Mapping[str, str | None], locator: Locator, raw: str) -> Record | None:
    """Give the event that a row of a table or list holds, or None. Its rendered text counts as its data."""
    names = {name.lower() for name in row}
    if not names & {"provider", "providername", "source", "sourcename", "channel", "logname"}:
        return None
    try:
        event = event_from_object({name: value for name, value in row.items() if value})
    except ArtefactError:
        return None
    if event.message and not any(name is None for name, _ in event.data):
        event = replace(event, data=((None, event.message), *event.data))
    return record_of(event, locator, weak=True, raw=raw)


def record_of_line(text: str, locator: Locator) -> Record | None:
    """Give what a single retyped line shows: a request, or a command of the control panel; else None."""
    request = retyped_request(text) if any(mark in text for mark in _BEFORE_PATH) else None
    if request is not None:
        fields: Fields = {name: None if value == "-" else value or None for name, value in request[0].items()}
        spell_agent(fields)
        return _record("iis.w3c", fields, locator, request[1], text)
    row = guess_event(text) if ":CMD=" in text else None
    if row is None or "TimeStamp" not in row or "CMD" not in event_pairs(row["EventData"]):
        return None
    command: Fields = {name: value or None for name, value in row.items()}
    finish_event(command, text)
    return _record("exchange.ecp-server", command, locator, parse_utc(row["TimeStamp"]), text)


def _told_whole(row: Mapping[str, str | None], locator: Locator) -> Record | None:
    """The row as the server wrote it, which forwarders often keep, says more than what they made of it."""
    for name, value in row.items():
        if value and squeeze(name.rpartition(".")[2]) in _RAW:
            record = record_of_line(value, locator)
            if record is not None:
                return record
    return None


def _record(kind: str, fields: Fields, locator: Locator, time: datetime | None, raw: str) -> Record:
    return Record(kind=kind, locator=locator, time=time, fields=fields, weak=True, raw=raw[:_KEPT])


def _leaves(value: object, name: str, depth: int) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict) and depth < _DEEPEST and len(value) <= _MOST_NAMES:
        for key, part in value.items():
            yield from _leaves(part, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list) and len(value) == 1:
        yield from _leaves(value[0], name, depth + 1)
    elif isinstance(value, str | int | float):
        yield name, str(value)


def _squeezed(row: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    for name, value in row.items():
        yield squeeze(name.rpartition(".")[2]), _value(value)


def _web_fields(row: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    for name, value in row.items():
        own = web_name(name.rpartition(".")[2])
        known = _schema_name(name) or (own if own in _WEB else None)
        if known == "cs-uri":
            stem, _, query = (value or "").partition("?")
            yield from (("cs-uri-stem", _value(stem)), ("cs-uri-query", _value(query)))
        elif known is not None:
            yield known, _value(value)


def _schema_name(name: str) -> str | None:
    parts = name.lower().split(".")
    return next(
        (_SCHEMA[tail] for at in range(len(parts)) if (tail := ".".join(parts[at:])) in _SCHEMA), None
    )


def _value(text: str | None) -> str | None:
    bare = (text or "").strip()
    return None if bare in {"", "-"} else bare


def _moment(row: Mapping[str, str | None], asked: Mapping[str, str | None]) -> datetime | None:
    """The request's own time, which is UTC; else a stamp that names its zone."""
    if asked.get("date") and asked.get("time"):
        return parse_utc(f"{asked['date']}T{asked['time']}Z")
    stamps = {name: value for name, value in _squeezed(row) if name in _STAMPS and value}
    return next((moment for name in _STAMPS if (moment := parse_utc(stamps.get(name, "")))), None)
