"""One event of a Windows event log, as it is to be written: EVTX, XML and JSON say the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


class Number(Struct, frozen=True):
    """A number and its width in an event record: 8, 16 or 64 bits."""

    value: int
    bits: int


Value = str | Number | datetime
"""What an element or an attribute holds; times are aware."""


class Element(Struct, frozen=True, kw_only=True):
    """An XML element with either a text or children."""

    name: str
    attributes: Mapping[str, str | datetime] = {}
    children: Sequence[Element] = ()
    text: Value | None = None

    def xml(self) -> str:
        """Give the same element as XML text, on one line unless a value has lines of its own."""
        quoted = "".join(f" {key}={quoteattr(text_of(value))}" for key, value in self.attributes.items())
        inner = "".join(child.xml() for child in self.children)
        if self.text is not None:
            inner += escape(text_of(self.text))
        return f"<{self.name}{quoted}>{inner}</{self.name}>"


class WrittenEvent(Struct, frozen=True, kw_only=True):
    """What one record says.

    Attributes:
        time: aware.
        data: pairs of a name (or None) and a value.
        level: 1 critical, 2 error, 3 warning, 4 information, 0 always (audits).
        user_data: stands instead of ``data``.
        user_id: SID of ``Security/@UserID``, or an empty text.
    """

    provider: str
    event_id: int
    channel: str
    time: datetime
    data: Sequence[tuple[str | None, str]] = ()
    computer: str = "mail01.contoso.example"
    level: int = 4
    user_data: Element | None = None
    user_id: str = ""

    def element(self, record: int) -> Element:
        """Give the event as Windows lays it out, under the record number."""
        body = self.user_data or Element(name="EventData", children=[_data(*pair) for pair in self.data])
        return Element(name="Event", attributes={"xmlns": _NAMESPACE}, children=[self._system(record), body])

    def json_object(self, record: int) -> dict[str, object]:
        """Give the event as evtx_dump lays it out in JSON, under the record number."""
        body = self.user_data
        data = {body.name: _members(body)} if body else {"EventData": dict(_json_data(self.data))}
        system = {part.name: _members(part) for part in self._system(record).children}
        return {"Event": {"#attributes": {"xmlns": _NAMESPACE}, "System": system, **data}}

    def _system(self, record: int) -> Element:
        texts: dict[str, Value] = {
            "EventRecordID": Number(record, 64),
            "Channel": self.channel,
            "Computer": self.computer,
        }
        user = {"UserID": self.user_id} if self.user_id else {}
        return Element(
            name="System",
            children=[
                Element(name="Provider", attributes={"Name": self.provider}),
                Element(name="EventID", text=Number(self.event_id, 16)),
                Element(name="Level", text=Number(self.level, 8)),
                Element(name="TimeCreated", attributes={"SystemTime": self.time}),
                *(Element(name=name, text=text) for name, text in texts.items()),
                Element(name="Security", attributes=user),
            ],
        )


def text_of(value: Value) -> str:
    """Give a value as an event shows it; a time with seven decimals, in UTC."""
    if isinstance(value, Number):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    return value


def _data(name: str | None, value: str) -> Element:
    return Element(name="Data", attributes={"Name": name} if name else {}, text=value)


def _json_data(data: Sequence[tuple[str | None, str]]) -> Iterator[tuple[str, object]]:
    """Named data under their names; the others, wherever they stand, as one list."""
    yield from ((name, value) for name, value in data if name)
    unnamed = [value for name, value in data if not name]
    if unnamed:
        yield "Data", {"#text": unnamed}


def _members(element: Element) -> object:
    members: dict[str, object] = {}
    if element.attributes:
        members["#attributes"] = {name: text_of(value) for name, value in element.attributes.items()}
    members |= {child.name: _members(child) for child in element.children}
    if element.text is None:
        return members or None
    own = element.text.value if isinstance(element.text, Number) else text_of(element.text)
    return {**members, "#text": own} if members else own
