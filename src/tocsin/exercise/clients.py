"""What people's programs and devices ask of the server, each an endless loop of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.exercise.dice import Dice
from tocsin.exercise.story import Request
from tocsin.exercise.surroundings import CHROME, LOGON_DENIED, Person, Surroundings

_OUTLOOK = (
    ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.13628; Pro)", 6),
    ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.4266; Pro)", 3),
    ("Microsoft Office/15.0 (Windows NT 6.1; Microsoft Outlook 15.0.5319; Pro)", 1),
)
_PHONES = (
    ("Outlook-iOS-Android/1.0", 4),
    ("Apple-iPhone12C1/1804.40", 4),
    ("Apple-iPad11C2/1804.40", 1),
    ("Android-SAMSUNG-SM-A515F/101.1000", 2),
)
_MAC = "AppleExchangeWebServices/818.120.2 accountsd/113"
_SKYPE = "OC/16.0.5266.1000 (Skype for Business)"
_FOLDERS, _FOLDER_DIGITS = 18, 38
_KINDS = ("Em", "Ca", "Co", "Ta")
_FAILING = 0.03
"""So many sessions of Outlook on the web first end on the error page."""
_OWA_ACTIONS = ("GetFolder", "FindConversation", "GetItem", "FindItem", "GetConversationItems", "CreateItem")


def phone(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """A phone asks whether there is news, every 8 to 15 minutes, day and night; then fetches it."""
    agent = dice.weighted(_PHONES)
    device = dice.letters(32, "0123456789ABCDEF")
    kind = agent.partition("-")[0].partition("/")[0]
    user = who.account.replace("\\", "%5C")
    for at in here.ticks(dice, 480, 900):
        for command in ("Ping", "Sync") if dice.chance(0.25) else ("Ping",):
            query = f"Cmd={command}&User={user}&DeviceId={device}&DeviceType={kind}"
            waits = command == "Ping"
            request = Request(
                at=at if waits else at + timedelta(milliseconds=dice.between(200, 900)),
                protocol="Eas",
                method="POST",
                stem="/Microsoft-Server-ActiveSync/default.eas",
                query=query,
                backend_query=query + _eas_log(dice, here.inside),
                client=who.away,
                agent=agent,
                status=200,
                host=f"mail.{here.domain}",
                user=who.account,
                taken_ms=dice.between(470_000, 895_000) if waits else dice.between(60, 900),
                win32=64 if waits and dice.chance(0.05) else 0,
                request_bytes=dice.between(13, 120),
                response_bytes=dice.between(13, 9000),
                backend=True,
            )
            yield here.from_outside(request)


def _eas_log(dice: Dice, inside: str) -> str:
    """Give what the back end adds to its own query: its view of the call, about 2,000 characters."""
    digits = dice.digits(_FOLDERS * _FOLDER_DIGITS)
    folders = "".join(
        f"_Fc{number}:Ty{_KINDS[number % 4]}:Fi{digits[number * _FOLDER_DIGITS :][:_FOLDER_DIGITS]}"
        f":St{number % 3}:Sk{1_600_000_000 + number * 7919}:S1:Srv:{number % 9}a0c0d0s0e0r"
        for number in range(_FOLDERS)
    )
    return (
        f"&Log=PrxFrom:fe80%3a%3a5c1d%3a8a2b%3a62ef%3a245e%253_V141_HH:{inside}_Ver1:141_Rto900_"
        f"LdapC{dice.between(0, 4)}_RpcC{dice.between(10, 90)}_RpcL{dice.between(10, 300)}{folders}_Ers1_"
        f"Cpo{dice.between(1000, 30_000)}_ActivityContextData:Dbl%3aRPC.T%5b{inside}.{dice.guid()}%5d%3d7%3b"
        f"I32%3aADS.C%5bDC01%5d%3d{dice.between(1, 5)}%3bF%3aADS.AL%5bDC01%5d%3d1.{dice.between(1000, 9999)}_"
        f"Budget:(A)Owner%3aSid%7e{inside}%2cConn%3a1%2cMaxConn%3a10%2cMaxBurst%3a480000%2cBalance%3a480000_"
    )


def desktop(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Outlook: while its owner works, a burst of calls every few minutes; 401 first, then 200."""
    agent = dice.weighted(_OUTLOOK)
    for at in here.ticks(dice, 240, 360):
        if here.busy(who, dice, at):
            yield from _signed_in(_mapi(here, dice, who, agent, at), dice)


