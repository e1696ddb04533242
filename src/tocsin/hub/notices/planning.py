"""Plan a batch: one notice per organisation, with every message as it would be sent, and whom nobody reaches.

The chore `plan_some` does one piece at a time, and says in the batch how far it came. Nothing leaves by it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from msgspec import Struct

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases.models import Case
from tocsin.hub.census.models import Observation
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.lists import STANDINGS
from tocsin.hub.exposure.models import Standing
from tocsin.hub.listing.lists import read
from tocsin.hub.notices import operator
from tocsin.hub.notices.affected import affected_of
from tocsin.hub.notices.composing import Known, delivery, told_of
from tocsin.hub.notices.models import Batch, Delivery, Gap, Notice, Told
from tocsin.hub.notices.people import Neighbours, candidates, places
from tocsin.hub.notices.routes import Resolver, configured, domain_of, look_up, routes_of
from tocsin.hub.rules.cases import OPEN as OPEN_CASES
from tocsin.hub.rules.ladder import Candidate, Ways, ways
from tocsin.hub.rules.notices import (
    LIVE,
    BatchState,
    Kind,
    Seen,
    State,
    grouped,
    new_reference,
    urgency,
)
from tocsin.hub.rules.secrecy import Affected, Route, Say, Verdict, may_say
from tocsin.hub.rules.words import OPEN, Channel, Compromise, Exposure

CHUNK = 200
"""Organisations that are planned in one transaction."""
INSIDE = (Compromise.SUSPECTED, Compromise.CONFIRMED, Compromise.CONTAINED)
ABOUT: dict[Kind, Q] = {
    Kind.VULNERABLE: Q(exposure__in=[Exposure.VULNERABLE, Exposure.PARTLY_MITIGATED]),
    Kind.MITIGATED: Q(exposure=Exposure.MITIGATED),
    Kind.COMPROMISE: Q(compromise__in=INSIDE),
    Kind.WEBSHELL: Q(shell_seen__isnull=False, compromise__in=INSIDE),
    Kind.DIRECTIVE: Q(exposure__in=list(OPEN)),
}
"""Which servers of a campaign a kind of notice is about."""
CASES: dict[str, Q] = {
    "open": Q(state__in=[state.value for state in OPEN_CASES]),
    "to-notify": Q(state__in=[state.value for state in OPEN_CASES], notify=True),
}
"""What a filter may ask of the servers' cases besides: ``cases=to-notify``."""


def standings(campaign: Campaign, kind: Kind, query: str) -> QuerySet[Standing]:
    """The servers that a batch is about.

    Raises:
        UsageFault: the filter cannot be read.
    """
    given = QueryDict(query.lstrip("?"))
    asked = read(STANDINGS, given)
    if asked.faults:
        raise UsageFault("; ".join(asked.faults))
    rows = Standing.objects.filter(ABOUT[kind], campaign=campaign)
    return asked.met_by(_with_cases(rows, campaign, given["cases"]) if given.get("cases") else rows)


def _with_cases(rows: QuerySet[Standing], campaign: Campaign, wanted: str) -> QuerySet[Standing]:
    """Those servers of which a case is open, or of which somebody asked that the owner be told."""
    if wanted not in CASES:
        raise UsageFault(f"cases are {' or '.join(CASES)}, not {wanted[:40]!r}")
    found = Case.objects.filter(CASES[wanted], campaign=campaign, server__isnull=False)
    return rows.filter(server_id__in=found.order_by().values("server_id"))


def preview(campaign: Campaign, kind: Kind, query: str) -> dict[str, int]:
    """How many servers and organisations a batch would be about, and how many servers nobody owns."""
    rows = standings(campaign, kind, query)
    owned = rows.filter(organisation__isnull=False)
    told = _told_already(campaign, kind).filter(
        organisation_id__in=owned.order_by().values("organisation_id")
    )
    return {
        "servers": rows.count(),
        "organisations": owned.order_by().values("organisation_id").distinct().count(),
        "without_owner": rows.filter(organisation__isnull=True).count(),
        "told_already": told.values("organisation_id").distinct().count(),
    }


def _told_already(campaign: Campaign, kind: Kind, but: Batch | None = None) -> QuerySet[Notice]:
    live = Notice.objects.filter(campaign=campaign, kind=kind, state__in=list(LIVE))
    return live.exclude(batch=but) if but else live


def plan_some(resolver: Resolver | None = None, now: datetime | None = None) -> bool:
    """The chore: plan the next organisations of the oldest batch that waits for it."""
    batch = Batch.objects.filter(state=BatchState.PLANNING).select_related("campaign").order_by("id").first()
    if batch is None:
        return False
    moment = now or timezone.now()
    rows = standings(batch.campaign, Kind(batch.kind), batch.query)
    numbers = rows.filter(organisation_id__gt=batch.planned_through).order_by("organisation_id")
    chunk = list(numbers.values_list("organisation_id", flat=True).distinct()[:CHUNK])
    if chunk:
        _plan(batch, rows, chunk, resolver or configured(), moment)
    else:
        _finish(batch, rows.filter(organisation__isnull=True).count())
    return True


