"""What the hub knows of each campaign when it judges sightings: out of the packs, as the assessor does."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.rules.statements import Facts, Reader
from tocsin.packs.loading import Pack, data_folder, find_packs, read_pack
from tocsin.packs.products import Product, load_product


class Followed(Struct, frozen=True, kw_only=True):
    """One campaign that the hub follows: its row, and how sightings are read for it."""

    id: int
    key: str
    reader: Reader


def followed() -> list[Followed]:
    """Give the active campaigns, by id; those whose pack did not come with the program are left out."""
    rows = Campaign.objects.filter(active=True).order_by("id").values_list("id", "key", "digest")
    found = ((number, key, _reader(key, digest)) for number, key, digest in rows)
    return [Followed(id=number, key=key, reader=reader) for number, key, reader in found if reader]


@lru_cache(maxsize=64)
def _reader(key: str, digest: str) -> Reader | None:  # noqa: ARG001 - a new version is read anew
    folder = find_packs([data_folder("campaigns")]).get(key)
    pack = read_pack(folder)[0] if folder else None
    return Reader(facts_of(pack)) if pack and pack.file.cves else None


def facts_of(pack: Pack) -> Facts:
    """Give the facts that a pack and its product state."""
    file = pack.file
    return Facts(
        campaign=pack.id,
        entry=tuple(cve.id for cve in file.cves if cve.entry),
        cves=frozenset(cve.id.lower() for cve in file.cves),
        product=_product(pack.product_id) if pack.product_id else None,
        since=file.first_exploited.date if file.first_exploited else None,
    )


@lru_cache(maxsize=16)
def _product(name: str) -> Product:
    return load_product(data_folder("products") / name)
