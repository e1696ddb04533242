"""A record as rules see it: field values, lower case, and with the percent-encoding undone.

An intruder chooses the encoding of a URL, so URL-like fields are compared as they stand and
after one and two decodings, no more: a third would be the application's own doing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from tocsin.packs.logsources import WEB_KINDS

DECODED = frozenset(
    {
        "AnchorMailbox",
        "BackEndCookie",
        "Data",
        "EventData",
        "Message",
        "Parameters",
        "RoutingHint",
        "Text",
        "URL",
        "UrlQuery",
        "UrlStem",
        "VirtualPath",
        "cs-cookie",
        "cs-referer",
        "cs-uri",
        "cs-uri-query",
        "cs-uri-stem",
    }
)
"""Fields whose values are also compared with their percent-encoding undone."""

WHOLE_URI = "cs-uri"
_WIDE = re.compile(r"%[uU]([0-9A-Fa-f]{4})")
_DEPTH = 2


def decodings(text: str) -> tuple[str, ...]:
    """Give the text, and what it decodes to, twice at most; ``%uXXXX``, which IIS takes, included."""
    found = [text]
    while "%" in found[-1] and len(found) <= _DEPTH:
        once = unquote(_WIDE.sub(_character, found[-1]))
        if once == found[-1]:
            break
        found.append(once)
    return tuple(found)


def _character(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16))


def views(field: str, value: str) -> tuple[str, ...]:
    """Give the forms in which a field's value is compared."""
    return decodings(value) if "%" in value and field in DECODED else (value,)


def field_value(fields: Mapping[str, str | None], kind: str, name: str) -> str | None:
    """Give the value of a field; ``cs-uri`` is put together where a web log lacks the column."""
    value = fields.get(name)
    if value is None and name == WHOLE_URI and kind in WEB_KINDS and name not in fields:
        stem, query = fields.get("cs-uri-stem"), fields.get("cs-uri-query")
        return f"{stem}?{query}" if stem and query else stem
    return value


class Row:
    """One record while rules look at it; views are computed once."""

    __slots__ = ("_lower", "_views", "fields", "kind")

    def __init__(self, fields: Mapping[str, str | None], kind: str) -> None:
        """Wrap a record's fields; nothing is computed yet."""
        self.fields = fields
        self.kind = kind
        self._views: dict[str, tuple[str, ...]] = {}
        self._lower: dict[str, tuple[str, ...]] = {}

    def value(self, name: str) -> str | None:
        """Give the raw value."""
        return field_value(self.fields, self.kind, name)

    def has(self, name: str) -> bool:
        """Say whether the log has the column."""
        return name in self.fields or self.value(name) is not None

    def views(self, name: str) -> tuple[str, ...]:
        """Give the forms in which the value is compared; none for an empty or absent field."""
        found = self._views.get(name)
        if found is None:
            value = self.value(name)
            found = () if value is None else views(name, value)
            self._views[name] = found
        return found

    def lower(self, name: str) -> tuple[str, ...]:
        """Give the same in lower case."""
        found = self._lower.get(name)
        if found is None:
            found = tuple(view.lower() for view in self.views(name))
            self._lower[name] = found
        return found
