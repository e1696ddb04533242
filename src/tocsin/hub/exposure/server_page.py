"""All that the page of one server shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from tocsin.hub.accounts.models import User
from tocsin.hub.census.models import Observation, Server
from tocsin.hub.census.selectors import observations_visible_to
from tocsin.hub.exposure import selectors, timeline
from tocsin.hub.exposure.models import Decision, Event
from tocsin.hub.rules import days

AXES = ("exposure", "compromise")


AFTERWARDS = timedelta(days=30)
MOST = 500
"""Observations, decisions or events of one server that its page shows."""


def server_page(user: User, server: Server) -> dict[str, Any]:
    """Standings, history, observations by source, decisions and events, for the template.

    The server must be one that the person may see.
    """
    observations = _observations(user, server)
    events = list(selectors.events_of(user, server.pk)[:MOST])
    axes = _axes(events, _until(events, observations)) if events else ()
    return {
        "server": server,
        "standings": list(selectors.visible_to(user).filter(server=server).order_by("id")),
        "sources": _by_source(observations),
        "addresses": _addresses(observations),
        "decisions": _decisions(user, server),
        "events": events,
        "most": MOST,
        "history": timeline.draw([*axes, *_seen(observations)]),
    }


def _observations(user: User, server: Server) -> list[Observation]:
    """What each source saw, by source, the newest first."""
    found = observations_visible_to(user).filter(server=server)
    return list(found.order_by("source__name", "-last_seen", "-id")[:MOST])


def _decisions(user: User, server: Server) -> list[Decision]:
    found = selectors.decisions_visible_to(user).filter(server=server).select_related("superseded_by")
    return list(found.order_by("-id")[:MOST])


def _by_source(observations: list[Observation]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Each source's observations with their days, side by side."""
    groups = groupby(observations, key=lambda each: each.source.name)
    return [(name, [{"seen": each, "runs": _runs(each)} for each in group]) for name, group in groups]


def _runs(observation: Observation) -> list[timeline.Bar]:
    return list(timeline.sightings(days.dates(days.unpack(observation.days))))


def _addresses(observations: list[Observation]) -> list[dict[str, Any]]:
    """The addresses that the server had, the newest first, with the first and the last day on each."""
    spans: dict[tuple[str, int], tuple[date, date]] = {}
    for each in observations:
        first, last = each.first_seen.date(), each.last_seen.date()
        start, end = spans.get((each.ip, each.port), (first, last))
        spans[each.ip, each.port] = (min(start, first), max(end, last))
    newest = sorted(spans.items(), key=lambda item: item[1][1], reverse=True)
    return [{"ip": ip, "port": port, "start": start, "end": end} for (ip, port), (start, end) in newest]


def _until(events: list[Event], observations: list[Observation]) -> date:
    """The day up to which states are drawn: today, or a month after anything happened."""
    happened = [event.at.date() for event in events] + [each.last_seen.date() for each in observations]
    return min(timezone.now().date(), max(happened) + AFTERWARDS)


def _axes(events: list[Event], until: date) -> Iterable[timeline.Row]:
    """The states of both axes in each campaign, from the events."""
    for campaign in sorted({event.campaign for event in events if event.kind in AXES}):
        for axis in AXES:
            told = [event for event in reversed(events) if (event.kind, event.campaign) == (axis, campaign)]
            if told:
                changes = [step for event in told for step in _steps(event)]
                yield timeline.Row(name=f"{campaign}: {axis}", bars=timeline.states(changes, until=until))


def _steps(event: Event) -> list[tuple[date, str]]:
    """The changes that one event tells of: a late census may tell of several."""
    path = event.detail.get("path", [])
    return [(date.fromisoformat(day), state) for day, state in path] or [(event.at.date(), event.after)]


def _seen(observations: list[Observation]) -> Iterable[timeline.Row]:
    """On which days each source saw it."""
    for name, group in groupby(observations, key=lambda each: each.source.name):
        seen = [day for each in group for day in days.dates(days.unpack(each.days))]
        yield timeline.Row(name=f"seen by {name}", bars=timeline.sightings(seen))
