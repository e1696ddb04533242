"""A list as a page, as a fragment for htmx, or as a file; and the views that people save."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from tocsin.hub.accounts.doors import person_of
from tocsin.hub.listing import export, readings, saved
from tocsin.hub.listing.drawing import cell
from tocsin.hub.listing.forms import SaveView
from tocsin.hub.listing.lists import Asked, Bulk, Listing, read
from tocsin.hub.lists.keyset import Page, page

COUNTED = 10_000
"""Rows that are counted at most; of more the page says "more than 10,000"."""


def show(
    request: HttpRequest,
    listing: Listing,
    *,
    rows: QuerySet[Any],
    template: str = "listing/page.html",
    context: dict[str, Any] | None = None,
    bulk: Bulk | None = None,
) -> HttpResponseBase:
    """One page of ``rows`` (those that the visitor may see) as the address asks for them.

    ``?export=csv`` and ``?export=json`` give the whole filtered list as a file. ``template`` extends
    ``listing/page.html``; ``context`` is for it. With ``bulk``, rows can be chosen.
    """
    asked = read(listing, request.GET)
    rows = asked.met_by(rows)
    if form := request.GET.get("export"):
        return _export(request, asked, rows, form)
    found = page(rows, order=asked.order.fields, cursor=asked.cursor, size=asked.size)
    if listing.sensitive:
        readings.record(request, len(found.rows))
    fragment = (
        request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    )
    whole = _context(request, asked, found, rows) | {"bulk": bulk} | (context or {})
    answer = render(request, "listing/list.html" if fragment else template, whole)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _export(request: HttpRequest, asked: Asked, rows: QuerySet[Any], form: str) -> HttpResponseBase:
    if form not in export.FORMATS:
        raise BadRequest(f"Lists are exported as {' or '.join(export.FORMATS)}, not as {form!r}.")
    if asked.faults:
        raise BadRequest(" ".join(asked.faults))
    if _count(rows, export.AT_MOST) is None:
        return render(
            request, "listing/too_many.html", {"listing": asked.listing, "most": export.AT_MOST}, status=409
        )
    reading = readings.record(request, None) if asked.listing.sensitive else None
    return export.response(asked.listing, rows, asked.order, form=form, reading=reading)


def _context(request: HttpRequest, asked: Asked, found: Page[Any], rows: QuerySet[Any]) -> dict[str, Any]:
    listing = asked.listing
    table = [(row, mark_safe("".join(cell(each, row) for each in listing.columns))) for row in found.rows]  # noqa: S308 - each cell is safe
    counted = COUNTED if len(asked.conditions) < 2 else COUNTED // 10  # noqa: PLR2004 - two together are dear
    user = person_of(request)
    return {
        "listing": listing,
        "asked": asked,
        "table": table,
        "page": found,
        "earlier": found.before and asked.address(at=found.before),
        "later": found.after and asked.address(at=found.after),
        "count": None if asked.cursor else _count(rows, counted),
        "counted": counted,
        "views": saved.of_page(user, listing.key),
    }


def _count(rows: QuerySet[Any], most: int) -> int | None:
    """How many rows there are, or None if there are more than ``most``."""
    count = rows.order_by()[: most + 1].count()
    return None if count > most else count


@login_required
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands under a name, and go back to it."""
    form = SaveView(request.POST)
    if not form.is_valid():
        raise BadRequest("A view needs a name of at most 100 characters.")
    given, user = form.cleaned_data, person_of(request)
    saved.save(user, page=given["page"], name=given["name"], query=given["query"], shared=given["shared"])
    messages.success(request, f"Saved as “{given['name']}”.")
    return _back(request, given["back"])


@login_required
@require_POST
def delete_view(request: HttpRequest, key: int) -> HttpResponse:
    """Delete a saved view, and go back to its list."""
    saved.delete(person_of(request), key)
    return _back(request, request.POST.get("back", ""))


def _back(request: HttpRequest, address: str) -> HttpResponse:
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return redirect(address if ours and address.startswith("/") else "dashboard")
