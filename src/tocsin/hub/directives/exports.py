"""What of the directives can be exported in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.hub.directives import selectors
from tocsin.hub.lists.kept import Export

_FIELDS = (
    "directive__key",
    "organisation_id",
    "organisation__name",
    "server_id",
    "requirement",
    "round",
    "standing",
    "found",
    "late",
    "due",
    "at",
    "reason",
)


def _answers(user: Any) -> Iterator[tuple[object, ...]]:
    rows = selectors.visible_to(user).order_by("pk").values_list(*_FIELDS)
    return rows.iterator(chunk_size=2_000)


EXPORTS = (
    Export(
        "directive-answers",
        "All answers under directives",
        tuple(name.replace("__", "_") for name in _FIELDS),
        _answers,
    ),
)
