"""OABGeneratorLog: downloads of the offline address book.

``Download failed and temporary file '<path>'`` names where a file was written. No public sample is
known, so every line is a record with its whole text in ``Message``, whatever its columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.exchange_logs import ExchangeHead, Fields, Layout, confidence, read_exchange_log
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.times import find_time
from tocsin.model.words import Confidence

KIND = "exchange.oabgenerator"
LINES = True
FOUND_AT = ("**/logging/oabgenerator*/**", "**/oabgenerator*.log")

_PREFIX = 300


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type``; by shape if a line speaks of a failed download; else by place."""
    return confidence(source, FOUND_AT, signed=_signed, shows=_shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; ``Message`` is the whole line. Times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    return head.native and "oab" in head.log_type


def _shows(line: str) -> bool:
    return "Download failed and temporary file" in line


def _guess(text: str) -> dict[str, str]:
    found = find_time(text, within=_PREFIX)
    return {"DateTime": text[found[1] : found[2]]} if found else {}


def _finish(fields: Fields, text: str) -> None:
    fields["Message"] = text


_LAYOUT = Layout(kind=KIND, whole=True, guess=_guess, finish=_finish)
