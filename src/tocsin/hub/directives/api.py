"""Directives, where everybody stands under them, and words about requirements, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.directives import selectors, services
from tocsin.hub.directives.loading import order_of
from tocsin.hub.directives.models import Directive
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.directives import Standing
from tocsin.hub.rules.permissions import Scope

PREFIX = "/directives"
router = Router()
READ, WRITE = Bearer(Scope.DIRECTIVES_READ), Bearer(Scope.DIRECTIVES_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
Name = Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Field(max_length=services.LONGEST, pattern=r"^[^\x00]*$")]
MOST = 1_000


class RequirementOut(Schema):
    """One requirement with its deadlines: in the zone of the order, and in UTC. The first is round 0."""

    id: str
    part: str
    title: str
    per: str
    recommended: bool
    due: list[str]


class DirectiveOut(Schema):
    """One directive in its newest version."""

    key: str
    title: str
    issuer: str
    issued: date
    source: str
    version: int
    digest: str
    active: bool
    requirements: list[RequirementOut]

    @staticmethod
    def resolve_requirements(row: Any) -> list[dict[str, Any]]:
        """What it asks, as its text says."""
        order = order_of(row)
        return [
            {
                "id": each.id,
                "part": each.part,
                "title": each.title,
                "per": each.per,
                "recommended": each.recommended,
                "due": [str(due) for due in order.deadlines(each) if due],
            }
            for each in order.requirements
        ]


class SubjectOut(Schema):
    """One organisation under a directive, with counts."""

    organisation_id: int
    organisation: str
    servers: int
    proven: int
    claimed: int
    excepted: int
    missing: int
    not_applicable: int
    late: int
    judged: datetime | None

    @staticmethod
    def resolve_organisation(row: Any) -> str:
        """Its name."""
        return str(row.organisation)


class AnswerOut(Schema):
    """Where one requirement stands in one round; ``server_id`` is null for the organisation."""

    id: int
    organisation_id: int
    server_id: int | None
    requirement: str
    round: int
    standing: str
    found: bool
    reason: str
    at: datetime | None
    locators: list[str]
    due: str
    late: bool
    changed: datetime


class WordIn(Schema):
    """What is said: ``yes``, ``found`` (done, with signs of compromise) or ``no``. It is a claim."""

    requirement: Name
    said: Annotated[str, Field(pattern="^(yes|found|no)$")]
    server: Number | None = None
    round: Annotated[int, Field(ge=0, le=100)] = 0
    text: Text = ""


class WordsIn(Schema):
    """Words of one organisation; all of them or none."""

    organisation: Number
    words: Annotated[list[WordIn], Field(min_length=1, max_length=MOST)]


class MadeOut(Schema):
    """Numbers of what was made."""

    ids: list[int]


class ExceptionIn(Schema):
    """An exception that is asked for: it counts once another person has approved it."""

    organisation: Number
    requirement: Name
    reason: Annotated[str, Field(min_length=1, max_length=services.LONGEST, pattern=r"^[^\x00]*$")]
    until: date
    server: Number | None = None


class Which(Asked):
    """Which answers."""

    organisation: Number | None = None
    server: Number | None = None
    requirement: Name = ""
    standing: Standing | None = None
    late: bool | None = None


def _directive(request: HttpRequest, key: str) -> Directive:
    return get_object_or_404(selectors.directives_visible_to(person_of(request)), key=key)


@router.get("/", response=Items[DirectiveOut], auth=READ, summary="Directives")
def directives(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Directives that this token's person may see."""
    return items(selectors.directives_visible_to(person_of(request)), asked, ("key",))


@router.get("/{slug:key}/organisations", response=Items[SubjectOut], auth=READ, summary="Compliance")
def organisations(request: HttpRequest, key: str, asked: Query[Asked]) -> Any:
    """Organisations under a directive with their counts, the latest first."""
    rows = selectors.subjects_visible_to(person_of(request)).filter(directive=_directive(request, key))
    answer = items(rows, asked, ("-late", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/{slug:key}/answers", response=Items[AnswerOut], auth=READ, summary="Answers")
def answers(request: HttpRequest, key: str, asked: Query[Which]) -> Any:
    """Where requirements stand, what changed last first."""
    rows = selectors.visible_to(person_of(request)).filter(directive=_directive(request, key))
    wanted = {
        "organisation": asked.organisation,
        "server": asked.server,
        "requirement": asked.requirement or None,
        "standing": asked.standing,
        "late": asked.late,
    }
    found = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    answer = items(found, asked, ("-changed", "-id"))
    record_reading(request, len(answer["items"]))
    return answer


@router.post("/{slug:key}/words", response={201: MadeOut}, auth=WRITE, summary="Say")
def say(request: HttpRequest, key: str, given: WordsIn) -> Any:
    """Say how requirements stand: claims, which prove nothing."""
    sayings = [
        services.Saying(
            requirement=one.requirement, said=one.said, server=one.server, number=one.round, text=one.text
        )
        for one in given.words
    ]
    row = _directive(request, key)
    try:
        ids = services.say(row, given.organisation, sayings, by=person_of(request), source="api")
    except PermissionDenied as error:
        raise HttpError(403, "this person does not speak for the organisation") from error
    return Status(201, {"ids": ids})


@router.post("/{slug:key}/exceptions", response={201: MadeOut}, auth=WRITE, summary="Ask for an exception")
def ask_exception(request: HttpRequest, key: str, given: ExceptionIn) -> Any:
    """Ask for an exception."""
    row = _directive(request, key)
    try:
        asking = services.Asking(
            requirement=given.requirement, reason=given.reason, until=given.until, server=given.server
        )
        made = services.ask_exception(row, given.organisation, asking, by=person_of(request))
    except PermissionDenied as error:
        raise HttpError(403, "this person does not speak for the organisation") from error
    return Status(201, {"ids": [made.pk]})
