"""The census as pages: servers, snapshots, taking one in."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import TocsinError
from tocsin.hub.accounts.doors import person_of, staff, writers
from tocsin.hub.census import selectors, services
from tocsin.hub.census.forms import UploadForm
from tocsin.hub.census.lists import SERVERS, SNAPSHOTS
from tocsin.hub.listing.views import show


@login_required
def servers(request: HttpRequest) -> HttpResponseBase:
    """Every server that the census knows and this visitor may see."""
    rows = selectors.servers_visible_to(person_of(request)).select_related("organisation")
    return show(request, SERVERS, rows=rows)


@staff
def snapshots(request: HttpRequest) -> HttpResponseBase:
    """Every census that was taken in."""
    rows = selectors.snapshots_visible_to(person_of(request))
    return show(request, SNAPSHOTS, rows=rows, template="census/snapshots.html")


@staff
def snapshot(request: HttpRequest, key: int) -> HttpResponse:
    """One census: scope, method, counts, refused rows; a running one shows how far it is."""
    found = get_object_or_404(selectors.snapshots_visible_to(person_of(request)), pk=key)
    fragment = request.headers.get("HX-Request") == "true"
    template = "census/snapshot_body.html" if fragment else "census/snapshot.html"
    return render(request, template, {"snapshot": found, "running": found.state in services.PENDING})


@writers
def upload(request: HttpRequest) -> HttpResponse:
    """A form that takes a census file in; the worker imports it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        found = _taken_in(request, form)
        if found:
            return redirect("snapshot", found)
    return render(request, "census/upload.html", {"form": form})


def _taken_in(request: HttpRequest, form: UploadForm) -> int | None:
    """The snapshot's key; None where the form says why not."""
    given: UploadedFile[bytes] = form.cleaned_data["file"]
    with TemporaryDirectory(prefix="tocsin-upload-") as folder:
        path = Path(folder) / "census"
        with path.open("wb") as kept:
            kept.writelines(given.chunks())
        try:
            taken = services.take_in(
                path, form.terms(person_of(request).email), filename=given.name or "census"
            )
        except TocsinError as fault:
            form.add_error(None, str(fault))
            return None
    if not taken.new:
        messages.info(request, "This census had been taken in before; nothing was changed.")
    return taken.snapshot
