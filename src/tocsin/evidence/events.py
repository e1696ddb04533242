"""One event of a Windows event log, whatever it was exported as, and the record made of it.

EVTX, XML and JSON exports say the same thing in different shapes; readers bring each into an
``Event``, and ``record_of`` alone decides kinds and field names. Channel and provider decide the
kind, because event numbers mean nothing without their provider and forwarded events change channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeGuard

from msgspec import Struct

from tocsin.evidence.web_rows import spell_agent
from tocsin.model.places import Locator
from tocsin.model.records import Record
from tocsin.model.times import parse_utc

Pairs = tuple[tuple[str | None, str | None], ...]
"""Names (None for unnamed data) and values, in order."""

_KIND_OF_PROVIDER = {
    "msexchange cmdletlogs": "event.msexchange-management",
    "microsoft-windows-iis-logging": "iis.etw",
    "microsoft-windows-sysmon": "event.sysmon",
    "microsoft-windows-windows defender": "event.defender",
    "microsoft antimalware": "event.defender",
    "microsoft-windows-powershell": "event.powershell",
    "powershellcore": "event.powershell",
    "powershell": "event.powershell",
}
_KIND_OF_CHANNEL = {
    "application": "event.application",
    "security": "event.security",
    "system": "event.system",
    "msexchange management": "event.msexchange-management",
    "windows powershell": "event.powershell",
    "powershellcore/operational": "event.powershell",
    "microsoft-windows-powershell/operational": "event.powershell",
    "microsoft-windows-sysmon/operational": "event.sysmon",
    "microsoft-windows-windows defender/operational": "event.defender",
    "microsoft-iis-logging/logs": "iis.etw",
}
_KIND_OF_FORWARDED = {
    "microsoft-windows-security-auditing": "event.security",
    "microsoft-windows-eventlog": "event.system",
    "service control manager": "event.system",
    "was": "event.system",
}
_IIS_NAMES = {
    "csuser-agent": "cs-user-agent",
    "cs(user-agent)": "cs-user-agent",
    "csreferer": "cs-referer",
    "cs(referer)": "cs-referer",
    "cscookie": "cs-cookie",
    "cs(cookie)": "cs-cookie",
    "cs(host)": "cs-host",
    "cshost": "cs-host",
}
_IIS_FLAGS = {
    "date": 0x1,
    "time": 0x2,
    "c-ip": 0x4,
    "cs-username": 0x8,
    "s-sitename": 0x10,
    "s-computername": 0x20,
    "s-ip": 0x40,
    "cs-method": 0x80,
    "cs-uri-stem": 0x100,
    "cs-uri-query": 0x200,
    "sc-status": 0x400,
    "sc-win32-status": 0x800,
    "sc-bytes": 0x1000,
    "cs-bytes": 0x2000,
    "time-taken": 0x4000,
    "s-port": 0x8000,
    "cs-user-agent": 0x1_0000,
    "cs-cookie": 0x2_0000,
    "cs-referer": 0x4_0000,
    "cs-version": 0x8_0000,
    "cs-host": 0x10_0000,
    "sc-substatus": 0x20_0000,
}
"""Bits of ``EnabledFieldsFlags``, as documented for LogExtFileFlags in the IIS configuration reference."""

_WHOLE = len("2021-03-03T06:49:42.000000Z")
_CERTAIN = range(1970, 2100)

_CMDLET = re.compile(r"(?<![\w-])[A-Z][A-Za-z]{1,30}-[A-Z][A-Za-z0-9]{1,80}(?![\w-])")
_TOLD = re.compile(r"^[ \t]*(?P<name>[A-Z][A-Za-z ]{2,40}):[ \t]+(?P<value>\S.*)$", re.MULTILINE)
_TOLD_NAMES = {
    name: name
    for name in (
        "Image", "CommandLine", "ParentImage", "ParentCommandLine", "User", "TargetFilename", "Hashes",
        "ServiceName",
    )
} | {
    "NewProcessName": "NewProcessName",
    "CreatorProcessName": "ParentProcessName",
    "ProcessCommandLine": "CommandLine",
    "ServiceFileName": "ImagePath",
    "Path": "Path",
    "Name": "Threat Name",
}  # fmt: skip
"""Labels of rendered texts (Sysmon, Security 4688, System 7045, Defender 1116) to names of data."""

_TELLING_KINDS = frozenset({"event.security", "event.sysmon", "event.system", "event.defender"})

_PROCESS_CREATED = "4688"

_LONGEST_MESSAGE = 1 << 16
_FORWARDED_FOR = re.compile(r"x-forwarded-for\s*[:=]\s*\"?([^\";]{1,200})", re.IGNORECASE)
_RAW = 4096
_PARAM = re.compile(r"param\d{1,3}")
_MANAGEMENT_DATA = {"Cmdlet": 0, "Parameters": 1, "User": 2, "Host": 5, "Process": 6, "Error": 11}
"""Positions of the unnamed data of provider MSExchange CmdletLogs, measured on one real event."""


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """What an event says, before it is given a kind.

    Attributes:
        stamp: System/TimeCreated as written.
        data: EventData or the leaves of UserData.
        message: the rendered text, if the export has one.
    """

    provider: str | None = None
    event_id: str | None = None
    channel: str | None = None
    computer: str | None = None
    level: str | None = None
    record_id: str | None = None
    user_id: str | None = None
    stamp: str | None = None
    message: str | None = None
    data: Pairs = ()


def record_of(event: Event, locator: Locator, *, weak: bool = False, raw: str | None = None) -> Record:
    """Give the record of an event; its time is System/TimeCreated, for IIS the request's own time."""
    kind = kind_of(event)
    if kind == "iis.etw":
        fields = _iis_fields(event)
        time = moment_of(f"{fields.get('date')}T{fields.get('time')}Z") or moment_of(event.stamp)
    else:
        fields = _fields(event, kind)
        time = moment_of(event.stamp)
    text = raw[:_RAW] if raw else None
    return Record(kind=kind, locator=locator, time=time, fields=fields, weak=weak, raw=text)


