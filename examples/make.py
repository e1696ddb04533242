#!/usr/bin/env python3
"""Make ``examples/proxylogon-march-2021``: a small simulated collection, the same at every run.

The story: an Exchange 2016 CU18 server without the March 2021 update. On 3 March an intruder comes
in by ProxyLogon and lets Exchange write a page into ``owa/auth``; two strangers find the page on 5
and 6 March; the administrator installs the update on 9 March and deletes the page, but not a second
one below ``aspnet_client``. Everything is a log trace with an inert marker: nothing here works as an
exploit or as a web shell. Addresses are from the ranges for documentation.

Run: ``python3 examples/make.py`` (only the standard library).
"""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent / "proxylogon-march-2021"
EXCHANGE = ROOT / "C/Program Files/Microsoft/Exchange Server/V15"
IIS_LOGS = ROOT / "C/inetpub/logs/LogFiles/W3SVC1"
FIRST, DAYS = datetime(2021, 3, 1, tzinfo=UTC), 10
PATCHED = datetime(2021, 3, 9, 19, 30, tzinfo=UTC)
INTRUDER, STRANGERS = "198.51.100.23", ("203.0.113.77", "203.0.113.140")
SHELL = "/owa/auth/OutlookUS.aspx"
MARKER = "inert-marker-not-a-shell"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/88.0.4324.182 Safari/537.36"
)
IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
PROXY_FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,"
    "UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,"
    "UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,"
    "TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,"
    "ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,"
    "CalculateTargetBackEndLatency,GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,"
    "TotalAccountForestLatency,ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,"
    "SharedCacheLatencyBreakup,TotalSharedCacheLatency,ActivityContextLifeTime,ModuleToHandlerSwitchingLatency,"
    "ClientReqStreamLatency,BackendReqInitLatency,BackendReqStreamLatency,BackendProcessingLatency,"
    "BackendRespInitLatency,BackendRespStreamLatency,ClientRespStreamLatency,KerberosAuthHeaderLatency,"
    "HandlerCompletionLatency,RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime,CoreLatency,"
    "RoutingLatency,HttpProxyOverhead,TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo,"
    "GenericInfo,GenericErrors,EdgeTraceId,DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,"
    "RoutingStatus"
).split(",")
USUAL = (
    (
        "Mapi",
        "POST",
        "/mapi/emsmdb/",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.13628; Pro)",
    ),
    ("Ews", "POST", "/EWS/Exchange.asmx", "AppleExchangeWebServices/818.120.2 accountsd/113"),
    ("Eas", "POST", "/Microsoft-Server-ActiveSync/default.eas", "Outlook-iOS-Android/1.0"),
    ("Owa", "GET", "/owa/auth/logon.aspx", CHROME),
    ("Autodiscover", "POST", "/autodiscover/autodiscover.xml", "Microsoft Office/16.0"),
    ("Ecp", "GET", "/ecp/default.aspx", CHROME),
)

dice = random.Random(20210303)  # noqa: S311 - a fixed seed makes the same files every time
iis: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
proxy: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
ecp: list[tuple[datetime, str]] = []


def guid() -> str:
    """A GUID that is the same at every run."""
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def request(
    at: datetime,
    protocol: str,
    method: str,
    stem: str,
    *,
    client: str,
    agent: str,
    status: int = 200,
    user: str = "",
    anchor: str = "",
    host: str = "mail.contoso.example",
    hint: str = "",
    size: int = 0,
) -> None:
    """One request: a row in the IIS log and a row in the proxy log, joined by its id."""
    ident = guid()
    tail = f"&CorrelationID=<empty>;&cafeReqId={ident};" + ("&encoding=;" if protocol == "Owa" else "")
    taken = dice.randint(3, 180)
    iis[f"u_ex{at:%y%m%d}.log"].append((at, " ".join((
        f"{at:%Y-%m-%d %H:%M:%S}", "192.0.2.10", method, stem, tail, "443", user or "-", client,
        agent.replace(" ", "+"), "-", str(status), "0", "0", str(taken),
    ))))  # fmt: skip
    row = dict.fromkeys(PROXY_FIELDS, "")
    row |= {
        "DateTime": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", "RequestId": ident,
        "MajorVersion": "15", "MinorVersion": "1", "BuildVersion": "2106",
        "RevisionVersion": "13" if at >= PATCHED else "2", "Protocol": protocol, "UrlHost": host, "UrlStem": stem,
        "AuthenticationType": "Negotiate" if user else "FBA", "IsAuthenticated": "true" if user else "false",
        "AuthenticatedUser": user, "AnchorMailbox": anchor, "UserAgent": agent.replace(",", " "),
        "ClientIpAddress": client, "ServerHostName": "MAIL01", "HttpStatus": str(status),
        "BackEndStatus": str(status), "Method": method, "ProxyAction": "Proxy", "RoutingHint": hint,
        "RequestBytes": str(dice.randint(0, 900)), "ResponseBytes": str(size or dice.randint(300, 5000)),
        "TotalRequestTime": str(taken), "GenericInfo": "CorrelationID=<empty>;SharedCacheGuard=0;",
    }  # fmt: skip
    proxy[protocol, f"{at:%Y%m%d}"].append((at, ",".join(row[name] for name in PROXY_FIELDS)))


