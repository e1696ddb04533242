"""Open cases, or tell known ones that they were seen again: the one way in for every source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from msgspec import Struct

from tocsin.hub.accounts.models import User
from tocsin.hub.cases.models import Case, Fact
from tocsin.hub.cases.moving import learn
from tocsin.hub.census.bulk import writing
from tocsin.hub.census.models import Server
from tocsin.hub.exposure.chain import Change, append
from tocsin.hub.rules.cases import CaseKind, CaseState, FactKind, Source
from tocsin.hub.rules.cases_identity import Attributed, KnownCase, attributed, key_of
from tocsin.hub.rules.words import Grade

ShellKey = tuple[int | None, int, str]
"""Server, campaign and kind."""


class Sighting(Struct, frozen=True, kw_only=True):
    """A web shell or a compromise that somebody saw.

    Attributes:
        kind: what.
        campaign: number of the campaign.
        server: number of the server, or None where it is not known.
        organisation: number of the owner; of a known server, its owner is taken.
        at: when it was there, aware UTC.
        until: the last moment at which it may have been, or None for ``at``.
        source: who saw it.
        url: address of a web shell, or an empty text.
        path: its file, or an empty text.
        sha256: of its content.
        sketch: of its code (`detections.webshells.sketch`).
        family: plain name by what it can do.
        grade: how far the evidence carries.
        hand_in: number of the hand-in that shows it.
        second_hand: the evidence shows more than one hand on the server.
        reason: who says so and how it is known, in words.
        detail: whatever else explains it.
        once: the same is never told twice; an empty text for no such care.
        opens_only: it tells a known case nothing: it is gone, and nobody knows since when.
    """

    kind: CaseKind
    campaign: int
    at: datetime
    source: Source
    server: int | None = None
    organisation: int | None = None
    until: datetime | None = None
    url: str = ""
    path: str = ""
    sha256: str = ""
    sketch: str = ""
    family: str = ""
    grade: Grade = Grade.OBSERVED
    hand_in: int | None = None
    second_hand: bool = False
    reason: str = ""
    detail: dict[str, Any] = {}
    once: str = ""
    opens_only: bool = False

    @property
    def key(self) -> str:
        """What a web shell is known by on its server."""
        return key_of(self.url, self.path) if self.kind is CaseKind.WEBSHELL else ""

    @property
    def where(self) -> ShellKey:
        """Server, campaign and kind."""
        return (self.server, self.campaign, self.kind.value)


def found(sightings: Sequence[Sighting], *, by: User | None = None) -> list[int]:
    """Open a case for each that is new, and tell the others that they were seen. Gives the cases touched.

    The same path on the same server in the same campaign is one case. All is done in one transaction.
    """
    with writing():
        return _found(sightings, by)


def _found(sightings: Sequence[Sighting], by: User | None) -> list[int]:
    known, servers = _known(sightings), _servers(sightings)
    facts, actor = [], f"user:{by.pk}" if by else "cases"
    for one in sightings:
        group = known[one.where] if one.server is not None else []
        to = attributed(one.key, group)
        numbers = to.cases or (_open(one, servers.get(one.server or 0)).pk,)
        if to.named is not None:
            _name(to.named, one, actor)
        known[one.where] = _with(group, one, to, numbers)
        facts += [_fact(number, one, by) for number in numbers if not (to.cases and one.opens_only)]
        _add_content(numbers[0], one)
    learn(facts, actor=actor)
    return sorted({one.case_id for one in facts})


def _known(sightings: Sequence[Sighting]) -> dict[ShellKey, list[KnownCase]]:
    servers = {one.server for one in sightings if one.server is not None}
    rows = Case.objects.filter(server_id__in=servers).exclude(state=CaseState.MERGED).order_by("id")
    known: dict[ShellKey, list[KnownCase]] = defaultdict(list)
    for row in rows.values_list("server_id", "campaign_id", "kind", "id", "key", "state", "closed"):
        known[row[:3]].append(KnownCase(number=row[3], key=row[4], state=CaseState(row[5]), closed=row[6]))
    return known


def _servers(sightings: Sequence[Sighting]) -> dict[int, Server]:
    return Server.objects.select_related("organisation").in_bulk(
        {one.server for one in sightings if one.server is not None}
    )


def _with(group: list[KnownCase], one: Sighting, to: Attributed, numbers: tuple[int, ...]) -> list[KnownCase]:
    """Give the known cases after this sighting, for the next one."""
    if to.cases and to.named is None:
        return group
    new = KnownCase(number=numbers[0], key=one.key, state=CaseState.FOUND)
    return [*(each for each in group if each.number != to.named), new]


def _open(one: Sighting, server: Server | None) -> Case:
    owner = server.organisation if server else None
    return Case.objects.create(
        kind=one.kind,
        campaign_id=one.campaign,
        server=server,
        organisation_id=owner.pk if owner else one.organisation if server is None else None,
        key=one.key,
        url=one.url[:500],
        path=one.path[:500],
        source=one.source,
        opened=one.at.astimezone(UTC),
        since=one.at.astimezone(UTC),
        sector=owner.sector if owner else "unknown",
        country=(server.country if server else "") or (owner.country if owner else ""),
    )


def _name(case: int, one: Sighting, actor: str) -> None:
    """The path of a web shell that had none is known now: the case is named, and the chain is told."""
    Case.objects.filter(pk=case).update(key=one.key, url=one.url[:500], path=one.path[:500])
    append(
        [
            Change(
                at=timezone.now(),
                kind="case-named",
                subject=f"case:{case}",
                actor=actor,
                after=one.key[:100],
                detail={"source": one.source.value, "hand_in": one.hand_in},
            )
        ]
    )


def _add_content(case: int, one: Sighting) -> None:
    """Keep what the content tells; what was known is not emptied by who knows less."""
    told = {"sha256": one.sha256[:64], "sketch": one.sketch[:300], "family": one.family[:100]}
    told = {name: value for name, value in told.items() if value}
    if told:
        Case.objects.filter(pk=case).update(looked_alike=False, **told)
    if one.second_hand:
        Case.objects.filter(pk=case).update(second_hand=True)


def _fact(case: int, one: Sighting, by: User | None) -> Fact:
    return Fact(
        case_id=case,
        kind=FactKind.SEEN,
        source=one.source,
        at=one.at,
        until=one.until,
        by=by,
        grade=one.grade,
        hand_in_id=one.hand_in,
        reason=one.reason,
        detail=one.detail,
        key=f"{one.once}:{case}" if one.once else None,
    )