class _Owner(Struct, frozen=True, kw_only=True):
    """One organisation of a chunk, with everything that decides how it is told."""

    row: Organisation
    servers: tuple[Seen, ...]
    candidates: list[Candidate]


def _plan(
    batch: Batch, rows: QuerySet[Standing], chunk: Sequence[int], resolver: Resolver, now: datetime
) -> None:
    """Read and look up outside of the transaction, then write a chunk's notices at once."""
    already = set(
        _told_already(batch.campaign, Kind(batch.kind), batch)
        .filter(organisation_id__in=chunk)
        .values_list("organisation_id", flat=True)
    )
    owners = _owners(rows, [number for number in chunk if number not in already], now)
    look_up((domain_of(one.channel, one.address) for own in owners for one in own.candidates), resolver, now)
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != BatchState.PLANNING or locked.planned_through != batch.planned_through:
            return
        _write(locked, owners, now)
        locked.counts = dict(Counter(locked.counts) + Counter({"told_already": len(already)}))
        locked.planned_through = chunk[-1]
        locked.save(update_fields=["planned_through", "counts"])


def _owners(rows: QuerySet[Standing], wanted: Sequence[int], now: datetime) -> list[_Owner]:
    found = list(rows.filter(organisation_id__in=wanted).select_related("server").order_by("id"))
    sources = _last_seen_by([one.server_id for one in found])
    systems = {one.server_id: one.server.asn for one in found}
    servers = grouped((int(one.organisation_id or 0), _seen(one, sources)) for one in found)
    organisations = Organisation.objects.in_bulk(list(servers))
    neighbours = Neighbours(now.date(), list(servers))
    around = {
        number: neighbours.of(organisations[number], places((one, systems[one.server]) for one in own))
        for number, own in servers.items()
    }
    known = candidates(around)
    return [
        _Owner(row=organisations[number], servers=own, candidates=known[number])
        for number, own in servers.items()
    ]


