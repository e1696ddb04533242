"""What of cases can be exported in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.hub.cases import selectors
from tocsin.hub.lists.kept import Export

HEADER = (
    "id",
    "kind",
    "campaign",
    "server_id",
    "organisation_id",
    "organisation",
    "key",
    "state",
    "opened",
    "claimed",
    "closed",
    "due",
    "sector",
    "country",
)


def _cases(user: Any) -> Iterator[tuple[object, ...]]:
    fields = [
        {"campaign": "campaign__key", "organisation": "organisation__name"}.get(name, name) for name in HEADER
    ]
    return selectors.visible_to(user).order_by("pk").values_list(*fields).iterator(chunk_size=2_000)


EXPORTS = (Export("cases", "All cases", HEADER, _cases),)
