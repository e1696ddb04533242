"""Makes collections whose request logs are whole, so that what is not in them did not happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

IIS_HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
)
PROXY_COLUMNS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,Protocol,UrlHost,UrlStem,"
    "AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,Method,RoutingHint,"
    "ResponseBytes,UrlQuery"
)
ANCHOR = "ServerInfo~a]@mail01.contoso.example:444/ecp/proxyLogon.ecp?#"


def collection(folder: Path, *, attack: str = "", patched: int = 68, days: int = 95) -> Path:
    """Whole request logs from before the campaign to April 2021, patched after so many days.

    ``attack`` is the status of the answer to one attempt on day 60.
    """
    start = datetime(2021, 1, 1, tzinfo=UTC)
    exchange = folder / "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp"
    sites = folder / "C/inetpub/logs/LogFiles/W3SVC1"
    exchange.mkdir(parents=True)
    sites.mkdir(parents=True)
    for day in range(days):
        build = "2106,13" if day >= patched else "2106,2"
        moments = [start + timedelta(days=day, hours=hour) for hour in (0, 6, 12, 18, 23)]
        rows = [proxy_row(moment, build=build) for moment in moments]
        if attack and day == 60:
            rows.append(proxy_row(moments[2], build=build, anchor=ANCHOR, stem="/ecp/y.js", status=attack))
        head = (
            "#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Log-type: HttpProxy Logs\n"
            f"#Date: {moments[0]:%Y-%m-%dT%H:%M:%S}.000Z\n#Fields: {PROXY_COLUMNS}\n"
        )
        name = f"HttpProxy_{moments[0]:%Y%m%d}00-1.LOG"
        (exchange / name).write_text(head + "".join(rows))
        lines = (
            f"{one:%Y-%m-%d %H:%M:%S} 192.0.2.1 GET /owa/ - 443 - 192.0.2.9 UA - 200 0 0 5\n"
            for one in moments
        )
        (sites / f"u_ex{moments[0]:%y%m%d}.log").write_text(IIS_HEAD + "".join(lines))
    return folder


def proxy_row(at: datetime, *, build: str, anchor: str = "", stem: str = "/ecp/", status: str = "200") -> str:
    user = "" if anchor else r"CONTOSO\alice"
    return (
        f"{at:%Y-%m-%dT%H:%M:%S}.000Z,id,15,1,{build},Ecp,mail.contoso.example,{stem},{user},{anchor},UA,"
        f"192.0.2.9,MAIL01,{status},GET,,100,\n"
    )
