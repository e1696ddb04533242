"""Who stands in which slice: one walk over all standings, then only what the chain says has changed.

A change of a scope, of terms, of secrecy or of anybody's claims begins the walk anew; so does a day, as an
owner may change without the chain saying so. Each piece is one transaction; killed, it is done again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from msgspec import Struct

from tocsin.hub.constituency.selectors import claims_version, valid_claims
from tocsin.hub.exposure.models import Event, Standing
from tocsin.hub.relay.models import Carrier, Entry, ScopePart, Secrecy, Walk
from tocsin.hub.rules.relay import Terms, Why, belongs
from tocsin.hub.rules.relay_scope import KINDS, Part, Reaches

PIECE = 2_000
EVERY = timedelta(days=1)
SERVER = "server:"
COLUMNS = (
    "id",
    "exposure",
    "compromise",
    "organisation_id",
    "server__ip",
    "server__hostname",
    "server__name",
    "server__asn",
)


class Known(Struct, frozen=True, kw_only=True):
    """All carriers as they stand: scopes, terms, and whose servers are told to nobody."""

    reaches: Reaches
    terms: dict[int, Terms]
    secret: frozenset[int]


def carry(now: datetime | None = None) -> bool:
    """The chore: bring slices up to date by one piece. Tells whether there was anything to do."""
    moment = now or timezone.now()
    if not Carrier.objects.exists():
        return False
    walk, marks = Walk.objects.filter(pk=1).first() or Walk(pk=1), _marks()
    known = _known(marks, moment.date())
    late = walk.began is None or walk.began < moment - EVERY
    with transaction.atomic():
        if walk.marks != marks or (late and walk.standing is None):
            _begin(walk, marks, moment)
        return _on_foot(walk, known, moment) if walk.standing is not None else _by_events(walk, known, moment)


def _begin(walk: Walk, marks: str, now: datetime) -> None:
    walk.marks, walk.began = marks, now
    walk.standing = 0
    walk.event = Event.objects.aggregate(last=Max("id"))["last"] or 0
    walk.save()


def _marks() -> str:
    """Changes whenever a scope, terms, secrecy or claims do."""
    carriers = Carrier.objects.aggregate(n=Count("pk"), last=Max("changed"))
    parts = ScopePart.objects.aggregate(n=Count("pk"), last=Max("pk"))
    secret = Secrecy.objects.aggregate(n=Count("pk"), last=Max("pk"))
    rows = (f"{row['n']} {row['last']}" for row in (carriers, parts, secret))
    return f"{' '.join(rows)} {claims_version()}"[:200]


def _on_foot(walk: Walk, known: Known, now: datetime) -> bool:
    rows = Standing.objects.filter(pk__gt=walk.standing).order_by("pk")
    last = settle(rows, known, now)
    walk.standing = last
    walk.save(update_fields=["standing"])
    return True


def _by_events(walk: Walk, known: Known, now: datetime) -> bool:
    events = list(Event.objects.filter(pk__gt=walk.event).order_by("pk").values_list("pk", "subject")[:PIECE])
    if not events:
        return False
    servers = {int(subject.removeprefix(SERVER)) for _, subject in events if subject.startswith(SERVER)}
    rows, reached = Standing.objects.filter(server_id__in=servers).order_by("pk"), 0
    while (last := settle(rows.filter(pk__gt=reached), known, now)) is not None:
        reached = last
    walk.event = events[-1][0]
    walk.save(update_fields=["event"])
    return True


def settle(rows: QuerySet[Standing], known: Known, now: datetime) -> int | None:
    """Put the first standings of these (in the order of their numbers) where they belong.

    Gives the last one's number, or None where these were all.
    """
    found = list(rows.values_list(*COLUMNS)[:PIECE])
    if found:
        wanted = dict(_wanted(found, known))
        _write(wanted, [row[0] for row in found], now)
    return found[-1][0] if len(found) == PIECE else None


@lru_cache(maxsize=1)
def _known(marks: str, day: date) -> Known:  # noqa: ARG001 - the marks tell when to read anew
    carriers = list(Carrier.objects.filter(active=True))
    return Known(
        reaches=Reaches(_parts(carriers, day)),
        terms={carrier.pk: carrier.terms for carrier in carriers},
        secret=frozenset(Secrecy.objects.values_list("organisation_id", flat=True)),
    )


def _parts(carriers: Iterable[Carrier], day: date) -> Iterator[Part]:
    by_owner: dict[int, list[int]] = defaultdict(list)
    for one in carriers:
        if one.by_claims:
            by_owner[one.organisation_id].append(one.pk)
    listed = ScopePart.objects.filter(carrier__active=True).values_list("carrier_id", "kind", "value")
    for carrier, kind, value in listed:
        yield Part(carrier=carrier, kind=kind, value=value)
    claims = valid_claims(day).filter(organisation__in=by_owner, kind__in=KINDS)
    for owner, kind, value in claims.values_list("organisation_id", "kind", "value"):
        yield from (Part(carrier=carrier, kind=kind, value=value) for carrier in by_owner[owner])


def _wanted(found: Iterable[tuple[Any, ...]], known: Known) -> Iterator[tuple[tuple[int, int], Why | None]]:
    """Each (carrier, standing) that may be told, and why it is to be told now, if it is."""
    for number, exposure, compromise, owner, ip, hostname, name, asn in found:
        names = [text.lower() for text in (hostname, name) if text]
        carriers = (
            () if owner in known.secret else known.reaches.carriers(ip, names=names, asn=asn, owner=owner)
        )
        for carrier in carriers:
            if known.terms[carrier].tells_anything:
                yield (carrier, number), belongs(exposure, compromise, known.terms[carrier])


def _write(wanted: dict[tuple[int, int], Why | None], standings: list[int], now: datetime) -> None:
    here = {(row.carrier_id, row.standing_id): row for row in Entry.objects.filter(standing__in=standings)}
    new = [
        Entry(carrier_id=key[0], standing_id=key[1], why=why, added=now)
        for key, why in wanted.items()
        if why and key not in here
    ]
    Entry.objects.bulk_create(new, ignore_conflicts=True)
    for key, row in here.items():
        _keep(row, allowed=key in wanted, why=wanted.get(key), now=now)


def _keep(row: Entry, *, allowed: bool, why: Why | None, now: datetime) -> None:
    """A row once told for its exposure stays while it may be told, so that its end is told, too."""
    reason = Why.EXPOSURE if Why.EXPOSURE in {why, row.why} else Why.COMPROMISE
    stays = allowed and (why is not None or reason is Why.EXPOSURE)
    left = None if stays else (row.left or now)
    if (left, reason) != (row.left, row.why):
        Entry.objects.filter(pk=row.pk).update(left=left, why=reason)
