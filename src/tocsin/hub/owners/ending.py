"""What becomes of links by itself: a new nonce after each claim, and an end when their work is done."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.hub.accounts.services import record
from tocsin.hub.census.bulk import writing
from tocsin.hub.exposure.models import Decision, Standing
from tocsin.hub.owners.models import HandIn, Nonce, OwnerLink
from tocsin.hub.rules import links
from tocsin.hub.rules.decisions import Kind
from tocsin.hub.rules.words import Compromise

PIECE = 200


def opening(now: datetime) -> QuerySet[OwnerLink]:
    """Links that open."""
    return OwnerLink.objects.filter(withdrawn=None, done=None, expires__gt=now)


def renew_nonces() -> bool:
    """Give links a new nonce where a removal was claimed since, by whomever. Gives whether there were any."""
    now = timezone.now()
    newer = Nonce.objects.filter(link=OuterRef(OuterRef("pk")), issued__gte=OuterRef("at"))
    claims = Decision.objects.filter(
        ~Exists(newer),
        server__owner_links=OuterRef("pk"),
        server__organisation=OuterRef("organisation"),
        campaign=OuterRef("campaign"),
        kind=Kind.REMOVED,
        superseded_by=None,
    )
    with writing():
        stale = list(opening(now).filter(Exists(claims)).order_by("id")[:PIECE])
        Nonce.objects.bulk_create([Nonce(link=one, value=links.new_nonce(), issued=now) for one in stale])
    return bool(stale)


def end_links() -> bool:
    """End links whose work is done. Gives whether there were any.

    All of its servers have been shown clean, with the update in place, for as long as an owner has to read
    that. Links about an order end by their time.
    """
    now = timezone.now()
    theirs = Standing.objects.filter(
        server__owner_links=OuterRef("pk"),
        campaign=OuterRef("campaign"),
        server__organisation=OuterRef("organisation"),
    )
    fresh = HandIn.objects.filter(
        server=OuterRef("server"),
        campaign=OuterRef("campaign"),
        shown_clean=True,
        decided__gt=now - links.READABLE_FOR,
    )
    over = Q(~Exists(fresh), compromise=Compromise.VERIFIED_CLEAN, exposure__in=links.FIXED)
    ended = opening(now).exclude(purpose__in=links.ENDED_BY_TIME)
    with writing():
        rows = list(ended.filter(Exists(theirs), ~Exists(theirs.exclude(over))).order_by("id")[:PIECE])
        OwnerLink.objects.filter(pk__in=[one.pk for one in rows], done=None).update(done=now)
        for one in rows:
            record("owner link done", f"link:{one.pk}", organisation=one.organisation_id)
    return bool(rows)
