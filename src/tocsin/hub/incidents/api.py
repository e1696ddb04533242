"""Incident reports for programs: sent without an account (with work done) or with a token; read by staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from pydantic import AwareDatetime, Field

from tocsin.errors import LimitExceeded
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.models import Token, User
from tocsin.hub.constituency.selectors import Visitor
from tocsin.hub.incidents import handling, selectors, services, sharing
from tocsin.hub.incidents.gates import admitted, may_follow_up, may_try, too_large
from tocsin.hub.incidents.models import IncidentReport
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.incident import SAID, Proof, State
from tocsin.hub.rules.permissions import Scope
from tocsin.hub.rules.work_proof import bits_of

PREFIX = "/incidents"
router = Router()
READ, WRITE = Bearer(Scope.INCIDENTS_READ), Bearer(Scope.INCIDENTS_WRITE)
Number = Annotated[int, Field(ge=1, le=2**62)]
Word = Annotated[str, Field(max_length=254, pattern=r"^[^\x00-\x1f]*$")]
Text = Annotated[str, Field(max_length=20_000, pattern=r"^[^\x00]*$")]
Yes = Literal["yes", "no", "unknown"]


def small(request: HttpRequest) -> bool:
    """Let in whoever sends no more than may come.

    Raises:
        HttpError: 413, before any of it is read.
    """
    if too_large(request):
        raise HttpError(413, "too big: 25 MiB a file")
    return True


def anybody(request: HttpRequest) -> bool:
    """Let in whoever shows no key at all, and sends no more than may come."""
    return small(request) and "Authorization" not in request.headers


ANYBODY: Any = [WRITE, anybody]


class Challenge(Schema):
    """Find a number so that SHA-256 of ``challenge:number``, the proof, begins with ``bits`` zero bits."""

    challenge: str
    bits: int


class ReportGiven(Schema):
    """A report, as the form has it. Without proof or token it waits until somebody has looked at it."""

    organisation_name: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]*$")]
    contact: Annotated[str, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f]*$")]
    seen: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
    aware: AwareDatetime
    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    work_address: Word = ""
    affected: Text = ""
    functional: Literal["none", "minimal", "significant", "denial", "unknown"] = "unknown"
    information: Literal[
        "none", "suspected", "privacy", "proprietary", "credentials", "destruction", "unknown"
    ] = "unknown"
    recoverability: Literal["regular", "supplemented", "extended", "not-recoverable", "unknown"] = "unknown"
    cross_border: Yes = "unknown"
    malicious: Yes = "unknown"
    personal_data: Yes = "unknown"
    tlp: Literal["clear", "green", "amber", "amber+strict", "red"] = "amber"
    proof: Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")] = ""


class Key(Schema):
    """What was answered when the report was sent."""

    reference: Annotated[str, Field(max_length=20, pattern=r"^[^\x00]*$")]
    secret: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")]


class FollowUp(Key):
    """What the reporter says later."""

    stage: Literal["early-warning", "notification", "intermediate", "final", "personal-data", "other"]
    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]


class ClockOut(Schema):
    """One thing that is due."""

    name: str
    due: datetime
    came: datetime | None
    standing: str


class TakenOut(Schema):
    """The report is safe. The secret is told this once."""

    reference: str
    secret: str
    state: str


class EntryOut(Schema):
    """Something that was said since."""

    kind: str
    stage: str
    text: str
    at: datetime


class StatusOut(Schema):
    """What the reporter may see."""

    reference: str
    state: str
    says: str
    clocks: list[ClockOut]
    entries: list[EntryOut]
    files: list[str]


class IncidentOut(Schema):
    """A report, for staff and members of the organisation that it was linked to."""

    id: int
    reference: str
    state: str
    proof: str
    received: datetime
    changed: datetime
    next_due: datetime | None
    name: str
    organisation_name: str
    contact: str
    work_address: str
    seen: str
    aware: datetime
    affected: str
    functional: str
    information: str
    recoverability: str
    cross_border: str
    malicious: str
    personal_data: str
    tlp: str
    doubts: list[str]
    organisation: int | None
    campaign: str | None
    servers: list[int]
    cases: list[int]
    merged_into: int | None


class StateIn(Schema):
    """The next state; the reason is shown to the reporter."""

    state: Literal["received", "triaged", "in-progress", "closed", "refused"]
    reason: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class SayIn(Schema):
    """A question on the reporter's page, or a note among staff."""

    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
    shown: bool = True
    mail: bool = False


