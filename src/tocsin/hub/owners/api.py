"""Owners for programs: by an owner's link (its token as the bearer), or by a token of somebody here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer
from pydantic import Field

from tocsin.errors import LimitExceeded, UsageFault
from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.limits import within
from tocsin.hub.accounts.services import place_of, record_reading
from tocsin.hub.campaigns.models import Campaign
from tocsin.hub.census.selectors import servers_visible_to
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.lists.quarantine import CHUNK
from tocsin.hub.owners import answering, deciding, handing, selectors, services
from tocsin.hub.owners.answering import Reply
from tocsin.hub.owners.handing import Given
from tocsin.hub.owners.models import HandIn, OwnerLink
from tocsin.hub.rules import handins
from tocsin.hub.rules.handins import Form, State
from tocsin.hub.rules.links import LONGEST_DAYS, LONGEST_TEXT, LONGEST_VALUE, Answered, Purpose, Stand
from tocsin.hub.rules.permissions import Scope

PREFIX = "/owners"
router = Router()
READ, WRITE = Bearer(Scope.OWNERS_READ), Bearer(Scope.OWNERS_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
Words = Annotated[str, Field(max_length=5_000, pattern=r"^[^\x00]*$")]
TRIES = 60
BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


class ByLink(HttpBearer):
    """``Authorization: Bearer <token of an owner's link>``: the last part of its address.

    One that has ended is 403 with the reason, a forged or unknown one 401.
    """

    def authenticate(self, request: HttpRequest, token: str) -> OwnerLink | None:
        """The link, while it opens."""
        link = selectors.link_of(token)
        if link is None:
            return None
        if link.stand is not Stand.OPEN:
            raise HttpError(403, f"this link no longer opens: {link.stand}")
        here = within(f"owner api {place_of(request)}", TRIES, seconds=60)
        if not within(f"owner link {link.pk}", TRIES, seconds=60) or not here:
            raise HttpError(429, "too often; wait a minute")
        return link


LINK = ByLink()


class ServerOut(Schema):
    """One server of a link."""

    id: int
    name: str
    ip: str


class LinkOut(Schema):
    """What a link is about. ``nonce`` is the word that evidence has to carry."""

    campaign: str
    organisation: str
    expires: datetime
    nonce: str
    servers: list[ServerOut]


class TakenOut(Schema):
    """A hand-in; ``new`` is false where the same content had come before. ``digest`` is of what has come."""

    id: int
    new: bool
    state: str
    digest: str


class SentOut(Schema):
    """What was handed in by a link, as its owner may know it."""

    id: int
    server_id: int
    form: str
    state: str
    grade: str
    digest: str
    size: int
    received: datetime
    collected: datetime | None
    answer: str
    fault: str
    reason: str

    @staticmethod
    def resolve_reason(row: Any) -> str:
        """Why it was refused; other reasons are among staff."""
        return str(row.reason) if row.state == State.REFUSED else ""


class HandInOut(Schema):
    """What was handed in, and how far it carries. ``objections`` stand between it and verified-clean."""

    id: int
    server_id: int
    campaign: str
    organisation_id: int | None
    form: str
    state: str
    grade: str
    digest: str
    size: int
    received: datetime
    collected: datetime | None
    identity: str
    matched: list[str]
    exposure: str
    compromise: str
    residual: str
    answer: str
    fault: str
    shown_clean: bool
    decided: datetime | None

    @staticmethod
    def resolve_campaign(row: Any) -> str:
        """The campaign's key."""
        return str(row.campaign.key)


class HandInWhole(HandInOut):
    """One hand-in with the assessment, redacted."""

    objections: list[str]
    report: dict[str, Any] | None


class AnswerIn(Schema):
    """An answer of an owner; ``server`` null for all servers of the link."""

    kind: Answered
    text: Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")] = ""
    server: Number | None = None
    channel: Annotated[str, Field(max_length=20, pattern=r"^[a-z]*$")] = ""
    value: Annotated[str, Field(max_length=LONGEST_VALUE, pattern=r"^[^\x00]*$")] = ""


class AnswerOut(Schema):
    """An answer as it is kept."""

    id: int
    kind: str
    at: datetime
    text: str
    server_id: int | None
    channel: str
    value: str


class LinkIn(Schema):
    """A link to be given: its servers are the organisation's."""

    organisation: Number
    servers: Annotated[list[Number], Field(min_length=1, max_length=services.MOST_SERVERS)]
    campaign: Key
    purpose: Purpose = Purpose.NOTICE
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 30


class MadeOut(Schema):
    """A link's number and its address, which is told this once."""

    id: int
    address: str
    expires: datetime


