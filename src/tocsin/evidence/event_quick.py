"""A quick way to an event from XML that the EVTX reader itself has written.

That XML is regular: no comment, CDATA section, processing instruction or prefix, attributes in
double quotes, markup escaped in values. Regular expressions read it three times as fast as a
general parser, and whatever does not fit them goes to the general parser. Tests hold both to the
same answer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tocsin.evidence.event_elements import SYSTEM_ATTRIBUTE, SYSTEM_TEXT, event_from_xml
from tocsin.evidence.events import Event

_ELEMENT = re.compile(r"<(\w+)([^<>]*)>([^<]*)")


def middle(stamp: str) -> re.Pattern[str]:
    """Give an expression for the part of ``System`` that differs from event to event; the rest repeats.

    Its groups are the time, which is to meet the expression ``stamp``, and the number of the record.
    """
    return re.compile(
        rf'<TimeCreated SystemTime="({stamp})">\s*</TimeCreated>\s*'
        r"<EventRecordID>([0-9]{1,19})</EventRecordID>\s*"
        r"(?:<Correlation[^<>]*>\s*</Correlation>\s*)?(?:<Execution[^<>]*>\s*</Execution>\s*)?<Channel>"
    )


_MIDDLE = middle('[^"<>&]*')
_DATA = re.compile(r"<Data(?: Name=\"([^\"]*)\")?>([^<]*)</Data>")


def event_from_reader(text: str) -> Event:
    """Give the event of one document that the EVTX reader wrote.

    Raises:
        ArtefactError: the document is not a well-formed event.
    """
    if "&#" in text or "<![" in text:
        return event_from_xml(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # as XML prescribes
    _, _, rest = text.partition("<System>")
    system, _, rest = rest.partition("</System>")
    opened, _, rest = rest.partition("<EventData>")
    body, _, after = rest.rpartition("</EventData>")
    data = _DATA.findall(body)
    if opened.strip() or after.strip() != "</Event>" or body.count("<") != 2 * len(data):
        return event_from_xml(text)
    # An unnamed value has no quotation mark before it; findall shows both cases as "".
    named = body.count("<Data>") == 0
    if "&" in body:
        data = [(unescaped(name), unescaped(value)) for name, value in data]
    pairs = tuple(data) if named else tuple((name or None, value) for name, value in data)
    return Event(data=pairs, **_system(system))


def _system(text: str) -> dict[str, str | None]:
    """Read what stands in ``System``; most of it is the same in a flood of events, and remembered."""
    found = _MIDDLE.match(text, text.find("<TimeCreated "))
    if found is None:
        return _elements(text)
    stamp, number = found.groups()
    frame = _frame(text[: found.start()], text[found.end() :])
    if "stamp" in frame or "record_id" in frame:
        return _elements(text)  # a second number or time: the last counts
    return {"stamp": stamp or None, "record_id": number, **frame}


@lru_cache(maxsize=4096)
def _frame(before: str, after: str) -> dict[str, str | None]:
    return _elements(f"{before}<Channel>{after}")


def _elements(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, attributes, value in _ELEMENT.findall(text):
        if name in SYSTEM_TEXT:
            found[SYSTEM_TEXT[name]] = unescaped(value).strip() or None
        elif name in SYSTEM_ATTRIBUTE:
            field, attribute = SYSTEM_ATTRIBUTE[name]
            found[field] = _attribute(attributes, attribute) or _attribute(attributes, "EventSourceName")
    return found


def _attribute(attributes: str, name: str) -> str | None:
    _, mark, rest = attributes.partition(f' {name}="')
    return unescaped(rest.partition('"')[0]) if mark else None


def unescaped(text: str) -> str:
    """Undo the escapes that the reader writes."""
    if "&" not in text:
        return text
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return text
