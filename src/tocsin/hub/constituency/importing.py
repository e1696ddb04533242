"""Take in files of organisations: plan first (a dry run shows the plan), then write it, 2,000 rows at a time.

An import never changes what a person wrote. Its contacts and claims stand beside the manual ones, marked by
where they come from. Importing the same file again finds nothing to do. Which organisation a file means is
said by `joining`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import User
from tocsin.hub.accounts.services import record
from tocsin.hub.constituency.joining import foreign, meant
from tocsin.hub.constituency.models import Claim, Contact, Import, Organisation, advance
from tocsin.hub.rules.imports import Listed, Listing, Refusal, layouts, mapped, read_table
from tocsin.hub.rules.rdap import read_rdap
from tocsin.hub.rules.words import Provenance

PIECE, PAUSE = 2_000, 0.005
SHOWN = 50
LARGEST = 64 * 1024 * 1024
Item = TypeVar("Item")


class Plan(msgspec.Struct, kw_only=True):
    """What an import would change."""

    listing: Listing
    known: dict[str, Organisation]  # by the file's identity
    new: list[Listed] = msgspec.field(default_factory=list)
    changed: list[Organisation] = msgspec.field(default_factory=list)
    contacts: int = 0
    verified: int = 0
    claims: int = 0
    ended: int = 0
    adopted: int = 0
    joined: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Figures for people."""
        return {
            "rows": self.listing.rows,
            "organisations": len(self.listing.organisations),
            "new": len(self.new),
            "changed": len(self.changed),
            "adopted": self.adopted,
            "joined": self.joined,
            "contacts": self.contacts,
            "verified": self.verified,
            "claims": self.claims,
            "ended": self.ended,
            "refused": len(self.listing.refusals),
        }


def read(data: bytes, *, mapping: Mapping[str, str] | None = None) -> Listing:
    """Read a file: RDAP or abuse-contact JSON, or a table that a layout fits or ``mapping`` explains.

    Raises:
        UsageFault: it is neither, or too big.
    """
    if len(data) > LARGEST:
        raise UsageFault(f"more than {LARGEST // 2**20} MB", remedy="Split the file.")
    if data.lstrip()[:1] in {b"{", b"["}:
        return read_rdap(data)
    layout = mapped(mapping) if mapping else None
    return read_table(_text(data), layout)


