"""How an app declares what it keeps for a time, and what can be exported in bulk: data that `site` acts on.

An app's module ``retention`` holds ``KEPT``, its module ``exports`` holds ``EXPORTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Kept(NamedTuple):
    """One kind of record that ages.

    Attributes:
        kind: its name, stable.
        what: in words, for the operator.
        days: how long it is kept where the operator says nothing; None for ever.
        older: the rows that were last of use before a moment.
    """

    kind: str
    what: str
    days: int | None
    older: Callable[[datetime], QuerySet[Any]]


class Export(NamedTuple):
    """One kind of bulk export.

    Attributes:
        kind: its name, stable.
        what: in words, for the person who approves.
        header: names of the columns.
        rows: every row that this person may see, a few at a time.
    """

    kind: str
    what: str
    header: Sequence[str]
    rows: Callable[[Any], Iterable[Sequence[object]]]
