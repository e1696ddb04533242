"""What the internet sends to every server, and what the administrator does in the control panel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.story import Command, Refused, Request, Trace
from tocsin.exercise.surroundings import CHROME, Person, Surroundings


class _Look(NamedTuple):
    """A stranger's request; ``protocol`` is empty where Exchange has no part in it."""

    protocol: str
    method: str
    stem: str
    agent: str
    status: int


Parameters = tuple[tuple[str, str], ...]
_DENIED, _ABSENT = 401, 404
_ZGRAB = "Mozilla/5.0 zgrab/0.x"
_CRAWLER = "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.example/)"
_EXPORT = "/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application"
_SERVICE = "/ecp/DDI/DDIService.svc/"
_LOOKS = (
    _Look("Owa", "GET", "/owa/admin.cfg", CHROME, 302),
    _Look("Owa", "GET", "/owa/auth/logon.aspx", _CRAWLER, 200),
    _Look("Owa", "GET", "/owa/", _ZGRAB, 302),
    _Look("Ecp", "GET", _EXPORT, _ZGRAB, 200),
    _Look("Autodiscover", "GET", "/autodiscover/autodiscover.xml", _CRAWLER, 401),
    _Look("RpcHttp", "GET", "/rpc", CHROME, 401),
    _Look("", "GET", "/", _ZGRAB, 302),
    _Look("", "GET", "/robots.txt", _CRAWLER, 404),
    _Look("", "GET", "/.env", "python-requests/2.24.0", 404),
    _Look("", "GET", "/wp-login.php", CHROME, 404),
    _Look("", "POST", "/boaform/admin/formLogin", "", 404),
    _Look("", "GET", "/favicon.ico", CHROME, 404),
    _Look("", "GET", "/HNAP1/", "", 404),
)
_REFUSALS = (
    ("-", "-", "-", "Timer_ConnectionIdle"),
    ("GET", "/", "400", "Hostname"),
    ("GET", "/./.././../../winnt/win.ini", "400", "URL"),
    ("-", "-", "400", "BadRequest"),
    ("OPTIONS", "*", "404", "NotFound"),
    ("-", "-", "-", "Timer_MinBytesPerSecond"),
)


def internet(here: Surroundings, dice: Dice) -> Iterator[Trace]:
    """Strangers look in every few minutes; some are turned away before IIS sees them."""
    for at in here.ticks(dice, 150, 700):
        client = dice.pick(here.outside)
        if dice.chance(0.3):
            method, url, status, reason = dice.pick(_REFUSALS)
            yield Refused(at=at, client=client, method=method, url=url, status=status, reason=reason)
            continue
        yield here.from_outside(_look(here, dice, dice.pick(_LOOKS), client, at))


def _look(here: Surroundings, dice: Dice, look: _Look, client: str, at: datetime) -> Request:
    return Request(
        at=at,
        protocol=look.protocol or "Owa",
        method=look.method,
        stem=look.stem,
        client=client,
        agent=look.agent,
        status=look.status,
        substatus=1 if look.status == _DENIED else 0,
        win32=2 if look.status == _ABSENT else 0,
        host=dice.pick(("192.0.2.10", f"mail.{here.domain}")),
        taken_ms=dice.between(0, 40),
        response_bytes=10_112 if look.stem == _EXPORT else 0,
        proxied=bool(look.protocol),
        backend=look.stem == _EXPORT,
    )


def administrator(here: Surroundings, dice: Dice, who: Person) -> Iterator[Trace]:
    """The administrator changes a mailbox in the control panel now and then."""
    for at in here.ticks(dice, 5000, 9000):
        if here.busy(who, dice, at):
            yield from _change(here, dice, at)


def _change(here: Surroundings, dice: Dice, at: datetime) -> Iterator[Trace]:
    canary = f"{dice.letters(46)}."
    page = Request(
        at=at,
        protocol="Ecp",
        method="GET",
        stem="/ecp/",
        client="192.0.2.20",
        agent=CHROME,
        status=200,
        host=here.inside,
        user=f"{here.realm}\\Administrator",
        taken_ms=dice.between(30, 300),
        response_bytes=dice.between(9000, 40_000),
        backend=True,
    )
    yield page
    query = f"schema=MailboxService&msExchEcpCanary={canary}"
    later = at + timedelta(seconds=dice.between(2, 20))
    listed = replace(page, at=later, method="POST", stem=f"{_SERVICE}GetList", query=query)
    yield _command(here, listed, canary, "Get-Recipient", (("ResultSize", "500"),))
    yield listed
    later += timedelta(seconds=dice.between(20, 90))
    changed = replace(listed, at=later, stem=f"{_SERVICE}SetObject")
    mailbox = f"{here.domain}/Users/user{dice.between(1, here.scenario.server.mailboxes):03d}"
    limit = (("Identity", mailbox), ("ProhibitSendQuota", f"{dice.between(2, 9)} GB"))
    yield _command(here, changed, canary, "Set-Mailbox", limit)
    yield changed


def _command(
    here: Surroundings, request: Request, canary: str, cmdlet: str, parameters: Parameters
) -> Command:
    """Give the cmdlet that the control panel ran just before it answered."""
    return Command(
        at=request.at - timedelta(milliseconds=2),
        cmdlet=cmdlet,
        parameters=parameters,
        user=f"{here.domain}/Users/Administrator",
        url=request.stem,
        canary=canary,
    )
