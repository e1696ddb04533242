"""What this app does in the background, in the order in which one leads to the next."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.hub.cases.alike import compare
from tocsin.hub.cases.keeping import follow_owners, take_back, weigh
from tocsin.hub.cases.taking_in import (
    from_assessments,
    from_census,
    from_decisions,
    from_owners,
    mark_overdue,
)
from tocsin.hub.exposure.seldom import seldom

CHORES: list[Callable[[], bool]] = [
    from_census,
    from_assessments,
    from_owners,
    from_decisions,
    take_back,
    seldom(follow_owners),
    compare,
    seldom(weigh),
    mark_overdue,
]