class WhyIn(Schema):
    """Why."""

    reason: Words = ""


class ConfirmIn(WhyIn):
    """``close``: as what shows the server clean; refused, with reasons, where anything stands against it."""

    close: bool = False


class Wanted(Schema):
    """Of which file: the SHA-256 of what was sent."""

    digest: Digest = ""


class Search(Asked):
    """Which hand-ins. ``digest`` is the SHA-256 of the file as it was sent."""

    state: State | None = None
    server: Number | None = None
    digest: Digest = ""


class About(Schema):
    """What a file is about. A link with one server needs no ``server``."""

    server: Number | None = None
    campaign: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$")] = ""
    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""


# --- by an owner's link -------------------------------------------------------------------------------


@router.get("/link", response=LinkOut, auth=LINK, summary="What a link is about")
def about(request: HttpRequest) -> Any:
    """The link's campaign, servers and nonce."""
    link = _link(request)
    nonce = link.nonces.order_by("-issued", "-id").first()
    rows = link.own_servers.order_by("id")[:200]
    return {
        "campaign": link.campaign.key,
        "organisation": str(link.organisation),
        "expires": link.expires,
        "nonce": nonce.value if nonce else "",
        "servers": [{"id": row.pk, "name": row.hostname, "ip": row.ip} for row in rows],
    }


def _link(request: HttpRequest) -> OwnerLink:
    link = getattr(request, "auth", None)
    if not isinstance(link, OwnerLink):
        raise HttpError(401, "Unauthorized")
    return link


@router.post("/link/answers", response={201: AnswerOut}, auth=LINK, summary="Answer")
def say(request: HttpRequest, wanted: AnswerIn) -> Any:
    """Answer for the owner. A word: it closes nothing."""
    reply = Reply(
        kind=wanted.kind, text=wanted.text, server=wanted.server, channel=wanted.channel, value=wanted.value
    )
    return Status(201, answering.answer(_link(request), reply))


@router.get("/link/hand-ins", response=list[SentOut], auth=LINK, summary="What was sent by a link")
def sent(request: HttpRequest, asked: Query[Wanted]) -> Any:
    """What came by this link, newest first, and how it stands. With ``digest``: whether a file came whole."""
    rows = _link(request).hand_ins.order_by("-id")
    return list((rows.filter(digest=asked.digest) if asked.digest else rows)[: handins.MOST_BY_LINK])


@router.post(
    "/link/reports",
    response={201: TakenOut},
    auth=LINK,
    summary="Send a report",
    openapi_extra={"requestBody": BODY},
)
def send_report(request: HttpRequest, asked: Query[About]) -> Any:
    """An assessment, as ``tocsin assess --json`` writes it. Self-reported: it closes nothing."""
    return _taken(request, Form.REPORT, _by_link(request, asked))


@router.post(
    "/link/evidence",
    response={201: TakenOut},
    auth=LINK,
    summary="Send evidence",
    openapi_extra={"requestBody": BODY},
)
def send_evidence(request: HttpRequest, asked: Query[About]) -> Any:
    """Evidence, as a zip: kept closed, examined by the hub, shown to nobody but staff."""
    return _taken(request, Form.EVIDENCE, _by_link(request, asked))


def _by_link(request: HttpRequest, asked: About) -> Given:
    link = _link(request)
    servers = [asked.server] if asked.server else list(link.own_servers.values_list("pk", flat=True)[:2])
    if len(servers) != 1:
        raise HttpError(400, "this link is about several servers: say which")
    return Given(server=servers[0], campaign=link.campaign, name=asked.name, link=link)


# --- by a token of somebody here ----------------------------------------------------------------------


@router.post(
    "/reports",
    response={201: TakenOut},
    auth=WRITE,
    summary="Bring a report",
    openapi_extra={"requestBody": BODY},
)
def bring_report(request: HttpRequest, asked: Query[About]) -> Any:
    """A report that reached somebody here another way."""
    return _taken(request, Form.REPORT, _by_person(request, asked))


@router.post(
    "/evidence",
    response={201: TakenOut},
    auth=WRITE,
    summary="Bring evidence",
    openapi_extra={"requestBody": BODY},
)
def bring_evidence(request: HttpRequest, asked: Query[About]) -> Any:
    """Evidence that reached somebody here another way; a nonce of one of the server's links counts."""
    return _taken(request, Form.EVIDENCE, _by_person(request, asked))


def _by_person(request: HttpRequest, asked: About) -> Given:
    person = person_of(request)
    server = get_object_or_404(servers_visible_to(person), pk=asked.server or 0)
    campaign = get_object_or_404(Campaign, key=asked.campaign)
    return Given(server=server.pk, campaign=campaign, name=asked.name, by=person)


