"""What the hub knows of servers, as `rules.proofs` takes it: set-based, for some servers at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tocsin.hub.census.models import Server
from tocsin.hub.exposure.facts import followed
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.lists.parts import modules
from tocsin.hub.owners.models import HandIn
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.proofs import Assessed, Found, Reported, ServerKnown
from tocsin.hub.rules.words import Compromise, Exposure, Grade

MOST_FINDINGS = 2_000
"""Findings of one report that are looked at for a tool's runs."""


def known_of(servers: Sequence[Server], campaigns: Sequence[str]) -> dict[int, ServerKnown]:
    """Give what is known of some servers in the campaigns of a directive; the worst of several standings."""
    numbers = [server.pk for server in servers]
    standings = standings_of(numbers, campaigns)
    assessed = assessments_of(numbers, campaigns)
    released = _release_days(campaigns)
    return {
        server.pk: _known(server, standings[server.pk], assessed.get(server.pk, ()), released)
        for server in servers
        if standings[server.pk]
    }


def standings_of(servers: Collection[int], campaigns: Sequence[str]) -> Mapping[int, list[Standing]]:
    """Give by server where it stands in some campaigns."""
    found: dict[int, list[Standing]] = defaultdict(list)
    for row in Standing.objects.filter(server__in=servers, campaign__key__in=campaigns).order_by("pk"):
        found[row.server_id].append(row)
    return found


def worst_of(standings: Sequence[Standing]) -> Standing:
    """Give the standing that tells most against a server: an open one, and of those the newest."""
    return max(standings, key=lambda row: (row.closed is None, row.since))


def _known(
    server: Server, standings: Sequence[Standing], assessed: Iterable[Assessed], released: Mapping[str, date]
) -> ServerKnown:
    worst = worst_of(standings)
    shown = max(standings, key=lambda row: _GRAVITY.index(Compromise(row.worst)))
    return ServerKnown(
        exposure=Exposure(worst.exposure),
        grade=Grade(worst.grade),
        since=worst.since,
        compromise=Compromise(shown.compromise),
        worst=Compromise(shown.worst),
        compromise_since=shown.compromise_since,
        assessments=tuple(assessed),
        update_released=released.get(server.build),
        update_seen=server.last_seen if server.build in released else None,
        where=f"standing:{worst.pk}",
        last_seen=server.last_seen,
    )


_GRAVITY = list(Compromise)


def _release_days(campaigns: Sequence[str]) -> dict[str, date]:
    """Give the day of release of every exactly known build of the campaigns' products."""
    found: dict[str, date] = {}
    for one in followed():
        product = one.reader.facts.product
        if one.key in campaigns and product is not None:
            found |= {
                build: row.release_date
                for build, row in product.by_build.items()
                if row.release_date is not None
            }
    return found


def assessments_of(servers: Sequence[int], campaigns: Sequence[str]) -> dict[int, list[Assessed]]:
    """Give the assessments of some servers: decisions that stand, with the reports that were handed in."""
    stands = Decision.objects.filter(
        server__in=servers, campaign__key__in=campaigns, kind=Kind.ASSESSMENT, superseded_by=None
    )
    found: dict[int, list[Assessed]] = defaultdict(list)
    for row in stands.select_related("hand_in").order_by("pk"):
        report = _report(row)
        found[row.server_id].append(
            Assessed(
                at=row.at.astimezone(UTC),
                grade=Grade(row.grade),
                evidence=row.evidence or f"decision:{row.pk}",
                compromise=row.compromise,
                findings=findings_of(report) if report else (),
            )
        )
    return found


def incidents_of(organisations: Collection[int], campaigns: Sequence[str]) -> list[Reported]:
    """Give the incident reports of some organisations, as the apps that take them in tell by ``reported``."""
    return [
        one
        for module in modules("reported")
        for one in module.reported(organisations=organisations, campaigns=campaigns)
    ]


def _report(decision: Decision) -> Mapping[str, Any] | None:
    """Give the redacted report that a decision rests on, if one was handed in."""
    handed: HandIn | None = getattr(decision, "hand_in", None)
    return handed.report if handed is not None and isinstance(handed.report, dict) else None


def findings_of(report: Mapping[str, Any]) -> tuple[Found, ...]:
    """Give the findings of a report (``tocsin/assessment/1``); what is not of that form is left out."""
    rows = [
        each
        for verdict in _list(report.get("verdicts"))
        if isinstance(verdict, dict)
        for each in _list(verdict.get("findings"))
        if isinstance(each, dict) and isinstance(each.get("rule"), str)
    ]
    return tuple(_found(each) for each in rows[:MOST_FINDINGS])


def _found(row: Mapping[str, Any]) -> Found:
    place = row.get("locator")
    locator = place if isinstance(place, dict) else {}
    number = next((locator[name] for name in ("line", "record", "offset") if locator.get(name)), None)
    path = str(locator.get("path") or "")[:300]
    details = row.get("details")
    local = details.get("LocalTime") if isinstance(details, dict) else None
    return Found(
        rule=row["rule"],
        at=_moment(row.get("time")) or _moment(local),
        locator=f"{path}:{number}" if number else path,
        summary=str(row.get("summary") or "")[:300],
    )


def _moment(text: object) -> datetime | None:
    try:  # a local time of an unknown zone is taken as UTC: at most fourteen hours wrong
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
