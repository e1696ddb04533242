"""Campaigns and the catalogue of known exploited vulnerabilities, for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.campaigns import selectors, services
from tocsin.hub.campaigns.models import KnownExploited
from tocsin.hub.campaigns.views import LARGEST
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.permissions import Scope

PREFIX = "/campaigns"
router = Router()
READ, WRITE = Bearer(Scope.CAMPAIGNS_READ), Bearer(Scope.CAMPAIGNS_WRITE)


class CampaignOut(Schema):
    """A campaign as its pack describes it."""

    key: str
    name: str
    version: str
    digest: str
    cves: list[str]
    disclosed: date | None
    active: bool
    loaded: datetime


class KnownOut(Schema):
    """A row of the catalogue. ``overdue_days`` is null where the row was due before it was added."""

    cve: str
    vendor: str
    product: str
    name: str
    action: str
    added: date
    due: date
    due_before_added: bool
    overdue_days: int | None
    ransomware: bool
    rest: dict[str, Any]


class CatalogueOut(Schema):
    """What an import of the catalogue changed."""

    rows: int
    new: int
    changed: int
    due_before_added: int
    refused: list[str]


class Search(Asked):
    """Which rows: a text in CVE, vendor or product."""

    text: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""


@router.get("", response=Items[CampaignOut], auth=READ, summary="Campaigns")
def campaigns(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Every campaign that the hub knows, by key."""
    return items(selectors.visible_to(request.user), asked, ("key",))


@router.get(
    "/known-exploited", response=Items[KnownOut], auth=READ, summary="Known exploited vulnerabilities"
)
def catalogue(request: HttpRequest, asked: Query[Search]) -> Any:
    """The catalogue, newest first."""
    rows = selectors.search(selectors.catalogue_visible_to(request.user), asked.text)
    today = timezone.now().date()
    return items(rows, asked, ("-added", "-pk"), lambda row: _shown(row, today))


def _shown(row: KnownExploited, today: date) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in KnownOut.model_fields if name != "overdue_days"}
    return {**fields, "overdue_days": selectors.overdue(row, today)}


@router.post("/known-exploited", response={201: CatalogueOut}, auth=WRITE, summary="Import the catalogue")
def import_catalogue(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Take in a newer catalogue (JSON)."""
    return Status(201, services.import_catalogue(file.read(LARGEST), by=person_of(request)))


@router.get("/{key}", response=CampaignOut, auth=READ, summary="One campaign")
def campaign(request: HttpRequest, key: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]) -> Any:
    """A campaign by its pack's name."""
    return get_object_or_404(selectors.visible_to(request.user), key=key)
