"""Small observations: kept at once, taken in by the hundred.

A submission costs one row, so that fifty a second go on while a big import runs. The chore puts waiting ones
of one source and day together as one small census, which says nothing of what it covered: nobody is missed by
it. Taking the same in twice changes nothing, so a kill between its two steps is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from tocsin.errors import TocsinError
from tocsin.hub.accounts.models import User
from tocsin.hub.api.models import Submission
from tocsin.hub.census.services import Terms, take_in

LAYOUT = "generic-jsonl"
AT_ONCE = 2_000


def submit(source: str, rows: Iterable[dict[str, Any]], day: date, *, by: User) -> Submission:
    """Keep observations; they are safe when this returns."""
    return Submission.objects.create(source=source, rows=list(rows), day=day, by=by)


def collect() -> bool:
    """The chore: take in the oldest waiting submissions of one source and day. Tells whether any were."""
    first = Submission.objects.filter(fault="").select_related("by").order_by("id").first()
    if first is None:
        return False
    same = Submission.objects.filter(fault="", source=first.source, day=first.day).order_by("id")
    batch = list(islice(same, AT_ONCE))
    numbers = [row.pk for row in batch]
    try:
        _take_in(first, [row for submission in batch for row in submission.rows])
    except TocsinError as error:
        Submission.objects.filter(pk__in=numbers).update(fault=str(error)[:500])
    else:
        Submission.objects.filter(pk__in=numbers).delete()
    return True


def _take_in(first: Submission, rows: list[dict[str, Any]]) -> None:
    terms = Terms(source=first.source, taken=first.day, layout=LAYOUT, given_by=first.by.email)
    with TemporaryDirectory(prefix="tocsin-submitted-") as folder:
        path = Path(folder) / "submitted.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
        take_in(path, terms, filename=f"{first.day:%Y-%m-%d}-submitted-{first.pk}.jsonl")


CHORES: list[Callable[[], bool]] = [collect]
