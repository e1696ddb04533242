#!/usr/bin/env python3
"""How many event records a second ``tocsin assess`` reads, end to end, beside the bare reader.

    python benchmarks/event_logs.py --records 400000 --into /data
    python benchmarks/event_logs.py --keep /tmp/logs   # make the logs once, and use them again
    python benchmarks/event_logs.py --profile          # where the time goes

Makes the event logs of one busy server: mostly Security (logons 4624, 4625, 4634, 4672, connections
5156, processes 4688), then System, Application and MSExchange Management, in archived files of some
20 MB, about a kilobyte a record. Every record has the whole of ``System``, as Windows writes it. All are
innocent. Then, in the same process and in turns, takes CPU seconds of

- ``assess``: the whole of it, with all packs that come with the program; SHA-256 of every file included,
- ``parse``: the artefact module alone, giving every record,
- ``reader``: the package evtx giving every record as XML, which is the floor,

and prints records, megabytes and CPU seconds, the best of several turns. Target: 50,000 records/s.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evtx import PyEvtxParser

from tocsin.artefacts import windows_evtx
from tocsin.assessment.server import Request, assess_evidence, load_knowledge
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.evtx import Element, EvtxFile, Number, WrittenEvent

TARGET = 50_000
IN_ONE_FILE = 20_000
PAIRS = list[tuple[str | None, str]]
AUDITING = "Microsoft-Windows-Security-Auditing"
MIX = (
    ("4624", 30),
    ("4634", 14),
    ("4672", 14),
    ("4625", 8),
    ("5156", 24),
    ("4688", 2),
    ("7036", 3),
    ("2080", 4),
    ("cmdlet", 1),
)
CHANNELS = {"7036": "System", "2080": "Application", "cmdlet": "MSExchange Management"}


class WholeEvent(WrittenEvent, frozen=True, kw_only=True):
    """An event with all that Windows writes into ``System``."""

    def element(self, record: int) -> Element:
        """Give the event under the record number."""
        system, body = super().element(record).children
        head = [
            Element(name="Version", text=Number(2, 8)),
            Element(name="Task", text=Number(12544, 16)),
            Element(name="Opcode", text=Number(0, 8)),
            Element(name="Keywords", text="0x8020000000000000"),
        ]
        middle = [
            Element(name="Correlation", attributes={"ActivityID": "9BF0D5AA-0F8C-4A63-8E3B-1D2F55A1C001"}),
            Element(name="Execution", attributes={"ProcessID": "652", "ThreadID": str(700 + record % 90)}),
        ]
        first, last = system.children[:2], system.children[2:]
        parts = [*first, head[0], last[0], *head[1:], *last[1:3], *middle, *last[3:]]
        whole = Element(name="System", children=parts)
        return Element(
            name="Event",
            attributes={"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            children=[whole, body],
        )


def main() -> int:
    """Run the benchmark; 1 when the target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000, help="records in all, about")
    parser.add_argument("--turns", type=int, default=3, help="the best of so many")
    parser.add_argument("--into", type=Path, help="folder with room: about a kilobyte a record")
    parser.add_argument("--keep", type=Path, help="make the logs here unless they are there, and leave them")
    parser.add_argument("--profile", action="store_true", help="print where the time of assess goes")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp(dir=chosen.into))
    try:
        if not (folder / "C").exists():
            make(folder / "C/Windows/System32/winevt/Logs", chosen.records)
        return profile(folder) if chosen.profile else measure(folder, chosen.turns)
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)


def measure(folder: Path, turns: int) -> int:
    """Take every way in turns and print the best of each."""
    logs = sorted(folder.rglob("*.evtx"))
    size = sum(log.stat().st_size for log in logs)
    knowledge = load_knowledge()
    ways: dict[str, Callable[[], int]] = {
        "reader": lambda: sum(read(log) for log in logs),
        "parse": lambda: parse(folder),
        "assess": lambda: assessed(folder, knowledge),
    }
    spent = dict.fromkeys(ways, float("inf"))
    records = dict.fromkeys(ways, 0)
    for _ in range(turns):
        for name, way in ways.items():
            started = time.process_time()
            records[name] = way()
            spent[name] = min(spent[name], time.process_time() - started)
    print(f"{records['reader']:,} records, {size / 1e6:,.0f} MB in {len(logs)} files; best of {turns}")
    for name, seconds in spent.items():
        rates = f"{records[name] / seconds:>10,.0f}/s {size / seconds / 1e6:7.0f} MB/s"
        print(f"{name:8} {records[name]:>10,} {seconds:8.2f} CPU s {rates}")
    reached = records["assess"] / spent["assess"]
    print(f"assess reaches {reached / TARGET:.2f} of the target of {TARGET:,} records/s")
    return 0 if reached >= TARGET and len(set(records.values())) == 1 else 1


