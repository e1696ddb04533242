"""IIS logs in the W3C format: the front end (site 1, port 443) and the back end (site 2, port 444).

Exchange adds ``&CorrelationID=<empty>;&cafeReqId=…;`` to the query of what its front end handles.
Times are UTC, to the second, of the end of a request. A header stands at the top of each daily
file, and again wherever the service began anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from tocsin.exercise.dice import Dice
from tocsin.exercise.rolling import Rolling, day_of
from tocsin.exercise.story import Request, Trace
from tocsin.exercise.workshop import Workshop

FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
OWN_ADDRESS = "192.0.2.10"
OWN_LINK = "fe80::5c1d:8a2b:62ef:245e%3"
_RESTARTS = (0, 3)
"""The service begins anew so often on a day, at least and at most."""


class Iis:
    """Writes both sites' logs."""

    KINDS = ("iis.w3c",)

    def __init__(self, workshop: Workshop) -> None:
        """Take what is shared."""
        self._ledger = workshop.ledger
        self._first = _midnight(workshop.scenario.first_day)
        forwarded = bool(workshop.scenario.server.reverse_proxy)
        self._front = _Site(workshop, 1, forwarded=forwarded)
        self._back = _Site(workshop, 2, forwarded=forwarded)

    def take(self, trace: Trace) -> None:
        """Write a request into the log of each site that it reached, from the first day on."""
        if not isinstance(trace, Request) or trace.at < self._first:
            return
        if trace.front:
            self._note(trace, self._front.write(trace.at, _query(trace), trace))
        if trace.backend:
            self._note(trace, self._back.write(trace.at, trace.backend_query or trace.query, trace))

    def close(self) -> None:
        """Close the open files."""
        self._front.close()
        self._back.close()

    def _note(self, trace: Request, place: tuple[str, int]) -> None:
        self._ledger.note(trace, kind="iis.w3c", path=place[0], line=place[1])


class _Site:
    """One site's log."""

    def __init__(self, workshop: Workshop, number: int, *, forwarded: bool) -> None:
        self._back = number != 1
        self._forwarded = forwarded
        self._fields = FIELDS + (" X-Forwarded-For" if forwarded else "")
        old = workshop.build_at(workshop.scenario.collected).startswith("15.0")
        self._version = "8.5" if old else "10.0"
        folder = f"C/inetpub/logs/LogFiles/W3SVC{number}"
        self._log = Rolling(workshop.tree, lambda key, _: f"{folder}/u_ex{key[2:]}.log", self._head)
        self._restarts = _restarts(workshop.dice.stream("iis", str(number)), workshop.scenario.first_day)
        self._next = next(self._restarts)

    def write(self, at: datetime, query: str, trace: Request) -> tuple[str, int]:
        """Write one row; give path and line."""
        if at >= self._next:
            self._begin_anew(at)
        row = _back_row(trace, query) if self._back else _front_row(trace, query)
        if self._forwarded:
            row = f"{row} {_field(trace.forwarded)}"
        return self._log.line(at, day_of(at), f"{at.isoformat(' ', 'seconds')[:19]} {row}")

    def close(self) -> None:
        """Close the open file."""
        self._log.close()

    def _begin_anew(self, at: datetime) -> None:
        if self._next.date() == at.date():
            self._log.heading(day_of(at), self._head(at))
        while at >= self._next:
            self._next = next(self._restarts)

    def _head(self, at: datetime) -> tuple[str, ...]:
        return (
            f"#Software: Microsoft Internet Information Services {self._version}",
            "#Version: 1.0",
            f"#Date: {at.isoformat(' ', 'seconds')[:19]}",
            f"#Fields: {self._fields}",
        )


def _front_row(trace: Request, query: str) -> str:
    return (
        f"{_server_side(trace.client)} {trace.method} {_field(trace.stem)} {_field(query)} 443 "
        f"{_field(trace.user)} {trace.client} {_field(trace.agent)} {_field(trace.referer)} "
        f"{trace.status} {trace.substatus} {trace.win32} {trace.taken_ms}"
    )


def _back_row(trace: Request, query: str) -> str:
    """The front end asks by the server's own address: the client is in no column of its own here."""
    own = trace.client if _is_own(trace.client) else OWN_LINK
    status = trace.status if trace.backend_status is None else trace.backend_status
    return (
        f"{own} {trace.method} {_field(trace.backend_stem or trace.stem)} {_field(query)} 444 "
        f"{_field(trace.user)} {own} {_field(trace.agent)} {_field(trace.referer)} "
        f"{status} {trace.substatus} {trace.win32} {max(trace.taken_ms - 3, 0)}"
    )


def _query(trace: Request) -> str:
    """The client's query, and what Exchange's front end adds to it."""
    if not trace.proxied:
        return trace.query
    tail = f"{trace.query}&CorrelationID=<empty>;&cafeReqId={trace.ident};"
    return f"{tail}&encoding=;" if trace.protocol == "Owa" else tail


def _field(value: str) -> str:
    if not value:
        return "-"
    return value.replace(" ", "+") if value.isprintable() else "+".join(value.split())


def _server_side(client: str) -> str:
    """Give the address by which the server was reached."""
    return client if _is_own(client) else OWN_ADDRESS


def _is_own(client: str) -> bool:
    return client.startswith(("fe80:", "127.")) or client == "::1"


def _restarts(dice: Dice, first: date) -> Iterator[datetime]:
    """Yield when the service begins anew, day after day."""
    day = _midnight(first)
    while True:
        count = dice.between(*_RESTARTS)
        yield from sorted(day + timedelta(seconds=dice.between(60, 86_000)) for _ in range(count))
        day += timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
