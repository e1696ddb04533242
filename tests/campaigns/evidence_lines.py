"""Invented files of real shapes, read by the real parsers and matched by the real packs."""

from __future__ import annotations

import io
from pathlib import Path
from xml.sax.saxutils import escape

from tocsin.artefacts.registry import identify
from tocsin.detections.matching import Matcher
from tocsin.evidence.source import HEAD, Source
from tocsin.model.findings import Finding
from tocsin.model.records import Record, Unreadable
from tocsin.packs.loading import Pack, load_packs

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PACKS: tuple[Pack, ...] = load_packs([CAMPAIGNS])
V15 = "Program Files/Microsoft/Exchange Server/V15/"

IIS = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2021-03-03 00:00:00\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
)
PROXY = (
    "#Software: Microsoft Exchange Server\n#Version: 15.01.2106.002\n#Log-type: HttpProxy Logs\n"
    "#Date: 2021-03-03T06:00:00.000Z\n"
    "#Fields: DateTime,RequestId,Protocol,UrlHost,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,"
    "ClientIpAddress,HttpStatus,BackEndStatus,Method,RoutingHint,BackEndCookie,RequestBytes,ResponseBytes,"
    "UrlQuery\n"
)
SYSMON = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID>"
    "<TimeCreated SystemTime='2021-03-03T06:59:17.9600000Z'/><EventRecordID>7</EventRecordID>"
    "<Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ex01.contoso.example</Computer>"
    "</System><EventData>{}</EventData></Event>\n"
)
ECP = (
    "#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Log-type: ECP Server Log\n"
    "#Date: 2021-03-03T00:02:33.938Z\n#Fields: TimeStamp,ServerName,EventId,EventData\n"
)


def iis(*rows: str) -> tuple[str, bytes]:
    """An IIS log: each row is ``time method stem query user ip agent status``."""
    return "inetpub/logs/LogFiles/W3SVC1/u_ex210303.log", (IIS + "".join(map(_iis_row, rows))).encode()


def _iis_row(row: str) -> str:
    time, method, stem, query, user, ip, agent, status = row.split(" ")
    return f"2021-03-03 {time} 192.0.2.10 {method} {stem} {query} 443 {user} {ip} {agent} - {status} 0 0 31\n"


def proxy(*rows: tuple[str, str, str, str, str]) -> tuple[str, bytes]:
    """A HttpProxy log: each row is time, stem, user, anchor, status."""
    lines = "".join(
        f"2021-03-03T{time}.162Z,6d1f0000-0000-4000-8000-000000000001,Ecp,mail.contoso.example,{stem},{user},"
        f"{anchor},python-requests/2.25.1,203.0.113.9,{status},,POST,X-BEResource-Cookie,,912,48120,\n"
        for time, stem, user, anchor, status in rows
    )
    return V15 + "Logging/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG", (PROXY + lines).encode()


def ecp(*commands: str) -> tuple[str, bytes]:
    """An ECP Server log: each row is the text of ``S:CMD=``."""
    lines = "".join(
        '2021-03-03T06:59:17.960Z,EX01,ECP.Request,"S:TIME=13;S:CMD={};S:REQID=;S:EX=;S:RS=0"\n'.format(
            command.replace('"', '""')
        )
        for command in commands
    )
    return V15 + "Logging/ECP/Server/ECPServer20210303-1.LOG", (ECP + lines).encode()


def process(line: str, *, parent_line: str) -> tuple[str, bytes]:
    """Sysmon's event 1: a command shell that the IIS worker started, in an export as XML."""
    said_of = {
        "Image": r"C:\Windows\System32\cmd.exe",
        "CommandLine": line,
        "ParentImage": r"C:\Windows\System32\inetsrv\w3wp.exe",
        "ParentCommandLine": parent_line,
    }
    data = "".join(f"<Data Name='{name}'>{escape(value)}</Data>" for name, value in said_of.items())
    return "sysmon.xml", f"<Events>{SYSMON.format(data)}</Events>".encode()


def findings(*files: tuple[str, bytes], pack: str) -> tuple[Finding, ...]:
    """Parse the files and give one pack's findings."""
    matcher = Matcher([one for one in PACKS if one.id == pack])
    for path, data in files:
        for record in _records(path, data):
            matcher.observe(record)
    return matcher.finish()[pack].findings


def said(found: tuple[Finding, ...], *, least: str = "targeted") -> set[tuple[str, str | None]]:
    """What was concluded, as pairs of meaning and rung, from a gravity up."""
    order = ("context", "targeted", "exploited", "compromised")
    return {(str(f.means), f.rung) for f in found if f.means.gravity >= order.index(least)}


def titles(found: tuple[Finding, ...]) -> set[str]:
    """The rules that spoke, indicators left aside."""
    return {f.rule for f in found if not f.rule.startswith("indicator")}


def _records(path: str, data: bytes) -> list[Record]:
    source = Source(
        path="C/" + path,
        where=path.lower(),
        size=len(data),
        modified=None,
        opener=lambda: io.BytesIO(data),
        head=data[:HEAD],
    )
    module = identify(source)
    assert module is not None, path
    items = [item for item in module.parse(source) if isinstance(item, (Record, Unreadable))]
    return [item if isinstance(item, Record) else _text(item) for item in items]


def _text(item: Unreadable) -> Record:
    fields: dict[str, str | None] = {"Text": item.text}
    return Record(kind="text.unknown", locator=item.locator, time=None, fields=fields, weak=True)