def _taken(request: HttpRequest, form: Form, given: Given) -> Any:
    most = handins.LARGEST_REPORT if form is Form.REPORT else handins.LARGEST_EVIDENCE
    take: Callable[[Iterator[bytes], Given], handing.TakenIn] = (
        handing.take_report if form is Form.REPORT else handing.take_evidence
    )
    _check_length(request, most)
    try:
        taken = take(_body(request), given)
    except LimitExceeded as fault:
        raise HttpError(413, str(fault)) from fault
    row = HandIn.objects.get(pk=taken.hand_in)
    return Status(201, {"id": row.pk, "new": taken.new, "state": row.state, "digest": row.digest})


def _check_length(request: HttpRequest, most: int) -> None:
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        raise HttpError(400, "say how long it is: Content-Length")
    if int(length) > most:
        raise HttpError(413, f"longer than {most:,} bytes, the bound for what is handed in")


def _body(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes: it never stands in memory as a whole.

    Raises:
        UsageFault: it ends before the length that was said; what came of it is not evidence.
    """
    left = int(request.headers["Content-Length"])
    while chunk := request.read(CHUNK):
        left -= len(chunk)
        yield chunk
    if left:
        raise UsageFault("the line broke before the whole file had come", remedy="Send it once more.")


@router.get("/hand-ins", response=Items[HandInOut], auth=READ, summary="Hand-ins")
def hand_ins(request: HttpRequest, asked: Query[Search]) -> Any:
    """What was handed in about servers that this token's person may see, newest first."""
    rows = selectors.visible_to(person_of(request))
    wanted = {"state": asked.state, "server_id": asked.server, "digest": asked.digest}
    found = rows.filter(**{name: value for name, value in wanted.items() if value})
    answer = items(found, asked, ("-received", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/hand-ins/{number}", response=HandInWhole, auth=READ, summary="One hand-in")
def hand_in(request: HttpRequest, number: Number) -> Any:
    """One hand-in, with what stands between it and verified-clean."""
    row = get_object_or_404(selectors.visible_to(person_of(request)), pk=number)
    if row.state not in handins.DECIDED:
        row.objections = deciding.objections_to(row, person_of(request))
    record_reading(request, 1)
    return row


@router.post("/hand-ins/{number}/confirm", response=HandInOut, auth=WRITE, summary="Confirm a hand-in")
def confirm(request: HttpRequest, number: Number, wanted: ConfirmIn) -> Any:
    """Accept what it says, under the name of the token's person; with ``close``, as what shows it clean."""
    return deciding.confirm(
        _row(request, number), by=person_of(request), reason=wanted.reason, close=wanted.close
    )


@router.post("/hand-ins/{number}/refuse", response=HandInOut, auth=WRITE, summary="Refuse a hand-in")
def refuse(request: HttpRequest, number: Number, wanted: WhyIn) -> Any:
    """Turn it down, with a reason; the alarm that it raised is taken back."""
    return deciding.refuse(_row(request, number), by=person_of(request), reason=wanted.reason)


def _row(request: HttpRequest, number: int) -> HandIn:
    return get_object_or_404(selectors.visible_to(person_of(request)), pk=number)


@router.get("/answers", response=Items[AnswerOut], auth=READ, summary="Answers of owners")
def answers(request: HttpRequest, asked: Query[Asked]) -> Any:
    """What owners said, newest first. Whoever is not in it has not answered yet."""
    return items(selectors.answers_visible_to(person_of(request)), asked, ("-at", "-id"))


@router.post("/links", response={201: MadeOut}, auth=WRITE, summary="Give an owner a link")
def make_link(request: HttpRequest, wanted: LinkIn) -> Any:
    """A link for an owner. Its address is told in this answer and never again."""
    campaign = get_object_or_404(Campaign, key=wanted.campaign)
    link, address = services.make_link(
        organisation=wanted.organisation,
        servers=wanted.servers,
        campaign=campaign,
        purpose=wanted.purpose.value,
        days=wanted.days,
        by=person_of(request),
    )
    return Status(201, {"id": link.pk, "address": address, "expires": link.expires})


@router.post("/links/{number}/withdraw", response={204: None}, auth=WRITE, summary="Withdraw a link")
def withdraw_link(request: HttpRequest, number: Number, wanted: WhyIn) -> Any:
    """Close a link at once."""
    person = person_of(request)
    link = get_object_or_404(selectors.links_visible_to(person), pk=number)
    services.withdraw_link(link, by=person, reason=wanted.reason)
    return Status(204, None)
