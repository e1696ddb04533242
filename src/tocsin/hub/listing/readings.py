"""The record of who read what: a page that shows victims leaves a row."""

from __future__ import annotations

from django.http import HttpRequest

from tocsin.hub.accounts.models import Reading, User
from tocsin.hub.accounts.services import address_of

LONGEST = 500


def record(request: HttpRequest, rows: int | None) -> Reading | None:
    """Record that this visitor was shown so many rows of this address.

    Strangers are shown nothing to record.
    """
    if not isinstance(request.user, User):
        return None
    return Reading.objects.create(
        user=request.user,
        address=address_of(request),
        path=request.get_full_path()[:LONGEST],
        rows=rows,
    )
