"""Sources, snapshots and servers, for programs: upload a census, follow its import, read what was seen."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, IPvAnyAddress

from tocsin.hub.accounts.doors import Bearer, person_of
from tocsin.hub.accounts.services import record_reading
from tocsin.hub.census import selectors
from tocsin.hub.census.services import Terms, take_in
from tocsin.hub.lists.items import Asked, Items, items
from tocsin.hub.rules.permissions import Scope

PREFIX = "/census"
router = Router()
READ, WRITE = Bearer(Scope.CENSUS_READ), Bearer(Scope.CENSUS_WRITE)
Number = Annotated[int, Field(ge=1, lt=2**63)]
PLAIN = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=200, pattern=PLAIN)]
Word = Annotated[str, Field(max_length=60, pattern=r"^([a-z0-9][a-z0-9._-]*)?$")]
Newest = ("-last_seen", "-id")


class SourceOut(Schema):
    """Somebody who looks."""

    key: str
    name: str


class SnapshotOut(Schema):
    """A census, and how far its import is."""

    id: int
    source: str
    taken: datetime
    layout: str
    scope: dict[str, Any]
    method: str
    succeeds: list[str]
    lists_all: bool
    filename: str
    state: str
    read: int
    rows: int
    refused: int
    refusals: list[Any]
    unknown_columns: list[str]
    fault: str
    created: datetime
    finished: datetime | None

    @staticmethod
    def resolve_source(row: Any) -> str:
        """The source's key."""
        return str(row.source.key)


class SnapshotIn(Schema):
    """What is known of an uploaded census; whatever is left out is taken from its layout and name."""

    source: Word = ""
    taken: date | None = None
    scope: Annotated[str, Field(max_length=100_000, pattern=PLAIN)] = ""
    method: Text = ""
    succeeds: Annotated[list[Text], Field(max_length=50)] = []
    lists_all: bool | None = None
    layout: Word = ""


class TakenOut(Schema):
    """The snapshot's number, and whether this upload made it: the same file again does not."""

    id: int
    new: bool


class ServerOut(Schema):
    """A server as the census knows it."""

    id: int
    ip: str
    port: int
    hostname: str
    name: str
    asn: int | None
    country: str
    region: str
    product: str
    build: str
    first_seen: datetime
    last_seen: datetime
    organisation_id: int | None
    owned_by: str


class ObservationOut(Schema):
    """What one source saw of a server."""

    source: str
    build: str
    status: str
    tags: list[Any]
    method: str
    first_seen: datetime
    last_seen: datetime
    count: int
    rest: dict[str, Any]

    @staticmethod
    def resolve_source(row: Any) -> str:
        """The source's key."""
        return str(row.source.key)


class Search(Asked):
    """Which servers: an exact address, a host name, an owner."""

    ip: IPvAnyAddress | Literal[""] = ""
    hostname: Text = ""
    organisation_id: Number | None = None


@router.get("/sources", response=Items[SourceOut], auth=READ, summary="Sources")
def sources(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Everybody who looks, by key."""
    return items(selectors.sources_visible_to(person_of(request)), asked, ("key",))


@router.get("/snapshots", response=Items[SnapshotOut], auth=READ, summary="Snapshots")
def snapshots(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Every census that was taken in, newest first."""
    return items(selectors.snapshots_visible_to(person_of(request)), asked, ("-taken", "-id"))


@router.post("/snapshots", response={202: TakenOut}, auth=WRITE, summary="Upload a census")
def upload(request: HttpRequest, file: File[UploadedFile], known: Form[SnapshotIn]) -> Any:
    """Keep a census file, plain or gzip; the worker imports it. Ask for the snapshot to follow that."""
    person = person_of(request)
    terms = Terms(
        source=known.source,
        taken=known.taken,
        scope=known.scope or None,
        method=known.method,
        succeeds=known.succeeds,
        lists_all=known.lists_all,
        layout=known.layout,
        given_by=person.email,
    )
    with TemporaryDirectory(prefix="tocsin-upload-") as folder:
        path = Path(folder) / "census"
        with path.open("wb") as target:
            for piece in file.chunks():
                target.write(piece)
        taken = take_in(path, terms, filename=(file.name or "upload").replace("\0", ""))
    return Status(202, {"id": taken.snapshot, "new": taken.new})


@router.get("/snapshots/{number}", response=SnapshotOut, auth=READ, summary="One snapshot")
def snapshot(request: HttpRequest, number: Number) -> Any:
    """How far the import is, and what it refused."""
    return get_object_or_404(selectors.snapshots_visible_to(person_of(request)), pk=number)


@router.get("/servers", response=Items[ServerOut], auth=READ, summary="Servers")
def servers(request: HttpRequest, asked: Query[Search]) -> Any:
    """Servers that this token's person may see, last seen first."""
    rows = selectors.servers_visible_to(person_of(request))
    wanted = {
        "ip": str(asked.ip),
        "hostname": asked.hostname.strip(),
        "organisation_id": asked.organisation_id,
    }
    answer = items(rows.filter(**{name: value for name, value in wanted.items() if value}), asked, Newest)
    record_reading(request, len(answer["items"]))
    return answer


@router.get("/servers/{number}", response=ServerOut, auth=READ, summary="One server")
def server(request: HttpRequest, number: Number) -> Any:
    """A server that this token's person may see."""
    record_reading(request, 1)
    return get_object_or_404(selectors.servers_visible_to(person_of(request)), pk=number)


@router.get(
    "/servers/{number}/observations", response=Items[ObservationOut], auth=READ, summary="Observations"
)
def observations(request: HttpRequest, number: Number, asked: Query[Asked]) -> Any:
    """What each source saw of a server."""
    rows = selectors.observations_visible_to(person_of(request)).filter(server_id=number)
    answer = items(rows, asked, ("id",))
    record_reading(request, len(answer["items"]))
    return answer