def ordinary_days() -> None:
    """Users and probes, every quarter of an hour."""
    for step in range(DAYS * 96):
        at = FIRST + timedelta(
            minutes=15 * step, seconds=dice.randint(0, 59), milliseconds=dice.randint(0, 999)
        )
        protocol, method, stem, agent = USUAL[step % len(USUAL)]
        user = "" if protocol in {"Owa", "Ecp"} else f"CONTOSO\\user{dice.randint(1, 40):02d}"
        status = 401 if user and step % 5 == 0 else 200
        request(at, protocol, method, stem, client=f"192.0.2.{dice.randint(50, 90)}", agent=agent, user=user,
                status=status, anchor=f"Sid~S-1-5-21-1-2-3-{dice.randint(1100, 1140)}" if user else "")  # fmt: skip


def intrusion() -> None:
    """The chain, as the proxy log and the ECP log of a real server show it; the payload is a marker."""
    start = datetime(2021, 3, 3, 6, 49, 42, 162_000, tzinfo=UTC)
    canary = "Zk3-Example_canary.value."
    back_end = "ServerInfo~a]@mail01.contoso.example:444"
    chain = (
        (0.0, "/autodiscover/autodiscover.xml?#", 200, "ExchangeServicesClient/0.0.0.0"),
        (1.5, "/mapi/emsmdb/?#", 200, "python-requests/2.25.1"),
        (4.0, "/ecp/proxyLogon.ecp?#", 241, "python-requests/2.25.1"),
        (9.4, f"/ecp/DDI/DDIService.svc/GetObject?msExchEcpCanary={canary}&schema=OABVirtualDirectory#", 200,
         "python-requests/2.25.1"),
        (12.9, f"/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary={canary}&schema=OABVirtualDirectory#", 200,
         "python-requests/2.25.1"),
        (15.2, f"/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary={canary}&schema=ResetOABVirtualDirectory#", 200,
         "python-requests/2.25.1"),
        (18.1, f"/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary={canary}&schema=OABVirtualDirectory#", 200,
         "python-requests/2.25.1"),
    )  # fmt: skip
    for seconds, path, status, agent in chain:
        at = start + timedelta(seconds=seconds)
        request(at, "Ecp", "POST", "/ecp/y.js", client=INTRUDER, agent=agent, status=status,
                anchor=back_end + path, hint="X-BEResource-Cookie")  # fmt: skip
    identity = guid()
    script = f'http://f/<script language="JScript" runat="server">/* {MARKER} */</script>'
    commands = (
        (9.3, "Get-OabVirtualDirectory.ADPropertiesOnly=$true.Identity=$null"),
        (12.8, f"Set-OabVirtualDirectory.ExternalUrl='{script}'.Identity='{identity}'"),
        (15.1, "Remove-OabVirtualDirectory.Force=$true.Identity='MAIL01\\OAB (Default Web Site)'"),
        (15.9, "New-OabVirtualDirectory.WebSiteName='Default Web Site'.Server='MAIL01'.Role='ClientAccess'"),
        (18.0, f"Set-OabVirtualDirectory.ExternalUrl=$null.Identity='{identity}'"),
    )
    for seconds, command in commands:
        ecp_row(start + timedelta(seconds=seconds), command)


