"""``/.well-known/csaf/``: where programs find every public advisory (CSAF 2.0, section 7.1)."""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tocsin.hub.advisories import addresses, selectors
from tocsin.hub.rules.csaf import filename
from tocsin.hub.rules.csaf_provider import File, changes, digest_line, index, metadata
from tocsin.hub.rules.csaf_signing import key_file

DIGESTS = ("sha256", "sha512")
SIGNATURE = "asc"


def _listed() -> list[File]:
    """Each public document: by the year of its first release, with the time of its newest."""
    rows = selectors.public().values_list("advisory__number", "advisory__released", "at")
    return [File(path=addresses.path(number, first or at), released=at) for number, first, at in rows]


def _plain(text: str, kind: str) -> HttpResponse:
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8")


@require_safe
def provider(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the same for everybody
    """Who publishes, and where."""
    speaker, newest = selectors.publisher(), selectors.public().first()
    if speaker is None or newest is None:
        raise Http404
    signed = selectors.signed()
    keys = signed.order_by("key").values_list("key__fingerprint", flat=True).distinct()
    made = metadata(
        speaker.spoken(),
        addresses.absolute(""),
        newest.at,
        keys=list(keys),
        trusted=signed.count() == selectors.public().count(),
    )
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
    paths = sorted(each.path for each in _listed())
    names = sorted({path.split("/")[0] for path in paths}) if year is None else _of_year(paths, year)
    return render(request, "advisories/folder.html", {"names": names, "year": year})


def _of_year(paths: list[str], year: int) -> list[str]:
    names = [path.split("/")[1] for path in paths if path.startswith(f"{year}/")]
    if not names:
        raise Http404
    numbers = selectors.signed().values_list("version__advisory__number", flat=True)
    signed = {filename(number) for number in numbers}
    kinds = {name: (*DIGESTS, SIGNATURE) if name in signed else DIGESTS for name in names}
    return [each for name in names for each in (name, *(f"{name}.{kind}" for kind in kinds[name]))]


@require_safe
def file(request: HttpRequest, year: int, name: str) -> HttpResponse:  # noqa: ARG001 - as above
    """One document, the line with its digest, or its signature."""
    wanted, _, kind = name.rpartition(".")
    kind, wanted = (kind, wanted) if kind in {*DIGESTS, SIGNATURE} else ("", name)
    number = wanted.removesuffix(".json").upper()
    version = selectors.public().filter(advisory__number=number, advisory__released__year=year).first()
    if version is None or wanted != filename(number):
        raise Http404
    data = version.csaf.encode()
    if kind == SIGNATURE:
        found = get_object_or_404(selectors.signed(), version=version)
        return HttpResponse(found.text, content_type="application/pgp-signature")
    if kind:
        return _plain(digest_line(data, wanted, kind), "text/plain")
    return HttpResponse(data, content_type="application/json")


@require_safe
def key(request: HttpRequest, fingerprint: str) -> HttpResponse:  # noqa: ARG001 - as above
    """The public part of a key that documents are signed with."""
    signed = selectors.signed().select_related("key").filter(key__fingerprint=fingerprint.upper())
    found = signed.first()
    if found is None or key_file(found.key.fingerprint) != f"{fingerprint}.asc":
        raise Http404
    return HttpResponse(found.key.certificate, content_type="application/pgp-keys")
