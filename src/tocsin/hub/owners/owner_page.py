"""The page that an owner reaches by a link, without an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET


@require_GET
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Who we are, and a button."""
    return HttpResponse(status=410)