class CasesOut(Schema):
    """Numbers of the cases that stand for it."""

    cases: list[int]


@router.get("/challenge", response=Challenge, auth=None, summary="A challenge to do work for")
def challenge(request: HttpRequest) -> Any:  # noqa: ARG001 - the same for everybody
    """Good once, for two hours. Asking costs nothing and changes nothing."""
    asked = services.new_challenge()
    return {"challenge": asked, "bits": bits_of(asked)}


@router.post("/reports", response={201: TakenOut}, auth=ANYBODY, summary="Report an incident")
def report(request: HttpRequest, wanted: ReportGiven) -> Any:
    """Anybody may: with work done it is sorted at once, without it somebody looks first."""
    given = wanted.dict()
    proof, by = given.pop("proof"), _token_of(request)
    kind = Proof.TOKEN if by else admitted(request, proof)
    if kind is None:
        raise HttpError(429, "too many reports from this address; call instead")
    told = services.Told(**{**given, "aware": _utc(wanted.aware)})
    taken = services.take(told, proof=kind, by=by)
    made = {"reference": taken.report.reference, "secret": taken.secret, "state": taken.report.state}
    return Status(201, made)


def _utc(moment: datetime) -> datetime:
    """In UTC, and within what a database holds.

    Raises:
        HttpError: 400, for a moment that no calendar has.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise HttpError(400, "no such moment") from error


def _token_of(request: HttpRequest) -> User | None:
    """Who reports with a token; None for anybody else, whoever is logged in."""
    token = getattr(request, "auth", None)
    return token.user if isinstance(token, Token) else None


def _opened(request: HttpRequest, key: Key) -> IncidentReport:
    if not may_try(request, key.reference):
        raise HttpError(429, "too many tries")
    found = selectors.opened_by(key.reference, key.secret)
    if found is None:
        raise HttpError(404, "reference and secret do not belong together")
    return found


@router.post("/reports/status", response=StatusOut, auth=None, summary="How a report stands")
def status(request: HttpRequest, key: Key) -> Any:
    """For its reporter: state, clocks, what was said."""
    return _status(_opened(request, key))


def _status(found: IncidentReport) -> dict[str, Any]:
    return {
        "reference": found.reference,
        "state": found.state,
        "says": SAID[State(found.state)],
        "clocks": [_clock(each) for each in selectors.clocks_of(found)],
        "entries": list(selectors.shown_to_reporter(found)),
        "files": list(found.uploads.order_by("pk").values_list("digest", flat=True)),
    }


def _clock(clock: Any) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in ClockOut.model_fields}


@router.post("/reports/follow-ups", response={201: StatusOut}, auth=None, summary="Say more")
def follow_up(request: HttpRequest, wanted: FollowUp) -> Any:
    """An answer, or the next stage."""
    found = _opened(request, wanted)
    if not may_follow_up(found):
        raise HttpError(429, "too many follow-ups")
    services.follow_up(found, stage=wanted.stage, text=wanted.text)
    return Status(201, _status(found))


@router.post("/reports/files", response={201: StatusOut}, auth=small, summary="Send a file")
def add_file(request: HttpRequest, key: Form[Key], file: File[UploadedFile]) -> Any:
    """One file of at most 25 MiB, into quarantine."""
    found = _opened(request, key)
    if not may_follow_up(found):
        raise HttpError(429, "too many follow-ups")
    try:
        services.follow_up(found, stage="other", text="A file.", files=[file])
    except LimitExceeded as error:
        raise HttpError(413, str(error)) from error
    return Status(201, _status(found))


def _visible(request: HttpRequest, number: int) -> IncidentReport:
    return get_object_or_404(selectors.exported_to(request.user), pk=number)


def _shown(row: IncidentReport, user: Visitor) -> dict[str, Any]:
    linked = {"organisation", "campaign", "servers", "cases", "merged_into"}
    fields = {name: getattr(row, name) for name in IncidentOut.model_fields if name not in linked}
    into = row.merged_into_id
    merged = into is not None and selectors.visible_to(user).filter(pk=into).exists()
    return {
        **fields,
        "doubts": row.doubts if selectors.is_staff(user) else [],
        "organisation": row.organisation_id,
        "campaign": row.campaign.key if row.campaign else None,
        "servers": list(selectors.servers_of(user, row).values_list("pk", flat=True)),
        "cases": list(selectors.cases_of(user, row).values_list("pk", flat=True)),
        "merged_into": into if merged else None,
    }


@router.get("", response=Items[IncidentOut], auth=READ, summary="Incident reports")
def incidents(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Newest first. What is TLP:RED is answered to nobody here."""
    rows = selectors.exported_to(request.user)
    return items(rows, asked, ("-received", "-id"), lambda row: _shown(row, request.user))