def profile(folder: Path) -> int:
    """Print the functions that take most of the time of ``assess``."""
    knowledge = load_knowledge()
    watch = cProfile.Profile()
    watch.runcall(assessed, folder, knowledge)
    pstats.Stats(watch).sort_stats("tottime").print_stats(40)
    return 0


def read(log: Path) -> int:
    """Let the package read a file as XML."""
    return sum(record is not None for record in PyEvtxParser(str(log), number_of_threads=1).records())


def parse(folder: Path) -> int:
    """Let the artefact module read all files."""
    with open_evidence(folder) as evidence:
        return sum(1 for source in evidence.sources() for _ in windows_evtx.parse(source))


def assessed(folder: Path, knowledge: object) -> int:
    """Assess the folder; give the records that coverage counts."""
    found = assess_evidence(Request(evidence=folder), knowledge)  # type: ignore[arg-type]  # what load_knowledge gave
    return sum(row.records for row in found.coverage.artefacts)


def make(folder: Path, records: int) -> None:
    """Write the logs, a file for each channel and as many archived ones of Security as there must be."""
    folder.mkdir(parents=True)
    dice = random.Random(1)  # noqa: S311 - a repeatable flood, no secret
    kinds, weights = zip(*MIX, strict=True)
    chosen = dice.choices(kinds, weights, k=records)
    for channel in ("Security", *CHANNELS.values()):
        mine = [kind for kind in chosen if CHANNELS.get(kind, "Security") == channel]
        for part, start in enumerate(range(0, len(mine), IN_ONE_FILE)):
            name = f"Archive-{channel}-{part}.evtx" if part else f"{channel}.evtx"
            write(folder / name, channel, mine[start : start + IN_ONE_FILE], start, dice)


def write(path: Path, channel: str, kinds: Sequence[str], first: int, dice: random.Random) -> None:
    """Write one log."""
    with path.open("wb") as stream:
        log = EvtxFile(stream, first_record=first + 1)
        for event in events(channel, kinds, first, dice):
            log.add(event)
        log.close()


def events(channel: str, kinds: Sequence[str], first: int, dice: random.Random) -> Iterator[WrittenEvent]:
    """Yield events, a quarter of a second apart."""
    start = datetime(2021, 2, 20, tzinfo=UTC)
    for number, kind in enumerate(kinds, first):
        at = start + timedelta(seconds=number / 4, microseconds=dice.randrange(250_000))
        provider = PROVIDERS.get(kind, AUDITING)
        event_id = {"cmdlet": 1}.get(kind) or int(kind)
        yield WholeEvent(
            provider=provider, event_id=event_id, channel=channel, time=at, data=MAKERS[kind](dice), level=0
        )


def subject(dice: random.Random) -> PAIRS:
    """Who did it, as most audits begin."""
    name = f"HealthMailbox{dice.randrange(1 << 28):07x}" if dice.getrandbits(1) else "MAIL01$"
    sid = f"S-1-5-21-1085031214-1563985344-725345543-{dice.randrange(500, 9000)}"
    logon = f"0x{dice.randrange(1 << 32):x}"
    return [
        ("SubjectUserSid", sid),
        ("SubjectUserName", name),
        ("SubjectDomainName", "CONTOSO"),
        ("SubjectLogonId", logon),
    ]


def target(dice: random.Random) -> PAIRS:
    """For whom it was done."""
    return [((name or "").replace("Subject", "Target"), value) for name, value in subject(dice)]


def address(dice: random.Random) -> str:
    """An address that belongs to nobody."""
    return f"{dice.choice(('192.0.2', '198.51.100', '10.0.0', '10.0.1'))}.{dice.randrange(1, 255)}"


def logon(dice: random.Random) -> PAIRS:
    """4624."""
    return [
        *subject(dice), *target(dice),
        ("LogonType", dice.choice(("3", "3", "8", "5"))), ("LogonProcessName", "Kerberos"),
        ("AuthenticationPackageName", "Kerberos"), ("WorkstationName", "-"),
        ("LogonGuid", f"{dice.randrange(1 << 32):08X}-0F8C-4A63-8E3B-1D2F55A1C001"),
        ("TransmittedServices", "-"), ("LmPackageName", "-"), ("KeyLength", "0"),
        ("ProcessId", "0x0"), ("ProcessName", "-"), ("IpAddress", address(dice)),
        ("IpPort", str(dice.randrange(1025, 65535))), ("ImpersonationLevel", "%%1833"),
        ("RestrictedAdminMode", "-"), ("TargetOutboundUserName", "-"), ("TargetOutboundDomainName", "-"),
        ("VirtualAccount", "%%1843"), ("TargetLinkedLogonId", "0x0"), ("ElevatedToken", "%%1842"),
    ]  # fmt: skip


