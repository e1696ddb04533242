"""How often anybody may report, look and add, and what a flood has to do first."""

from __future__ import annotations

from django.http import HttpRequest

from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.services import place_of
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.incidents.services import spend
from tocsin.hub.incidents.uploads import LARGEST_REQUEST
from tocsin.hub.rules.incident import Proof

HOUR = 3_600
WORKED, UNWORKED = 20, 3
"""Reports of one address in an hour, with and without work done for each."""

UNWORKED_IN_ALL = 60
"""Reports without work that the hub takes in an hour from everybody together."""

TRIES, TRIES_OF_ONE = 30, 60
"""Openings by one address in a quarter of an hour, and of one report in an hour: a secret has 100 bits."""

FOLLOW_UPS = 20


def too_large(request: HttpRequest) -> bool:
    """Whether a request says that it is larger than all that may come; asked before any of it is read."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return not (length.isascii() and length.isdigit()) or int(length) > LARGEST_REQUEST


def admitted(request: HttpRequest, proof: str, *, trapped: bool = False) -> Proof | None:
    """What speaks for a report, or None if too many came. A good proof is spent by this."""
    place = place_of(request)
    if not trapped and proof and spend(proof) == "":
        return Proof.WORK if within(f"report {place}", WORKED, seconds=HOUR) else None
    here = within(f"report without work {place}", UNWORKED, seconds=HOUR)
    if not (here and within("reports without work", UNWORKED_IN_ALL, seconds=HOUR)):
        return None
    return Proof.TRAP if trapped else Proof.NONE


def may_try(request: HttpRequest, reference: str) -> bool:
    """Whether this address may try another secret, and this reference be tried."""
    here = within(f"secret {place_of(request)}", TRIES, seconds=HOUR // 4)
    return here and within(f"secret of {reference.strip().upper()[:20]}", TRIES_OF_ONE, seconds=HOUR)


def may_follow_up(report: IncidentReport) -> bool:
    """Whether this report takes another follow-up within this hour."""
    return within(f"follow-up {report.pk}", FOLLOW_UPS, seconds=HOUR)
