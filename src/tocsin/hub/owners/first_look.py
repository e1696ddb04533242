"""A first look at evidence, in seconds: which nonce it carries, whose it says that it is, its addresses.

It reads the record of custody, the manifest, and the beginnings of a few web logs, whose columns name the
server. It judges nothing: that is for the examination, whose turn may come hours later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.errors import TocsinError
from tocsin.evidence.custody import custody_of, statements
from tocsin.evidence.entries import Entry
from tocsin.evidence.heads import head_lines
from tocsin.evidence.layout import place_of
from tocsin.hub.rules.identity import address

LOGS, HEAD, ROWS = 40, 64 << 10, 200
"""Logs that are looked at, bytes of each, and rows of those."""

MOST = 10
FOLDERS = ("/logfiles/w3svc", "/logging/httpproxy/")
NAMES, ADDRESS = ("s-computername", "serverhostname"), "s-ip"


class FirstLook(Struct, frozen=True, kw_only=True):
    """What evidence says of itself.

    Attributes:
        nonce: which of the nonces it carries, or nothing.
        hosts: names of the server, as its logs have it first.
        addresses: that its web server was asked at, the commonest first.
        custody: when it was collected, by its record of custody.
    """

    nonce: str = ""
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    custody: datetime | None = None


def first_look(listed: Sequence[Entry], nonces: Sequence[str]) -> FirstLook:
    """Look at evidence as its container lists it."""
    record = custody_of(listed, None).custody
    names, addresses = _of_logs(listed)
    return FirstLook(
        nonce=carried(statements(listed), nonces),
        hosts=tuple(filter(None, (*names, record.host))),
        addresses=addresses,
        custody=record.collected_at,
    )


def carried(statements_of: Sequence[bytes], nonces: Sequence[str]) -> str:
    """Give the first nonce that stands in one of the statements, or nothing."""
    texts = [text.decode("utf-8", "replace") for text in statements_of]
    return next((one for one in nonces if any(one in text for text in texts)), "")


def _of_logs(listed: Sequence[Entry]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The commonest name of the server in its own logs, and the addresses that these give it."""
    names: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    for entry in _logs(listed):
        for row in _rows(head_lines(_head(entry))):
            names.update(
                name.partition(".")[0].lower() for key in NAMES if (name := row.get(key, "-")) != "-"
            )
            if (found := address(row.get(ADDRESS, ""))) is not None:
                addresses[found] += 1
    return _commonest(names, 1), _commonest(addresses, MOST)


def _logs(listed: Sequence[Entry]) -> list[Entry]:
    """The newest by name, as they stand on the server's disk."""
    logs = [one for one in listed if one.inner.lower().endswith(".log") and _is_web(one)]
    return sorted(logs, key=lambda one: one.inner.rpartition("/")[2].lower(), reverse=True)[:LOGS]


def _is_web(entry: Entry) -> bool:
    where = f"/{place_of(entry.inner).where}"
    return any(folder in where for folder in FOLDERS)


def _head(entry: Entry) -> bytes:
    """The beginning of a file; nothing of one that cannot be read: the examination says why."""
    buffer, data = memoryview(bytearray(HEAD)), bytearray()
    try:
        stream = entry.open()
    except TocsinError:
        return b""
    try:
        while len(data) < HEAD and (size := stream.readinto(buffer[: HEAD - len(data)])):
            data += buffer[:size]
    except TocsinError:
        return bytes(data)
    finally:
        stream.close()
    return bytes(data)


def _rows(lines: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Rows by the names of their columns, in lower case, as the last header before them has these."""
    columns: list[str] = []
    mark = " "
    for line in lines[:ROWS]:
        if line.startswith("#"):
            head, _, rest = line.partition(":")
            if head.lower() == "#fields":
                mark = "," if "," in rest else " "
                columns = [name.strip().lower() for name in rest.strip().split(mark)]
        elif len(values := line.rstrip("\r").split(mark)) == len(columns):
            yield dict(zip(columns, values, strict=True))


def _commonest(counts: Counter[str], most: int) -> tuple[str, ...]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(value for value, _ in ranked[:most] if value)
