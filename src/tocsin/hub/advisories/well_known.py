"""``/.well-known/csaf/``: where programs find every public advisory (CSAF 2.0, section 7.1)."""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin.hub.advisories import addresses, selectors
from tocsin.hub.advisories.models import Version
from tocsin.hub.rules.csaf_provider import File, changes, digest_line, index, metadata

DIGESTS = ("sha256", "sha512")


def _files() -> dict[str, Version]:
    """Path of each public document, by the year of its first release, to its newest version."""
    return {_path(version): version for version in selectors.public_latest()}


def _path(version: Version) -> str:
    first = version.advisory.versions.order_by("number").first() or version
    return addresses.path(version.advisory.number, first.at)


def _listed() -> list[File]:
    return [File(path=path, released=version.at) for path, version in _files().items()]


def _plain(text: str, kind: str) -> HttpResponse:
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8")


@require_safe
def provider(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """Who publishes, and where."""
    speaker, newest = selectors.publisher(), selectors.public_latest(1)
    if speaker is None or not newest:
        raise Http404
    made = metadata(speaker.spoken(), addresses.absolute(""), newest[0].at)
    return HttpResponse(msgspec.json.encode(made), content_type="application/json")


@require_safe
def index_file(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - as above
    """Every document, one a line."""
    return _plain(index(_listed()), "text/plain")


@require_safe
def changes_file(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - as above
    """Every document and when it was released, the newest first."""
    return _plain(changes(_listed()), "text/csv")


@require_safe
def folder(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """A folder's listing, of all years or of one."""
    paths = sorted(_files())
    names = sorted({path.split("/")[0] for path in paths}) if year is None else _of_year(paths, year)
    return render(request, "advisories/folder.html", {"names": names, "year": year})


def _of_year(paths: list[str], year: int) -> list[str]:
    names = [path.split("/")[1] for path in paths if path.startswith(f"{year}/")]
    if not names:
        raise Http404
    return [each for name in names for each in (name, *(f"{name}.{kind}" for kind in DIGESTS))]


@require_safe
def file(request: HttpRequest, year: int, name: str) -> HttpResponse:  # noqa: ARG001 - as above
    """One document, or the line with its digest."""
    wanted, _, kind = name.rpartition(".")
    kind, wanted = (kind, wanted) if kind in DIGESTS else ("", name)
    version = _files().get(f"{year}/{wanted}")
    if version is None:
        raise Http404
    data = version.csaf.encode()
    if kind:
        return _plain(digest_line(data, wanted, kind), "text/plain")
    return HttpResponse(data, content_type="application/json")