def kind_of(event: Event) -> str:
    """Give the record kind, by provider where one provider means one kind, else by channel."""
    provider = (event.provider or "").lower()
    kind = _KIND_OF_PROVIDER.get(provider)
    if kind == "iis.etw":
        return kind if event.event_id == "6200" else "event.other"
    channel = (event.channel or "").lower()
    kind = kind or _KIND_OF_CHANNEL.get(channel) or _KIND_OF_FORWARDED.get(provider)
    if kind is None and provider.startswith("msexchange") and not channel.startswith("microsoft-"):
        return "event.application"
    return kind or "event.other"


def kind_of_file(where: str) -> str:
    """Guess the kind of the records in an event log from its file name, for an account of its losses."""
    stem = where.rpartition("/")[2].partition(".")[0].replace("%4", "/").replace("%2f", "/")
    return _KIND_OF_CHANNEL.get(stem, "event.other")


def number_of(text: str | None) -> int | None:
    """Give a record number, or None for anything but plain digits of a sensible length."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004 - 64 bits


def moment_of(stamp: str | None) -> datetime | None:
    """Give an aware UTC time; a stamp without zone is UTC, as the event schema has it.

    Fractions longer than microseconds are cut. None when the text is no time, or when it is the
    zero of Windows (1601), which damaged headers show.
    """
    moment = parse_utc(stamp) if stamp else None
    return None if moment is None or moment.year <= 1601 else moment  # noqa: PLR2004 - see above


def moments_of(stamps: Sequence[str]) -> tuple[datetime | None, ...]:
    """Give what ``moment_of`` gives of each; quickly if all are written as the EVTX reader writes them."""
    try:
        found = tuple(map(datetime.fromisoformat, stamps))
    except ValueError:
        found = ()
    if found and {moment.tzinfo for moment in found} == {UTC}:
        years = {moment.year for moment in found}
        if min(years) in _CERTAIN and max(years) in _CERTAIN and {len(stamp) for stamp in stamps} == {_WHOLE}:
            return found
    return tuple(map(moment_of, stamps))


def value_of(text: str | None) -> str | None:
    """Give the value, or None where the log leaves it empty: nothing, white space, or a dash.

    Line ends become line feeds, as XML has them, so that every export reads alike.
    """
    if text is None:
        return None
    bare = text.strip()
    if not bare or bare == "-":
        return None
    return text.replace("\r\n", "\n") if "\r" in text else text


def frame_fields(event: Event) -> dict[str, str | None]:
    """Give the fields that every event has, whatever its data; not those of a request of IIS."""
    fields: dict[str, str | None] = {
        "EventID": event.event_id,
        "Provider_Name": event.provider,
        "Channel": event.channel,
        "Computer": event.computer,
        "Level": event.level,
        "EventRecordID": event.record_id,
    }
    if event.user_id:
        fields["Security_UserID"] = event.user_id
    return fields


def _fields(event: Event, kind: str) -> dict[str, str | None]:
    fields = frame_fields(event)
    if event.message:
        fields["Message"] = event.message
    unnamed = _add_data(fields, event.data)
    if kind == "event.msexchange-management":
        fields.update(_management_fields(unnamed))
        if not _CMDLET.fullmatch(fields.get("Cmdlet") or ""):
            fields.update(_told_cmdlet(fields))
    elif event.message and kind in _TELLING_KINDS:
        _add_told(fields, event.message)
    if event.event_id == _PROCESS_CREATED:
        fields.update(_process_fields(fields))
    return fields


def _add_data(fields: dict[str, str | None], data: Pairs) -> list[str | None]:
    """Add the data, and give those without a name. A name that the frame has stands as ``Data_<name>``.

    ``param1`` is a name that only counts (Service Control Manager, winlogbeat): such data stand both ways.
    """
    names, texts = zip(*data, strict=True) if data else ((), ())
    if _are_plain(names, fields):
        fields.update(zip(names, map(value_of, texts), strict=True))
        return []
    return _add_each(fields, data)


def _are_plain(names: Sequence[str | None], fields: Mapping[str, str | None]) -> TypeGuard[Sequence[str]]:
    """Tell whether every datum has a name of its own: not one that counts, or repeats, or is taken."""
    distinct = set(names)
    return (
        len(distinct) == len(names)
        and None not in distinct
        and fields.keys().isdisjoint(distinct)
        and not any(name and name.startswith("param") for name in names)
    )


def _add_each(fields: dict[str, str | None], data: Pairs) -> list[str | None]:
    unnamed: list[str | None] = []
    own = frozenset(fields)
    again: dict[str, list[str]] = {}
    for name, text in data:
        value = value_of(text)
        if name is None or _PARAM.fullmatch(name):
            fields[f"Data{len(unnamed)}"] = value
            unnamed.append(value)
        if name is None:
            continue
        key = f"Data_{name}" if name in own else name
        before = fields.setdefault(key, value)
        if before is None:
            fields[key] = value
        elif value is not None and value != before:
            again.setdefault(key, [before]).append(value)
    fields.update((key, "\n".join(values)) for key, values in again.items())
    if unnamed:
        fields["Data"] = "\n".join(value for value in unnamed if value) or None
    return unnamed


def _management_fields(data: list[str | None]) -> dict[str, str | None]:
    """Name the positional data of an Exchange cmdlet event (see ``_MANAGEMENT_DATA``)."""
    at = dict(enumerate(data))
    fields = {name: at[place] for name, place in _MANAGEMENT_DATA.items() if place in at}
    sids = [text for place in (3, 4) if (text := at.get(place)) and text.startswith("S-1-")]
    if sids:
        fields["Sid"] = sids[0]
    activity = next((text for text in data if text and text.startswith("ActivityId:")), at.get(23))
    if activity:
        fields["ActivityId"] = activity.removeprefix("ActivityId:").strip()
    return fields


def _told_cmdlet(fields: dict[str, str | None]) -> dict[str, str | None]:
    """Find the cmdlet in a rendered text, or in data that an exporter joined."""
    text = fields.get("Data") or fields.get("Message") or ""
    found = _CMDLET.search(text)
    if found is None:
        return {}
    _, dash, rest = text[found.end() :].partition(" -")
    return {"Cmdlet": found[0], "Parameters": f"-{rest}".strip() if dash else None}


def _add_told(fields: dict[str, str | None], message: str) -> None:
    """Add what only the rendered text tells: exports to tables keep the text and lose the data."""
    for found in _TOLD.finditer(message[:_LONGEST_MESSAGE]):
        name = found["name"].replace(" ", "")
        if name in _TOLD_NAMES:
            fields.setdefault(_TOLD_NAMES[name], value_of(found["value"].strip()))


def _process_fields(fields: dict[str, str | None]) -> dict[str, str | None]:
    """Give Security 4688 the names of Sysmon's process creation; an absent column stays absent."""
    renamed = {"Image": "NewProcessName", "ParentImage": "ParentProcessName"}
    given = {new: fields[old] for new, old in renamed.items() if old in fields}
    user = _account(fields, "Target") or _account(fields, "Subject")
    if user:
        given["User"] = user
    return given


def _account(fields: dict[str, str | None], who: str) -> str | None:
    name, domain = fields.get(f"{who}UserName"), fields.get(f"{who}DomainName")
    return f"{domain}\\{name}" if name and domain else name


def _iis_fields(event: Event) -> dict[str, str | None]:
    """Give IIS's own field names; a dash in a field that logging leaves out is an absent column."""
    texts = {_IIS_NAMES.get(name.lower(), name.lower()): text for name, text in event.data if name}
    enabled = number_of(texts.pop("enabledfieldsflags", None))
    fields: dict[str, str | None] = {}
    for name, text in texts.items():
        value = value_of(text)
        if value is None and enabled is not None and not enabled & _IIS_FLAGS.get(name, -1):
            continue
        fields[name] = value
    forwarded = _FORWARDED_FOR.search(fields.pop("customfields", None) or "")
    if forwarded:
        fields["x-forwarded-for"] = value_of(forwarded[1].strip())
    spell_agent(fields)
    return fields
