"""Change organisations, contacts and claims. Each change leaves an `Act` on its organisation."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from tocsin.errors import UsageFault
from tocsin.hub.accounts.models import Act, User
from tocsin.hub.accounts.services import record
from tocsin.hub.constituency.models import Claim, Contact, Organisation, advance
from tocsin.hub.rules.claims import sound_claim
from tocsin.hub.rules.reach import sound_contact
from tocsin.hub.rules.sectors import sectors
from tocsin.hub.rules.words import Bounce, Provenance

DEEPEST = 20
FIELDS = ("name", "sector", "country", "region", "parent_id", "note")


def subject(organisation: Organisation | int) -> str:
    """How acts and events name an organisation."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    return f"organisation:{number}"


def history(organisation: Organisation, most: int = 50) -> list[Act]:
    """What was done to an organisation, newest first."""
    return list(Act.objects.filter(subject=subject(organisation)).order_by("-id")[:most])


@transaction.atomic
def save_organisation(organisation: Organisation, *, by: User | None) -> Organisation:
    """Keep a new or changed organisation. What a person wrote is manual from then on.

    Raises:
        UsageFault: no such sector, or it would stand above itself.
    """
    if organisation.sector not in sectors():
        raise UsageFault(f"no such sector: {organisation.sector}")
    _no_circle(organisation)
    before = Organisation.objects.filter(pk=organisation.pk).values(*FIELDS).first() or {}
    after = {name: getattr(organisation, name) for name in FIELDS}
    changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changed:
        organisation.provenance = Provenance.MANUAL
        organisation.save()
        if "sector" in changed:
            advance()
        record(
            "organisation changed" if before else "organisation added",
            subject(organisation),
            by=by,
            **changed,
        )
    return organisation


def _no_circle(organisation: Organisation) -> None:
    above, steps = organisation.parent, 0
    while above is not None:
        steps += 1
        if above.pk == organisation.pk or steps > DEEPEST:
            raise UsageFault("an organisation cannot stand above itself", remedy="Choose another parent.")
        above = above.parent


@transaction.atomic
def save_contact(contact: Contact, *, by: User | None) -> Contact:
    """Keep a new or changed contact, in one way of writing. A changed address is no longer verified.

    Raises:
        UsageFault: it is no address of its channel, or the organisation has it already.
    """
    contact.value = sound_contact(contact.channel, contact.value)
    twin = Contact.objects.filter(
        organisation=contact.organisation,
        channel=contact.channel,
        value=contact.value,
        role=contact.role,
        provenance=contact.provenance,
    ).exclude(pk=contact.pk)
    if twin.exists():
        raise UsageFault("the organisation has this contact already")
    before = Contact.objects.filter(pk=contact.pk).values_list("value", flat=True).first()
    if before is not None and before != contact.value:
        contact.verified, contact.bounce, contact.bounced = None, Bounce.NONE, None
    contact.save()
    what = "contact changed" if before is not None else "contact added"
    record(
        what, subject(contact.organisation_id), by=by, contact=contact.pk, before=before, after=contact.value
    )
    return contact


@transaction.atomic
def mark_contact(contact: Contact, what: str, *, by: User | None) -> None:
    """Note of a contact that it was ``verified``, ``opted-out``, ``opted-in``, ``bounced`` or ``delivered``.

    Raises:
        UsageFault: it is none of these.
    """
    now = timezone.now()
    marks: dict[str, dict[str, Any]] = {
        "verified": {"verified": now, "bounce": Bounce.NONE, "bounced": None},
        "opted-out": {"opted_out": now},
        "opted-in": {"opted_out": None},
        "bounced": {"bounce": Bounce.HARD, "bounced": now},
        "delivered": {"bounce": Bounce.NONE, "bounced": None},
    }
    if what not in marks:
        raise UsageFault(f"no such mark: {what}", remedy=f"There are: {', '.join(marks)}.")
    for name, value in marks[what].items():
        setattr(contact, name, value)
    contact.save(update_fields=list(marks[what]))
    record(
        f"contact {what}", subject(contact.organisation_id), by=by, contact=contact.pk, value=contact.value
    )


@transaction.atomic
def remove_contact(contact: Contact, *, by: User | None) -> None:
    """Remove a contact; the record keeps that it was there."""
    record(
        "contact removed", subject(contact.organisation_id), by=by, contact=contact.pk, value=contact.value
    )
    contact.delete()


@transaction.atomic
def save_claim(claim: Claim, *, by: User | None) -> Claim:
    """Keep a new or changed claim, in one way of writing.

    Raises:
        UsageFault: it is none of its kind, ends before it begins, or the organisation has it already.
    """
    claim.value = sound_claim(claim.kind, claim.value)
    if claim.valid_from and claim.valid_until and claim.valid_until < claim.valid_from:
        raise UsageFault("the claim ends before it begins")
    twin = Claim.objects.filter(
        organisation=claim.organisation, kind=claim.kind, value=claim.value, provenance=claim.provenance
    ).exclude(pk=claim.pk)
    if twin.exists():
        raise UsageFault("the organisation has this claim already")
    new = claim.pk is None
    claim.save()
    what = "claim added" if new else "claim changed"
    record(what, subject(claim.organisation_id), by=by, claim=claim.pk, value=f"{claim.kind} {claim.value}")
    return claim


@transaction.atomic
def end_claim(claim: Claim, last_day: date, *, by: User | None) -> None:
    """Let a claim hold until a day, that day included."""
    claim.valid_until = last_day
    claim.save(update_fields=["valid_until", "changed"])
    record(
        "claim ended", subject(claim.organisation_id), by=by, claim=claim.pk, last_day=last_day.isoformat()
    )
