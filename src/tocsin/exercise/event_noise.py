"""What every Exchange server writes into its event logs on a quiet day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

from tocsin.exercise.dice import Dice
from tocsin.exercise.event_rows import (
    APPLICATION,
    DEFENDER,
    MANAGEMENT,
    SECURITY,
    SYSMON,
    SYSTEM,
    EventRows,
    unnamed,
)
from tocsin.exercise.story import Command, ProcessStarted
from tocsin.exercise.workshop import Workshop
from tocsin.exercise.written_event import WrittenEvent

_MINUTES = {APPLICATION: 50, SECURITY: 25, SYSTEM: 90, SYSMON: 30, DEFENDER: 360, MANAGEMENT: 200}
"""How far apart everyday events are in each log, about."""

CHANNELS = tuple(_MINUTES)

_SVCHOST = "C:\\Windows\\System32\\svchost.exe"
_PROGRAMS = (
    ("C:\\Windows\\System32\\taskhostw.exe", _SVCHOST, "taskhostw.exe"),
    ("C:\\Windows\\System32\\wbem\\WmiPrvSE.exe", _SVCHOST, "WmiPrvSE.exe -secured -Embedding"),
    ("C:\\Windows\\System32\\conhost.exe", "C:\\Windows\\System32\\csrss.exe", "conhost.exe 0xffffffff"),
    ("C:\\Windows\\System32\\SearchIndexer.exe", "C:\\Windows\\System32\\services.exe", "SearchIndexer.exe"),
    (
        "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe",
        "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
        '"csc.exe" /t:library /utf8output /noconfig',
    ),
)
_SERVICES = ("Windows Update", "WMI Performance Adapter", "Software Protection", "Microsoft Exchange Search")
_LOOKS = (
    "Get-ServerHealth",
    "Get-MailboxDatabase",
    "Get-ExchangeServer",
    "Get-Queue",
    "Get-MailboxStatistics",
)
_SCM = "Service Control Manager"
_AUDITING = "Microsoft-Windows-Security-Auditing"
_DEFENDER = "Microsoft-Windows-Windows Defender"


class Noise:
    """The everyday events of one log, in the order of time, from the first day to the collection."""

    def __init__(self, workshop: Workshop, channel: str) -> None:
        """``channel``: one of ``CHANNELS``; of any other there is none."""
        self._workshop = workshop
        self._rows = EventRows(workshop, "noise", channel)
        self._channel = channel
        self._dice = workshop.dice.stream("event-noise", channel)
        self._next: WrittenEvent | None = None
        self._rest = self._events()

    def until(self, moment: datetime) -> Iterator[WrittenEvent]:
        """Yield what is due up to a moment and was not given before."""
        self._next = self._next or next(self._rest, None)
        while self._next is not None and self._next.time <= moment:
            yield self._next
            self._next = next(self._rest, None)

    def _events(self) -> Iterator[WrittenEvent]:
        minutes = _MINUTES.get(self._channel)
        if minutes is None:
            return
        make = _MAKERS[self._channel]
        scenario = self._workshop.scenario
        at = datetime.combine(scenario.first_day, time(), UTC) + timedelta(seconds=self._dice.between(1, 900))
        while at <= scenario.collected:
            found = make(self._rows, at, self._dice)
            if found is not None:
                yield found
            at += timedelta(milliseconds=self._dice.between(minutes * 20_000, minutes * 100_000))


def _application(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent:
    kind = dice.weighted((("topology", 5.0), ("licence", 2.0), ("store", 2.0), ("page", 1.0), ("ecp", 0.5)))
    if kind == "topology":
        data = unnamed(
            "MSEXCHANGEADTOPOLOGYSERVICE.EXE", "3052", f"{rows.accounts.controller}\tCDG 1 7 7 1 0 1 1 7 1"
        )
        return rows.event(at, APPLICATION, "MSExchangeADTopology", 2080, data)
    if kind == "licence":
        return rows.event(
            at, APPLICATION, "Microsoft-Windows-Security-SPP", 16384, unnamed(f"{at:%Y-%m-%dT%H:%M:%SZ}")
        )
    if kind == "store":
        data = unnamed("Microsoft.Exchange.Store.Worker", "5124,D,0", "DB01", "40")
        return rows.event(at, APPLICATION, "ESENT", 916, data)
    if kind == "ecp":
        return rows.event(at, APPLICATION, "MSExchange Control Panel", 1, unnamed(rows.texts.started))
    data = unnamed(
        "3005", rows.texts.unhandled, f"{at:%m/%d/%Y %H:%M:%S}", "HttpException", "/owa/default.aspx"
    )
    return rows.event(at, APPLICATION, "ASP.NET 4.0.30319.0", 1309, data, level=3)


def _security(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent | None:
    if dice.chance(0.4):
        return _program(rows, at, dice, SECURITY)
    account = rows.accounts.of(f"{rows.accounts.netbios}\\HealthMailbox{dice.letters(7, '0123456789abcdef')}")
    data: list[tuple[str | None, str]] = [
        ("SubjectUserSid", "S-1-5-18"),
        ("SubjectUserName", rows.accounts.machine),
        ("SubjectDomainName", rows.accounts.netbios),
        ("SubjectLogonId", "0x3e7"),
        ("TargetUserSid", account.sid),
        ("TargetUserName", account.name),
        ("TargetDomainName", account.domain),
        ("TargetLogonId", hex(dice.between(0x100000, 0xFFFFFF))),
        ("LogonType", dice.pick(("3", "3", "8"))),
        ("LogonProcessName", "Advapi  "),
        ("AuthenticationPackageName", "Negotiate"),
        ("WorkstationName", rows.accounts.machine[:-1]),
        ("ProcessName", "C:\\Windows\\System32\\inetsrv\\w3wp.exe"),
        ("IpAddress", "::1"),
        ("IpPort", str(dice.between(1025, 65000))),
    ]
    return rows.event(at, SECURITY, _AUDITING, 4624, data, level=0)


def _sysmon(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent | None:
    return _program(rows, at, dice, SYSMON)


def _program(rows: EventRows, at: datetime, dice: Dice, channel: str) -> WrittenEvent | None:
    image, parent, line = dice.pick(_PROGRAMS)
    started = ProcessStarted(at=at, image=image, parent=parent, command_line=line)
    return next((event for event in rows.of(started) if event.channel == channel), None)


def _system(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent:
    if dice.chance(0.1):
        uptime = unnamed("", "", "", "", str(dice.between(10**5, 10**7)), "60", "0 UTC")
        return rows.event(at, SYSTEM, "EventLog", 6013, uptime)
    state = dice.pick((rows.texts.running, rows.texts.stopped))
    return rows.event(at, SYSTEM, _SCM, 7036, [("param1", dice.pick(_SERVICES)), ("param2", state)])


def _defender(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent:
    version = f"1.331.{dice.between(100, 2000)}.0"
    if dice.chance(0.5):
        data: list[tuple[str | None, str]] = [
            ("Product Name", "%%827"),
            ("Current security intelligence Version", version),
            ("Update Type", "%%835"),
        ]
        return rows.event(at, DEFENDER, _DEFENDER, 2000, data)
    number = dice.pick((1000, 1001))
    data = [("Product Name", "%%827"), ("Scan ID", dice.guid().upper()), ("Scan Type", "%%802")]
    return rows.event(at, DEFENDER, _DEFENDER, number, data)


def _management(rows: EventRows, at: datetime, dice: Dice) -> WrittenEvent | None:
    looks = Command(
        at=at,
        cmdlet=dice.pick(_LOOKS),
        parameters=(("Identity", rows.accounts.machine[:-1]),),
        user="NT AUTHORITY\\SYSTEM",
        via="powershell",
    )
    return next(rows.of(looks), None)


_MAKERS: dict[str, Callable[[EventRows, datetime, Dice], WrittenEvent | None]] = {
    APPLICATION: _application,
    SECURITY: _security,
    SYSTEM: _system,
    SYSMON: _sysmon,
    DEFENDER: _defender,
    MANAGEMENT: _management,
}
