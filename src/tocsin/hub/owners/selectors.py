"""Who may see which links, answers and hand-ins; and which assessments were accepted."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db.models import F, Q, QuerySet

from tocsin.hub.constituency.selectors import Visitor, organisation_ids
from tocsin.hub.owners.models import Answer, HandIn, OwnerLink
from tocsin.hub.rules import keys, links
from tocsin.hub.rules.handins import State
from tocsin.hub.rules.links import NO_ANSWER


def links_visible_to(user: Visitor) -> QuerySet[OwnerLink]:
    """The links that a person may see: that they were given, not the way in."""
    owned = organisation_ids(user)
    found = OwnerLink.objects.select_related("organisation", "campaign", "by")
    return found if owned is None else found.filter(organisation_id__in=owned)


def answers_visible_to(user: Visitor) -> QuerySet[Answer]:
    """The answers that a person may see."""
    owned = organisation_ids(user)
    found = Answer.objects.select_related("link__organisation", "link__campaign", "server")
    return found if owned is None else found.filter(link__organisation_id__in=owned)


def visible_to(user: Visitor) -> QuerySet[HandIn]:
    """The hand-ins that a person may see: of servers that were his organisations' then, and are now."""
    owned = organisation_ids(user)
    found = HandIn.objects.select_related("server", "campaign", "organisation", "link", "decided_by")
    if owned is None:
        return found
    then = Q(organisation=None) | Q(organisation_id__in=owned)
    return found.filter(then, server__organisation_id__in=owned)


def link_of(token: str) -> OwnerLink | None:
    """The link of a token, whether it still opens or not. A forged token costs no look at the database."""
    secret = links.unsealed(token, settings.SECRET_KEY)
    if secret is None:
        return None
    found = OwnerLink.objects.filter(digest=keys.digest(secret))
    return found.select_related("organisation", "campaign").first()


def accepted_assessments(server: int, campaign: int) -> QuerySet[HandIn]:
    """Hand-ins about a server in a campaign that an analyst confirmed and nobody took back; newest first.

    Of any grade: look at ``grade``. Those without a moment of collection come last.
    """
    stands = Q(decision=None) | Q(decision__superseded_by=None)
    found = HandIn.objects.filter(stands, server_id=server, campaign_id=campaign, state=State.CONFIRMED)
    return found.order_by(F("collected").desc(nulls_last=True), "-id")


def last_answer(organisation: int, campaign: int) -> str:
    """What an organisation said last in a campaign; silence is "no answer yet", never a word of its own."""
    said = Answer.objects.filter(link__organisation_id=organisation, link__campaign_id=campaign)
    return said.order_by("-at", "-id").values_list("kind", flat=True).first() or NO_ANSWER


def held_among(digests: Collection[str]) -> set[str]:
    """Of some files in quarantine, those that hand-ins name (a `lists.quarantine.Holder`)."""
    return set(HandIn.objects.filter(digest__in=list(digests)).values_list("digest", flat=True))


def shells_of(row: HandIn) -> list[dict[str, str]]:
    """The web shells that a hand-in's assessment names, as texts: place, presence, content, hash."""
    verdicts = (row.report or {}).get("verdicts") or []
    about = [one for one in verdicts if one.get("campaign") == row.campaign.key]
    shells = [shell for verdict in about for shell in verdict.get("webshells") or []]
    names = ("url", "path", "presence", "content", "sha256")
    return [{name: str(shell.get(name) or "") for name in names} for shell in shells[:200]]