@router.get("/{number}", response=IncidentOut, auth=READ, summary="One report")
def incident(request: HttpRequest, number: Number) -> Any:
    """All of it."""
    return _shown(_visible(request, number), request.user)


@router.post("/{number}/state", response=IncidentOut, auth=WRITE, summary="Take it to its next state")
def set_state(request: HttpRequest, number: Number, wanted: StateIn) -> Any:
    """States follow each other as the page offers them."""
    row = _visible(request, number)
    done = handling.change_state(row, wanted.state, by=person_of(request), reason=wanted.reason)
    return _shown(done, request.user)


@router.post("/{number}/entries", response={201: EntryOut}, auth=WRITE, summary="Ask or note")
def say(request: HttpRequest, number: Number, wanted: SayIn) -> Any:
    """On the reporter's page, or among staff."""
    row = _visible(request, number)
    return Status(201, handling.say(row, **wanted.dict(), by=person_of(request)))


@router.post("/{number}/cases", response={201: CasesOut}, auth=WRITE, summary="Open a case")
def open_case(request: HttpRequest, number: Number) -> Any:
    """One for each of its servers; the same again gives the same."""
    return Status(201, {"cases": handling.open_case(_visible(request, number), by=person_of(request))})


@router.get("/{number}/stix", response={200: dict[str, Any]}, auth=READ, summary="As STIX 2.1")
def stix(request: HttpRequest, number: Number, *, victim: bool = False) -> Any:
    """A bundle; with ``victim``, who it is and which servers."""
    return _export(request, number, "stix", victim=victim)


@router.get("/{number}/misp", response={200: dict[str, Any]}, auth=READ, summary="As MISP event")
def misp(request: HttpRequest, number: Number, *, victim: bool = False) -> Any:
    """An event; with ``victim``, who it is and which servers."""
    return _export(request, number, "misp", victim=victim)


@router.get("/{number}/xarf", response={200: list[dict[str, Any]]}, auth=READ, summary="As X-ARF 4.2")
def xarf(request: HttpRequest, number: Number, *, victim: bool = False) -> Any:
    """One report for each of its servers: refused without ``victim``, as each names an address."""
    return _export(request, number, "xarf", victim=victim)


def _export(request: HttpRequest, number: int, form: str, *, victim: bool) -> HttpResponse:
    data = sharing.export(_visible(request, number), form, victim=victim, by=person_of(request))
    return HttpResponse(data, content_type="application/json")
