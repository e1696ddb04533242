"""Slices and reports, for programs: a carrier pulls its rows and answers them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import AwareDatetime, Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.relay import reporting, selectors, services
from tocsin.hub.relay.lists import compromise_of, owner_of
from tocsin.hub.relay.models import Entry
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.relay import Answer, Label, RowState, label_of
from tocsin.hub.rules.relay_reports import Use

PREFIX = "/relay"
router = Router()
READ, WRITE = Bearer(Scope.RELAY_READ), Bearer(Scope.RELAY_WRITE)
NO_NUL = r"^[^\x00]*$"
Number = Annotated[int, Field(ge=1, lt=2**63)]
Note = Annotated[str, Field(max_length=500, pattern=NO_NUL)]
Long = Annotated[str, Field(max_length=5_000, pattern=NO_NUL)]
Key = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9-]*$")]


class CarrierOut(Schema):
    """A carrier, and what it is told."""

    id: int
    name: str
    kind: str
    organisation_id: int
    ceiling: str
    tells_compromise: bool
    tells_owner: bool


class RowOut(Schema):
    """One server in a slice. ``compromise`` is ``not told`` without an agreement; ``state`` is the answer."""

    id: int
    ip: str
    port: int
    hostname: str
    owner: str | None
    campaign: str
    exposure: str
    compromise: str
    branch: str
    last_seen: datetime
    added: datetime
    state: str
    passed_on: date | None
    note: str
    tlp: str


class AnswerIn(Schema):
    """What is said of some rows, of one or of several slices; all of them or none."""

    rows: Annotated[list[Number], Field(min_length=1, max_length=services.MOST_AT_ONCE)]
    state: RowState
    day: date | None = None
    note: Note = ""


class Answered(Schema):
    """For how many rows."""

    rows: int


class InfrastructureIn(Schema):
    """Something that attackers use; ``public`` may stand in reports, ``note`` never leaves the hub."""

    value: Annotated[str, Field(min_length=1, max_length=2_000, pattern=NO_NUL)]
    use: Use = Use.UNKNOWN
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    campaign: Key = ""
    label: Label = Label.AMBER
    public: Long = ""
    note: Long = ""


class InfrastructureOut(Schema):
    """Something that attackers use."""

    id: int
    kind: str
    value: str
    use: str
    first_seen: datetime
    last_seen: datetime
    label: str
    origin: str
    public: str


class ReportOut(Schema):
    """One report of it to one recipient."""

    id: int
    infrastructure_id: int
    recipient: str
    name: str
    address: str
    reference: str
    state: str
    created: datetime
    reported: datetime | None
    acknowledged: datetime | None
    acted: datetime | None
    refused: datetime | None

    @staticmethod
    def resolve_reference(row: Any) -> str:
        """The UUID as text."""
        return str(row.reference)


class Rows(Asked):
    """Which rows of a slice."""

    state: RowState | None = None
    campaign: Key = ""


@router.get("/carriers", response=Items[CarrierOut], auth=READ, summary="Carriers")
def carriers(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Carriers whose slices this token's person sees."""
    return items(selectors.carriers_visible_to(person_of(request)), asked, ("id",))


@router.get("/carriers/{number}/rows", response=Items[RowOut], auth=READ, summary="Rows of a slice")
def rows(request: HttpRequest, number: Number, asked: Query[Rows]) -> Any:
    """Servers in one slice, those told last first."""
    person = person_of(request)
    carrier = get_object_or_404(selectors.carriers_visible_to(person), pk=number)
    found = selectors.entries_visible_to(person).filter(carrier=carrier)
    if asked.state:
        found = found.filter(state=asked.state)
    if asked.campaign:
        found = found.filter(standing__campaign__key=asked.campaign)
    answer = items(found, asked, ("-added", "-id"), _row)
    record_reading(request, len(answer["items"]))
    return answer


def _row(entry: Entry) -> dict[str, Any]:
    standing = entry.standing
    return {
        "id": entry.pk,
        "ip": standing.server.ip,
        "port": standing.server.port,
        "hostname": standing.server.hostname,
        "owner": owner_of(entry),
        "campaign": standing.campaign.key,
        "exposure": standing.exposure,
        "compromise": compromise_of(entry),
        "branch": standing.branch,
        "last_seen": standing.last_seen,
        "added": entry.added,
        "state": entry.state,
        "passed_on": entry.passed_on,
        "note": entry.note,
        "tlp": label_of(standing.compromise, entry.carrier.terms),
    }


@router.post("/answers", response={201: Answered}, auth=WRITE, summary="Answer rows")
def answer(request: HttpRequest, wanted: AnswerIn) -> Any:
    """Say of rows that they were taken on, passed on, cannot be reached, are not yours, or are fixed."""
    said = Answer(state=wanted.state, day=wanted.day, note=wanted.note)
    try:
        count = services.answer(by=person_of(request), entries=wanted.rows, said=said)
    except PermissionDenied as error:
        raise HttpError(403, "not all of these rows stand in a slice of yours") from error
    return Status(201, {"rows": count})


@router.get("/infrastructure", response=Items[InfrastructureOut], auth=READ, summary="What attackers run")
def infrastructure(request: HttpRequest, asked: Query[Asked]) -> Any:
    """All that was written down, the newest first; for staff."""
    found = selectors.infrastructure_visible_to(person_of(request))
    answer = items(found, asked, ("-created", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("/infrastructure", response={201: InfrastructureOut}, auth=WRITE, summary="Keep infrastructure")
def keep_infrastructure(request: HttpRequest, wanted: InfrastructureIn) -> Any:
    """Write down what attackers use; the same again widens when it was seen."""
    campaign = get_object_or_404(Campaign, key=wanted.campaign).pk if wanted.campaign else None
    found = reporting.Found(
        text=wanted.value,
        use=wanted.use,
        first=wanted.first_seen,
        last=wanted.last_seen,
        origin="by program",
        campaign=campaign,
        label=wanted.label,
        public=wanted.public,
        note=wanted.note,
    )
    try:
        return Status(201, reporting.keep(found, by=person_of(request)))
    except PermissionDenied as error:
        raise HttpError(403, "only analysts and administrators write this down") from error


@router.get("/reports", response=Items[ReportOut], auth=READ, summary="Reports of infrastructure")
def reports(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Who was told what, and what came of it, the newest first; for staff."""
    return items(selectors.reports_visible_to(person_of(request)), asked, ("-created", "-id"))
