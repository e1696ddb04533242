"""Which events a trace leaves in the Windows event logs, and what they say.

Layouts: the 27 unnamed values of provider MSExchange CmdletLogs were measured on a real event; those
of Security 4688, Sysmon 1 and 11, and Defender 1116 and 1117 are the vendor's own field names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from tocsin.exercise.accounts import Accounts
from tocsin.exercise.languages import culture_of, texts_of
from tocsin.exercise.story import (
    Command,
    EventWritten,
    FileRemoved,
    FileWritten,
    ProcessStarted,
    Request,
    Trace,
)
from tocsin.exercise.workshop import Workshop
from tocsin.exercise.written_event import WrittenEvent

MANAGEMENT = "MSExchange Management"
APPLICATION = "Application"
SECURITY = "Security"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
SYSTEM = "System"

_SERVER_ERROR = 500
_CREATED = 4688
_SYSTEM_SID = "S-1-5-18"
_NOBODY = "S-1-0-0"

Pairs = list[tuple[str | None, str]]


class EventRows:
    """Gives the events of traces, for one server."""

    def __init__(self, workshop: Workshop, *names: str) -> None:
        """Take the facts of the server; ``names``: of a stream of chance of its own."""
        server = workshop.scenario.server
        self.accounts = Accounts(workshop)
        self.texts = texts_of(server.language)
        self._culture = culture_of(server.language)
        self._dice = workshop.dice.stream("events", *names)
        self._server = server

    def of(self, trace: Trace) -> Iterator[WrittenEvent]:
        """Yield the events that a trace leaves; most requests leave none."""
        if isinstance(trace, Request):
            yield from self._request(trace)
        elif isinstance(trace, Command):
            yield from self._command(trace)
        elif isinstance(trace, ProcessStarted):
            yield from self._process(trace)
        elif isinstance(trace, FileWritten):
            yield from self._file(trace)
        elif isinstance(trace, FileRemoved):
            yield from self._removal(trace)
        elif isinstance(trace, EventWritten):
            yield from self._given(trace)

    def event(
        self, at: datetime, channel: str, provider: str, event_id: int, data: Pairs, *, level: int = 4
    ) -> WrittenEvent:
        """Give an event of this server."""
        return WrittenEvent(
            provider=provider,
            event_id=event_id,
            channel=channel,
            time=at,
            data=data,
            computer=self.accounts.computer,
            level=level,
            user_id=_SYSTEM_SID if channel in {SYSMON, DEFENDER} else "",
        )

    # --- Exchange -----------------------------------------------------------------------------

    def _request(self, trace: Request) -> Iterator[WrittenEvent]:
        """The front end reports an error that nobody caught."""
        if not (trace.proxied and trace.error and trace.status >= _SERVER_ERROR):
            return
        said = " ".join(part for part in (trace.anchor, trace.error) if part)
        data = unnamed(trace.protocol, said)
        yield self.event(trace.at, APPLICATION, "MSExchange Front End HTTP Proxy", 1002, data, level=2)

    def _command(self, trace: Command) -> Iterator[WrittenEvent]:
        failed = bool(trace.error)
        number, level = (6, 2) if failed else (1, 4)
        data = unnamed(*self._cmdlet_data(trace))
        yield self.event(trace.at, MANAGEMENT, "MSExchange CmdletLogs", number, data, level=level)
        if failed and trace.via == "ecp":
            url = f"https://{self.accounts.computer.lower()}:444{trace.url or '/ecp/'}"
            said = unnamed(self.accounts.canonical(trace.user), url, trace.error)
            yield self.event(trace.at, APPLICATION, "MSExchange Control Panel", 4, said, level=2)

    def _cmdlet_data(self, trace: Command) -> Iterator[str]:
        account = self.accounts.of(trace.user)
        own = trace.via == "ecp"
        pool = "MSExchangeECPAppPool" if own else "MSExchangePowerShellAppPool"
        yield from (trace.cmdlet, parameters_of(trace), self.accounts.canonical(trace.user))
        yield from (account.sid, account.sid)
        yield f"ECP-ECP-{trace.url.partition('?')[0]}" if own else "Remote-ManagementShell-Unknown"
        yield f"{self._dice.between(1000, 30000)} w3wp#{pool}"
        yield from ("", str(self._dice.between(5, 90)), self._duration())
        yield self.texts.view.format(domain=self.accounts.domain, controller=self.accounts.controller)
        yield from (trace.error, "", "", "", "", "", "False", "", self.texts.proxied, "", "", "0")
        yield from (f"ActivityId: {self._dice.guid()}", "ServicePlan:;IsAdmin:True;", "", self._culture)

    def _duration(self) -> str:
        return f"00:00:{self._dice.between(0, 9):02d}.{self._dice.between(0, 9_999_999):07d}"

    # --- processes and files ------------------------------------------------------------------

    def _process(self, trace: ProcessStarted) -> Iterator[WrittenEvent]:
        if self._server.auditing:
            data = self._audit_data(trace)
            provider = "Microsoft-Windows-Security-Auditing"
            yield self.event(trace.at, SECURITY, provider, _CREATED, data, level=0)
        if self._server.sysmon:
            yield self._sysmon(trace.at, 1, self._start_data(trace))

    def _audit_data(self, trace: ProcessStarted) -> Pairs:
        account = self.accounts.of(trace.user)
        machine = account.sid == _SYSTEM_SID
        return [
            ("SubjectUserSid", account.sid),
            ("SubjectUserName", self.accounts.machine if machine else account.name),
            ("SubjectDomainName", self.accounts.netbios if machine else account.domain),
            ("SubjectLogonId", "0x3e7" if machine else hex(self._dice.between(0x10000, 0xFFFFFF))),
            ("NewProcessId", hex(self._dice.between(0x200, 0x7FFF))),
            ("NewProcessName", trace.image),
            ("TokenElevationType", "%%1936"),
            ("ProcessId", hex(self._dice.between(0x200, 0x7FFF))),
            ("CommandLine", trace.command_line),
            ("TargetUserSid", _NOBODY),
            ("TargetUserName", "-"),
            ("TargetDomainName", "-"),
            ("TargetLogonId", "0x0"),
            ("ParentProcessName", trace.parent),
            ("MandatoryLabel", "S-1-16-16384"),
        ]

    def _start_data(self, trace: ProcessStarted) -> Pairs:
        name = trace.image.rpartition("\\")[2]
        return [
            ("RuleName", "-"),
            *self._who(trace.at, trace.image),
            ("FileVersion", "-"),
            ("Description", "-"),
            ("Product", "-"),
            ("Company", "-"),
            ("OriginalFileName", name),
            ("CommandLine", trace.command_line),
            ("CurrentDirectory", "C:\\Windows\\System32\\inetsrv\\"),
            ("User", trace.user),
            ("LogonGuid", self._brace()),
            ("LogonId", "0x3e7"),
            ("TerminalSessionId", "0"),
            ("IntegrityLevel", "System"),
            ("Hashes", f"SHA256={hashlib.sha256(trace.image.lower().encode()).hexdigest().upper()}"),
            ("ParentProcessGuid", self._brace()),
            ("ParentProcessId", str(self._dice.between(500, 30000))),
            ("ParentImage", trace.parent),
            ("ParentCommandLine", trace.parent_command_line or trace.parent),
        ]

    def _file(self, trace: FileWritten) -> Iterator[WrittenEvent]:
        if not self._server.sysmon:
            return
        stamp = f"{trace.at:%Y-%m-%d %H:%M:%S}.{trace.at.microsecond // 1000:03d}"
        data: Pairs = [
            ("RuleName", "-"),
            *self._who(trace.at, trace.image),
            ("TargetFilename", trace.path),
            ("CreationUtcTime", stamp),
        ]
        yield self._sysmon(trace.at, 11, data)

    def _who(self, at: datetime, image: str) -> Pairs:
        return [
            ("UtcTime", f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"),
            ("ProcessGuid", self._brace()),
            ("ProcessId", str(self._dice.between(500, 30000))),
            ("Image", image),
        ]

    def _brace(self) -> str:
        return f"{{{self._dice.guid().upper()}}}"

    def _sysmon(self, at: datetime, number: int, data: Pairs) -> WrittenEvent:
        return self.event(at, SYSMON, "Microsoft-Windows-Sysmon", number, data)

    # --- Defender, and whatever else ----------------------------------------------------------

    def _removal(self, trace: FileRemoved) -> Iterator[WrittenEvent]:
        """Defender says what it found, then what it did; ``Action ID`` 2 is quarantine in every language."""
        if trace.by != "defender":
            return
        detection = self._brace()
        for number, level, action in ((1116, 3, ("9", self.texts.no_action)), (1117, 4, ("2", ""))):
            word = action[1] or self.texts.quarantined
            data = self._defender_data(trace, detection, action[0], word)
            yield self.event(
                trace.at, DEFENDER, "Microsoft-Windows-Windows Defender", number, data, level=level
            )

    def _defender_data(self, trace: FileRemoved, detection: str, action: str, word: str) -> Pairs:
        return [
            ("Product Name", "%%827"),
            ("Product Version", "4.18.2102.4"),
            ("Detection ID", detection),
            ("Detection Time", f"{trace.at:%Y-%m-%dT%H:%M:%S}.{trace.at.microsecond // 1000:03d}Z"),
            ("Threat ID", "2147772447"),
            ("Threat Name", "Backdoor:ASP/Example"),
            ("Severity ID", "5"),
            ("Severity Name", self.texts.severe),
            ("Category ID", "6"),
            ("Category Name", self.texts.category),
            ("Process Name", "Unknown"),
            ("Detection User", f"NT AUTHORITY\\{self.texts.system}"),
            ("Path", f"file:_{trace.path}"),
            ("Action ID", action),
            ("Action Name", word),
            ("Error Code", "0x00000000"),
        ]

    def _given(self, trace: EventWritten) -> Iterator[WrittenEvent]:
        """An event as the story has it, unless the log that would hold it is switched off."""
        if trace.channel == SYSMON and not self._server.sysmon:
            return
        audited = trace.channel == SECURITY and trace.event_id == _CREATED
        if audited and not self._server.auditing:
            return
        data: Pairs = [(None, value) if isinstance(value, str) else value for value in trace.data]
        yield self.event(trace.at, trace.channel, trace.provider, trace.event_id, data, level=trace.level)


def unnamed(*values: str) -> Pairs:
    """Give values as data without names."""
    return [(None, value) for value in values]


def parameters_of(command: Command) -> str:
    """Give the parameters as MSExchange CmdletLogs writes them: ``-Identity "x" -Force "True"``."""
    return " ".join(f"-{name} {_parameter(value)}" for name, value in command.parameters)


def _parameter(value: str | bool | None) -> str:  # noqa: FBT001 - the value of a parameter
    return "$null" if value is None else f'"{value}"'
