"""ECP Server logs: every command that the Exchange control panel ran.

Here a virtual directory is given a script as its URL, while the proxy log shows only the request that
carried it. ``EventData`` is read by ``tocsin.evidence.event_data``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.evidence.event_data import NAMES, event_pairs, finish_event, guess_event
from tocsin.evidence.exchange_logs import ExchangeHead, Layout, confidence, read_exchange_log
from tocsin.evidence.source import Source
from tocsin.model.records import Item
from tocsin.model.words import Confidence

KIND = "exchange.ecp-server"
LINES = True
FOUND_AT = ("**/logging/ecp/server/**", "**/ecp/server/*.log", "**/ecpserver*.log")

_LAYOUT = Layout(kind=KIND, names=NAMES, rest="EventData", guess=guess_event, finish=finish_event)


def recognise(source: Source) -> Confidence:
    """Sure by ``#Log-type``; by shape if a line holds a command of the control panel."""
    return confidence(source, FOUND_AT, signed=_signed, shows=_shows)


def parse(source: Source) -> Iterator[Item]:
    """Yield one item for each line; times are in UTC."""
    return read_exchange_log(source, _LAYOUT)


def _signed(head: ExchangeHead) -> bool:
    return head.log_type.startswith("ecpserver")


def _shows(line: str) -> bool:
    row = guess_event(line)
    return row is not None and "CMD" in event_pairs(row["EventData"])
