"""Assessments to report on: made up, with documentation addresses and names only."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from tests.report.sample_advice import STEPS
from tests.report.sample_parts import (
    DATES,
    ECP,
    SCRIPT,
    at,
    chain,
    clusters,
    coverage,
    digest,
    examination,
    ladder,
    line,
    shells,
    visits,
)

from tocsin.model.coverage import Coverage, Missing, Skipped
from tocsin.model.places import Locator, TimeSpan
from tocsin.model.verdicts import (
    Assessment,
    BuildSeen,
    Conflict,
    Custody,
    EvidenceInfo,
    Impact,
    MailboxImpact,
    MitigationSeen,
    NextStep,
    PackInfo,
    ServerInfo,
    ToolInfo,
    Transfer,
    Verdict,
)
from tocsin.model.words import (
    Compromise,
    Exposure,
    Means,
    MitigationStatus,
    Residual,
    StepKind,
)


def _proxylogon() -> Verdict:
    findings = [*chain(), *visits()]
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
        ladder=ladder(findings),
        clusters=clusters(findings),
        webshells=shells(),
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
        next_steps=STEPS,
    )


def _elsewhere() -> Verdict:
    return replace(
        blank_verdict("web-shell-activity"),
        title="Web shells outside any campaign",
        compromise_because="No page outside the campaign was asked for in the logs that could be read.",
        next_steps=STEPS[:1],
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
        ladder=ladder(()),
        clusters=(),
        webshells=(),
        findings=(),
        folded={},
        impact=Impact(),
        next_steps=(),
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
        coverage=coverage(),
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
        ladder=ladder(()),
        clusters=(),
        webshells=(),
        findings=(),
        folded={},
        impact=Impact(),
        mitigations=(),
        next_steps=STEPS[-1:],
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
    verdict = replace(blank_verdict("proxylogon"), attempts=3, next_steps=STEPS[:2], dates=DATES)
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
        webshells=tuple(
            replace(
                each,
                path=text,
                url=text,
                why=text,
                examination=examination(text, text, HOSTILE[0] + "\x1b[2J" + HOSTILE[3], text),
            )
            for each in first.webshells
        ),
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
            notes=HOSTILE,
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
