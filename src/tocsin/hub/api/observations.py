"""``POST /api/observations``: a few servers that somebody saw, without a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.api.submissions import submit
from tocsin.hub.rules.permissions import Scope

router = Router()
MOST = 1_000
Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f]*$")]


class Seen(Schema):
    """One server as it was seen."""

    ip: IPv4Address | IPv6Address
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    hostname: Text = ""
    name: Text = ""
    build: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f]*$")] = ""
    status: Annotated[str, Field(max_length=20, pattern=r"^[a-z-]*$")] = ""
    tags: Annotated[
        list[Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")]], Field(max_length=50)
    ] = []


class Observations(Schema):
    """Who saw what, on which day (UTC; today if left out, and not in the future)."""

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
    day: date | None = None
    servers: Annotated[list[Seen], Field(min_length=1, max_length=MOST)]


class Kept(Schema):
    """They are kept, and will be taken in."""

    id: int
    servers: int


@router.post("", response={202: Kept}, auth=Bearer(Scope.CENSUS_WRITE), summary="Submit observations")
def submit_observations(request: HttpRequest, wanted: Observations) -> Any:
    """Up to 1,000 servers. They are safe once this answers; the worker takes them in within seconds."""
    now = timezone.now()
    day = min(wanted.day or now.date(), now.date())
    moment = now if day == now.date() else datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = [
        {
            "timestamp": moment.isoformat(),
            **row.dict(exclude_defaults=True),
            "ip": str(row.ip),
            "port": row.port,
        }
        for row in wanted.servers
    ]
    kept = submit(wanted.source, rows, day, by=person_of(request))
    return Status(202, {"id": kept.pk, "servers": len(rows)})
