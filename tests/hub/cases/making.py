"""Makers of cases and of what moves them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.hub import making

from tocsin.hub.accounts.models import User
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.cases import services
from tocsin.hub.cases.finding import Sighting
from tocsin.hub.cases.models import Case
from tocsin.hub.census.models import Server
from tocsin.hub.constituency.models import Organisation
from tocsin.hub.exposure.models import Standing
from tocsin.hub.owners.models import HandIn, Nonce, OwnerLink
from tocsin.hub.rules.cases import CaseKind, Source
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.words import Compromise, Grade

DAY = making.DAY
SHELL = "/owa/auth/discover1.aspx"
_numbers = count(1)


def case(server: Server | None = None, **rest: Any) -> Case:
    """A case of a web shell, found on `DAY`."""
    of = server or making.server(f"192.0.2.{next(_numbers) % 250 + 3}", making.organisation())
    fields = {
        "kind": CaseKind.WEBSHELL,
        "campaign": making.campaign().pk,
        "server": of.pk,
        "at": DAY,
        "source": Source.HAND,
        "url": SHELL,
        "reason": "seen by hand",
        **rest,
    }
    if not fields.pop("server_known", True):
        fields |= {"server": None, "organisation": of.organisation_id}
    return Case.objects.get(pk=services.found([Sighting(**fields)])[0])


def shell(presence: str = "present", url: str = SHELL, **rest: Any) -> dict[str, Any]:
    """A web shell as an assessment tells of it."""
    return {"url": url, "path": None, "presence": presence, "content": "live", "last_seen": None, **rest}


def hand_in(of: Server, days: float = 2, *, by: User | None = None, **rest: Any) -> HandIn:
    """Re-assessed evidence, collected ``days`` after `DAY` and confirmed, that shows nothing left."""
    campaign = rest.pop("campaign", None) or making.campaign()
    analyst = by or making.person()
    shells = rest.pop("shells", [shell("absent-on-disk")])
    fields = {
        "form": Form.EVIDENCE,
        "state": State.CONFIRMED,
        "grade": Grade.RE_ASSESSED,
        "digest": f"{next(_numbers):064x}",
        "evidence_digest": f"{next(_numbers):064x}",
        "pack": "proxylogon 1",
        "identity": "same",
        "collected": DAY + timedelta(days=days),
        "compromise": "confirmed",
        "residual": "none-seen",
        "window_covered": True,
        "shells_gone": True,
        "shown_clean": True,
        "decided": DAY + timedelta(days=days),
        "decided_by": analyst,
        "report": report(campaign, shells, **rest.pop("verdict", {})),
        **rest,
    }
    link = _link(of, campaign)
    if "nonce" not in fields:
        fields["nonce"] = Nonce.objects.create(link=link, value=f"tocsin-nonce-{next(_numbers)}")
    if fields["shown_clean"]:
        Standing.objects.filter(server=of, campaign=campaign).update(compromise=Compromise.VERIFIED_CLEAN)
    return HandIn.objects.create(
        server=of, campaign=campaign, organisation=of.organisation, link=link, **fields
    )


def report(campaign: Campaign, shells: list[dict[str, Any]], **verdict: Any) -> dict[str, Any]:
    """As much of an assessment as cases read."""
    told = {
        "campaign": campaign.key,
        "webshells": shells,
        "clusters": [],
        "last_seen": DAY.isoformat(),
        **verdict,
    }
    return {"verdicts": [told]}


def _link(of: Server, campaign: Campaign) -> OwnerLink | None:
    if of.organisation is None:
        return None
    return OwnerLink.objects.create(
        organisation=of.organisation,
        campaign=campaign,
        digest=f"{next(_numbers):064x}",
        expires=DAY + timedelta(days=100),
    )


def later(days: float) -> datetime:
    """A moment, ``days`` after `DAY`."""
    return DAY + timedelta(days=days)


def own(name: str = "Contoso") -> Organisation:
    """An organisation."""
    return making.organisation(name)
