"""Organisations, contacts and claims, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from pydantic import Field

from tocsin.errors import UsageFault
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.constituency import importing, selectors, services
from tocsin.hub.constituency.models import Claim, Contact, Organisation
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.sectors import sectors
from tocsin.hub.rules.words import Channel, ClaimKind, ContactRole

PREFIX = "/organisations"
router = Router()
READ, WRITE = Bearer(Scope.CONSTITUENCY_READ), Bearer(Scope.CONSTITUENCY_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
PLAIN = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=300, pattern=PLAIN)]
Words = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]


class OrganisationOut(Schema):
    """An organisation."""

    id: int
    name: str
    sector: str
    country: str
    region: str
    parent_id: int | None
    provenance: str


class OrganisationIn(Schema):
    """An organisation to add or to change; what is left out stays or is empty."""

    name: Words
    sector: Annotated[str, Field(max_length=60, pattern=PLAIN)] = "unknown"
    country: Country = ""
    region: Annotated[str, Field(max_length=100, pattern=PLAIN)] = ""
    parent_id: Number | None = None
    note: Annotated[str, Field(max_length=20_000, pattern=PLAIN)] = ""


class ContactOut(Schema):
    """A way to reach an organisation."""

    id: int
    organisation_id: int
    role: str
    channel: str
    value: str
    name: str
    language: str
    provenance: str
    verified: datetime | None
    opted_out: datetime | None
    bounce: str


class ContactIn(Schema):
    """A contact to add."""

    role: ContactRole = ContactRole.TECHNICAL
    channel: Channel = Channel.EMAIL
    value: Annotated[str, Field(min_length=1, max_length=500, pattern=PLAIN)]
    name: Annotated[str, Field(max_length=200, pattern=PLAIN)] = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z-]{2,10}$")] = "en"
    key: Annotated[str, Field(max_length=100_000, pattern=PLAIN)] = ""


class ClaimOut(Schema):
    """What an organisation calls its own."""

    id: int
    organisation_id: int
    kind: str
    value: str
    provenance: str
    valid_from: date | None
    valid_until: date | None


class ClaimIn(Schema):
    """A claim to add; ``valid_until`` is its last day."""

    kind: ClaimKind
    value: Words
    valid_from: date | None = None
    valid_until: date | None = None


class Search(Asked):
    """Which organisations: a name's beginning or a claim, a sector, a country."""

    text: Text = ""
    sector: Text = ""
    country: Annotated[str, Field(max_length=2, pattern=PLAIN)] = ""


class ReachOut(Schema):
    """How far one sector can be reached."""

    sector: str
    organisations: int
    usable: int
    verified: int
    unreachable: int


class How(Schema):
    """How to import: ``complete`` ends claims of its source that the file no longer lists."""

    dry_run: bool = True
    complete: bool = False


class SectorOut(Schema):
    """A word of the vocabulary of sectors."""

    id: str
    name: str


class ImportOut(Schema):
    """What an import changed, or would change."""

    dry_run: bool
    layout: str
    counts: dict[str, int]
    refusals: list[dict[str, Any]]


@router.get("", response=Items[OrganisationOut], auth=READ, summary="Organisations")
def organisations(request: HttpRequest, asked: Query[Search]) -> Any:
    """Organisations that this token's person may see, by name."""
    rows = selectors.visible_to(request.user)
    found = selectors.search(rows, text=asked.text, sector=asked.sector, country=asked.country)
    answer = items(found, asked, ("folded", "pk"))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("", response={201: OrganisationOut}, auth=WRITE, summary="Add an organisation")
def add_organisation(request: HttpRequest, wanted: OrganisationIn) -> Any:
    """A new organisation."""
    return Status(201, _kept(request, Organisation(), wanted))


@router.get("/sectors", response=list[SectorOut], auth=READ, summary="Vocabulary of sectors")
def sector_list(request: HttpRequest) -> Any:  # noqa: ARG001 - ninja's signature
    """Every sector, in the order of pages."""
    return list(sectors().values())


@router.get("/contact-gap", response=list[ReachOut], auth=READ, summary="Who cannot be reached")
def contact_gap(request: HttpRequest) -> Any:
    """By sector, how many organisations have a usable and a verified contact; the worst first."""
    return selectors.contact_gap(request.user)


