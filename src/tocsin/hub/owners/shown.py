"""What an owner's page shows: what was seen of each server, in plain words, and what to do now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from tocsin.assessment.advice import next_steps
from tocsin.hub.census.models import Observation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.owners.models import OwnerLink
from tocsin.hub.rules.words import Compromise, Exposure
from tocsin.model.verdicts import NextStep
from tocsin.packs.loading import load_packs

MOST_SERVERS = 200
MOST_SIGHTINGS = 5

EXPOSURE = {
    Exposure.VULNERABLE: "open to attack: the update is missing",
    Exposure.PARTLY_MITIGATED: "open to attack: what was done about it closes only part of the way in",
    Exposure.MITIGATED: "the way in is blocked for now; the update is missing",
    Exposure.PATCHED: "the update is installed; that does not show that nobody came in before",
    Exposure.PATCH_VERIFIED: "the update is installed, shown by evidence; that is no word about intruders",
    Exposure.UNREACHABLE: "not found when last looked for, which does not show that it is fixed",
    Exposure.UNKNOWN: "not known",
}
COMPROMISE = {
    Compromise.SUSPECTED: "signs of an intruder were seen from outside",
    Compromise.CONFIRMED: "an intruder was in: evidence shows it",
    Compromise.CONTAINED: "an intruder was in; you or we say that he can no longer act",
    Compromise.REMOVED: "an intruder was in; removal was claimed, and is not shown yet",
    Compromise.VERIFIED_CLEAN: "shown clean by evidence, for this campaign on this server",
    Compromise.ACCEPTED_RISK: "the risk was accepted, signed; it is not shown clean",
    Compromise.TARGETED: "attacks were seen; that one worked was not",
    Compromise.UNKNOWN: "nothing is known; that is no all-clear",
}
_WHEN = {
    Compromise.TARGETED: "targeted",
    Compromise.SUSPECTED: "exploited",
    Compromise.CONFIRMED: "compromised",
    Compromise.CONTAINED: "compromised",
    Compromise.REMOVED: "compromised",
}


class Sighting(Struct, frozen=True, kw_only=True):
    """Who saw a server, as what, from when to when."""

    source: str
    build: str
    first: datetime
    last: datetime


class Step(Struct, frozen=True, kw_only=True):
    """One course of action: its id, its kind, its heading, its Markdown below that, and whom it is for."""

    id: str
    kind: str
    title: str
    text: str
    audience: str


class Shown(Struct, frozen=True, kw_only=True):
    """One server on its owner's page."""

    standing: Standing
    exposure: str
    compromise: str
    sightings: tuple[Sighting, ...]


def servers_of(link: OwnerLink) -> list[Shown]:
    """The link's servers as they stand now, those that matter most first."""
    rows = Standing.objects.filter(campaign=link.campaign_id, server__in=link.own_servers)
    standings = list(rows.select_related("server", "campaign").order_by("server_id")[:MOST_SERVERS])
    seen = _sightings([row.server_id for row in standings])
    shown = [_shown(row, seen.get(row.server_id, [])) for row in standings]
    return sorted(shown, key=lambda one: one.standing.shell_seen is None)


def _shown(row: Standing, sightings: list[Sighting]) -> Shown:
    return Shown(
        standing=row,
        exposure=EXPOSURE.get(Exposure(row.exposure), str(row.exposure)),
        compromise=COMPROMISE[Compromise(row.compromise)],
        sightings=tuple(sightings[:MOST_SIGHTINGS]),
    )


def _sightings(servers: Iterable[int]) -> dict[int, list[Sighting]]:
    found: dict[int, list[Sighting]] = {}
    rows = Observation.objects.filter(server_id__in=list(servers)).select_related("source")
    for row in rows.order_by("-last_seen", "-id"):
        one = Sighting(source=row.source.name, build=row.build, first=row.first_seen, last=row.last_seen)
        found.setdefault(row.server_id, []).append(one)
    return found


def advice_for(link: OwnerLink, shown: Iterable[Shown]) -> tuple[Step, ...]:
    """The pack's own courses of action for the worst of the servers, preserve first and report last."""
    standings = [one.standing for one in shown]
    given = {"always"}
    given |= {row.exposure for row in standings}
    given |= {_WHEN[state] for row in standings if (state := Compromise(row.compromise)) in _WHEN}
    if any(row.shell_seen for row in standings):
        given |= {"webshell", "exploited"}
    return _steps(link.campaign.key, link.campaign.digest, frozenset(given))


@lru_cache(maxsize=256)
def _steps(campaign: str, digest: str, given: frozenset[str]) -> tuple[Step, ...]:
    """``digest`` makes a new version of a pack another question."""
    if not digest:
        return ()
    pack = next((one for one in load_packs() if one.file.id == campaign), None)
    steps = next_steps(pack.file.steps, pack.advice, given) if pack else ()
    return tuple(_step(one) for one in steps)


def _step(one: NextStep) -> Step:
    head, _, text = one.text.partition("\n")
    title = head.lstrip("# ").strip() if head.startswith("#") else one.id
    body = text.strip() if head.startswith("#") else one.text
    return Step(id=one.id, kind=one.kind.value, title=title, text=body, audience=one.audience)
