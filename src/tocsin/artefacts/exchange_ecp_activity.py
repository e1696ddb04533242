"""ECP Activity logs: every request to the Exchange control panel, with its canary and build."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.event_data import NAMES, event_pairs, finish_event, guess_event
from tocsin.evidence.exchange_logs import ExchangeHead, Layout, confidence, read_exchange_log
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.words import Confidence

KIND = "exchange.ecp-activity"
LINES = True
FOUND_AT = ("**/logging/ecp/activity/**", "**/ecp/activity/*.log", "**/ecpactivity*.log")

_LAYOUT = Layout(kind=KIND, names=NAMES, rest="EventData", guess=guess_event, finish=finish_event)


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type``; by shape if a line holds a request of the control panel."""
    return confidence(source, FOUND_AT, signed=_signed, shows=_shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    return head.log_type.startswith("ecpactivity")


def _shows(line: str) -> bool:
    row = guess_event(line)
    keys = event_pairs(row["EventData"]).keys() if row else frozenset[str]()
    return {"URL", "ACTID", "BLD"} <= keys and "CMD" not in keys
