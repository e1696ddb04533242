"""Reports as others take them: STIX, MISP, X-ARF, plain JSON. TLP:RED leaves in none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from django.conf import settings

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.advisories.selectors import publisher
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.notices.operator import reporter
from tocsin.hub.rules.incident_shared import Shared
from tocsin.hub.rules.misp_incident import event
from tocsin.hub.rules.stix_incident import bundle
from tocsin.hub.rules.tlp import Way, demand
from tocsin.hub.rules.xarf_incident import reports

Form = Callable[[Shared], Any]


def _plain(shared: Shared) -> dict[str, Any]:
    demand(shared.tlp, Way.EXPORT)
    made: dict[str, Any] = msgspec.to_builtins(shared)
    return made


def _xarf(shared: Shared) -> list[dict[str, Any]]:
    return reports(shared, reporter())


FORMS: dict[str, Form] = {"stix": bundle, "misp": event, "xarf": _xarf, "json": _plain}
NAMES = {"stix": "STIX 2.1", "misp": "MISP", "xarf": "X-ARF 4.2", "json": "JSON"}


def shared(report: IncidentReport, *, victim: bool) -> Shared:
    """What of a report may be given away; with ``victim``, who it is and which servers."""
    speaker, owner = publisher(), report.organisation
    servers = list(report.servers.order_by("pk")) if victim else []
    site = str(settings.PUBLIC_URL)
    return Shared(
        uuid=str(uuid5(NAMESPACE_URL, f"{site}/incidents/{report.reference}")),
        reference=report.reference,
        publisher=(str(uuid5(NAMESPACE_URL, site)), speaker.name if speaker else "Tocsin hub"),
        at=report.received,
        changed=report.changed,
        aware=report.aware,
        tlp=report.tlp,
        summary=_summary(report),
        cves=tuple(report.campaign.cves) if report.campaign else (),
        campaign=report.campaign.name if report.campaign else "",
        addresses=tuple(each.ip for each in servers),
        ports=tuple(each.port for each in servers),
        hosts=tuple(dict.fromkeys(each.hostname for each in servers if each.hostname)),
        victim=owner.name if owner and victim else "",
        sector=owner.sector if owner else "",
        country=owner.country if owner else "",
        confirmed=report.cases.exists(),
    )


def _summary(report: IncidentReport) -> str:
    """Words of the form; what the reporter wrote stays here."""
    return (
        f"Functional impact {report.functional}, information impact {report.information}, "
        f"recoverability {report.recoverability}, malicious: {report.malicious}, "
        f"cross-border: {report.cross_border}."
    )


def export(report: IncidentReport, form: str, *, victim: bool, by: User) -> bytes:
    """A report in a form; recorded.

    Raises:
        UsageFault: no such form, TLP:RED, or X-ARF of no server.
    """
    if form not in FORMS:
        raise UsageFault(f"reports are exported as {', '.join(FORMS)}")
    made = FORMS[form](shared(report, victim=victim))
    record("incident exported", f"incident:{report.pk}", by=by, form=form, victim=victim, tlp=report.tlp)
    return msgspec.json.format(msgspec.json.encode(made), indent=2)