def ecp_row(at: datetime, command: str) -> None:
    """One row of the ECP Server log."""
    data = f"S:TIME=47;S:SID={guid()};S:CMD={command};S:REQID=;S:URL=/ecp/DDI/DDIService.svc;S:EX=;S:BLD=15.1.2106.2"
    quoted = '"' + data.replace('"', '""') + '"'
    ecp.append((at, f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z,MAIL01,ECP.Request,{quoted}"))


def strangers() -> None:
    """Two strangers find the page; after the clean-up the same request is sent to the logon page."""
    for day, hour, client in ((5, 3, STRANGERS[0]), (6, 17, STRANGERS[1])):
        at = datetime(2021, 3, day, hour, 6, 27, tzinfo=UTC)
        request(at, "Owa", "GET", SHELL, client=client, agent=CHROME)
    guesses = ("errorEE", "errorEW", "Err0r", "zntwv", "getpp", "fexppw", "OutlookUS")
    for number, name in enumerate(guesses):
        at = datetime(2021, 3, 10, 20, 37, 25 + number, tzinfo=UTC)
        request(at, "Owa", "GET", f"/owa/auth/{name}.aspx", client=STRANGERS[1], agent=CHROME, status=302)


def write_logs() -> None:
    """Write the IIS, proxy and ECP logs with their native headers."""
    for name, rows in iis.items():
        day = min(rows)[0]
        head = (
            "#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0",
            f"#Date: {day:%Y-%m-%d %H:%M:%S}", f"#Fields: {IIS_FIELDS}",
        )  # fmt: skip
        write(IIS_LOGS / name, [*head, *(row for _, row in sorted(rows))])
    for (protocol, day), rows in proxy.items():
        build = "15.01.2106.013" if min(rows)[0] >= PATCHED else "15.01.2106.002"
        name = EXCHANGE / f"Logging/HttpProxy/{protocol}/HttpProxy_{day}00-1.LOG"
        write(name, [*exchange_head("HttpProxy Logs", build, min(rows)[0], ",".join(PROXY_FIELDS)),
                     *(row for _, row in sorted(rows))])  # fmt: skip
    name = EXCHANGE / "Logging/ECP/Server/ECPServer20210303-1.LOG"
    head = exchange_head("ECP Server Log", "15.0.0.0", min(ecp)[0], "TimeStamp,ServerName,EventId,EventData")
    write(name, [*head, *(row for _, row in sorted(ecp))])


def exchange_head(kind: str, version: str, at: datetime, fields: str) -> list[str]:
    """The header family of Exchange's own logs."""
    return [
        "#Software: Microsoft Exchange Server", f"#Version: {version}", f"#Log-type: {kind}",
        f"#Date: {at:%Y-%m-%dT%H:%M:%S}.000Z", f"#Fields: {fields}",
    ]  # fmt: skip


def write_disk() -> None:
    """A web root with a page that was left behind (without script), a configuration without mitigation."""
    dump = {
        "Name": "OAB (Default Web Site)", "PollInterval": "480", "OfflineAddressBooks": "", "RequireSSL": "True",
        "BasicAuthentication": "False", "WindowsAuthentication": "True",
        "MetabasePath": "IIS://mail01.contoso.example/W3SVC/1/ROOT/OAB",
        "Path": r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\OAB",
        "AdminDisplayVersion": "Version 15.1 (Build 2106.2)", "Server": "MAIL01",
        "InternalUrl": "https://mail01.contoso.example/OAB", "ExternalUrl": "http://f/",
        "ObjectClass": "top", "WhenChanged": "3/3/2021 7:49:57 AM", "WhenCreated": "11/12/2020 10:02:11 AM",
        "WhenChangedUTC": "3/3/2021 6:49:57 AM", "WhenCreatedUTC": "11/12/2020 9:02:11 AM", "IsValid": "True",
    }  # fmt: skip
    lines = [f"{name:<32}: {value}" for name, value in dump.items()]
    write(ROOT / "C/inetpub/wwwroot/aspnet_client/discover.aspx", lines)
    write(ROOT / "C/inetpub/wwwroot/web.config", [
        '<?xml version="1.0" encoding="UTF-8"?>', "<configuration>", "  <system.webServer>",
        '    <serverRuntime appConcurrentRequestLimit="65535" />', "  </system.webServer>", "</configuration>",
    ])  # fmt: skip
    write(
        EXCHANGE / "FrontEnd/HttpProxy/owa/auth/readme.txt",
        ["Pages of this folder were listed: no page is left."],
    )
    write(ROOT / "C/ExchangeSetupLogs/ExchangeSetup.log", [
        "[11/12/2020 10:01:25.0820] [0] Starting Microsoft Exchange Server 2016 Setup",
        "[11/12/2020 10:01:25.0867] [0] Local time zone: (UTC+01:00) Amsterdam, Berlin, Rome, Stockholm, Vienna.",
        "[11/12/2020 10:01:25.0868] [0] Setup version: 15.1.2106.2.",
    ])  # fmt: skip
    write(ROOT / "custody.json", [
        '{"collector": "Contoso IT, by hand", "collected_at": "2021-03-11T08:00:00Z", "host": "MAIL01",',
        ' "clock_offset_s": 0, "transfers": []}',
    ])  # fmt: skip


def write(path: Path, lines: list[str]) -> None:
    """Write lines with the line ends of Windows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())


if __name__ == "__main__":
    ordinary_days()
    intrusion()
    strangers()
    write_logs()
    write_disk()