def refused(dice: random.Random) -> PAIRS:
    """4625."""
    return [
        *subject(dice), ("TargetUserSid", "S-1-0-0"), ("TargetUserName", f"user{dice.randrange(5000)}"),
        ("TargetDomainName", "CONTOSO"), ("Status", "0xc000006d"), ("FailureReason", "%%2313"),
        ("SubStatus", "0xc0000064"), ("LogonType", "3"), ("LogonProcessName", "NtLmSsp "),
        ("AuthenticationPackageName", "NTLM"), ("WorkstationName", f"PC{dice.randrange(900)}"),
        ("TransmittedServices", "-"), ("LmPackageName", "-"), ("KeyLength", "0"), ("ProcessId", "0x0"),
        ("ProcessName", "-"), ("IpAddress", address(dice)), ("IpPort", str(dice.randrange(1025, 65535))),
    ]  # fmt: skip


def connection(dice: random.Random) -> PAIRS:
    """5156."""
    program = dice.choice(("inetsrv\\w3wp.exe", "svchost.exe", "lsass.exe"))
    return [
        ("ProcessID", str(dice.randrange(400, 9000))),
        ("Application", f"\\device\\harddiskvolume2\\windows\\system32\\{program}"),
        ("Direction", "%%14592"), ("SourceAddress", address(dice)),
        ("SourcePort", str(dice.randrange(1025, 65535))), ("DestAddress", address(dice)),
        ("DestPort", "443"), ("Protocol", "6"), ("FilterRTID", str(dice.randrange(99_999))),
        ("LayerName", "%%14610"), ("LayerRTID", "44"), ("RemoteUserID", "S-1-0-0"),
        ("RemoteMachineID", "S-1-0-0"),
    ]  # fmt: skip


def process(dice: random.Random) -> PAIRS:
    """4688."""
    program = "C:\\Windows\\System32\\conhost.exe"
    return [
        *subject(dice), ("NewProcessId", f"0x{dice.randrange(9000):x}"), ("NewProcessName", program),
        ("TokenElevationType", "%%1936"), ("ProcessId", "0x1c4"),
        ("CommandLine", f"\\??\\{program} 0x{dice.randrange(1 << 32):x}"),
        ("TargetUserSid", "S-1-0-0"), ("TargetUserName", "-"), ("TargetDomainName", "-"),
        ("TargetLogonId", "0x0"), ("ParentProcessName", "C:\\Windows\\System32\\csrss.exe"),
        ("MandatoryLabel", "S-1-16-16384"),
    ]  # fmt: skip


def cmdlet(dice: random.Random) -> PAIRS:
    """An everyday command of the management shell."""
    first = ["Get-MailboxDatabase", '-Status "True"', "NT AUTHORITY\\SYSTEM", "S-1-5-18", "S-1-5-18"]
    process = f"{dice.randrange(9999)} w3wp#MSExchangePowerShellAppPool"
    return [(None, text) for text in [*first, "Remote-PowerShell", process, *["0"] * 20]]


PRIVILEGES = "SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeDebugPrivilege"
MAKERS: dict[str, Callable[[random.Random], PAIRS]] = {
    "4624": logon,
    "4634": lambda dice: [*target(dice), ("LogonType", "3")],
    "4672": lambda dice: [*subject(dice), ("PrivilegeList", PRIVILEGES)],
    "4625": refused,
    "5156": connection,
    "4688": process,
    "7036": lambda dice: [
        ("param1", dice.choice(("Windows Update", "WMI Performance Adapter"))),
        ("param2", "running"),
    ],
    "2080": lambda dice: [
        (None, "MSEXCHANGEADTOPOLOGYSERVICE.EXE"),
        (None, str(dice.randrange(9999))),
        (None, "dc01.contoso.example\tCDG 1 7 7 1 0 1 1 7 1"),
    ],
    "cmdlet": cmdlet,
}
PROVIDERS = {
    "7036": "Service Control Manager",
    "2080": "MSExchangeADTopology",
    "cmdlet": "MSExchange CmdletLogs",
}

if __name__ == "__main__":
    sys.exit(main())
