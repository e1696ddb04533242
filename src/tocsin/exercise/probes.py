"""What the server asks of itself: Managed Availability's probes of both sites, by health mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.rolling import spoken_version
from tocsin.exercise.story import Command, Request, Trace
from tocsin.exercise.surroundings import Surroundings

FRONT = (
    ("Autodiscover", "/Autodiscover/"),
    ("Eas", "/Microsoft-Server-ActiveSync/"),
    ("Ecp", "/ecp/"),
    ("Ews", "/ews/"),
    ("Mapi", "/mapi/"),
    ("Oab", "/OAB/"),
    ("Owa", "/owa/"),
    ("PowerShell", "/PowerShell/"),
    ("RpcHttp", "/rpc/"),
)
BACK = (
    ("Autodiscover", "POST", "/Autodiscover/Autodiscover.xml", "AMProbe/Local/Backend"),
    ("Eas", "OPTIONS", "/Microsoft-Server-ActiveSync/default.eas", "TestActiveSyncConnectivity"),
    ("Ews", "POST", "/EWS/Exchange.asmx", "Ews_AM_Probe/Local (ExchangeServicesClient/{version})"),
    ("Mapi", "POST", "/mapi/emsmdb/", "MapiHttpClient"),
    ("Ews", "GET", "/api/v1.0/Users", "Odata_PC_Probe/Local"),
)
LINK = "fe80::5c1d:8a2b:62ef:245e%3"
_AGENT = "AMProbe/Local/ClientAccess"
_INBOX_RULES = "/ecp/RulesEditor/InboxRules.svc/GetList"
_USUAL = "5.1.14393.3866"
_POWERSHELL = {"15.0": "4.0", "15.2": "5.1.17763.1490"}
"""Windows PowerShell as it comes with the Windows that each Exchange mostly runs on: 2012 R2, 2016, 2019."""


def front_probe(here: Surroundings, dice: Dice, protocol: str, stem: str) -> Iterator[Request]:
    """Ask the front end once a minute, from one of the server's own addresses."""
    account = _account(here)
    for at in here.ticks(dice, 50, 70):
        own = dice.weighted((("127.0.0.1", 3), ("::1", 2), (LINK, 2)))
        probe = Request(
            at=at,
            protocol=protocol,
            method="GET",
            stem=stem,
            client=own,
            agent=_AGENT,
            status=200,
            host="localhost",
            user=account,
            taken_ms=dice.between(0, 12),
        )
        yield _with_mailbox(here, dice, probe) if protocol == "Mapi" and dice.chance(0.5) else probe


def _with_mailbox(here: Surroundings, dice: Dice, probe: Request) -> Request:
    """The deeper probe of MAPI, which opens a health mailbox through the front end."""
    return replace(
        probe,
        method="POST",
        stem="/mapi/emsmdb/",
        client=LINK,
        agent="MapiHttpClient",
        host=here.inside,
        anchor=f"MailboxGuid~{dice.guid()}",
        routing_hint="MailboxGuidWithDomain",
        taken_ms=dice.between(4, 60),
        backend=True,
    )


def back_probe(here: Surroundings, dice: Dice, index: int) -> Iterator[Request]:
    """Ask the back end once a minute, without the front end."""
    protocol, method, stem, named = BACK[index]
    account = _account(here)
    agent, day = named, None
    for at in here.ticks(dice, 50, 70):
        if at.date() != day:
            day = at.date()
            agent = named.format(version=spoken_version(here.build(at)))
        yield Request(
            at=at,
            protocol=protocol,
            method=method,
            stem=stem,
            client=dice.pick(("::1", LINK)),
            agent=agent,
            status=200,
            user=account,
            taken_ms=dice.between(4, 60),
            front=False,
            proxied=False,
            backend=True,
        )


def powershell_probe(here: Surroundings, dice: Dice) -> Iterator[Trace]:
    """Open a PowerShell session every five minutes and run one cmdlet."""
    account = _account(here)
    secret = dice.letters(60)
    for at in here.ticks(dice, 290, 310):
        build = here.build(at)
        session = f"{_session_version(build)}={secret}="
        request = Request(
            at=at,
            protocol="PowerShell",
            method="POST",
            stem="/powershell",
            query=f"clientApplication=ActiveMonitor;PSVersion={_POWERSHELL.get(build[:4], _USUAL)}",
            client=LINK,
            agent="Microsoft WinRM Client",
            status=200,
            host=here.inside,
            user=account,
            taken_ms=dice.between(8, 60),
            request_bytes=dice.between(2000, 5200),
            response_bytes=dice.between(800, 1000),
            backend=True,
        )
        yield request
        for number in range(1, 4):
            later = at + timedelta(milliseconds=30 * number)
            yield replace(request, at=later, query=f"{request.query}&sessionID={session}")
        yield Command(
            at=at + timedelta(milliseconds=100),
            cmdlet="Get-Mailbox",
            parameters=(("ResultSize", "1"),),
            user=account,
            via="powershell",
        )


def panel_probe(here: Surroundings, dice: Dice) -> Iterator[Trace]:
    """Look at a health mailbox's inbox rules in the control panel every five minutes."""
    account = _account(here)
    for at in here.ticks(dice, 290, 310):
        canary = f"{dice.letters(11)}."
        request = Request(
            at=at,
            protocol="Ecp",
            method="POST",
            stem=_INBOX_RULES,
            query=f"msExchEcpCanary={canary}",
            client="::1",
            agent="Mozilla/4.0 (compatible; MSIE 9.0; Windows NT 6.1; MSEXCHMON; ECPBACKENDPROBE)",
            status=200,
            user=account,
            taken_ms=dice.between(12, 90),
            front=False,
            proxied=False,
            backend=True,
        )
        yield Command(
            at=at - timedelta(milliseconds=3),
            cmdlet="Get-InboxRule",
            parameters=(),
            user=account,
            url=_INBOX_RULES,
            canary=canary,
        )
        yield request
        yield replace(
            request, at=at + timedelta(milliseconds=40), method="GET", stem="/ecp/logoff.aspx", query=""
        )


def _session_version(build: str) -> str:
    """Give ``Version_15.1_(Build_2105.0)`` for 15.1.2106.2: real sessions name the number before."""
    major, minor, number, _ = build.split(".")
    return f"Version_{major}.{minor}_(Build_{int(number) - 1}.0)"


def _account(here: Surroundings) -> str:
    return f"{here.realm}\\HealthMailbox{here.dice.stream('health').letters(7, '0123456789abcdef')}"
