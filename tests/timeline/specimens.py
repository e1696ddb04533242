"""A small collection with a bit of everything, and how to read rows back."""

# ruff: noqa: E501 - rows of logs are long

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tocsin.artefacts.registry import identify
from tocsin.evidence.opening import open_evidence
from tocsin.model.records import Item, Lost, Record, Unreadable
from tocsin.timeline.query import Bounds, asked

EXAMPLE = Path(__file__).parents[2] / "examples" / "proxylogon-march-2021"
ONE_CORE = Bounds(threads=1)

IIS = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2021-03-03 00:00:00
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status time-taken
2021-03-03 06:49:42 192.0.2.10 POST /ecp/y.js - 443 - 203.0.113.7 Agent/1.0 200 15
2021-03-03 06:50:00 192.0.2.10 GET /owa/auth/logon.aspx replaceCurrent=1&url=<x> 443 CONTOSO\\ann 198.51.100.4 Agent+2 302 3

this is no row of the log
2021-03-03 06:51:00 192.0.2.10 GET /aspnet_client/a.aspx - 443 - 203.0.113.7 - 404 1
"""
PROXY = """\
#Software: Microsoft Exchange Server
#Version: 15.01.2106.002
#Log-type: HttpProxy Logs
#Date: 2021-03-03T06:00:00.000Z
#Fields: DateTime,RequestId,UrlHost,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,Method,RequestBytes,ResponseBytes,UrlQuery,ErrorCode
2021-03-03T06:49:42.162Z,1,mail.contoso.example,/ecp/y.js,,ServerInfo~a]@mail01:444/x,Agent/1.0,203.0.113.7,MAIL01,200,POST,10,20,,
2021-03-03T06:49:43.000Z,2,mail.contoso.example,/owa/,CONTOSO\\ann,Sid~S-1-5-21,Agent/1.0,198.51.100.4,MAIL01,0200,GET,0,,?a=1,
"""
HTTPERR = """\
#Software: Microsoft HTTP API 2.0
#Version: 1.0
#Date: 2021-03-03 06:00:00
#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename
2021-03-03 06:48:00 203.0.113.7 51000 192.0.2.10 443 HTTP/1.1 GET /a.aspx?b=1 503 1 AppOffline MSExchangePool
"""
EVENTS = (
    '{"EventID": 4688, "Provider_Name": "Microsoft-Windows-Security-Auditing", "Channel": "Security", '
    '"Computer": "MAIL01", "EventRecordID": 9, "TimeCreated": "2021-03-03T06:52:00.1234567Z", '
    '"NewProcessName": "C:\\\\Windows\\\\System32\\\\whoami.exe", "CommandLine": "whoami  /all"}\n'
)
PAGE = "<html>\u202enothing eval (1)</html>\n"


def small_collection(folder: Path) -> Path:
    """Write the collection; give its folder."""
    files = {
        "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log": IIS,
        "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_1.LOG": PROXY,
        "C/Windows/System32/LogFiles/HTTPERR/httperr1.log": HTTPERR,
        "C/events.json": EVENTS,
        "C/inetpub/wwwroot/aspnet_client/a.aspx": PAGE,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
        os.utime(path, (1614754800, 1614754800))  # 2021-03-03 07:00 UTC, which stands in rows about files
    return folder


def items_of(evidence: Path) -> Iterator[Item]:
    """Every item that stands for a row, straight from the parsers."""
    with open_evidence(evidence) as opened:
        for source in opened.sources():
            module = identify(source)
            for item in module.parse(source) if module else ():
                if isinstance(item, Record | Unreadable | Lost):
                    yield item


def rows_of(file: Path, question: str = "FROM timeline") -> list[dict[str, Any]]:
    """The rows of a timeline, as ``tocsin query`` gives them, without nulls; ``fields`` decoded."""
    with asked(file, question, bounds=ONE_CORE) as answer:
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    for row in rows:
        if row.get("fields") is not None:
            row["fields"] = json.loads(row["fields"])
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
