"""What of the census can be exported in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.hub.census import selectors
from tocsin.hub.lists.kept import Export

HEADER = (
    *("id", "ip", "port", "hostname", "name", "asn", "country", "product", "build"),
    *("first_seen", "last_seen", "organisation_id", "organisation", "owned_by"),
)


def _servers(user: Any) -> Iterator[tuple[object, ...]]:
    fields = ["organisation__name" if name == "organisation" else name for name in HEADER]
    rows = selectors.servers_visible_to(user).order_by("pk")
    return rows.values_list(*fields).iterator(chunk_size=2_000)


EXPORTS = (Export("servers", "All servers, with their owners", HEADER, _servers),)
