"""Take in campaign packs and the catalogue of known exploited vulnerabilities."""

from __future__ import annotations

import msgspec
from django.db import transaction

from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.campaigns.models import Campaign, KnownExploited
from tocsin.hub.rules.kev import Known, read_catalogue
from tocsin.packs.digest import digest
from tocsin.packs.loading import Pack, data_folder, find_packs, load_packs

PIECE = 500
COLUMNS = ("vendor", "product", "name", "action", "added", "due", "ransomware", "due_before_added", "rest")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What an import of the catalogue found and changed."""

    rows: int
    new: int
    changed: int
    due_before_added: int
    refused: list[str]


@transaction.atomic
def load_campaigns() -> list[Campaign]:
    """Take in every pack that came with the program; an unchanged one stays as it is.

    A pack that is gone stays too, since standings and events name it.

    Raises:
        PackError: a pack is wrong.
    """
    folders = find_packs([data_folder("campaigns")])
    digests = {name: digest(folder) for name, folder in folders.items()}
    known = dict(Campaign.objects.values_list("key", "digest"))
    if all(known.get(name) == value for name, value in digests.items()):
        return list(Campaign.objects.order_by("key"))
    for pack in load_packs():
        _keep(pack, digests[pack.id])
    return list(Campaign.objects.order_by("key"))


def _keep(pack: Pack, sha256: str) -> None:
    file = pack.file
    fields = {
        "name": file.title[:200],
        "version": file.version[:40],
        "digest": sha256,
        "cves": [cve.id for cve in file.cves],
        "disclosed": file.disclosed.date if file.disclosed else None,
    }
    Campaign.objects.update_or_create(
        key=file.id, defaults=fields, create_defaults={**fields, "active": bool(file.cves)}
    )


@transaction.atomic
def set_active(campaign: Campaign, *, active: bool, by: User | None) -> None:
    """Follow a campaign, or follow it no longer; what is known of it stays.

    Who follows it again has every server judged anew (`exposure.refolding`): meanwhile nobody did.
    """
    if campaign.active != active:
        campaign.active, campaign.folding = active, ""
        campaign.folded = "" if active else campaign.folded
        campaign.save(update_fields=["active", "folded", "folding"])
        record("campaign followed" if active else "campaign left", f"campaign:{campaign.pk}", by=by)


@transaction.atomic
def import_catalogue(data: bytes, *, by: User | None) -> Taken:
    """Take in the catalogue. The same file again changes nothing; a row that it drops stays.

    Raises:
        UsageFault: it is not the catalogue.
    """
    rows, refused = read_catalogue(data)
    known = KnownExploited.objects.in_bulk(field_name="cve")
    new = [_row(row) for row in rows if row.cve not in known]
    changed = [
        _changed(known[row.cve], row) for row in rows if row.cve in known and _differs(known[row.cve], row)
    ]
    KnownExploited.objects.bulk_create(new, batch_size=PIECE)
    KnownExploited.objects.bulk_update(changed, COLUMNS, batch_size=PIECE)
    backwards = sum(row.due_before_added for row in rows)
    taken = Taken(
        rows=len(rows), new=len(new), changed=len(changed), due_before_added=backwards, refused=refused[:50]
    )
    record("catalogue imported", "catalogue:kev", by=by, **msgspec.to_builtins(taken))
    return taken


def _values(row: Known) -> dict[str, object]:
    return {name: getattr(row, name) for name in COLUMNS}


def _row(row: Known) -> KnownExploited:
    return KnownExploited(cve=row.cve, **_values(row))


def _differs(now: KnownExploited, row: Known) -> bool:
    return any(getattr(now, name) != value for name, value in _values(row).items())


def _changed(now: KnownExploited, row: Known) -> KnownExploited:
    for name, value in _values(row).items():
        setattr(now, name, value)
    return now
