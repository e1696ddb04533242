"""What follows a census: whoever keeps state that comes from observations joins here.

The census knows nobody above it; `exposure` joins when Django starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tocsin.hub.census.bulk import Write
from tocsin.hub.census.known import Known, Seen


class Follower(Protocol):
    """Keeps something derived from servers' observations."""

    def plan(self, servers: Mapping[int, Known], sightings: Mapping[int, Sequence[Seen]]) -> Write:
        """Work out, outside of any transaction, what changes; give what writes it inside one."""
        ...

    def missing(self, servers: Sequence[int], *, replay: bool) -> list[int]:
        """Give those servers for which it matters that a snapshot did not show them.

        ``replay``: the snapshot is older than others of its source, so closed states may change, too.
        """
        ...


FOLLOWERS: list[Callable[[], Follower]] = []
"""What makes each follower: one for each piece of work, which sees campaigns and snapshots as they stand."""


def followers() -> list[Follower]:
    """Make all followers, in the order in which they are asked."""
    return [make() for make in FOLLOWERS]