def _text(data: bytes) -> str:
    for coding in ("utf-8-sig", "utf-16") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig",):
        try:
            return data.decode(coding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def plan(listing: Listing, *, complete: bool = False) -> Plan:
    """What taking in a listing would change; ``complete`` ends claims that it no longer lists."""
    whose = meant(listing)
    found = Plan(listing=listing, known=whose.known, joined=len(whose.joined))
    for identity, listed in listing.organisations.items():
        organisation = found.known.get(identity)
        if organisation is None:
            found.new.append(listed)
        elif _differs(organisation, listed, listing.provenance):
            found.changed.append(organisation)
        found.adopted += bool(organisation and not organisation.foreign_id)
    found.contacts = sum(1 for _ in _new_contacts(found))
    found.verified = sum(1 for _ in _newly_verified(found))
    found.claims = sum(1 for _ in _new_claims(found))
    found.ended = len(_gone(found)) if complete else 0
    return found


@transaction.atomic
def _finish(found: Plan, filename: str, data: bytes, by: User | None) -> Import:
    refusals = [msgspec.to_builtins(refusal) for refusal in found.listing.refusals[:SHOWN]]
    done = Import.objects.create(
        layout=found.listing.layout,
        filename=filename[:300],
        digest=hashlib.sha256(data).hexdigest(),
        by=by,
        counts=found.counts,
        refusals=refusals,
    )
    record("organisations imported", f"import:{done.pk}", by=by, filename=filename[:300], **found.counts)
    return done


def take_in(
    data: bytes,
    filename: str,
    *,
    by: User | None,
    mapping: Mapping[str, str] | None = None,
    complete: bool = False,
) -> Import:
    """Read, plan and write. Killed half way and begun again, it ends the same.

    Raises:
        UsageFault: the file cannot be read.
    """
    found = plan(read(data, mapping=mapping), complete=complete)
    _write_organisations(found)
    _in_pieces(_new_contacts(found), lambda rows: Contact.objects.bulk_create(rows, ignore_conflicts=True))
    _in_pieces(_newly_verified(found), lambda rows: Contact.objects.bulk_update(rows, ["verified"]))
    _in_pieces(_new_claims(found), _write_claims)
    if complete:
        _in_pieces(_gone(found), _end)
    return _finish(found, filename, data, by)


def _differs(organisation: Organisation, listed: Listed, provenance: str) -> bool:
    """Whether the file says something new of an organisation that no person has written to."""
    if organisation.provenance == Provenance.MANUAL or organisation.provenance != provenance:
        return False
    now = (organisation.name, organisation.sector, organisation.country, organisation.region)
    return now != (listed.name, listed.sector, listed.country, listed.region)


def _write_organisations(found: Plan) -> None:
    listing = found.listing
    made = [_organisation(listing, listed) for listed in found.new]
    _in_pieces(made, Organisation.objects.bulk_create)
    found.known.update(zip((listed.identity for listed in found.new), made, strict=True))
    changed = {row.pk for row in found.changed}
    for identity, row in found.known.items():
        listed = listing.organisations[identity]
        if row.pk in changed:
            row.name, row.sector, row.country, row.region = (
                listed.name,
                listed.sector,
                listed.country,
                listed.region,
            )
            row.folded = row.name.casefold()
    touched = [
        row for identity, row in found.known.items() if _settle(found, identity, row) or row.pk in changed
    ]
    fields = ["name", "folded", "sector", "country", "region", "parent", "foreign_id"]
    _in_pieces(touched, lambda rows: _write_again(rows, fields))


def _write_again(rows: Sequence[Organisation], fields: Sequence[str]) -> None:
    Organisation.objects.bulk_update(rows, fields)
    advance()


def _organisation(listing: Listing, listed: Listed) -> Organisation:
    return Organisation(
        name=listed.name,
        folded=listed.name.casefold(),
        sector=listed.sector,
        country=listed.country,
        region=listed.region,
        foreign_id=foreign(listing, listed.identity),
        provenance=listing.provenance,
    )


def _settle(found: Plan, identity: str, row: Organisation) -> bool:
    """Remember the file's identity and parent. Tells whether that changed anything."""
    parent = found.known.get(found.listing.organisations[identity].parent)
    change = False
    if row.foreign_id is None:
        row.foreign_id, change = foreign(found.listing, identity), True
    if (
        parent is not None
        and row.provenance != Provenance.MANUAL
        and parent.pk not in {row.parent_id, row.pk}
    ):
        row.parent, change = parent, True
    return change


def _new_contacts(found: Plan) -> Iterator[Contact]:
    provenance = found.listing.provenance
    have = set(
        Contact.objects.filter(provenance=provenance).values_list(
            "organisation_id", "role", "channel", "value"
        )
    )
    for identity, listed in found.listing.organisations.items():
        number = _number(found, identity)
        seen: set[tuple[str, str, str]] = set()
        for role, channel, value, name, language in sorted(listed.contacts):
            if (number, role, channel, value) in have or (role, channel, value) in seen:
                continue
            seen.add((role, channel, value))
            yield Contact(
                organisation=found.known.get(identity),
                role=role,
                channel=channel,
                value=value,
                name=name,
                language=language,
                provenance=provenance,
                verified=_verified(listed, (role, channel, value)),
            )


def _newly_verified(found: Plan) -> Iterator[Contact]:
    """Contacts of this source that are here, and of which the file says that somebody made sure later."""
    rows = Contact.objects.filter(provenance=found.listing.provenance)
    have = {(row.organisation_id, row.role, row.channel, row.value): row for row in rows}
    for identity, listed in found.listing.organisations.items():
        number = _number(found, identity) or 0
        for key, day in listed.verified.items():
            row, moment = have.get((number, *key)), _verified(listed, key)
            if row and moment and (row.verified is None or (_past(day) and row.verified < moment)):
                row.verified = moment
                yield row


def _verified(listed: Listed, key: tuple[str, str, str]) -> datetime | None:
    """When somebody made sure of a contact: that day's beginning, or now where the file does not say."""
    if key not in listed.verified:
        return None
    day = _past(listed.verified[key])
    return datetime.combine(day, time_of_day.min, UTC) if day else timezone.now()


def _past(day: date | None) -> date | None:
    """The day, unless it is still to come: then the file does not say on which somebody made sure."""
    return day if day and day <= timezone.now().date() else None


def _number(found: Plan, identity: str) -> int | None:
    known = found.known.get(identity)
    return known.pk if known else None


def _claims_now(found: Plan) -> dict[tuple[int | None, str, str], Claim]:
    rows = Claim.objects.filter(provenance=found.listing.provenance)
    return {(row.organisation_id, row.kind, row.value): row for row in rows}


def _new_claims(found: Plan) -> Iterator[Claim]:
    """Claims to add, and ended ones that the file lists again."""
    have = _claims_now(found)
    for identity, listed in found.listing.organisations.items():
        number = _number(found, identity)
        for kind, value in sorted(listed.claims):
            row = have.get((number, kind, value))
            if row is None:
                yield Claim(
                    organisation=found.known.get(identity),
                    kind=kind,
                    value=value,
                    provenance=found.listing.provenance,
                )
            elif row.valid_until is not None:
                row.valid_until = None
                yield row


def _write_claims(rows: Sequence[Claim]) -> None:
    new = [row for row in rows if row._state.adding]  # noqa: SLF001 - Django's documented way
    Claim.objects.bulk_create(new, ignore_conflicts=True)
    again = [row.pk for row in rows if not row._state.adding]  # noqa: SLF001 - as above
    Claim.objects.filter(pk__in=again).update(valid_until=None, changed=timezone.now())
    advance()


def _gone(found: Plan) -> list[Claim]:
    """Claims of earlier files of this source that this one no longer lists."""
    listed = {
        (_number(found, identity), kind, value)
        for identity, row in found.listing.organisations.items()
        for kind, value in row.claims
    }
    return [row for key, row in _claims_now(found).items() if key not in listed and row.valid_until is None]


def _end(rows: Sequence[Claim]) -> None:
    now = timezone.now()
    Claim.objects.filter(pk__in=[row.pk for row in rows]).update(valid_until=now.date(), changed=now)
    advance()


def _in_pieces(rows: Iterable[Item], write: Callable[[list[Item]], Any]) -> None:
    """Write a piece in its own transaction, and let others write in between."""
    waiting = list(rows)
    for start in range(0, len(waiting), PIECE):
        with transaction.atomic():
            write(waiting[start : start + PIECE])
        time.sleep(PAUSE)


__all__ = ["Plan", "Refusal", "layouts", "plan", "read", "take_in"]
