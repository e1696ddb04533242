"""An event as a JSON object, in the shapes that common exporters write.

evtx_dump (``Event.System``, attributes under ``#attributes`` or ``…_attributes``), Velociraptor
(``System`` with ``EventID.Value`` and a time in seconds), winlogbeat (``winlog``), EvtxECmd
(``Payload``), NXLog and PowerShell (flat; ``ReplacementStrings`` or ``Properties`` for unnamed data),
and search exports that wrap one of these (``_source``, ``document.data``) or carry the XML as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.errors import ArtefactError
from tocsin.evidence.event_elements import event_from_xml
from tocsin.evidence.events import Event

Object = Mapping[str, Any]

_WRAPPERS = ("_source", "document", "data", "result", "Event", "event", "winlog")
_XML = ("xml", "xml_string", "eventxml", "event_xml", "original")
_NAMES = {
    "event_id": ("eventid", "event_id", "id", "code", "eventidentifier"),
    "provider": ("provider", "provider_name", "providername", "sourcename", "source_name", "source"),
    "channel": ("channel", "logname", "log_name", "logfile", "log"),
    "computer": ("computer", "computer_name", "computername", "machinename", "hostname", "host"),
    "level": ("level", "severityvalue", "leveldisplayname", "entrytype"),
    "record_id": (
        "eventrecordid", "event_record_id", "recordid", "record_id", "recordnumber", "record_number", "index",
    ),
    "user_id": ("security", "userid", "user_id", "usersid"),
    "message": ("message", "renderedmessage"),
}  # fmt: skip
_ATTRIBUTE = {"provider": "name", "event_id": "value", "user_id": "userid", "computer": "name"}
_ZONED = ("timecreated", "systemtime", "time_created", "@timestamp", "timegenerated", "eventtime", "utctime")
_DATA = ("eventdata", "event_data", "userdata", "user_data")
_LISTS = ("replacementstrings", "properties", "insertionstrings", "stringinserts")
_SECONDS = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_ZONE = re.compile(r"(?:[zZ]|UTC|GMT|[+-]\d\d:?\d\d)$")
_DEEPEST = 24


def event_from_object(given: Object) -> Event:
    """Give the event of one decoded JSON object.

    A flat object's other members count as its data. A local time without zone is not used.

    Raises:
        ArtefactError: the object does not look like an event, or its XML is not well-formed.
    """
    layers = _unwrapped(given)
    inner = layers[-1]
    xml = next((text for name, text in inner.items() if _is_xml(name, text)), None)
    if xml is not None:
        return event_from_xml(xml)
    system = _lower(_part(inner, "system"))
    frame = {name: value for layer in layers for name, value in _lower(layer).items()} | system
    event_id = _frame_text(frame, "event_id")
    if event_id is None or not event_id.isdigit():
        raise ArtefactError("an object without an event number is not read as an event")
    texts = {field: _frame_text(frame, field) for field in _NAMES if field != "event_id"}
    data = tuple(_data(inner, flat=not system))
    return Event(event_id=event_id, stamp=_stamp(frame), data=data, **texts)


def _unwrapped(given: Object) -> list[Object]:
    """Give the object and those within it, down to the one that holds the event."""
    layers = [given]
    for _ in range(_DEEPEST):
        lower = {name.lower() for name in layers[-1]}
        if "system" in lower or (lower & {"eventid", "event_id"} and not _has_inner_event(layers[-1])):
            break
        found = (layers[-1][name] for name in _WRAPPERS if isinstance(layers[-1].get(name), dict))
        step = next((part for part in found if _is_like_event(part)), None)
        if step is None:
            break
        layers.append(step)
    return layers


def _has_inner_event(part: Object) -> bool:
    """Forwarders repeat the number outside the event that they wrap."""
    inner = next((value for name, value in part.items() if name.lower() == "winlog"), None)
    return isinstance(inner, dict) and bool({name.lower() for name in inner} & set(_DATA))


def _is_like_event(part: Object) -> bool:
    names = {name.lower() for name in part}
    return bool(names & {"system", "eventid", "event_id", "event", "winlog", "data", "document", "_source"})


def _is_xml(name: str, text: object) -> bool:
    return name.lower() in _XML and isinstance(text, str) and text.lstrip().startswith(("<Event", "<?xml"))


def _part(given: Object, name: str) -> Object:
    found = next((value for key, value in given.items() if key.lower() == name), None)
    return found if isinstance(found, dict) else {}


def _lower(given: Object) -> dict[str, Any]:
    """Lower the names; ``Provider_attributes`` stands for an empty ``Provider``."""
    found = {name.lower(): value for name, value in given.items()}
    for name in [name for name in found if name.endswith("_attributes")]:
        plain = name.removesuffix("_attributes")
        if found.get(plain) is None:
            found[plain] = found[name]
    return found


def _frame_text(frame: Object, field: str) -> str | None:
    for name in _NAMES[field]:
        text = _text(_scalar(frame.get(name), _ATTRIBUTE.get(field, "name")))
        if text:
            return text
    return None


def _scalar(value: object, attribute: str) -> object:
    """Give a value, or what an object says under its text or the attribute that matters."""
    if not isinstance(value, dict):
        return value
    lower = {name.lower().lstrip("@"): part for name, part in value.items()}
    attributes = lower.get("#attributes")
    if isinstance(attributes, dict):
        lower |= {name.lower(): part for name, part in attributes.items()}
    return next((lower[name] for name in ("#text", attribute, "value") if lower.get(name) is not None), None)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list) and all(isinstance(part, str | int) for part in value):
        return "\n".join(str(part) for part in value)
    return _as_json(value) if isinstance(value, list | dict) else str(value)


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return ""


def _stamp(frame: Object) -> str | None:
    """Give the time of the event with its zone; System/TimeCreated is UTC by definition."""
    for name in _ZONED:
        value = _scalar(frame.get(name), "systemtime")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_seconds(value)
        if not isinstance(value, str) or not value:
            continue
        seconds = _SECONDS.search(value)
        if seconds:
            return _from_seconds(int(seconds[1]) / 1000)
        if _ZONE.search(value) or isinstance(frame.get(name), dict) or name in {"systemtime", "utctime"}:
            return value
    return None


def _from_seconds(value: float) -> str | None:
    try:
        seconds = value / 1000 if value > 1e11 else value  # noqa: PLR2004 - milliseconds since 1970 are that large
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _data(inner: Object, *, flat: bool) -> Iterator[tuple[str | None, str | None]]:
    sections = [(name, value) for name, value in inner.items() if name.lower() in _DATA and value]
    payload = inner.get("Payload")
    if isinstance(payload, str):
        sections.append(("Payload", _decoded(payload)))
    lists = [value for name, value in inner.items() if name.lower() in _LISTS and isinstance(value, list)]
    for name, value in sections:
        yield from _members(_decoded(value) if isinstance(value, str) else value, name, 0)
    for values in lists:
        yield from ((None, _text(_scalar(value, "value"))) for value in values)
    if flat and not sections:
        known = {name for names in _NAMES.values() for name in names} | set(_ZONED) | set(_LISTS)
        yield from ((name, _text(value)) for name, value in inner.items() if name.lower() not in known)


def _decoded(text: str) -> object:
    """Give a JSON text as an object, or the text itself."""
    try:
        return json.loads(text) if text[:1] in {"{", "["} else text
    except (ValueError, RecursionError):
        return text


def _members(value: object, name: str | None, depth: int) -> Iterator[tuple[str | None, str | None]]:
    """Give leaves under their names; ``Data`` is unnamed data."""
    if isinstance(value, dict) and depth < _DEEPEST:
        yield from _object_members(value, name, depth)
    elif isinstance(value, list) and (name is None or name in {"Data", "#text"}):
        for part in value:
            yield from _members(part, None, depth + 1)
    else:
        yield (None if name in {"Data", "#text"} else name), _text(value)


def _object_members(value: Object, name: str | None, depth: int) -> Iterator[tuple[str | None, str | None]]:
    given = value.get("@Name", value.get("Name"))
    if isinstance(given, str) and ("#text" in value or len(value) == 1):
        yield given, _text(value.get("#text"))
        return
    texts = {"#attributes", "#text"} & set(value)
    if "#text" in texts and set(value) == texts:
        yield from _members(value["#text"], name, depth + 1)
        return
    for key, part in _without_attributes(value.items()):
        yield from _members(part, key, depth + 1)


def _without_attributes(members: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    for key, part in members:
        if key != "#attributes" and not key.startswith("@") and not key.endswith("_attributes"):
            yield key, part
