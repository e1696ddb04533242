"""What of the exposure can be exported in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.hub.exposure import selectors
from tocsin.hub.lists.kept import Export

COLUMNS = {
    "campaign": "campaign__key",
    "server_id": "server_id",
    "ip": "server__ip",
    "port": "server__port",
    "hostname": "server__hostname",
    "organisation_id": "organisation_id",
    "organisation": "organisation__name",
    "sector": "sector",
    "country": "country",
    "exposure": "exposure",
    "compromise": "compromise",
    "grade": "grade",
    "reason": "reason",
    "since": "since",
    "opened": "opened",
    "closed": "closed",
    "reopened": "reopened",
    "shell_seen": "shell_seen",
    "due": "due",
    "last_seen": "last_seen",
    "branch": "branch",
}
"""Names of the file's columns, and where each stands."""


def _standings(user: Any) -> Iterator[tuple[object, ...]]:
    rows = selectors.visible_to(user).select_related(None).order_by("pk")
    return rows.values_list(*COLUMNS.values()).iterator(chunk_size=2_000)


EXPORTS = (Export("standings", "Where every server stands, in every campaign", tuple(COLUMNS), _standings),)
