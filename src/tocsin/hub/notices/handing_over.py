"""A notice for programs: X-ARF reports that staff hand over by a safe way. Mail never carries these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils import timezone

from tocsin.hub.cases.models import Case
from tocsin.hub.notices.composing import about, known_of
from tocsin.hub.notices.models import Notice
from tocsin.hub.rules import xarf
from tocsin.hub.rules.cases import OPEN
from tocsin.hub.rules.notices import SECRET, Kind, Seen

WEB = ("http", "https")
LEFT_AS_IT_IS = "/%:@!$&'()*+,;=~-._"


def reports(notice: Notice) -> list[dict[str, Any]]:
    """One report for each server, and one for each web shell that is known to answer at an address there."""
    known = known_of(notice, timezone.now())
    shared = about(known)
    if notice.kind not in SECRET:
        return [xarf.vulnerability(shared, one) for one in known.servers]
    found = [xarf.compromised_server(shared, one) for one in known.servers]
    return [*found, *_shells(notice, shared, known.servers)] if notice.kind == Kind.WEBSHELL else found


def _shells(notice: Notice, shared: xarf.About, servers: tuple[Seen, ...]) -> Iterator[dict[str, Any]]:
    by_number = {one.server: one for one in servers}
    rows = Case.objects.filter(
        campaign_id=notice.campaign_id, server_id__in=list(by_number), state__in=[one.value for one in OPEN]
    )
    for number, url in rows.exclude(url="").order_by("id").values_list("server_id", "url"):
        one = by_number[number or 0]
        if whole := _whole(url, one):
            yield xarf.remote_compromise(shared, one, whole)


def _whole(url: str, one: Seen) -> str:
    """The whole address of a page, which cases hold whole or from the first stroke on; empty if neither."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme in WEB and parts.netloc:
        return f"{parts.scheme}://{quote(parts.netloc, safe=':[]')}{quote(parts.path, safe=LEFT_AS_IT_IS)}"
    if not url.startswith("/"):
        return ""
    name = one.hostname or (f"[{one.ip}]" if ":" in one.ip else one.ip)
    return f"https://{name}:{one.port}{quote(url, safe=LEFT_AS_IT_IS)}"
