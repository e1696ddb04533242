"""An event as XML, in the event schema of Windows (namespace .../2004/08/events/event)."""

from __future__ import annotations

import re

from lxml import etree

from tocsin.errors import ArtefactError
from tocsin.evidence.events import Event

LONGEST_EVENT = 1 << 21
"""Characters of one event that are looked at: Windows allows 64 KiB of binary XML an event."""

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)
ILLEGAL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|&#(?:x0*[0-9a-fA-F]{1,2}|0*[0-9]{1,2});"
)
"""What XML forbids, and what is dropped if the rest cannot be read with it."""
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_DEEPEST = 32


def event_from_xml(text: str) -> Event:
    """Give the event of one ``<Event>`` element, with or without namespace or XML declaration.

    Characters that XML forbids, as command lines may hold, are dropped and the rest is read.

    Raises:
        ArtefactError: the text is not well-formed, too long, or holds a document type.
    """
    if len(text) > LONGEST_EVENT or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ArtefactError("an event that is too long or declares a document type is not read")
    declaration = _DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text
    try:
        return _event(_parsed(body))
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise ArtefactError(f"not a well-formed event: {fault}") from fault


def _parsed(body: str) -> etree._Element:
    try:
        return etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return etree.fromstring(ILLEGAL.sub(_legal, body), _PARSER)


def _legal(match: re.Match[str]) -> str:
    """Keep references to characters that XML allows (tab, line ends and all from space on)."""
    text = match[0]
    if not text.startswith("&#"):
        return ""
    digits = text[2:-1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return text if code in {9, 10, 13} or code >= 32 else ""  # noqa: PLR2004 - the code of a space


def _event(root: etree._Element) -> Event:
    system: dict[str, str | None] = {}
    data: list[tuple[str | None, str | None]] = []
    message = None
    for section in root:
        name = _local(section.tag)
        if name == "System":
            system = _system(section)
        elif name in {"EventData", "UserData", "DebugData", "ProcessingErrorData", "BinaryEventData"}:
            _leaves(section, data, 0)
        elif name == "RenderingInfo":
            message = next((child.text for child in section if _local(child.tag) == "Message"), None)
    if not system and not data:
        raise ValueError("an event has a System or an EventData part; this element has none")
    return Event(message=message, data=tuple(data), **system)


SYSTEM_TEXT = {
    "EventID": "event_id",
    "Level": "level",
    "EventRecordID": "record_id",
    "Channel": "channel",
    "Computer": "computer",
}
SYSTEM_ATTRIBUTE = {
    "Provider": ("provider", "Name"),
    "TimeCreated": ("stamp", "SystemTime"),
    "Security": ("user_id", "UserID"),
}


def _system(section: etree._Element) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for child in section:
        name = _local(child.tag)
        if name in SYSTEM_TEXT:
            found[SYSTEM_TEXT[name]] = (child.text or "").strip() or None
        elif name in SYSTEM_ATTRIBUTE:
            field, attribute = SYSTEM_ATTRIBUTE[name]
            found[field] = child.get(attribute) or child.get("EventSourceName")
    return found


def _leaves(section: etree._Element, data: list[tuple[str | None, str | None]], depth: int) -> None:
    """Collect ``Data`` by its Name (unnamed ones in order), any other leaf by its element's name."""
    for child in section:
        if len(child) and depth < _DEEPEST:
            _leaves(child, data, depth + 1)
            continue
        name = _local(child.tag)
        given = child.get("Name") if name in {"Data", "ComplexData"} else name
        data.append((given, child.text))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