def _mapi(here: Surroundings, dice: Dice, who: Person, agent: str, at: datetime) -> Iterator[Request]:
    stem = "/mapi/nspi/" if dice.chance(0.12) else "/mapi/emsmdb/"
    query = f"MailboxId={who.mailbox}"
    for _ in range(dice.between(3, 8)):
        at += timedelta(milliseconds=dice.between(15, 900))
        yield Request(
            at=at,
            protocol="Mapi",
            method="POST",
            stem=stem,
            query=query,
            backend_query=f"{query}&FrontEnd={here.inside.upper()}&RequestId={dice.guid()}&ResponseInfo=XRC:0;SC:0;"
            f"RC:0&Stage=BegR:{at.isoformat()[:23]}Z;PostAR:1;PreH:1;PostH:3;EndR:{dice.between(2, 9)}",
            client=who.office,
            agent=agent,
            status=200,
            host=f"mail.{here.domain}",
            user=who.account,
            taken_ms=dice.between(4, 90),
            win32=64 if dice.chance(0.01) else 0,
            request_bytes=dice.between(70, 2400),
            response_bytes=dice.between(130, 9000),
            backend=True,
        )


def autodiscover(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Outlook looks for its settings anew every 15 to 60 minutes."""
    agent = dice.weighted(_OUTLOOK)
    for at in here.ticks(dice, 900, 3600):
        if here.busy(who, dice, at):
            request = Request(
                at=at,
                protocol="Autodiscover",
                method="POST",
                stem="/autodiscover/autodiscover.xml",
                backend_query=f"&reqId={dice.guid()}",
                client=who.office,
                agent=agent,
                status=200,
                host=f"autodiscover.{here.domain}",
                user=who.account,
                taken_ms=dice.between(13, 120),
                request_bytes=dice.between(330, 360),
                response_bytes=dice.between(327, 4200),
                backend=True,
            )
            yield from _signed_in(iter((request,)), dice)


def mac(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Apple Mail and Skype for Business ask by EWS; each call is refused once, then signed."""
    agent = dice.weighted(((_MAC, 3), (_SKYPE, 1)))
    for at in here.ticks(dice, 240, 420):
        if here.busy(who, dice, at):
            request = Request(
                at=at,
                protocol="Ews",
                method="POST",
                stem="/EWS/Exchange.asmx",
                client=who.away,
                agent=agent,
                status=200,
                host=f"mail.{here.domain}",
                user=who.account,
                taken_ms=dice.between(12, 400),
                request_bytes=dice.between(600, 1900),
                response_bytes=dice.between(900, 16_000),
                backend=True,
            )
            yield from map(here.from_outside, _signed_in(iter((request,)), dice))


def anywhere(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Old Outlook by RPC over HTTP: two channels, refused once, then open for long."""
    for at in here.ticks(dice, 900, 1500):
        if here.busy(who, dice, at):
            channels = (
                Request(
                    at=at + timedelta(milliseconds=number),
                    protocol="RpcHttp",
                    method=method,
                    stem="/rpc/rpcproxy.dll",
                    query=f"{who.mailbox}:6001",
                    client=who.away,
                    agent="MSRPC",
                    status=200,
                    win32=dice.weighted(((0, 4), (64, 4), (995, 1))),
                    host=f"mail.{here.domain}",
                    user=who.account,
                    taken_ms=dice.between(400_000, 890_000),
                    request_bytes=dice.between(0, 1400),
                    response_bytes=dice.between(20, 20_000),
                    backend=True,
                )
                for number, method in enumerate(("RPC_IN_DATA", "RPC_OUT_DATA"), start=5)
            )
            yield from map(here.from_outside, _signed_in(channels, dice))


def address_book(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Outlook fetches the offline address book once a day."""
    agent = dice.weighted(_OUTLOOK)
    guid = here.dice.stream("address-book").guid()
    for at in here.ticks(dice, 82_000, 90_000):
        request = Request(
            at=at,
            protocol="Oab",
            method="GET",
            stem=f"/OAB/{guid}/oab.xml",
            client=who.office,
            agent=agent,
            status=200,
            host=f"mail.{here.domain}",
            user=who.account,
            taken_ms=dice.between(13, 300),
            response_bytes=dice.between(2000, 4000),
            backend=True,
        )
        yield from _signed_in(iter((request,)), dice)


def browser(here: Surroundings, dice: Dice, who: Person) -> Iterator[Request]:
    """Outlook on the web: somebody signs in and reads for a while."""
    for at in here.ticks(dice, 5400, 9000):
        if here.busy(who, dice, at):
            yield from map(here.from_outside, _owa_session(here, dice, who, at))


def _owa_session(here: Surroundings, dice: Dice, who: Person, at: datetime) -> Iterator[Request]:
    build = here.build(at)
    short = build.rpartition(".")[0]
    nobody = Request(
        at=at,
        protocol="Owa",
        method="GET",
        stem="/owa/",
        client=who.away,
        agent=CHROME,
        status=302,
        host=f"mail.{here.domain}",
        taken_ms=dice.between(1, 8),
    )
    yield nobody
    at += timedelta(milliseconds=dice.between(80, 300))
    query = f"url=https%3a%2f%2fmail.{here.domain}%2fowa%2f&reason=0"
    yield replace(nobody, at=at, stem="/owa/auth/logon.aspx", query=query, status=200, taken_ms=22)
    at += timedelta(milliseconds=dice.between(80, 300))
    yield replace(nobody, at=at, stem=f"/owa/auth/{short}/themes/resources/favicon.ico", status=200)
    at += timedelta(seconds=dice.between(6, 40))
    yield replace(nobody, at=at, method="POST", stem="/owa/auth.owa", taken_ms=dice.between(30, 90))
    reader = replace(nobody, user=who.account, status=200, backend=True)
    if dice.chance(_FAILING):
        at += timedelta(milliseconds=dice.between(80, 300))
        yield _failed(here, dice, replace(reader, at=at, backend=False), build)
    yield from _reading(reader, dice, at, build)


def _failed(here: Surroundings, dice: Dice, somebody: Request, build: str) -> Request:
    """Give the page to which a failed start leads; its query tells the build."""
    error = "Microsoft.Exchange.Data.Storage.StorageTransientException"
    server = here.scenario.server.name
    query = (
        f"httpCode=500&msg=3515198192&owaError={error}&owaVer={build}&be={server}&ts={dice.digits(16)}"
        f"&fe={server}&reqid={dice.guid()}&creqid=&cid=&hex=&et=ServerError&pal=0&dag=DagNotFound"
        f"&forest={here.domain}&te=0&refurl=https%3a%2f%2f{somebody.host}%2fowa%2f"
    )
    return replace(somebody, stem="/owa/auth/errorFE.aspx", query=query, taken_ms=dice.between(10, 60))


def _reading(somebody: Request, dice: Dice, at: datetime, build: str) -> Iterator[Request]:
    at += timedelta(milliseconds=dice.between(80, 300))
    yield replace(
        somebody, at=at, taken_ms=dice.between(60, 300), response_bytes=dice.between(20_000, 40_000)
    )
    at += timedelta(milliseconds=dice.between(80, 300))
    yield replace(somebody, at=at, stem=f"/owa/prem/{build}/scripts/boot.worldwide.0.mouse.js", proxied=False)
    for _ in range(dice.between(4, 14)):
        at += timedelta(milliseconds=dice.between(400, 50_000))
        action = dice.pick(_OWA_ACTIONS)
        yield replace(
            somebody,
            at=at,
            method="POST",
            stem="/owa/service.svc",
            query=f"action={action}&EP=1&ID=-{dice.between(10, 90)}&AC=1",
            referer=f"https://{somebody.host}/owa/",
            taken_ms=dice.between(12, 400),
            request_bytes=dice.between(300, 2400),
            response_bytes=dice.between(300, 24_000),
        )


def _signed_in(requests: Iterator[Request], dice: Dice) -> Iterator[Request]:
    """Begin with the refused first leg of Negotiate or NTLM."""
    for number, request in enumerate(requests):
        if number == 0:
            yield replace(
                request,
                at=request.at - timedelta(milliseconds=dice.between(2, 12)),
                user="",
                status=401,
                substatus=1,
                win32=LOGON_DENIED,
                taken_ms=dice.between(0, 6),
                response_bytes=0,
                backend=False,
                backend_query="",
            )
        yield request
