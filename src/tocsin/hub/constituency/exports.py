"""What of the constituency can be exported in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.hub.constituency import selectors
from tocsin.hub.lists.kept import Export


def _organisations(user: Any) -> Iterator[tuple[object, ...]]:
    rows = selectors.visible_to(user).order_by("pk").values_list("pk", "name", "sector", "country", "region")
    return rows.iterator(chunk_size=2_000)


def _contacts(user: Any) -> Iterator[tuple[object, ...]]:
    rows = selectors.contacts_visible_to(user).order_by("pk")
    fields = ("organisation_id", "organisation__name", "role", "channel", "value", "provenance", "verified")
    return rows.values_list(*fields).iterator(chunk_size=2_000)


def _claims(user: Any) -> Iterator[tuple[object, ...]]:
    rows = selectors.claims_visible_to(user).order_by("pk")
    fields = (
        "organisation_id",
        "organisation__name",
        "kind",
        "value",
        "provenance",
        "valid_from",
        "valid_until",
    )
    return rows.values_list(*fields).iterator(chunk_size=2_000)


EXPORTS = (
    Export(
        "organisations", "All organisations", ("id", "name", "sector", "country", "region"), _organisations
    ),
    Export(
        "contacts",
        "All contacts",
        ("organisation_id", "organisation", "role", "channel", "value", "provenance", "verified"),
        _contacts,
    ),
    Export(
        "claims",
        "All claims",
        ("organisation_id", "organisation", "kind", "value", "provenance", "valid_from", "valid_until"),
        _claims,
    ),
)
