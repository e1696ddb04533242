"""Rows that fill every part of a server's and a snapshot's page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db.models import Max
from tests.hub import making
from tests.hub.directives import making as orders

from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Observation, Server, Snapshot
from tocsin.hub.exposure.models import Decision, Event, Standing
from tocsin.hub.rules import days
from tocsin.hub.rules.words import Compromise, Exposure


def tell() -> None:
    """Server 1 was seen by sources that disagree, patched, and had a web shell that was removed."""
    server = Server.objects.get(pk=1)
    server.hostname, server.build, server.country = "mail.contoso.example", "15.1.2106.2", "GB"
    server.owned_by = "cidr 192.0.2.0/24 (manual)"
    server.save()
    Standing.objects.filter(server=server).update(
        exposure=Exposure.PATCHED,
        compromise=Compromise.REMOVED,
        worst=Compromise.CONFIRMED,
        contradictory=True,
        shell_seen=date(2021, 3, 9),
        reason="seen fixed",
    )
    _seen(server)
    _changed(server)
    orders.tag_and_judge(server.organisation)
    Snapshot.objects.filter(pk=1).update(
        scope={"cidrs": ["192.0.2.0/24"], "ports": [443]},
        method="exchange-build 1",
        refused=2,
        refusals=[[17, "no address in column ip"], [2044, "99999 is no port"]],
        unknown_columns=["sic"],
    )


def _seen(server: Server) -> None:
    for key, build, which in (
        ("shadowserver", "15.1.2106.2", range(9)),
        ("shadowserver", "15.1.2106.13", [9, 10, 11, 16, 17, 18]),
        ("shodan", "15.1.2106", [1, 4, 8]),
    ):
        seen = [making.DAY.date() + timedelta(days=number) for number in which]
        Observation.objects.create(
            server=server,
            source=making.source(key),
            content=f"{key}{build}"[:32],
            ip="192.0.2.1",
            build=build,
            tags=["exchange", "cve-2021-26855"],
            method="exchange-build 1",
            days=days.pack(days.bits(seen)),
            first_seen=datetime.combine(seen[0], datetime.min.time(), UTC),
            last_seen=datetime.combine(seen[-1], datetime.min.time(), UTC),
            count=len(seen),
        )


def _changed(server: Server) -> None:
    steps = [
        (0, "exposure", "", "vulnerable"),
        (4, "compromise", "unknown", "suspected"),
        (9, "exposure", "vulnerable", "patched"),
        (12, "compromise", "suspected", "removed"),
    ]
    start = 1 + (Event.objects.aggregate(last=Max("id"))["last"] or 0)
    for number, (day, kind, before, after) in enumerate(steps, start=start):
        Event.objects.create(
            id=number,
            at=making.DAY + timedelta(days=day),
            recorded=making.DAY + timedelta(days=day, hours=7),
            actor="census",
            kind=kind,
            subject=f"server:{server.pk}",
            campaign="proxylogon",
            before=before,
            after=after,
            detail={"reason": "seen open"},
            digest="0" * 64,
        )
    Decision.objects.create(
        pk=1,
        server=server,
        campaign=making.campaign(),
        kind="removed",
        at=making.DAY + timedelta(days=12),
        by=User.objects.first(),
        reason="The owner removed the page and sent its digest.",
    )
