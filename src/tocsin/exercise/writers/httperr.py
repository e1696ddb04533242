"""HTTPERR: requests that HTTP.SYS ended before IIS saw them. Numbered files of about 1 MB, UTC."""

from __future__ import annotations

from datetime import datetime

from tocsin.exercise.rolling import Rolling
from tocsin.exercise.story import Refused, Trace
from tocsin.exercise.workshop import Workshop
from tocsin.exercise.writers.iis import OWN_ADDRESS

_FIELDS = (
    "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason "
    "s-queuename"
)
_LARGEST = 1_000_000


class HttpErr:
    """Writes ``httperr1.log`` and its successors."""

    KINDS = ("http.err",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._ledger = workshop.ledger
        self._dice = workshop.dice.stream("httperr")
        self._log = Rolling(
            workshop.tree,
            lambda _, number: f"C/Windows/System32/LogFiles/HTTPERR/httperr{number}.log",
            _head,
            largest=_LARGEST,
        )

    def take(self, trace: Trace) -> None:
        """Write a refused request."""
        if not isinstance(trace, Refused):
            return
        path, line = self._log.line(trace.at, "", self._row(trace))
        self._ledger.note(trace, kind="http.err", path=path, line=line)

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _row(self, trace: Refused) -> str:
        moment = trace.at.isoformat(" ", "seconds")[:19]
        version = "HTTP/1.1" if trace.method not in {"", "-"} else "-"
        site = "1" if trace.queue not in {"", "-"} else "-"
        port = self._dice.between(49_152, 65_535)
        return (
            f"{moment} {trace.client} {port} {OWN_ADDRESS} 443 {version} {trace.method or '-'} "
            f"{trace.url or '-'} - {trace.status or '-'} {site} {trace.reason} {trace.queue or '-'}"
        )


def _head(at: datetime) -> tuple[str, ...]:
    return (
        "#Software: Microsoft HTTP API 2.0",
        "#Version: 1.0",
        f"#Date: {at.isoformat(' ', 'seconds')[:19]}",
        f"#Fields: {_FIELDS}",
    )
