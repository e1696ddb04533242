"""One row of a census in the hub's own words: checked, cleaned, bounded; or the reason why it is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from tocsin.hub.rules.identity import address, hostname
from tocsin.hub.rules.layouts.layout import Layout
from tocsin.model.times import YEARS, in_utc, parse_utc

DEFAULT_PORT = 443
MOST_TAGS, LONGEST_TAG = 50, 100
MOST_REST, LONGEST_REST = 200, 2_000
_LENGTHS = {"name": 255, "fingerprint": 200, "region": 100, "city": 100, "product": 100, "build": 60}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_STATUS = {
    "vulnerable": "vulnerable",
    "affected": "vulnerable",
    "open": "vulnerable",
    "mitigated": "mitigated",
    "partially-mitigated": "partially-mitigated",
    "partially mitigated": "partially-mitigated",
    "patched": "patched",
    "fixed": "patched",
    "not-affected": "not-affected",
    "not affected": "not-affected",
}
"""What sources conclude, as far as it can be read in one way: "not vulnerable" may mean anything."""


class Sighting(Struct, frozen=True, kw_only=True):
    """What one row says.

    Attributes:
        line: of the file.
        ip: in its one spelling.
        port: 443 where the row has none.
        at: the row's own time in aware UTC, or None.
        hostname: a name of the address, in lower case, or an empty text.
        name: what the server calls itself, or an empty text.
        fingerprint: of its certificate, or an empty text.
        asn: number of the autonomous system, or None.
        country: two capital letters, or an empty text.
        region: or an empty text.
        city: or an empty text.
        product: or an empty text.
        build: as the source writes it, or an empty text.
        status: what the source concluded, as a word of `rules.words.Exposure`, or an empty text.
        tags: in lower case, sorted, each once.
        rest: what the hub has no word for.
    """

    line: int
    ip: str
    port: int = DEFAULT_PORT
    at: datetime | None = None
    hostname: str = ""
    name: str = ""
    fingerprint: str = ""
    asn: int | None = None
    country: str = ""
    region: str = ""
    city: str = ""
    product: str = ""
    build: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()
    rest: dict[str, str] = {}


class Refusal(Struct, frozen=True, kw_only=True):
    """A row that could not be taken in, and why. ``ip``: the address that it named, if that could be read."""

    line: int
    why: str
    ip: str | None = None


class Other(Struct, frozen=True, kw_only=True):
    """A row that is about something else (`Layout.about`)."""

    line: int


class Blank(Struct, frozen=True, kw_only=True):
    """An empty line, or the header."""

    line: int


Item = Sighting | Refusal | Other | Blank
Values = Callable[[str], Sequence[Any]]


def sighting(layout: Layout, line: int, values: Values, rest: Mapping[str, str]) -> Sighting | Refusal:
    """Make a sighting of what a row holds; ``values`` gives all values for one thing wanted, best first."""
    texts = {name: _text(values(name)) or layout.constants.get(name, "") for name in _SINGLE}
    ip = address(texts["ip"])
    if ip is None:
        return Refusal(line=line, why=f"no address: {_short(texts['ip'])}")
    port = _port(texts["port"])
    if port is None:
        return Refusal(line=line, why=f"no port: {_short(texts['port'])}", ip=ip)
    at = moment(texts["time"])
    if texts["time"] and at is None:
        return Refusal(line=line, why=f"no time: {_short(texts['time'])}", ip=ip)
    return Sighting(
        line=line,
        ip=ip,
        port=port,
        at=at,
        hostname=hostname(texts["hostname"]),
        asn=_asn(texts["asn"]),
        country=_country(texts["country"]),
        status=_STATUS.get(texts["status"].lower(), ""),
        tags=_tags(layout, [*values("tags"), layout.constants.get("tags", "")]),
        rest=dict(rest),
        **{name: texts[name][:length] for name, length in _LENGTHS.items()},
    )


def moment(text: str) -> datetime | None:
    """Give the moment that a row names: ISO 8601, a bare day, or seconds since 1970; aware UTC."""
    if not text:
        return None
    if (found := parse_utc(text)) is not None:
        return found
    try:
        if text.replace(".", "", 1).isdecimal() and text.isascii():
            found = datetime.fromtimestamp(float(text), UTC)
            return found if found.year in YEARS else None
        return in_utc(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        return None


def clean(value: object, length: int = LONGEST_REST) -> str:
    """Give a value as one line of text, without control characters, cut at a length."""
    text = value if isinstance(value, str) else _spelt(value)
    return _CONTROL.sub(" ", text[: length * 4]).encode("utf-8", "replace").decode().strip()[:length]


_SINGLE = ("ip", "port", "time", "hostname", "asn", "country", "status", *_LENGTHS)


def _text(values: Sequence[Any]) -> str:
    return clean(values[0]) if values else ""


def _spelt(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _short(text: str) -> str:
    return repr(text[:60]) if text else "nothing there"


def _port(text: str) -> int | None:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdecimal()) or len(text) > len("65535"):
        return None
    return int(text) if 0 < int(text) < 1 << 16 else None


def _asn(text: str) -> int | None:
    digits = text.upper().removeprefix("AS").strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len("4294967295"):
        return None
    return int(digits) if 0 < int(digits) < 1 << 32 else None


def _country(text: str) -> str:
    return text.upper() if len(text) == len("GB") and text.isascii() and text.isalpha() else ""


def _tags(layout: Layout, values: Iterable[Any]) -> tuple[str, ...]:
    found: set[str] = set()
    for value in values:
        if isinstance(value, dict | list):
            continue
        for part in clean(value).lower().split(layout.separator):
            if (tag := part.strip()[:LONGEST_TAG]) and len(found) < MOST_TAGS:
                found.add(tag)
    return tuple(sorted(found))