def _last_seen_by(servers: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """Of each server the last sighting: when, and by whom."""
    rows = Observation.objects.filter(server_id__in=servers).values("server_id", "source__name")
    found: dict[int, tuple[datetime, str]] = {}
    for row in rows.annotate(last=Max("last_seen")).order_by("last", "source__name"):
        found[row["server_id"]] = (row["last"], row["source__name"])
    return found


def _seen(one: Standing, sources: Mapping[int, tuple[datetime, str]]) -> Seen:
    last, source = sources.get(one.server_id, (one.last_seen, ""))
    server = one.server
    return Seen(
        server=server.pk,
        ip=server.ip,
        port=server.port,
        hostname=server.hostname,
        name=server.name,
        build=server.build,
        exposure=Exposure(one.exposure),
        compromise=Compromise(one.compromise),
        shell=one.shell_seen,
        day=last.date(),
        source=source,
    )


class May:
    """How much each candidate may be told about an organisation, as the database stands."""

    def __init__(
        self, kind: Kind, now: datetime, affected: Mapping[int, Affected], routes: Mapping[str, Route]
    ) -> None:
        """Keep what was read: everything that decides stands in `rules.secrecy`."""
        self.kind, self.now, self.affected, self.routes = kind, now, affected, routes

    def concerned(self, owner: int, one: Candidate) -> Affected:
        """What an intruder may hold: of the owner, and of the addressee where that is somebody else."""
        mine = self.affected[owner]
        return mine if one.organisation == owner else mine.and_also(self.affected[one.organisation])

    def told(self, owner: int, one: Candidate) -> Verdict:
        """How much one candidate may be told."""
        return may_say(
            one.channel,
            kind=self.kind,
            affected=self.concerned(owner, one),
            route=self.routes.get(domain_of(one.channel, one.address)),
            verified=one.sure(self.now),
        )


def mays_of(
    kinds: Iterable[Kind], now: datetime, owners: Iterable[int], known: Iterable[Candidate]
) -> dict[Kind, May]:
    """`May` by kind for some owners and candidates, in a few queries for all of them."""
    everybody = list(known)
    concerned = {one.organisation for one in everybody} | set(owners)
    domains = {domain_of(one.channel, one.address) for one in everybody}
    affected, routes = affected_of(concerned), routes_of(domains)
    return {kind: May(kind, now, affected, routes) for kind in kinds}


def _write(batch: Batch, owners: Sequence[_Owner], now: datetime) -> None:
    kind = Kind(batch.kind)
    known = (one for own in owners for one in own.candidates)
    may = mays_of([kind], now, (own.row.pk for own in owners), known)[kind]
    reporter = operator.reporter()
    notices, told, deliveries, gaps = list[Notice](), list[Told](), list[Delivery](), list[Gap]()
    for own in owners:
        number = own.row.pk
        found = ways(own.candidates, kind, partial(may.told, number), now)
        if found.gap:
            gaps.append(Gap(batch=batch, organisation=own.row, servers=len(own.servers), reason=found.gap))
        if not found.choices:
            continue
        notice = _notice(batch, own, found, now)
        facts = Known(
            batch=batch,
            campaign=batch.campaign,
            notice=notice,
            organisation=str(own.row),
            servers=own.servers,
            sender=reporter.org,
            reporter=reporter,
            at=now,
        )
        notices.append(notice)
        told += told_of(notice, own.servers)
        deliveries += [
            delivery(
                facts,
                choice,
                key=f"notice:{batch.pk}:{number}:{choice.part}",
                affected=may.concerned(number, choice.candidate),
            )
            for choice in found.choices
        ]
    Notice.objects.bulk_create(notices)
    Told.objects.bulk_create(told, batch_size=500)
    Delivery.objects.bulk_create(deliveries, batch_size=500)
    Gap.objects.bulk_create(gaps)


def _notice(batch: Batch, own: _Owner, found: Ways, now: datetime) -> Notice:
    first = found.choices[0]
    return Notice(
        batch=batch,
        organisation=own.row,
        campaign=batch.campaign,
        kind=batch.kind,
        reference=new_reference(),
        contact_id=first.candidate.contact,
        rung=first.rung.value,
        say=first.say.value,
        reasons=list(found.reasons),
        detailed=any(choice.say is Say.EVERYTHING for choice in found.choices),
        urgency=urgency(Kind(batch.kind), own.servers),
        created=now,
        looked=now,
    )


def _finish(batch: Batch, without_owner: int) -> None:
    """All organisations are planned: count, and digest what stands there to be approved."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if locked.state != BatchState.PLANNING:
            return
        if without_owner:
            reason = "no claim covers them: nobody knows whose they are"
            Gap.objects.create(batch=locked, servers=without_owner, reason=reason)
        locked.counts = {**locked.counts, **counts(locked)}
        locked.digest = digest(locked)
        locked.state = BatchState.PLANNED
        locked.save(update_fields=["counts", "digest", "state"])


def counts(batch: Batch) -> dict[str, Any]:
    """What a plan comes to."""
    deliveries = Delivery.objects.filter(notice__batch=batch)
    by_channel = {str(one): deliveries.filter(channel=one).count() for one in Channel}
    return {
        "notices": batch.notices.count(),
        "servers": Told.objects.filter(notice__batch=batch).count(),
        "messages": sum(by_channel.values()),
        "channels": {channel: number for channel, number in by_channel.items() if number},
        "reference_only": batch.notices.filter(say=Say.REFERENCE).count(),
        "without_details": batch.notices.filter(detailed=False).count(),
        "held": deliveries.filter(state=Delivery.HELD).count(),
        "gaps": batch.gaps.count(),
    }


def digest(batch: Batch) -> str:
    """A digest of every message of a plan: what is approved is what was shown."""
    whole = hashlib.sha256()
    rows = Delivery.objects.filter(notice__batch=batch).order_by("id")
    fields = ("key", "channel", "address", "say", "subject", "text", "attachments")
    for row in rows.values_list(*fields).iterator(chunk_size=500):
        whole.update(repr(row).encode())
    return whole.hexdigest()


def create(
    *, by: User, campaign: Campaign, kind: Kind, query: str = "", note: str = "", **rest: Any
) -> Batch:
    """A new batch, to be planned. ``rest``: ``directive``, ``deadline`` and ``per_hour`` of the model.

    Raises:
        UsageFault: the filter cannot be read, or a batch about a directive does not name it.
    """
    standings(campaign, kind, query)
    if kind is Kind.DIRECTIVE and not str(rest.get("directive", "")).strip():
        raise UsageFault("name the directive that these notices are about")
    return Batch.objects.create(campaign=campaign, kind=kind, query=query, note=note, by=by, **rest)


def plan_again(batch: Batch) -> None:
    """Throw a plan away and make it anew. Not once somebody has approved it.

    Raises:
        UsageFault: it was approved, or cancelled.
    """
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        untouched = locked.approved_by_id is None
        if locked.state not in {BatchState.PLANNED, BatchState.PLANNING} or not untouched:
            raise UsageFault("this batch was approved or cancelled", remedy="Make another.")
        locked.notices.filter(state=State.PLANNED).delete()
        locked.gaps.all().delete()
        locked.state, locked.planned_through, locked.counts, locked.digest = BatchState.PLANNING, 0, {}, ""
        locked.save()
