"""Workshops on an empty folder, and a short story that touches every event log and the disk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tocsin.artefacts.registry import identify
from tocsin.evidence.opening import open_evidence
from tocsin.exercise.dice import Dice
from tocsin.exercise.scenario import BuildSpan, Collection, MitigationSpan, Scenario, Server
from tocsin.exercise.story import (
    Command,
    EventWritten,
    FileRemoved,
    FileWritten,
    Label,
    PageCompiled,
    ProcessStarted,
    Request,
    Trace,
)
from tocsin.exercise.workshop import Ledger, Tree, Workshop, Writer
from tocsin.model.records import Item, Record

START = datetime(2021, 3, 3, 6, 49, 42, 250_000, UTC)
PAGE = "C:\\inetpub\\wwwroot\\aspnet_client\\k.aspx"
W3WP = "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
MARKER = b"<html>inert marker</html>"
OLD, NEW = "15.1.2106.2", "15.1.2106.13"
BUILDS = (BuildSpan(build=OLD, since=date(2020, 11, 1)), BuildSpan(build=NEW, since=date(2021, 3, 4)))
"""An update within a branch, the day after the story."""


def label(means: str = "compromised") -> Label:
    return Label(means=means, campaign="proxylogon", rung="file-written")


def scenario(
    *, server: Server | None = None, collection: Collection | None = None, collected: datetime | None = None
) -> Scenario:
    return Scenario(
        title="t",
        description="d",
        innocent=False,
        first_day=date(2021, 3, 2),
        collected=collected or datetime(2021, 3, 5, 8, tzinfo=UTC),
        server=server or Server(builds=BUILDS, auditing=True, sysmon=True),
        collection=collection or Collection(),
        expected=(),
    )


def mitigated(*spans: MitigationSpan) -> Scenario:
    return scenario(server=Server(builds=BUILDS, mitigations=spans))


def workshop(root: Path, given: Scenario | None = None, seed: int = 7) -> Workshop:
    return Workshop(scenario=given or scenario(), tree=Tree(root), ledger=Ledger(), dice=Dice(seed, "test"))


def run(shop: Workshop, writer: type[Writer], traces: Iterable[Trace] = ()) -> None:
    hand = writer(shop)
    for trace in traces:
        hand.take(trace)
    hand.close()
    shop.tree.settle(shop.scenario.collected)


def story() -> list[Trace]:
    """One trace of every sort that the event logs or the disk show."""
    at = [START + timedelta(seconds=number) for number in range(20)]
    url = "http://f/<script language='JScript' runat='server'>/* inert marker */</script>"
    return [
        Command(
            at=at[0],
            cmdlet="Set-OabVirtualDirectory",
            parameters=(("ExternalUrl", url), ("Force", True), ("InternalUrl", None)),
            user="CONTOSO\\Administrator",
            url="/ecp/DDI/DDIService.svc/SetObject?schema=OABVirtualDirectory",
            label=label(),
        ),
        Command(
            at=at[1],
            cmdlet="New-Mailbox",
            parameters=(("Name", 'Änne "A" <x> & y'),),
            user="contoso.example/Users/anna",
            error="The operation failed.\r\nTry again.",
            label=label("benign"),
        ),
        Command(at=at[2], cmdlet="Get-Mailbox", parameters=(), user="NT AUTHORITY\\SYSTEM", via="powershell"),
        Request(
            at=at[3],
            protocol="Ecp",
            method="POST",
            stem="/ecp/y.js",
            client="198.51.100.23",
            agent="x",
            status=500,
            anchor="ServerInfo~a]@mail01.contoso.example:444/autodiscover/autodiscover.xml?#",
            error="System.NullReferenceException",
            label=label("targeted"),
        ),
        Request(
            at=at[4],
            protocol="Owa",
            method="GET",
            stem="/owa/",
            client="192.0.2.7",
            agent="x",
            status=401,
            error="unauthorised",
        ),
        FileWritten(at=at[5], path=PAGE, image=W3WP, content=MARKER, label=label()),
        PageCompiled(at=at[6], url="/aspnet_client/k.aspx", label=label()),
        ProcessStarted(
            at=at[7],
            image="C:\\Windows\\System32\\cmd.exe",
            parent=W3WP,
            command_line='cmd /c "echo [S]&whoami"',
            parent_command_line="w3wp.exe -ap MSExchangeOWAAppPool",
            label=label(),
        ),
        EventWritten(
            at=at[8],
            channel="System",
            provider="Service Control Manager",
            event_id=7045,
            level=4,
            data=(("ServiceName", "msupdate"), ("ImagePath", "C:\\Users\\Public\\a.exe")),
            label=label(),
        ),
        EventWritten(
            at=at[9],
            channel="Application",
            provider="MSExchange Unified Messaging",
            event_id=1082,
            level=2,
            data=("first", "System.InvalidCastException"),
            label=label("targeted"),
        ),
        FileRemoved(at=at[10], path=PAGE, by="defender", label=label("context")),
    ]


def items_of(root: Path) -> dict[str, list[Item]]:
    """Read every file of a tree with the artefact module that claims it."""
    found = {}
    with open_evidence(root) as evidence:
        for source in evidence.sources():
            module = identify(source)
            found[source.path] = list(module.parse(source)) if module else []
    return found


def records_of(root: Path, kind: str) -> list[Record]:
    """Give the records of one kind, in the order of files."""
    items = items_of(root)
    every = (item for path in sorted(items) for item in items[path])
    return [item for item in every if isinstance(item, Record) and item.kind == kind]
