"""Any other log of the Exchange family: audit, message tracking, SMTP, agents, MAPI, OWA and more."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.exchange_logs import (
    ExchangeHead,
    Fields,
    Layout,
    confidence,
    exchange_head,
    read_exchange_log,
)
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.words import Confidence

KIND = "exchange.other"
LINES = True
FOUND_AT = ("**/exchange server/v1*/logging/**/*.log", "**/exchange server/v1*/transportroles/logs/**/*.log")


def recognise(source: Source) -> Confidence:
    """No surer than by shape: the header says Exchange, and a module that knows the log goes first."""
    known = confidence(source, FOUND_AT, signed=_unsigned, shows=_shows)
    return Confidence.SHAPE if exchange_head(source.head).native else known


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line, with the log's own columns; times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _unsigned(_: ExchangeHead) -> bool:
    return False


def _shows(_: str) -> bool:
    return False


def _guess(_: str) -> None:
    return None


def _finish(_: Fields, _text: str) -> None:
    """The columns are the fields."""


_LAYOUT = Layout(kind=KIND, guess=_guess, finish=_finish)