@router.post("/imports", response={201: ImportOut}, auth=WRITE, summary="Import organisations")
def take_in(request: HttpRequest, file: File[UploadedFile], how: Query[How]) -> Any:
    """Take in a CSV table, RDAP answers or abuse contacts; a dry run says what it would change."""
    data = file.read(importing.LARGEST + 1)
    if how.dry_run:
        would = importing.plan(importing.read(data), complete=how.complete)
        refusals = [{"line": row.line, "why": row.why} for row in would.listing.refusals[: importing.SHOWN]]
        return Status(
            201,
            {"dry_run": True, "layout": would.listing.layout, "counts": would.counts, "refusals": refusals},
        )
    done = importing.take_in(data, file.name or "upload", by=person_of(request), complete=how.complete)
    return Status(
        201, {"dry_run": False, "layout": done.layout, "counts": done.counts, "refusals": done.refusals}
    )


@router.get("/{number}", response=OrganisationOut, auth=READ, summary="One organisation")
def organisation(request: HttpRequest, number: Number) -> Any:
    """An organisation that this token's person may see."""
    record_reading(request, 1)
    return get_object_or_404(selectors.visible_to(request.user), pk=number)


@router.put("/{number}", response=OrganisationOut, auth=WRITE, summary="Change an organisation")
def change_organisation(request: HttpRequest, number: Number, wanted: OrganisationIn) -> Any:
    """What a person or his program wrote is manual from then on: no import changes it."""
    return _kept(request, get_object_or_404(selectors.visible_to(request.user), pk=number), wanted)


def _kept(request: HttpRequest, row: Organisation, wanted: OrganisationIn) -> Organisation:
    if wanted.parent_id and not Organisation.objects.filter(pk=wanted.parent_id).exists():
        raise UsageFault(f"no such parent: {wanted.parent_id}")
    for name, value in wanted.dict().items():
        setattr(row, name, value)
    return services.save_organisation(row, by=person_of(request))


@router.get("/{number}/contacts", response=Items[ContactOut], auth=READ, summary="Contacts")
def contacts(request: HttpRequest, number: Number, asked: Query[Asked]) -> Any:
    """Manual and imported contacts, side by side."""
    found = get_object_or_404(selectors.visible_to(request.user), pk=number)
    answer = items(Contact.objects.filter(organisation=found), asked, ("id",))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("/{number}/contacts", response={201: ContactOut}, auth=WRITE, summary="Add a contact")
def add_contact(request: HttpRequest, number: Number, wanted: ContactIn) -> Any:
    """A new manual contact."""
    found = get_object_or_404(selectors.visible_to(request.user), pk=number)
    row = Contact(organisation=found, **wanted.dict())
    return Status(201, _or_conflict(services.save_contact, row, request))


@router.post("/contacts/{number}/mark", response=ContactOut, auth=WRITE, summary="Mark a contact")
def mark_contact(request: HttpRequest, number: Number, what: Text) -> Any:
    """``verified``, ``opted-out``, ``opted-in``, ``bounced`` or ``delivered``."""
    row = get_object_or_404(selectors.contacts_visible_to(request.user), pk=number)
    services.mark_contact(row, what, by=person_of(request))
    return row


@router.delete("/contacts/{number}", response={204: None}, auth=WRITE, summary="Remove a contact")
def remove_contact(request: HttpRequest, number: Number) -> Any:
    """Remove a contact; the record keeps that it was there."""
    row = get_object_or_404(selectors.contacts_visible_to(request.user), pk=number)
    services.remove_contact(row, by=person_of(request))
    return Status(204, None)


@router.get("/{number}/claims", response=Items[ClaimOut], auth=READ, summary="Claims")
def claims(request: HttpRequest, number: Number, asked: Query[Asked]) -> Any:
    """Manual and imported claims, ended ones too."""
    found = get_object_or_404(selectors.visible_to(request.user), pk=number)
    answer = items(Claim.objects.filter(organisation=found), asked, ("id",))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("/{number}/claims", response={201: ClaimOut}, auth=WRITE, summary="Add a claim")
def add_claim(request: HttpRequest, number: Number, wanted: ClaimIn) -> Any:
    """A new manual claim."""
    found = get_object_or_404(selectors.visible_to(request.user), pk=number)
    row = Claim(organisation=found, **wanted.dict())
    return Status(201, _or_conflict(services.save_claim, row, request))


@router.post("/claims/{number}/end", response=ClaimOut, auth=WRITE, summary="End a claim")
def end_claim(request: HttpRequest, number: Number, last_day: date) -> Any:
    """Let a claim hold until a day, that day included."""
    row = get_object_or_404(selectors.claims_visible_to(request.user), pk=number)
    services.end_claim(row, last_day, by=person_of(request))
    return row


def _or_conflict(save: Any, row: Any, request: HttpRequest) -> Any:
    try:
        return save(row, by=person_of(request))
    except UsageFault as fault:
        raise HttpError(409 if "already" in fault.what else 400, str(fault)) from fault
